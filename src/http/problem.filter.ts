import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { isConnectionFailure, isResourceFailure, isStatementGivenUp } from '../database/database.js';
import { DomainError, type ErrorCode } from '../common/errors.js';

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
    const problem = domainErrorOf(error);
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
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          type: `/docs/errors#${problem.code}`,
          title: new DomainError(problem.code).message,
          status: problem.status,
          detail: problem.message,
          // The same again: what many clients read.
          message: problem.message,
          code: problem.code,
          requestId: request.id ?? '',
          ...problem.extras,
        }),
      );
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What an error from anywhere is to whoever asked. A bug reveals nothing of itself. */
export function domainErrorOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const code = codeOf(error);
  return new DomainError(code, { cause: error });
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
  431: 'PAYLOAD_TOO_LARGE',
  503: 'UNAVAILABLE',
};

function codeOf(error: unknown): ErrorCode {
  if (error instanceof URIError) return 'VALIDATION_FAILED';
  // Errors of Express and its parsers carry the status they mean.
  const { status } = Object(error) as { status?: unknown };
  if (error instanceof HttpException) return CODE_OF_STATUS[error.getStatus()] ?? 'INTERNAL_ERROR';
  if (typeof status === 'number' && status < 500) return CODE_OF_STATUS[status] ?? 'VALIDATION_FAILED';
  return isUnavailable(error) ? 'UNAVAILABLE' : 'INTERNAL_ERROR';
}

const MAX_CAUSE_DEPTH = 5;

function passesByItself(error: unknown): boolean {
  return isConnectionFailure(error) || isStatementGivenUp(error) || isResourceFailure(error);
}

function isUnavailable(error: unknown): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSE_DEPTH && typeof current === 'object' && current !== null; depth += 1) {
    if (passesByItself(current)) return true;
    current = (current as { cause?: unknown }).cause;
  }
  return false;
}
