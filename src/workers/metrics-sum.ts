import { AggregatorRegistry } from 'prom-client';
import type { MetricObjects } from './worker-messages.js';

/** What only rises: what an ended process counted stays a part of it. */
const COUNTED: ReadonlySet<unknown> = new Set(['counter', 'histogram']);

/**
 * The metrics of several processes as one set: counters and histograms are added up, and so are gauges unless they name another
 * way (`aggregator`); of a mean or a quantile the highest shows. What a process had counted when it was seen last stays in the sums
 * after its end, so that they never fall: whoever reads them would take that for a restart of the whole.
 */
export class MetricsSum {
  private readonly latest = new Map<number, MetricObjects>();
  private ended: MetricObjects = [];

  /** What a process has counted now; where it does not answer, what it had counted before stands for it. */
  note(processId: number, metrics: MetricObjects): void {
    this.latest.set(processId, metrics);
  }

  /** This process has ended. */
  async keep(processId: number): Promise<void> {
    const counted = (this.latest.get(processId) ?? []).filter(({ type }) => COUNTED.has(type));
    this.latest.delete(processId);
    const former = this.ended;
    if (counted.length === 0) return;
    const sum = AggregatorRegistry.aggregate([[...former], counted]);
    this.ended = await sum.getMetricsAsJSON();
  }

  async text(): Promise<string> {
    const known = [...this.latest.values(), this.ended].map((metrics) => metrics.map(withAggregator));
    return AggregatorRegistry.aggregate(known).metrics();
  }
}

/** What the system bounds for each process by itself: the one that is closest to its bound shows. */
const OF_EACH: ReadonlyMap<string, string> = new Map([
  ['process_open_fds', 'max'],
  ['process_max_fds', 'min'],
]);

/**
 * When a process began has no sum; that of the first of them says when the whole did. A mean would hide the one process whose
 * event loop is late behind the others, which are not.
 */
function withAggregator(metric: MetricObjects[number]): object {
  const together = OF_EACH.get(metric.name);
  if (together !== undefined) return { ...metric, aggregator: together };
  if (metric.aggregator === 'omit') return { ...metric, aggregator: 'min' };
  return metric.aggregator === 'average' ? { ...metric, aggregator: 'max' } : metric;
}
