import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { problemOf } from '../../http/problem.filter.js';
import { partsOf } from '../transport/acknowledged.js';

/** Errors as this dialect has them: `{ success: false, error, message, code }`. */
@Catch()
export class ChatsFilter implements ExceptionFilter {
  private readonly logger = new Logger(ChatsFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const refusal = problemOf(error);
    if (refusal.code === 'INTERNAL_ERROR')
      this.logger.error('a request failed', error instanceof Error ? error.stack : String(error));
    const response = host.switchToHttp().getResponse<Response>();
    if (refusal.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(refusal.retryAfterMs / 1_000));
    response.status(refusal.status).json({ success: false, error: refusal.message, ...partsOf(refusal) });
  }
}
