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

export interface MemoryStorageOptions {
  /**
   * Ends a transaction whose work awaited something else, as IndexedDB does: for tests of what is written for all
   * adapters.
   */
  strict?: boolean;
}

/** Rows that live as long as this object: for tests, for servers, and where nothing else can be had. */
export function memoryStorage({ strict = false }: MemoryStorageOptions = {}): Storage {
  const accounts = new Map<string, Account>();
  const find = (name: string): Account => {
    let account = accounts.get(name);
    if (account === undefined) accounts.set(name, (account = new Account()));
    return account;
  };
  return {
    kind: 'memory',
    open: (name) => Promise.resolve(new MemoryDatabase(find(name), strict)),
    destroy: (name) => {
      const account = accounts.get(name);
      if (account !== undefined) account.destroyed = true;
      accounts.delete(name);
      return Promise.resolve();
    },
  };
}

class Account {
  destroyed = false;
  /** The last transaction; one follows another. */
  tail: Promise<unknown> = Promise.resolve();
  private readonly stores = new Map<StoreName, SortedRows>();

  store(name: StoreName): SortedRows {
    let rows = this.stores.get(name);
    if (rows === undefined) this.stores.set(name, (rows = new SortedRows()));
    return rows;
  }
}

/** Keys in order beside the values: inserting moves keys, which for tens of thousands of them costs microseconds. */
class SortedRows {
  readonly values = new Map<StorageKey, StoredValue>();
  private readonly keys: StorageKey[] = [];

  set(key: StorageKey, value: StoredValue): void {
    if (!this.values.has(key)) this.keys.splice(this.position(key), 0, key);
    this.values.set(key, value);
  }

  delete(key: StorageKey): void {
    if (this.values.delete(key)) this.keys.splice(this.position(key), 1);
  }

  between({ from, to, limit = Infinity, reverse = false }: KeyRange): StorageKey[] {
    const start = from === undefined ? 0 : this.position(from);
    const end = to === undefined ? this.keys.length : this.position(to);
    if (end <= start) return [];
    if (!reverse) return this.keys.slice(start, Math.min(end, start + limit));
    return this.keys.slice(Math.max(start, end - limit), end).reverse();
  }

  /** Of the first key that is not before this one. */
  private position(key: StorageKey): number {
    let low = 0;
    let high = this.keys.length;
    // What is new mostly comes last.
    const last = this.keys[high - 1];
    if (last !== undefined && last < key) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

class MemoryDatabase implements Database {
  private closed = false;

  constructor(
    private readonly account: Account,
    private readonly strict: boolean,
  ) {}

  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    if (this.closed) return Promise.reject(closed());
    const result = this.account.tail.then(async () => {
      if (this.account.destroyed) throw closed();
      const transaction = new MemoryTransaction(this.account, mode, stores, this.strict);
      try {
        const value = await work(transaction);
        transaction.end();
        return value;
      } catch (error) {
        transaction.rollBack();
        throw error;
      }
    });
    this.account.tail = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.account.tail;
  }
}

class MemoryTransaction implements StorageTransaction {
  private ended = false;
  private calls = 0;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly account: Account,
    private readonly mode: TransactionMode,
    private readonly stores: readonly StoreName[],
    private readonly strict: boolean,
  ) {
    this.watch();
  }

  get(store: StoreName, key: StorageKey): Promise<StoredValue | undefined> {
    return this.run(store, 'readonly', (rows) => copied(rows.values.get(key)));
  }

  range(store: StoreName, range: KeyRange = {}): Promise<StoredRow[]> {
    return this.run(store, 'readonly', (rows) =>
      rows.between(range).map((key) => ({ key, value: copied(rows.values.get(key)) as StoredValue })),
    );
  }

  put(store: StoreName, key: StorageKey, value: StoredValue): Promise<void> {
    return this.run(store, 'readwrite', (rows) => {
      this.remember(rows, key);
      rows.set(key, copied(value) as StoredValue);
    });
  }

  delete(store: StoreName, key: StorageKey): Promise<void> {
    return this.run(store, 'readwrite', (rows) => {
      this.remember(rows, key);
      rows.delete(key);
    });
  }

  deleteRange(store: StoreName, range: Omit<KeyRange, 'limit' | 'reverse'>): Promise<void> {
    return this.run(store, 'readwrite', (rows) => {
      for (const key of rows.between(range)) {
        this.remember(rows, key);
        rows.delete(key);
      }
    });
  }

  clear(store: StoreName): Promise<void> {
    return this.deleteRange(store, {});
  }

  end(): void {
    if (this.ended) throw inactive();
    this.ended = true;
  }

  rollBack(): void {
    this.ended = true;
    while (this.undo.length > 0) this.undo.pop()?.();
  }

  private remember(rows: SortedRows, key: StorageKey): void {
    const before = rows.values.get(key);
    this.undo.push(() => {
      if (before === undefined) rows.delete(key);
      else rows.set(key, before);
    });
  }

  private async run<Result>(
    store: StoreName,
    needs: TransactionMode,
    work: (rows: SortedRows) => Result,
  ): Promise<Result> {
    if (this.ended) throw inactive();
    if (!this.stores.includes(store)) throw new Error(`The transaction does not name the store ${store}.`);
    if (needs === 'readwrite' && this.mode === 'readonly') throw new Error('The transaction only reads.');
    this.calls += 1;
    this.watch();
    return work(this.account.store(store));
  }

  private watch(): void {
    if (!this.strict) return;
    const { calls } = this;
    setTimeout(() => {
      if (this.calls === calls) this.ended = true;
    });
  }
}

const closed = (): StorageError => new StorageError('CLOSED', 'The storage is closed.');
const inactive = (): Error => new Error('The transaction has ended: its work awaited something else.');

/** Neither side sees what the other changes later. Not structuredClone: React Native has none. */
function copied(value: StoredValue | undefined): StoredValue | undefined {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map((item: StoredValue) => copied(item) as StoredValue);
  // Not by assignment, which a field called __proto__ would turn into something else.
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, copied(item as StoredValue)]));
}
