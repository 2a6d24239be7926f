import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { DomainError, invalidField } from '../../../common/errors.js';
import { announcedBytes, type IncomingBody } from './incoming-body.js';
import { watchPace } from './pace-watch.js';

const LIMITS = { files: 1, fields: 20, fieldSize: 4_096, fieldNameSize: 200, parts: 21, headerPairs: 20 };

export interface Receiver<Result> {
  /** Bytes of the whole request at the most. */
  largest: number;
  /** Milliseconds since any moment. */
  now: () => number;
  paceCheckMs: number;
  /** Fields that there may be beside the file, each once. */
  fieldNames: readonly string[];
  /** With each chunk: how many bytes came so far. What it throws ends the upload. */
  count: (received: number) => void;
  /** The file as it comes in, with the name it was given. */
  take: (file: Readable, name: string | undefined) => Promise<Result>;
  /** Where the rest of the request turns out to be wrong: gives back what was taken. */
  undo: (result: Result) => Promise<void>;
}

export interface Received<Result> {
  result: Result;
  /** What the form says besides, by name. */
  fields: ReadonlyMap<string, string>;
}

/**
 * Receives the one file of a `multipart/form-data` request (RFC 7578). Resolves with what `take` makes of it and with the
 * fields beside it, before it or behind it, once all of the request was read. A request that comes in too slowly is ended without an answer.
 * @throws DomainError UNSUPPORTED_MEDIA for any other request, VALIDATION_FAILED for one without a file, with several, with
 *   another field or one given twice, or that breaks off, PAYLOAD_TOO_LARGE for one of more than `largest` bytes.
 */
export function receiveFile<Result>(
  request: IncomingBody,
  { largest, now, paceCheckMs, fieldNames, count, take, undo }: Receiver<Result>,
): Promise<Received<Result>> {
  return new Promise((resolve, reject) => {
    const parser = parserFor(request);
    const fields = new Map<string, string>();
    let file: Readable | undefined;
    let taken: Promise<Result> | undefined;
    let isRefused = false;
    const broken = invalidField('file', 'the request ended before its file did');
    const settle = (act: () => void): void => {
      request.off('close', closed);
      request.off('data', received);
      endWatch();
      act();
    };
    const fail = (error: unknown): void =>
      settle(() => {
        isRefused = true;
        request.unpipe(parser);
        // What is still to come is read and thrown away, so that the client receives the answer.
        request.resume();
        // A file that broke off shows in an error of the parser's.
        reject(error === file?.errored && !(error instanceof DomainError) ? broken : error);
        file?.destroy(broken);
        void undone(taken, undo);
      });
    // Node throws away what was not read yet of a client that goes away, also after its last byte: there is no end then.
    const closed = (): void => {
      if (!request.readableEnded) fail(broken);
    };
    parser.on('file', (field: string | undefined, stream, name) => {
      file = stream;
      // Its reader gets its end too; afterwards nobody listens, and an error without a listener would end the process.
      stream.on('error', () => undefined);
      if (field === undefined) fail(nameless());
      // The parser goes on with what it has already: nobody would give back what is taken of it.
      if (isRefused) return void stream.resume();
      taken = take(stream, name);
      taken.catch(fail);
    });
    parser.on('field', (name: string | undefined, value) => {
      if (name === undefined) fail(nameless());
      else if (!fieldNames.includes(name)) fail(invalidField(name, `property ${name} should not exist`));
      else if (fields.has(name)) fail(invalidField(name, `${name} must be given once`));
      else fields.set(name, value);
    });
    parser.on('filesLimit', () => fail(invalidField('file', 'there must be one file')));
    parser.on('error', () => fail(invalidField('file', 'the body is not well-formed multipart/form-data')));
    parser.on('finish', () => {
      if (taken === undefined) fail(invalidField('file', 'there must be a file'));
      else taken.then((result) => settle(() => resolve({ result, fields })), fail);
    });
    let bytes = 0;
    const received = (chunk: Buffer): void => {
      bytes += chunk.length;
      try {
        if (bytes > largest) throw new DomainError('PAYLOAD_TOO_LARGE');
        count(bytes);
      } catch (error) {
        fail(error);
      }
    };
    request.on('data', received);
    request.on('close', closed);
    const endWatch = watchPace(request, {
      now,
      received: () => bytes,
      announced: announcedBytes(request),
      checkMs: paceCheckMs,
    });
    request.pipe(parser);
    if (request.destroyed) closed();
  });
}

/** RFC 7578, section 4.2: each part must have one. */
function nameless(): DomainError {
  return invalidField('file', 'each part of the form must have a name');
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

/** Some pickers give a picture's type and no name. */
function isPartAFile(_field: string | undefined, type: string | undefined, name: string | undefined): boolean {
  return name !== undefined || /^(image|video|audio|application)\/(?!json\b)/i.test(type ?? '');
}

function parserFor(request: IncomingBody): BusboyInstance {
  if (!/^multipart\/form-data\b/i.test(request.headers['content-type'] ?? ''))
    throw new DomainError('UNSUPPORTED_MEDIA');
  try {
    return new Busboy({ headers: request.headers as BusboyHeaders, limits: LIMITS, isPartAFile });
  } catch {
    throw invalidField('file', 'the body is not well-formed multipart/form-data');
  }
}
