import { doubledMs } from '../connection/backoff.js';
import type { CacheStore, StoreName, StoredValue } from '../ports/storage.js';
import type { RowChanges, Settled, SyncEffect, SyncState } from './state.js';

/** The maps of the state. */
export type Table = {
  [Key in keyof SyncState]: SyncState[Key] extends ReadonlyMap<string, unknown> ? Key : never;
}[keyof SyncState];

type Row<Name extends Table> = SyncState[Name] extends ReadonlyMap<string, infer Value> ? Value : never;

/** One call of `reduce`: a copy of the state, which copies what it changes, and what is to be done about it. */
export interface Step {
  readonly state: { -readonly [Key in keyof SyncState]: SyncState[Key] };
  readonly effects: SyncEffect[];
  readonly copied: Set<Table>;
  readonly rows: Map<string, RowChanges['rows'][number]>;
  readonly dropped: string[];
  readonly settled: Settled[];
  /** Conversations whose newest message and number of unread ones are to be worked out anew. */
  readonly touched: Set<string>;
  /** Stores that are emptied first. */
  cleared: readonly StoreName[];
  /** What came is of another database than what is held. */
  isContradicted: boolean;
  /** Milliseconds since 1970 by the server's clock; NaN before the server has said it. */
  readonly now: number;
}

export const newStep = (state: SyncState, now: number): Step => ({
  state: { ...state },
  effects: [],
  copied: new Set(),
  rows: new Map(),
  dropped: [],
  settled: [],
  touched: new Set(),
  cleared: [],
  isContradicted: false,
  now,
});

/** A map of the state that this step may change: copied at the first call. */
export function table<Name extends Table>({ state, copied }: Step, name: Name): Map<string, Row<Name>> {
  if (!copied.has(name)) {
    copied.add(name);
    Object.assign(state, { [name]: new Map(state[name] as ReadonlyMap<string, unknown>) });
  }
  return state[name] as unknown as Map<string, Row<Name>>;
}

export function write({ rows }: Step, store: StoreName, key: string, value?: StoredValue): void {
  rows.set(`${store} ${key}`, [store, key, value]);
}

/** Into a map of the state and into the store of that name. */
export function keep<Name extends Table & CacheStore>(step: Step, name: Name, key: string, row: Row<Name>): void {
  table(step, name).set(key, row);
  write(step, name, key, row as unknown as StoredValue);
}

export function saveCursor(step: Step): void {
  const { userId, cursor, hasFriends } = step.state;
  write(step, 'meta', 'sync', { userId, cursor, hasFriends });
}

export function setTimer({ effects }: Step, name: string, delayMs: number): void {
  effects.push({ type: 'timer', name, delayMs });
}

/** Later each time until it succeeds, and not before the server wants it. */
export function retryLater(step: Step, name: string, retryAfterMs = 0): void {
  const failures = (step.state.failures += 1);
  setTimer(step, name, Math.max(retryAfterMs, doubledMs(failures)));
}

/** Asks for what is missing; once more afterwards where that is being done. */
export function askSync({ state, effects }: Step): void {
  if (!state.isReady) return;
  state.uncovered = 0;
  if (state.catchUp !== null) return askAgain(state);
  state.catchUp = { isAgain: false, isLong: state.cursor === null, empty: 0 };
  effects.push({ type: 'sync', cursor: state.cursor });
}

/** Something came that an answer which is under way may have passed over. */
export function askAgain(state: Step['state']): void {
  if (state.catchUp !== null) state.catchUp = { ...state.catchUp, isAgain: true };
}
