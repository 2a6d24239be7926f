import type { Readable } from 'node:stream';

/** Bytes may fail before anybody reads them. Unheard, that would end the process; whoever reads them is told all the same. */
export function heard<Bytes extends Readable | undefined>(stream: Bytes): Bytes {
  stream?.on('error', () => undefined);
  return stream;
}
