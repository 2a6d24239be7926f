import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TIMINGS } from '../../src/config/timings.js';
import { Database } from '../../src/database/database.js';
import { logged, logOf, type PushStory, QUICK, startPushStory } from '../support/push/push-story.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { PushPlanner } from '../../src/push/planning/push-planner.js';
import { PushPlanningRepository } from '../../src/push/planning/push-planning.repository.js';
import { PresenceTracker } from '../../src/realtime/ephemeral/presence-tracker.js';
import { Device, Person, startStory, type Story, until } from '../support/story.js';

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

onlyWith(describe, 'redis-server')('push of two processes', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let push: PushStory;
  let west: Story;
  let ada: Person;

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    const shared = { databaseUrl: database.url, redisUrl: redis.url, rateLimits: false };
    push = await startPushStory({}, {}, shared);
    // The same providers, so that either of them may send.
    west = await startStory(
      { ...shared, timings: { ...TIMINGS, ...QUICK, pushWalkMs: 100, presenceSweepMs: 200 } },
      { EXPO_PUSH_URL: push.expo.url, PUSH_WEB_HOSTS: push.web.url },
    );
    ada = await push.story.person('ada');
  });
  afterAll(async () => {
    await west?.close();
    await push?.close();
    await Promise.all([redis?.kill(), database?.drop()]);
    expect(push.faults()).toEqual([]);
  });

  it('never rings where somebody looks at the conversation, whichever process holds that connection', async () => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.directConversation(bob);
    const device = new Device(west.url, { token: bob.accessToken });
    try {
      await device.next('session:ready');
      await device.must('join_conversation', { conversationId });
      await until('the other process knows it', async () => {
        await ada.send(conversationId, 'You see this');
        const [newest] = await logOf(bob);
        return newest?.reason === 'looking';
      });
      // What was said before that was known may still be on its way to the phone.
      const { seq } = await ada.send(conversationId, 'You see this as well');
      await logged(bob, { conversationId, seq, outcome: 'skipped', reason: 'looking' });
      expect(push.expo.of(token).filter(({ body }) => body?.includes('as well') === true)).toEqual([]);
      await device.must('set_active', { active: false });
      await until('it is known that nobody looks', async () => {
        await ada.send(conversationId, 'You do not see this');
        return push.expo
          .of(token)
          .some(({ body }) => body?.includes('not see') === true || body?.includes('new') === true);
      });
    } finally {
      device.socket.close();
    }
  });

  it('never rings where somebody looks at the conversation, also after that was lost with the database', async () => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.directConversation(bob);
    const device = new Device(west.url, { token: bob.accessToken });
    const database = push.story.app.get(Database);
    const shown = async (at: Pick<Database, 'query'> = database): Promise<boolean> => {
      const rows = await at.query('SELECT FROM attentions WHERE user_id = $1 AND $2 = ANY (conversation_ids)', [
        bob.id,
        conversationId,
      ]);
      return rows.length > 0;
    };
    try {
      await device.next('session:ready');
      await device.must('join_conversation', { conversationId });
      await until('the other process may know it', () => shown());
      // What a crash of PostgreSQL does to an unlogged table; either process may renew what it knows as soon as it ends.
      await database.transaction(async (transaction) => {
        await transaction.query('TRUNCATE attentions, presences, presence_nodes');
        expect(await shown(transaction)).toBe(false);
      });
      west.app.get(PresenceTracker).renew();
      await until('the other process may know it again', () => shown());
      const { seq } = await ada.send(conversationId, 'You see this');
      await logged(bob, { conversationId, seq, outcome: 'skipped', reason: 'looking' });
      expect(push.expo.of(token)).toEqual([]);
    } finally {
      device.socket.close();
    }
  });

  it('rings where somebody looked on a process that died, once that is known', async () => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.directConversation(bob);
    const database = push.story.app.get(Database);
    const nodeId = randomUUID();
    // What a process leaves that is killed, or stands still.
    await database.query(`INSERT INTO presence_nodes VALUES ($1, now() + interval '1 hour')`, [nodeId]);
    await database.query('INSERT INTO attentions VALUES ($1, $2, ARRAY[$3::uuid])', [bob.id, nodeId, conversationId]);
    const { seq } = await ada.send(conversationId, 'Are you there?');
    await logged(bob, { conversationId, seq, outcome: 'skipped', reason: 'looking' });
    expect(push.expo.of(token)).toEqual([]);
    await database.query('UPDATE presence_nodes SET expires_at = now() WHERE node_id = $1', [nodeId]);
    const [rung] = await push.expo.arrived(token);
    expect(rung).toMatchObject({ body: 'Are you there?' });
  });

  it('plans what a process that ended had not planned, once', async () => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.directConversation(bob);
    const east = await startStory(
      { databaseUrl: database.url, redisUrl: redis.url, rateLimits: false },
      { EXPO_PUSH_URL: push.expo.url },
    );
    try {
      // From here on it is as one that is killed before it plans.
      await east.app.get(PushPlanner).onApplicationShutdown();
      const writer = await Person.login(east.url, ada.username);
      await writer.send(conversationId, 'Acknowledged');
      await writer.must('POST', '/friends/requests', { userId: bob.id });
    } finally {
      await east.close();
    }
    const arrived = await push.expo.arrived(token, 2);
    expect(arrived.map(({ data }) => data.kind).sort()).toEqual(['friend_request', 'message']);
    const deviceIds = await push.story.app.get(PushPlanningRepository).devicesAfter(FIRST_ID, 100);
    const { conversationIds, requestIds } = await push.story.app.get(PushPlanningRepository).forgotten(deviceIds);
    expect([conversationIds, requestIds]).toEqual([[], []]);
  });

  it('sends once what both could send', async () => {
    const phones = await Promise.all(Array.from({ length: 10 }, () => push.owner('many')));
    const group = await ada.group('Many', ...phones.map(({ person }) => person));
    for (const { person, token } of phones) {
      await push.expo.arrived(token);
      await logged(person, { outcome: 'sent' });
    }
    await ada.send(group, 'Once');
    for (const { token } of phones) {
      await push.expo.arrived(token, 2);
      expect(push.expo.of(token).filter(({ body }) => body === 'Once')).toHaveLength(1);
    }
  });
});
