import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../../../src/database/database.js';
import { PushSender } from '../../../src/push/sending/push-sender.js';
import { Retention } from '../../../src/retention/retention.js';
import {
  apnsToken,
  expoToken,
  fcmToken,
  type Phone,
  logged,
  type PushStory,
  startPushStory,
} from '../../support/push/push-story.js';
import { type Person, until } from '../../support/story.js';

const FAR = '2099-01-01T00:00:00.000Z';

describe('a notification', () => {
  let push: PushStory;
  let ada: Person;
  let root: Person;
  beforeAll(async () => {
    push = await startPushStory();
    [ada, root] = await Promise.all([push.story.person('ada'), push.story.person('root')]);
    await push.story.grant(root, 'ADMIN');
  });
  afterAll(async () => {
    await push?.close();
    expect(push.faults()).toEqual([]);
  });

  const pair = async (): Promise<Phone & { conversationId: string }> => {
    const phone = await push.owner('bob');
    return { ...phone, conversationId: await ada.directConversation(phone.person) };
  };

  it('is taken away once it was read elsewhere, and the number with it', async () => {
    const { person: bob, token, conversationId } = await pair();
    const other = await push.story.person('cy');
    const second = await other.directConversation(bob);
    await ada.send(conversationId, 'one');
    await push.expo.arrived(token);
    await other.send(second, 'two');
    await push.expo.arrived(token, 2);
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 1 });
    const [, , cleared] = await push.expo.arrived(token, 3);
    expect(cleared).toMatchObject({ quiet: true, badge: 1, data: { kind: 'clear', conversationId, badge: 1 } });
    expect(cleared?.title).toBeUndefined();
    // Answering is reading, too.
    await bob.send(second, 'Good');
    const [, , , last] = await push.expo.arrived(token, 4);
    expect(last).toMatchObject({ quiet: true, data: { kind: 'clear', conversationId: second, badge: 0 } });
  });

  it('is taken away once its message was deleted', async () => {
    const { token, conversationId } = await pair();
    const { id } = await ada.send(conversationId, 'Oops');
    await push.expo.arrived(token);
    await ada.must('DELETE', `/messages/${id}`);
    const [, cleared] = await push.expo.arrived(token, 2);
    expect(cleared).toMatchObject({ quiet: true, data: { kind: 'clear', conversationId, badge: 0 } });
  });

  it('is taken away once its message was emptied for its age', async () => {
    const { token, conversationId } = await pair();
    await ada.send(conversationId, 'Long ago');
    await push.expo.arrived(token);
    const { app } = push.story;
    await until(
      'it is indexed',
      async () =>
        (
          await app
            .get(Database)
            .query('SELECT 1 FROM message_search_progress WHERE conversation_id = $1 AND indexed_seq = 1', [
              conversationId,
            ])
        ).length === 1,
    );
    await app
      .get(Database)
      .query(`UPDATE messages SET created_at = created_at - interval '3 days' WHERE conversation_id = $1`, [
        conversationId,
      ]);
    await root.must('PUT', `/admin/conversations/${conversationId}/retention`, { days: 1 });
    await app.get(Retention).pass();
    const [, cleared] = await push.expo.arrived(token, 2);
    expect(cleared).toMatchObject({ quiet: true, data: { kind: 'clear', conversationId, badge: 0 } });
  });

  it.each<[string, (about: { bob: Person; conversationId: string; messageId: string }) => Promise<unknown>]>([
    [
      'conversation was muted',
      ({ bob, conversationId }) => bob.must('PATCH', `/conversations/${conversationId}/me`, { mutedUntil: FAR }),
    ],
    [
      'conversation was archived',
      ({ bob, conversationId }) => bob.must('PATCH', `/conversations/${conversationId}/me`, { archived: true }),
    ],
    ['message was hidden', ({ bob, messageId }) => bob.must('DELETE', `/messages/${messageId}?for=me`)],
    ['sender was blocked', ({ bob }) => bob.must('POST', '/blocks', { userId: ada.id })],
  ])('is taken away, by its tag, once its %s', async (_, change) => {
    const { person: bob, token, conversationId } = await pair();
    const { id: messageId } = await ada.send(conversationId, 'Oops');
    await push.expo.arrived(token);
    await change({ bob, conversationId, messageId });
    const [shown, cleared] = await push.expo.arrived(token, 2);
    expect(cleared).toMatchObject({ quiet: true, data: { kind: 'clear', conversationId, tag: shown?.tag } });
  });

  it.each<[string, (about: { bob: Person; conversationId: string }) => Promise<unknown>]>([
    ['leaves', ({ bob, conversationId }) => bob.must('POST', `/conversations/${conversationId}/leave`)],
    [
      'is removed',
      ({ bob, conversationId }) => ada.must('DELETE', `/conversations/${conversationId}/members/${bob.id}`),
    ],
    ['answers', ({ bob, conversationId }) => bob.send(conversationId, 'Hello')],
  ])('about a new group is taken away from somebody who %s, though there is nothing to count', async (_, change) => {
    const { person: bob, token } = await push.owner('bob');
    const conversationId = await ada.group('Trip', bob);
    const [shown] = await push.expo.arrived(token);
    expect(shown).toMatchObject({ quiet: false, badge: 0, data: { kind: 'conversation', conversationId } });
    await logged(bob, { outcome: 'sent', conversationId });
    await change({ bob, conversationId });
    const [, cleared] = await push.expo.arrived(token, 2);
    expect(cleared).toMatchObject({ quiet: true, badge: 0, data: { kind: 'clear', conversationId, tag: shown?.tag } });
  });

  it('of a friend request is taken away once that was answered elsewhere', async () => {
    const bob = await push.owner('bob');
    const cy = await push.story.person('cy');
    const request = await cy.must('POST', '/friends/requests', { userId: bob.person.id });
    await push.expo.arrived(bob.token);
    await bob.person.must('POST', `/friends/requests/${request.id}/reject`);
    const [shown, cleared] = await push.expo.arrived(bob.token, 2);
    expect(cleared).toMatchObject({ quiet: true, data: { kind: 'clear', tag: shown?.tag, badge: 0 } });
  });

  it('has its number put right once something was looked at and not read, and when a mute has ended', async () => {
    const { person: bob, token, conversationId } = await pair();
    await ada.send(conversationId, 'one');
    await push.expo.arrived(token);
    const device = await bob.device();
    await device.must('join_conversation', { conversationId });
    await ada.send(conversationId, 'two');
    await logged(bob, { outcome: 'skipped', reason: 'looking' });
    expect((await push.expo.arrived(token, 2))[1]).toMatchObject({ quiet: true, badge: 2, data: { kind: 'clear' } });
    const mutedUntil = new Date(Date.now() + 600_000).toISOString();
    await bob.must('PATCH', `/conversations/${conversationId}/me`, { mutedUntil });
    await push.expo.arrived(token, 3);
    const database = push.story.app.get(Database);
    await until('it is looked at again when the mute ends', async () => {
      const [row] = await database.query<{ isDue: boolean }>(
        `SELECT COALESCE(abs(extract(epoch FROM due_at - $2::timestamptz)) < 60, false) AS "isDue"
         FROM push_devices WHERE user_id = $1`,
        [bob.id, mutedUntil],
      );
      return row?.isDue === true;
    });
    await database.query('UPDATE conversation_members SET muted_until = now() WHERE user_id = $1', [bob.id]);
    await database.query('UPDATE push_devices SET due_at = now() WHERE user_id = $1', [bob.id]);
    push.story.app.get(PushSender).wake();
    await push.expo.arrived(token, 4);
    expect(push.expo.of(token).map(({ badge }) => badge)).toEqual([1, 2, 0, 2]);
  });

  it('shows what the device asks for', async () => {
    const ada = await push.story.person('ada');
    const [some, none] = [await push.owner('bob', { preview: 'sender' }), await push.owner('cy', { preview: 'none' })];
    for (const { person } of [some, none]) await ada.send(await ada.directConversation(person), 'A secret');
    expect((await push.expo.arrived(some.token))[0]).toMatchObject({ title: ada.username, body: 'New message' });
    const [hidden] = await push.expo.arrived(none.token);
    expect(hidden).toMatchObject({ title: 'New message', body: 'You have a new message' });
    expect(JSON.stringify(hidden)).not.toMatch(new RegExp(`secret|${ada.username}|${ada.id}`));
  });

  it.each(['expo', 'fcm', 'apns', 'web'] as const)(
    'shows by %s nothing that a sender is known by',
    async (platform) => {
      const [ada, bob] = [await push.story.person('ada'), await push.story.person('bob')];
      const { subscription } = push.web.subscribe();
      const token = { expo: expoToken, fcm: fcmToken, apns: apnsToken, web: () => undefined }[platform]();
      const address = token ?? subscription.endpoint;
      const where = token === undefined ? { subscription } : { token };
      await bob.must('PUT', '/devices/phone', { platform, preview: 'none', ...where });
      const requests = () => push[platform].of(address).filter(({ data }) => data.kind === 'friend_request');
      for (let time = 1; time <= 2; time += 1) {
        const { id } = await ada.must('POST', '/friends/requests', { userId: bob.id });
        await until('the request is shown', () => requests().length >= time);
        await ada.must('DELETE', `/friends/requests/${id}`);
      }
      const asked = requests();
      expect(asked.map(({ title }) => title)).toEqual(['Friend request', 'Friend request']);
      expect(JSON.stringify(asked)).not.toContain(ada.id);
      // The second one takes the place of the first all the same.
      expect(asked[0]?.tag).toMatch(/^friend:[\w-]{22}$/);
      expect(asked[1]?.tag).toBe(asked[0]?.tag);
    },
  );

  it('never shows more than the server allows', async () => {
    const push = await startPushStory({}, { PUSH_PREVIEW: 'sender' });
    try {
      const ada = await push.story.person('ada');
      const bob = await push.owner('bob', { preview: 'full' });
      await ada.send(await ada.directConversation(bob.person), 'A secret');
      expect((await push.expo.arrived(bob.token))[0]).toMatchObject({ title: ada.username, body: 'New message' });
    } finally {
      await push.close();
    }
  });
});

describe('a message that is decided about before it is planned', () => {
  it('rings once: planning that is behind begins nothing anew', async () => {
    const push = await startPushStory({ pushPlanPauseMs: 1_500 });
    try {
      const ada = await push.story.person('ada');
      const { person: bob, token } = await push.owner('bob');
      const conversationId = await ada.directConversation(bob);
      push.expo.misbehave = () => 'slow';
      await ada.send(conversationId, 'one');
      await until('the first one is with Expo', () => push.expo.calls > 0);
      // It is found behind the first one, whenever it is planned.
      await ada.send(conversationId, 'two');
      push.expo.release();
      await push.expo.arrived(token, 2);
      await until('both are planned, and nothing waits', async () => {
        const rows = await push.story.app.get(Database).query(
          `SELECT 1 FROM push_devices d WHERE d.user_id = $1 AND d.due_at IS NULL AND d.lease_id IS NULL
             AND EXISTS (SELECT FROM push_progress p WHERE p.conversation_id = $2 AND p.planned_seq = 2)`,
          [bob.id, conversationId],
        );
        return rows.length === 1;
      });
      expect(push.expo.of(token).map(({ body, badge }) => [body, badge])).toEqual([
        ['one', 1],
        ['two', 2],
      ]);
      // What comes later rings as ever, also where planning finds it beside what was decided about.
      push.expo.misbehave = () => 'slow';
      const { calls } = push.expo;
      await ada.send(conversationId, 'three');
      await until('the third one is with Expo', () => push.expo.calls > calls);
      push.expo.release();
      await push.expo.arrived(token, 3);
      await ada.send(conversationId, 'four');
      await push.expo.arrived(token, 4);
      expect(push.expo.of(token).map(({ body }) => body)).toEqual(['one', 'two', 'three', 'four']);
    } finally {
      await push.close();
    }
    expect(push.faults()).toEqual([]);
  });
});

describe('what is over before anybody has looked at it', () => {
  it('is in the log of the device all the same, with its reason', async () => {
    const push = await startPushStory({ pushPlanPauseMs: 500, pushIdleDelayMs: 600_000 });
    try {
      const ada = await push.story.person('ada');
      const { person: bob, token } = await push.owner('bob');
      const conversationId = await ada.group('Trip', bob);
      await ada.send(conversationId, 'Hello');
      await bob.must('POST', `/conversations/${conversationId}/leave`);
      const { id } = await ada.must('POST', '/friends/requests', { userId: bob.id });
      await ada.must('DELETE', `/friends/requests/${id}`);
      await until('both are planned', async () => {
        const [row] = await push.story.app.get(Database).query<{ count: number }>(
          `SELECT count(*)::integer AS count FROM push_notices n JOIN push_devices d ON d.id = n.device_id
             WHERE d.user_id = $1 AND n.kind IN ('message', 'friend_request')`,
          [bob.id],
        );
        return row?.count === 2;
      });
      await push.later(bob);
      await logged(bob, { outcome: 'skipped', reason: 'left', conversationId });
      await logged(bob, { outcome: 'skipped', reason: 'answered', conversationId: null });
      expect(push.expo.of(token)).toEqual([]);
    } finally {
      await push.close();
    }
    expect(push.faults()).toEqual([]);
  });
});
