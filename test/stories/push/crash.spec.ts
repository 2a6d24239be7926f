import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeExpo } from '../../support/push/fake-expo.js';
import { expoToken } from '../../support/push/push-story.js';
import { createTestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { Person, until } from '../../support/story.js';

/** `PUSH_KILLS=200` for more. */
const KILLS = Number(process.env.PUSH_KILLS ?? 3);
const MESSAGES = 5;

describe('a server that is killed while it sends', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let directory: string;
  let expo: FakeExpo;
  let server: ServerProcess | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-push-crash-'));
    [database, expo] = await Promise.all([createTestDatabase(), new FakeExpo().start()]);
  });
  afterAll(async () => {
    await server?.kill();
    await expo?.stop();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      DATABASE_URL: database.url,
      DATA_DIR: directory,
      EXPO_PUSH_URL: expo.url,
      RATE_LIMITS: 'off',
    });

  it(
    'loses no notification, and shows none twice',
    async () => {
      server = await start();
      const ada = await Person.register(server.url, 'ada');
      const bob = await Person.register(server.url, 'bob');
      const token = expoToken();
      await bob.must('PUT', '/devices/phone', { platform: 'expo', token });
      const conversationId = await ada.directConversation(bob);
      let last = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const writer = await Person.login(server.url, ada.username);
        for (let message = 0; message < MESSAGES; message += 1)
          last = (await writer.send(conversationId, `${kill}.${message}`)).seq;
        // At another point each time: before it is planned, while it waits, while it is with Expo, after its answer.
        if (kill % 3 === 1)
          await until('something was sent', () => expo.of(token).some(({ data }) => data.seq === last));
        if (kill % 3 === 2) {
          const { calls } = expo;
          expo.misbehave = () => 'slow';
          await until('Expo was called', () => expo.calls > calls);
        }
        await server.kill();
        expo.release();
        server = await start();
      }
      await until('the last one came', () => expo.of(token).some(({ data }) => data.seq === last));
      // All of one tag: what is shown is one notification, and it is the last one.
      const sent = expo.of(token);
      // Beside them a number may be put right, without anything being shown.
      const shown = sent.filter(({ quiet }) => !quiet);
      expect(new Set(shown.map(({ tag }) => tag))).toEqual(new Set([conversationId]));
      const order = shown.map(({ data }) => Number(data.seq));
      expect(order).toEqual([...order].sort((one, other) => one - other));
      expect(sent.at(-1)?.badge).toBe(KILLS * MESSAGES);
      expect(expo.faults).toEqual([]);
    },
    Math.max(300_000, KILLS * 20_000),
  );
});
