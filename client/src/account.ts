import { type Session } from './auth/session.js';
import { doubledMs, pause } from './connection/backoff.js';
import { Listeners } from './connection/listeners.js';
import type { ConnectionSnapshot, Observable } from './connection/types.js';
import type { Engine } from './engine.js';
import type { Http } from './http/types.js';
import { type EarlyCommand, EarlyCommands } from './outbox/early-commands.js';
import type { OutboxCommand, OutboxItem, UploadSource } from './outbox/types.js';
import type { Unsubscribe } from './ports/environment.js';
import type { SocketFactory } from './ports/network.js';
import type { Ports } from './ports/ports.js';
import { type Database, StorageError } from './ports/storage.js';
import { ChatError } from './protocol/errors.js';
import { CachedStore, readCachedStore } from './store/cached-store.js';
import type { ChatStore } from './store/store.js';
import type { SnapshotOf, StoreKey } from './store/types.js';
import { noChannel } from './tabs/broadcast-channel.js';
import type { AccountTabs } from './tabs/types.js';

/** How long a start waits to learn whether this tab leads, before it begins as one that follows. */
const LEADER_WAIT_MS = 50;
/** How often a storage is opened that does not open. */
const MAX_OPENINGS = 3;

/** What follows the first load. */
type Later = typeof import('./later.js');

export interface AccountPorts extends Omit<Ports, 'socket'> {
  /** Without one, Socket.IO over what the platform has. */
  socket: SocketFactory | undefined;
  url: string;
  /** There can be no other tabs, nor anybody else with the same lock. */
  isAlone: boolean;
  session: Session;
  http: Http;
}

interface Account {
  userId: string;
  name: string;
  database: Database;
  tabs: AccountTabs;
  later: Later;
  engine: Engine;
  /** The engine led, and does no more, whatever its tab does by now. */
  isOver: boolean;
  end: Unsubscribe;
}

const notLoggedIn = (): ChatError => new ChatError('NOT_LOGGED_IN', 'There is no session: log in.');
const NOT_WATCHED: Unsubscribe = () => undefined;

/** The user who is logged in on this device, and the engine that runs for them; what is observed of it moves on to the next. */
export class CurrentAccount {
  #account: Account | undefined;
  readonly #early = new EarlyCommands();
  /** What is shown while nobody is logged in. */
  readonly #nothing = new CachedStore(this.#early);
  /** What is stored of a user, from when it was read until the engine shows it. */
  #cached: { userId: string; store: CachedStore } | undefined;
  /** Changes of the account follow one another. */
  #change: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #isSuspended = false;
  #idle: ConnectionSnapshot = { status: 'offline' };
  readonly #listeners = new Listeners();

  constructor(private readonly ports: AccountPorts) {
    ports.session.onEnd((code) => {
      this.engine?.socket?.setEnded(code);
      this.setIdle({ status: 'ended', code });
    });
  }

  get engine(): Engine | undefined {
    return this.#account?.engine;
  }

  /** Resolves when the changes that were asked for are done. */
  get settled(): Promise<unknown> {
    return this.#change;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  requireEngine(): Engine {
    const { engine } = this;
    if (engine !== undefined) return engine;
    this.#requireOpen();
    throw notLoggedIn();
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new ChatError('ABORTED', 'The client was closed.');
  }

  /** The connection's status while there is no engine. */
  readonly idle: Observable<ConnectionSnapshot> = { getSnapshot: () => this.#idle, subscribe: () => NOT_WATCHED };

  setIdle(snapshot: ConnectionSnapshot): void {
    this.#idle = snapshot;
    this.#listeners.call();
  }

  /** Called when there is another engine, or none; what is observed has moved on by then, if it was observed before. */
  readonly subscribe = this.#listeners.add;

  /** A part of whichever engine there is. */
  part<Snapshot>(of: (engine: Engine | undefined) => Observable<Snapshot>): Observable<Snapshot> {
    return this.#following(() => this.engine, of);
  }

  observe<Key extends StoreKey>(key: Key): Observable<SnapshotOf<Key>> {
    return this.#following(
      () => this.store,
      (store) => store.observe(key),
    );
  }

  /** What is shown. */
  get store(): ChatStore {
    return this.engine?.store ?? this.#cached?.store ?? this.#nothing;
  }

  readonly outbox = this.part((engine): Observable<readonly OutboxItem[]> => engine?.outbox ?? this.#early);

  #following<Source, Snapshot>(
    current: () => Source,
    of: (source: Source) => Observable<Snapshot>,
  ): Observable<Snapshot> {
    return {
      getSnapshot: () => of(current()).getSnapshot(),
      subscribe: (listener) => {
        let source = current();
        let end = of(source).subscribe(listener);
        const endChanges = this.subscribe(() => {
          if (source !== current()) {
            end();
            source = current();
            end = of(source).subscribe(listener);
          }
          listener();
        });
        return () => {
          endChanges();
          end();
        };
      },
    };
  }

  /** Without a session nothing happens. */
  keepDraft(conversationId: string, text: string): void {
    const { engine } = this;
    if (engine === undefined) return this.#cached?.store.keepDraft(conversationId, text);
    engine.drafts.keep(conversationId, text);
    const pendingId = engine.store.pendingIdOf(conversationId);
    // What was written before there was a conversation.
    if (pendingId !== conversationId) engine.drafts.keep(pendingId, '');
  }

  /**
   * Shown in this tick, and done when the engine is there.
   * @param ready when it is known whether there is a session
   */
  enqueue(command: OutboxCommand, files: readonly UploadSource[], ready: Promise<void>): Promise<void> {
    if (this.engine !== undefined) return this.engine.enqueue(command, files);
    return new Promise((settle, reject) => {
      const early: EarlyCommand = { command, files, userId: this.#cached?.userId, settle };
      this.#early.add(early, this.ports.clock.now());
      ready
        .then(() => this.settled)
        .then(() => {
          if (this.#early.remove(early)) this.requireEngine();
        })
        .catch(reject);
    });
  }

  change<Result>(work: () => Promise<Result>): Promise<Result> {
    const change = this.#change.then(work);
    this.#change = change.catch(() => undefined);
    return change;
  }

  async open(userId: string): Promise<void> {
    this.#requireOpen();
    if (this.#account?.userId === userId) {
      // The same person again: what is in the outbox goes on.
      this.#want(this.#account.engine);
      this.#account.engine.socket?.nudge();
      return;
    }
    await this.end();
    const name = `${this.ports.url.replace(/^\w+:\/\//, '')}:${userId}`;
    let database: Database;
    try {
      database = await this.#openStorage(name);
    } catch (cause) {
      this.setIdle({ status: 'ended', code: 'STORAGE' });
      throw new ChatError('STORAGE', 'The storage of this device could not be opened.', { cause });
    }
    database.onDestroyed?.(() => {
      if (this.#account !== undefined) return;
      this.#endCached();
      this.#listeners.call();
    });
    // Before what runs on it is loaded. What cannot be read now is read by the engine, which does not give up.
    const store = await readCachedStore(database, this.#early).catch(() => undefined);
    this.#cached = store && { userId, store };
    this.#listeners.call();
    const { later, tabs } = await this.#joinTabs(name).catch(async (error: unknown) => {
      await database.close();
      throw error;
    });
    const account: Account = {
      userId,
      name,
      database,
      tabs,
      later,
      engine: this.#engineFor({ userId, database, tabs, later }),
      isOver: false,
      end: () => undefined,
    };
    try {
      await account.engine.start();
    } catch (cause) {
      return this.#notOpened(account, cause);
    }
    this.#account = account;
    this.#takeOver(account);
    database.onDestroyed?.(() => this.#destroyed(account));
    const ends = [
      tabs.tabs.subscribe(() => {
        // Another tab leads now: this one's connection is closed before anything else happens.
        if (tabs.tabs.getSnapshot() === 'follower' && account.engine.socket !== undefined) {
          account.engine.socket.close();
          account.isOver = true;
        }
        this.change(() => this.#takeRole(account)).catch(() => undefined);
      }),
      this.ports.lifecycle.subscribe((state) => state === 'background' && tabs.tabs.yield()),
    ];
    account.end = () => ends.forEach((end) => end());
    await this.#takeRole(account);
    this.#listeners.call();
    this.#want(account.engine);
  }

  /** One that does not open at this moment, as on a phone that wakes, is not given up. */
  async #openStorage(name: string): Promise<Database> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.ports.storage.open(name);
      } catch (error) {
        const isFinal = error instanceof StorageError && error.code === 'OUTDATED';
        if (isFinal || failures === MAX_OPENINGS || this.#isClosed) throw error;
        await pause(this.ports.clock, doubledMs(failures));
      }
    }
  }

  /** What the user did before the engine was there. */
  #takeOver({ userId, engine }: Account): void {
    const drafts = this.#cached?.store.typed ?? [];
    this.#endCached();
    for (const [conversationId, text] of drafts) this.keepDraft(conversationId, text);
    for (const early of this.#early.takeAll()) {
      const isTheirs = early.userId === undefined || early.userId === userId;
      early.settle(isTheirs ? engine.enqueue(early.command, early.files) : Promise.reject(notLoggedIn()));
    }
  }

  /** The storage ended before the engine was there: what the user did meanwhile waits for the next one. */
  async #notOpened({ userId, tabs, engine, database }: Account, cause: unknown): Promise<void> {
    this.#endCached();
    await tabs.tabs.stop(() => engine.stop().catch(() => undefined));
    await database.close();
    const isRemoved = cause instanceof StorageError && cause.code === 'CLOSED';
    if (isRemoved && !this.#isClosed) {
      if (await this.ports.session.isCurrent(userId)) return this.open(userId);
      this.ports.session.forget();
    }
    this.setIdle({ status: 'ended', code: isRemoved ? 'LOGGED_OUT' : 'STORAGE' });
    throw new ChatError('STORAGE', 'The storage of this device could not be read.', { cause });
  }

  #endCached(): void {
    this.#cached?.store.close();
    this.#cached = undefined;
  }

  /** Another tab has logged out, or somebody has removed what is stored: then what is not sent yet is stored anew. */
  #destroyed(account: Account): void {
    this.change(async () => {
      if (this.#account !== account || this.#isClosed) return;
      const unsent = account.engine.outbox.getSnapshot();
      // What was being written has nowhere to go.
      await this.end().catch(() => undefined);
      if (await this.ports.session.isCurrent(account.userId)) {
        await this.open(account.userId);
        await this.engine?.outbox.adopt(unsent);
      } else {
        this.ports.session.forget();
        this.setIdle({ status: 'ended', code: 'LOGGED_OUT' });
      }
    }).catch(() => undefined);
  }

  /** This tab leads from now on, or follows: from what is stored. */
  async #takeRole(account: Account): Promise<void> {
    const { engine, tabs } = account;
    const isRight = (tabs.tabs.getSnapshot() === 'leader') === (engine.socket !== undefined);
    if (this.#account !== account || (isRight && !account.isOver)) return;
    account.isOver = false;
    await engine.stop();
    const next = this.#engineFor(account);
    await next.start();
    account.engine = next;
    this.#listeners.call();
    this.#want(next);
  }

  #engineFor({ userId, database, tabs, later }: Pick<Account, 'userId' | 'database' | 'tabs' | 'later'>): Engine {
    return new later.Engine({
      ...this.ports,
      socket: this.ports.socket ?? later.socketIo,
      role: tabs.tabs.getSnapshot(),
      isShared: this.ports.channel !== noChannel,
      database,
      tabs,
      identified: (actual) => {
        if (actual === userId) return true;
        // The application's tokens are another user's now.
        this.change(async () => {
          await this.ports.session.identify(actual);
          await this.open(actual);
        }).catch(() => undefined);
        return false;
      },
    });
  }

  #want({ socket }: Engine): void {
    if (this.ports.session.userId === undefined) socket?.setEnded();
    else socket?.setWanted(!this.#isSuspended);
  }

  /** All that runs: it is asked for until it comes. */
  async #later(): Promise<Later> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await import('./later.js');
      } catch {
        await pause(this.ports.clock, doubledMs(failures));
        this.#requireOpen();
      }
    }
  }

  /** Resolves when it is known whether this tab leads. */
  async #joinTabs(name: string): Promise<Pick<Account, 'later' | 'tabs'>> {
    const later = await this.#later();
    const tabs = this.ports.isAlone ? later.loneTab() : later.sharedTabs(name, this.ports);
    tabs.tabs.start();
    await this.#knowsRole(tabs);
    return { later, tabs };
  }

  #knowsRole({ tabs }: AccountTabs): Promise<void> {
    const { clock } = this.ports;
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

  /** Closes the connection until it is taken back. */
  setSuspended(isSuspended: boolean): void {
    this.#isSuspended = isSuspended;
    const socket = this.engine?.socket;
    socket?.setWanted(!isSuspended && this.ports.session.userId !== undefined);
    if (!isSuspended) socket?.nudge();
  }

  /** Nobody is logged in from now on; what is stored stays, under the name that is returned. */
  async end(): Promise<string | undefined> {
    this.#endCached();
    const account = this.#account;
    if (account === undefined) return undefined;
    const { name, database, tabs, engine } = account;
    account.end();
    this.#account = undefined;
    this.setIdle({ status: 'offline' });
    await tabs.tabs.stop(() => engine.stop());
    await database.close();
    return name;
  }

  /** Ends everything in this process, for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.change(() => this.end());
  }
}
