import type { Lock } from '../ports/environment.js';
import type { Tabs } from './types.js';

/** What one tab shows. */
export interface Shown {
  /** Whether somebody looks at it. */
  isActive: boolean;
  conversationIds: readonly string[];
}

/** As it is posted, with the name of a lock that its tab holds for as long as it lives. */
interface ShownByTab extends Shown {
  lock: string;
}

/** The side of a tab that follows: the leader's connection is its own as well, so the leader has to know what it shows. */
export class ShownHere {
  #isHeld = false;
  readonly #end = new AbortController();

  constructor(
    private readonly tabs: Tabs,
    private readonly lock: Lock,
    private readonly name: string,
    private readonly look: () => Shown,
  ) {}

  start(): void {
    const { signal } = this.#end;
    const held = (): Promise<void> => {
      this.#isHeld = !signal.aborted;
      this.post();
      return new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
    };
    this.lock.run(this.name, held, { signal }).catch(() => undefined);
  }

  /** Whenever it changes, and to each tab that begins to lead. Nothing of a tab whose end nobody would notice. */
  post(): void {
    if (!this.#isHeld) return;
    const shown = this.look();
    // A leader of an older version of the app forwards whatever it does not know to the server, which takes this alone.
    const forwarded = { event: 'set_active', payload: { active: shown.isActive } };
    this.tabs.ask('shown', { ...shown, ...forwarded, lock: this.name }).catch(() => undefined);
  }

  close(): void {
    this.#isHeld = false;
    this.#end.abort();
  }
}

/** The side of the tab that leads: what the others show, each until it is closed, crashes or is killed, which frees its lock. */
export class ShownElsewhere {
  readonly #tabs = new Map<string, Shown>();
  readonly #end = new AbortController();

  /** @param changed receives the conversations that no other tab shows any more */
  constructor(
    private readonly lock: Lock,
    private readonly changed: (leftIds: readonly string[]) => void,
  ) {}

  get isActive(): boolean {
    return [...this.#tabs.values()].some(({ isActive }) => isActive);
  }

  has(conversationId: string): boolean {
    return [...this.#tabs.values()].some(({ conversationIds }) => conversationIds.includes(conversationId));
  }

  readonly take = async (payload: unknown): Promise<void> => {
    const { lock, isActive, conversationIds } = payload as ShownByTab;
    const isKnown = this.#tabs.has(lock);
    this.#set(lock, { isActive, conversationIds });
    if (isKnown) return;
    this.lock.run(lock, async () => this.#set(lock), { signal: this.#end.signal }).catch(() => undefined);
  };

  close(): void {
    this.#end.abort();
  }

  #set(lock: string, shown?: Shown): void {
    const before = this.#tabs.get(lock)?.conversationIds ?? [];
    if (shown === undefined) this.#tabs.delete(lock);
    else this.#tabs.set(lock, shown);
    this.changed(before.filter((id) => !this.has(id)));
  }
}
