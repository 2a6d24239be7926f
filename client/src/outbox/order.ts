import type { StorageTransaction } from '../ports/storage.js';

/** The row of the outbox that says which number was given last; its key comes before those of all items. */
export const COUNTER = '#';
/** All items, and nothing else of the store. */
export const ITEMS = { from: '0' } as const;
/** What is not stored yet stands behind all that is, in the order in which this tab's user typed it. */
export const FIRST_PROVISIONAL = 2 ** 52;

export async function lastNumber(transaction: StorageTransaction): Promise<number> {
  return ((await transaction.get('outbox', COUNTER)) as number | undefined) ?? 0;
}
