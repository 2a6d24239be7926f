import { DomainError } from '../errors.js';

export interface KeyedSemaphoreBounds {
  /** Holders of one key at once. */
  readonly maxPerKey: number;
  /** Holders of all keys together. Default: no bound. */
  readonly maxTotal?: number;
  /** Those who wait for one key. */
  readonly maxQueuedPerKey: number;
  /** Those who wait for any key. */
  readonly maxQueuedTotal: number;
  /** How long anybody waits. */
  readonly waitTimeoutMs: number;
  /** When who was refused may come back, in milliseconds. Default: 1,000. */
  readonly retryAfterMs?: () => number;
}

/** A repeat before this would find what the first one found. */
const RETRY_AFTER_MS = 1_000;

interface Waiting {
  grant(): void;
}

interface KeyState {
  holders: number;
  readonly queue: Waiting[];
}

/**
 * Bounds how many run at once, for each key (a user, an IP address) and for all together.
 *
 * Guarantees: within a key first come, first served; between keys that wait for the total, turn by turn, so that a key
 * with many waiting delays another by at most one turn of each; both queues are bounded and every wait ends; a key
 * that nobody holds or waits for costs no memory.
 */
export class KeyedSemaphore {
  private readonly states = new Map<string, KeyState>();
  /** Keys with somebody waiting who might hold one more; the first one's turn is next. */
  private readonly turns = new Set<string>();
  private holders = 0;
  private queued = 0;

  constructor(private readonly bounds: KeyedSemaphoreBounds) {}

  /** Runs `work` once there is room for it; see `acquire`. */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const release = await this.acquire(key);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Resolves to what gives the place back; calling that more than once does no harm.
   * @throws DomainError RATE_LIMITED where the key itself is the reason that there is no room, OVERLOADED where all
   *   keys together are; both with `retryAfterMs`.
   */
  acquire(key: string): Promise<() => void> {
    const state = this.states.get(key) ?? { holders: 0, queue: [] };
    if (this.hasRoom(state) && state.queue.length === 0) {
      this.states.set(key, state);
      return Promise.resolve(this.hold(key, state));
    }
    if (state.queue.length >= this.bounds.maxQueuedPerKey) return Promise.reject(this.refusal(state, true));
    if (this.queued >= this.bounds.maxQueuedTotal) return Promise.reject(this.refusal(state, false));
    this.states.set(key, state);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        grant: () => {
          clearTimeout(timer);
          resolve(this.hold(key, state));
        },
      };
      const timer = setTimeout(() => {
        state.queue.splice(state.queue.indexOf(waiting), 1);
        this.queued -= 1;
        const refusal = this.refusal(state, state.holders >= this.bounds.maxPerKey);
        this.settle(key, state);
        reject(refusal);
      }, this.bounds.waitTimeoutMs);
      state.queue.push(waiting);
      this.queued += 1;
      this.settle(key, state);
    });
  }

  /** Those who hold, and those who wait. For metrics and tests. */
  get load(): { holders: number; queued: number; keys: number } {
    return { holders: this.holders, queued: this.queued, keys: this.states.size };
  }

  private hasRoom(state: KeyState): boolean {
    return state.holders < this.bounds.maxPerKey && this.holders < (this.bounds.maxTotal ?? Infinity);
  }

  private hold(key: string, state: KeyState): () => void {
    state.holders += 1;
    this.holders += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      state.holders -= 1;
      this.holders -= 1;
      this.settle(key, state);
      this.next();
    };
  }

  private next(): void {
    for (const key of this.turns) {
      const state = this.states.get(key);
      if (state === undefined || !this.hasRoom(state)) return;
      // To the end of the turns, where it still has somebody waiting.
      this.turns.delete(key);
      this.queued -= 1;
      state.queue.shift()?.grant();
      this.settle(key, state);
    }
  }

  /** Keeps the turns, and forgets a key that nobody holds or waits for. */
  private settle(key: string, state: KeyState): void {
    if (state.queue.length > 0 && state.holders < this.bounds.maxPerKey) this.turns.add(key);
    else this.turns.delete(key);
    if (state.holders === 0 && state.queue.length === 0) this.states.delete(key);
  }

  private refusal(state: KeyState, isOwnFault: boolean): DomainError {
    return new DomainError(isOwnFault && state.holders > 0 ? 'RATE_LIMITED' : 'OVERLOADED', {
      retryAfterMs: this.bounds.retryAfterMs?.() ?? RETRY_AFTER_MS,
    });
  }
}
