import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { EventBus } from '../events/event-bus.js';
import { Metrics } from './metrics.js';
import { useRequestMetrics } from './request-metrics.js';

it('errors of the server itself are counted from 0 on at every door, so that an alarm sees the first one as an increase', async () => {
  const metrics = new Metrics(new EventBus());
  const text = await metrics.text();
  for (const door of ['http', 'socket', 'handshake'])
    expect(text).toContain(`parley_refusals_total{door="${door}",code="INTERNAL_ERROR"} 0`);
});

it('a number that only rises, counted elsewhere by labels, is a counter of what was counted, however often it is read', async () => {
  const metrics = new Metrics(new EventBus());
  let value = 2;
  metrics.counters('refused_total', 'Refused.', ['platform'], () => [{ labels: { platform: 'web' }, value }]);
  expect(await metrics.text()).toContain('refused_total{platform="web"} 2');
  value = 3;
  for (let time = 0; time < 2; time += 1) expect(await metrics.text()).toContain('refused_total{platform="web"} 3');
  expect(await metrics.text()).toContain('# TYPE refused_total counter');
});

it('a request whose client left before the answer is counted as 499, and one that was answered by its status', async () => {
  const metrics = new Metrics(new EventBus());
  const count = (request: unknown, response: unknown): void => {
    const use = (handler: (request: Request, response: Response, next: () => void) => void): void =>
      handler(request as Request, response as Response, () => undefined);
    useRequestMetrics({ get: () => metrics, use } as unknown as NestExpressApplication, false);
  };
  for (const headersSent of [false, true]) {
    const response = Object.assign(new EventEmitter(), { statusCode: 200, headersSent, locals: {} });
    count({ method: 'GET', route: { path: '/sync' } }, response);
    response.emit('close');
  }
  const text = await metrics.text();
  for (const status of [499, 200])
    expect(text).toContain(
      `parley_http_request_duration_seconds_count{method="GET",route="/sync",status="${status}"} 1`,
    );
});
