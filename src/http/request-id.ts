import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { newId } from '../common/identifier.js';
import { withWorkId } from '../common/work-id.js';

const ACCEPTABLE = /^[A-Za-z0-9_-]{8,64}$/;

/** Names every request, in its answer and in the log: as the client asked, where that is harmless, else anew. */
export function useRequestIds(app: NestExpressApplication): void {
  app.use((request: Request & { id?: string }, response: Response, next: NextFunction) => {
    const given = request.headers['x-request-id'];
    request.id = typeof given === 'string' && ACCEPTABLE.test(given) ? given : newId();
    response.setHeader('X-Request-Id', request.id);
    withWorkId({ requestId: request.id }, next);
  });
}
