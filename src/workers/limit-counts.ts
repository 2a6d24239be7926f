import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import type { LimitName, LimitTable } from '../config/limits.js';
import { MemoryRateLimiter } from '../limits/rates/memory-rate-limiter.js';
import type { CountAction } from './worker-messages.js';

/** The limits that workers count together, in the process that started them. */
export class LimitCounts {
  private readonly limiter: MemoryRateLimiter;

  constructor(limits: LimitTable) {
    this.limiter = new MemoryRateLimiter(new Clock(), limits);
  }

  /** For how many milliseconds it is refused; 0: it is counted. */
  count(limit: LimitName, key: string, points: number, action: CountAction): number {
    try {
      this.limiter[action](limit, key, points);
      return 0;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'RATE_LIMITED') return error.retryAfterMs ?? 1;
      throw error;
    }
  }
}
