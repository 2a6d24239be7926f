import type { Database, StoredRows, StoreName } from '../ports/storage.js';
import type { SyncState } from './state.js';

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
  unplaced: [],
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

export function readRows(database: Database, stores: readonly StoreName[] = LOADED_STORES): Promise<StoredRows> {
  return database.transaction('readonly', stores, async (transaction) => {
    // All at once: the list waits for each way to the storage and back.
    const found = await Promise.all(stores.map((store) => transaction.range(store)));
    return Object.fromEntries(stores.map((store, index) => [store, found[index]]));
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
export function withRows(state: SyncState, stored: StoredRows): SyncState {
  const next: Record<string, unknown> = { ...state };
  for (const store of LOADED_STORES) {
    const rows = stored[store] ?? [];
    if (store === 'meta') Object.assign(next, rows.find(({ key }) => key === 'sync')?.value);
    else
      next[store] = new Map<string, unknown>([...state[store], ...rows.map(({ key, value }) => [key, value] as const)]);
  }
  return next as unknown as SyncState;
}
