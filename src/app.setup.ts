import { ValidationPipe } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
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
/** How long a client may take to send a request's headers, and all of it. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Answered also while the address has no requests left: who watches the server must always see it. */
const UNLIMITED_PATHS = /^\/(health|metrics)(\/|$)/;

/** Everything about the application that is not a module: the same for the server and for the tests. */
export function configureApp(app: NestExpressApplication): ChatSocketAdapter {
  const configuration = app.get(Configuration);
  const isAllowedOrigin = originPolicy(configuration);

  app.set('trust proxy', configuration.trustedProxies);
  app.disable('x-powered-by');
  Object.assign(app.getHttpServer(), { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  app.use(securityHeaders(configuration.production));
  useRequestIds(app);
  useRequestMetrics(app);
  app.use(requestGate(app));
  app.enableCors({ origin: (origin, allow) => allow(null, isAllowedOrigin(origin)), credentials: true, maxAge: 600 });
  app.use(refuseForeignBodies);
  app.use(refuseLargeBodies);
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

/** Every body is JSON. Without this check another one would count as none, and each of its fields as missing. */
function refuseForeignBodies(request: Request, _: Response, next: NextFunction): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  const hasBody = encoding !== undefined || (length !== undefined && length !== '0');
  if (hasBody && request.is('json') === false) next(new DomainError('UNSUPPORTED_MEDIA'));
  else next();
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
function refuseLargeBodies(request: Request, response: Response, next: NextFunction): void {
  const refuse = (): void => {
    response.setHeader('Connection', 'close');
    response.once('finish', () => request.destroy());
    next(new DomainError('PAYLOAD_TOO_LARGE'));
  };
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) return refuse();
  if (request.headers['transfer-encoding'] !== undefined) {
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= LARGEST_BODY) return;
      request.off('data', count);
      refuse();
    };
    request.on('data', count);
  }
  next();
}

/** Nest would pass the parser's errors on as bad requests without saying which. */
function nameParserErrors(error: unknown, _: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) return;
  next((error as { type?: unknown }).type === 'entity.parse.failed' ? new DomainError('MALFORMED_JSON') : error);
}
