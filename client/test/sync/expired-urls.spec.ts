import { describe, expect, it } from '@jest/globals';
import type { MessagePage } from '../../src/protocol/protocol.generated.js';
import type { SyncInput } from '../../src/sync/state.js';
import { ModelServer } from './model-server.js';
import { answerOf, caughtUp, ready, room, Run, synced } from './reducer-run.js';

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
