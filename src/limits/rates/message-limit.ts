import type { Principal } from '../../common/access/principal.js';
import type { RateLimiter } from './rate-limiter.js';

/** Counts a message that is sent or edited: against the limit of people, or of API keys. @throws DomainError RATE_LIMITED */
export function countMessage(limiter: RateLimiter, { userId, keyId }: Principal): void | Promise<void> {
  return keyId === undefined ? limiter.consume('messages', userId) : limiter.consume('keyMessages', keyId);
}
