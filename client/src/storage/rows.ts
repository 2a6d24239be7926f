import {
  type KeyRange,
  type StorageKey,
  StorageError,
  type StorageTransaction,
  type StoreName,
  type StoredRow,
  type StoredValue,
  type TransactionMode,
} from '../ports/storage.js';

/** A row as a transaction leaves it; without a value it is gone. */
export interface RowChange {
  readonly store: StoreName;
  readonly key: StorageKey;
  readonly value: StoredValue | undefined;
}

export interface TransactionOptions {
  strict?: boolean;
  /** Makes the changes durable; where it rejects, nothing has happened. */
  commit?: (changes: readonly RowChange[]) => Promise<void>;
}

/** The rows of one account in memory, and the transactions on them, one after another. */
export class Account {
  destroyed = false;
  /** The last transaction; one follows another. */
  tail: Promise<unknown> = Promise.resolve();
  readonly stores = new Map<StoreName, SortedRows>();

  /** Runs after all that were asked for before; `commit` may still refuse it, which takes it back as a whole. */
  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
    { strict = false, commit }: TransactionOptions = {},
  ): Promise<Result> {
    const result = this.tail.then(async () => {
      if (this.destroyed) throw closedError();
      const transaction = new RowsTransaction(this, mode, stores, strict);
      try {
        const value = await work(transaction);
        transaction.end();
        const changes = transaction.changes();
        if (changes.length > 0) await commit?.(changes);
        return value;
      } catch (error) {
        transaction.rollBack();
        throw error;
      }
    });
    this.tail = result.catch(() => undefined);
    return result;
  }

  store(name: StoreName): SortedRows {
    let rows = this.stores.get(name);
    if (rows === undefined) this.stores.set(name, (rows = new SortedRows()));
    return rows;
  }
}

/** Keys in order beside the values: inserting moves keys, which for tens of thousands of them costs microseconds. */
export class SortedRows {
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

class RowsTransaction implements StorageTransaction {
  private ended = false;
  private calls = 0;
  /** Rows that it has changed, as they were before. */
  private readonly before = new Map<string, { rows: SortedRows; change: RowChange }>();

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
      this.remember(store, rows, key);
      rows.set(key, copied(value) as StoredValue);
    });
  }

  delete(store: StoreName, key: StorageKey): Promise<void> {
    return this.run(store, 'readwrite', (rows) => {
      this.remember(store, rows, key);
      rows.delete(key);
    });
  }

  deleteRange(store: StoreName, range: Omit<KeyRange, 'limit' | 'reverse'>): Promise<void> {
    return this.run(store, 'readwrite', (rows) => {
      for (const key of rows.between(range)) {
        this.remember(store, rows, key);
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

  changes(): RowChange[] {
    return [...this.before.values()].map(({ rows, change: { store, key } }) => ({
      store,
      key,
      value: rows.values.get(key),
    }));
  }

  rollBack(): void {
    this.ended = true;
    for (const { rows, change } of this.before.values()) {
      if (change.value === undefined) rows.delete(change.key);
      else rows.set(change.key, change.value);
    }
  }

  private remember(store: StoreName, rows: SortedRows, key: StorageKey): void {
    const id = `${store} ${key}`;
    if (!this.before.has(id)) this.before.set(id, { rows, change: { store, key, value: rows.values.get(key) } });
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

export const closedError = (): StorageError => new StorageError('CLOSED', 'The storage is closed.');
const inactive = (): Error => new Error('The transaction has ended: its work awaited something else.');

/** Neither side sees what the other changes later. Not structuredClone: React Native has none. */
function copied(value: StoredValue | undefined): StoredValue | undefined {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map((item: StoredValue) => copied(item) as StoredValue);
  // Not by assignment, which a field called __proto__ would turn into something else.
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, copied(item as StoredValue)]));
}
