import { randomFillSync } from 'node:crypto';
import { NIL, v7 } from 'uuid';

// The library asks the system for randomness at every sixteenth id, which on the path of a message is felt.
const pool = Buffer.alloc(16 * 512);
let taken = pool.length;
let lastMs = 0;
let counter = 0;

/** A new UUIDv7: ids made in one process sort by the order they were made in. */
export function newId(): string {
  if (taken === pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  const random = pool.subarray(taken, (taken += 16));
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    // Thirty-one random bits, so that there is room to count on.
    counter = random.readUInt32BE(6) >>> 1;
  } else {
    counter += 1;
    if (counter > 0xffff_ffff) {
      lastMs += 1;
      counter = 0;
    }
  }
  return v7({ random, msecs: lastMs, seq: counter });
}

/** Before every id where they are sorted, and nobody's and nothing's: no id that is made here is this one. */
export const NIL_ID: string = NIL;

/** Two user ids, the lower one first: the key of everything that belongs to a pair. */
export function orderedPair(a: string, b: string): [low: string, high: string] {
  return a < b ? [a, b] : [b, a];
}

/** Any UUID, in either case. Rows are compared in lower case: normalise what comes from outside. */
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
