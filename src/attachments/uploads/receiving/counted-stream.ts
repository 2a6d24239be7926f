import type { Readable } from 'node:stream';

/** Bytes may fail before anybody reads them. Without a listener that would end the process; their reader gets the error all the same. */
export function withErrorListener<Bytes extends Readable | undefined>(stream: Bytes): Bytes {
  stream?.on('error', () => undefined);
  return stream;
}
