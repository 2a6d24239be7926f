import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { DomainError, invalidField } from '../common/errors.js';

/** Nobody sends less than that in so long and still means it. */
const LEAST_BYTES = 16 * 1024;
const LONGEST_SILENCE_MS = 30_000;
const LIMITS = { files: 1, fields: 20, fieldSize: 4_096, fieldNameSize: 200, parts: 21, headerPairs: 20 };

/**
 * Hands over the one file of a `multipart/form-data` request (RFC 7578) as it comes in, with the name it was given.
 * Resolves with what `take` makes of it, once all of the request was read; where the rest of the request turns out to be
 * wrong, `undo` is given what was taken.
 * @throws DomainError UNSUPPORTED_MEDIA for any other request, VALIDATION_FAILED for one without a file, with several, or
 *   that breaks off, PAYLOAD_TOO_LARGE for one of more than `largest` bytes.
 */
export function receiveFile<Result>(
  request: IncomingMessage,
  largest: number,
  take: (file: Readable, name: string | undefined) => Promise<Result>,
  undo: (result: Result) => Promise<void>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const parser = parserFor(request);
    let file: Readable | undefined;
    let taken: Promise<Result> | undefined;
    const broken = invalidField('file', 'the request ended before its file did');
    const settle = (act: () => void): void => {
      request.off('close', closed);
      request.off('data', count);
      clearInterval(watch);
      act();
    };
    const fail = (error: unknown): void =>
      settle(() => {
        request.unpipe(parser);
        // What is still to come is read and thrown away, so that the client hears the answer.
        request.resume();
        // A file that broke off tells so with an error of the parser's.
        reject(error === file?.errored && !(error instanceof DomainError) ? broken : error);
        file?.destroy(broken);
        void undone(taken, undo);
      });
    const closed = (): void => {
      if (!request.complete) fail(broken);
    };
    parser.on('file', (_, stream, name) => {
      file = stream;
      // Whoever reads it hears of its end too; afterwards nobody listens, and an error unheard would end the process.
      stream.on('error', () => undefined);
      taken = take(stream, name);
      taken.catch(fail);
    });
    parser.on('filesLimit', () => fail(invalidField('file', 'there must be one file')));
    parser.on('error', () => fail(invalidField('file', 'the body is not well-formed multipart/form-data')));
    parser.on('finish', () => {
      if (taken === undefined) fail(invalidField('file', 'there must be a file'));
      else taken.then((result) => settle(() => resolve(result)), fail);
    });
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > largest) fail(new DomainError('PAYLOAD_TOO_LARGE'));
    };
    request.on('data', count);
    request.on('close', closed);
    let seen = 0;
    const watch = setInterval(() => {
      if (request.complete) clearInterval(watch);
      else if (bytes - seen < LEAST_BYTES) request.destroy();
      seen = bytes;
    }, LONGEST_SILENCE_MS).unref();
    request.pipe(parser);
  });
}

/** What was taken of a request that is refused, as far as anything was. */
async function undone<Result>(
  taken: Promise<Result> | undefined,
  undo: (result: Result) => Promise<void>,
): Promise<void> {
  try {
    if (taken !== undefined) await undo(await taken);
  } catch {
    // It had failed by itself, and left nothing.
  }
}

function parserFor(request: IncomingMessage): BusboyInstance {
  if (!/^multipart\/form-data\b/i.test(request.headers['content-type'] ?? ''))
    throw new DomainError('UNSUPPORTED_MEDIA');
  try {
    return new Busboy({ headers: request.headers as BusboyHeaders, limits: LIMITS });
  } catch {
    throw invalidField('file', 'the body is not well-formed multipart/form-data');
  }
}
