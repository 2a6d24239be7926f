import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { TIMINGS } from '../../src/config/timings.js';
import { content, deviceAt } from '../support/processes/cluster.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { type Anything, Device, Person, startStory, type Story, until, untilEnding } from '../support/story.js';

const TIMEOUT_MS = 120_000;

onlyWith(describe, 'redis-server')('processes that end, stop and come back', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let steady: Story;
  let other: ServerProcess;
  let ada: Person;
  let grace: Person;
  let adas: Device;
  let group: string;
  let outside: pg.Client;
  /** One that sends its clients away while the tests of the others run. */
  let leaving: ServerProcess;
  let hal: Person;
  let hals: Device[];
  let sentAway: Promise<void>;
  /** Of the processes that are sound. */
  let soundNodes: string[];
  /** Ends the leases of all others, as twenty seconds would in which nobody renews them. */
  const endLeases = (): Promise<unknown> =>
    outside.query('UPDATE presence_nodes SET expires_at = now() WHERE node_id <> ALL($1)', [soundNodes]);
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      RATE_LIMITS: 'off',
      JWT_SECRET: 'a secret that is long enough for every test',
      // Long enough for what is asked meanwhile of who is sent away last, on a busy machine as well.
      DRAIN_SECONDS: '14',
    });

  const isOnline =
    (person: Person, wanted: boolean) =>
    ({ userId, isOnline: found }: Anything): boolean =>
      userId === person.id && found === wanted;

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    // What happens to processes happens to the others.
    const timings = { ...TIMINGS, typingExpiryMs: 2_000, presenceSweepMs: 500 };
    steady = await startStory({ databaseUrl: database.url, redisUrl: redis.url, rateLimits: false, timings });
    outside = new pg.Client({ connectionString: database.url });
    await outside.connect();
    ada = await Person.register(steady.url, 'ada');
    grace = await Person.register(steady.url, 'grace');
    await ada.befriend(grace);
    adas = await deviceAt(steady, ada);
    group = await ada.group('Faults', grace);
    leaving = await start();
    await until('both have a lease', async () => {
      const { rows } = await outside.query<{ node_id: string }>('SELECT node_id FROM presence_nodes');
      soundNodes = rows.map((row) => row.node_id);
      return soundNodes.length === 2;
    });
    hal = await Person.register(steady.url, 'hal');
    await ada.befriend(hal);
    hals = await Promise.all(Array.from({ length: 20 }, () => deviceAt(leaving, hal)));
    await adas.next('presence:update', isOnline(hal, true));
    sentAway = sendAway(await ada.group('Sent away', hal));
    // For its own test, which is the last one.
    sentAway.catch(() => undefined);
  }, TIMEOUT_MS);
  afterAll(async () => {
    adas.socket.close();
    await outside.end();
    await Promise.all([steady.close(), other.kill(), leaving.kill()]);
    await Promise.allSettled([sentAway]);
    await Promise.all([redis.kill(), database.drop()]);
  }, TIMEOUT_MS);

  async function sendAway(shared: string): Promise<void> {
    const ended = leaving.stop();
    await untilEnding(leaving.url);
    const [first] = hals as [Device];
    expect(await first.next('session:ended')).toMatchObject({
      code: 'SERVER_SHUTDOWN',
      retry: true,
      retryAfterMs: expect.any(Number),
    });
    const last = hals.at(-1) as Device;
    expect(last.socket.connected).toBe(true);
    await last.must('send_message', { conversationId: shared, content: 'still here' });
    await adas.next('message:new', content('still here'));
    for (const device of hals.slice(1)) await device.next('session:ended');
    expect(await ended).toBe(0);
    await adas.next('presence:update', isOnline(hal, false));
  }

  it(
    'leave nobody online who was on one that was killed, and say so once',
    async () => {
      other = await start();
      const device = await deviceAt(other, grace);
      await adas.next('presence:update', isOnline(grace, true));
      await device.must('send_message', { conversationId: group, content: 'acknowledged' });
      await adas.must('join_conversation', { conversationId: group });
      device.socket.emit('typing', { conversationId: group, isTyping: true });
      const isTyping = (wanted: boolean) => (typing: Anything) =>
        typing.userId === grace.id && typing.isTyping === wanted;
      await adas.next('typing', isTyping(true));
      await other.kill();
      await adas.next('typing', isTyping(false));
      expect((await ada.history(group)).some((message) => message.content === 'acknowledged')).toBe(true);
      await endLeases();
      const updates = (): Anything[] => adas.all('presence:update').filter(({ userId }) => userId === grace.id);
      await until('she is offline', () => updates().at(-1)?.isOnline === false, TIMEOUT_MS);
      await ada.send(group, 'behind it');
      await adas.next('message:new', content('behind it'));
      expect(updates().map((update) => update.isOnline)).toEqual([true, false]);
    },
    TIMEOUT_MS,
  );

  it(
    'know what happened while they stood still, and send nobody what it may not have',
    async () => {
      other = await start();
      const device = await deviceAt(other, grace);
      await ada.send(group, 'before');
      await device.next('message:new', content('before'));
      other.signal('SIGSTOP');
      await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
      await ada.send(group, 'not for her');
      const another = await ada.group('Made meanwhile', grace);
      await ada.send(another, 'for her');
      other.signal('SIGCONT');
      await device.next('conversation:removed', ({ conversationId }) => conversationId === group);
      await device.next('conversation:new', ({ conversation }) => conversation.id === another);
      await ada.send(group, 'not for her either');
      await ada.send(another, 'and this');
      await device.next('message:new', content('and this'));
      expect(device.all('message:new').filter(({ message }) => message.conversationId === group)).toHaveLength(1);
      device.socket.close();
    },
    TIMEOUT_MS,
  );

  it(
    'take nothing of a session that ended while they stood still, and call nobody online who has gone meanwhile',
    async () => {
      const [bea, cy, eve] = [
        await Person.register(steady.url, 'bea'),
        await Person.register(steady.url, 'cy'),
        await Person.register(steady.url, 'eve'),
      ];
      const shared = await ada.group('All of them', bea, cy, eve);
      const watching = await deviceAt(steady, ada);
      const isOnlineOf = (person: Person, isOnline: boolean) => (update: Anything) =>
        update.userId === person.id && update.isOnline === isOnline;
      const [beas, cys, eves] = await Promise.all([bea, cy, eve].map((person) => deviceAt(other, person)));
      if (beas === undefined || cys === undefined || eves === undefined) throw new Error('no devices');
      for (const person of [bea, cy, eve]) await watching.next('presence:update', isOnlineOf(person, true));
      other.signal('SIGSTOP');
      const stoppedAt = performance.now();
      try {
        await bea.must('POST', '/auth/logout');
        beas.socket.emit('send_message', { conversationId: shared, content: 'of a session that ended' });
        eves.socket.close();
        await endLeases();
        const gone = (person: Person): boolean => watching.all('presence:update').some(isOnlineOf(person, false));
        await until('all of them are offline', () => [bea, cy, eve].every(gone), TIMEOUT_MS);
        await until('its clients stay longer than an ending may take', () => performance.now() - stoppedAt > 2_000);
      } finally {
        other.signal('SIGCONT');
      }
      await beas.next('disconnect');
      await watching.next('presence:update', isOnlineOf(cy, true));
      expect((await ada.history(shared)).map(({ content: text }) => text)).not.toContain('of a session that ended');
      const comings = watching.all('presence:update').filter(({ isOnline }) => isOnline);
      expect(comings.map(({ userId }) => userId).sort()).toEqual([bea.id, cy.id, eve.id, cy.id].sort());
      cys.socket.close();
      watching.socket.close();
    },
    TIMEOUT_MS,
  );

  it(
    'send their clients away one after the other before they end, and serve them until then',
    async () => {
      await sentAway;
      const updates = adas.all('presence:update').filter(({ userId }) => userId === hal.id);
      expect(updates.map((update) => update.isOnline)).toEqual([true, false]);
    },
    TIMEOUT_MS,
  );
});
