import { createHash, createHmac, randomBytes } from 'node:crypto';

const BYTES = 32;

/** 256 random bits, base64url. */
export function newRefreshToken(): string {
  return randomBytes(BYTES).toString('base64url');
}

/** What is stored of a refresh token. It has 256 bits of its own, so one round of SHA-256 is enough. */
export function refreshTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * The token that follows. Derived rather than drawn, so that whoever presents the same token again within the grace
 * period is given the same successor, by any process, although only hashes are stored. Without the key it is random.
 */
export function successorOf(token: string, key: Buffer): string {
  return createHmac('sha256', key).update(token).digest('base64url');
}

/** What the keys for `successorOf` are derived under. */
export const SUCCESSOR_LABEL = 'parley refresh token successor';
