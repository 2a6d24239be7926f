import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../src/config/timings.js';
import { Database } from '../../src/database/database.js';
import { Retention } from '../../src/retention/retention.js';
import { content, deviceAt } from '../support/processes/cluster.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { Device, type Person, request, startStory, type Story, until } from '../support/story.js';
import { WebhookReceiver } from '../support/servers/webhook-receiver.js';

onlyWith(describe, 'redis-server')('trust, on two processes with one Redis', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let east: Story;
  let west: Story;
  let [root, ada, bob]: [Person, Person, Person] = [] as never;

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    const timings = { ...TIMINGS, searchIndexPauseMs: 200 };
    const shared = { databaseUrl: database.url, redisUrl: redis.url, rateLimits: false, timings };
    const settings = { WEBHOOK_ALLOWED_HOSTS: '127.0.0.1', LINK_PREVIEWS: 'off' };
    east = await startStory(shared, settings);
    west = await startStory(shared, settings);
    [root, ada, bob] = await Promise.all([east.person('root'), east.person('ada'), east.person('bob')]);
    await east.grant(root, 'ADMIN');
  });
  afterAll(async () => {
    await Promise.all([east.close(), west.close()]);
    await Promise.all([redis.kill(), database.drop()]);
  });

  it('a suspension at one ends the connections and closes the doors of the other', async () => {
    const nuisance = await east.person('nuisance');
    const device = await deviceAt(west, nuisance);
    await root.must('POST', `/admin/users/${nuisance.id}/ban`, { reason: 'spam' });
    expect(await device.next('session:ended')).toMatchObject({ code: 'ACCOUNT_SUSPENDED', reason: 'spam' });
    await device.next('disconnect');
    const { status, body } = await request(west.url, 'GET', '/users/me', undefined, nuisance.accessToken);
    expect([status, body.code]).toEqual([403, 'ACCOUNT_SUSPENDED']);
    device.socket.close();
  });

  it('a key that is revoked at one is refused by the other, and its bot’s connection ends there', async () => {
    const bot = await root.must('POST', '/admin/bots', {
      username: `bot_${randomUUID().slice(0, 8)}`,
      displayName: 'Help desk',
    });
    const key = await root.must('POST', '/admin/api-keys', { name: 'Help desk', scopes: ['conversations:read'] });
    const device = new Device(west.url, { token: key.secret, actAs: bot.id });
    await device.next('session:ready');
    await root.must('DELETE', `/admin/api-keys/${key.id}`);
    expect(await device.next('session:ended')).toMatchObject({ code: 'SESSION_REVOKED' });
    const again = new Device(west.url, { token: key.secret, actAs: bot.id });
    expect(await again.next('connect_error')).toMatchObject({ code: 'UNAUTHORIZED' });
    for (const { socket } of [device, again]) socket.close();
  });

  it('webhooks bring what happens at either', async () => {
    const hook = await WebhookReceiver.start();
    try {
      const { id, secret } = await root.must('POST', '/admin/webhooks', { url: hook.url, events: ['message.created'] });
      hook.secret = secret;
      const direct = await ada.directConversation(bob);
      const device = await deviceAt(west, bob);
      for (let count = 0; count < 10; count += 1) {
        await ada.send(direct, `east ${count}`);
        await device.must('send_message', { conversationId: direct, content: `west ${count}` });
      }
      const contents = (): Set<string> => new Set(hook.received.map(({ data }) => data.message.content));
      await until('all of it is received', () => contents().size === 20);
      expect(hook.forged).toBe(0);
      await root.must('DELETE', `/admin/webhooks/${id}`);
      device.socket.close();
    } finally {
      await hook.close();
    }
  });

  it('what one lets go for its age, the clients of both are asked to sync', async () => {
    const group = await ada.group('Trip', bob);
    await ada.send(group, 'an old plan');
    const [adas, bobs] = [await deviceAt(east, ada), await deviceAt(west, bob)];
    const own = east.app.get(Database);
    await until('it is indexed', async () => {
      const rows = await own.query(
        `SELECT 1 FROM conversations c JOIN message_search_progress p ON p.conversation_id = c.id
         WHERE c.id = $1 AND p.indexed_seq = c.last_seq`,
        [group],
      );
      return rows.length === 1;
    });
    await own.query(`UPDATE messages SET created_at = created_at - interval '3 days' WHERE conversation_id = $1`, [
      group,
    ]);
    await root.must('PUT', `/admin/conversations/${group}/retention`, { days: 1 });
    await Promise.all([east, west].map(({ app }) => app.get(Retention).pass()));
    for (const device of [adas, bobs]) await device.next('sync:needed');
    const history = await bob.history(group);
    expect(history.map(({ kind, content: text }) => [kind, text === null])).toEqual([
      ['SYSTEM', false],
      ['TEXT', true],
    ]);
    for (const { socket } of [adas, bobs]) socket.close();
  });

  it('a message that a moderator deletes goes at both', async () => {
    const direct = await ada.directConversation(bob);
    const device = await deviceAt(west, bob);
    const { id } = await ada.send(direct, 'something bad');
    await device.next('message:new', content('something bad'));
    await root.must('DELETE', `/admin/messages/${id}`, { reason: 'spam' });
    expect((await device.next('message:deleted')).message).toMatchObject({ id, content: null });
    device.socket.close();
  });
});
