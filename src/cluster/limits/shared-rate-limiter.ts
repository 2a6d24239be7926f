import type { OnApplicationShutdown } from '@nestjs/common';
import { BoundedLogger } from '../../common/bounded-logger.js';
import { DomainError } from '../../common/errors.js';
import type { LimitName } from '../../config/limits.js';
import type { MemoryRateLimiter } from '../../limits/rates/memory-rate-limiter.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { Degradation } from '../../observability/degradation.js';
import type { CountAction, SharedBuckets } from './shared-buckets.js';

/**
 * What guesses, or reaches strangers, or costs much: a guesser must not have as many guesses as there are processes. All other
 * limits are counted by each process for itself: they are asked for with every message, and protect the process.
 */
const SHARED: ReadonlySet<LimitName> = new Set([
  'loginByAddress',
  'loginByAccount',
  'loginByAccountHourly',
  'loginByAccountDaily',
  'loginByStrangers',
  'wrongLoginsByAddress',
  'register',
  'refresh',
  'refreshesOfSession',
  'codesByAddress',
  'codesByAccount',
  'codesByNetwork',
  'codesByStrangers',
  'passwordConfirmations',
  'passwordConfirmationsHourly',
  'passwordConfirmationsDaily',
  'exports',
  'friendRequests',
  'friendRequestsToOne',
  'profileChanges',
  'strangersAnHour',
  'strangersADay',
  'uploads',
  'uploadedMegabytes',
]);

/** How long an answer is waited for; then this process counts by itself. */
const ANSWER_TIMEOUT_MS = 250;
/** After an answer that did not come, nobody waits for one for so long. */
const REST_MS = 2_000;
/** Counts in one place what all processes must count together. Where that does not answer, each counts by itself. */
export class SharedRateLimiter extends RateLimiter implements OnApplicationShutdown {
  private readonly changes = new BoundedLogger(SharedRateLimiter.name, 6);
  private restsUntil = 0;
  answerTimeoutMs = ANSWER_TIMEOUT_MS;

  constructor(
    private readonly buckets: SharedBuckets,
    private readonly local: MemoryRateLimiter,
    private readonly degradation = new Degradation(),
  ) {
    super();
    degradation.set('limits', true);
  }

  override consume(limit: LimitName, key: string, points = 1): void | Promise<void> {
    if (!SHARED.has(limit)) return this.local.consume(limit, key, points);
    return this.consumeShared(limit, key, points);
  }

  override charge(limit: LimitName, key: string, points: number): void | Promise<void> {
    this.local.charge(limit, key, points);
    return SHARED.has(limit) ? this.note(limit, key, points, 'charge') : undefined;
  }

  override restore(limit: LimitName, key: string, points = 1): void | Promise<void> {
    this.local.restore(limit, key, points);
    return SHARED.has(limit) ? this.note(limit, key, points, 'restore') : undefined;
  }

  onApplicationShutdown(): void {
    this.buckets.stop();
  }

  private async consumeShared(limit: LimitName, key: string, points: number): Promise<void> {
    const wait = await this.ask(limit, key, points, 'consume');
    if (wait === undefined) return this.local.consume(limit, key, points);
    if (wait > 0) throw new DomainError('RATE_LIMITED', { retryAfterMs: wait });
    // So that it does not begin anew where the others cannot be asked any more.
    this.local.charge(limit, key, points);
  }

  private async note(limit: LimitName, key: string, points: number, action: CountAction): Promise<void> {
    await this.ask(limit, key, points, action);
  }

  /** Undefined where there is no answer in time. */
  private async ask(limit: LimitName, key: string, points: number, action: CountAction): Promise<number | undefined> {
    if (performance.now() < this.restsUntil) return undefined;
    if (!this.buckets.isReady) return this.alone('there is no connection');
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        this.restsUntil = performance.now() + REST_MS;
        resolve(this.alone('no answer in time'));
      }, this.answerTimeoutMs);
    });
    const answer = this.buckets.count(limit, key, points, action).then(
      (wait) => {
        if (!isLate) this.together();
        return wait;
      },
      (error: unknown) => this.alone((error as Error).message),
    );
    return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
  }

  private alone(reason: string): undefined {
    if (this.degradation.isUp('limits') === false) return;
    this.degradation.set('limits', false);
    this.changes.warn(`limits are counted by this process for itself: ${reason}`);
  }

  private together(): void {
    if (this.degradation.isUp('limits') === true) return;
    this.degradation.set('limits', true);
    this.changes.log('limits are counted together again');
  }
}
