import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { LimitName } from '../../config/limits.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';

const WINDOWS = ['strangersAnHour', 'strangersADay'] as const satisfies readonly LimitName[];

/** Counts these strangers as reached by the user. @throws DomainError RATE_LIMITED */
export type Reach = (strangers: number) => Promise<void>;

/**
 * Bounds how many people a user reaches who do not know it: by a new direct conversation, a friend request, or by adding
 * them to a group. Each person counts, each time; friends and whoever has written to the user are no strangers
 * (relations/relations.ts).
 */
@Injectable()
export class Strangers {
  constructor(private readonly limiter: RateLimiter) {}

  /** Runs `work`, which says whom it reaches before it commits. Where it fails after that, nobody was reached. */
  async counted<Result>(userId: string, work: (reach: Reach) => Promise<Result>): Promise<Result> {
    let taken = 0;
    const giveBack = async (): Promise<void> => {
      const given = taken;
      taken = 0;
      for (const window of WINDOWS) await this.restore(window, userId, given);
    };
    try {
      return await work(async (strangers) => {
        // A transaction that is tried again says it again.
        await giveBack();
        await this.take(userId, strangers);
        taken = strangers;
      });
    } catch (error) {
      await giveBack();
      throw error;
    }
  }

  /** All or none. One by one: more at once than a limit ever allows must be refused, and not take what is left. */
  private async take(userId: string, strangers: number): Promise<void> {
    const taken = new Map<LimitName, number>();
    for (const window of WINDOWS) {
      for (let count = 0; count < strangers; count += 1) {
        try {
          await this.limiter.consume(window, userId);
          taken.set(window, count + 1);
        } catch (error) {
          for (const [name, points] of taken) await this.restore(name, userId, points);
          if (!(error instanceof DomainError) || error.retryAfterMs === undefined) throw error;
          // By then there is room for all of them, where there ever is.
          throw new DomainError('RATE_LIMITED', {
            retryAfterMs: error.retryAfterMs * (strangers - count),
            cause: error,
          });
        }
      }
    }
  }

  private async restore(window: LimitName, userId: string, points: number): Promise<void> {
    if (points > 0) await this.limiter.restore(window, userId, points);
  }
}
