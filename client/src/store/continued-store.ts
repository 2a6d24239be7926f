import type { SyncState, Timeline, Window } from '../sync/state.js';
import { LiveStore } from './live-store.js';
import type { StoreSources, Viewed } from './store.js';

const newestOf = (timeline: Timeline | undefined): number => timeline?.rows.at(-1)?.seq ?? 0;

/**
 * The store of an engine that takes the place of another one, as when a tab begins to lead. What a tab that follows has fetched
 * is nowhere stored: it stays on the screen until this engine has fetched it, too.
 */
export class ContinuedStore extends LiveStore {
  #before: SyncState | undefined;

  constructor(sources: StoreSources, before: SyncState) {
    super(sources);
    this.#before = before;
  }

  protected override viewed(state: SyncState, id: string): Viewed {
    const own = super.viewed(state, id);
    const { isCaughtUp, windows, conversations } = state;
    const isFetching = [...windows.values()].some(({ loading, resume }) => loading !== null || resume !== undefined);
    if (isCaughtUp && !isFetching) this.#before = undefined;
    const timeline = this.#before?.timelines.get(id);
    const window = this.#before?.windows.get(id);
    if (timeline === undefined || window === undefined || !conversations.has(id)) return own;
    if (newestOf(own.timeline) < newestOf(timeline)) return { timeline, window };
    return own.window?.resume === undefined ? own : joined(own, timeline, window);
  }
}

/** What is held by now, and before it what still is to come, as it was shown. */
function joined(own: Viewed, timeline: Timeline, window: Window): Viewed {
  // In the midst of a history nothing is added.
  if (!window.follows) return { timeline, window };
  const { from, to } = own.window ?? window;
  // Between the two some are missing: they are not shown as if one followed the other.
  if (own.timeline === undefined || to < from || from > window.to + 1) return own;
  const rows = [
    ...timeline.rows.filter(({ seq }) => seq < from),
    ...own.timeline.rows.filter(({ seq }) => seq >= from),
  ];
  return {
    timeline: { ...own.timeline, rows },
    window: { ...window, ...own.window, from: Math.min(from, window.from) },
  };
}
