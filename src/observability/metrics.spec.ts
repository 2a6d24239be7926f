import { expect, it } from '@jest/globals';
import { EventBus } from '../events/event-bus.js';
import { Metrics } from './metrics.js';

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
