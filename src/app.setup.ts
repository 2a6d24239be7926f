import { ValidationPipe } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from './common/errors.js';
import { Lifecycle } from './common/lifecycle.js';
import { ProblemFilter } from './common/problem.filter.js';
import { isTooDeep, tooDeep, validationFailed, VALIDATION_OPTIONS } from './common/validation.js';
import { Configuration } from './config/configuration.js';
import { originPolicy } from './config/origins.js';
import { mountDocuments } from './docs/documents.js';
import { addressKey } from './limits/address-key.js';
import { RateLimiter } from './limits/rate-limiter.js';
import { useRequestIds } from './observability/request-id.js';
import { useRequestMetrics } from './observability/request-metrics.js';
import { ChatSocketAdapter } from './realtime/chat-socket-adapter.js';

/** A request's body at the most. */
const LARGEST_BODY = '128kb';
/** Answered also while the address has no requests left: who watches the server must always see it. */
const UNLIMITED_PATHS = /^\/(health|metrics)(\/|$)/;

/** Everything about the application that is not a module: the same for the server and for the tests. */
export function configureApp(app: NestExpressApplication): ChatSocketAdapter {
  const configuration = app.get(Configuration);
  const isAllowedOrigin = originPolicy(configuration);

  app.set('trust proxy', configuration.trustedProxies);
  app.disable('x-powered-by');
  useRequestIds(app);
  useRequestMetrics(app);
  app.use(requestGate(app));
  app.enableCors({ origin: (origin, allow) => allow(null, isAllowedOrigin(origin)), credentials: true, maxAge: 600 });
  app.use(refuseForeignBodies);
  app.useBodyParser('json', { limit: LARGEST_BODY, reviver: refusePrototypes });
  app.use(nameParserErrors);
  app.use(refuseDeepBodies);
  app.useGlobalPipes(
    new ValidationPipe({ ...VALIDATION_OPTIONS, transform: true, exceptionFactory: validationFailed }),
  );
  app.useGlobalFilters(new ProblemFilter());
  mountDocuments(app);

  const adapter = new ChatSocketAdapter(app, configuration, app.get(Lifecycle), isAllowedOrigin);
  app.useWebSocketAdapter(adapter);
  return adapter;
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

/** The validation calls itself for every level, and the deepest body would end the stack. */
function refuseDeepBodies(request: Request, _: Response, next: NextFunction): void {
  next(isTooDeep(request.body) ? tooDeep() : undefined);
}

/** Nest would pass the parser's errors on as bad requests without saying which. */
function nameParserErrors(error: unknown, _: Request, __: Response, next: NextFunction): void {
  next((error as { type?: unknown }).type === 'entity.parse.failed' ? new DomainError('MALFORMED_JSON') : error);
}
