import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migratedDataDirectory } from '../../support/data-directory.js';
import { freePort } from '../../support/free-port.js';
import { ServerProcess } from '../../support/process.js';
import { type Anything, Device, Person, request, until } from '../../support/story.js';

/** PostgreSQL recovers from a crash, on a machine that may have other things to do. */
const RECOVERY_MS = 120_000;

/** What a client keeps of a message it wants stored. */
interface Pending {
  clientId: string;
  content: string;
  acknowledged?: Anything;
}

describe('kill -9', () => {
  let directory: string;
  let port: string;
  let server: ServerProcess;
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({ DATA_DIR: directory, DATABASE_URL: '', PORT: port, RATE_LIMITS: 'off' });
  const postmaster = (): number =>
    Number(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);

  /** A process of PostgreSQL that works for the server. */
  const backend = async (): Promise<number> => {
    const password = readFileSync(join(directory, 'postgres-password'), 'utf8').trim();
    const [, , , portOfPostgres] = readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    const client = new pg.Client(`postgresql://postgres:${password}@127.0.0.1:${portOfPostgres}/parley`);
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'parley' ORDER BY state_change DESC LIMIT 1`,
    );
    await client.end();
    return rows[0]?.pid ?? 0;
  };

  beforeAll(async () => {
    directory = await migratedDataDirectory('parley-crash-');
    port = `${await freePort()}`;
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('loses and doubles nothing, whether the server dies, or PostgreSQL, or one of its processes, or both', async () => {
    const [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const messages: Pending[] = [];

    for (const victim of ['server', 'database', 'backend', 'both']) {
      const device = new Device(server.url, { token: ada.accessToken });
      await device.next('session:ready');
      let isDead = false;
      // No acknowledgement comes over a connection that is gone.
      const gone = new Promise<undefined>((resolve) => device.socket.once('disconnect', () => resolve(undefined)));
      const sending = Array.from({ length: 8 }, async () => {
        while (!isDead && device.socket.connected) {
          const message: Pending = { clientId: randomUUID(), content: `during ${victim}` };
          messages.push(message);
          const asked = device.ask('send_message', { conversationId, ...message }).catch(() => undefined);
          const answer = await Promise.race([asked, gone]);
          if (answer?.ok === true) message.acknowledged = answer.data.message;
        }
      });
      const already = messages.length;
      await until('messages flow', () => messages.length > already + 200);
      if (victim === 'backend') process.kill(await backend(), 'SIGKILL');
      else if (victim !== 'server') process.kill(postmaster(), 'SIGKILL');
      const serverLives = victim === 'database' || victim === 'backend';
      if (!serverLives) await server.kill();
      if (serverLives) {
        const last = messages.length;
        await until(
          'they flow again',
          () => messages.slice(last).some(({ acknowledged }) => acknowledged !== undefined),
          RECOVERY_MS,
        );
      }
      isDead = true;
      device.socket.close();
      await Promise.all(sending);
      if (!serverLives) server = await start();
    }

    const listener = new Device(server.url, { token: bob.accessToken });
    await listener.next('session:ready');
    const stored = new Map<string, Anything>();
    for (let after = 0; ; ) {
      const page = await bob.must('GET', `/conversations/${conversationId}/messages?limit=100&after=${after}`);
      for (const message of page.items) stored.set(message.clientId, message);
      after += page.items.length;
      expect(page.items.at(-1)?.seq ?? after).toBe(after);
      if (!page.hasAfter) break;
    }
    const acknowledged = messages.filter((message) => message.acknowledged !== undefined);
    expect(acknowledged.length).toBeGreaterThan(300);
    for (const { clientId, acknowledged: message } of acknowledged)
      expect(stored.get(clientId)).toEqual({ ...message, clientId });

    // Sent once more, all of them: what was stored answers as it was stored, what was not is stored now.
    const device = new Device(server.url, { token: ada.accessToken });
    await device.next('session:ready');
    for (const { clientId } of messages) {
      const { message } = await device.must('send_message', { conversationId, clientId, content: 'again' });
      if (stored.has(clientId)) expect(message).toEqual(stored.get(clientId));
    }
    const { lastSeq } = await bob.must('GET', `/conversations/${conversationId}`);
    expect(lastSeq).toBe(messages.length);
    await ada.say(conversationId, 'marker');
    await listener.next('message:new', ({ message }) => message.content === 'marker');
    const repeated = listener.all('message:new').filter(({ message }) => stored.has(message.clientId));
    expect(repeated).toEqual([]);
    device.socket.close();
    listener.socket.close();
  }, 600_000);

  it('leaves nobody online, and knows when they were last seen', async () => {
    const [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    await ada.befriend(bob);
    const before = Date.now();
    const device = await ada.device();
    await until('she is seen', async () => (await bob.must('GET', `/users/${ada.id}`)).isOnline === true);
    await server.kill();
    device.socket.close();
    server = await start();
    await until('she is gone', async () => (await bob.must('GET', `/users/${ada.id}`)).isOnline === false);
    expect(Date.parse((await bob.must('GET', `/users/${ada.id}`)).lastSeenAt)).toBeGreaterThanOrEqual(before - 1_000);
  });

  it('finishes what it accepted when it is asked to end, says so to its clients, and exits 0', async () => {
    const [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const device = await ada.device();
    const sent = Array.from({ length: 50 }, (_, index) =>
      device.ask('send_message', { conversationId, content: `${index}` }),
    );
    await sent[0];
    expect(await server.stop()).toBe(0);
    const answers = await Promise.allSettled(sent);
    expect(await device.next('session:ended')).toEqual({ code: 'SERVER_SHUTDOWN', retry: true });
    server = await start();
    const history = new Set((await bob.history(conversationId)).map(({ id }) => id));
    for (const answer of answers) {
      if (answer.status === 'fulfilled' && answer.value.ok) expect(history).toContain(answer.value.data.message.id);
    }
    expect((await request(server.url, 'GET', '/health/ready')).status).toBe(200);
  });
});
