import type { NestExpressApplication } from '@nestjs/platform-express';
import { json, type NextFunction, type Request, type Response } from 'express';
import { hasBody, isUpload, maxUploadBytes } from './uploads.js';
import { DomainError } from '../common/errors.js';
import { refuseHostileStructure } from '../common/validation/validation.js';
import { Configuration } from '../config/configuration.js';

/** A request's body at the most, in bytes, where it is no file. */
const MAX_BODY_BYTES = 128 * 1024;
/** How long such a body may take. */
const BODY_TIMEOUT_MS = 60_000;
/** How long what is left of a refused request is read, so that the client learns why. */
const LINGER_MS = 30_000;

/** What may be in a request, how much of it, and how slowly: JSON everywhere, and one file where files are uploaded. */
export function useRequestBodies(app: NestExpressApplication): void {
  app.use(refuseUnsupportedBodies);
  app.use(refuseAnnouncedBodies(maxUploadBytes(app.get(Configuration))));
  app.use(refuseSlowBodies);
  app.use(parseJson());
  app.use(nameParserErrors);
  app.use(refuseHostileBodies);
}

/**
 * Every body is JSON, but for an uploaded file. Without this check another one would count as none, and each of its
 * fields as missing.
 */
function refuseUnsupportedBodies(request: Request, _: Response, next: NextFunction): void {
  if (hasBody(request) && !isUpload(request) && request.is('json') === false)
    next(new DomainError('UNSUPPORTED_MEDIA'));
  else next();
}

/** Ends a request whose body does not come. Files have a time of their own, and may not pause for long (multipart.ts). */
export function refuseSlowBodies(request: Request, _: Response, next: NextFunction): void {
  if (hasBody(request) && !isUpload(request)) {
    const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS).unref();
    request.once('close', () => clearTimeout(timer));
  }
  next();
}

/** Those that say themselves that they are too large. */
function refuseAnnouncedBodies(longest: number): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    if (isUpload(request)) lingerAfterRefusal(request, response);
    const largest = isUpload(request) ? longest : MAX_BODY_BYTES;
    if (Number(request.headers['content-length'] ?? 0) <= largest) return next();
    if (!isUpload(request)) endAfterAnswer(request, response);
    next(new DomainError('PAYLOAD_TOO_LARGE'));
  };
}

/**
 * Refuses a body in chunks as soon as it is known to be too large. The parser would first read all of it, however slowly it comes
 * and whether or not it ever ends.
 */
function parseJson(): (request: Request, response: Response, next: NextFunction) => void {
  const parse = json({ limit: MAX_BODY_BYTES, reviver: refusePrototypes, strict: false });
  return (request, response, next) => {
    let isAnswered = false;
    // The parser speaks up again once a refused request is over: Express would write that to stderr, past the log.
    const answer = (error?: unknown): void => {
      if (isAnswered) return;
      isAnswered = true;
      next(error);
    };
    if (request.headers['transfer-encoding'] !== undefined && !isUpload(request)) {
      let bytes = 0;
      const count = (chunk: Buffer): void => {
        bytes += chunk.length;
        if (bytes <= MAX_BODY_BYTES) return;
        request.off('data', count);
        // What the parser refused unread goes on coming.
        if (response.headersSent) return void request.destroy();
        endAfterAnswer(request, response);
        answer(new DomainError('PAYLOAD_TOO_LARGE'));
      };
      request.on('data', count);
    }
    parse(request, response, answer);
  };
}

function endAfterAnswer(request: Request, response: Response): void {
  response.setHeader('Connection', 'close');
  response.once('finish', () => request.destroy());
}

/** A client that is still sending its file reads no answer before it is through, unless the server goes on reading for a while. */
function lingerAfterRefusal(request: Request, response: Response): void {
  response.once('finish', () => {
    if (request.complete) return;
    request.resume();
    const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
    request.once('close', () => clearTimeout(timer));
  });
}

function refusePrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('__proto__ is no field');
  return value;
}

/** A body is an object. `null` is none, as if it had been left out: many clients send it where they have nothing to say. */
function refuseHostileBodies(request: Request, _: Response, next: NextFunction): void {
  const body: unknown = request.body;
  if (body === null) request.body = undefined;
  else if (body !== undefined && (typeof body !== 'object' || Array.isArray(body)))
    throw new DomainError('VALIDATION_FAILED', { errors: { '': ['must be an object'] } });
  refuseHostileStructure(request.body);
  next();
}

/** Nest would pass the parser's errors on as bad requests without saying which. */
function nameParserErrors(error: unknown, _: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) return;
  next((error as { type?: unknown }).type === 'entity.parse.failed' ? new DomainError('MALFORMED_JSON') : error);
}
