import { rowsBetween } from '../sync/message-rows.js';
import type { ShownState, Timeline, Window } from '../sync/state.js';
import { ChatStore, type Viewed } from './store.js';

/**
 * The store of an engine that runs. The answer to a message may come before what stands before it, as where another process of
 * the server stored that: what the user typed stays on the screen meanwhile, behind the gap that is about to be filled.
 */
export class LiveStore extends ChatStore {
  readonly #typed = new Set<string | null>();
  /** The same for the same: what is drawn from it is drawn again only where it changes. */
  readonly #extended = new WeakMap<Timeline, { of: Window; viewed: Viewed }>();

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
