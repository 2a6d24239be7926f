import { Listeners } from '../connection/listeners.js';
import type { EarlyInput } from '../outbox/early-input.js';
import { ITEMS } from '../outbox/order.js';
import type { OutboxItem } from '../outbox/types.js';
import type { Unsubscribe } from '../ports/environment.js';
import { type Database, keysBelow } from '../ports/storage.js';
import type { Message } from '../protocol/protocol.generated.js';
import { NEW_WINDOW, PAGE_SIZE } from '../sync/message-rows.js';
import type { ConversationRow, CoverageRow, ShownState, Window } from '../sync/state.js';
import { directConversations, EMPTY_STATE, LOADED_STORES, readRows, withRows } from '../sync/stored-state.js';
import type { ShownSync } from '../sync/types.js';
import { ChatStore } from './store.js';

/** What is stored, while nothing runs that could change it. */
export class CachedSync implements ShownSync {
  /** Conversations that were opened or read: what is shown of them must not change when the engine comes. */
  readonly touched = new Set<string>();
  #direct: Map<string, string> | undefined;
  readonly #listeners = new Listeners();

  /** @param database where there is something stored */
  constructor(
    public state: ShownState = EMPTY_STATE,
    private readonly database?: Database,
  ) {}

  readonly subscribe = this.#listeners.add;

  directConversationWith(userId: string): string | undefined {
    return (this.#direct ??= directConversations(this.state)).get(userId);
  }

  /** Not more is unread than what is left; which of those count the engine knows. */
  read(conversationId: string, seq: number): void {
    const { conversations } = this.state;
    const row = conversations.get(conversationId);
    if (row === undefined || seq <= row.me.lastReadSeq) return;
    const unreadCount = Math.min(row.me.unreadCount, Math.max(0, row.lastSeq - seq));
    const me = { ...row.me, lastReadSeq: seq, unreadCount };
    this.touched.add(conversationId);
    this.#change({ conversations: new Map(conversations).set(conversationId, { ...row, me }) });
  }

  /** Shows the newest messages that are stored of it, from when they are read. */
  open(conversationId: string, before?: Window): Unsubscribe {
    const { database } = this;
    this.touched.add(conversationId);
    const row = this.state.conversations.get(conversationId);
    if (database !== undefined && row !== undefined && !this.state.timelines.has(conversationId))
      // What cannot be read now is read by the engine.
      this.#load(database, row, before?.unread ?? [row.me.lastReadSeq, row.lastSeq]).catch(() => undefined);
    return () => undefined;
  }

  async #load(database: Database, { id }: ConversationRow, unread: Window['unread']): Promise<void> {
    const newest = { ...keysBelow(id), limit: PAGE_SIZE, reverse: true };
    const [held, rows] = await database.transaction('readonly', ['coverage', 'messages'], (transaction) =>
      Promise.all([transaction.get('coverage', id), transaction.range('messages', newest)]),
    );
    const { intervals = [], ...timeline } = (held ?? {}) as Partial<CoverageRow>;
    const interval = intervals.at(-1);
    if (interval === undefined) return;
    // Without a gap.
    const messages = rows
      .map(({ value }) => ({ ...(value as unknown as Message), state: 'sent' as const }))
      .filter(({ seq }) => seq >= interval[0] && seq <= interval[1])
      .reverse();
    const [from, to] = [messages[0]?.seq ?? 1, messages.at(-1)?.seq ?? 0];
    this.#change({
      timelines: new Map(this.state.timelines).set(id, {
        ...(timeline as CoverageRow),
        coverage: [interval],
        rows: messages,
      }),
      windows: new Map(this.state.windows).set(id, { ...NEW_WINDOW, from, to, unread }),
    });
  }

  #change(changes: Partial<ShownState>): void {
    this.state = { ...this.state, ...changes };
    this.#listeners.call();
  }
}

/** What is shown, and what it is made of. */
export interface View<Sync = ShownSync> {
  store: ChatStore;
  sync: Sync;
}

/** What is stored, and what the user does, while there is no engine. */
export function cachedView(input: EarlyInput, sync = new CachedSync()): View<CachedSync> {
  return { sync, store: new ChatStore({ sync, outbox: input, drafts: input.drafts }) };
}

export interface Cached {
  view: View<CachedSync>;
  items: readonly OutboxItem[];
  drafts: readonly (readonly [conversationId: string, text: string])[];
}

/** All that is stored and shown without being asked for. */
export async function readCached(database: Database, input: EarlyInput): Promise<Cached> {
  const { outbox = [], drafts = [], ...rows } = await readRows(database, [...LOADED_STORES, 'drafts', 'outbox']);
  const items = outbox.flatMap(({ key, value }) => (key < ITEMS.from ? [] : (value as unknown as OutboxItem)));
  const sync = new CachedSync(withRows(EMPTY_STATE, rows), database);
  // A tab that followed has kept that it was read, and not the cache.
  for (const { command } of items) if (command.type === 'read') sync.read(command.conversationId, command.seq);
  return {
    view: cachedView(input, sync),
    items: items.sort((a, b) => a.sequence - b.sequence),
    drafts: drafts.map(({ key, value }) => [key, value as unknown as string] as const),
  };
}
