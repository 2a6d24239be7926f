import { describe, expect, it } from '@jest/globals';
import { CACHE_STORES } from '../../src/ports/storage.js';
import { numbered } from '../../src/outbox/numbered.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { RowWriter, WRITER } from '../../src/sync/row-writer.js';
import { VirtualClock } from '../support/virtual-clock.js';

const item = (clientId: string, sequence: number) => ({ clientId, sequence });

describe('the writer of rows', () => {
  const opened = async () => {
    const database = await memoryStorage({ strict: true }).open('account');
    const stored = (store: 'outbox' | 'users' | 'meta', key: string): Promise<unknown> =>
      database.transaction('readonly', [store], (transaction) => transaction.get(store, key));
    return { database, stored };
  };

  it('writes nothing more to the cache once another one has marked it, and goes on with what the user made', async () => {
    const { database, stored } = await opened();
    const [frozen, next] = ['frozen', 'next'].map((mark) => new RowWriter(database, new VirtualClock(), { mark }));
    await frozen?.write({ rows: [['users', 'u1', 'old']] });
    await next?.write({ rows: [['meta', WRITER, 'next']] });
    await next?.write({ rows: [['users', 'u1', 'new']] });
    await frozen?.write({
      cleared: CACHE_STORES,
      rows: [
        ['users', 'u1', 'older'],
        ['outbox', 'a', 'typed'],
      ],
    });
    expect([await stored('users', 'u1'), await stored('outbox', 'a')]).toEqual(['new', 'typed']);
    await next?.write({ cleared: CACHE_STORES, rows: [['users', 'u1', 'newest']] });
    await next?.write({ rows: [['users', 'u2', 'newest']] });
    expect([await stored('users', 'u1'), await stored('users', 'u2')]).toEqual(['newest', 'newest']);
    expect(await stored('meta', WRITER)).toBe('next');
  });

  it('numbers what two tabs store at the same time in the order in which it is stored, and never twice', async () => {
    const { database } = await opened();
    const written: unknown[] = [];
    const writer = (): RowWriter =>
      new RowWriter(database, new VirtualClock(), { prepare: numbered, written: ({ rows }) => written.push(...rows) });
    const [one, other] = [writer(), writer()];
    await Promise.all([
      one.write({ rows: [['outbox', 'a', item('a', 2 ** 52 + 1)]] }),
      other.write({
        rows: [
          ['outbox', 'b', item('b', 2 ** 52 + 1)],
          ['outbox', 'c', item('c', 2 ** 52 + 2)],
        ],
      }),
    ]);
    // Changed while it was stored, by who does not know its number yet.
    await one.write({ rows: [['outbox', 'a', { ...item('a', 2 ** 52 + 1), text: 'changed' }]] });
    expect(written).toEqual([
      ['outbox', 'a', item('a', 1)],
      ['outbox', 'b', item('b', 2)],
      ['outbox', 'c', item('c', 3)],
      ['outbox', 'a', { ...item('a', 1), text: 'changed' }],
    ]);
    // What was sent leaves its number behind: the next one is not taken for an older one.
    await one.write({
      rows: [
        ['outbox', 'a', undefined],
        ['outbox', 'b', undefined],
        ['outbox', 'c', undefined],
      ],
    });
    await other.write({ rows: [['outbox', 'd', item('d', 2 ** 52 + 3)]] });
    expect(written.at(-1)).toEqual(['outbox', 'd', item('d', 4)]);
  });
});
