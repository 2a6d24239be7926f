import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { forceCloseDatabase, IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import type { Database, StorageTransaction } from '../../src/ports/storage.js';
import { indexedDbStorage } from '../../src/storage/indexeddb.js';
import { RowWriter } from '../../src/sync/row-writer.js';
import { codeOf, conformance, endsByItself } from './conformance.js';

/** Every connection that is opened passes through here. */
class Connections {
  readonly opened: IDBDatabase[] = [];
  private readonly begun: IDBTransaction[] = [];
  readonly factory = new IDBFactory();
  private readonly open = this.factory.open.bind(this.factory);

  constructor() {
    this.factory.open = (name, version) => {
      const request = this.open(name, version);
      request.addEventListener('success', () => {
        const connection = request.result;
        this.opened.push(connection);
        const transaction = connection.transaction.bind(connection);
        connection.transaction = (...parameters) => {
          const begun = transaction(...parameters);
          this.begun.push(begun);
          return begun;
        };
      });
      return request;
    };
  }

  /** What a browser does that closes a connection by force: it aborts its transactions and notifies the connection. */
  kill(): void {
    for (const transaction of this.begun.splice(0)) {
      try {
        transaction.abort();
      } catch {
        // It had ended.
      }
    }
    forceCloseDatabase(this.last as unknown as Parameters<typeof forceCloseDatabase>[0]);
  }

  /** Nothing more is said of the transactions that have begun, as in Chromium where it closes a connection because the disk is full. */
  silence(): void {
    for (const transaction of this.begun)
      transaction.dispatchEvent = (event) =>
        event.type === 'abort' || EventTarget.prototype.dispatchEvent.call(transaction, event);
  }

  /** Resolves when one more is open. */
  async next(): Promise<void> {
    const { length } = this.opened;
    while (this.opened.length === length) await new Promise((resolve) => setImmediate(resolve));
  }

  get last(): IDBDatabase {
    const last = this.opened.at(-1);
    if (last === undefined) throw new Error('nothing was opened');
    return last;
  }
}

describe('the storage adapter IndexedDB', () => {
  let connections: Connections;
  const storage = (cacheLayout?: number) =>
    indexedDbStorage({ indexedDB: connections.factory, keyRange: IDBKeyRange, openTimeoutMs: 1_000, cacheLayout });
  beforeEach(() => {
    connections = new Connections();
  });

  // oxlint-disable-next-line jest/expect-expect -- the cases throw
  it.each([...conformance, endsByItself])('$title', ({ run }) => run(storage(), 'account'));

  const put = (database: Database, key: string, value: string): Promise<void> =>
    database.transaction('readwrite', ['outbox'], (transaction) => transaction.put('outbox', key, value));
  const keys = (database: Database): Promise<string[]> =>
    database.transaction('readonly', ['outbox'], async (transaction) =>
      (await transaction.range('outbox')).map(({ key }) => key),
    );

  it('opens a connection again that was closed behind its back, and does once more what was cut short, in order', async () => {
    const database = await storage().open('account');
    await put(database, 'a', 'before');
    connections.last.close();
    await put(database, 'b', 'after a close without an event');

    let runs = 0;
    const cutShort = database.transaction('readwrite', ['outbox'], async (transaction) => {
      runs += 1;
      await transaction.put('outbox', 'c', 'cut short');
      await transaction.get('outbox', 'a');
      if (runs === 1) connections.kill();
      const count = (await transaction.range('outbox')).length;
      await transaction.put('outbox', 'd', String(count));
    });
    // Called later, so it must see what the one before it wrote.
    const later = keys(database);
    await cutShort;
    expect(await later).toEqual(['a', 'b', 'c', 'd']);
    expect(runs).toBe(2);
    await database.close();
  });

  it('does once more what the connection took with it without a word', async () => {
    const database = await storage().open('account');
    let runs = 0;
    const cutShort = database.transaction('readwrite', ['outbox'], async (transaction) => {
      runs += 1;
      await transaction.put('outbox', 'a', 'cut short');
      await transaction.get('outbox', 'a');
      if (runs > 1) return;
      connections.silence();
      connections.kill();
      await transaction.get('outbox', 'a');
    });
    await cutShort;
    expect(await keys(database)).toEqual(['a']);
    expect(runs).toBe(2);
    await database.close();
  });

  it('says that the browser has emptied it, and does not go on as if nobody had stored anything', async () => {
    const database = await storage().open('account');
    const said: boolean[] = [];
    database.onDestroyed?.((isEmptied) => said.push(isEmptied));
    await put(database, 'a', 'before');
    connections.kill();
    await storage().destroy('account');
    expect(await codeOf(put(database, 'b', 'after'))).toBe('CLOSED');
    expect(said).toEqual([true]);
    const next = await storage().open('account');
    expect(await keys(next)).toEqual([]);
    await next.close();
  });

  it('is not opened again and again in a browser that closes each connection at once', async () => {
    const database = await storage().open('account');
    await put(database, 'a', 'before');
    connections.kill();
    await connections.next();
    connections.kill();
    await put(database, 'b', 'after');
    expect(connections.opened).toHaveLength(3);
    await database.close();
  });

  it('opens it once more where the browser was still closing it', async () => {
    const database = await storage().open('account');
    await put(database, 'a', 'before');
    connections.last.close();
    const { open } = connections.factory;
    connections.factory.open = (name, version) => {
      connections.factory.open = open;
      const request = open(name, version);
      request.addEventListener('success', () => request.result.close());
      const refused = new EventTarget() as IDBOpenDBRequest;
      Object.defineProperty(refused, 'error', { value: new DOMException('The connection was closed.', 'AbortError') });
      queueMicrotask(() => refused.dispatchEvent(new Event('error')));
      return refused;
    };
    await put(database, 'b', 'after');
    expect(await keys(database)).toEqual(['a', 'b']);
    await database.close();
  });

  it('tries a dead connection again only once, then says that there is no storage, and recovers when there is', async () => {
    const database = await storage().open('account');
    const kill = async (transaction: StorageTransaction): Promise<void> => {
      await transaction.get('outbox', 'a');
      connections.kill();
      await transaction.get('outbox', 'a');
    };
    expect(await codeOf(database.transaction('readwrite', ['outbox'], kill))).toBe('UNAVAILABLE');
    await put(database, 'a', 'alive');
    expect(await keys(database)).toEqual(['a']);
    await database.close();
  });

  it('lets the browser ask itself for the permission before anything is opened, whatever comes of it', async () => {
    const { factory } = connections;
    for (const refuse of [
      () => Promise.reject(new DOMException('denied', 'SecurityError')),
      () => {
        throw new DOMException('denied', 'SecurityError');
      },
      undefined,
    ]) {
      const databases = jest.fn(refuse);
      Object.assign(factory, { databases: refuse && databases });
      const made = storage();
      expect(databases).toHaveBeenCalledTimes(refuse === undefined ? 0 : 1);
      const database = await made.open('account');
      await put(database, 'a', 'typed');
      await database.close();
    }
  });

  it('says so where the browser has no storage or never opens it', async () => {
    // Node has no global one.
    const none = indexedDbStorage({ keyRange: IDBKeyRange });
    expect(await codeOf(none.open('account'))).toBe('UNAVAILABLE');
    const get = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'indexedDB', { get, configurable: true });
    expect(await codeOf(indexedDbStorage({ keyRange: IDBKeyRange }).open('account'))).toBe('UNAVAILABLE');
    Reflect.deleteProperty(globalThis, 'indexedDB');
    connections.factory.open = get;
    expect(await codeOf(storage().open('account'))).toBe('UNAVAILABLE');
    connections.factory.open = () => ({}) as IDBOpenDBRequest;
    expect(await codeOf(storage().open('account'))).toBe('UNAVAILABLE');
  });

  it('replaces the caches at a new layout and never what the user made, forwards and backwards', async () => {
    const write = async (database: Database): Promise<void> => {
      await put(database, 'typed', 'by the user');
      await database.transaction('readwrite', ['messages'], (transaction) => transaction.put('messages', 'a', 1));
    };
    const cached = (database: Database) =>
      database.transaction('readonly', ['messages'], (transaction) => transaction.get('messages', 'a'));
    const one = await storage(1).open('account');
    await write(one);
    await one.close();
    const two = await storage(2).open('account');
    expect(await cached(two)).toBeUndefined();
    expect(await keys(two)).toEqual(['typed']);
    await write(two);
    await two.close();
    // The deployment was taken back.
    const back = await storage(1).open('account');
    expect(await cached(back)).toBeUndefined();
    expect(await keys(back)).toEqual(['typed']);
    await back.close();
  });

  it('keeps what the user types in a page that another version has overtaken, and says that it is outdated', async () => {
    const old = await storage(1).open('account');
    await put(old, 'a', 'before');
    const fresh = await storage(2).open('account');
    await put(old, 'b', 'typed in the old page');
    const cache = old.transaction('readonly', ['messages', 'outbox'], (transaction) =>
      transaction.get('messages', 'a'),
    );
    expect(await codeOf(cache)).toBe('OUTDATED');
    expect(await keys(fresh)).toEqual(['a', 'b']);
    await fresh.transaction('readwrite', ['messages'], (transaction) => transaction.put('messages', 'a', 1));
    // Both stay open, neither takes the other's stores away.
    await put(old, 'c', 'still');
    expect(await fresh.transaction('readonly', ['messages'], (transaction) => transaction.get('messages', 'a'))).toBe(
      1,
    );
    await Promise.all([old.close(), fresh.close()]);
  });

  it('writes what the user made, of rows that go together with caches, also in a page that is outdated', async () => {
    const old = await storage(1).open('account');
    const fresh = await storage(2).open('account');
    const writer = new RowWriter(old, {
      now: () => 0,
      elapsed: () => 0,
      setTimeout: (work) => ({ timer: setTimeout(work) }),
      clearTimeout: () => undefined,
    });
    for (const key of ['a', 'b'])
      await writer.write({
        cleared: ['conversations'],
        dropped: ['c'],
        rows: [
          ['outbox', key, 'typed'],
          ['messages', key, 'cached'],
        ],
      });
    await expect(writer.write({ cleared: ['messages'], rows: [] })).resolves.toBeUndefined();
    expect(await keys(fresh)).toEqual(['a', 'b']);
    expect(await fresh.transaction('readonly', ['messages'], (transaction) => transaction.range('messages'))).toEqual(
      [],
    );
    await Promise.all([old.close(), fresh.close()]);
  });
});
