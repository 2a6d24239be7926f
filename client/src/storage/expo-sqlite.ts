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
import { CACHE_LAYOUT, isDurable, STORES } from './layout.js';
import { decode, encode } from './stored-value.js';

type Parameter = string | number | Uint8Array;

/** The part of expo-sqlite's connection that is used. */
export interface ExpoSqliteDatabase {
  execAsync(sql: string): Promise<void>;
  runAsync(sql: string, parameters: Parameter[]): Promise<unknown>;
  getAllAsync<Row>(sql: string, parameters: Parameter[]): Promise<Row[]>;
  closeAsync(): Promise<void>;
}

/** The part of the module `expo-sqlite` that is used: `import * as SQLite from 'expo-sqlite'` fits. */
export interface ExpoSqlite {
  openDatabaseAsync(name: string, options?: { useNewConnection?: boolean }): Promise<ExpoSqliteDatabase>;
  deleteDatabaseAsync(name: string): Promise<void>;
}

export interface ExpoSqliteOptions {
  /** What the files' names begin with. */
  prefix?: string;
  /** How long one waits for another connection's lock, before the transaction fails. */
  busyTimeoutMs?: number;
  /** For tests of what a newer or an older version of the app does to the file. */
  cacheLayout?: number;
}

/**
 * By file, whichever object opened it: a second connection is what "database is locked" mostly comes from, and a file that is open
 * is not removed.
 */
const connectionsOf = new WeakMap<ExpoSqlite, Map<string, Connection>>();

export function expoSqliteStorage(sqlite: ExpoSqlite, options: ExpoSqliteOptions = {}): Storage {
  const { prefix = 'parley', busyTimeoutMs = 10_000, cacheLayout = CACHE_LAYOUT } = options;
  const connections = connectionsOf.get(sqlite) ?? new Map<string, Connection>();
  connectionsOf.set(sqlite, connections);
  const fileName = (name: string): string =>
    `${prefix}-${name.replace(/[^a-zA-Z0-9-]/g, (character) => `_${(character.codePointAt(0) ?? 0).toString(16)}_`)}.db`;
  return {
    kind: 'expo-sqlite',
    open: async (name) => {
      const file = fileName(name);
      let connection = connections.get(file);
      if (connection === undefined || connection.closed) {
        connection = new Connection(sqlite, file, busyTimeoutMs, cacheLayout);
        connections.set(file, connection);
      }
      const database = new SqliteDatabase(connection);
      try {
        await database.transaction('readonly', [], () => Promise.resolve());
      } catch (error) {
        await database.close();
        throw error;
      }
      return database;
    },
    destroy: async (name) => {
      const file = fileName(name);
      const connection = connections.get(file);
      connections.delete(file);
      await connection?.destroy();
      try {
        await sqlite.deleteDatabaseAsync(file);
      } catch (error) {
        if (!/not found|no such file|does not exist/i.test(String(error))) throw unavailable(error);
      }
    },
  };
}

/** A handle of its own on the shared connection: closing one leaves the others. */
class SqliteDatabase implements Database {
  private closed = false;
  private readonly ends: (() => void)[] = [];

  constructor(private readonly connection: Connection) {
    connection.users += 1;
  }

  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    if (this.closed) return Promise.reject(closedError());
    return this.connection.transaction(mode, stores, work);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const end of this.ends) end();
    this.connection.users -= 1;
    if (this.connection.users === 0) await this.connection.close();
    else await this.connection.settled();
  }

  onDestroyed(listener: (isEmptied: boolean) => unknown): void {
    const { destroyListeners } = this.connection;
    const call = (): unknown => listener(false);
    destroyListeners.add(call);
    this.ends.push(() => void destroyListeners.delete(call));
  }
}

class Connection {
  users = 0;
  closed = false;
  readonly destroyListeners = new Set<() => unknown>();
  private handle: ExpoSqliteDatabase | undefined;
  /** Durable transactions wait for the disk, those of caches need not. */
  private isSynchronous = true;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly sqlite: ExpoSqlite,
    private readonly fileName: string,
    private readonly busyTimeoutMs: number,
    private readonly cacheLayout: number,
  ) {}

  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    if (this.closed) return Promise.reject(closedError());
    const result = this.tail.then(() => this.attempt(mode, stores, work));
    this.tail = result.catch(() => undefined);
    return result;
  }

  async settled(): Promise<void> {
    await this.tail;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.tail;
    await this.drop();
  }

  destroy(): Promise<void> {
    const closed = this.close();
    for (const listener of [...this.destroyListeners]) listener();
    return closed;
  }

  /** Runs the work; once more on a new connection where the old one had died, and as long as another one holds the file. */
  private async attempt<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    let reopened = false;
    let waitedMs = 0;
    for (;;) {
      try {
        return await this.run(mode, stores, work);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const { cause } = error;
        if (isFull(cause)) throw new StorageError('QUOTA', 'The storage is full.', { cause });
        if (isBusy(cause)) {
          if (waitedMs >= this.busyTimeoutMs) throw unavailable(cause);
          const delayMs = Math.min(20 + waitedMs, 500);
          waitedMs += delayMs;
          await new Promise((resolve) => setTimeout(resolve, delayMs));
          continue;
        }
        await this.drop();
        if (reopened) throw unavailable(cause);
        reopened = true;
      }
    }
  }

  private async run<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    const handle = await this.open();
    const isSynchronous = mode === 'readwrite' && stores.some(isDurable);
    if (mode === 'readwrite' && isSynchronous !== this.isSynchronous) {
      await guarded(() => handle.execAsync(`PRAGMA synchronous = ${isSynchronous ? 'FULL' : 'NORMAL'}`));
      this.isSynchronous = isSynchronous;
    }
    // IMMEDIATE takes the lock for writing now, before the work has begun: it is never refused half-way.
    await guarded(() => handle.execAsync(mode === 'readwrite' ? 'BEGIN IMMEDIATE' : 'BEGIN'));
    const transaction = new SqliteTransaction(handle, mode, stores);
    try {
      const result = await work(transaction);
      await transaction.flush();
      transaction.end();
      await guarded(() => handle.execAsync('COMMIT'));
      return result;
    } catch (error) {
      transaction.end();
      try {
        await handle.execAsync('ROLLBACK');
      } catch {
        // SQLite had rolled back itself, or the connection is dead: nobody knows, so the next one gets a new one.
        await this.drop();
      }
      // The work may have turned the failure of a statement into an error of its own.
      throw transaction.failure ?? error;
    }
  }

  private async open(): Promise<ExpoSqliteDatabase> {
    if (this.handle !== undefined) return this.handle;
    const handle = await guarded(() => this.sqlite.openDatabaseAsync(this.fileName, { useNewConnection: true }));
    try {
      await guarded(() => this.prepare(handle));
    } catch (error) {
      await closeQuietly(handle);
      throw error;
    }
    this.handle = handle;
    this.isSynchronous = true;
    return handle;
  }

  private async prepare(handle: ExpoSqliteDatabase): Promise<void> {
    await handle.execAsync('PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const [row] = await handle.getAllAsync<{ user_version: number }>('PRAGMA user_version', []);
    if (row?.user_version === this.cacheLayout) return;
    // In one transaction: a kill in between leaves the file as it was. Durable stores are made, never dropped.
    const statements = STORES.map((store) => {
      // Rows beside their keys, so that a conversation's messages are read from neighbouring pages; not the large ones.
      const clustered = store === 'uploadChunks' ? '' : ' WITHOUT ROWID';
      const create = `CREATE TABLE IF NOT EXISTS "${store}" (key TEXT PRIMARY KEY NOT NULL, value NOT NULL)${clustered};`;
      return isDurable(store) ? create : `DROP TABLE IF EXISTS "${store}"; ${create}`;
    });
    try {
      await handle.execAsync(
        `BEGIN IMMEDIATE; ${statements.join(' ')} PRAGMA user_version = ${this.cacheLayout}; COMMIT;`,
      );
    } catch (error) {
      await handle.execAsync('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  private async drop(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    if (handle !== undefined) await closeQuietly(handle);
  }
}

/** SQLite's own limit of parameters is at least 999. */
const ROWS_PER_STATEMENT = 300;

class SqliteTransaction implements StorageTransaction {
  failure: Failure | undefined;
  private ended = false;
  /** Writes not yet handed to SQLite: many rows cross the bridge as one statement. */
  private readonly writes = new Map<StoreName, Map<StorageKey, string | Uint8Array>>();

  constructor(
    private readonly handle: ExpoSqliteDatabase,
    private readonly mode: TransactionMode,
    private readonly stores: readonly StoreName[],
  ) {}

  async get(store: StoreName, key: StorageKey): Promise<StoredValue | undefined> {
    this.check(store, 'readonly');
    const written = this.writes.get(store)?.get(key);
    if (written !== undefined) return decode(written);
    const [row] = await this.query<{ value: string | Uint8Array }>(`SELECT value FROM "${store}" WHERE key = ?`, [key]);
    return row === undefined ? undefined : decode(row.value);
  }

  async range(store: StoreName, range: KeyRange = {}): Promise<StoredRow[]> {
    this.check(store, 'readonly');
    await this.flush();
    const { sql, parameters } = condition(range);
    const order = range.reverse === true ? ' ORDER BY key DESC' : ' ORDER BY key';
    const limit = range.limit === undefined ? '' : ' LIMIT ?';
    if (range.limit !== undefined) parameters.push(range.limit);
    const rows = await this.query<{ key: string; value: string | Uint8Array }>(
      `SELECT key, value FROM "${store}"${sql}${order}${limit}`,
      parameters,
    );
    return rows.map(({ key, value }) => ({ key, value: decode(value) }));
  }

  async put(store: StoreName, key: StorageKey, value: StoredValue): Promise<void> {
    this.check(store, 'readwrite');
    let writes = this.writes.get(store);
    if (writes === undefined) this.writes.set(store, (writes = new Map()));
    writes.set(key, encode(value));
  }

  async delete(store: StoreName, key: StorageKey): Promise<void> {
    this.check(store, 'readwrite');
    this.writes.get(store)?.delete(key);
    await this.execute(`DELETE FROM "${store}" WHERE key = ?`, [key]);
  }

  async deleteRange(store: StoreName, range: Omit<KeyRange, 'limit' | 'reverse'>): Promise<void> {
    this.check(store, 'readwrite');
    await this.flush();
    const { sql, parameters } = condition(range);
    await this.execute(`DELETE FROM "${store}"${sql}`, parameters);
  }

  clear(store: StoreName): Promise<void> {
    return this.deleteRange(store, {});
  }

  end(): void {
    this.ended = true;
  }

  async flush(): Promise<void> {
    for (const [store, writes] of this.writes) {
      this.writes.delete(store);
      const rows = [...writes];
      for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
        const part = rows.slice(start, start + ROWS_PER_STATEMENT);
        const places = part.map(() => '(?, ?)').join(', ');
        await this.execute(`INSERT OR REPLACE INTO "${store}" (key, value) VALUES ${places}`, part.flat());
      }
    }
  }

  private check(store: StoreName, needs: TransactionMode): void {
    if (this.ended) throw new Error('The transaction has ended.');
    if (!this.stores.includes(store)) throw new Error(`The transaction does not name the store ${store}.`);
    if (needs === 'readwrite' && this.mode === 'readonly') throw new Error('The transaction only reads.');
  }

  private query<Row>(sql: string, parameters: Parameter[]): Promise<Row[]> {
    return this.noted(() => this.handle.getAllAsync<Row>(sql, parameters));
  }

  private async execute(sql: string, parameters: Parameter[]): Promise<void> {
    await this.noted(() => this.handle.runAsync(sql, parameters));
  }

  private async noted<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await guarded(work);
    } catch (error) {
      this.failure ??= error as Failure;
      throw error;
    }
  }
}

/** SQLite or its bridge failed, not the work of the caller. */
class Failure extends Error {
  constructor(cause: unknown) {
    super('SQLite failed.', { cause });
  }
}

async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(error);
  }
}

function condition({ from, to }: KeyRange): { sql: string; parameters: Parameter[] } {
  const parameters: Parameter[] = [];
  const terms: string[] = [];
  if (from !== undefined) {
    terms.push('key >= ?');
    parameters.push(from);
  }
  if (to !== undefined) {
    terms.push('key < ?');
    parameters.push(to);
  }
  return { sql: terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`, parameters };
}

// expo-sqlite passes on SQLite's text; codes are there on some platforms only.
const isBusy = (error: unknown): boolean =>
  /database (table )?is locked|SQLITE_BUSY|SQLITE_LOCKED/i.test(String(error));
const isFull = (error: unknown): boolean => /database or disk is full|SQLITE_FULL|no space left/i.test(String(error));

const closedError = (): StorageError => new StorageError('CLOSED', 'The storage is closed.');
const unavailable = (cause: unknown): StorageError => new StorageError('UNAVAILABLE', 'The storage failed.', { cause });

async function closeQuietly(handle: ExpoSqliteDatabase): Promise<void> {
  try {
    await handle.closeAsync();
  } catch {
    // It was dead already.
  }
}
