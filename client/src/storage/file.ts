/// <reference types="node" />
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { link, mkdir, readdir, readFile, readlink, realpath, rename, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type Database,
  type Storage,
  StorageError,
  type StorageTransaction,
  type StoreName,
  type TransactionMode,
} from '../ports/storage.js';
import { codeOf, failure, Journal, type JournalOptions, syncFolder } from './journal.js';
import { STORES } from './layout.js';
import { Account, closedError, type RowChange } from './rows.js';

export type FileStorageOptions = JournalOptions;

/** The accounts that this process has open, by their file, whichever object opened them. */
const accounts = new Map<string, FileAccount>();
/** Those that are being removed; they never reject. */
const removals = new Map<string, Promise<void>>();

/**
 * Rows in files of a folder, for Node: one file an account, all of it in memory as well. What was typed survives a kill of the
 * process and a loss of power. One copy of this module in one process may use an account at a
 * time; a second one is refused.
 */
export function fileStorage(folder: string, options: FileStorageOptions = {}): Storage {
  const pathOf = (name: string): string =>
    join(resolve(folder), `${encodeURIComponent(name).replaceAll('*', '%2A')}.journal`);
  const makeFolder = async (): Promise<void> => {
    try {
      await mkdir(resolve(folder), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw failure(error);
    }
  };
  return {
    kind: 'file',
    open: async (name) => {
      const path = pathOf(name);
      await makeFolder();
      // One that is closing, or removed, has let go of its file when it is done.
      for (let end = endOf(path); end !== undefined; end = endOf(path)) await end;
      let account = accounts.get(path);
      if (account === undefined) accounts.set(path, (account = new FileAccount(path, options)));
      return account.use();
    },
    destroy: async (name) => {
      const path = pathOf(name);
      await makeFolder();
      const removal = (removals.get(path) ?? Promise.resolve()).then(() => remove(path));
      const ended = removal.catch(() => undefined);
      removals.set(path, ended);
      await ended;
      if (removals.get(path) === ended) removals.delete(path);
      return removal;
    },
  };
}

function endOf(path: string): Promise<void> | undefined {
  const account = accounts.get(path);
  return removals.get(path) ?? (account?.isClosing === true ? account.closed : undefined);
}

async function remove(path: string): Promise<void> {
  await accounts.get(path)?.destroy();
  await lock(path);
  for (const file of [path, `${path}.new`])
    await unlink(file).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw failure(error);
    });
  await unlock(path);
}

class FileAccount {
  readonly rows = new Account();
  readonly destroyListeners = new Set<() => void>();
  isClosing = false;
  closed: Promise<void> = Promise.resolve();
  #users = 0;
  readonly #opened: Promise<Journal>;

  constructor(
    private readonly path: string,
    options: FileStorageOptions,
  ) {
    this.#opened = this.#open(options);
    // The caller of `use` gets the error, which must not stand in the way of the next try.
    this.#opened.catch(() => accounts.delete(path));
  }

  async use(): Promise<Database> {
    this.#users += 1;
    await this.#opened;
    return new FileDatabase(this);
  }

  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    return this.rows.transaction(mode, stores, work, { commit: (changes) => this.#commit(changes) });
  }

  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users === 0) await this.#close();
    else await this.rows.tail;
  }

  destroy(): Promise<void> {
    this.rows.destroyed = true;
    for (const listener of [...this.destroyListeners]) listener();
    return this.#close();
  }

  async #open(options: FileStorageOptions): Promise<Journal> {
    await lock(this.path);
    try {
      const take = ({ store, key, value }: RowChange): void => {
        const rows = this.rows.store(store);
        if (value === undefined) rows.delete(key);
        else rows.set(key, value);
      };
      const journal = await Journal.open(this.path, take, options);
      if (journal.isToBeCompacted) await journal.compact(this.#all());
      return journal;
    } catch (error) {
      await unlock(this.path);
      throw error instanceof StorageError ? error : failure(error);
    }
  }

  async #commit(changes: readonly RowChange[]): Promise<void> {
    const journal = await this.#opened;
    try {
      await journal.append(changes);
    } catch {
      // Without its history, and perhaps without a cache that was just given up, it may fit; and where the handle has died, or the
      // file is gone, another one takes it all.
      return journal.compact(this.#all());
    }
    // What is appended is kept whether or not this succeeds; it is tried again with the next one.
    if (journal.isToBeCompacted) await journal.compact(this.#all()).catch(() => undefined);
  }

  *#all(): Iterable<RowChange> {
    for (const store of STORES)
      for (const key of this.rows.store(store).between({}))
        yield { store, key, value: this.rows.store(store).values.get(key) };
  }

  #close(): Promise<void> {
    if (!this.isClosing) {
      this.isClosing = true;
      this.closed = this.rows.tail.then(async () => {
        const journal = await this.#opened.catch(() => undefined);
        await journal?.close().catch(() => undefined);
        // Where it was not opened another process may hold it.
        if (journal !== undefined) await unlock(this.path);
        accounts.delete(this.path);
      });
    }
    return this.closed;
  }
}

/** A handle of its own on the shared account: closing one leaves the others. */
class FileDatabase implements Database {
  #isClosed = false;
  readonly #destroyListeners: ((isEmptied: boolean) => unknown)[] = [];

  constructor(private readonly account: FileAccount) {
    account.destroyListeners.add(this.#destroyed);
  }

  transaction<Result>(
    mode: TransactionMode,
    stores: readonly StoreName[],
    work: (transaction: StorageTransaction) => Promise<Result>,
  ): Promise<Result> {
    if (this.#isClosed) return Promise.reject(closedError());
    return this.account.transaction(mode, stores, work);
  }

  onDestroyed(listener: (isEmptied: boolean) => unknown): void {
    this.#destroyListeners.push(listener);
  }

  /** By another client of this process. */
  readonly #destroyed = (): void => {
    for (const listener of this.#destroyListeners.splice(0)) listener(false);
  };

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.account.destroyListeners.delete(this.#destroyed);
    await this.account.leave();
  }
}

// One process

const MAX_LOCK_ATTEMPTS = 5;
/** A process may have loaded this module several times: in its threads, or as ESM and CJS. */
const THIS_COPY = randomUUID();
/** Descriptors of this copy's locks, by their names: a thread that ends loses its own, and with them its locks. */
const held = new Map<string, number>();
const lockOf = (path: string): string => `${path}.lock`;

async function lock(path: string): Promise<void> {
  const name = lockOf(path);
  const draft = `${name}.${THIS_COPY}`;
  try {
    await writeFile(draft, `${process.pid} ${await startOf(process.pid)} ${THIS_COPY}`, { mode: 0o600 });
    for (let attempt = 0; attempt < MAX_LOCK_ATTEMPTS; attempt += 1) {
      // With its content from the first moment on.
      if (await linked(draft, name)) return void held.set(name, openSync(name, 'r'));
      const holder = await readFile(name, 'utf8').catch(() => '');
      if (holder !== '' && (await isAlive(holder, name)))
        throw new StorageError('UNAVAILABLE', `Process ${holder.split(' ')[0] ?? ''} uses ${path} already.`);
      // Taken away by name, so that of two processes that find it only one does it.
      const taken = `${draft}.old`;
      const isTaken = await rename(name, taken).then(
        () => true,
        () => false,
      );
      // Meanwhile another process has done the same, and this is its lock: it is put back.
      if (isTaken && (await readFile(taken, 'utf8').catch(() => '')) !== holder) await linked(taken, name);
      await unlink(taken).catch(() => undefined);
    }
    throw new StorageError('UNAVAILABLE', `${name} could not be made.`);
  } catch (error) {
    throw error instanceof StorageError ? error : failure(error);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** False where there is such a file already. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function unlock(path: string): Promise<void> {
  const name = lockOf(path);
  await unlink(name).catch(() => undefined);
  const descriptor = held.get(name);
  held.delete(name);
  if (descriptor !== undefined) closeSync(descriptor);
  await syncFolder(resolve(path, '..'));
}

/** Numbers of processes come again, in containers at once: one that began at another time is another one. */
async function isAlive(holder: string, name: string): Promise<boolean> {
  const [id = '', start = '', copy] = holder.split(' ');
  const pid = Number(id);
  // This copy would know, and a lock without a number was never finished.
  if (!Number.isInteger(pid) || pid <= 0 || copy === THIS_COPY) return false;
  if (pid === process.pid) return start !== '' && start === (await startOf(pid)) && isOpenHere(name);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return start === (await startOf(pid));
}

/** Whether anything in this process, its other threads included, has a file open. */
async function isOpenHere(name: string): Promise<boolean> {
  const folder = '/proc/self/fd';
  const path = await realpath(name).catch(() => name);
  const descriptors = await readdir(folder).catch(() => []);
  const open = await Promise.all(descriptors.map((one) => readlink(join(folder, one)).catch(() => '')));
  return open.includes(path);
}

/** When a process began, in the kernel's own count; empty where the platform does not say. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the program's name, which may contain anything, the 22nd field is the 20th.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
