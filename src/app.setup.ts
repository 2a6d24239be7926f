import { ValidationPipe } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import { isUpload, largestUpload, LONGEST_UPLOAD_MS } from './attachments/uploads.js';
import { DomainError } from './common/errors.js';
import { Lifecycle } from './common/lifecycle.js';
import { ProblemFilter } from './common/problem.filter.js';
import { refuseHostileStructure, validationFailed, VALIDATION_OPTIONS } from './common/validation.js';
import { Configuration } from './config/configuration.js';
import { originPolicy } from './config/origins.js';
import { mountDocuments } from './docs/documents.js';
import { addressKey } from './limits/address-key.js';
import { RateLimiter } from './limits/rate-limiter.js';
import { useRequestIds } from './observability/request-id.js';
import { useRequestMetrics } from './observability/request-metrics.js';
import { ChatSocketAdapter } from './realtime/chat-socket-adapter.js';

/** A request's body at the most, in bytes. */
const LARGEST_BODY = 128 * 1024;
/** How long a client may take to send a request's headers, and its body where that is not a file. */
const HEADERS_TIMEOUT_MS = 15_000;
const BODY_TIMEOUT_MS = 60_000;
/** How long what is left of a refused request is read, so that the client hears why. */
const LINGER_MS = 5_000;
/** Answered also while the address has no requests left: who watches the server must always see it. */
const UNLIMITED_PATHS = /^\/(health|metrics)(\/|$)/;

/** Everything about the application that is not a module: the same for the server and for the tests. */
export function configureApp(app: NestExpressApplication): ChatSocketAdapter {
  const configuration = app.get(Configuration);
  const isAllowedOrigin = originPolicy(configuration);

  app.set('trust proxy', configuration.trustedProxies);
  app.disable('x-powered-by');
  Object.assign(app.getHttpServer(), { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: LONGEST_UPLOAD_MS });
  app.use(securityHeaders(configuration.production));
  useRequestIds(app);
  useRequestMetrics(app);
  app.use(requestGate(app));
  app.enableCors({ origin: (origin, allow) => allow(null, isAllowedOrigin(origin)), credentials: true, maxAge: 600 });
  app.use(refuseForeignBodies);
  app.use(refuseLargeBodies(largestUpload(configuration)));
  app.use(refuseSlowBodies);
  app.useBodyParser('json', { limit: LARGEST_BODY, reviver: refusePrototypes });
  app.use(nameParserErrors);
  app.use(refuseHostileBodies);
  app.useGlobalPipes(
    new ValidationPipe({ ...VALIDATION_OPTIONS, transform: true, exceptionFactory: validationFailed }),
  );
  app.useGlobalFilters(new ProblemFilter());
  mountDocuments(app);

  const adapter = new ChatSocketAdapter(app, configuration, app.get(Lifecycle), isAllowedOrigin);
  app.useWebSocketAdapter(adapter);
  return adapter;
}

/** Nothing that is answered here is a page, but for the documents: those may load what is their own. */
function securityHeaders(production: boolean): (request: Request, response: Response, next: NextFunction) => void {
  const common: HelmetOptions = {
    // Answers are for pages of other origins too: which, CORS says.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    strictTransportSecurity: production,
  };
  const nothing = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };
  const own = ["'self'"];
  const forAnswers = helmet({ ...common, contentSecurityPolicy: { useDefaults: false, directives: nothing } });
  const forDocuments = helmet({
    ...common,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        ...nothing,
        'script-src': own,
        'connect-src': own,
        'font-src': own,
        'img-src': [...own, 'data:'],
        'style-src': [...own, "'unsafe-inline'"],
      },
    },
  });
  return (request, response, next) => {
    if (/^\/docs(\/|$)/.test(request.path)) return forDocuments(request, response, next);
    // Everything else is somebody's own, or a token.
    response.setHeader('Cache-Control', 'no-store');
    forAnswers(request, response, next);
  };
}

/** What every request passes first: the end of the process, and the limit of its address. */
function requestGate(app: NestExpressApplication): (request: Request, response: Response, next: NextFunction) => void {
  const lifecycle = app.get(Lifecycle);
  const limiter = app.get(RateLimiter);
  return (request, response, next) => {
    if (UNLIMITED_PATHS.test(request.path)) return next();
    if (lifecycle.isDraining) {
      response.setHeader('Connection', 'close');
      return next(new DomainError('UNAVAILABLE', { message: 'The server is shutting down.' }));
    }
    Promise.resolve()
      .then(() => limiter.consume('http', addressKey(request.ip)))
      .then(() => next(), next);
  };
}

/** Every body is JSON, but for an uploaded file. Without this check another one would count as none, and each of its fields as missing. */
function refuseForeignBodies(request: Request, _: Response, next: NextFunction): void {
  if (hasBody(request) && !isUpload(request) && request.is('json') === false)
    next(new DomainError('UNSUPPORTED_MEDIA'));
  else next();
}

function hasBody({ headers }: Request): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/** Ends a request whose body does not come. Files have a time of their own, and may not pause for long (multipart.ts). */
function refuseSlowBodies(request: Request, _: Response, next: NextFunction): void {
  if (hasBody(request) && !isUpload(request)) {
    const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS).unref();
    request.once('close', () => clearTimeout(timer));
  }
  next();
}

function refusePrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('__proto__ is no field');
  return value;
}

function refuseHostileBodies(request: Request, _: Response, next: NextFunction): void {
  refuseHostileStructure(request.body);
  next();
}

/**
 * Ends a request as soon as it is known to be too large. The parser would first read all of it, however slowly it comes
 * and whether or not it ever ends.
 */
function refuseLargeBodies(longest: number): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    const largest = isUpload(request) ? longest : LARGEST_BODY;
    const refuse = (): void => {
      response.setHeader('Connection', 'close');
      if (!isUpload(request)) response.once('finish', () => request.destroy());
      next(new DomainError('PAYLOAD_TOO_LARGE'));
    };
    if (isUpload(request)) lingerAfterRefusal(request, response);
    if (Number(request.headers['content-length'] ?? 0) > largest) return refuse();
    if (request.headers['transfer-encoding'] !== undefined && !isUpload(request)) {
      let bytes = 0;
      const count = (chunk: Buffer): void => {
        bytes += chunk.length;
        if (bytes <= largest) return;
        request.off('data', count);
        refuse();
      };
      request.on('data', count);
    }
    next();
  };
}

/** A client that is still sending its file hears nothing before it is through, unless it is listened to for a while. */
function lingerAfterRefusal(request: Request, response: Response): void {
  response.once('finish', () => {
    if (request.complete) return;
    request.resume();
    const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
    request.once('close', () => clearTimeout(timer));
  });
}

/** Nest would pass the parser's errors on as bad requests without saying which. */
function nameParserErrors(error: unknown, _: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) return;
  next((error as { type?: unknown }).type === 'entity.parse.failed' ? new DomainError('MALFORMED_JSON') : error);
}
