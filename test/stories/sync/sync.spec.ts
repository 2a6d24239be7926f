import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { DomainError } from '../../../src/common/errors.js';
import { ConversationReader } from '../../../src/conversations/reading/conversation-reader.js';
import { MessagesRepository } from '../../../src/messages/reading/messages.repository.js';
import { Broadcaster } from '../../../src/realtime/delivery/broadcaster.js';
import { UsersService } from '../../../src/users/users.service.js';
import { type Answer, type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

describe('sync', () => {
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

  const start = async (person: Person): Promise<string> => (await person.must('GET', '/sync')).cursor;
  const all = (pages: Anything[], kind: string): Anything[] => pages.flatMap((page) => page[kind]);

  it('begins with the conversations, by pages, and answers nothing of the past', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const ids = await Promise.all(Array.from({ length: 7 }, (_, index) => ada.group(`Group ${index}`, bob)));
    let page = await bob.must('GET', '/sync?limit=3');
    const answered = [...page.conversations];
    while (page.hasMore) {
      page = await bob.must('GET', `/sync?limit=3&cursor=${page.cursor}`);
      answered.push(...page.conversations);
    }
    expect(answered.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect((await bob.sync(page.cursor)).pages).toHaveLength(1);
  });

  it('brings 50 missed messages in pages of 20: all of them, once, in order, and the same again for the same cursor', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const cursor = await start(bob);
    for (let index = 0; index < 50; index += 1) await ada.send(conversationId, `message ${index}`);
    const { pages } = await bob.sync(cursor, 20);
    expect(all(pages, 'messages').map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(all(pages, 'conversations').map(({ id }) => id)).toEqual([conversationId]);
    for (const page of pages) expect(page.messages.length).toBeLessThanOrEqual(20);
    expect(all((await bob.sync(cursor, 20)).pages, 'messages')).toEqual(all(pages, 'messages'));
  });

  it('answers edits, deletions, reactions, receipts, friends and requests as they stand', async () => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [edited, deleted, hidden, reacted] = [
      await ada.send(conversationId, 'a'),
      await ada.send(conversationId, 'b'),
      await ada.send(conversationId, 'c'),
      await ada.send(conversationId, 'd'),
    ];
    const cursor = await start(bob);
    await ada.must('PATCH', `/messages/${edited.id}`, { content: 'A' });
    await ada.must('DELETE', `/messages/${deleted.id}`);
    await bob.must('DELETE', `/messages/${hidden.id}?for=me`);
    await ada.must('PUT', `/messages/${reacted.id}/reactions/like`);
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 3 });
    await bob.befriend(cy);
    await bob.must('DELETE', `/friends/${cy.id}`);
    await ada.must('POST', '/friends/requests', { userId: bob.id });

    const { pages } = await bob.sync(cursor);
    expect(all(pages, 'messages')).toEqual(await bob.history(conversationId));
    expect(all(pages, 'receipts')).toContainEqual({
      conversationId,
      userId: bob.id,
      lastReadSeq: 3,
      lastDeliveredSeq: 3,
    });
    expect(all(pages, 'friends')).toEqual([
      { user: expect.objectContaining({ id: cy.id }), since: expect.any(String), removedAt: expect.any(String) },
    ]);
    expect(
      all(pages, 'friendRequests')
        .map(({ status }) => status)
        .sort(),
    ).toEqual(['ACCEPTED', 'PENDING']);
  });

  it('never skips what commits late, however long it was open, and repeats nothing meanwhile', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const late = await ada.directConversation(bob);
    const other = await ada.group('Other', bob);
    const open = new pg.Client({ connectionString: story.databaseUrl });
    await open.connect();
    await open.query('BEGIN');
    const lateId = randomUUID();
    await open.query(`SELECT * FROM store_messages($1, $2, $3, $4, $5, $6, false)`, [
      [lateId],
      [late],
      [ada.id],
      [randomUUID()],
      ['late'],
      [null],
    ]);
    let cursor = await start(bob);
    const seen: string[] = [];
    for (let index = 0; index < 10; index += 1) {
      await ada.send(other, `meanwhile ${index}`);
      const round = await bob.sync(cursor);
      seen.push(...all(round.pages, 'messages').map(({ content }) => content));
      cursor = round.cursor;
    }
    // The open transaction holds the horizon back, and still nothing comes twice.
    expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => `meanwhile ${index}`));
    await open.query('COMMIT');
    await open.end();
    const { pages } = await bob.sync(cursor);
    expect(all(pages, 'messages').map(({ id }) => id)).toEqual([lateId]);
  });

  it('answers memberships that begin, end, and begin again', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    // A member who left is put back by its friends alone.
    await ada.befriend(bob);
    const conversationId = await ada.group('Door');
    let cursor = await start(bob);
    const next = async (): Promise<Anything[]> => {
      const round = await bob.sync(cursor);
      cursor = round.cursor;
      return round.pages;
    };
    await ada.send(conversationId, 'before');
    expect(all(await next(), 'messages')).toEqual([]);
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [bob.id] });
    await ada.send(conversationId, 'with bob');
    let pages = await next();
    expect(all(pages, 'conversations').map(({ id }) => id)).toEqual([conversationId]);
    expect(
      all(pages, 'messages')
        .map(({ content }) => content)
        .at(-1),
    ).toBe('with bob');
    expect(all(pages, 'messages').map(({ content }) => content)).not.toContain('before');

    await bob.must('POST', `/conversations/${conversationId}/leave`);
    await ada.send(conversationId, 'without bob');
    pages = await next();
    expect(all(pages, 'leftConversationIds')).toEqual([conversationId]);
    expect(all(pages, 'messages')).toEqual([]);

    // Join, leave, join between two syncs.
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [bob.id] });
    await bob.must('POST', `/conversations/${conversationId}/leave`);
    await ada.send(conversationId, 'still without bob');
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [bob.id] });
    pages = await next();
    expect(all(pages, 'conversations').map(({ id }) => id)).toEqual([conversationId]);
    expect(all(pages, 'leftConversationIds')).toEqual([]);
    expect(all(pages, 'messages')).toEqual(await bob.history(conversationId));
    expect(JSON.stringify(pages)).not.toContain('without bob');

    // Again and again, in small pages; and at last it has left.
    const before = cursor;
    for (let round = 0; round < 3; round += 1) {
      await bob.must('POST', `/conversations/${conversationId}/leave`);
      await ada.send(conversationId, 'unseen');
      await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [bob.id] });
      await ada.send(conversationId, `seen ${round}`);
    }
    ({ pages } = await bob.sync(before, 3));
    expect([all(pages, 'conversations').length, all(pages, 'leftConversationIds')]).toEqual([1, []]);
    const messages = all(pages, 'messages');
    expect(messages).toEqual(await bob.history(conversationId));
    expect(messages.map(({ content }) => content).filter((content) => content.includes('seen'))).toEqual(['seen 2']);
    await bob.must('POST', `/conversations/${conversationId}/leave`);
    ({ pages } = await bob.sync(before));
    expect([all(pages, 'conversations'), all(pages, 'leftConversationIds')]).toEqual([[], [conversationId]]);
    expect(all(pages, 'messages')).toEqual([]);
  });

  it('takes no cursor but its own', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.send(await ada.directConversation(bob), 'secret');
    const cursor = await start(ada);
    expect((await bob.must('GET', `/sync?cursor=${cursor}`)).reset).toBe(true);
    expect(await (await bob.device()).must('sync', { cursor })).toEqual({ reset: true });

    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const forged = (change: (copy: Anything[]) => void): string => {
      const copy = structuredClone(parts);
      change(copy);
      return Buffer.from(JSON.stringify(copy)).toString('base64url');
    };
    const of = async (text: string): Promise<Anything> =>
      (await ada.call('GET', `/sync?cursor=${encodeURIComponent(text)}`)).body;
    // Where something in it is another's, there is a reset over every door, and never a part of what changed.
    const conversationId = await ada.directConversation(bob);
    for (const content of ['1', '2', '3', '4']) await bob.send(conversationId, content);
    const half = (await ada.must('GET', `/sync?limit=2&cursor=${cursor}`)).cursor;
    const device = await ada.device();
    for (const [at, value] of [
      [1, '7:1:5'],
      [2, bob.id],
      [3, '999999999:999999999:'],
      [4, '999999999:999999999:'],
    ] as const) {
      const changed = JSON.parse(Buffer.from(half, 'base64url').toString());
      changed[at] = value;
      const text = Buffer.from(JSON.stringify(changed)).toString('base64url');
      expect([at, await of(text)]).toEqual([at, { reset: true }]);
      expect([at, await device.must('sync', { cursor: text })]).toEqual([at, { reset: true }]);
    }
    expect(all((await ada.sync(half)).pages, 'messages').length).toBeGreaterThan(0);
    for (const text of [
      '',
      'x',
      cursor.slice(0, -5),
      forged((copy) => (copy[3] = '5:3:')),
      forged((copy) => (copy[3] = '3:9:1')),
    ]) {
      if (text !== '') expect((await of(text)).code).toBe('VALIDATION_FAILED');
    }
    for (let index = 0; index < 200; index += 1) {
      const at = Math.floor((index / 200) * cursor.length);
      const flipped = cursor.slice(0, at) + String.fromCharCode(cursor.charCodeAt(at) ^ 1) + cursor.slice(at + 1);
      const answer = await ada.call('GET', `/sync?cursor=${encodeURIComponent(flipped)}`);
      expect([200, 400]).toContain(answer.status);
    }
  });

  /** Has a method of a service reject once, as where the database is away for a moment. */
  const fails = (service: object, method: string): void => {
    const real = (service as Record<string, unknown>)[method];
    Object.assign(service, {
      [method]: () => {
        Object.assign(service, { [method]: real });
        return Promise.reject(new DomainError('UNAVAILABLE'));
      },
    });
  };

  it('is asked for by the server where an event could not be delivered, of those whom it did not reach alone', async () => {
    const [ada, bob, carl] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('Before', bob);
    const [bobs, carls] = await Promise.all([bob.device(), carl.device()]);
    const cursor = await start(bob);
    fails(story.app.get(ConversationReader), 'viewsFor');
    await ada.must('PATCH', `/conversations/${group}`, { title: 'After' });
    expect(await bobs.next('sync:needed')).toEqual({});
    expect(all((await bob.sync(cursor)).pages, 'conversations')).toEqual([expect.objectContaining({ title: 'After' })]);
    fails(story.app.get(UsersService), 'viewsFor');
    await ada.must('POST', '/friends/requests', { userId: bob.id });
    await bobs.next('sync:needed');
    expect(all((await bob.sync(cursor)).pages, 'friendRequests')).toEqual([
      expect.objectContaining({ senderId: ada.id, status: 'PENDING' }),
    ]);
    await ada.directConversation(carl);
    await carls.next('conversation:new');
    expect(carls.all('sync:needed')).toEqual([]);
  });

  it.each([
    ['edits it', 'PATCH', '', { content: 'After' }, { content: 'After' }],
    ['deletes it', 'DELETE', '', undefined, { content: null }],
    [
      'reacts to it',
      'PUT',
      '/reactions/%F0%9F%91%8D',
      undefined,
      { reactions: [{ emoji: '👍', count: 1, mine: false }] },
    ],
  ] as const)(
    'is asked for of all who are shown a message where somebody %s and it cannot be read then',
    async (_, method, path, body, after) => {
      const [ada, bob] = await Promise.all([story.person(), story.person()]);
      const message = await ada.send(await ada.directConversation(bob), 'Before');
      const devices = await Promise.all([ada.device(), bob.device()]);
      const cursor = await start(bob);
      const change = (): Promise<Answer<Anything>> => ada.call(method, `/messages/${message.id}${path}`, body);
      fails(story.app.get(MessagesRepository), 'ownAndCommon');
      expect((await change()).status).toBe(503);
      for (const device of devices) await device.next('sync:needed');
      expect(all((await bob.sync(cursor)).pages, 'messages')).toEqual([
        expect.objectContaining({ id: message.id, ...after }),
      ]);
      // Its repetition finds it done: there is no other event.
      expect((await change()).status).toBe(200);
      for (const device of devices)
        expect([...device.all('message:updated'), ...device.all('message:deleted')]).toEqual([]);
    },
  );

  it('is asked for of all who are connected where a profile cannot be read, and of nobody where it can be soon', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const bobs = await bob.device();
    const users = story.app.get(UsersService);
    const rename = (displayName: string): Promise<unknown> => ada.must('PATCH', '/users/me', { displayName });
    fails(users, 'withPresence');
    await rename('Soon');
    await bobs.next('user:updated', ({ user }) => user.displayName === 'Soon');
    expect(bobs.all('sync:needed')).toEqual([]);
    const cursor = await start(bob);
    const reading = jest.spyOn(users, 'withPresence').mockRejectedValue(new DomainError('UNAVAILABLE'));
    const asking = jest.spyOn(story.app.get(Broadcaster), 'askToSync');
    const eve = await story.person();
    await rename('Never');
    await eve.must('PATCH', '/users/me', { displayName: 'Nor this' });
    await bobs.next('sync:needed');
    await until('neither is read any more', () => reading.mock.calls.length === 8);
    reading.mockRestore();
    // Once for both.
    await bob.sync(cursor);
    expect(asking).toHaveBeenCalledTimes(1);
    asking.mockRestore();
    expect(all((await bob.sync(cursor)).pages, 'users')).toEqual([
      expect.objectContaining({ id: ada.id, displayName: 'Never' }),
    ]);
  });

  it('is asked for of who deletes a message for itself alone, and of nobody else, where that cannot be read then', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const id = await ada.directConversation(bob);
    const message = await ada.send(id, 'Before');
    const [adas, bobs] = await Promise.all([ada.device(), bob.device()]);
    const cursor = await start(bob);
    fails(story.app.get(MessagesRepository), 'byIds');
    expect((await bob.call('DELETE', `/messages/${message.id}?for=me`)).status).toBe(503);
    await bobs.next('sync:needed');
    expect(all((await bob.sync(cursor)).pages, 'messages')).toEqual([
      expect.objectContaining({ id: message.id, content: null }),
    ]);
    await ada.send(id, 'After');
    await adas.next('message:new', ({ message: { content } }) => content === 'After');
    expect(adas.all('sync:needed')).toEqual([]);
  });
});
