import { memoryTokens, systemClock, systemFetch, systemRandom } from '../../src/ports/platform.js';
import type { Clock, Timer } from '../../src/ports/environment.js';
import type { Fetch, SocketFactory } from '../../src/ports/network.js';
import { type Storage, StorageError, type StorageErrorCode, type TransactionMode } from '../../src/ports/storage.js';
import { type ChatClient, createClient } from '../../src/index.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { BROWSER_SOCKET } from '../support/clients.js';
import { FakeLifecycle } from '../support/fake-ports.js';

const NEVER = new Promise<never>(() => undefined);

/** How a transaction fails. */
export interface StorageFault {
  code: StorageErrorCode;
  /** All of it was stored before. */
  isCommitted?: boolean;
}

/** One life of the app's process: everything it does outside itself stops when it is killed. */
class Life {
  isOver = false;
  /** While it is frozen nothing of it runs: no timer, and nothing that waits for its storage or the network. */
  isFrozen = false;
  readonly #late: (() => void)[] = [];
  readonly #timers = new Set<Timer>();
  readonly lifecycle = new FakeLifecycle();

  run(work: () => void): void {
    if (this.isOver) return;
    if (this.isFrozen) this.#late.push(work);
    else work();
  }

  thaw(): void {
    this.isFrozen = false;
    for (const work of this.#late.splice(0)) this.run(work);
  }

  setTimeout(work: () => void, delayMs: number): Timer {
    const timer = systemClock.setTimeout(() => {
      this.#timers.delete(timer);
      this.run(work);
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: Timer | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer);
    systemClock.clearTimeout(timer);
  }

  end(): void {
    this.isOver = true;
    // The process of the test, which goes on, would wait for them.
    for (const timer of this.#timers) systemClock.clearTimeout(timer);
  }

  /** What a killed process waits for never comes; a frozen one has it when it goes on. */
  async guard<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.isOver) return NEVER;
    const settled = await work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    // In their order, with everything else that was late.
    if (this.isFrozen) await new Promise<void>((resolve) => this.#late.push(resolve));
    if (this.isOver) return NEVER;
    if ('error' in settled) throw settled.error;
    return settled.value;
  }
}

/** A phone: its storage and its keychain outlive every process of the app. */
export class Phone {
  readonly #storage = memoryStorage({ strict: true });
  readonly #tokens = memoryTokens();
  #life = new Life();
  client: ChatClient;
  #failing: { fault: StorageFault; left: number; failed: () => void } | undefined;

  constructor(
    readonly name: string,
    private readonly url: string,
    private readonly options: {
      /** How far off its clock is. */
      clockError: number;
      /** Called with each session that its keychain is given. */
      renewed: () => void;
    },
  ) {
    this.client = this.#start();
  }

  /**
   * The next transactions fail, where they can fail so: only what is written needs room.
   * @param failed called at each
   */
  failStorage(fault: StorageFault, count: number, failed: () => void): void {
    this.#failing = { fault, left: count, failed };
  }

  mendStorage(): void {
    this.#failing = undefined;
  }

  /** As the system does it, without a word; and the user opens the app again. */
  restart(): void {
    this.#life.end();
    // Its connection ends with the process.
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
    this.#life = new Life();
    this.client = this.#start();
  }

  /** Nobody types into an app that does not answer. */
  get isFrozen(): boolean {
    return this.#life.isFrozen;
  }

  freeze(): void {
    this.#life.isFrozen = true;
  }

  thaw(): void {
    this.#life.thaw();
  }

  background(): void {
    this.#life.lifecycle.set('background');
  }

  foreground(): void {
    this.#life.lifecycle.set('active');
  }

  readonly #sockets = new Set<{ close(): void }>();

  #start(): ChatClient {
    const life = this.#life;
    const clock: Clock = {
      now: () => systemClock.now() + this.options.clockError,
      elapsed: () => systemClock.elapsed(),
      setTimeout: (work, delayMs) => life.setTimeout(work, delayMs),
      clearTimeout: (timer) => life.clearTimeout(timer),
    };
    const fetch: Fetch = (url, init) =>
      life.guard(async () => {
        const answer = await systemFetch(url, init);
        // Its body comes over the network as well.
        const text = await answer.text();
        return { status: answer.status, ok: answer.ok, headers: answer.headers, text: async () => text };
      });
    const socket: SocketFactory = (options, listeners) => {
      const made = BROWSER_SOCKET(options, {
        connected: () => life.run(() => listeners.connected()),
        failed: (failure) => life.run(() => listeners.failed(failure)),
        disconnected: () => life.run(() => listeners.disconnected()),
        event: (name, payload) => life.run(() => listeners.event(name, payload)),
      });
      this.#sockets.add(made);
      return {
        emit: (event, payload, acknowledge) => {
          if (life.isOver) return;
          made.emit(event, payload, acknowledge && ((answer) => life.run(() => acknowledge(answer))));
        },
        close: () => {
          this.#sockets.delete(made);
          made.close();
        },
      };
    };
    return createClient({
      url: this.url,
      deviceName: this.name,
      storage: this.#guarded(life),
      tokens: {
        load: () => life.guard(() => this.#tokens.load()),
        save: (session) => {
          if (session.userId !== '') this.options.renewed();
          return life.guard(() => this.#tokens.save(session));
        },
        clear: () => life.guard(() => this.#tokens.clear()),
      },
      lifecycle: life.lifecycle,
      random: systemRandom,
      clock,
      fetch,
      socket,
    });
  }

  #guarded(life: Life): Storage {
    return {
      kind: 'memory',
      destroy: (name) => life.guard(() => this.#storage.destroy(name)),
      open: async (name) => {
        const database = await life.guard(() => this.#storage.open(name));
        return {
          close: () => life.guard(() => database.close()),
          transaction: (mode, stores, work) =>
            life.guard(async () => {
              const fault = this.#nextFault(mode);
              if (fault === undefined || fault.isCommitted === true) {
                const result = await database.transaction(mode, stores, work);
                if (fault === undefined) return result;
              }
              throw new StorageError(fault.code, 'Of this test.');
            }),
        };
      },
    };
  }

  #nextFault(mode: TransactionMode): StorageFault | undefined {
    const failing = this.#failing;
    if (failing === undefined || failing.left === 0) return undefined;
    if (failing.fault.code === 'QUOTA' && mode === 'readonly') return undefined;
    failing.left -= 1;
    failing.failed();
    return failing.fault;
  }
}
