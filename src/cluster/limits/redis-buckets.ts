import { createHmac } from 'node:crypto';
import { createClient } from '@redis/client';
import { BoundedLogger } from '../../common/bounded-logger.js';
import type { LimitName, LimitTable } from '../../config/limits.js';
import { type CountAction, SharedBuckets } from './shared-buckets.js';

const CONNECT_TIMEOUT_MS = 3_000;
const MAX_RETRY_MS = 2_000;
/** What is written to a connection keeps it from timing out, though nobody answers: only the answers show that it is dead. */
const MAX_SILENCE_MS = 10_000;

type Client = ReturnType<typeof createClient>;

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

/** In Redis, which keeps them for as long as they are not full. */
export class RedisBuckets extends SharedBuckets {
  private readonly failures = new BoundedLogger(RedisBuckets.name, 6);
  private client: Client;
  private readonly watching: NodeJS.Timeout;
  /** Questions that were not answered yet. */
  private underWay = 0;
  /** When Redis answered, or was asked the first of those that are under way. */
  private answeredAt = 0;
  /** When a connection was made on which Redis has not said anything yet. */
  private connectedAt: number | undefined;

  /**
   * @param secretKey the same for all processes of a server, and no other server's: several may share a Redis. What is counted by,
   *   IP addresses and names of accounts, cannot be guessed from what Redis knows.
   */
  constructor(
    private readonly url: string,
    private readonly limits: LimitTable,
    private readonly secretKey: Buffer,
    private readonly maxSilenceMs = MAX_SILENCE_MS,
  ) {
    super();
    this.client = this.connect();
    this.watching = setInterval(() => this.watch(), maxSilenceMs / 4).unref();
  }

  private connect(): Client {
    const client: Client = createClient({
      url: this.url,
      disableOfflineQueue: true,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectStrategy: (retries) => Math.min(MAX_RETRY_MS, 100 * (retries + 1)),
      },
    });
    client.on('connect', () => (this.connectedAt = performance.now()));
    for (const event of ['ready', 'reconnecting'] as const) client.on(event, () => (this.connectedAt = undefined));
    client.on('error', (error: Error) => this.failures.warn(`Redis: ${error.message}`));
    client.connect().catch(() => undefined);
    return client;
  }

  override get isReady(): boolean {
    return this.client.isReady;
  }

  override async count(limit: LimitName, key: string, points: number, action: CountAction): Promise<number> {
    const { burst, points: refill, perSeconds } = this.limits[limit];
    const name = `parley:limit:${limit}:${createHmac('sha256', this.secretKey).update(key).digest('base64url')}`;
    if (this.underWay === 0) this.answeredAt = performance.now();
    this.underWay += 1;
    try {
      const wait = await this.client.eval(BUCKET, {
        keys: [name],
        arguments: [String(burst), String(refill / (perSeconds * 1_000)), String(points), action],
      });
      return Number(wait);
    } finally {
      this.underWay -= 1;
      this.answeredAt = performance.now();
    }
  }

  private watch(): void {
    const since = this.connectedAt ?? (this.client.isReady && this.underWay > 0 ? this.answeredAt : undefined);
    if (since === undefined || performance.now() - since <= this.maxSilenceMs) return;
    this.failures.warn('Redis: nothing is answered: the connection is made anew');
    this.connectedAt = undefined;
    this.client.destroy();
    // Another client: one that is connected anew in the same turn goes on with its former attempt beside the new one.
    this.client = this.connect();
  }

  override stop(): void {
    clearInterval(this.watching);
    if (this.client.isOpen) this.client.destroy();
  }
}
