import { LOOK_PAUSE_MS, MAX_LOOKS, type SessionTokens } from './auth/session-tokens.js';
import { pause } from './connection/backoff.js';
import { within } from './connection/time-limit.js';
import { Engine } from './engine.js';
import type { Http } from './http/types.js';
import type { Unsent } from './outbox/early-input.js';
import { lastNumber } from './outbox/order.js';
import type { Clock, Timer, Unsubscribe } from './ports/environment.js';
import type { Ports } from './ports/ports.js';
import { type Database, StorageError } from './ports/storage.js';
import { ChatError } from './protocol/errors.js';
import { handled } from './protocol/handled.js';
import type { SyncState } from './sync/state.js';
import { loneTab } from './tabs/lone-tab.js';
import { sharedTabs } from './tabs/shared-tabs.js';
import type { AccountTabs } from './tabs/types.js';

/** How long a start waits to learn whether this tab leads, before it begins as one that follows. */
const LEADER_WAIT_MS = 50;

/** How long a tab that begins to lead, or to follow, waits until its next engine knows what was typed last. */
const MAX_HANDOVER_MS = 2_000;

/** How long what is stored may not be readable before its storage is opened anew. */
const MAX_READING_MS = 10_000;

/** By then the tabs have agreed which of two that lead goes on. */
const OVERTAKEN_MS = 4_000;

/** How long the end of an account waits for a storage that does not take what is still to be written, or does not answer. */
const MAX_END_MS = 15_000;
/** The same where nothing of it is to be kept. */
const MAX_LEAVE_MS = 500;

/** @throws ChatError STORAGE where it takes too long */
function read(clock: Clock, work: Promise<void>): Promise<void> {
  return within(clock, MAX_READING_MS, work, () => {
    throw new ChatError('STORAGE', 'What is stored could not be read.');
  });
}

/** What an account that runs is given by the one who opened it. */
export interface RunningAccountGiven {
  userId: string;
  name: string;
  /** Open. It is closed with the account. */
  database: Database;
  /** Whether somebody looks at the app; undefined where that does not say. */
  isActive(): boolean | undefined;
  /** The app wants no connection. */
  isSuspended(): boolean;
  /** Runs after the changes of the account that were asked for before. */
  change(work: () => Promise<void>): void;
  /** Another user's account in place of this one; within a change. */
  open(userId: string): Promise<void>;
  /** Its storage was removed. `unsent`: what of it goes into the next one, once nothing is added any more. */
  removed(unsent: () => Unsent): void;
  /** There is another engine. */
  changed(): void;
}

export interface RunningAccountPorts extends Omit<Ports, 'tokens'>, RunningAccountGiven {
  url: string;
  session: SessionTokens;
  http: Http;
  /** There may be other tabs on the same storage. */
  isShared: boolean;
  /** There can be no other tabs, nor anybody else with the same lock. */
  isAlone: boolean;
}

/** An account as it runs in this tab. Its engine is made anew from storage whenever this tab begins to lead, or to follow. */
export class RunningAccount {
  readonly #tabs: AccountTabs;
  /** From `start` on. */
  engine!: Engine;
  /** The engine led, and does no more, whatever its tab does by now. It is replaced, in a tab that is frozen once that is awake. */
  #isOver = false;
  #isEnded = false;
  #ends: Unsubscribe[] = [];
  #roleTimer: Timer | undefined;

  constructor(private readonly ports: RunningAccountPorts) {
    this.#tabs = ports.isAlone ? loneTab() : sharedTabs(ports.name, ports);
  }

  get userId(): string {
    return this.ports.userId;
  }

  get database(): Database {
    return this.ports.database;
  }

  /**
   * Resolves when it is known whether this tab leads, and what is stored is read. Rejects where it was closed, or cannot be read.
   * @param opened conversations that were opened or read already
   */
  async start(opened: Iterable<string>): Promise<void> {
    this.#tabs.tabs.start();
    await this.#knowsRole();
    if (this.#isEnded) return;
    this.engine = this.#newEngine();
    await read(this.ports.clock, this.engine.start(opened));
  }

  /** From now on it leads or follows as the tabs agree, and is connected. */
  async follow(): Promise<void> {
    const { tabs } = this.#tabs;
    this.database.onDestroyed?.(async (isEmptied) => {
      const { socket, outbox, drafts } = this.engine;
      const { session, removed } = this.ports;
      // Not one that is given the lead since the tab that had it does the same at this moment.
      const isLeader = socket !== undefined && tabs.getSnapshot() === 'leader';
      if (isEmptied) await session.saveAgain(isLeader);
      // The tab that led had all that was stored, and goes on from it.
      const isStored = outbox.unstored.length < outbox.getSnapshot().length;
      if (isEmptied && !isLeader && (await this.#isStoredAnew(isStored)))
        removed(() => ({ items: outbox.unshared, drafts: drafts.unshared }));
      else removed(() => ({ items: outbox.getSnapshot(), drafts: [...drafts.all] }));
    });
    this.#ends = [
      tabs.subscribe(() => {
        const { socket } = this.engine;
        // Another tab leads now: this one's connection is closed before anything else happens.
        if (tabs.getSnapshot() === 'follower' && socket !== undefined) {
          socket.close();
          this.#isOver = true;
        }
        this.ports.change(() => this.#takeRole());
      }),
      this.ports.lifecycle.subscribe((state) => {
        if (state === 'background') tabs.yield();
        else if (state === 'active') this.ports.change(() => this.#takeRole());
      }),
    ];
    await this.#takeRole();
    this.connect();
  }

  /** Now, rather than when its next try is due; not where nobody is logged in, or the app wants none. */
  connect(): void {
    const { socket } = this.engine;
    if (this.ports.session.userId === undefined) return socket?.setEnded();
    const isWanted = !this.#isOver && !this.ports.isSuspended();
    socket?.setWanted(isWanted);
    if (!isWanted) return;
    // A tab that follows has the one that leads try.
    if (socket === undefined) this.engine.wake();
    else socket.nudge();
  }

  /**
   * Resolves when nothing of it is left to write, or the storage has not taken it in time. What is stored stays.
   * @param isLeft nothing of it is to be kept
   */
  async end(isLeft = false): Promise<void> {
    const { clock, database } = this.ports;
    const limitMs = isLeft ? MAX_LEAVE_MS : MAX_END_MS;
    this.#isEnded = true;
    for (const end of this.#ends) end();
    clock.clearTimeout(this.#roleTimer);
    await this.#tabs.tabs.stop(async () => {
      const engine = this.engine as Engine | undefined;
      if (isLeft) engine?.giveUp();
      const stopped = engine?.stop().catch(() => undefined) ?? Promise.resolve();
      await within(clock, limitMs, stopped, () => engine?.giveUp());
      engine?.store.close();
    });
    await within(clock, limitMs, database.close(), () => undefined);
  }

  /** This tab leads from now on, or follows: from what is stored. */
  async #takeRole(): Promise<void> {
    const { engine } = this;
    const { clock } = this.ports;
    const isLeader = this.#tabs.tabs.getSnapshot() === 'leader';
    const isRight = isLeader === (engine.socket !== undefined);
    if (this.#isEnded || (isRight && !this.#isOver)) return;
    // A page that is frozen while it reads keeps the storage from the other tabs: it follows once it is awake again.
    this.#isOver = !isLeader && this.ports.lifecycle.getState() === 'background';
    clock.clearTimeout(this.#roleTimer);
    // One that the storage does not answer goes on writing what was typed: nothing of that is given up.
    const stopped = engine.stop().catch(() => undefined);
    await within(clock, MAX_END_MS, stopped, () => undefined);
    if (this.#isOver) return;
    const next = this.#newEngine(engine.sync.state);
    engine.shareWith(next);
    try {
      await read(clock, next.start(engine.sync.state.windows.keys()));
      // What is typed at this moment must not go from the screen; a storage that hangs holds up nobody.
      const shared = engine
        .shared()
        .then(() => next.sync.idle())
        .catch(() => undefined);
      await within(clock, MAX_HANDOVER_MS, shared, () => undefined);
    } catch (error) {
      // The storage was removed; or a newer version of the app has replaced the caches, and its tabs are to lead.
      // What is stopped is not connected again.
      this.#isOver = true;
      next.giveUp();
      await next.stop().catch(() => undefined);
      next.store.close();
      if (error instanceof StorageError && error.code === 'OUTDATED') this.#tabs.tabs.retire();
      else if (error instanceof ChatError) this.#takeRoleLater();
      throw error;
    }
    engine.handOver();
    this.engine = next;
    engine.store.close();
    this.ports.changed();
    this.connect();
  }

  /** Another engine in place of this one, behind the changes of the account that are asked for meanwhile. */
  #takeRoleLater(): void {
    const { clock, change } = this.ports;
    clock.clearTimeout(this.#roleTimer);
    this.#roleTimer = clock.setTimeout(() => {
      this.#isOver = true;
      change(() => this.#takeRole());
    }, OVERTAKEN_MS);
  }

  /**
   * Another tab has stored something in the storage that takes the place of this one.
   * @param isStored it has something to store, and may take its time until it does
   */
  async #isStoredAnew(isStored: boolean): Promise<boolean> {
    const { storage, name, clock } = this.ports;
    // Opened after the user has left it would be made anew.
    for (let looks = isStored ? MAX_LOOKS : 1; looks > 0 && !this.#isEnded; looks -= 1) {
      const database = await storage.open(name).catch(() => undefined);
      const last = await database?.transaction('readonly', ['outbox'], lastNumber).catch(() => 0);
      await database?.close().catch(() => undefined);
      if ((last ?? 0) > 0) return true;
      if (looks > 1) await pause(clock, LOOK_PAUSE_MS);
    }
    return false;
  }

  #newEngine(before?: SyncState): Engine {
    const { ports } = this;
    const identified = (actual: string): boolean => {
      if (actual === ports.userId) {
        void handled(ports.session.identify(actual));
        return true;
      }
      // A browser's cookies are another user's now, who has logged in elsewhere in it: not here.
      if (!ports.session.isProvided) {
        void handled(ports.session.end('SESSION_REVOKED'));
        return false;
      }
      // The application's tokens are another user's now.
      const { generation } = ports.session;
      ports.change(async () => {
        if (generation !== ports.session.generation) return;
        await ports.session.identify(actual);
        await ports.open(actual);
      });
      return false;
    };
    const { tabs } = this.#tabs;
    // From what the other one has stored.
    const overtaken = (): void => this.#takeRoleLater();
    const isActive = (): boolean => ports.isActive() ?? ports.lifecycle.getState() === 'active';
    const role = tabs.getSnapshot();
    return new Engine({ ...ports, role, tabs: this.#tabs, isActive, identified, overtaken }, before);
  }

  #knowsRole(): Promise<void> {
    const { clock } = this.ports;
    const { tabs } = this.#tabs;
    return new Promise((resolve) => {
      const done = (): void => {
        clock.clearTimeout(timer);
        end();
        resolve();
      };
      const timer = clock.setTimeout(done, LEADER_WAIT_MS);
      const end = tabs.subscribe(done);
      if (tabs.getSnapshot() === 'leader') done();
    });
  }
}
