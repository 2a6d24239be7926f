import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { content, deviceAt } from '../support/cluster.js';
import { createTestDatabase } from '../support/postgres.js';
import { ServerProcess } from '../support/process.js';
import { onlyWith } from '../support/programs.js';
import { RedisServer } from '../support/redis.js';
import { type Anything, Device, Person, request, startStory, type Story, until } from '../support/story.js';

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
  let steadyNode: string;
  /** Ends the leases of all but the steady process, as twenty seconds would in which nobody renews them. */
  const endLeases = (): Promise<unknown> =>
    outside.query('UPDATE presence_nodes SET expires_at = now() WHERE node_id <> $1', [steadyNode]);
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      RATE_LIMITS: 'off',
      JWT_SECRET: 'a secret that is long enough for every test',
      // Long enough for what is asked meanwhile of who is sent away last, on a busy machine as well.
      DRAIN_SECONDS: '8',
    });

  const isOnline =
    (wanted: boolean) =>
    ({ userId, isOnline: found }: Anything): boolean =>
      userId === grace.id && found === wanted;

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    // What happens to processes happens to the others.
    steady = await startStory({ databaseUrl: database.url, redisUrl: redis.url, rateLimits: false });
    outside = new pg.Client({ connectionString: database.url });
    await outside.connect();
    steadyNode = (await outside.query('SELECT node_id FROM presence_nodes')).rows[0].node_id as string;
    ada = await Person.register(steady.url, 'ada');
    grace = await Person.register(steady.url, 'grace');
    await ada.befriend(grace);
    adas = await deviceAt(steady, ada);
    group = await ada.group('Faults', grace);
  }, TIMEOUT_MS);
  afterAll(async () => {
    adas.socket.close();
    await outside.end();
    await Promise.all([steady.close(), other.kill()]);
    await Promise.all([redis.kill(), database.drop()]);
  }, TIMEOUT_MS);

  it(
    'send their clients away one after the other before they end, and serve them until then',
    async () => {
      other = await start();
      const devices = await Promise.all(Array.from({ length: 20 }, () => deviceAt(other, grace)));
      const ended = other.stop();
      await until(
        'it takes no new ones',
        async () => (await request(other.url, 'GET', '/health/ready')).status === 503,
      );
      const [first] = devices as [Device];
      expect(await first.next('session:ended')).toMatchObject({
        code: 'SERVER_SHUTDOWN',
        retry: true,
        retryAfterMs: expect.any(Number),
      });
      const last = devices.at(-1) as Device;
      expect(last.socket.connected).toBe(true);
      await last.must('send_message', { conversationId: group, content: 'still here' });
      await adas.next('message:new', content('still here'));
      for (const device of devices.slice(1)) await device.next('session:ended');
      expect(await ended).toBe(0);
      await adas.next('presence:update', isOnline(true));
      await adas.next('presence:update', isOnline(false));
    },
    TIMEOUT_MS,
  );

  it(
    'leave nobody online who was on one that was killed, and say so once',
    async () => {
      other = await start();
      const device = await deviceAt(other, grace);
      await adas.next('presence:update', isOnline(true));
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
      await ada.say(group, 'behind it');
      await adas.next('message:new', content('behind it'));
      expect(updates().map((update) => update.isOnline)).toEqual([true, false, true, false]);
    },
    TIMEOUT_MS,
  );

  it(
    'know what happened while they stood still, and send nobody what it may not have',
    async () => {
      other = await start();
      const device = await deviceAt(other, grace);
      await ada.say(group, 'before');
      await device.next('message:new', content('before'));
      other.signal('SIGSTOP');
      await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
      await ada.say(group, 'not for her');
      const another = await ada.group('Made meanwhile', grace);
      await ada.say(another, 'for her');
      other.signal('SIGCONT');
      await device.next('conversation:removed', ({ conversationId }) => conversationId === group);
      await device.next('conversation:new', ({ conversation }) => conversation.id === another);
      await ada.say(group, 'not for her either');
      await ada.say(another, 'and this');
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
});
