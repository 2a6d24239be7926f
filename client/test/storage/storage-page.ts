import type { Database, StoreName } from '../../src/ports/storage.js';
import { indexedDbStorage } from '../../src/storage/indexeddb.js';
import { codeOf, conformance, endsByItself } from './conformance.js';

/** The script of a page: what `indexeddb.browser.spec.ts` calls in it. */
const cases = [...conformance, endsByItself];
let database: Database;
let isEmptied = false;

const page = {
  titles: cases.map(({ title }) => title),
  async runCase(title: string): Promise<void> {
    const found = cases.find((one) => one.title === title);
    if (found === undefined) throw new Error(title);
    await found.run(indexedDbStorage(), `case ${title}`);
  },
  async open(name: string, cacheLayout?: number): Promise<void> {
    database = await indexedDbStorage({ cacheLayout }).open(name);
    database.onDestroyed?.((byBrowser) => (isEmptied = byBrowser));
  },
  isEmptied: () => isEmptied,
  /** Writes `count` rows of `size` bytes in one transaction; answers a StorageError's code. */
  write(store: StoreName, prefix: string, count: number, size: number): Promise<string> {
    return codeOf(
      database.transaction('readwrite', [store], async (transaction) => {
        for (let row = 0; row < count; row += 1) await transaction.put(store, `${prefix}${row}`, bytes(size));
      }),
    );
  },
  count(store: StoreName): Promise<number | string> {
    return database
      .transaction('readonly', [store], async (transaction) => (await transaction.range(store)).length)
      .catch((error: unknown) => codeOf(Promise.reject(error)));
  },
  clear: (store: StoreName): Promise<string> =>
    codeOf(database.transaction('readwrite', [store], (transaction) => transaction.clear(store))),
  /** Adds one to a row, as several tabs do at once. */
  async increment(times: number): Promise<void> {
    await Promise.all(
      Array.from({ length: times }, () =>
        database.transaction('readwrite', ['outbox'], async (transaction) => {
          const count = ((await transaction.get('outbox', 'count')) as number | undefined) ?? 0;
          await transaction.put('outbox', 'count', count + 1);
        }),
      ),
    );
  },
  read: (key: string) => database.transaction('readonly', ['outbox'], (transaction) => transaction.get('outbox', key)),
  /** Begins a transaction that goes on for ever, and resolves when it has written. */
  hang(): Promise<void> {
    return new Promise((resolve) => {
      void database.transaction('readwrite', ['outbox', 'messages'], async (transaction) => {
        await transaction.put('outbox', 'half', 'half');
        await transaction.put('messages', 'half', 'half');
        for (;;) {
          await transaction.get('outbox', 'half');
          resolve();
        }
      });
    });
  },
};

/** Cannot be compressed. */
function bytes(size: number): Uint8Array {
  const value = new Uint8Array(size);
  for (let start = 0; start < size; start += 65_536) crypto.getRandomValues(value.subarray(start, start + 65_536));
  return value;
}

export type StoragePage = typeof page;
(globalThis as unknown as { page: StoragePage }).page = page;
