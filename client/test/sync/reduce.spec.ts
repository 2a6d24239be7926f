import { describe, expect, it } from '@jest/globals';
import type { Message, MessagePage, SyncChanges } from '../../src/protocol/protocol.generated.js';
import { INITIAL_STATE, neededTimelines, reduce } from '../../src/sync/reduce.js';
import { NEW_WINDOW } from '../../src/sync/message-rows.js';
import type { PageQuery, SyncEffect, SyncInput, SyncState } from '../../src/sync/state.js';
import { Chance, ME, ModelServer, noChanges } from './model-server.js';

/** The reducer with what it asked for. */
class Run {
  state: SyncState = INITIAL_STATE;
  effects: SyncEffect[] = [];
  /** By the server's clock. */
  now = Number.NaN;

  feed(...inputs: SyncInput[]): this {
    for (const input of inputs) {
      expect(neededTimelines(this.state, input)).toEqual([]);
      const { state, effects } = reduce(this.state, input, this.now);
      this.state = state;
      this.effects = effects;
    }
    return this;
  }

  asked(type: SyncEffect['type']): SyncEffect[] {
    return this.effects.filter((effect) => effect.type === type);
  }
}

const ready: SyncInput = { type: 'ready', userId: ME, recovered: false };
const synced = (cursor: string | null, answer: Partial<SyncChanges>): SyncInput => ({
  type: 'synced',
  cursor,
  answer: { ...noChanges(), ...answer },
});

function room(messages: number): ModelServer {
  const server = new ModelServer(new Chance(5));
  for (let index = 0; index < messages; index += 1) server.send('c0', 'u1');
  return server;
}

/** Caught up with a conversation of so many messages, none of them held. */
function caughtUp(server: ModelServer): Run {
  return new Run().feed(ready, synced(null, { cursor: 'c1', conversations: [server.conversation('c0')] }));
}

function answerOf(server: ModelServer, run: Run): Extract<SyncInput, { type: 'page' }> {
  const { query } = run.asked('page')[0] as Extract<SyncEffect, { type: 'page' }>;
  return { type: 'page', conversationId: 'c0', query, page: server.page('c0', query, 50) as never };
}
/** Answers what is asked for, and says what that was. */
function answered(server: ModelServer, run: Run): unknown[] {
  const queries: unknown[] = [];
  while (run.asked('page').length > 0) {
    const answer = answerOf(server, run);
    expect(queries.push(answer.query)).toBeLessThan(12);
    run.feed(answer);
  }
  return queries;
}

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

  it('moves the cursor on after fifty events, or a minute after the first', () => {
    const server = room(0);
    const run = caughtUp(server);
    server.sent.length = 0;
    for (let index = 0; index < 50; index += 1) server.send('c0', 'u1');
    for (const [index, { name, payload }] of server.sent.entries()) {
      run.feed({ type: 'event', name, payload });
      expect(run.asked('sync')).toHaveLength(index === 49 ? 1 : 0);
      expect(run.asked('timer')).toEqual(index === 0 ? [{ type: 'timer', name: 'sync', delayMs: 60_000 }] : []);
    }
  });

  it('waits as long as the server says before it asks again', () => {
    const failure = { code: 'RATE_LIMITED', retryAfterMs: 45_000 };
    const run = new Run().feed(ready, { type: 'sync-failed', cursor: null, failure });
    expect(run.asked('timer')).toEqual([{ type: 'timer', name: 'sync', delayMs: 45_000 }]);
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

describe('a conversation that another engine had on screen', () => {
  const shown = (from: number, to: number, follows: boolean): SyncInput => ({
    type: 'open',
    conversationId: 'c0',
    before: { ...NEW_WINDOW, from, to, follows },
  });
  it('is fetched from its newest message back to where it began', () => {
    const server = room(200);
    const run = caughtUp(server).feed(shown(60, 200, true));
    expect(run.state.windows.get('c0')?.resume).toEqual([60, Infinity]);
    expect(answered(server, run)).toEqual([{}, { before: 151 }, { before: 101 }]);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 60, to: 200, follows: true, resume: undefined });
  });

  it('is fetched around the middle of what was shown, where that was in the midst of the history', () => {
    const server = room(400);
    const run = caughtUp(server).feed(shown(100, 199, false));
    answered(server, run);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 100, to: 199, follows: false, resume: undefined });
  });

  it('is not fetched beyond its beginning, what a window holds, or where the user goes elsewhere', () => {
    const server = room(600);
    const run = caughtUp(server).feed(shown(1, 400, true));
    answered(server, run);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 201, to: 600, resume: undefined });
    const gone = caughtUp(server).feed(shown(1, 400, true));
    gone.feed(answerOf(server, gone));
    const late = answerOf(server, gone);
    gone.feed({ type: 'jump', conversationId: 'c0', seq: 300 }, late);
    answered(server, gone);
    expect(gone.state.windows.get('c0')).toMatchObject({ from: 275, to: 324, resume: undefined });
  });

  it('is fetched where it was, in the midst, also where the connection was lost in between', () => {
    const server = room(400);
    const run = caughtUp(server).feed(shown(100, 199, false), { type: 'offline' }, ready);
    expect(answered(server, run)).toEqual([{ around: 150 }]);
    run.feed(synced('c1', {}));
    expect(answered(server, run)).toEqual([{ after: 174 }, { before: 125 }]);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 100, to: 199, follows: false, resume: undefined });
  });

  it('takes one page where one jumps to what is not held', () => {
    const server = room(400);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    for (const [seq, from, to] of [
      [200, 175, 224],
      [3, 1, 27],
    ] as const) {
      run.feed({ type: 'jump', conversationId: 'c0', seq });
      expect(answered(server, run)).toEqual([{ around: seq }]);
      expect(run.state.windows.get('c0')).toMatchObject({ from, to, resume: undefined, loading: null });
    }
  });

  it('is fetched later where its page does not come, and not for another page or a connection that is lost', () => {
    const server = room(200);
    const failed = (query: PageQuery): SyncInput => ({
      type: 'page-failed',
      conversationId: 'c0',
      query,
      failure: { code: 'INTERNAL_ERROR' },
    });
    const run = caughtUp(server).feed(shown(60, 200, true));
    run.feed({ type: 'offline' }, failed(answerOf(server, run).query), ready);
    run.feed(answerOf(server, run), synced('c1', {}));
    const { query } = answerOf(server, run);
    expect(query).toEqual({ before: 151 });
    run.feed(failed({ before: 151 }));
    expect([run.asked('page'), run.asked('timer')]).toEqual([[], []]);
    run.feed(failed(query));
    expect([run.asked('page'), run.asked('timer')]).toMatchObject([[], [{ name: 'pages:c0' }]]);
    run.feed({ type: 'timer', name: 'pages:c0' });
    expect(answered(server, run)).toEqual([{ before: 151 }, { before: 101 }]);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 60, to: 200, follows: true, resume: undefined });
  });

  it('is fetched later around its middle, where that page fails', () => {
    const server = room(400);
    const run = caughtUp(server).feed(shown(100, 199, false));
    const { query, conversationId } = answerOf(server, run);
    run.feed({ type: 'page-failed', conversationId, query, failure: { code: 'NETWORK' } });
    expect(run.asked('page')).toEqual([]);
    run.feed({ type: 'timer', name: 'pages:c0' });
    expect(answered(server, run)).toEqual([{ around: 150 }, { after: 174 }, { before: 125 }]);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 100, to: 199, follows: false, resume: undefined });
  });
});

describe('URLs of files that have expired', () => {
  const HOUR = 3_600_000;
  const until = (hours: number): string => `/attachments/a/320?expires=${hours * 3_600}&signature=s`;
  /** A run whose server gives each message a picture with a URL that is good until then. */
  function withPictures(messages: number): {
    run: Run;
    server: ModelServer;
    renew: (until: number) => MessagePage;
    now: (hours: number) => void;
  } {
    const server = room(messages);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    const renew = (hours: number): MessagePage => {
      const answer = answerOf(server, run);
      const items = answer.page.items.map((item) => ({ ...item, attachments: [{ url: until(hours) }] }));
      run.feed({ ...answer, page: { ...answer.page, items } } as never);
      return answer.page;
    };
    return { run, renew, server, now: (hours) => void (run.now = hours * HOUR) };
  }
  const urls = (run: Run): Set<string | undefined> =>
    new Set(run.state.timelines.get('c0')?.rows.map(({ attachments }) => attachments[0]?.url));
  const look: SyncInput = { type: 'timer', name: 'pages:c0' };

  it('are renewed page by page from the newest message, once they have expired by the clock of the server', () => {
    const { run, renew, now } = withPictures(120);
    renew(24);
    run.feed({ type: 'older', conversationId: 'c0' });
    renew(24);
    now(23.9);
    expect(run.feed(look).asked('page')).toEqual([]);
    now(24);
    expect(run.feed(look).asked('page')).toMatchObject([{ query: { around: 96 } }]);
    renew(48);
    expect(run.asked('page')).toMatchObject([{ query: { around: 46 } }]);
    renew(48);
    expect(run.asked('page')).toEqual([]);
    expect(urls(run)).toEqual(new Set([until(48)]));
    expect(run.state.windows.get('c0')).toMatchObject({ from: 21, to: 120, follows: true, loading: null });
  });

  it('are renewed where nothing else happens at all while one looks at them, and no timer runs where nobody does', () => {
    const { run, renew, now, server } = withPictures(40);
    expect(caughtUp(server).feed({ type: 'open', conversationId: 'c0' }).asked('timer')).toMatchObject([
      { name: 'urls', delayMs: 45_000 },
    ]);
    renew(24);
    now(23.9);
    const timer: SyncInput = { type: 'timer', name: 'urls' };
    expect([run.feed(timer).asked('page'), run.asked('timer')]).toMatchObject([[], [{ name: 'urls' }]]);
    now(24);
    expect([run.feed(timer).asked('page'), run.asked('timer')]).toMatchObject([[{}], [{ name: 'urls' }]]);
    renew(48);
    run.feed({ type: 'close', conversationId: 'c0' });
    expect(run.feed(timer).asked('timer')).toEqual([]);
  });

  it('are not asked for again and again where the server renews nothing, or gives what has expired', () => {
    const { run, renew, now } = withPictures(40);
    renew(24);
    now(30);
    expect(run.feed(look).asked('page')).toHaveLength(1);
    renew(24);
    expect(run.asked('page')).toEqual([]);
    expect(run.feed(look).asked('page')).toEqual([]);
    now(30.1);
    expect(run.feed(look).asked('page')).toHaveLength(1);
  });

  it('are asked for once each within a minute also where they are far apart, and the server renews nothing', () => {
    const server = room(400);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    const give = (answer = answerOf(server, run)): void => {
      const items = answer.page.items.map((item) =>
        item.seq % 300 === 100 ? { ...item, attachments: [{ url: until(24) }] } : item,
      );
      run.feed({ ...answer, page: { ...answer.page, items } } as never);
    };
    for (give(); run.state.windows.get('c0')?.from !== 1; give()) run.feed({ type: 'older', conversationId: 'c0' });
    run.now = 30 * HOUR;
    const queries: unknown[] = [];
    for (run.feed(look); run.asked('page').length > 0; give()) queries.push(answerOf(server, run).query);
    expect(queries).toEqual([{ around: 376 }, { around: 76 }]);
    expect(run.feed(look).asked('page')).toEqual([]);
    run.now += 60_000;
    expect(run.feed(look).asked('page')).toHaveLength(1);
  });

  it('are asked for again after a connection that was lost before they came', () => {
    const { run, renew, now, server } = withPictures(40);
    renew(24);
    now(30);
    run.feed(look);
    const late = answerOf(server, run);
    run.feed({ type: 'offline' }, late, ready, synced('c1', {}));
    expect(run.asked('page')).toMatchObject([{ query: late.query }]);
  });

  it('neither stand in the way of older messages nor are taken for them', () => {
    const { run, renew, now } = withPictures(120);
    renew(24);
    now(30);
    run.feed(look, { type: 'older', conversationId: 'c0' });
    run.effects = [{ type: 'page', conversationId: 'c0', query: run.state.windows.get('c0')?.loading ?? {} }];
    renew(48);
    expect(run.asked('page')).toMatchObject([{ query: { before: 71 } }]);
    renew(48);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 21, to: 120, wish: null, loading: null });
  });

  it('gives what one jumps to its place also where URLs are renewed meanwhile', () => {
    const { run, renew, now, server } = withPictures(400);
    renew(24);
    now(30);
    const [message] = server.page('c0', { around: 100 }, 1)?.items ?? [];
    run.feed(synced('c1', { cursor: 'c2', messages: [message as never] }));
    const late = run.state.windows.get('c0')?.loading;
    expect(late).toEqual({ around: 376 });
    run.feed({ type: 'jump', conversationId: 'c0', seq: 100 });
    run.effects = [{ type: 'page', conversationId: 'c0', query: late ?? {} }];
    renew(48);
    while (run.asked('page').length > 0) renew(48);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 75, to: 124, resume: undefined, loading: null });
  });

  it('are renewed wherever one goes, also to newer messages within the same minute', () => {
    const { run, renew, now, server } = withPictures(300);
    for (renew(24); run.state.windows.get('c0')?.from !== 1; renew(24))
      run.feed({ type: 'older', conversationId: 'c0' });
    now(30);
    run.feed({ type: 'jump', conversationId: 'c0', seq: 100 });
    while (run.asked('page').length > 0) renew(48);
    run.feed({ type: 'newest', conversationId: 'c0' });
    expect(answerOf(server, run).query).toEqual({ around: 276 });
    while (run.asked('page').length > 0) renew(48);
    const { from, to } = run.state.windows.get('c0') ?? { from: 0, to: 0 };
    const shown = run.state.timelines.get('c0')?.rows.filter(({ seq }) => seq >= from && seq <= to) ?? [];
    expect(new Set(shown.map(({ attachments }) => attachments[0]?.url))).toEqual(new Set([until(48)]));
  });

  it('are asked for again a minute after the page has failed that was to renew them, which holds up nothing else', () => {
    const { run, renew, now, server } = withPictures(120);
    renew(24);
    now(30);
    const query = run.feed(look).state.windows.get('c0')?.loading ?? {};
    run.feed({ type: 'page-failed', conversationId: 'c0', query, failure: { code: 'NETWORK' } });
    expect([run.asked('page'), run.state.windows.get('c0')]).toMatchObject([[], { loading: null, isPaused: false }]);
    run.feed({ type: 'older', conversationId: 'c0' });
    expect(answerOf(server, run).query).toEqual({ before: 71 });
    renew(48);
    run.now += 60_000;
    expect(run.feed({ type: 'timer', name: 'urls' }).asked('page')).toHaveLength(1);
  });

  it('are not asked for one page after the other where the first has failed, and not before the server wants that', () => {
    const { run, renew, now } = withPictures(200);
    renew(24);
    for (let page = 0; page < 3; page += 1) {
      run.feed({ type: 'older', conversationId: 'c0' });
      renew(24);
    }
    now(30);
    const query = run.feed(look).state.windows.get('c0')?.loading ?? {};
    const failure = { code: 'RATE_LIMITED', retryAfterMs: 30_000 };
    expect(run.feed({ type: 'page-failed', conversationId: 'c0', query, failure }).asked('page')).toEqual([]);
    run.now += 60_000;
    expect(run.feed({ type: 'timer', name: 'urls' }).asked('page')).toEqual([]);
    run.now += 30_000;
    expect(run.feed({ type: 'timer', name: 'urls' }).asked('page')).toHaveLength(1);
  });
});

describe('a message that is held alone', () => {
  it('is shown with what is around it where one jumps to it', () => {
    const server = room(200);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    const [message] = server.page('c0', { around: 60 }, 1)?.items ?? [];
    run.feed(synced('c1', { cursor: 'c2', messages: message === undefined ? [] : [message] }), {
      ...{ type: 'jump', conversationId: 'c0', seq: message?.seq ?? 0 },
    });
    const [seq] = [message?.seq ?? 0];
    expect(run.state.windows.get('c0')).toMatchObject({ from: seq, to: seq, loading: { after: seq } });
    expect(answered(server, run)).toEqual([{ after: seq }, { before: seq }]);
    expect(run.state.windows.get('c0')).toMatchObject({
      from: seq - 25,
      to: seq + 24,
      follows: false,
      loading: null,
    });
  });

  it('is shown with what is around it also where another page is under way meanwhile', () => {
    const server = room(400);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    const [message] = server.page('c0', { around: 60 }, 1)?.items ?? [];
    run.feed(synced('c1', { cursor: 'c2', messages: message === undefined ? [] : [message] }), {
      ...{ type: 'older', conversationId: 'c0' },
    });
    const older = answerOf(server, run);
    run.feed({ type: 'jump', conversationId: 'c0', seq: 60 }, older);
    answered(server, run);
    expect(run.state.windows.get('c0')).toMatchObject({ from: 35, to: 84, loading: null });
  });

  it('is asked about where it changes while a page is under way, which may bring it as it was', () => {
    const server = room(200);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    run.feed({ type: 'jump', conversationId: 'c0', seq: 60 });
    const page = answerOf(server, run);
    const [old] = server.page('c0', { around: 60 }, 1)?.items ?? [];
    const message = { ...old, version: 2, content: 'changed' };
    run.feed({ type: 'event', name: 'message:updated', payload: { message } });
    expect(run.asked('sync')).toHaveLength(1);
    run.feed(synced('c1', { messages: [message as never] }), page);
    const held = run.state.timelines.get('c0')?.rows.find(({ seq }) => seq === old?.seq);
    expect(held).toMatchObject({ version: 2, content: 'changed' });
  });

  it('is not taken from a page whose conversation was closed meanwhile, even if it is open again', () => {
    const server = room(200);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    const late = answerOf(server, run);
    run.feed({ type: 'close', conversationId: 'c0' });
    run.feed(late);
    expect(run.state.timelines.get('c0')?.rows).toEqual([]);
    run.feed({ type: 'open', conversationId: 'c0' });
    const page = answerOf(server, run);
    run.feed(late);
    expect(run.state.timelines.get('c0')?.rows).toEqual([]);
    run.feed(page);
    expect(run.state.timelines.get('c0')?.rows).toHaveLength(50);
  });

  it('is asked about where it changes and is not held, but quoted by what is', () => {
    const server = room(200);
    const run = caughtUp(server).feed({ type: 'open', conversationId: 'c0' });
    answered(server, run);
    const [old] = server.page('c0', { around: 60 }, 1)?.items ?? [];
    const changed: SyncInput = {
      type: 'event',
      name: 'message:updated',
      payload: { message: { ...old, version: 2 } },
    };
    run.feed(changed);
    expect(run.asked('sync')).toEqual([]);
    const quoting = { ...server.page('c0', {}, 1)?.items[0], version: 2, replyTo: { id: old?.id } };
    run.feed({ type: 'event', name: 'message:updated', payload: { message: quoting } }, changed);
    expect(run.asked('sync')).toHaveLength(1);
    expect(run.state.timelines.get('c0')?.rows.some(({ id }) => id === old?.id)).toBe(false);
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
});
