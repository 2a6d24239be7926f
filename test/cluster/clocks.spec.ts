import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { Device, Person, request } from '../support/story.js';

const TIMEOUT_MS = 180_000;
const SHIFT_MS = 30_000;
/** What is awaited in between takes its time on a busy machine, too; less than the clocks differ by. */
const TOLERANCE_MS = 20_000;

onlyWith(describe, 'redis-server')('two processes whose clocks are a minute apart', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let ahead: ServerProcess;
  let behind: ServerProcess;
  let ada: Person;

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    const start = (shiftMs: number): Promise<ServerProcess> =>
      ServerProcess.start({
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        RATE_LIMITS: 'off',
        DRAIN_SECONDS: '0',
        NODE_OPTIONS: `--import=${join(process.cwd(), 'test/support/shifted-clock.mjs')}`,
        CLOCK_SHIFT_MS: String(shiftMs),
      });
    [ahead, behind] = await Promise.all([start(SHIFT_MS), start(-SHIFT_MS)]);
    ada = await Person.register(ahead.url, 'ada');
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all([ahead, behind].map((server) => server.kill()));
    await Promise.all([redis.kill(), database.drop()]);
  }, TIMEOUT_MS);

  const refresh = (server: ServerProcess, refreshToken: string): ReturnType<typeof request> =>
    request(server.url, 'POST', '/auth/refresh', { refreshToken });

  it(
    'go by one clock',
    async () => {
      for (const { url } of [ahead, behind]) {
        const from = Date.now();
        const device = new Device(url, { token: ada.accessToken });
        const { serverTime } = await device.next('session:ready');
        device.socket.close();
        expect(Date.parse(serverTime)).toBeGreaterThanOrEqual(from - TOLERANCE_MS);
        expect(Date.parse(serverTime)).toBeLessThanOrEqual(Date.now() + TOLERANCE_MS);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'give a token that was refreshed at one of them the same successor at the other, when its answer was lost',
    async () => {
      for (const [first, second] of [
        [ahead, behind],
        [behind, ahead],
      ] as const) {
        const spent = ada.refreshToken;
        const answer = await refresh(first, spent);
        expect(answer.status).toBe(200);
        const again = await refresh(second, spent);
        expect(again).toMatchObject({ status: 200, body: { refreshToken: answer.body.refreshToken } });
        ada.refreshToken = answer.body.refreshToken;
        ada.accessToken = again.body.accessToken;
      }
    },
    TIMEOUT_MS,
  );

  it(
    'note when somebody was seen last by that clock, wherever that was',
    async () => {
      const from = Date.now();
      // Beside each other: each waits as long as a presence outlasts a lost connection.
      await Promise.all(
        [ahead, behind].map(async ({ url }) => {
          const grace = await Person.register(behind.url, 'grace');
          await ada.befriend(grace);
          const watching = new Device(url, { token: ada.accessToken });
          await watching.next('session:ready');
          const device = new Device(url, { token: grace.accessToken });
          await device.next('session:ready');
          await watching.next('presence:update', ({ userId, isOnline }) => userId === grace.id && isOnline);
          device.socket.close();
          const { lastSeenAt } = await watching.next(
            'presence:update',
            ({ userId, isOnline }) => userId === grace.id && !isOnline,
          );
          expect(Date.parse(lastSeenAt)).toBeGreaterThanOrEqual(from - TOLERANCE_MS);
          expect(Date.parse(lastSeenAt)).toBeLessThanOrEqual(Date.now() + TOLERANCE_MS);
          watching.socket.close();
        }),
      );
    },
    TIMEOUT_MS,
  );
});
