import { expect, it } from '@jest/globals';
import { EventBus } from '../events/event-bus.js';
import { Metrics } from './metrics.js';

it('errors of the server itself are counted from 0 on at every door, so that an alarm sees the first one as an increase', async () => {
  const metrics = new Metrics(new EventBus());
  const text = await metrics.text();
  for (const door of ['http', 'socket', 'handshake'])
    expect(text).toContain(`parley_refusals_total{door="${door}",code="INTERNAL_ERROR"} 0`);
});
