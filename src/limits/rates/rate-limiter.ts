import type { LimitName } from '../../config/limits.js';

/**
 * Counts what is limited (`LIMITS`). A key is what the limit's scope names: a user's id, an IP address by `ipAddressKey`, …
 *
 * An implementation guarantees: keys and limits do not touch each other; what is refused costs no points; its memory is
 * bounded, whatever keys it is given. It may answer at once or by a promise, so callers `await` it. One that cannot
 * reach its store lets pass.
 */
export abstract class RateLimiter {
  /**
   * Takes `points` (1), or throws where fewer are left. None (0) asks only whether the bucket is in debt.
   * @throws DomainError RATE_LIMITED, with `retryAfterMs`: when so many will be there.
   */
  abstract consume(limit: LimitName, key: string, points?: number): void | Promise<void>;

  /** Takes `points` whether or not they are left: the cost of what was done already. The next `consume` waits for them. */
  abstract charge(limit: LimitName, key: string, points: number): void | Promise<void>;

  /** Gives `points` (1) back that turned out not to count. */
  abstract restore(limit: LimitName, key: string, points?: number): void | Promise<void>;
}

/** `RATE_LIMITS=off`. */
export class UnlimitedRateLimiter extends RateLimiter {
  consume(): void {}
  charge(): void {}
  restore(): void {}
}
