import type { Database, StoredRows, StoreName } from '../ports/storage.js';
import type { ShownState } from './state.js';

export const EMPTY_STATE: ShownState = {
  userId: null,
  conversations: new Map(),
  timelines: new Map(),
  windows: new Map(),
  users: new Map(),
  friends: new Map(),
  friendRequests: new Map(),
  presence: new Map(),
  typing: new Map(),
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
export function directConversations({ conversations, userId: own }: ShownState): Map<string, string> {
  const byUser = new Map<string, string>();
  for (const { id, type, members } of conversations.values())
    if (type === 'DIRECT') for (const { userId } of members) if (userId !== own) byUser.set(userId, id);
  return byUser;
}

/** The state with rows as they were stored; those of other stores are passed over. */
export function withRows<State extends ShownState>(state: State, stored: StoredRows): State {
  const next = { ...state };
  for (const store of LOADED_STORES) {
    const rows = stored[store] ?? [];
    if (store === 'meta') Object.assign(next, rows.find(({ key }) => key === 'sync')?.value);
    else {
      const held = [...state[store], ...rows.map(({ key, value }) => [key, value] as const)];
      Object.assign(next, { [store]: new Map<string, unknown>(held) });
    }
  }
  return next;
}
