import {
  type Database,
  type KeyRange,
  type Storage,
  type StorageKey,
  StorageError,
  type StorageTransaction,
  type StoreName,
  type StoredRow,
  type StoredValue,
  type TransactionMode,
} from '../ports/storage.js';
import type { GlobalOf } from '../ports/platform-types.js';
import { CACHE_LAYOUT, isDurable, STORES } from './layout.js';

export interface IndexedDbOptions {
  /** What the databases' names begin with. */
  prefix?: string;
  /** Instead of the global ones. */
  indexedDB?: GlobalOf<'indexedDB'> | undefined;
  keyRange?: GlobalOf<'IDBKeyRange'>;
  /** How long one waits for the database to open: another tab may block it, and some browsers forget to answer. */
  openTimeoutMs?: number;
  /** For tests of what a newer or an older version of the app does to this one. */
  cacheLayout?: number | undefined;
}

export function indexedDbStorage(options: IndexedDbOptions = {}): Storage {
  const settings: Settings = {
    prefix: options.prefix ?? 'parley',
    factory: options.indexedDB ?? ownFactory(),
    keyRange: options.keyRange ?? (globalThis as { IDBKeyRange?: typeof IDBKeyRange }).IDBKeyRange,
    openTimeoutMs: options.openTimeoutMs ?? 10_000,
    cacheLayout: options.cacheLayout ?? CACHE_LAYOUT,
  };
  askPermission(settings.factory);
  return {
    kind: 'indexeddb',
    open: async (name) => {
      const database = new IndexedDatabase(`${settings.prefix}:${name}`, settings);
      await database.ready();
      return database;
    },
    destroy: async (name) => {
      const { factory } = settings;
      if (factory === undefined) throw new StorageError('UNAVAILABLE', 'There is no IndexedDB here.');
      // Open handles get `versionchange` and close; the request waits until they have. One that is halted holds up nobody for
      // good: it is removed as soon as that one goes on.
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve, reject) => {
        const request = factory.deleteDatabase(`${settings.prefix}:${name}`);
        request.addEventListener('success', () => resolve());
        request.addEventListener('error', () => reject(failure(request.error)));
        timer = setTimeout(resolve, MAX_REMOVAL_MS);
      }).finally(() => clearTimeout(timer));
    },
  };
}

/** Some pages may not even look whether there is one. */
function ownFactory(): IDBFactory | undefined {
  try {
    return (globalThis as { indexedDB?: IDBFactory }).indexedDB;
  } catch {
    return undefined;
  }
}

/**
 * Chromium's page asks another process whether it may use IndexedDB before the first request leaves, which takes a slow phone
 * some ten milliseconds: asked here, it is answered while the app begins. What is asked for is of no interest.
 */
function askPermission(factory: IDBFactory | undefined): void {
  try {
    factory?.databases?.().catch(() => undefined);
  } catch {
    // The storage says so when it is opened.
  }
}

/** How long the removal of a database is waited for, which a tab may not let go of. */
const MAX_REMOVAL_MS = 5_000;
const MAX_UPGRADE_ATTEMPTS = 8;

interface Settings {
  prefix: string;
  factory: IDBFactory | undefined;
  keyRange: typeof IDBKeyRange | undefined;
  openTimeoutMs: number;
  cacheLayout: number;
}

interface Task {
  number: number;
  mode: TransactionMode;
  stores: readonly StoreName[];
  attempts: number;
  /** Settles the caller's promise, or throws `LostConnection`, after which it may be called once more. */
  attempt(handle: IDBDatabase): Promise<void>;
  reject(error: unknown): void;
}

/**
 * Browsers close the connection behind one's back: after a long sleep of a phone, when the disk fills, when the user
 * clears the site's data, when another tab upgrades. Transactions that this cuts short are done once more on a new
 * connection, in their old order; nothing new begins before the last of them has ended on the old one.
 */
class IndexedDatabase implements Database {
  private handle: IDBDatabase | undefined;
  private opening = false;
  private hadHandle = false;
  /** There was a transaction on this handle. */
  private isUsed = false;
  /** Another version of the app has replaced the caches: only durable rows can still be had. */
  private outdated = false;
  private closed = false;
  private count = 0;
  private waiting: Task[] = [];
  private readonly running = new Set<Task>();
  private readonly idle: (() => void)[] = [];
  private readonly destroyedListeners: ((isEmptied: boolean) => void)[] = [];

  constructor(
    private readonly name: string,
    private readonly settings: Settings,
  ) {}

  /** So that a browser without storage says so at the beginning. Without a transaction: what is shown first waits for it. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const attempt = async (): Promise<void> => resolve();
      this.waiting.push({ number: ++this.count, mode: 'readonly', stores: ['meta'], attempts: 0, attempt, reject });
      this.pump();
    });
  }

  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.closed) {
        reject(new StorageError('CLOSED', 'The storage is closed.'));
        return;
      }
      this.waiting.push({
        number: ++this.count,
        mode,
        stores,
        attempts: 0,
        attempt: async (handle) => resolve(await this.run(handle, mode, stores, work)),
        reject,
      });
      this.pump();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.waiting.length > 0 || this.running.size > 0 || this.opening)
      await new Promise<void>((resolve) => this.idle.push(resolve));
    this.handle?.close();
    this.handle = undefined;
  }

  private pump(): void {
    if (this.waiting.length === 0) {
      if (this.running.size === 0 && !this.opening) for (const wake of this.idle.splice(0)) wake();
      return;
    }
    if (this.opening) return;
    const { handle } = this;
    if (handle !== undefined) {
      for (const task of this.waiting.splice(0)) this.begin(task, handle);
      return;
    }
    if (this.running.size > 0) return;
    this.opening = true;
    this.open()
      .then(
        (opened) => this.adopt(opened),
        (error: unknown) => {
          for (const task of this.waiting.splice(0)) task.reject(failure(error));
        },
      )
      .finally(() => {
        this.opening = false;
        this.pump();
      });
  }

  private begin(task: Task, handle: IDBDatabase): void {
    if (this.outdated && !task.stores.every(isDurable)) {
      task.reject(new StorageError('OUTDATED', 'Another version of this app has opened the storage: reload.'));
      return;
    }
    this.running.add(task);
    task.attempts += 1;
    task
      .attempt(handle)
      .catch((error: unknown) => {
        if (!(error instanceof LostConnection)) return task.reject(error);
        this.forget(handle);
        if (task.attempts > 1) return task.reject(failure(error.cause));
        this.waiting.push(task);
        this.waiting.sort((one, other) => one.number - other.number);
      })
      .finally(() => {
        this.running.delete(task);
        this.pump();
      });
  }

  private adopt(handle: IDBDatabase): void {
    this.handle = handle;
    this.hadHandle = true;
    this.isUsed = false;
    handle.addEventListener('close', () => this.openAgain(handle));
    handle.addEventListener('versionchange', (event) => {
      // Deleted, by this tab or another one: to open it again would make it anew.
      if (event.newVersion !== null) return this.openAgain(handle);
      this.forget(handle);
      this.destroyed(false);
    });
  }

  private forget(handle: IDBDatabase): void {
    if (this.handle === handle) this.handle = undefined;
    handle.close();
  }

  /**
   * Now, not when it is needed: where the browser has emptied the storage, what is not sent is to be stored anew. One that was closed
   * before anything was done with it would be again, and without end.
   */
  private openAgain(handle: IDBDatabase): void {
    this.forget(handle);
    if (!this.closed && this.isUsed) this.ready().catch(() => undefined);
  }

  onDestroyed(listener: (isEmptied: boolean) => void): void {
    this.destroyedListeners.push(listener);
  }

  private destroyed(isEmptied: boolean): void {
    this.closed = true;
    for (const task of this.waiting.splice(0)) task.reject(new StorageError('CLOSED', 'The storage was removed.'));
    for (const listener of this.destroyedListeners.splice(0)) listener(isEmptied);
  }

  /**
   * The version that IndexedDB counts only says that something changed: a deployment that was taken back must find its way
   * in again. What decides is which stores there are, and the caches' names hold their layout. A page that had them and
   * finds them replaced is the old one and leaves them replaced, so that two versions never fight.
   */
  private async open(): Promise<IDBDatabase> {
    let version: number | undefined;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const handle = await this.request(version);
        if (STORES.every((store) => handle.objectStoreNames.contains(this.storeName(store)))) {
          this.outdated = false;
          return handle;
        }
        if (this.hadHandle) {
          this.outdated = true;
          return handle;
        }
        version = handle.version + 1;
        handle.close();
        if (attempt >= MAX_UPGRADE_ATTEMPTS) throw new StorageError('OUTDATED', 'Two versions of this app contend.');
      } catch (error) {
        // Another tab was quicker with its upgrade; or the browser is still closing what it closed.
        const isPassing =
          (error as Error | null)?.name === 'VersionError' ||
          (this.hadHandle && attempt === 0 && !(error instanceof StorageError));
        if (!isPassing || attempt >= MAX_UPGRADE_ATTEMPTS) throw error;
        version = undefined;
      }
    }
  }

  private request(version: number | undefined): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const { factory, openTimeoutMs } = this.settings;
      if (factory === undefined) throw new StorageError('UNAVAILABLE', 'There is no IndexedDB here.');
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(new StorageError('UNAVAILABLE', 'The storage did not open: another tab may be holding it.'));
      }, openTimeoutMs);
      const request = factory.open(this.name, version);
      request.addEventListener('upgradeneeded', ({ oldVersion }) => {
        if (this.hadHandle && oldVersion === 0) {
          // Nothing was said of it: the browser has emptied the origin's storage, since the disk is full, say.
          request.transaction?.abort();
          reject(new StorageError('CLOSED', 'The storage was removed.'));
          return this.destroyed(true);
        }
        const names = new Set(STORES.map((store) => this.storeName(store)));
        for (const existing of Array.from(request.result.objectStoreNames))
          if (!isDurable(existing) && !names.has(existing)) request.result.deleteObjectStore(existing);
        for (const name of names)
          if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name);
      });
      request.addEventListener('success', () => {
        clearTimeout(timer);
        if (late) request.result.close();
        else resolve(request.result);
      });
      request.addEventListener('error', () => {
        clearTimeout(timer);
        reject(request.error ?? new Error('IndexedDB failed without an error.'));
      });
    });
  }

  private storeName(store: StoreName): string {
    return isDurable(store) ? store : `${store}@${this.settings.cacheLayout}`;
  }

  private async run<Result>(
    handle: IDBDatabase,
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    this.isUsed = true;
    let native: IDBTransaction;
    try {
      // What the user made is flushed to the disk before it counts as kept; what the server can send again is not.
      native = handle.transaction(
        stores.map((store) => this.storeName(store)),
        mode,
        { durability: mode === 'readwrite' && stores.some(isDurable) ? 'strict' : 'relaxed' },
      );
    } catch (error) {
      throw new LostConnection(error);
    }
    let lose: () => void = () => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      native.addEventListener('complete', () => resolve());
      native.addEventListener('abort', () => reject(native.error));
      // Chromium, where the disk is full, ends a transaction with its connection and says nothing of it.
      lose = () => reject(native.error);
    });
    handle.addEventListener('close', lose);
    ended.catch(() => undefined).finally(() => handle.removeEventListener('close', lose));
    const transaction = new IndexedTransaction(
      native,
      (store) => native.objectStore(this.storeName(store)),
      this.settings.keyRange ?? IDBKeyRange,
    );
    let result: Result;
    try {
      result = await work(transaction);
    } catch (error) {
      const end = await transaction.abort(ended);
      // What the work throws of its own accord is its caller's; what its requests met is looked at here.
      if (error !== transaction.failed || end === 'committed') throw error;
      throw classified(end === 'rolled back' ? error : end.cause);
    }
    try {
      await ended;
    } catch (error) {
      throw classified(error);
    }
    return result;
  }
}

class IndexedTransaction implements StorageTransaction {
  /** The error of the first request that failed. */
  failed: unknown;

  constructor(
    private readonly native: IDBTransaction,
    private readonly objectStore: (store: StoreName) => IDBObjectStore,
    private readonly keyRange: typeof IDBKeyRange,
  ) {}

  get(store: StoreName, key: StorageKey): Promise<StoredValue | undefined> {
    return this.answer<StoredValue | undefined>(() => this.objectStore(store).get(key));
  }

  async range(store: StoreName, range: KeyRange = {}): Promise<StoredRow[]> {
    const within = this.within(range);
    if (within === 'nothing' || range.limit === 0) return [];
    const objectStore = this.ask(() => this.objectStore(store)) as IDBObjectStore & Partial<AllRecords>;
    if (objectStore.getAllRecords !== undefined) {
      const options = {
        query: within ?? null,
        direction: range.reverse === true ? ('prev' as const) : ('next' as const),
        ...(range.limit === undefined ? {} : { count: range.limit }),
      };
      const records = await this.answer<{ key: IDBValidKey; value: StoredValue }[]>(
        () => objectStore.getAllRecords?.(options) as IDBRequest,
      );
      return records.map(({ key, value }) => ({ key: key as StorageKey, value }));
    }
    // Browsers before it.
    if (range.reverse === true) return this.backwards(objectStore, within, range.limit);
    const [keys, values] = await Promise.all([
      this.answer<IDBValidKey[]>(() => objectStore.getAllKeys(within, range.limit)),
      this.answer<StoredValue[]>(() => objectStore.getAll(within, range.limit)),
    ]);
    return values.map((value, index) => ({ key: keys[index] as StorageKey, value }));
  }

  // A write is only handed over: where it fails, the whole transaction does.
  put(store: StoreName, key: StorageKey, value: StoredValue): Promise<void> {
    // A part of a larger buffer would be kept with all of it.
    const whole = !(value instanceof Uint8Array) || value.byteLength === value.buffer.byteLength;
    return this.hand(() => this.objectStore(store).put(whole ? value : value.slice(), key));
  }

  delete(store: StoreName, key: StorageKey): Promise<void> {
    return this.hand(() => this.objectStore(store).delete(key));
  }

  deleteRange(store: StoreName, range: Omit<KeyRange, 'limit' | 'reverse'>): Promise<void> {
    const within = this.within(range);
    if (within === undefined) return this.clear(store);
    return within === 'nothing' ? Promise.resolve() : this.hand(() => this.objectStore(store).delete(within));
  }

  clear(store: StoreName): Promise<void> {
    return this.hand(() => this.objectStore(store).clear());
  }

  /** Rolls back, unless the transaction had ended: by what, or well, because the work awaited something else. */
  async abort(ended: Promise<void>): Promise<'rolled back' | 'committed' | { cause: unknown }> {
    let alreadyEnded = false;
    try {
      this.native.abort();
    } catch {
      alreadyEnded = true;
    }
    try {
      await ended;
      return 'committed';
    } catch (cause) {
      return alreadyEnded ? { cause } : 'rolled back';
    }
  }

  private within({ from, to }: KeyRange): IDBKeyRange | undefined | 'nothing' {
    if (from !== undefined && to !== undefined)
      return from < to ? this.keyRange.bound(from, to, false, true) : 'nothing';
    if (from !== undefined) return this.keyRange.lowerBound(from);
    return to === undefined ? undefined : this.keyRange.upperBound(to, true);
  }

  /** All keys down to the limit are cheaper than a cursor that stops at each row. */
  private async backwards(
    objectStore: IDBObjectStore,
    within: IDBKeyRange | undefined,
    limit: number | undefined,
  ): Promise<StoredRow[]> {
    const keys = await this.answer<IDBValidKey[]>(() => objectStore.getAllKeys(within));
    const wanted = limit === undefined ? keys : keys.slice(-limit);
    const first = wanted[0];
    const last = wanted.at(-1);
    if (first === undefined || last === undefined) return [];
    const values = await this.answer<StoredValue[]>(() => objectStore.getAll(this.keyRange.bound(first, last)));
    return values.map((value, index) => ({ key: wanted[index] as StorageKey, value })).reverse();
  }

  private answer<Result>(ask: () => IDBRequest): Promise<Result> {
    return new Promise((resolve, reject) => {
      const request = this.ask(ask);
      request.addEventListener('success', () => resolve(request.result as Result));
      request.addEventListener('error', () => {
        this.failed ??= request.error;
        reject(request.error ?? new Error('IndexedDB failed without an error.'));
      });
    });
  }

  private async hand(ask: () => IDBRequest): Promise<void> {
    this.ask(ask);
  }

  private ask<Result>(ask: () => Result): Result {
    try {
      return ask();
    } catch (error) {
      // Its error event may come later than this: whether the connection was lost or the work was too slow.
      if ((error as Error | null)?.name === 'InvalidStateError') this.failed ??= error;
      throw error;
    }
  }
}

interface AllRecords {
  getAllRecords(options: { query: IDBKeyRange | null; count?: number; direction: 'next' | 'prev' }): IDBRequest;
}

/** The connection is no more; on a new one the same may succeed. */
class LostConnection extends Error {
  constructor(cause: unknown) {
    super('The connection to IndexedDB was lost.', { cause });
  }
}

function classified(error: unknown): unknown {
  const name = (error as Error | null)?.name;
  if (name === 'QuotaExceededError') return failure(error);
  // The fault is of a row itself: to repeat it would change nothing.
  if (name === 'DataError' || name === 'DataCloneError' || name === 'ConstraintError') return error;
  return new LostConnection(error);
}

function failure(error: unknown): unknown {
  if (error instanceof StorageError) return error;
  const full = (error as Error | null)?.name === 'QuotaExceededError';
  const message = full ? 'The storage is full.' : 'The storage failed.';
  return new StorageError(full ? 'QUOTA' : 'UNAVAILABLE', message, { cause: error });
}
