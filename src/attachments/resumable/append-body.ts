import { createWriteStream } from 'node:fs';
import { DomainError, invalidField } from '../../common/errors.js';
import { announcedBytes, type IncomingBody } from '../uploads/receiving/incoming-body.js';
import { watchPace } from '../uploads/receiving/pace-watch.js';
import { cannotWrite } from '../uploads/receiving/spool.js';

export interface Target {
  path: string;
  /** Where the first byte goes. */
  start: number;
  /** Bytes that may come at the most. */
  room: number;
  /** Milliseconds since any moment. */
  now: () => number;
  paceCheckMs: number;
  /** Ends it: what came so far stays. */
  signal: AbortSignal;
}

/**
 * Writes the body of a request into a file. Settles once nothing is written any more and all that was written is on the disk
 * itself, whatever comes of the request; what was written stays. A request that comes in too slowly is ended without an answer.
 * @throws DomainError PAYLOAD_TOO_LARGE for more bytes than there is room for (a little of them may have been written),
 *   UPLOAD_LOCKED where the signal ended it, VALIDATION_FAILED where it broke off, UNAVAILABLE where the file cannot be written.
 */
export function appendBody(
  request: IncomingBody,
  { path, start, room, now, paceCheckMs, signal }: Target,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const file = createWriteStream(path, { flags: 'r+', start, flush: true });
    let failure: unknown;
    let received = 0;
    const stop = (error: DomainError): void => {
      failure ??= error;
      request.unpipe(file);
      // What is still to come is read and thrown away, so that the client receives the answer.
      request.resume();
      file.end();
    };
    const count = (chunk: Buffer): void => {
      received += chunk.length;
      if (received > room) stop(new DomainError('PAYLOAD_TOO_LARGE'));
    };
    // Node throws away what was not read yet of a client that goes away, also after its last byte: there is no end then.
    const closed = (): void => {
      if (!request.readableEnded) stop(invalidField('', 'the request ended before its body did'));
    };
    const interrupt = (): void => stop(new DomainError('UPLOAD_LOCKED'));
    const endWatch = watchPace(request, {
      now,
      received: () => received,
      announced: announcedBytes(request),
      checkMs: paceCheckMs,
    });
    file.once('error', (error) => {
      failure ??= error;
      request.unpipe(file);
      request.resume();
    });
    file.once('close', () => {
      endWatch();
      request.off('data', count);
      request.off('close', closed);
      signal.removeEventListener('abort', interrupt);
      if (failure === undefined) return resolve();
      if (failure instanceof DomainError) return reject(failure);
      try {
        cannotWrite(failure);
      } catch (error) {
        reject(error);
      }
    });
    request.on('data', count);
    request.on('close', closed);
    signal.addEventListener('abort', interrupt);
    request.pipe(file);
    if (signal.aborted) interrupt();
    else if (request.destroyed) closed();
  });
}
