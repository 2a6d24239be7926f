import type { Observable } from '../connection/types.js';
import { DraftTexts, readDrafts } from '../outbox/draft-texts.js';
import type { OutboxItem } from '../outbox/types.js';
import type { Database } from '../ports/storage.js';
import type { SyncState } from '../sync/state.js';
import { EMPTY_STATE, readRows, withRows } from '../sync/stored-state.js';
import { ChatStore } from './store.js';

const NO_ITEMS: readonly OutboxItem[] = [];
const subscribe = () => () => undefined;

export const NO_OUTBOX: Observable<readonly OutboxItem[]> = { getSnapshot: () => NO_ITEMS, subscribe };

/** Shows what is known while nothing runs that could change it. Drafts are written already, for the engine to keep. */
export class CachedStore extends ChatStore {
  /** What was typed here, empty where it was removed. */
  readonly typed = new Map<string, string>();
  readonly #drafts: DraftTexts;

  constructor(state: SyncState = EMPTY_STATE, drafts = new DraftTexts()) {
    super({ sync: { state, subscribe, directConversationWith: () => undefined }, outbox: NO_OUTBOX, drafts });
    this.#drafts = drafts;
  }

  keepDraft(conversationId: string, text: string): void {
    this.typed.set(conversationId, text);
    this.#drafts.put([[conversationId, text]]);
  }
}

export async function readCachedStore(database: Database): Promise<CachedStore> {
  const [rows, drafts] = await Promise.all([readRows(database), readDrafts(database)]);
  return new CachedStore(withRows(EMPTY_STATE, rows), new DraftTexts(drafts));
}
