import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Request, Response } from 'express';
import { DomainError } from './errors.js';

/** stub */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);
  constructor(_host: HttpAdapterHost) {}
  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const domain = error instanceof HttpException ? new DomainError(error.getStatus() === 404 ? 'NOT_FOUND' : 'VALIDATION_FAILED') : domainErrorOf(error);
    if (domain.code === 'INTERNAL_ERROR') this.logger.error(error instanceof Error ? error.stack : error);
    response.status(domain.status).type('application/problem+json').send(JSON.stringify({ code: domain.code, status: domain.status, detail: domain.message, errors: domain.errors }));
    void host.switchToHttp().getRequest<Request>();
  }
}

export function domainErrorOf(error: unknown): DomainError {
  return error instanceof DomainError ? error : new DomainError('INTERNAL_ERROR', { cause: error });
}
