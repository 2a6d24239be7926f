import type { SyncState, Timeline } from '../sync/state.js';
import { ChatStore, type StoreSources, type Viewed } from './store.js';

const newestOf = (timeline: Timeline | undefined): number => timeline?.rows.at(-1)?.seq ?? 0;

/**
 * The store of an engine that takes the place of another one, as when a tab begins to lead. What a tab that follows has fetched
 * is nowhere stored: it stays on the screen until this engine has fetched it, too.
 */
export class ContinuedStore extends ChatStore {
  #before: SyncState | undefined;

  constructor(sources: StoreSources, before: SyncState) {
    super(sources);
    this.#before = before;
  }

  protected override viewed(state: SyncState, id: string): Viewed {
    const own = super.viewed(state, id);
    const { isCaughtUp, windows, conversations } = state;
    if (isCaughtUp && ![...windows.values()].some(({ isLoading }) => isLoading)) this.#before = undefined;
    const timeline = this.#before?.timelines.get(id);
    const window = this.#before?.windows.get(id);
    const isBehind =
      conversations.has(id) && (own.window?.resume !== undefined || newestOf(own.timeline) < newestOf(timeline));
    return isBehind && window !== undefined ? { timeline, window } : own;
  }
}
