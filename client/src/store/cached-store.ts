import type { Observable } from '../connection/types.js';
import { DraftTexts } from '../outbox/draft-texts.js';
import type { OutboxItem } from '../outbox/types.js';
import type { Database } from '../ports/storage.js';
import type { SyncState } from '../sync/state.js';
import { directConversations, EMPTY_STATE, LOADED_STORES, readRows, withRows } from '../sync/stored-state.js';
import { ChatStore } from './store.js';

/** Shows what is stored while nothing runs that could change it. Drafts are written already, for the engine to keep. */
export class CachedStore extends ChatStore {
  /** Drafts that were written here, empty where one was removed. */
  readonly typed = new Map<string, string>();
  readonly #drafts: DraftTexts;

  constructor(outbox: Observable<readonly OutboxItem[]>, state: SyncState = EMPTY_STATE, drafts = new DraftTexts()) {
    const direct = directConversations(state);
    const sync = { state, subscribe: () => () => undefined, directConversationWith: (id: string) => direct.get(id) };
    super({ sync, outbox, drafts });
    this.#drafts = drafts;
  }

  keepDraft(conversationId: string, text: string): void {
    this.typed.set(conversationId, text);
    this.#drafts.put([[conversationId, text]]);
  }
}

export async function readCachedStore(
  database: Database,
  outbox: Observable<readonly OutboxItem[]>,
): Promise<CachedStore> {
  const rows = await readRows(database, [...LOADED_STORES, 'drafts']);
  const drafts = rows.flatMap(([store, key, value]) => (store === 'drafts' ? [[key, value as string] as const] : []));
  const others = rows.filter(([store]) => store !== 'drafts');
  return new CachedStore(outbox, withRows(EMPTY_STATE, others), new DraftTexts(drafts));
}
