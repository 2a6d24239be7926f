import type { Database, Storage, StorageTransaction, StoreName, TransactionMode } from '../ports/storage.js';
import { Account, closedError } from './rows.js';

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
    if (this.closed) return Promise.reject(closedError());
    return this.account.transaction(mode, stores, work, { strict: this.strict });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.account.tail;
  }
}
