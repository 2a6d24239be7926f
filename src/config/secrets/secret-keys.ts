import { hkdfSync } from 'node:crypto';
import type { Configuration } from '../configuration.js';

/** One for each secret that is known: `JWT_SECRET` first, with which everything new is made, then `JWT_SECRET_PREVIOUS`. */
export type SecretKeys = readonly [current: Buffer, ...previous: Buffer[]];

/**
 * Keys for one purpose, kept apart by its label from what else the secrets are used for: none of them reveals anything of
 * another, nor of the secret.
 */
export function derivedKeys(
  { jwtSecret, jwtSecretPrevious }: Pick<Configuration, 'jwtSecret' | 'jwtSecretPrevious'>,
  label: string,
): SecretKeys {
  const derive = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', label, 32));
  return jwtSecretPrevious === undefined ? [derive(jwtSecret)] : [derive(jwtSecret), derive(jwtSecretPrevious)];
}
