import { doubledMs, pause } from '../connection/backoff.js';
import type { Clock } from '../ports/environment.js';
import {
  CACHE_STORES,
  type Database,
  DURABLE_STORES,
  keysBelow,
  StorageError,
  type StorageTransaction,
  type StoredValue,
  type StoreName,
} from '../ports/storage.js';
import type { RowChanges } from './state.js';

type Row = RowChanges['rows'][number];

/** Between two tries: a user who makes room on the disk waits no longer. */
const MAX_PAUSE_MS = 5_000;
/** A transaction of another tab that was halted in the middle holds up everybody's: who waits longer is given the reason. */
const MAX_SILENT_MS = 5_000;

/** The row of `meta` that says who writes the cache. */
export const WRITER = 'writer';

/**
 * Reads from storage, again and again while it does not answer: what it has is not given up for a bad moment.
 * @throws what the storage failed with, where it is closed or another version's, or `isGivenUp` says so
 */
export async function readPersistently<Result>(
  clock: Clock,
  read: () => Promise<Result>,
  isGivenUp: (failures: number) => boolean = () => false,
): Promise<Result> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await read();
    } catch (error) {
      if (error instanceof StorageError && (error.code === 'CLOSED' || error.code === 'OUTDATED')) throw error;
      if (isGivenUp(failures + 1)) throw error;
      await pause(clock, doubledMs(failures));
    }
  }
}

interface Batch {
  cleared: Set<StoreName>;
  dropped: Set<string>;
  rows: Map<string, RowChanges['rows'][number]>;
  waiters: { resolve: () => void; reject: (reason: unknown) => void }[];
}

/**
 * Writes rows in the order in which they were given, each call's within one transaction. What comes while one is under way
 * goes into the next. A transaction that fails is tried until it succeeds, together with what came after it: storage is
 * never ahead of itself. Where the disk is full, the cache is given up, so that what the user typed still fits.
 */
export interface RowWriterOptions {
  /** Called with what is stored from now on, before the promise of who gave it resolves. */
  written?: (changes: RowChanges) => void;
  /** Called each time that the storage has refused rows more than once, and every MAX_SILENT_MS in which it does not answer. */
  failed?: () => void;
  /** The last word about the rows, within the transaction that stores them. It may be asked twice of the same ones. */
  prepare?: (transaction: StorageTransaction, rows: readonly Row[]) => Promise<readonly Row[]>;
  /**
   * Marks the cache as this writer's. Where another one has put its own mark, this one was overtaken while it was frozen:
   * what it still has to say of the cache is older, and is not written.
   */
  mark?: string;
  /** Called when that was so. */
  overtaken?: () => void;
}

export class RowWriter {
  #next = emptyBatch();
  #current: Batch | undefined;
  #isWriting = false;
  #isClosed = false;
  #keepsCache = true;
  #isMarked = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly options: RowWriterOptions = {},
  ) {}

  /** Resolves when all of it survives a kill; rejects only when the storage is closed. */
  write(changes: RowChanges): Promise<void> {
    if (this.#isClosed) return Promise.reject(new StorageError('CLOSED', 'The storage is closed.'));
    add(this.#next, changes);
    const { waiters } = this.#next;
    const done = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
    void this.#run();
    return done;
  }

  /** Resolves when what was given so far is written. */
  flush(): Promise<void> {
    return this.#isWriting ? this.write({ rows: [] }) : Promise.resolve();
  }

  /** Makes room for what the user gives. Resolves when there is no cache in the storage any more. */
  giveUpCache(): Promise<void> {
    if (this.#keepsCache) this.#leaveOutCache(this.#next);
    return this.write({ rows: [] });
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** What is on its way for this key: newer than what is stored. */
  unwritten(store: StoreName, key: string): StoredValue | undefined {
    const id = `${store} ${key}`;
    return (this.#next.rows.get(id) ?? this.#current?.rows.get(id))?.[2];
  }

  /** Whether something is on its way for this key, its removal included. */
  isUnwritten(store: StoreName, key: string): boolean {
    const id = `${store} ${key}`;
    return this.#next.rows.has(id) || this.#current?.rows.has(id) === true;
  }

  unwrittenBelow(store: StoreName, prefix: string): StoredValue[] {
    const rows = new Map([...(this.#current?.rows ?? []), ...this.#next.rows]);
    return [...rows.values()].flatMap(([of, key, value]) =>
      of === store && value !== undefined && key.startsWith(`${prefix}/`) ? [value] : [],
    );
  }

  close(): void {
    this.#isClosed = true;
  }

  async #run(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    // What is given in this tick goes together.
    await Promise.resolve();
    for (let failures = 0; this.#next.waiters.length > 0; ) {
      const batch = this.#next;
      this.#next = emptyBatch();
      this.#current = batch;
      if (!this.#keepsCache) forgetCache(batch);
      try {
        await this.#commit(batch).finally(this.#watch());
        failures = 0;
        this.options.written?.(changesOf(batch));
        for (const { resolve } of batch.waiters) resolve();
      } catch (error) {
        const code = error instanceof StorageError ? error.code : undefined;
        // A page that another version has overtaken keeps what the user types; the caches are the other's.
        const isLeftDurable = code === 'OUTDATED' && leaveCache(batch);
        if (isLeftDurable) this.#keepsCache = false;
        else if (this.#isClosed || code === 'CLOSED' || code === 'OUTDATED') {
          for (const { reject } of [...batch.waiters, ...this.#next.waiters]) reject(error);
          this.#next = emptyBatch();
          break;
        }
        if (code === 'QUOTA') this.#leaveOutCache(batch);
        add(batch, changesOf(this.#next));
        batch.waiters.push(...this.#next.waiters);
        this.#next = batch;
        failures += 1;
        if (failures > 1) this.options.failed?.();
        if ((code !== 'QUOTA' && !isLeftDurable) || failures > 1)
          await pause(this.clock, Math.min(MAX_PAUSE_MS, doubledMs(failures)));
      }
    }
    this.#current = undefined;
    this.#isWriting = false;
  }

  /** Says so while the storage does not answer; until what is returned is called. */
  #watch(): () => void {
    const isSilent = (): void => {
      timer = this.clock.setTimeout(isSilent, MAX_SILENT_MS);
      this.options.failed?.();
    };
    let timer = this.clock.setTimeout(isSilent, MAX_SILENT_MS);
    return () => this.clock.clearTimeout(timer);
  }

  async #commit(batch: Batch): Promise<void> {
    const { mark, prepare } = this.options;
    const stores = new Set<StoreName>(batch.cleared);
    if (batch.dropped.size > 0) stores.add('messages');
    for (const [store] of batch.rows.values()) stores.add(store);
    if (stores.size === 0) return;
    const isMarking = mark !== undefined && [...stores].some(isCache);
    if (isMarking) stores.add('meta');
    const stored = await this.database.transaction('readwrite', [...stores], async (transaction) => {
      let rows: readonly Row[] = [...batch.rows.values()];
      const isOvertaken = isMarking && this.#isMarked && (await transaction.get('meta', WRITER)) !== mark;
      if (isOvertaken) rows = rows.filter(([store]) => !isCache(store));
      if (prepare !== undefined) rows = await prepare(transaction, rows);
      if (!isOvertaken) {
        for (const store of batch.cleared) await transaction.clear(store);
        for (const id of batch.dropped) await transaction.deleteRange('messages', keysBelow(id));
        if (isMarking && (!this.#isMarked || batch.cleared.has('meta'))) await transaction.put('meta', WRITER, mark);
      }
      for (const [store, key, value] of rows)
        if (value === undefined) await transaction.delete(store, key);
        else await transaction.put(store, key, value);
      return { rows, isOvertaken };
    });
    if (isMarking) this.#isMarked = true;
    if (stored.isOvertaken && this.#keepsCache) {
      this.#keepsCache = false;
      this.options.overtaken?.();
    }
    for (const row of stored.rows) batch.rows.set(`${row[0]} ${row[1]}`, row);
  }

  /** From now on this run caches in memory alone: half a cache would pass for a whole one. */
  #leaveOutCache(batch: Batch): void {
    this.#keepsCache = false;
    forgetCache(batch);
    for (const store of CACHE_STORES) batch.cleared.add(store);
  }
}

function emptyBatch(): Batch {
  return { cleared: new Set(), dropped: new Set(), rows: new Map(), waiters: [] };
}

function changesOf({ cleared, dropped, rows }: Batch): RowChanges {
  return { cleared: [...cleared], dropped: [...dropped], rows: [...rows.values()] };
}

function add(batch: Batch, { cleared = [], dropped = [], rows }: RowChanges): void {
  const forget = (isGone: (store: StoreName, key: string) => boolean): void => {
    for (const [id, [store, key]] of batch.rows) if (isGone(store, key)) batch.rows.delete(id);
  };
  if (cleared.length > 0) forget((store) => cleared.includes(store));
  for (const store of cleared) batch.cleared.add(store);
  for (const id of dropped) {
    forget((store, key) => store === 'messages' && key.startsWith(`${id}/`));
    batch.dropped.add(id);
  }
  for (const row of rows) batch.rows.set(`${row[0]} ${row[1]}`, row);
}

const isCache = (store: StoreName): boolean => !(DURABLE_STORES as readonly StoreName[]).includes(store);

function forgetCache(batch: Batch): void {
  for (const [id, [store]] of batch.rows) if (isCache(store)) batch.rows.delete(id);
  batch.dropped.clear();
}

/** Whether there was anything of the caches in it. */
function leaveCache(batch: Batch): boolean {
  const isOfCache = batch.cleared.size > 0 || batch.dropped.size > 0;
  const before = batch.rows.size;
  batch.cleared.clear();
  forgetCache(batch);
  return isOfCache || batch.rows.size < before;
}
