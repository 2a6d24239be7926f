import { hashedId } from '../hashed-id.js';

/** One id for all that a key does as one user. */
export function keySessionId(keyId: string, userId: string): string {
  return hashedId(['api key', keyId, userId]);
}
