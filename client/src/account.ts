import type { Session } from './auth/session.js';
import { doubledMs, pause } from './connection/backoff.js';
import { Listeners } from './connection/listeners.js';
import type { ConnectionSnapshot, Observable } from './connection/types.js';
import type { Engine } from './engine.js';
import type { Later } from './later.js';
import { EarlyInput, type Unsent } from './outbox/early-input.js';
import type { DurableOutbox } from './outbox/outbox.js';
import type { OutboxCommand, OutboxItem, UploadSource } from './outbox/types.js';
import type { Channel } from './ports/environment.js';
import type { Ports } from './ports/ports.js';
import { type Database, StorageError } from './ports/storage.js';
import { ChatError } from './protocol/errors.js';
import { handled } from './protocol/handled.js';
import type { RunningAccount } from './running-account.js';
import { type CachedSync, cachedView, readCached, type View } from './store/cached-view.js';
import type { SnapshotOf, StoreKey } from './store/types.js';
import { tabsChannelOf } from './tabs/types.js';

/** So often it is tried to read what an earlier run left, before it counts as not readable for now. */
const MAX_RESTORES = 3;

/** A storage that has not answered by then does not. */
const MAX_READING_MS = 10_000;

export interface AccountPorts extends Pick<Ports, 'storage' | 'channel' | 'clock'> {
  url: string;
  session: Session;
  /** What follows the first load. */
  later: () => Promise<Pick<Later, 'run' | 'forget'>>;
}

const notLoggedIn = (): ChatError => new ChatError('NOT_LOGGED_IN', 'No session.');
const left = (): ChatError => new ChatError('ABORTED', 'The client was closed.');
/** What cannot be read, or removed, at this moment. */
const failed = (cause: unknown): never => {
  throw new ChatError('STORAGE', 'The storage failed.', { cause });
};

/** An account from when its storage is open until its engine runs. */
class Opening {
  /** What is stored, once it is read. */
  view: View<CachedSync> | undefined;
  /** Why it goes no further. */
  reason: Error | undefined;
  /** Ends what it waits for. */
  stop: (reason: Error) => void = () => undefined;
  /** Rejects as soon as it is stopped. */
  readonly stopped: Promise<never>;

  constructor(
    readonly userId: string,
    readonly database: Database,
  ) {
    this.stopped = handled(
      new Promise((_, reject) => {
        this.stop = (reason) => {
          this.reason ??= reason;
          reject(reason);
          // Whatever reads from it ends, too.
          void handled(database.close());
        };
      }),
    );
  }
}

/** The user who is logged in on this device, and the engine that runs for them; what is observed of it moves on to the next. */
export class CurrentAccount {
  #running: RunningAccount | undefined;
  #opening: Opening | undefined;
  readonly #early = new EarlyInput();
  /** What is shown while nobody is logged in. */
  readonly #nothing = cachedView(this.#early);
  /** Rises with each log-out. */
  departures = 0;
  /** So many want to leave whichever account is opened meanwhile. */
  #leaving = 0;
  /** Changes of the account follow one another. */
  #change: Promise<unknown> = Promise.resolve();
  isClosed = false;
  /** An account may still come without a log-in: that of the session with this generation. */
  #restoring: number | undefined;
  #isSuspended = false;
  /** Undefined where the app does not say. */
  #isActive: boolean | undefined;
  #idle: ConnectionSnapshot = { status: 'offline' };
  readonly #listeners = new Listeners();
  /** Resolves when an earlier run's account is there, or there is none, or after a few tries to read it. Never rejects. */
  readonly ready: Promise<void>;

  constructor(private readonly ports: AccountPorts) {
    ports.session.onEnd((code) => {
      this.engine?.socket?.setEnded(code);
      this.setIdle({ status: 'ended', code });
    });
    this.ready = new Promise((resolve) => {
      void this.#restore(resolve);
    });
  }

  get engine(): Engine | undefined {
    return this.#running?.engine;
  }

  /** Resolves when the changes that were asked for are done. */
  get settled(): Promise<unknown> {
    return this.#change;
  }

  get #isRestoring(): boolean {
    return !this.isClosed && this.#restoring === this.ports.session.generation;
  }

  /** The connection's status while there is no engine. */
  readonly idle: Observable<ConnectionSnapshot> = { getSnapshot: () => this.#idle, subscribe: () => () => undefined };

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
      () => this.shown.store,
      (store) => store.observe(key),
    );
  }

  /** What is shown. */
  get shown(): View {
    return this.engine ?? this.#opening?.view ?? this.#nothing;
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
    if (this.engine !== undefined) return this.engine.keepDraft(conversationId, text);
    if (this.#opening === undefined && !this.#isRestoring) return;
    this.#early.keepDraft(conversationId, text, this.shown.store.pendingIdOf(conversationId));
    this.#refuseWithoutSession();
  }

  /** Shown in this tick; resolves when it survives the end of the app. */
  enqueue(command: OutboxCommand, files: readonly UploadSource[]): Promise<void> {
    const { engine } = this;
    if (engine !== undefined) return engine.enqueue(command, files);
    if (command.type === 'read') this.shown.sync.read(command.conversationId, command.seq);
    this.#refuseWithoutSession();
    return this.#early.add(command, files, this.ports.clock.now());
  }

  /** In this tick, so that it is shown at once; where the session of an earlier run is still being opened, after that. */
  async withOutbox<Result>(work: (outbox: DurableOutbox) => Promise<Result>): Promise<Result> {
    if (this.engine === undefined) {
      await this.ready;
      await this.settled;
    }
    const { engine } = this;
    if (engine === undefined) throw this.#failure();
    return work(engine.outbox);
  }

  /** False where it may have been sent. */
  cancel(clientId: string): Promise<boolean> {
    // Nothing is there any more once there is an engine.
    const early = this.#early.cancel(clientId);
    if (early === undefined) return this.withOutbox((outbox) => outbox.cancel(clientId));
    this.#refuseWithoutSession();
    return early;
  }

  #refuseWithoutSession(): void {
    void this.ready
      .then(() => this.settled)
      .then(() => {
        if (!this.#isRestoring && this.#running === undefined && this.#opening === undefined) this.#refuse();
      });
  }

  /** Why there is no engine. */
  #failure(): ChatError {
    return this.isClosed ? left() : notLoggedIn();
  }

  #refuse(): void {
    this.#early.refuse(this.#failure());
  }

  /** What it returns nobody has to wait for, nor look at. */
  change<Result>(work: () => Promise<Result>): Promise<Result> {
    const change = this.#change.then(work);
    this.#change = change.catch(() => undefined);
    return change;
  }

  /** What cannot be read now is tried again, until it can, or somebody logs in or out. */
  async #restore(known: () => void): Promise<void> {
    const { session, clock } = this.ports;
    this.#restoring = session.generation;
    for (let failures = 1; ; failures += 1) {
      try {
        await this.change(async () => {
          if (!this.#isRestoring) return;
          // Another tab may have logged out since the last time.
          if (session.userId !== undefined) return void (await this.#openAgain(session.userId));
          const userId = await session.restore();
          if (userId === undefined) this.setIdle({ status: 'ended' });
          else await this.open(userId);
        });
        break;
      } catch {
        if (!this.#isRestoring) break;
        if (failures === MAX_RESTORES) {
          this.setIdle({ status: 'ended', code: 'STORAGE' });
          known();
        }
        await pause(clock, doubledMs(failures));
      }
    }
    this.#restoring = undefined;
    known();
    this.#refuseWithoutSession();
  }

  async open(userId: string): Promise<void> {
    if (this.isClosed) throw left();
    if (this.#running?.userId === userId) {
      // The same person again: what is in the outbox goes on.
      return this.#running.connect();
    }
    await this.end();
    this.#early.begin(userId, notLoggedIn());
    const name = this.nameOf(userId);
    const database = await this.ports.storage.open(name).catch(failed);
    const opening = new Opening(userId, database);
    this.#opening = opening;
    database.onDestroyed?.(() => opening.stop(new StorageError('CLOSED', 'The storage was closed.')));
    if (this.isClosed || this.#leaving > 0) opening.stop(left());
    const unlessStopped = <Result>(work: Promise<Result>): Promise<Result> => Promise.race([work, opening.stopped]);
    let running: RunningAccount | undefined;
    try {
      const { clock } = this.ports;
      const timer = clock.setTimeout(
        () => opening.stop(new ChatError('STORAGE', 'The storage failed.')),
        MAX_READING_MS,
      );
      await unlessStopped(this.#showCached(opening)).finally(() => clock.clearTimeout(timer));
      const later = await unlessStopped(this.#later());
      await unlessStopped(this.#early.pause());
      running = later.run({
        userId,
        name,
        database,
        isActive: () => this.#isActive,
        change: (work) => void this.change(work),
        open: (actual) => this.open(actual),
        isSuspended: () => this.#isSuspended,
        removed: (unsentOf) => void this.change(() => this.#removed(database, unsentOf)),
        changed: () => this.#listeners.call(),
      });
      await unlessStopped(running.start(opening.view?.sync.touched ?? []));
      if (opening.reason !== undefined) throw opening.reason;
    } catch (cause) {
      return this.#notOpened(opening, running, cause);
    }
    opening.view?.store.close();
    this.#opening = undefined;
    this.#running = running;
    this.#early.handTo(running.engine);
    this.#listeners.call();
    await running.follow();
  }

  /** Before what runs on it is loaded. What cannot be read now is read by the engine, which does not give up. */
  async #showCached(opening: Opening): Promise<void> {
    const { userId, database } = opening;
    const cached = await readCached(database, this.#early).catch(() => undefined);
    if (opening.reason !== undefined) return;
    opening.view = cached?.view;
    const channel = (): Channel => this.ports.channel(tabsChannelOf(this.nameOf(userId)));
    this.#early.storeIn({ database, channel }, cached?.items ?? [], cached?.drafts ?? []);
    this.#listeners.call();
  }

  /** It was left, or its storage ended, before its engine ran: then what the user did goes into the next one. */
  async #notOpened(opening: Opening, running: RunningAccount | undefined, cause: unknown): Promise<void> {
    const { userId, database, view } = opening;
    const unsent = await this.#early.leave();
    view?.store.close();
    this.#opening = undefined;
    this.#listeners.call();
    await running?.end().catch(() => undefined);
    // Not waited for: one that does not answer does not close either.
    void handled(database.close());
    const reason = opening.reason ?? cause;
    if (!this.isClosed && reason instanceof StorageError && reason.code === 'CLOSED') {
      if (await this.#openAgain(userId, unsent)) return;
    } else if (reason instanceof ChatError) throw reason;
    if (!this.#isRestoring) this.#refuse();
    failed(cause);
  }

  async #removed(database: Database, unsentOf: () => Unsent): Promise<void> {
    const running = this.#running;
    if (running?.database !== database) return;
    this.#restoring = this.ports.session.generation;
    // What was being written has nowhere to go.
    await this.end().catch(() => undefined);
    if (this.isClosed) return;
    try {
      await this.#openAgain(running.userId, unsentOf());
      this.#restoring = undefined;
    } catch {
      void this.#restore(() => undefined);
    }
  }

  /**
   * Another tab has logged out, or somebody has removed what is stored: then what is not sent yet is stored anew. False where
   * the session has ended; rejects where that cannot be known now.
   */
  async #openAgain(userId: string, unsent?: Unsent): Promise<boolean> {
    const { session } = this.ports;
    if (unsent !== undefined) this.#early.restore(userId, unsent);
    const isCurrent = await session.isCurrent(userId).catch(failed);
    if (isCurrent) await this.open(userId);
    else {
      session.forget();
      this.setIdle({ status: 'ended', code: 'LOGGED_OUT' });
      this.#refuse();
    }
    return isCurrent;
  }

  /** All that runs: it is asked for until it comes. */
  async #later(): ReturnType<AccountPorts['later']> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.ports.later();
      } catch {
        await pause(this.ports.clock, doubledMs(failures));
        if (this.isClosed) throw left();
      }
    }
  }

  /** Whether somebody looks at the app. From now on the app says. */
  setActive(isActive: boolean): void {
    this.#isActive = isActive;
    this.engine?.setActive(isActive);
  }

  /** Closes the connection until it is taken back. */
  setSuspended(isSuspended: boolean): void {
    this.#isSuspended = isSuspended;
    this.#running?.connect();
  }

  /** The user leaves, whether the account runs or is being opened, and nothing of it stays on this device. */
  leave(): Promise<void> {
    const { session, storage } = this.ports;
    this.departures += 1;
    this.#leaving += 1;
    const isUnread = this.#isRestoring;
    this.#restoring = undefined;
    this.#opening?.stop(left());
    return this.change(async () => {
      this.#leaving -= 1;
      let userId = this.#running?.userId ?? session.userId;
      await this.end(true);
      // One that still cannot be read stays as it is.
      if (isUnread) userId ??= await session.restore().catch(() => undefined);
      const { held } = session;
      await session.leave(userId).catch(() => {
        void handled(this.#later().then((later) => later.forget(held?.accessToken)));
      });
      this.setIdle({ status: 'ended' });
      this.#refuse();
      if (userId !== undefined) await storage.destroy(this.nameOf(userId)).catch(failed);
    });
  }

  /** Nobody is logged in from now on; what is stored stays. */
  async end(isLeft?: boolean): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.setIdle({ status: 'offline' });
    await running.end(isLeft);
  }

  /** Of the storage of a user of this server. */
  nameOf(userId: string): string {
    return `${this.ports.url.replace(/^\w+:\/\//, '')}:${userId}`;
  }

  /** Ends everything in this process, for good. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.#opening?.stop(left());
    await this.change(() => this.end());
    this.#refuse();
  }
}
