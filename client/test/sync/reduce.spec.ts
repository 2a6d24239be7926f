import { describe, expect, it } from '@jest/globals';
import type { FriendRequest, Message, MessagePage, SyncChanges } from '../../src/protocol/protocol.generated.js';
import { neededTimelines } from '../../src/sync/reduce.js';
import type { SyncEffect, SyncInput, Timeline } from '../../src/sync/state.js';
import { Chance, ME, ModelServer } from './model-server.js';
import { answered, answerOf, caughtUp, ready, room, Run, synced } from './reducer-run.js';

describe('catching up', () => {
  it('fetches the conversation that is looked at beside a long catch-up, and before it is done', () => {
    const server = room(3);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    run.feed(answerOf(server, run));
    run.feed({ type: 'offline' });
    for (let index = 0; index < 500; index += 1) server.send('c0', 'u1');
    run.feed(ready, synced('c1', { cursor: 'c2', hasMore: true, conversations: [server.conversation('c0')] }));
    expect(run.asked('sync')).toHaveLength(1);
    expect(run.asked('page')).toEqual([{ type: 'page', conversationId: 'c0', query: {} }]);
    run.feed(answerOf(server, run));
    expect(run.state.windows.get('c0')).toMatchObject({ from: 454, to: 503 });
    expect(run.state.isCaughtUp).toBe(false);
  });

  it('leaves to sync what a short catch-up is about to bring', () => {
    const server = room(3);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    run.feed(answerOf(server, run));
    run.feed({ type: 'offline' });
    server.send('c0', 'u1');
    run.feed(ready);
    expect(run.asked('page')).toEqual([]);
  });

  it('asks again only where an answer advances: an endless "more" ends, and is tried later', () => {
    const run = caughtUp(room(1)).feed({ type: 'event', name: 'sync:needed', payload: {} });
    expect(run.asked('sync')).toHaveLength(1);
    run.feed(synced('c1', { cursor: 'c1', hasMore: true }));
    expect(run.asked('sync')).toEqual([]);
    expect(run.asked('timer')).toHaveLength(1);
    expect(run.state.isCaughtUp).toBe(true);
    // The same with cursors that move and bring nothing.
    run.feed({ type: 'timer', name: 'sync' });
    let answers = 0;
    for (; run.asked('sync').length === 1 && answers < 1_000; answers += 1)
      run.feed(synced(run.state.cursor, { cursor: `e${answers}`, hasMore: true }));
    expect(answers).toBeLessThan(30);
  });

  it('gives up on a server that knows no cursor, not even its own, until later', () => {
    const run = new Run().feed(ready, { type: 'synced', cursor: null, answer: { reset: true } });
    expect(run.asked('sync')).toEqual([]);
    expect(run.asked('timer')).toHaveLength(1);
  });

  it('keeps nothing that was answered before the first cursor: what has changed until then no sync says', () => {
    const server = room(1);
    const request = server.ask('u3');
    const conversation = server.conversation('c0');
    server.createRoom('c7');
    const run = new Run().feed(
      { type: 'answer', conversation },
      { type: 'answer', message: server.send('c0', ME) as Message },
      { type: 'answer', conversation: server.conversation('c7') },
      { type: 'answer', friendRequests: [request as FriendRequest] },
      { type: 'open', conversationId: 'c0' },
      ready,
    );
    const page = answerOf(server, run);
    expect(run.state.friendRequests.size).toBe(1);
    server.leave('c7', ME);
    server.change('c0', 2, 'edit');
    run.feed(synced(null, { cursor: 'c1', conversations: [server.conversation('c0')] }), page);
    expect(run.state.friendRequests.size).toBe(0);
    expect([...run.state.conversations.keys()]).toEqual(['c0']);
    // What it said may be newer than the answer of sync, too.
    run.feed(synced('c1', { cursor: 'c1' }));
    run.feed({ type: 'close', conversationId: 'c0' }, { type: 'open', conversationId: 'c0' });
    answered(server, run);
    expect(run.state.timelines.get('c0')?.rows.map(({ content }) => content)).toEqual(['text 1', 'edited 1']);
  });

  it('moves the cursor on after fifty events, or a minute after the first', () => {
    const server = room(0);
    const run = caughtUp(server);
    server.sent.length = 0;
    for (let index = 0; index < 50; index += 1) server.send('c0', 'u1');
    for (const [index, { name, payload }] of server.sent.entries()) {
      run.feed({ type: 'event', name, payload });
      expect(run.asked('sync')).toHaveLength(index === 49 ? 1 : 0);
      expect(run.asked('timer')).toEqual(index === 0 ? [{ type: 'timer', name: 'cursor', delayMs: 60_000 }] : []);
    }
  });

  it('is tried again as soon as it was to be, whatever comes live meanwhile', () => {
    const server = room(1);
    const run = caughtUp(server).feed({ type: 'offline' }, ready);
    run.feed({ type: 'sync-failed', cursor: 'c1', failure: { code: 'NETWORK' } });
    expect(run.asked('timer')).toMatchObject([{ name: 'sync' }]);
    server.send('c0', 'u1');
    const { name, payload } = server.sent.at(-1) ?? { name: '', payload: {} };
    run.feed({ type: 'event', name, payload });
    // Another of the same name would take its place.
    expect(run.asked('timer')).toMatchObject([{ name: 'cursor' }]);
    run.feed({ type: 'timer', name: 'sync' });
    expect(run.asked('sync')).toHaveLength(1);
    run.feed(synced('c1', { cursor: 'c2' }));
    expect(run.state.isCaughtUp).toBe(true);
    run.feed({ type: 'timer', name: 'cursor' });
    expect(run.asked('sync')).toHaveLength(1);
  });

  it('waits as long as the server says before it asks again', () => {
    const failure = { code: 'RATE_LIMITED', retryAfterMs: 45_000 };
    const run = new Run().feed(ready, { type: 'sync-failed', cursor: null, failure });
    expect(run.asked('timer')).toEqual([{ type: 'timer', name: 'sync', delayMs: 45_000 }]);
  });
});

describe('what is unread when a conversation is opened', () => {
  /** Held and read up to 3, opened before what was missed has come. */
  const opened = (): { run: Run; server: ModelServer } => {
    const server = room(3);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    run.feed(answerOf(server, run), { type: 'read', conversationId: 'c0', seq: 3 });
    server.read('c0', ME, 3);
    run.feed({ type: 'close', conversationId: 'c0' }, { type: 'offline' }, { type: 'open', conversationId: 'c0' });
    return { run, server };
  };
  const missed = (server: ModelServer, after: number): Partial<SyncChanges> => ({
    conversations: [server.conversation('c0')],
    messages: server.page('c0', { after }, 50)?.items ?? [],
  });
  const unread = (run: Run): unknown => run.state.windows.get('c0')?.unread;

  it('is all that was missed, and nothing that comes afterwards', () => {
    const { run, server } = opened();
    expect(unread(run)).toEqual([3, 3]);
    server.send('c0', 'u1');
    run.feed(ready, synced('c1', { cursor: 'c2', hasMore: true, ...missed(server, 3) }));
    expect(unread(run)).toEqual([3, 4]);
    server.send('c0', 'u1');
    run.feed(synced('c2', { cursor: 'c3', ...missed(server, 4) }));
    expect(unread(run)).toEqual([3, 5]);
    server.send('c0', 'u1');
    const { name, payload } = server.sent.at(-1) ?? { name: '', payload: {} };
    run.feed({ type: 'event', name, payload });
    expect([run.state.conversations.get('c0')?.lastSeq, unread(run)]).toEqual([6, [3, 5]]);
  });

  it('is not what the server says was read elsewhere meanwhile, as by a message of one’s own', () => {
    const { run, server } = opened();
    server.send('c0', 'u1');
    server.send('c0', ME);
    server.send('c0', 'u1');
    run.feed(ready, synced('c1', { cursor: 'c2', ...missed(server, 3) }));
    expect(unread(run)).toEqual([5, 6]);
  });

  it('stays unread where it is read here before what was missed has come', () => {
    const { run, server } = opened();
    run.feed({ type: 'close', conversationId: 'c0' });
    server.send('c0', 'u1');
    run.feed(ready, synced('c1', { cursor: 'c2', ...missed(server, 3) }), { type: 'offline' });
    run.feed({ type: 'open', conversationId: 'c0' }, { type: 'read', conversationId: 'c0', seq: 4 });
    expect(unread(run)).toEqual([3, 4]);
    server.send('c0', 'u1');
    run.feed(ready, synced('c2', { cursor: 'c3', ...missed(server, 4) }));
    expect(unread(run)).toEqual([3, 5]);
  });
});

describe('the newest message of a conversation of which nothing is held', () => {
  const changed = (server: ModelServer, seq: number, kind: 'edit' | 'delete' | 'hide'): SyncInput => {
    server.change('c0', seq, kind);
    const { name, payload } = server.sent.at(-1) ?? { name: '', payload: {} };
    return { type: 'event', name, payload };
  };

  it.each(['edit', 'delete', 'hide'] as const)('is shown in the list as it is after this: %s', (kind) => {
    const server = room(3);
    const run = caughtUp(server).feed({ type: 'read', conversationId: 'c0', seq: 3 });
    run.feed(changed(server, 2, kind));
    expect(run.state.conversations.get('c0')).toMatchObject({ lastMessage: 'text 3' });
    run.feed(changed(server, 3, kind));
    const { lastMessage, lastMessageAt, lastMessageBy } = server.conversation('c0');
    expect(lastMessage).not.toBe('text 3');
    expect(run.state.conversations.get('c0')).toMatchObject({ lastMessage, lastMessageAt, lastMessageBy });
    expect(run.asked('sync')).toEqual([]);
  });

  it('is read up to where the server has answered so, also where the cache was made anew before it knew', () => {
    const run = caughtUp(room(3));
    expect(run.state.conversations.get('c0')?.me.unreadCount).toBe(3);
    run.feed({ type: 'answer', readIn: { conversationId: 'c0', seq: 3 } });
    expect(run.state.conversations.get('c0')?.me).toMatchObject({ lastReadSeq: 3, unreadCount: 0 });
  });

  it('is asked for once more where an answer of sync is under way that may be older', () => {
    const server = room(3);
    const run = caughtUp(server).feed({ type: 'event', name: 'sync:needed', payload: {} });
    run.feed(changed(server, 3, 'edit'), synced('c1', { cursor: 'c2' }));
    expect(run.asked('sync')).toHaveLength(1);
  });
});

describe("one's own message in a conversation that is not known yet", () => {
  const settledIn = (run: Run): Set<string> =>
    new Set(
      (run.asked('settle') as Extract<SyncEffect, { type: 'settle' }>[]).flatMap(({ settled }) =>
        settled.map(({ clientId }) => clientId),
      ),
    );
  const sent = (): { run: Run; server: ModelServer; conversation: ReturnType<ModelServer['conversation']> } => {
    const server = new ModelServer(new Chance(5));
    const run = new Run().feed(ready, synced(null, { cursor: 'c1' }));
    const message = server.send('c0', ME, 'k1') as Message;
    const { id, lastSeq, lastMessage, lastMessageAt } = server.conversation('c0');
    const conversation = { id, lastSeq, lastMessage, lastMessageAt };
    run.feed({ type: 'answer', message, conversation, settled: [{ clientId: 'k1', message }] });
    expect([settledIn(run), run.asked('sync')]).toMatchObject([new Set(), [{ cursor: 'c1' }]]);
    return { run, server, conversation: server.conversation('c0') };
  };

  it('leaves the outbox in the step that brings both', () => {
    const { run, server, conversation } = sent();
    run.feed({ type: 'event', name: 'conversation:new', payload: { conversation } });
    expect(settledIn(run).size).toBe(0);
    const { items } = server.page('c0', {}, 1) as MessagePage;
    // What an answer that was under way may have passed over.
    run.feed(synced('c1', { cursor: 'c2' }));
    expect(settledIn(run).size).toBe(0);
    run.feed(synced('c2', { cursor: 'c3', conversations: [conversation], messages: items }));
    expect(settledIn(run)).toEqual(new Set(['k1']));
    expect(run.state.timelines.get('c0')?.rows).toMatchObject([{ clientId: 'k1' }]);
    expect(settledIn(run.feed({ type: 'timer', name: 'sync' }, synced('c3', { cursor: 'c4' }))).size).toBe(0);
  });

  it('waits through a lost connection, and through sync that fails', () => {
    const { run, server, conversation } = sent();
    run.feed({ type: 'sync-failed', cursor: 'c1', failure: { code: 'TIMEOUT' } });
    expect(settledIn(run).size).toBe(0);
    expect(settledIn(run.feed({ type: 'offline' }, ready)).size).toBe(0);
    const { items } = server.page('c0', {}, 1) as MessagePage;
    run.feed(synced('c1', { cursor: 'c2', conversations: [conversation], messages: items }));
    expect(settledIn(run)).toEqual(new Set(['k1']));
  });

  it('is not taken from before a database that was restored', () => {
    const { run, conversation } = sent();
    run.feed({ type: 'synced', cursor: 'c1', answer: { reset: true } });
    run.feed(synced(null, { cursor: 'd1', conversations: [{ ...conversation, lastSeq: 0 }] }));
    expect(settledIn(run)).toEqual(new Set(['k1']));
    expect(run.state.timelines.get('c0')?.rows).toEqual([]);
  });

  it('that left the outbox in another tab stays until sync has said what there is, or there is no connection', () => {
    const left: SyncInput = { type: 'answer', left: [{ clientId: 'k1' }] };
    expect(settledIn(new Run().feed(left))).toEqual(new Set(['k1']));
    const run = caughtUp(room(1)).feed(left);
    expect([settledIn(run), run.asked('sync')]).toMatchObject([new Set(), [{ cursor: 'c1' }]]);
    expect(settledIn(run.feed(synced('c1', { cursor: 'c2' })))).toEqual(new Set(['k1']));
  });

  it('leaves the outbox all the same where sync does not know it either, as after a removal', () => {
    const { run } = sent();
    expect(settledIn(run.feed(synced('c1', { cursor: 'c2' })))).toEqual(new Set(['k1']));
    expect(run.asked('sync')).toEqual([]);
  });
});

describe('another database', () => {
  it('empties the caches and nothing else, in the transaction that drops the cursor', () => {
    const run = caughtUp(room(3)).feed({ type: 'event', name: 'sync:needed', payload: {} });
    run.feed({ type: 'synced', cursor: 'c1', answer: { reset: true } });
    const [write] = run.asked('write') as Extract<SyncEffect, { type: 'write' }>[];
    for (const store of ['outbox', 'drafts', 'uploads', 'uploadChunks'] as const)
      expect(write?.changes.cleared).not.toContain(store);
    expect(write?.changes.cleared).toContain('messages');
    expect(write?.changes.rows).toEqual([['meta', 'sync', { userId: ME, cursor: null, hasFriends: false }]]);
    expect(run.asked('sync')).toEqual([{ type: 'sync', cursor: null }]);
    expect(run.state.conversations.size).toBe(0);
  });
});

describe('a database that was put back without a word', () => {
  it('is noticed by a message under the number of another one: the caches are built anew, once in a connection', () => {
    const server = room(3);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    const [held] = server.rooms.get('c0')?.messages.slice(-1) ?? [];
    const other = (id: string): SyncInput => ({
      type: 'event',
      name: 'message:new',
      payload: { message: { ...held, id }, conversation: server.conversation('c0') },
    });
    run.feed(other('another'));
    expect(run.asked('sync')).toEqual([{ type: 'sync', cursor: null }]);
    const [write] = run.asked('write') as Extract<SyncEffect, { type: 'write' }>[];
    expect(write?.changes.cleared).toContain('messages');
    expect(write?.changes.cleared).not.toContain('outbox');
    expect(run.state.timelines.size).toBe(0);
    const anew = { cursor: 'd1', conversations: [server.conversation('c0')] };
    answered(server, run.feed(synced(null, anew)));
    expect(run.state.timelines.get('c0')?.rows).toHaveLength(3);
    // Two servers that are none: not again and again.
    run.feed(other('one more'));
    expect([run.asked('sync'), run.state.timelines.size]).toEqual([[], 1]);
    run.feed(ready, synced('d1', { cursor: 'd2' }), other('and one'));
    expect(run.asked('sync')).toEqual([{ type: 'sync', cursor: null }]);
  });
});

describe('a gap', () => {
  it('is worked out from the numbers and fetched from its beginning', () => {
    const server = room(30);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    run.feed(answerOf(server, run));
    server.sent.length = 0;
    for (let index = 0; index < 3; index += 1) server.send('c0', 'u1');
    const last = server.sent.at(-1);
    run.feed({ type: 'event', name: 'message:new', payload: last?.payload });
    expect(run.asked('page')).toMatchObject([{ query: { after: 30 } }]);
    // What lies beyond it is not shown as if it followed.
    expect(run.state.windows.get('c0')).toMatchObject({ to: 30 });
    run.feed(answerOf(server, run));
    expect(run.state.windows.get('c0')).toMatchObject({ to: 33 });
    expect(run.asked('page')).toEqual([]);
  });

  it.each([
    ['short', 4, 3, { after: 4 }],
    ['long', 60, 120, {}],
  ])(
    'that is %s takes nothing from the screen, whatever comes while its page is under way',
    (_, held, missed, query) => {
      const server = room(held);
      const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
      answered(server, run);
      const { from } = run.state.windows.get('c0') as { from: number };
      server.sent.length = 0;
      for (let index = 0; index <= missed; index += 1) server.send('c0', 'u1');
      for (const { payload } of server.sent.slice(-2)) run.feed({ type: 'event', name: 'message:new', payload });
      expect(run.state.windows.get('c0')).toMatchObject({ from, to: held, loading: query });
      run.feed({ type: 'offline' });
      expect(run.state.windows.get('c0')).toMatchObject({ from, to: held });
      run.feed(ready, synced(run.state.cursor, { cursor: 'c2' }));
      expect(answerOf(server, run).query).toEqual(query);
      answered(server, run);
      expect(run.state.windows.get('c0')).toMatchObject({ to: held + missed + 1, follows: true });
    },
  );

  it('is not asked for again at once where its page fails, also of a conversation of which little is held', () => {
    const server = room(100);
    const run = caughtUp(server);
    for (const message of server.page('c0', {}, 3)?.items ?? [])
      run.feed(synced(run.state.cursor, { cursor: `c${message.seq}`, messages: [message] }));
    run.feed({ type: 'open', conversationId: 'c0' });
    const { query } = answerOf(server, run);
    expect(query).toEqual({ before: 98 });
    run.feed({ type: 'page-failed', conversationId: 'c0', query, failure: { code: 'RATE_LIMITED' } });
    expect([run.asked('page'), run.asked('timer')]).toMatchObject([[], [{ name: 'pages:c0' }]]);
    run.feed({ type: 'timer', name: 'pages:c0' });
    expect(answered(server, run)).toEqual([{ before: 98 }]);
  });

  it('that is before what is shown does not take the newest from the screen when its page comes late', () => {
    const server = room(1_000);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    for (run.feed(answerOf(server, run)); run.state.windows.get('c0')?.from !== 601; run.feed(answerOf(server, run)))
      run.feed({ type: 'older', conversationId: 'c0' });
    run.feed({ type: 'older', conversationId: 'c0' });
    const { query } = answerOf(server, run);
    run.feed({ type: 'page-failed', conversationId: 'c0', query, failure: { code: 'NETWORK' } });
    run.feed({ type: 'older', conversationId: 'c0' }, { type: 'timer', name: 'pages:c0' });
    expect(answered(server, run)).toEqual([]);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 601, to: 1_000, follows: true });
  });

  it('that no page fills is not asked for again and again', () => {
    const server = room(30);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    const empty = { items: [], hasBefore: false, hasAfter: false };
    for (let answers = 0; run.asked('page').length > 0; answers += 1) {
      expect(answers).toBeLessThan(3);
      run.feed({ ...answerOf(server, run), page: empty });
    }
  });
});

describe('a new friend request', () => {
  const user = new ModelServer(new Chance(5)).user('u1');
  const sent = (id: string, createdAt: string): SyncInput => ({
    type: 'event',
    name: 'friend:request_sent',
    payload: { request: { id, senderId: 'u1', receiverId: ME, status: 'PENDING', createdAt, respondedAt: null }, user },
  });
  const statuses = ({ state }: Run): unknown[] =>
    [...state.friendRequests.values()].map(({ id, status }) => [id, status]);

  it('takes the place of the one that a block has ended, of which there was no event', () => {
    const run = caughtUp(room(1)).feed(sent('r1', '2026-01-01T00:00:00.000Z'), sent('r2', '2026-01-02T00:00:00.000Z'));
    expect(statuses(run)).toEqual([
      ['r1', 'CANCELLED'],
      ['r2', 'PENDING'],
    ]);
    // One that comes late ends no newer one.
    run.feed(sent('r0', '2025-01-01T00:00:00.000Z'));
    expect(statuses(run)).toContainEqual(['r2', 'PENDING']);
  });

  it('says that a friendship is over which began before', () => {
    const run = caughtUp(room(1)).feed(
      synced('c1', { friends: [{ userId: 'u1', since: '2026-01-01T00:00:00.000Z', removedAt: null, user }] as never }),
    );
    expect([...run.state.friends.keys()]).toEqual(['u1']);
    run.feed(sent('r0', '2025-01-01T00:00:00.000Z'));
    expect([...run.state.friends.keys()]).toEqual(['u1']);
    run.feed(sent('r2', '2026-01-02T00:00:00.000Z'));
    expect([...run.state.friends.keys()]).toEqual([]);
  });
});

describe('the lists of friends and requests', () => {
  const user = new ModelServer(new Chance(5)).user('u1');
  const lists = (run: Run, ...friends: (typeof user)[]): SyncInput => ({
    ...(run.asked('friends')[0] as Extract<SyncEffect, { type: 'friends' }>),
    friends,
    requests: [],
  });

  it('end a request whose answer comes late, and are read anew where it comes while they are', () => {
    const run = caughtUp(room(1));
    const former = lists(run, user);
    const request = room(0).ask('u3') as FriendRequest;
    run.feed({ type: 'answer', friendRequests: [request] });
    const current = lists(run, user);
    expect(run.feed(former).state.friendRequests.get(request.id)).toEqual(request);
    expect(run.state.hasFriends).toBe(false);
    expect(run.feed(current).state.friendRequests.get(request.id)?.status).toBe('CANCELLED');
    expect([...run.state.friends.keys()]).toEqual(['u1']);
    expect(run.state.hasFriends).toBe(true);
  });

  it('are not taken as they were before a friend was removed, also where the connection is recovered meanwhile', () => {
    const run = caughtUp(room(1));
    const former = lists(run, user);
    run.feed({ type: 'event', name: 'friend:removed', payload: { userId: 'u1' } });
    run.feed({ type: 'offline' }, { ...ready, recovered: true } as SyncInput);
    const current = lists(run);
    expect([...run.feed(former).state.friends.keys()]).toEqual([]);
    expect(run.feed(current).state.hasFriends).toBe(true);
    expect([...run.state.friends.keys()]).toEqual([]);
  });
});

describe('the messages that are held', () => {
  const server = room(1);
  const ids = Array.from({ length: 60 }, (_, index) => `c${index}`);
  for (const id of ids.slice(server.rooms.size)) server.createRoom(id);
  const conversations = ids.map((id) => server.conversation(id));
  const first = server.message('c0', 1) as Message;
  const message = (conversationId: string, seq: number): Message => ({ ...first, id: `m${seq}`, conversationId, seq });
  const next = (run: Run, ...messages: Message[]): SyncInput => {
    const { cursor } = run.state;
    return synced(cursor, { cursor: `${cursor}+`, messages });
  };
  /** So many of each of sixty conversations, of which the second and the last are looked at. */
  const holding = (messages: number): Run => {
    const run = new Run().feed(ready, synced(null, { cursor: 'c', conversations }));
    for (const conversationId of ['c1', 'c59']) run.feed({ type: 'open', conversationId });
    const all = ids.flatMap((id) => Array.from({ length: messages }, (_, index) => message(id, index + 1)));
    return run.feed(next(run, ...all));
  };
  const held = ({ state }: Run): string[] => [...state.timelines.keys()];

  it('stay through answers that bring those of many conversations in turns, where they are few', () => {
    const run = holding(1);
    for (let seq = 2; seq < 5; seq += 1) for (const id of ids) run.feed(next(run, message(id, seq)));
    expect(held(run)).toEqual(ids);
    expect(run.state.timelines.get('c30')?.rows).toHaveLength(4);
  });

  it('go from the oldest on where they are many, not of what is looked at, nor of the last forty', () => {
    const gone = ({ state }: Run): string[] => ids.filter((id) => !state.timelines.has(id));
    const few = holding(140);
    // What has just come stays, too.
    expect(gone(few.feed(next(few, message('c0', 141))))).toEqual(ids.slice(2, 6));
    const many = holding(200);
    expect(gone(many.feed(next(many, message('c0', 201))))).toEqual(ids.slice(2, 22));
    expect(held(many)).toHaveLength(40);
  });

  it('stay while others are loaded for an answer that needs both', () => {
    const run = holding(200);
    run.feed(next(run, message('c0', 201)));
    const answer = next(run, { ...message('c0', 1), version: 2 }, { ...message('c2', 1), version: 2 });
    expect(neededTimelines(run.state, answer)).toEqual(['c2']);
    const stored = { coverage: [[1, 1]] as Timeline['coverage'], start: 1, floor: 0, messages: [message('c2', 1)] };
    run.feed({ type: 'loaded', conversationId: 'c2', ...stored }, answer);
    const [{ changes } = { changes: { rows: [] } }] = run.asked('write') as Extract<SyncEffect, { type: 'write' }>[];
    const written = changes.rows.filter(([store]) => store === 'messages').map(([, key]) => key.split('/')[0]);
    expect(written.sort()).toEqual(['c0', 'c2']);
  });
});

describe('state', () => {
  it('is never changed in place, and what did not change is the same object', () => {
    const server = room(3);
    const run = caughtUp(server);
    const before = run.state;
    const copy = structuredClone(before);
    server.sent.length = 0;
    server.send('c0', 'u1');
    run.feed(...server.sent.map(({ name, payload }): SyncInput => ({ type: 'event', name, payload })));
    expect(before).toEqual(copy);
    expect(run.state.users).toBe(before.users);
    expect(run.state.friends).toBe(before.friends);
    expect(run.state.conversations).not.toBe(before.conversations);
  });

  it('does not change by what comes again as it is held', () => {
    const server = room(3);
    const { state } = caughtUp(server).feed({ type: 'answer', conversation: server.conversation('c0') });
    const run = new Run();
    run.state = state;
    run.feed({ type: 'answer', conversation: server.conversation('c0') });
    expect(run.state.conversations).toBe(state.conversations);
    expect(run.state.users).toBe(state.users);
  });
});
