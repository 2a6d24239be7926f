import { ValidationPipe } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import { TUS_HEADERS, useTusProtocol } from './attachments/resumable/tus-protocol.js';
import { UPLOAD_TIMEOUT_MS } from './attachments/uploads/receiving/upload-pace.js';
import { DomainError } from './common/errors.js';
import { FreeSpace } from './common/free-space.js';
import { Lifecycle } from './common/stopping/lifecycle.js';
import { NoBodyInterceptor } from './http/no-body.interceptor.js';
import { useParserErrors } from './http/parser-errors.js';
import { ProblemFilter } from './http/problem.filter.js';
import { validationFailed, VALIDATION_OPTIONS } from './common/validation/validation.js';
import { Configuration } from './config/configuration.js';
import { originPolicy } from './config/origins.js';
import { mountDocuments } from './docs/documents.js';
import { ipAddressKey } from './limits/ip-address-key.js';
import { RateLimiter } from './limits/rates/rate-limiter.js';
import { boundPipelinedRequests } from './limits/connections/pipelined-requests.js';
import { TcpConnections } from './limits/connections/tcp-connections.js';
import { useRequestIds } from './http/request-id.js';
import { Metrics } from './observability/metrics.js';
import { useRequestMetrics } from './observability/request-metrics.js';
import { ChatSocketAdapter } from './realtime/engine/chat-socket-adapter.js';
import { useRequestBodies } from './http/request-bodies.js';
import { mountPage } from './web/page.js';

/** How long a client may take to send a request's headers. */
const HEADERS_TIMEOUT_MS = 15_000;
/** What pages of other origins may read of an answer, beside what browsers let them read anyway. */
const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Length',
  'Content-Range',
  'Date',
  'ETag',
  'Retry-After',
  'X-Request-Id',
  ...TUS_HEADERS,
];
/** Methods that store nothing. */
const SAFE_METHODS = /^(GET|HEAD|OPTIONS)$/;
/** Answered also while the IP address has no requests left: who watches the server must always see it. */
const UNLIMITED_PATHS = /^\/(health\/(live|ready)|metrics)\/?$/i;
const UNLIMITED_METHODS = /^(GET|HEAD)$/;

/** Everything about the application that is not a module: the same for the server and for the tests. */
export function configureApp(app: NestExpressApplication): void {
  const configuration = app.get(Configuration);
  const isAllowedOrigin = originPolicy(configuration);

  app.set('trust proxy', configuration.trustedProxies);
  app.disable('x-powered-by');
  Object.assign(app.getHttpServer(), {
    // Longer than a proxy in front keeps it: who closes first must not be the one that is written to.
    keepAliveTimeout: configuration.keepAliveSeconds * 1_000,
    // The headers alone, from their first byte on: a connection that waits for its next request is not meant.
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: UPLOAD_TIMEOUT_MS,
  });
  app.get(TcpConnections).watch(app.getHttpServer());
  boundPipelinedRequests(app.getHttpServer());
  const metrics = app.get(Metrics);
  useParserErrors(app.getHttpServer(), (code) => metrics.refusal('http', code));
  app.use(securityHeaders(configuration.production));
  useRequestIds(app);
  useRequestMetrics(app, configuration.logRequests);
  useTusProtocol(app);
  // Before anything may be refused: a page of another origin must be able to read why.
  app.enableCors({
    origin: (origin, allow) => allow(null, isAllowedOrigin(origin)),
    credentials: true,
    maxAge: 600,
    exposedHeaders: EXPOSED_HEADERS,
  });
  app.use(requestGate(app));
  const notFoundPage = configuration.web ? mountPage(app, configuration.production) : undefined;
  useRequestBodies(app);
  app.useGlobalPipes(
    new ValidationPipe({ ...VALIDATION_OPTIONS, transform: true, exceptionFactory: validationFailed }),
  );
  app.useGlobalInterceptors(new NoBodyInterceptor());
  app.useGlobalFilters(new ProblemFilter(notFoundPage));
  mountDocuments(app);

  app.useWebSocketAdapter(new ChatSocketAdapter(app, isAllowedOrigin));
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

/** What every request passes first: the end of the process, the limit of its IP address, and room on the disk. */
function requestGate(app: NestExpressApplication): (request: Request, response: Response, next: NextFunction) => void {
  const lifecycle = app.get(Lifecycle);
  const limiter = app.get(RateLimiter);
  const freeSpace = app.get(FreeSpace);
  return (request, response, next) => {
    if (UNLIMITED_METHODS.test(request.method) && UNLIMITED_PATHS.test(request.path)) return next();
    if (lifecycle.isDraining) {
      response.setHeader('Connection', 'close');
      return next(new DomainError('UNAVAILABLE', { message: 'The server is shutting down.', retryAfterMs: 1_000 }));
    }
    Promise.resolve()
      .then(() => limiter.consume('http', ipAddressKey(request.ip)))
      .then(() => (SAFE_METHODS.test(request.method) ? undefined : freeSpace.requireSpace()))
      .then(() => next(), next);
  };
}
