import type { ByteRange } from '../store/blob-store.js';

/**
 * What a `Range` header asks of a file of `size` bytes (RFC 9110, section 14): one range; undefined for all of it, which
 * is also the answer to several ranges and to what is no range; 'unsatisfiable' for one that lies outside.
 *
 * Not range-parser, which refuses the last 999 bytes of a shorter file, where RFC 9110 wants all of it.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (match === null || (from === '' && to === '')) return undefined;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(from);
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}
