import type { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { type Limit, LIMITS, type LimitName, type LimitTable } from '../../config/limits.js';
import { RateLimiter } from './rate-limiter.js';

interface Bucket {
  readonly limit: Limit;
  tokens: number;
  /** When `tokens` was right; ms since 1970. */
  at: number;
}

export const MAX_BUCKETS = 100_000;
const FIRST_SWEEP = 10_000;
/** The part of a bucket that is still there where little was taken from it. */
const NEARLY_FULL = 0.5;

/**
 * The limits of one process. Synchronous: it throws at once or not at all. A full bucket is the same as none, so full
 * ones are swept whenever the number of buckets has doubled: constant work a call on average, and no timers.
 */
export class MemoryRateLimiter extends RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private sweepAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly limits: LimitTable = LIMITS,
    private readonly maxBuckets: number = MAX_BUCKETS,
  ) {
    super();
    this.sweepAt = Math.min(FIRST_SWEEP, maxBuckets);
  }

  get size(): number {
    return this.buckets.size;
  }

  override consume(name: LimitName, key: string, points = 1): void {
    const now = this.clock.now();
    const bucket = this.bucketOf(name, key, now);
    // More than a full bucket would never pass: it takes all of one.
    const price = Math.min(points, bucket.limit.burst);
    if (bucket.tokens < price) {
      throw new DomainError('RATE_LIMITED', {
        retryAfterMs: Math.ceil((price - bucket.tokens) / perMillisecond(bucket.limit)),
      });
    }
    bucket.tokens -= price;
  }

  override charge(name: LimitName, key: string, points: number): void {
    const bucket = this.bucketOf(name, key, this.clock.now());
    // What is owed is bounded, and so is how long its user waits.
    bucket.tokens = Math.max(-bucket.limit.burst, bucket.tokens - points);
  }

  override restore(name: LimitName, key: string, points = 1): void {
    const bucket = this.buckets.get(`${name}:${key}`);
    if (bucket !== undefined) bucket.tokens = Math.min(bucket.limit.burst, bucket.tokens + points);
  }

  private bucketOf(name: LimitName, key: string, now: number): Bucket {
    const id = `${name}:${key}`;
    const known = this.buckets.get(id);
    if (known !== undefined) {
      refill(known, now);
      return known;
    }
    if (this.buckets.size >= this.sweepAt) this.sweep(now);
    const limit = this.limits[name];
    const bucket = { limit, tokens: limit.burst, at: now };
    this.buckets.set(id, bucket);
    return bucket;
  }

  private sweep(now: number): void {
    for (const [id, bucket] of this.buckets) {
      refill(bucket, now);
      if (bucket.tokens === bucket.limit.burst) this.buckets.delete(id);
    }
    // Only a flood of keys gets here. A tenth is forgotten at once, so that not every new key sweeps: first those that
    // are nearly full, as those of a flood are, since a bucket that is forgotten is full again; then the oldest.
    let surplus = this.buckets.size - Math.floor(this.maxBuckets * 0.9);
    for (const fullness of [NEARLY_FULL, 0]) {
      if (surplus <= 0) break;
      for (const [id, { tokens, limit }] of this.buckets) {
        if (surplus <= 0) break;
        if (tokens < limit.burst * fullness) continue;
        this.buckets.delete(id);
        surplus -= 1;
      }
    }
    this.sweepAt = Math.min(this.maxBuckets, Math.max(FIRST_SWEEP, this.buckets.size * 2));
  }
}

function refill(bucket: Bucket, now: number): void {
  // A clock that was set back refills nothing, and counts on from there.
  const elapsed = Math.max(0, now - bucket.at);
  bucket.tokens = Math.min(bucket.limit.burst, bucket.tokens + elapsed * perMillisecond(bucket.limit));
  bucket.at = now;
}

function perMillisecond(limit: Limit): number {
  return limit.points / (limit.perSeconds * 1_000);
}
