import type { OutboxItem } from '../outbox/types.js';
import { rowsBetween } from '../sync/message-rows.js';
import type { ConversationRow, ShownState, Timeline, Window } from '../sync/state.js';
import { shortened } from '../sync/timeline.js';
import { ChatStore, type Viewed } from './store.js';
import type { ConversationItem } from './types.js';

/**
 * The store of an engine that runs. A conversation is listed by what was typed there last, sent or not. The answer to a message may come before what stands before it, as where another process of
 * the server stored that: what the user typed stays on the screen meanwhile, behind the gap that is about to be filled.
 */
export class LiveStore extends ChatStore {
  readonly #typed = new Set<string | null>();
  /** The same for the same: what is drawn from it is drawn again only where it changes. */
  readonly #extended = new WeakMap<Timeline, { of: Window; viewed: Viewed }>();

  /** By lane, the last message of the outbox, with its text as it will be. */
  #lastSends: { of: unknown; byLane: ReadonlyMap<string, LastSend> } | undefined;
  readonly #listed = new WeakMap<ConversationItem, { last: LastSend; item: ConversationItem }>();

  protected override conversation(row: ConversationRow, state: ShownState): ConversationItem {
    return this.#withLast(super.conversation(row, state), state);
  }

  protected override pendingConversation(id: string, state: ShownState): ConversationItem | undefined {
    const view = super.pendingConversation(id, state);
    return view && this.#withLast(view, state);
  }

  /** Whatever the clock of this device says, one that waits is the last; one that was refused only until the next comes. */
  #withLast(view: ConversationItem, { userId }: ShownState): ConversationItem {
    const last = this.#lastSend(view.id);
    if (last === undefined) return view;
    const lastMessageState = last.item.state === 'rejected' ? 'rejected' : 'pending';
    const held = this.#listed.get(view);
    if (held?.item.lastMessageState === lastMessageState && isShownAlike(held.last, last)) return held.item;
    const own = this.asLast(last.item, userId);
    const { lastMessageAt } = view;
    const isBehind = lastMessageAt === null || own.lastMessageAt >= lastMessageAt;
    if (lastMessageState === 'rejected' && !isBehind) return view;
    const item = {
      ...view,
      ...own,
      lastMessage: last.text,
      lastMessageAt: isBehind ? own.lastMessageAt : lastMessageAt,
      lastMessageState,
    } as const;
    this.#listed.set(view, { last, item });
    return item;
  }

  #lastSend(conversationId: string): LastSend | undefined {
    const outbox = this.sources.outbox.getSnapshot();
    if (this.#lastSends?.of !== outbox) this.#lastSends = { of: outbox, byLane: lastSends(outbox) };
    const { byLane } = this.#lastSends;
    if (byLane.size === 0) return undefined;
    const [own, early] = [byLane.get(conversationId), byLane.get(this.pendingIdOf(conversationId))];
    return own !== undefined && early !== undefined && early.item.sequence > own.item.sequence ? early : (own ?? early);
  }

  protected override viewed(state: ShownState, id: string): Viewed {
    const own = super.viewed(state, id);
    const { timeline, window } = own;
    for (const { clientId, command } of this.sources.outbox.getSnapshot())
      if (command.type === 'send') this.#typed.add(clientId);
    if (timeline === undefined || window?.follows !== true || window.to < window.from) return own;
    const early = rowsBetween(timeline.rows, window.to + 1, Number.POSITIVE_INFINITY).filter(
      ({ clientId, senderId }) => senderId === state.userId && this.#typed.has(clientId),
    );
    const last = early.at(-1);
    if (last === undefined) return own;
    const known = this.#extended.get(timeline);
    if (known?.of === window) return known.viewed;
    const rows = [...rowsBetween(timeline.rows, 0, window.to), ...early];
    const viewed = { timeline: { ...timeline, rows }, window: { ...window, to: last.seq } };
    this.#extended.set(timeline, { of: window, viewed });
    return viewed;
  }
}

interface LastSend {
  item: OutboxItem;
  /** What waits makes of its text; null where it is deleted. */
  text: string | null;
}

const isShownAlike = (one: LastSend, other: LastSend): boolean =>
  one.item.command === other.item.command && one.item.files === other.item.files && one.text === other.text;

function lastSends(outbox: readonly OutboxItem[]): Map<string, LastSend> {
  const byLane = new Map<string, LastSend>();
  for (const item of outbox) {
    const { command, lane, state } = item;
    if (command.type === 'send') byLane.set(lane, { item, text: shortened(command.content ?? '') });
    else if ('target' in command && 'clientId' in command.target && state !== 'rejected')
      for (const last of byLane.values()) {
        if (last.item.clientId !== command.target.clientId) continue;
        if (command.type === 'delete') last.text = null;
        else if (command.type === 'edit') last.text = shortened(command.content);
      }
  }
  return byLane;
}
