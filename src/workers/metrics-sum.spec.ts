import { describe, expect, it } from '@jest/globals';
import { Gauge, Registry } from 'prom-client';
import { EventBus } from '../events/event-bus.js';
import { Metrics } from '../observability/metrics.js';
import { MetricsSum } from './metrics-sum.js';
import type { MetricObjects } from './worker-messages.js';

/** What a process would hand over that has these gauges alone, each with the way in which the library adds it up. */
function gaugesOf(values: Record<string, number>, aggregator: 'sum' | 'average'): Promise<MetricObjects> {
  const registry = new Registry();
  for (const [name, value] of Object.entries(values))
    new Gauge({ name, help: name, aggregator, registers: [registry] }).set(value);
  return registry.getMetricsAsJSON();
}

describe('the metrics of several processes', () => {
  it('show the open files of the process that has the most, beside the bound that each has for itself', async () => {
    const sum = new MetricsSum();
    sum.note(1, await gaugesOf({ process_open_fds: 900, process_max_fds: 1_024 }, 'sum'));
    sum.note(2, await gaugesOf({ process_open_fds: 30, process_max_fds: 1_024 }, 'sum'));
    const lines = (await sum.text()).split('\n');
    expect(lines).toContain('process_open_fds 900');
    expect(lines).toContain('process_max_fds 1024');
  });

  it('show the lag of the event loop that is latest, which a mean of all would hide', async () => {
    const sum = new MetricsSum();
    sum.note(1, await gaugesOf({ nodejs_eventloop_lag_p99_seconds: 0.01 }, 'average'));
    sum.note(2, await gaugesOf({ nodejs_eventloop_lag_p99_seconds: 0.5 }, 'average'));
    sum.note(3, await gaugesOf({ nodejs_eventloop_lag_p99_seconds: 0.01 }, 'average'));
    expect((await sum.text()).split('\n')).toContain('nodejs_eventloop_lag_p99_seconds 0.5');
  });

  it('keep what an ended process had counted by labels', async () => {
    const sum = new MetricsSum();
    const report = (value: number): Promise<MetricObjects> => {
      const metrics = new Metrics(new EventBus());
      metrics.counters('refused_total', 'Refused.', ['platform'], () => [{ labels: { platform: 'web' }, value }]);
      return metrics.registry.getMetricsAsJSON();
    };
    sum.note(1, await report(3));
    sum.note(2, await report(2));
    await sum.keep(1);
    expect((await sum.text()).split('\n')).toContain('refused_total{platform="web"} 5');
  });
});
