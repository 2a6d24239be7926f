import { Injectable } from '@nestjs/common';
import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';
import { Configuration } from '../../config/configuration.js';
import { poolSizes } from '../../database/database.js';

const MAX_PER_USER = 2;
const MAX_QUEUED_PER_USER = 8;
const MAX_QUEUED_TOTAL = 200;
const WAIT_TIMEOUT_MS = 5_000;

const BACKGROUND_WAIT_TIMEOUT_MS = 60_000;

/**
 * Room for reads that may keep a connection busy for long, such as a search: two at once for one user, and together
 * never all connections that are for such reads.
 */
@Injectable()
export class HeavyQueries {
  private readonly semaphore: KeyedSemaphore;
  private readonly backgroundSemaphore: KeyedSemaphore;

  constructor(configuration: Configuration) {
    const { reads, background } = poolSizes(configuration.databasePoolSize);
    const bounds = {
      maxPerKey: MAX_PER_USER,
      maxQueuedPerKey: MAX_QUEUED_PER_USER,
      maxQueuedTotal: MAX_QUEUED_TOTAL,
      waitTimeoutMs: WAIT_TIMEOUT_MS,
    };
    this.semaphore = new KeyedSemaphore({ ...bounds, maxTotal: Math.max(1, reads - 2) });
    this.backgroundSemaphore = new KeyedSemaphore({
      ...bounds,
      maxTotal: Math.max(1, background - 1),
      waitTimeoutMs: BACKGROUND_WAIT_TIMEOUT_MS,
    });
  }

  /** @throws DomainError RATE_LIMITED where the user has too many under way, OVERLOADED where all together have. */
  run<Result>(userId: string, query: () => Promise<Result>): Promise<Result> {
    return this.semaphore.run(userId, query);
  }

  /** The same over the connections for background work, for a page of what is read as fast as it is taken: an export. */
  runInBackground<Result>(userId: string, query: () => Promise<Result>): Promise<Result> {
    return this.backgroundSemaphore.run(userId, query);
  }
}
