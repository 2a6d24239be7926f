import type { StorageTransaction } from '../ports/storage.js';
import type { RowChanges } from '../sync/state.js';
import { COUNTER, FIRST_PROVISIONAL, lastNumber } from './order.js';
import type { OutboxItem } from './types.js';

/**
 * What several tabs write, in the order in which the storage takes it: each item gets the next number within the transaction
 * that stores it, and keeps it. One that has left the outbox is not put back by a tab that does not know yet.
 */
export async function numbered(transaction: StorageTransaction, rows: RowChanges['rows']): Promise<RowChanges['rows']> {
  const items = rows
    .flatMap(([store, , value]) => (store === 'outbox' && value !== undefined ? [value as unknown as OutboxItem] : []))
    .sort((a, b) => a.sequence - b.sequence);
  if (items.length === 0) return rows;
  const before = await lastNumber(transaction);
  let last = before;
  const numbers = new Map<string, number | undefined>();
  for (const { clientId, sequence } of items) {
    const stored = (await transaction.get('outbox', clientId)) as OutboxItem | undefined;
    numbers.set(clientId, stored?.sequence ?? (sequence < FIRST_PROVISIONAL ? undefined : (last += 1)));
  }
  if (last > before) await transaction.put('outbox', COUNTER, last);
  return rows.map(([store, key, value]) => {
    if (store !== 'outbox' || value === undefined) return [store, key, value];
    const sequence = numbers.get(key);
    return [store, key, sequence === undefined ? undefined : { ...(value as object), sequence }];
  });
}
