import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SharedRateLimiter } from '../../src/cluster/shared-rate-limiter.js';
import { Clock } from '../../src/common/clock.js';
import { LIMITS } from '../../src/limits/limits.js';
import { MemoryRateLimiter } from '../../src/limits/rates/memory-rate-limiter.js';
import { RedisServer } from '../support/redis.js';
import { until } from '../support/story.js';

const GUESSES = LIMITS.loginByAccountDaily.burst;

describe('limits that several processes count together', () => {
  let redis: RedisServer;
  let limiters: SharedRateLimiter[];
  let key = 0;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    redis = await RedisServer.start();
  });
  afterAll(() => redis.kill());
  beforeEach(async () => {
    key += 1;
    limiters = [0, 1].map(() => new SharedRateLimiter(redis.url, new MemoryRateLimiter(new Clock(), LIMITS), LIMITS));
    await connected();
  });
  afterEach(() => {
    for (const limiter of limiters) limiter.onApplicationShutdown();
  });
  const connected = (): Promise<void> =>
    until('both are connected', () =>
      Promise.resolve(
        limiters.every((limiter) => (limiter as unknown as { client: { isReady: boolean } }).client.isReady),
      ),
    );
  /** How many of these guesses pass, at all processes in turn. */
  const guess = async (
    count: number,
    limit: 'loginByAccountDaily' | 'messages' = 'loginByAccountDaily',
  ): Promise<number> => {
    let passed = 0;
    for (let index = 0; index < count; index += 1) {
      try {
        await limiters[index % limiters.length]?.consume(limit, `account ${key}`);
        passed += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'RATE_LIMITED' });
        expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
      }
    }
    return passed;
  };

  it('give a guesser no more guesses at two processes than at one', async () => {
    expect(await guess(GUESSES * 2)).toBe(GUESSES);
  });

  it('give back what turned out not to count, whichever process it was', async () => {
    await guess(GUESSES);
    await limiters[1]?.restore('loginByAccountDaily', `account ${key}`);
    expect(await guess(2)).toBe(1);
  });

  it('count what was done already, and wait for it', async () => {
    await limiters[0]?.charge('uploadedMegabytes', `user ${key}`, LIMITS.uploadedMegabytes.burst * 2);
    await expect(limiters[1]?.consume('uploadedMegabytes', `user ${key}`)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
  });

  it('are counted by each process for itself where they are asked for with every message', async () => {
    expect(await guess(LIMITS.messages.burst * 2, 'messages')).toBeGreaterThanOrEqual(LIMITS.messages.burst * 2 - 1);
  });

  it('are counted by each process for itself while Redis is away, from where it was, and together again after it', async () => {
    await guess(GUESSES - 2);
    await redis.kill();
    // Each knows of its own half of them.
    const passed = await guess(GUESSES * 4);
    expect(passed).toBeGreaterThanOrEqual(GUESSES);
    expect(passed).toBeLessThanOrEqual(GUESSES + 4);
    await redis.start();
    await connected();
    key += 1;
    expect(await guess(GUESSES * 2)).toBe(GUESSES);
  });
});
