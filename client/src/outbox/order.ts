import type { StorageTransaction, StoredValue } from '../ports/storage.js';
import type { RowChanges } from '../sync/state.js';
import type { OutboxItem } from './types.js';

/** The row of the outbox that says which number was given last; its key comes before those of all items. */
const COUNTER = '#';
/** All items, and nothing else of the store. */
export const ITEMS = { from: '0' } as const;
/** What is not stored yet stands behind all that is, in the order in which this tab's user typed it. */
export const FIRST_PROVISIONAL = 2 ** 52;

/**
 * The order of what several tabs write is that in which the storage takes it: each item gets the next number within the
 * transaction that stores it, and keeps it.
 */
export async function numbered(transaction: StorageTransaction, rows: RowChanges['rows']): Promise<RowChanges['rows']> {
  const provisional = rows
    .flatMap(([store, , value]) => (store === 'outbox' && value !== undefined ? [value as unknown as OutboxItem] : []))
    .filter(({ sequence }) => sequence >= FIRST_PROVISIONAL)
    .sort((a, b) => a.sequence - b.sequence);
  if (provisional.length === 0) return rows;
  const before = await lastNumber(transaction);
  let last = before;
  const numbers = new Map<string, number>();
  for (const { clientId } of provisional) {
    // It may have been stored while its tab changed it.
    const stored = (await transaction.get('outbox', clientId)) as OutboxItem | undefined;
    numbers.set(clientId, stored?.sequence ?? (last += 1));
  }
  if (last > before) await transaction.put('outbox', COUNTER, last);
  return rows.map(([store, key, value]) => {
    const sequence = store === 'outbox' && value !== undefined ? numbers.get(key) : undefined;
    return [store, key, sequence === undefined ? value : { ...(value as { [field: string]: StoredValue }), sequence }];
  });
}

export async function lastNumber(transaction: StorageTransaction): Promise<number> {
  return ((await transaction.get('outbox', COUNTER)) as number | undefined) ?? 0;
}
