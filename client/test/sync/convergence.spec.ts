import process from 'node:process';
import { describe, expect, it } from '@jest/globals';
import type { ServerEvents } from '../../src/protocol/protocol.generated.js';
import type { SyncInput } from '../../src/sync/state.js';
import { type Fed, liveThrough } from './lives.js';

/** Many more, of other seeds: npm run converge -w client. */
const RUNS = 1_500;
/** One seed alone, to look at. */
const ONLY = process.env['CLIENT_SYNC_SEED'];

const INPUTS: Record<SyncInput['type'], true> = {
  ...{ rows: true, loaded: true, ready: true, offline: true, event: true, synced: true, 'sync-failed': true },
  ...{ page: true, 'page-failed': true, answer: true, friends: true, 'friends-failed': true, presence: true },
  ...{ 'presence-failed': true, users: true, read: true, open: true, close: true, older: true, newer: true },
  ...{ newest: true, jump: true, timer: true },
};
/** But for those of the session, which are the connection's. */
const EVENTS: Record<Exclude<keyof ServerEvents, `session:${string}` | 'exception'>, true> = {
  ...{ 'message:new': true, 'message:updated': true, 'message:deleted': true, 'receipt:read': true },
  ...{ 'receipt:delivered': true, typing: true, 'presence:update': true, 'user:updated': true, 'sync:needed': true },
  ...{ 'friend:request_sent': true, 'friend:request_accepted': true, 'friend:request_rejected': true },
  ...{ 'friend:request_cancelled': true, 'friend:removed': true, 'conversation:new': true },
  ...{ 'conversation:updated': true, 'conversation:removed': true },
};
const ANSWERS: Record<keyof Extract<SyncInput, { type: 'answer' }>, true> = {
  ...{ type: true, message: true, conversation: true, users: true, friendRequests: true, settled: true },
  ...{ readIn: true, left: true },
};
const TIMERS = ['sync', 'cursor', 'friends', 'presence', 'users', 'join', 'typing', 'urls', 'pages'];

describe('what the client knows', () => {
  it('equals what REST says after the last sync, whatever came when, twice, in what order or never', () => {
    const fed: Fed = new Map();
    if (ONLY !== undefined) return expect(liveThrough(Number(ONLY), fed)).toBeUndefined();
    for (let seed = 0; seed < RUNS; seed += 1) liveThrough(seed, fed);
    const kinds = [
      ...Object.keys(INPUTS),
      ...Object.keys(EVENTS).map((name) => `event ${name}`),
      ...Object.keys(ANSWERS).map((field) => `answer ${field}`),
      ...TIMERS.map((kind) => `timer ${kind}`),
    ];
    // No life says anything of an input that was never there.
    expect(kinds.filter((kind) => (fed.get(kind) ?? 0) < 3)).toEqual([]);
  }, 1_200_000);
});
