import { describe, expect, it } from '@jest/globals';
import { NEW_WINDOW } from '../../src/sync/message-rows.js';
import type { PageQuery, SyncInput } from '../../src/sync/state.js';
import { answered, answerOf, caughtUp, ready, room, synced } from './reducer-run.js';

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
