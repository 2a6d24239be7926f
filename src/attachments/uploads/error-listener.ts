import type { Readable } from 'node:stream';

/** Bytes may fail before anybody reads them, which would end the process without a listener; whoever reads them gets the error all the same. */
export function withErrorListener<Bytes extends Readable | undefined>(stream: Bytes): Bytes {
  stream?.on('error', () => undefined);
  return stream;
}
