import {
  CACHE_STORES,
  type Database,
  DURABLE_STORES,
  keysBelow,
  orderedKey,
  type Storage,
  StorageError,
  type StoredValue,
} from '../../src/ports/storage.js';

/** What every adapter must do, as data: the cases run in Node as in a page of a browser, where there is no Jest. */
export interface ConformanceCase {
  title: string;
  run(storage: Storage, name: string): Promise<void>;
}

export function assertEqual(actual: unknown, expected: unknown, about = 'value'): void {
  const one = JSON.stringify(plain(actual));
  const other = JSON.stringify(plain(expected));
  if (one !== other) throw new Error(`${about}: got ${one}, wanted ${other}`);
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'resolved';
  } catch (error) {
    return error instanceof StorageError ? error.code : error instanceof Error ? error.message : String(error);
  }
}

/** Bytes and undefined survive JSON under a name, fields come in one order. */
function plain(value: unknown): unknown {
  if (value === undefined) return '(undefined)';
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([field, item]) => [field, plain(item)]),
  );
}

const keys = (rows: { key: string }[]): string[] => rows.map(({ key }) => key);

const write = (database: Database, rows: Record<string, StoredValue>): Promise<void> =>
  database.transaction('readwrite', ['messages'], async (transaction) => {
    for (const [key, value] of Object.entries(rows)) await transaction.put('messages', key, value);
  });

const readAll = (database: Database): Promise<string[]> =>
  database.transaction('readonly', ['messages'], async (transaction) => keys(await transaction.range('messages')));

export const conformance: ConformanceCase[] = [
  {
    title: 'gives back what was put, to the last field, and undefined where nothing was',
    async run(storage, name) {
      const database = await storage.open(name);
      const values: Record<string, StoredValue> = {
        text: 'a\u0000b "quoted" \ud83d\ude00 \ud800',
        number: -1.5e-7,
        boolean: false,
        nothing: null,
        list: [1, [2, { three: [] }]],
        object: JSON.parse(
          '{"__proto__":"own","":1,"constructor":null,"\\u0000":"00","\\u0000\\u0000":2}',
        ) as StoredValue,
        bytes: new Uint8Array([0, 1, 255]),
        nested: { file: new Uint8Array([7]), '\u0000': 'ff', more: [new Uint8Array(0)] },
      };
      await write(database, values);
      await database.transaction('readonly', ['messages'], async (transaction) => {
        for (const [key, value] of Object.entries(values))
          assertEqual(await transaction.get('messages', key), value, key);
        assertEqual(await transaction.get('messages', 'none'), undefined);
      });
      await database.close();
    },
  },
  {
    title: 'shares no value with its callers',
    async run(storage, name) {
      const database = await storage.open(name);
      const value = { list: [1], bytes: new Uint8Array([1]) };
      const large = new Uint8Array(1_000).fill(3);
      await write(database, { value, part: large.subarray(2, 5) });
      value.list.push(2);
      value.bytes[0] = 9;
      large.fill(9);
      const read = await database.transaction('readonly', ['messages'], async (transaction) => {
        const first = (await transaction.get('messages', 'value')) as { list: number[] };
        first.list.push(3);
        return [await transaction.get('messages', 'value'), await transaction.get('messages', 'part')];
      });
      assertEqual(read, [{ list: [1], bytes: new Uint8Array([1]) }, new Uint8Array([3, 3, 3])]);
      await database.close();
    },
  },
  {
    title: 'orders keys by code unit and numbers in them by size, and reads ranges from either end',
    async run(storage, name) {
      const database = await storage.open(name);
      const sequence = [10, 9, 1_000_000, 2, 100];
      await write(
        database,
        Object.fromEntries([
          ...sequence.map((seq) => [orderedKey('b', seq), seq]),
          [orderedKey('a', 5), 'before'],
          [orderedKey('c', 5), 'after'],
          ['B', 'upper case first'],
          ['b0', 'after all below b'],
          ['b-', 'before all below b'],
        ]),
      );
      await database.transaction('readonly', ['messages', 'users'], async (transaction) => {
        const seqs = async (range: Parameters<typeof transaction.range>[1]): Promise<StoredValue[]> =>
          (await transaction.range('messages', range)).map(({ value }) => value);
        const b = keysBelow('b');
        assertEqual(await seqs(b), [2, 9, 10, 100, 1_000_000]);
        assertEqual(await seqs({ ...b, limit: 2 }), [2, 9]);
        assertEqual(await seqs({ ...b, limit: 2, reverse: true }), [1_000_000, 100]);
        assertEqual(await seqs({ ...b, reverse: true }), [1_000_000, 100, 10, 9, 2]);
        assertEqual(await seqs({ from: orderedKey('b', 9), to: orderedKey('b', 100) }), [9, 10]);
        assertEqual(await seqs({ from: orderedKey('b', 1_000_000), to: b.to }), [1_000_000]);
        assertEqual(await seqs({ from: 'x', to: 'a' }), []);
        assertEqual(await seqs({ from: 'a', to: 'a' }), []);
        assertEqual(await seqs({ limit: 0 }), []);
        assertEqual(await seqs({ reverse: true, limit: 0 }), []);
        assertEqual(await seqs({ to: 'a' }), ['upper case first']);
        assertEqual((await transaction.range('messages'))[0], { key: 'B', value: 'upper case first' });
        assertEqual(keys(await transaction.range('messages', { from: 'z', reverse: true })), []);
        assertEqual(keys(await transaction.range('users', { reverse: true, limit: 3 })), []);
      });
      await database.close();
    },
  },
  {
    title: 'reads within a transaction what it has written and deleted itself',
    async run(storage, name) {
      const database = await storage.open(name);
      await write(database, { a: 1, b: 2, c: 3, d: 4 });
      await database.transaction('readwrite', ['messages', 'users'], async (transaction) => {
        await transaction.put('messages', 'b', 20);
        assertEqual(await transaction.get('messages', 'b'), 20);
        await transaction.delete('messages', 'a');
        assertEqual(await transaction.get('messages', 'a'), undefined);
        await transaction.put('messages', 'a', 10);
        await transaction.delete('messages', 'none');
        await transaction.deleteRange('messages', { from: 'c', to: 'd' });
        assertEqual(
          (await transaction.range('messages')).map(({ value }) => value),
          [10, 20, 4],
        );
        await transaction.clear('messages');
        assertEqual(await transaction.range('messages'), []);
        await transaction.put('messages', 'e', 5);
        await transaction.put('users', 'e', 6);
      });
      assertEqual(await readAll(database), ['e']);
      await database.close();
    },
  },
  {
    title: 'rolls back as a whole where the work throws, with the very error that it threw',
    async run(storage, name) {
      const database = await storage.open(name);
      await write(database, { a: 1, b: 2 });
      const thrown = new Error('mine');
      let caught: unknown;
      try {
        await database.transaction('readwrite', ['messages', 'outbox'], async (transaction) => {
          await transaction.put('messages', 'a', 9);
          await transaction.delete('messages', 'b');
          await transaction.put('messages', 'c', 9);
          await transaction.put('outbox', 'c', 9);
          await transaction.clear('messages');
          await transaction.put('messages', 'd', 9);
          throw thrown;
        });
      } catch (error) {
        caught = error;
      }
      if (caught !== thrown) throw new Error(`rejected with ${String(caught)}`);
      await database.transaction('readonly', ['messages', 'outbox'], async (transaction) => {
        assertEqual(await transaction.range('messages'), [
          { key: 'a', value: 1 },
          { key: 'b', value: 2 },
        ]);
        assertEqual(await transaction.range('outbox'), []);
      });
      await database.close();
    },
  },
  {
    title: 'refuses stores that were not named, writes of a reader, and a transaction that has ended',
    async run(storage, name) {
      const database = await storage.open(name);
      const refused = async (promise: Promise<unknown>): Promise<void> => {
        if ((await codeOf(promise)) === 'resolved') throw new Error('it was allowed');
      };
      await refused(database.transaction('readwrite', ['messages'], (transaction) => transaction.put('users', 'a', 1)));
      await refused(
        database.transaction('readonly', ['messages'], (transaction) => transaction.put('messages', 'a', 1)),
      );
      await refused(database.transaction('readonly', ['messages'], (transaction) => transaction.clear('messages')));
      const kept = await database.transaction('readwrite', ['messages'], (transaction) =>
        Promise.resolve(() => transaction),
      );
      await refused(kept().get('messages', 'a'));
      await refused(kept().put('messages', 'a', 1));
      assertEqual(await readAll(database), []);
      await database.close();
    },
  },
  {
    title: 'lets 200 transactions at once change one row, none lost, in the order of their calls',
    async run(storage, name) {
      const database = await storage.open(name);
      const order: number[] = [];
      await Promise.all(
        Array.from({ length: 200 }, (_, number) =>
          database
            .transaction('readwrite', ['meta', 'outbox'], async (transaction) => {
              const count = ((await transaction.get('meta', 'count')) as number | undefined) ?? 0;
              await transaction.put('outbox', orderedKey('row', number), count);
              await transaction.put('meta', 'count', count + 1);
            })
            .then(() => order.push(number)),
        ),
      );
      const rows = await database.transaction('readonly', ['meta', 'outbox'], async (transaction) => {
        assertEqual(await transaction.get('meta', 'count'), 200);
        return transaction.range('outbox');
      });
      assertEqual(
        rows.map(({ value }) => value),
        Array.from({ length: 200 }, (_, number) => number),
      );
      assertEqual(
        order,
        Array.from({ length: 200 }, (_, number) => number),
        'order of the answers',
      );
      await database.close();
    },
  },
  {
    title: 'shows a reader among writers each transaction whole or not at all, between two handles too',
    async run(storage, name) {
      const one = await storage.open(name);
      const other = await storage.open(name);
      const sums: number[] = [];
      const transfers = Array.from({ length: 40 }, async (_, number) => {
        const database = number % 2 === 0 ? one : other;
        await database.transaction('readwrite', ['meta'], async (transaction) => {
          const left = ((await transaction.get('meta', 'left')) as number | undefined) ?? 100;
          await transaction.put('meta', 'left', left - 1);
          const right = ((await transaction.get('meta', 'right')) as number | undefined) ?? 0;
          await transaction.put('meta', 'right', right + 1);
        });
        await (number % 3 === 0 ? one : other).transaction('readonly', ['meta'], async (transaction) => {
          const left = (await transaction.get('meta', 'left')) as number;
          sums.push(left + ((await transaction.get('meta', 'right')) as number));
        });
      });
      await Promise.all(transfers);
      assertEqual(new Set(sums).size === 1 && sums[0] === 100, true, JSON.stringify(sums));
      const left = await one.transaction('readonly', ['meta'], (transaction) => transaction.get('meta', 'left'));
      assertEqual(left, 60);
      await one.close();
      assertEqual(await other.transaction('readonly', ['meta'], (transaction) => transaction.get('meta', 'left')), 60);
      await other.close();
    },
  },
  {
    title: 'keeps rows over closing and opening, one account apart from another',
    async run(storage, name) {
      const first = await storage.open(name);
      const neighbour = await storage.open(`${name}/https://example.test:1/é_`);
      await write(first, { a: 1 });
      await first.transaction('readwrite', [...DURABLE_STORES, ...CACHE_STORES], async (transaction) => {
        for (const store of [...DURABLE_STORES, ...CACHE_STORES]) await transaction.put(store, 'kept', store);
      });
      assertEqual(await readAll(neighbour), []);
      await first.close();
      const again = await storage.open(name);
      assertEqual(await readAll(again), ['a', 'kept']);
      await again.transaction('readonly', [...DURABLE_STORES, ...CACHE_STORES], async (transaction) => {
        for (const store of [...DURABLE_STORES, ...CACHE_STORES])
          assertEqual(await transaction.get(store, 'kept'), store);
      });
      await again.close();
      await neighbour.close();
    },
  },
  {
    title: 'closes after what was asked for, and refuses what comes later',
    async run(storage, name) {
      const database = await storage.open(name);
      const pending = [write(database, { a: 1 }), write(database, { b: 2 })];
      const closing = database.close();
      assertEqual(await codeOf(write(database, { c: 3 })), 'CLOSED');
      await closing;
      await Promise.all(pending);
      await database.close();
      const again = await storage.open(name);
      assertEqual(await readAll(again), ['a', 'b']);
      await again.close();
    },
  },
  {
    title: 'destroys all rows of an account, closes its handles, and starts empty afterwards',
    async run(storage, name) {
      const database = await storage.open(name);
      const neighbour = await storage.open(`${name}-neighbour`);
      await write(database, { a: 1 });
      await write(neighbour, { a: 1 });
      await storage.destroy(name);
      assertEqual(await codeOf(readAll(database)), 'CLOSED');
      await storage.destroy(name);
      const again = await storage.open(name);
      assertEqual(await readAll(again), []);
      assertEqual(await readAll(neighbour), ['a']);
      await again.close();
      await neighbour.close();
      await database.close();
    },
  },
  {
    title: 'takes 5,000 rows in one transaction and pages through them',
    async run(storage, name) {
      const database = await storage.open(name);
      await database.transaction('readwrite', ['messages'], async (transaction) => {
        for (let seq = 1; seq <= 5_000; seq += 1)
          await transaction.put('messages', orderedKey('c', seq), { seq, content: 'x'.repeat(200) });
      });
      let from = 'c';
      let count = 0;
      for (;;) {
        const rows = await database.transaction('readonly', ['messages'], (transaction) =>
          transaction.range('messages', { from, limit: 700 }),
        );
        const last = rows.at(-1);
        if (last === undefined) break;
        count += rows.length;
        from = `${last.key} `;
      }
      assertEqual(count, 5_000);
      await database.close();
    },
  },
];

/** Of adapters whose transactions end by themselves, and of the memory adapter that imitates them. */
export const endsByItself: ConformanceCase = {
  title: 'refuses a work that awaited something else than its transaction',
  async run(storage, name) {
    const database = await storage.open(name);
    const code = await codeOf(
      database.transaction('readwrite', ['messages'], async (transaction) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await transaction.put('messages', 'late', 1);
      }),
    );
    if (code === 'resolved' || code === 'UNAVAILABLE') throw new Error(code);
    assertEqual(await readAll(database), []);
    await database.close();
  },
};
