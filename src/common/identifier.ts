import { v7 } from 'uuid';

/** A new UUIDv7: ids made in one process sort by the time they were made. */
export function newId(): string {
  return v7();
}

/** Two user ids, the lower one first: the key of everything that belongs to a pair. */
export function orderedPair(a: string, b: string): [low: string, high: string] {
  return a < b ? [a, b] : [b, a];
}

/** Any UUID, in either case. Rows are compared in lower case: normalise what comes from outside. */
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
