import { describe, expect, it } from '@jest/globals';
import { DraftTexts } from '../../src/outbox/draft-texts.js';
import { ContinuedStore } from '../../src/store/continued-store.js';
import { INITIAL_STATE, reduce } from '../../src/sync/reduce.js';
import type { SyncEffect, SyncInput, SyncState, Window } from '../../src/sync/state.js';
import { Chance, ME, ModelServer, noChanges } from '../sync/model-server.js';

/** An engine's state and what it asks for, its pages answered by hand. */
class Engine {
  state: SyncState = INITIAL_STATE;
  asked: Extract<SyncEffect, { type: 'page' }> | undefined;

  constructor(
    private readonly server: ModelServer,
    before?: Window,
  ) {
    const conversation = server.conversation('c0');
    this.feed({ type: 'ready', userId: ME, recovered: false });
    this.feed({ type: 'synced', cursor: null, answer: { ...noChanges(), conversations: [conversation] } });
    this.feed({ type: 'open', conversationId: 'c0', before });
  }

  feed(input: SyncInput): void {
    const { state, effects } = reduce(this.state, input);
    this.state = state;
    for (const effect of effects) if (effect.type === 'page') this.asked = effect;
  }

  answer(): void {
    const { query } = this.asked as Extract<SyncEffect, { type: 'page' }>;
    this.asked = undefined;
    const page = this.server.page('c0', query, 50) as never;
    this.feed({ type: 'page', conversationId: 'c0', query, page });
  }

  receive(): void {
    const payload = this.server.sent.at(-1)?.payload as never;
    this.feed({ type: 'event', name: 'message:new', payload });
  }
}

describe('the store of an engine that takes the place of another one', () => {
  function takenOver(server: ModelServer, prepare: (before: Engine) => void) {
    const before = new Engine(server);
    before.answer();
    prepare(before);
    const next = new Engine(server, before.state.windows.get('c0'));
    const sync = {
      get state() {
        return next.state;
      },
      subscribe: () => () => undefined,
    };
    const outbox = { getSnapshot: () => [], subscribe: () => () => undefined };
    const store = new ContinuedStore({ sync, outbox, drafts: new DraftTexts() } as never, before.state);
    const shown = (): [first: number | null | undefined, last: number | null | undefined, count: number] => {
      const { items } = store.getSnapshot('messages:c0');
      return [items[0]?.seq, items.at(-1)?.seq, items.length];
    };
    return { next, shown, store };
  }
  function filled(messages: number): ModelServer {
    const server = new ModelServer(new Chance(5));
    for (let index = 0; index < messages; index += 1) server.send('c0', 'u1');
    return server;
  }

  it('shows what the other had fetched until it has fetched it too, and what comes meanwhile', () => {
    const server = filled(400);
    const { next, shown, store } = takenOver(server, (before) => {
      for (let page = 0; page < 2; page += 1) {
        before.feed({ type: 'older', conversationId: 'c0' });
        before.answer();
      }
    });
    expect(shown()).toEqual([251, 400, 150]);
    next.answer();
    expect(shown()).toEqual([251, 400, 150]);
    server.send('c0', 'u1');
    next.receive();
    expect(shown()).toEqual([251, 401, 151]);
    expect(store.getSnapshot('messages:c0')).toBe(store.getSnapshot('messages:c0'));
    // A sync beside it makes no difference.
    next.feed({ type: 'event', name: 'sync:needed', payload: {} });
    next.answer();
    expect(shown()).toEqual([251, 401, 151]);
    next.feed({ type: 'synced', cursor: 'c1', answer: noChanges() });
    while (next.asked !== undefined) next.answer();
    expect(shown()).toEqual([251, 401, 151]);
    expect(next.state.windows.get('c0')).toMatchObject({ from: 251, to: 401, resume: undefined });
  });

  it('stays where the other was in the midst of the history', () => {
    const server = filled(400);
    const { next, shown } = takenOver(server, (before) => {
      before.feed({ type: 'jump', conversationId: 'c0', seq: 100 });
      before.answer();
    });
    expect(shown()).toEqual([75, 124, 50]);
    server.send('c0', 'u1');
    next.receive();
    expect(shown()).toEqual([75, 124, 50]);
    while (next.asked !== undefined) {
      next.answer();
      expect(shown()).toEqual([75, 124, 50]);
    }
    expect(next.state.windows.get('c0')).toMatchObject({ from: 75, to: 124, follows: false, resume: undefined });
  });
});
