import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { IpcBuckets } from '../../src/cluster/limits/ipc-buckets.js';
import { RedisBuckets } from '../../src/cluster/limits/redis-buckets.js';
import type { SharedBuckets } from '../../src/cluster/limits/shared-buckets.js';
import { SharedRateLimiter } from '../../src/cluster/limits/shared-rate-limiter.js';
import { Clock } from '../../src/common/clock.js';
import { LIMITS } from '../../src/config/limits.js';
import { MemoryRateLimiter } from '../../src/limits/rates/memory-rate-limiter.js';
import { LimitCounts } from '../../src/workers/limit-counts.js';
import { Degradation } from '../../src/observability/degradation.js';
import { DatabaseProxy } from '../support/servers/database-proxy.js';
import { programPath } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { until } from '../support/story.js';

const SECRET_KEY = Buffer.from('the key of one server');
const GUESSES = LIMITS.loginByAccountDaily.burst;

const redisDescribe = programPath('redis-server') === undefined ? describe.skip : describe;

/** A place where processes count together, which goes away and comes back with nothing in it. */
interface Place {
  /** As one more process reaches it. */
  buckets(): SharedBuckets;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

async function redisPlace(): Promise<Place> {
  const redis = await RedisServer.start();
  return {
    buckets: () => new RedisBuckets(redis.url, LIMITS, SECRET_KEY),
    goAway: () => redis.kill(),
    comeBack: () => redis.start(),
    close: () => redis.kill(),
  };
}

/** The first of several processes of one machine; the channel to it is Node's, and not a part of this. */
async function primaryPlace(): Promise<Place> {
  let counts: LimitCounts | undefined = new LimitCounts(LIMITS);
  return Promise.resolve({
    buckets: () =>
      new IpcBuckets({
        count: async (...question) => {
          await new Promise(setImmediate);
          if (counts === undefined) throw new Error('it is away');
          return counts.count(...question);
        },
      }),
    goAway: async () => {
      counts = undefined;
      return Promise.resolve();
    },
    comeBack: async () => {
      counts = new LimitCounts(LIMITS);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}

redisDescribe('limits that are counted in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    redis = await RedisServer.start();
  });
  afterAll(() => redis.kill());

  it('are those of one server alone, whatever else uses that Redis', async () => {
    const servers = ['one server', 'another server'].map(
      (secret) => new RedisBuckets(redis.url, LIMITS, Buffer.from(secret)),
    );
    try {
      await until('both are connected', () => Promise.resolve(servers.every(({ isReady }) => isReady)));
      const [one, other] = servers;
      expect(await one?.count('loginByAccountDaily', 'account', GUESSES, 'consume')).toBe(0);
      expect(await one?.count('loginByAccountDaily', 'account', 1, 'consume')).toBeGreaterThan(0);
      expect(await other?.count('loginByAccountDaily', 'account', 1, 'consume')).toBe(0);
    } finally {
      for (const server of servers) server.stop();
    }
  });

  it('say that each process counts by itself where Redis takes no writes, why, once, and when that is over', async () => {
    const lines: string[] = [];
    const write = (line: string): number => lines.push(line);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(write);
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(write);
    const degradation = new Degradation();
    const buckets = new RedisBuckets(redis.url, LIMITS, SECRET_KEY);
    const limiter = new SharedRateLimiter(buckets, new MemoryRateLimiter(new Clock(), LIMITS), degradation);
    limiter.answerTimeoutMs = 30_000;
    try {
      await until('it is connected', () => buckets.isReady);
      await redis.command('REPLICAOF', '127.0.0.1', '1');
      for (let guess = 0; guess < 3; guess += 1) await limiter.consume('loginByAccount', 'no writes');
      expect(degradation.isUp('limits')).toBe(false);
      await redis.command('REPLICAOF', 'NO', 'ONE');
      await limiter.consume('loginByAccount', 'no writes');
      expect(degradation.isUp('limits')).toBe(true);
      expect(lines).toEqual([
        expect.stringMatching(/^limits are counted by this process for itself: .*(READONLY|read only)/),
        'limits are counted together again',
      ]);
    } finally {
      limiter.onApplicationShutdown();
      warn.mockRestore();
      log.mockRestore();
    }
  });

  it('are counted together again, by a new connection, where the one that there is carries nothing any more', async () => {
    // As a firewall that has forgotten the connection: whatever is sent on it is lost, and new ones pass.
    const proxy = await DatabaseProxy.start(redis.url);
    const buckets = new RedisBuckets(proxy.url, LIMITS, SECRET_KEY);
    try {
      await until('it is connected', () => Promise.resolve(buckets.isReady));
      await buckets.count('loginByAccount', 'account', 1, 'consume');
      proxy.unanswered = /EVAL/i;
      const lost = buckets.count('loginByAccount', 'account', 1, 'consume');
      await expect(lost).rejects.toThrow('Disconnects client');
      proxy.unanswered = undefined;
      await until('it is connected anew', () => Promise.resolve(buckets.isReady));
      expect(await buckets.count('loginByAccount', 'account', 1, 'consume')).toBe(0);
    } finally {
      buckets.stop();
      await proxy.stop();
    }
  }, 60_000);

  it('are asked for by one connection, however often Redis took one and said nothing', async () => {
    const proxy = await DatabaseProxy.start(redis.url);
    proxy.unanswered = /HELLO/;
    const buckets = new RedisBuckets(proxy.url, LIMITS, SECRET_KEY, 100);
    try {
      await until('several were given up', () => proxy.accepted >= 5);
      proxy.unanswered = undefined;
      await until('it is connected', () => buckets.isReady);
      await until('one is open', () => proxy.open === 1);
      expect(await buckets.count('loginByAccount', 'one connection', 1, 'consume')).toBe(0);
    } finally {
      buckets.stop();
      await proxy.stop();
    }
  });
});

describe.each([
  ...(programPath('redis-server') === undefined ? [] : [['Redis', redisPlace] as const]),
  ['the first of several processes', primaryPlace] as const,
])('limits that several processes count together in %s', (_, open) => {
  let place: Place;
  let buckets: SharedBuckets[];
  let limiters: SharedRateLimiter[];
  let key = 0;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    place = await open();
  });
  afterAll(() => place.close());
  beforeEach(async () => {
    key += 1;
    buckets = [place.buckets(), place.buckets()];
    limiters = buckets.map((one) => new SharedRateLimiter(one, new MemoryRateLimiter(new Clock(), LIMITS)));
    // How fast they answer is not what this is about.
    for (const limiter of limiters) limiter.answerTimeoutMs = 30_000;
    await connected();
  });
  afterEach(() => {
    for (const limiter of limiters) limiter.onApplicationShutdown();
  });
  const connected = (): Promise<void> =>
    until('both are connected', () => Promise.resolve(buckets.every(({ isReady }) => isReady)));
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

  it('are counted by each process for itself while it is away, from where it was, and together again after it', async () => {
    await guess(GUESSES - 2);
    await place.goAway();
    // Each knows of its own half of them.
    const passed = await guess(GUESSES * 4);
    expect(passed).toBeGreaterThanOrEqual(GUESSES);
    expect(passed).toBeLessThanOrEqual(GUESSES + 4);
    await place.comeBack();
    await connected();
    key += 1;
    expect(await guess(GUESSES * 2)).toBe(GUESSES);
  });
});
