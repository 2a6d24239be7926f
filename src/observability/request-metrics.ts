import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { Logger } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** What proxies call it as well: the connection ended before there was an answer. It is counted, and sent to nobody. */
const CLIENT_LEFT = 499;

/** Counts every request by its route, and logs it where that is asked for; no query, no body, no header: secrets live there. */
export function useRequestMetrics(app: NestExpressApplication, logsRequests: boolean): void {
  const metrics = app.get(Metrics);
  const logger = new Logger('Http');
  app.use((request: Request & { id?: string }, response: Response, next: NextFunction) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1_000;
      const route = typeof request.route?.path === 'string' ? request.route.path : 'unmatched';
      const status = response.headersSent ? response.statusCode : CLIENT_LEFT;
      metrics.request(request.method, route, status, seconds);
      const refusal: unknown = response.locals.refusal;
      if (typeof refusal === 'string') metrics.refusal('http', refusal);
      const level = logsRequests ? 'log' : 'debug';
      logger[level](`${request.method} ${route} ${status}`, {
        requestId: request.id,
        milliseconds: Math.round(seconds * 1_000),
        ...(typeof refusal === 'string' ? { code: refusal } : {}),
      });
    });
    next();
  });
}
