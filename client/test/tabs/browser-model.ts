import type { Clock, Lock, Timer } from '../../src/ports/environment.js';
import type { Fetch, Socket, SocketFactory, SocketListeners } from '../../src/ports/network.js';
import type { Storage } from '../../src/ports/storage.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { ChatError } from '../../src/protocol/errors.js';
import { type ChatClient, createClient } from '../../src/index.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { World } from '../outbox/device.js';
import type { Chance } from '../sync/model-server.js';
import { ME } from '../sync/model-server.js';
import { sharedChannels } from '../support/clients.js';
import { FakeLifecycle } from '../support/fake-ports.js';
import { VirtualClock } from '../support/virtual-clock.js';

const url = 'https://chat.example';
const NO_LIMIT = Number.POSITIVE_INFINITY;

/** What a page can be: running, frozen by its browser, or gone. Whatever reaches it from outside passes here. */
class Life {
  isOver = false;
  isFrozen = false;
  /** It dies at the step of that number: between any two things that it does outside itself. */
  stepsToLive = NO_LIMIT;
  readonly #late: (() => void)[] = [];
  #die = (): void => undefined;
  readonly killed = new Promise<void>((resolve) => (this.#die = resolve));

  kill(): void {
    this.isOver = true;
    this.#die();
  }

  thaw(): void {
    this.isFrozen = false;
    for (const work of this.#late.splice(0)) this.run(work);
  }

  run(work: () => void): void {
    if (this.isOver) return;
    if (this.isFrozen) this.#late.push(work);
    else work();
  }

  step(): boolean {
    this.stepsToLive -= 1;
    if (this.stepsToLive <= 0) this.kill();
    return !this.isOver;
  }

  /** What a frozen page waits for comes when it is thawed, and to one that was killed never. */
  guard<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!this.step()) return;
      work().then(
        (value) => this.step() && this.run(() => resolve(value)),
        (error: unknown) => this.run(() => reject(error)),
      );
    });
  }
}

interface OpenSocket {
  life: Life;
  listeners: SocketListeners;
  /** How many of the server's events it has been sent. */
  events: number;
  /** It does not receive the messages that it sent itself. */
  own: Set<string>;
  /** What the server knows of it. */
  isActive: boolean;
  rooms: Set<string>;
}

export interface Tab {
  client: ChatClient;
  life: Life;
  lifecycle: FakeLifecycle;
}

/** One browser with several tabs of one user, and a server: everything that tabs share, in virtual time. */
export class BrowserModel {
  readonly clock = new VirtualClock();
  readonly world: World;
  readonly sockets = new Set<OpenSocket>();
  isServerAway = false;
  /** How often, of a hundred requests, the connection is cut after the request and before its answer. */
  lossPercent = 0;
  uploads = 0;
  /** Whether somebody looks at the app, each time that the server was sent it. */
  readonly activities: boolean[] = [];
  /** What every transaction waits for, as where a tab is halted in the middle of one. */
  storageHold = Promise.resolve();
  /** How long a handshake takes. */
  handshakeMs = 0;
  /** How many sockets were opened. */
  attempts = 0;
  #lock = processLock();
  readonly #channel = sharedChannels();
  readonly #tokens = memoryTokens();

  constructor(private readonly chance: Chance) {
    this.world = new World(chance);
  }

  async logIn(): Promise<void> {
    await this.#tokens.save({ url, userId: ME, accessToken: 'access', refreshToken: 'refresh' });
  }

  /** Sockets of tabs that run: those through which anything can be sent. */
  get connected(): OpenSocket[] {
    return [...this.sockets].filter(({ life }) => !life.isFrozen && !life.isOver);
  }

  open(stepsToLive = NO_LIMIT): Tab {
    const life = new Life();
    life.stepsToLive = stepsToLive;
    void life.killed.then(() => this.#forget(life));
    const lifecycle = new FakeLifecycle();
    const cleared = new WeakSet<Timer>();
    const clock: Clock = {
      now: () => this.clock.now(),
      elapsed: () => this.clock.elapsed(),
      setTimeout: (work, delayMs) => {
        const timer = this.clock.setTimeout(() => life.run(() => !cleared.has(timer) && work()), delayMs);
        return timer;
      },
      clearTimeout: (timer) => {
        this.clock.clearTimeout(timer);
        // It may be due, and wait for its tab to be thawed.
        if (timer !== undefined) cleared.add(timer);
      },
    };
    const { chance, world } = this;
    const client = createClient({
      url,
      clock,
      lifecycle,
      storage: this.#guarded(life, world.storage),
      tokens: {
        load: () => life.guard(() => this.#tokens.load()),
        save: (session) => life.guard(() => this.#tokens.save(session)),
        clear: () => life.guard(() => this.#tokens.clear()),
      },
      lock: this.#lockOf(life),
      channel: (name) => {
        const channel = this.#channel(name);
        void life.killed.then(() => channel.close());
        return {
          ...channel,
          post: (message) => life.run(() => channel.post(message)),
          subscribe: (listener) => channel.subscribe((message) => life.run(() => listener(message))),
        };
      },
      random: { number: () => chance.below(1_000) / 1_000, uuid: () => `uuid-${world.uuids++}` },
      fetch: this.#fetchOf(life),
      socket: this.#socketOf(life),
    });
    return { client, life, lifecycle };
  }

  /** The user clears the site's data: locks of tabs that are opened from now on are others than those of the tabs before. */
  clearLocks(): void {
    this.#lock = processLock();
  }

  /** The server, or the network before it, breaks all connections. */
  cut(): void {
    for (const { life, listeners } of [...this.sockets]) life.run(() => listeners.disconnected());
    this.sockets.clear();
  }

  #forget(life: Life): void {
    for (const socket of [...this.sockets]) if (socket.life === life) this.sockets.delete(socket);
  }

  #lockOf(life: Life): Lock {
    const lock = this.#lock;
    return {
      run: (name, work, options) =>
        new Promise((resolve, reject) => {
          const held = (): Promise<void> =>
            Promise.race([
              life.killed,
              // A lock may be granted to a tab that is frozen: it holds it, and does nothing.
              new Promise<void>((done) => {
                life.run(() => {
                  work()
                    .then(
                      (value) => life.run(() => resolve(value)),
                      (error: unknown) => life.run(() => reject(error)),
                    )
                    .finally(done);
                });
              }),
            ]);
          lock.run(name, held, options).catch((error: unknown) => life.run(() => reject(error)));
        }),
    };
  }

  #guarded(life: Life, storage: Storage): Storage {
    return {
      kind: storage.kind,
      destroy: (name) => life.guard(() => storage.destroy(name)),
      open: async (name) => {
        const database = await life.guard(() => storage.open(name));
        return {
          close: () => life.guard(() => database.close()),
          transaction: (mode, stores, work) =>
            life.guard(async () => {
              await this.storageHold;
              return database.transaction(mode, stores, work);
            }),
        };
      },
    };
  }

  #fetchOf(life: Life): Fetch {
    const answer = (url: string): unknown => {
      const { pathname, searchParams } = new URL(url);
      const [, id] = /^\/conversations\/(\w+)\/messages$/.exec(pathname) ?? [];
      if (id !== undefined) {
        const query = ['before', 'after', 'around'].flatMap((name) => {
          const value = searchParams.get(name);
          return value === null ? [] : [[name, Number(value)]];
        });
        return this.world.server.page(id, Object.fromEntries(query), Number(searchParams.get('limit')));
      }
      if (pathname === '/attachments') return { id: `file${this.uploads}` };
      return pathname === '/users/me' ? { id: ME, username: ME, displayName: ME } : { items: [], nextCursor: null };
    };
    return (url) =>
      life.guard(async () => {
        if (this.isServerAway) throw new TypeError('fetch failed');
        if (url.endsWith('/attachments')) this.uploads += 1;
        const text = JSON.stringify(answer(url));
        return { status: 200, ok: true, headers: { get: () => null }, text: () => Promise.resolve(text) };
      });
  }

  #socketOf(life: Life): SocketFactory {
    return (_, listeners): Socket => {
      this.attempts += 1;
      const socket: OpenSocket = {
        life,
        listeners,
        events: this.world.server.sent.length,
        own: new Set(),
        isActive: true,
        rooms: new Set(),
      };
      let isClosed = false;
      const welcome = (): void => {
        if (isClosed) return;
        if (this.isServerAway) return life.run(() => listeners.failed({ message: 'The server is away.' }));
        this.sockets.add(socket);
        life.run(() => listeners.connected());
        const ready = { userId: ME, sessionId: 's', serverTime: '', syncCursor: '', recovered: false };
        life.run(() => listeners.event('session:ready', ready));
      };
      if (this.handshakeMs === 0) queueMicrotask(welcome);
      else this.clock.setTimeout(welcome, this.handshakeMs);
      return {
        close: () => {
          isClosed = true;
          this.sockets.delete(socket);
        },
        emit: (event, payload, acknowledge) => {
          if (!this.sockets.has(socket) || !life.step()) return;
          queueMicrotask(() => this.#receive(socket, event, payload, acknowledge));
        },
      };
    };
  }

  #receive(socket: OpenSocket, event: string, payload: unknown, acknowledge?: (answer: unknown) => void): void {
    if (!this.sockets.has(socket)) return;
    if (event === 'send_message') {
      this.world.frames.push({ event, payload });
      socket.own.add((payload as { clientId: string }).clientId);
    }
    let answer: unknown;
    const { conversationId = '', active = true } = payload as { conversationId?: string; active?: boolean };
    if (event === 'set_active') this.activities.push((socket.isActive = active));
    else if (event === 'join_conversation') socket.rooms.add(conversationId);
    else if (event === 'leave_conversation') socket.rooms.delete(conversationId);
    try {
      const isPassedOver = ['leave_conversation', 'set_active', 'typing'].includes(event);
      answer = isPassedOver ? {} : this.world.do(event, payload);
      answer = { ok: true, data: JSON.parse(JSON.stringify(answer)) };
    } catch (error) {
      const { code, message } = error as ChatError;
      answer = { ok: false, error: { code, message } };
    }
    if (this.chance.is(this.lossPercent)) return this.cut();
    socket.life.run(() => acknowledge?.(answer));
    this.#deliver();
  }

  #deliver(): void {
    const { sent } = this.world.server;
    for (const socket of this.sockets)
      for (; socket.events < sent.length; socket.events += 1) {
        const { name, payload } = JSON.parse(JSON.stringify(sent[socket.events])) as { name: string; payload: unknown };
        const { clientId } = (payload as { message?: { clientId: string | null } }).message ?? {};
        if (name === 'message:new' && clientId != null && socket.own.has(clientId)) continue;
        socket.life.run(() => socket.listeners.event(name, payload));
      }
  }

  /** The other side writes. */
  write(conversationId: string, content: string): void {
    this.world.server.send(conversationId, 'u1', null, content);
    this.#deliver();
  }
}
