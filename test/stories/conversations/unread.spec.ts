import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { ConversationReader } from '../../../src/conversations/reading/conversation-reader.js';
import { ConversationRowsRepository } from '../../../src/conversations/reading/conversation-rows.repository.js';
import { Database } from '../../../src/database/database.js';
import { type Asked, askedUnder, rowsOf, scansOf } from '../../support/databases/plans.js';
import { Frames } from '../../dialects/frames.js';
import { type Anything, type Person, startStory, type Story } from '../../support/story.js';

describe('unread messages', () => {
  let story: Story;
  let outside: pg.Client;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    outside = new pg.Client({ connectionString: story.databaseUrl });
    await outside.connect();
  });
  afterAll(async () => {
    await outside.end();
    await story.close();
  });

  /** Each time another one: a setting that is as it was is emitted to nobody. */
  const later = (
    (at) => () =>
      (at += 1_000)
  )(Date.parse('2099-01-01T00:00:00.000Z'));

  it('are counted up to the newest message that is shown with them', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, 'one');
    const rows = story.app.get(ConversationRowsRepository);
    const [shared, owns] = [rows.shared.bind(rows), rows.owns.bind(rows)];
    const first = new Promise<void>((resolve) => {
      rows.shared = (...given) => shared(...given).finally(resolve);
    });
    rows.owns = async (...given) => {
      rows.owns = owns;
      await first;
      rows.shared = shared;
      await outside.query(`SELECT * FROM store_message($1, $2, $3, $4, 'two', null, 'TEXT', null, null, false)`, [
        randomUUID(),
        conversationId,
        ada.id,
        randomUUID(),
      ]);
      return owns(...given);
    };
    const [view] = await story.app.get(ConversationReader).viewsFor(conversationId, [bob.id]);
    expect(view?.conversation).toMatchObject({ lastSeq: 2, me: { unreadCount: 2 } });
  });

  /** The number wherever one is shown: REST, list, sync from now and from before, socket, a change of one's own. */
  const everywhere = async (person: Person, conversationId: string, cursor: string): Promise<Set<unknown>> => {
    const device = await person.device();
    const of = (conversations: Anything[]): Anything => conversations.findLast(({ id }) => id === conversationId);
    const views: Anything[] = [
      await person.must('GET', `/conversations/${conversationId}`),
      of((await person.must('GET', '/conversations')).items),
      of((await person.must('GET', '/sync')).conversations),
      of((await person.sync(cursor)).pages.flatMap(({ conversations }) => conversations)),
      (await device.must('join_conversation', conversationId)).conversation,
      await person.must('PATCH', `/conversations/${conversationId}/me`, {
        mutedUntil: new Date(later()).toISOString(),
      }),
      (await device.next('conversation:updated')).conversation,
    ];
    device.socket.close();
    return new Set(views.map(({ me }) => me.unreadCount));
  };
  const pair = async (): Promise<{ ada: Person; bob: Person; conversationId: string; cursor: string }> => {
    const [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    const { cursor } = await bob.must('GET', '/sync');
    return { ada, bob, cursor, conversationId: await ada.directConversation(bob) };
  };

  it('are not those that were sent and deleted', async () => {
    const { ada, bob, conversationId, cursor } = await pair();
    const sent: Anything[] = [];
    for (const content of ['one', 'two', 'three']) sent.push(await ada.send(conversationId, content));
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([3]));
    await ada.must('DELETE', `/messages/${sent[1].id}`);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([2]));
    for (const { id } of [sent[0], sent[2]]) await ada.must('DELETE', `/messages/${id}`);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([0]));
  });

  it('are not those that their reader deleted for itself, once or after everybody’s, and still are for others', async () => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const { cursor } = await bob.must('GET', '/sync');
    const conversationId = await ada.group('Hidden', bob, cy);
    const sent = [await ada.send(conversationId, 'one'), await ada.send(conversationId, 'two')];
    await bob.must('DELETE', `/messages/${sent[0].id}?for=me`);
    await bob.must('DELETE', `/messages/${sent[0].id}?for=me`);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([1]));
    expect((await cy.must('GET', `/conversations/${conversationId}`)).me.unreadCount).toBe(2);
    await ada.must('DELETE', `/messages/${sent[0].id}`);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([1]));
    expect((await cy.must('GET', `/conversations/${conversationId}`)).me.unreadCount).toBe(1);
  });

  it('are no SYSTEM messages, nor what was written before one joined', async () => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const { cursor } = await bob.must('GET', '/sync');
    const conversationId = await ada.group('System', bob);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([0]));
    await ada.send(conversationId, 'hello');
    await ada.must('PATCH', `/conversations/${conversationId}`, { title: 'Changed' });
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [cy.id] });
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([1]));
    expect((await cy.must('GET', `/conversations/${conversationId}`)).me.unreadCount).toBe(0);
    await ada.send(conversationId, 'welcome');
    expect((await cy.must('GET', `/conversations/${conversationId}`)).me.unreadCount).toBe(1);
    await ada.must('DELETE', `/conversations/${conversationId}/members/${cy.id}`);
    await ada.send(conversationId, 'without');
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [cy.id] });
    expect((await cy.must('GET', `/conversations/${conversationId}`)).me.unreadCount).toBe(0);
  });

  it('fall with the cursor, and sync answers so to a client that does nothing else', async () => {
    const { ada, bob, conversationId, cursor } = await pair();
    const sent: Anything[] = [];
    for (let index = 0; index < 5; index += 1) sent.push(await ada.send(conversationId, `${index}`));
    const before = (await bob.sync(cursor)).cursor;
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: sent[2].seq });
    const [page] = (await bob.sync(before)).pages;
    expect(page.conversations.map(({ me }: Anything) => me.unreadCount)).toEqual([2]);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([2]));
    // Read already: it was no unread one any more.
    await ada.must('DELETE', `/messages/${sent[0].id}`);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([2]));
  });

  it('are as many for a dialect as for everybody', async () => {
    const { ada, bob, conversationId, cursor } = await pair();
    const sent = [await ada.send(conversationId, 'one'), await ada.send(conversationId, 'two')];
    await ada.must('DELETE', `/messages/${sent[1].id}`);
    expect(await everywhere(bob, conversationId, cursor)).toEqual(new Set([1]));
    const { conversations } = await bob.must('GET', '/api/chats/conversations');
    expect(conversations.map(({ unreadCount }: Anything) => unreadCount)).toEqual([1]);

    const frames = new Frames(story.url);
    frames.send({ event: 'authenticate', token: bob.accessToken });
    frames.send({ event: 'unReadMessages', receiverId: ada.id });
    const { data } = await frames.next(({ event }) => event === 'unReadMessages');
    expect([data.count, data.messages.map(({ message }: Anything) => message)]).toEqual([1, ['one']]);
    frames.send({ event: 'messageList' });
    const list = await frames.next(({ event }) => event === 'messageList');
    expect(list.data.map(({ unreadCount }: Anything) => unreadCount)).toEqual([1]);
    frames.socket.terminate();
  });

  describe('of a conversation of 100,000', () => {
    const MANY = 100_000;
    let ada: Person;
    let bob: Person;
    let conversationId: string;
    beforeAll(async () => {
      [ada, bob] = await Promise.all([story.person(), story.person()]);
      conversationId = await ada.directConversation(bob);
      await outside.query(
        `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
         SELECT id, $1, n, $2, id, 'TEXT', 'unread', now() FROM (SELECT gen_random_uuid() AS id, n FROM generate_series(1, $3::integer) AS n) AS t`,
        [conversationId, ada.id, MANY],
      );
      await outside.query('UPDATE conversations SET last_seq = $2, last_message_at = now() WHERE id = $1', [
        conversationId,
        MANY,
      ]);
      await outside.query('VACUUM ANALYZE messages');
    });
    const unread = async (): Promise<number> =>
      (await bob.must('GET', `/conversations/${conversationId}`)).me.unreadCount;

    it('are a thousand at the most, exact below that, and found without reading them', async () => {
      expect(await unread()).toBe(1_000);
      await outside.query(
        'UPDATE messages SET deleted_at = now(), content = NULL WHERE conversation_id = $1 AND seq > $2 AND seq % 5 <> 0',
        [conversationId, MANY - 5_000],
      );
      expect(await unread()).toBe(1_000);
      await outside.query(
        'UPDATE messages SET deleted_at = now(), content = NULL WHERE conversation_id = $1 AND seq > $2 AND seq % 10 <> 0',
        [conversationId, MANY - 5_000],
      );
      expect(await unread()).toBe(500);
      await bob.must('POST', `/conversations/${conversationId}/read`, { seq: MANY - 1_000 });
      expect(await unread()).toBe(100);
    });

    it('cost a list of fifty such conversations a few pages each', async () => {
      const cy = await story.person();
      const ids = Array.from({ length: 50 }, () => randomUUID());
      await outside.query(
        `INSERT INTO conversations (id, type, title, last_seq, last_message_at)
         SELECT id, 'GROUP', 'Many', 2000, now() FROM unnest($1::uuid[]) AS id`,
        [ids],
      );
      await outside.query(
        `INSERT INTO conversation_members (conversation_id, user_id)
         SELECT c.id, u.id FROM unnest($1::uuid[]) AS c(id), unnest($2::uuid[]) AS u(id)`,
        [ids, [cy.id, ada.id]],
      );
      await outside.query(
        `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
         SELECT gen_random_uuid(), c.id, n, $2, gen_random_uuid(), 'TEXT', 'unread', now()
         FROM unnest($1::uuid[]) AS c(id), generate_series(1, 2000) AS n`,
        [ids, ada.id],
      );
      await outside.query('VACUUM ANALYZE');
      const asked = askedUnder(story.app.get(Database).reads, 'conversation_list');
      expect((await cy.must('GET', '/conversations?limit=50')).items.map(({ me }: Anything) => me.unreadCount)).toEqual(
        ids.map(() => 1_000),
      );
      const scans = await scansOf(outside, asked[0] as Asked);
      expect(scans.map(({ index }) => index)).toContain('messages_uncounted');
      expect(rowsOf(scans, 'messages')).toBeLessThan(50);
    });
  });

  // tinode/chat 221
  it('are as many on every device of their reader, whichever reads and sends', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, one, two] = [await ada.device(), await bob.device(), await bob.device()];
    const own = new Map([one, two].map((device) => [device, { lastSeq: 0, lastReadSeq: 0 }]));
    for (const [device, state] of own) {
      device.socket.on('message:new', ({ message }: Anything) => {
        state.lastSeq = Math.max(state.lastSeq, message.seq);
        if (message.senderId === bob.id) state.lastReadSeq = Math.max(state.lastReadSeq, message.seq);
      });
      device.socket.on('receipt:read', ({ userId, seq }: Anything) => {
        if (userId === bob.id) state.lastReadSeq = Math.max(state.lastReadSeq, seq);
      });
    }
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => index + 1).map(async (index) => {
        await adas.must('send_message', { conversationId, content: `${index}` });
        if (index % 3 === 0) await one.must('mark_read', { conversationId, seq: index - 2 });
        if (index % 7 === 0) await two.must('mark_read', { conversationId, seq: index - 5 });
        if (index % 20 === 0) await two.must('send_message', { conversationId, content: 'answer' });
      }),
    );
    for (const content of ['x', 'y', 'z']) await adas.must('send_message', { conversationId, content });
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 65 });
    for (const device of own.keys()) {
      await device.next('receipt:read', ({ seq }) => seq === 65);
      await device.next('message:new', ({ message }) => message.seq === 66);
    }
    const { me, lastSeq } = await bob.must('GET', `/conversations/${conversationId}`);
    expect([lastSeq, me.unreadCount]).toEqual([66, 1]);
    for (const state of own.values()) expect(state).toEqual({ lastSeq, lastReadSeq: me.lastReadSeq });
  });
});
