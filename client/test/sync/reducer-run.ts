import { expect } from '@jest/globals';
import type { SyncChanges } from '../../src/protocol/protocol.generated.js';
import { INITIAL_STATE, neededTimelines, reduce } from '../../src/sync/reduce.js';
import type { SyncEffect, SyncInput, SyncState } from '../../src/sync/state.js';
import { Chance, ME, ModelServer, noChanges } from './model-server.js';

/** The reducer with what it asked for. */
export class Run {
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

export const ready: SyncInput = { type: 'ready', userId: ME, recovered: false };
export const synced = (cursor: string | null, answer: Partial<SyncChanges>): SyncInput => ({
  type: 'synced',
  cursor,
  answer: { ...noChanges(), ...answer },
});

export function room(messages: number): ModelServer {
  const server = new ModelServer(new Chance(5));
  for (let index = 0; index < messages; index += 1) server.send('c0', 'u1');
  return server;
}

/** Caught up with a conversation of so many messages, none of them held. */
export function caughtUp(server: ModelServer): Run {
  return new Run().feed(ready, synced(null, { cursor: 'c1', conversations: [server.conversation('c0')] }));
}

export function answerOf(server: ModelServer, run: Run): Extract<SyncInput, { type: 'page' }> {
  const { query } = run.asked('page')[0] as Extract<SyncEffect, { type: 'page' }>;
  return { type: 'page', conversationId: 'c0', query, page: server.page('c0', query, 50) as never };
}

/** Answers what is asked for, and says what that was. */
export function answered(server: ModelServer, run: Run): unknown[] {
  const queries: unknown[] = [];
  while (run.asked('page').length > 0) {
    const answer = answerOf(server, run);
    expect(queries.push(answer.query)).toBeLessThan(12);
    run.feed(answer);
  }
  return queries;
}
