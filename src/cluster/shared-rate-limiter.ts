import { createHash } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import { createClient } from '@redis/client';
import { BoundedLogger } from '../common/bounded-logger.js';
import { DomainError } from '../common/errors.js';
import type { LimitName, LimitTable } from '../limits/limits.js';
import type { MemoryRateLimiter } from '../limits/rates/memory-rate-limiter.js';
import { RateLimiter } from '../limits/rates/rate-limiter.js';

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
  'codesByAddress',
  'codesByAccount',
  'codesByNetwork',
  'codesByStrangers',
  'passwordConfirmations',
  'passwordConfirmationsHourly',
  'passwordConfirmationsDaily',
  'exports',
  'friendRequests',
  'profileChanges',
  'strangersAnHour',
  'strangersADay',
  'uploads',
  'uploadedMegabytes',
]);

/** How long an answer of Redis is waited for; then this process counts by itself. */
const ANSWER_TIMEOUT_MS = 250;
/** After an answer that did not come, nobody waits for one for so long. */
const REST_MS = 2_000;
const CONNECT_TIMEOUT_MS = 3_000;
const MAX_RETRY_MS = 2_000;

/**
 * The same bucket as `MemoryRateLimiter` has, by Redis's own clock. KEYS: the bucket. ARGV: burst, points a millisecond, points,
 * what to do. Answers for how many milliseconds it refuses; 0: taken.
 */
const BUCKET = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local burst, rate, points = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(known[1]) or burst
local elapsed = math.max(0, now - (tonumber(known[2]) or now))
tokens = math.min(burst, tokens + elapsed * rate)
local wait = 0
if ARGV[4] == 'consume' then
  local price = math.min(points, burst)
  if tokens < price then wait = math.ceil((price - tokens) / rate) else tokens = tokens - price end
elseif ARGV[4] == 'charge' then tokens = math.max(-burst, tokens - points)
else tokens = math.min(burst, tokens + points) end
if tokens >= burst then redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
  redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / rate) + 1000)
end
return wait`;

type Action = 'consume' | 'charge' | 'restore';

/** Counts in Redis what all processes must count together. Without Redis each counts by itself. */
export class SharedRateLimiter extends RateLimiter implements OnApplicationShutdown {
  private readonly failures = new BoundedLogger(SharedRateLimiter.name, 6);
  private restsUntil = 0;
  private readonly client: ReturnType<typeof createClient>;

  constructor(
    url: string,
    private readonly local: MemoryRateLimiter,
    private readonly limits: LimitTable,
  ) {
    super();
    this.client = createClient({
      url,
      disableOfflineQueue: true,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectStrategy: (retries) => Math.min(MAX_RETRY_MS, 100 * (retries + 1)),
      },
    });
    this.client.on('error', (error: Error) => this.failures.warn(`Redis: ${error.message}`));
    this.client.connect().catch(() => undefined);
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
    if (this.client.isOpen) this.client.destroy();
  }

  private async consumeShared(limit: LimitName, key: string, points: number): Promise<void> {
    const wait = await this.ask(limit, key, points, 'consume');
    if (wait === undefined) return this.local.consume(limit, key, points);
    if (wait > 0) throw new DomainError('RATE_LIMITED', { retryAfterMs: wait });
    // So that it does not begin anew where Redis goes away.
    this.local.charge(limit, key, points);
  }

  private async note(limit: LimitName, key: string, points: number, action: Action): Promise<void> {
    await this.ask(limit, key, points, action);
  }

  /** Undefined where Redis does not answer in time. */
  private async ask(limit: LimitName, key: string, points: number, action: Action): Promise<number | undefined> {
    if (!this.client.isReady || performance.now() < this.restsUntil) return undefined;
    const { burst, points: refill, perSeconds } = this.limits[limit];
    // Keys are addresses, and names of accounts: Redis need not know them.
    const name = `parley:limit:${limit}:${createHash('sha256').update(key).digest('base64url')}`;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.restsUntil = performance.now() + REST_MS;
        resolve(undefined);
      }, ANSWER_TIMEOUT_MS);
    });
    const answer = this.client
      .eval(BUCKET, {
        keys: [name],
        arguments: [String(burst), String(refill / (perSeconds * 1_000)), String(points), action],
      })
      .then(Number, (error: unknown) => {
        this.failures.warn(`a limit was not counted together: ${(error as Error).message}`);
        return undefined;
      });
    return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
  }
}
