import { memoryTokens, systemClock, systemFetch, systemRandom } from '../../src/ports/platform.js';
import type { Clock, Timer } from '../../src/ports/environment.js';
import type { Fetch, SocketFactory } from '../../src/ports/network.js';
import type { Storage } from '../../src/ports/storage.js';
import { type ChatClient, createClient } from '../../src/index.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { BROWSER_SOCKET } from '../support/clients.js';
import { FakeLifecycle } from '../support/fake-ports.js';

const NEVER = new Promise<never>(() => undefined);

/** One life of the app's process: everything it does outside itself stops when it is killed. */
class Life {
  isOver = false;
  /** While it is frozen its timers do not run. */
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

  /** What a killed process waits for never comes. */
  async guard<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.isOver) return NEVER;
    const settled = await work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if (this.isOver) return NEVER;
    if ('error' in settled) throw settled.error;
    return settled.value;
  }
}

/** A phone: its storage and its keychain outlive every process of the app. */
export class Phone {
  readonly #storage = memoryStorage();
  readonly #tokens = memoryTokens();
  #life = new Life();
  client: ChatClient;
  /** How many of the next transactions fail. */
  storageFailures = 0;

  constructor(
    readonly name: string,
    private readonly url: string,
    /** How far off its clock is. */
    private readonly clockError: number,
  ) {
    this.client = this.#start();
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
      now: () => systemClock.now() + this.clockError,
      elapsed: () => systemClock.elapsed(),
      setTimeout: (work, delayMs) => life.setTimeout(work, delayMs),
      clearTimeout: (timer) => life.clearTimeout(timer),
    };
    const fetch: Fetch = (url, init) => life.guard(() => systemFetch(url, init));
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
        save: (session) => life.guard(() => this.#tokens.save(session)),
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
            life.guard(() => {
              if (this.storageFailures > 0) {
                this.storageFailures -= 1;
                return Promise.reject(new Error('The disk does not answer.'));
              }
              return database.transaction(mode, stores, work);
            }),
        };
      },
    };
  }
}
