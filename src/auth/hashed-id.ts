import { createHash } from 'node:crypto';

/** An id that follows from what it is made of, as a UUID that says that it is none of the usual kinds (version 8). */
export function hashedId(parts: readonly string[]): string {
  const digits = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}
