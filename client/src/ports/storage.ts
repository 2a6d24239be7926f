/**
 * Rows that survive the page or the app, and must outlive every fault of what is cached beside them.
 *
 * A store is a map from keys to values, ordered by key. `DURABLE_STORES` hold what the user made and the server does not
 * have yet: nothing but the user's own action or `Storage.destroy` ever removes a row of theirs. `CACHE_STORES` hold what
 * the server can send again; a reset clears them as a whole.
 */
export const DURABLE_STORES = ['outbox', 'drafts', 'uploads', 'uploadChunks'] as const;
export const CACHE_STORES = [
  'conversations',
  'messages',
  'coverage',
  'receipts',
  'users',
  'friends',
  'friendRequests',
  'meta',
] as const;

export type DurableStore = (typeof DURABLE_STORES)[number];
export type CacheStore = (typeof CACHE_STORES)[number];
export type StoreName = DurableStore | CacheStore;

/** What JSON can say, and bytes (the chunks of files that wait for their upload). Values are copied, never shared. */
export type StoredValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly StoredValue[]
  | { readonly [field: string]: StoredValue | undefined };

/**
 * Keys are printable ASCII, 1 to 400 characters, so that every adapter orders them alike (by code unit). Numbers inside a
 * key are padded: `orderedKey`.
 */
export type StorageKey = string;

export interface KeyRange {
  /** The first key that belongs to it, inclusive. */
  from?: StorageKey;
  /** The first key that no longer belongs to it, exclusive. */
  to?: StorageKey;
  /** At most so many rows; without it all of them. */
  limit?: number;
  /** From the last key down. `limit` then counts from the end. */
  reverse?: boolean;
}

export interface StoredRow {
  key: StorageKey;
  value: StoredValue;
}

/** Of several stores, each in the order of its keys. */
export type StoredRows = Partial<Record<StoreName, readonly StoredRow[]>>;

/**
 * One transaction. Every method throws once the transaction has ended. Reads see the transaction's own writes.
 * Between its first and last call the work may await nothing but these methods: IndexedDB commits a transaction that
 * nobody uses, and the other adapters refuse it in tests likewise.
 */
export interface StorageTransaction {
  get(store: StoreName, key: StorageKey): Promise<StoredValue | undefined>;
  put(store: StoreName, key: StorageKey, value: StoredValue): Promise<void>;
  /** No error where there is no such row. */
  delete(store: StoreName, key: StorageKey): Promise<void>;
  deleteRange(store: StoreName, range: Omit<KeyRange, 'limit' | 'reverse'>): Promise<void>;
  /** In the order of the keys. */
  range(store: StoreName, range?: KeyRange): Promise<StoredRow[]>;
  clear(store: StoreName): Promise<void>;
}

export type TransactionMode = 'readonly' | 'readwrite';

/**
 * One account's rows. Guarantees:
 * - A transaction happens as a whole or not at all. When its promise resolves, it survives a kill of the process (for
 *   durable stores also a loss of power, as far as the platform can promise it).
 * - Transactions that name a common store and of which one writes follow one another in the order of their calls; a
 *   transaction never sees another one half done. This holds between tabs too, in some order.
 * - A work that throws, or whose promise rejects, is rolled back, and the transaction rejects with that same error.
 * - A dead handle (the browser closed it, the app came back from a long sleep, the database is "locked" or its connection
 *   "has been closed") is opened again and the transaction tried once more: a work may run twice and must change nothing
 *   outside the transaction before it has resolved.
 * - Storage's own failures are a `StorageError`. A full disk (`QUOTA`) leaves every row as it was.
 */
export interface Database {
  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result>;
  /** Ends after the transactions that were asked for. Later ones reject with `CLOSED`. */
  close(): Promise<void>;
  /**
   * Called once, when somebody else has removed it (another tab, the user): all that was kept is gone, and it is closed.
   * `isEmptied`: the browser itself has, with all else that was kept beside it.
   */
  onDestroyed?(listener: (isEmptied: boolean) => unknown): void;
}

export interface Storage {
  /** What it is: `memory`, which tabs do not share, `indexeddb`, `expo-sqlite`, `file`. */
  readonly kind: string;
  /**
   * The rows of one account of one server; other names see nothing of them. Created where there is none. A layout of an
   * older version is brought up to date: durable rows are kept, caches may be emptied.
   */
  open(name: string): Promise<Database>;
  /** Removes all of one account's rows, durable ones too: after a log-out. Open handles of it are closed. */
  destroy(name: string): Promise<void>;
}

export type StorageErrorCode =
  /** The disk or the origin's share of it is full. */
  | 'QUOTA'
  /** `close` was called, or the account was destroyed. */
  | 'CLOSED'
  /** A newer version of the app has opened the same database elsewhere; this one must be reloaded. */
  | 'OUTDATED'
  /** No storage here (private window, storage denied), or it fails again after it was opened anew. */
  | 'UNAVAILABLE';

export class StorageError extends Error {
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'StorageError';
  }
}

/** Parts joined so that keys order as their parts do: text as it is, numbers (integers from 0) by their size. */
export function orderedKey(...parts: readonly (string | number)[]): StorageKey {
  return parts.map((part) => (typeof part === 'number' ? String(part).padStart(16, '0') : part)).join('/');
}

/** All keys that begin with these parts. */
export function keysBelow(...parts: readonly (string | number)[]): { from: StorageKey; to: StorageKey } {
  // '0' is the character after '/'.
  const prefix = orderedKey(...parts);
  return { from: `${prefix}/`, to: `${prefix}0` };
}
