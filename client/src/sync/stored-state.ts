import type { Database, StoreName } from '../ports/storage.js';
import type { RowChanges, SyncState } from './state.js';

export const EMPTY_STATE: SyncState = {
  userId: null,
  cursor: null,
  hasFriends: false,
  isFetchingFriends: false,
  isFriendsStale: false,
  isReady: false,
  isCaughtUp: false,
  catchUp: null,
  uncovered: 0,
  failures: 0,
  conversations: new Map(),
  timelines: new Map(),
  windows: new Map(),
  users: new Map(),
  friends: new Map(),
  friendRequests: new Map(),
  presence: new Map(),
  typing: new Map(),
  generation: 0,
};

/** Loaded at the start; messages are when they are needed. */
export const LOADED_STORES = ['meta', 'users', 'friends', 'friendRequests', 'conversations'] as const;

export async function readRows(
  database: Database,
  stores: readonly StoreName[] = LOADED_STORES,
): Promise<RowChanges['rows']> {
  return database.transaction('readonly', stores, async (transaction) => {
    // All at once: the list waits for each way to the storage and back.
    const found = await Promise.all(stores.map((store) => transaction.range(store)));
    return stores.flatMap((store, index) =>
      (found[index] ?? []).map(({ key, value }): RowChanges['rows'][number] => [store, key, value]),
    );
  });
}

/** The direct conversations, by the other side's user. */
export function directConversations({ conversations, userId: own }: SyncState): Map<string, string> {
  const byUser = new Map<string, string>();
  for (const { id, type, members } of conversations.values())
    if (type === 'DIRECT') for (const { userId } of members) if (userId !== own) byUser.set(userId, id);
  return byUser;
}

/** The state with rows as they were stored; those of other stores are passed over. */
export function withRows(state: SyncState, rows: RowChanges['rows']): SyncState {
  const next: Record<string, unknown> = { ...state };
  for (const store of LOADED_STORES) if (store !== 'meta') next[store] = new Map<string, unknown>(state[store]);
  for (const [store, key, value] of rows)
    if (store !== 'meta') (next[store] as Map<string, unknown> | undefined)?.set(key, value);
    else if (key === 'sync') Object.assign(next, value);
  return next as unknown as SyncState;
}
