import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { DomainError, domainErrorOf, type ErrorCode } from '../common/errors.js';

/** Every error over HTTP, as RFC 9457 has it (contract, section 1). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  /** @param showNotFound answers a request for which there is no route in another way, or returns false. */
  constructor(private readonly showNotFound: (request: Request, response: Response) => boolean = () => false) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request & { id?: string }>();
    const response = http.getResponse<Response>();
    const problem = problemOf(error);
    if (problem.code === 'INTERNAL_ERROR') {
      // Named also where the log would not know it by itself.
      this.logger.error('a request failed', { requestId: request.id ?? '' }, stackOf(error));
    }
    // For whoever counts and logs requests.
    response.locals.refusal = problem.code;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // Nest's own: features throw a DomainError.
    if (error instanceof NotFoundException && this.showNotFound(request, response)) return;
    if (problem.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(problem.retryAfterMs / 1_000));
    // RFC 9110 has every 401 name how to be let in.
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(problemDocument(problem, request.id ?? ''));
  }
}

/** @param requestId that of the answer's `X-Request-Id` */
export function problemDocument({ code, status, message, extras }: DomainError, requestId: string): string {
  return JSON.stringify({
    type: `/docs/errors#${code}`,
    title: new DomainError(code).message,
    status,
    detail: message,
    // The same again: what many clients read.
    message,
    code,
    requestId,
    ...extras,
  });
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What an error of a request is: one of a feature, or one of Nest's, Express's and its parsers', which carry a status. */
export function problemOf(error: unknown): DomainError {
  const code = codeOf(error);
  return code === undefined ? domainErrorOf(error) : new DomainError(code, { cause: error });
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION_FAILED',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'NOT_FOUND',
  406: 'UNSUPPORTED_MEDIA',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA',
  429: 'RATE_LIMITED',
  431: 'HEADERS_TOO_LARGE',
  503: 'UNAVAILABLE',
};

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof DomainError) return undefined;
  if (error instanceof URIError) return 'VALIDATION_FAILED';
  if (error instanceof HttpException) return CODE_OF_STATUS[error.getStatus()] ?? 'INTERNAL_ERROR';
  const { status } = Object(error) as { status?: unknown };
  return typeof status === 'number' && status < 500 ? (CODE_OF_STATUS[status] ?? 'VALIDATION_FAILED') : undefined;
}
