import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { EventBus } from '../events/event-bus.js';

/** What this process counts, for Prometheus. A registry of its own, so that several servers in one process do not meet. */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly registry = new Registry();

  private readonly requests = new Histogram({
    name: 'parley_http_request_seconds',
    help: 'Duration of HTTP requests by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });

  constructor(events: EventBus) {
    collectDefaultMetrics({ register: this.registry });
    const messages = new Counter({
      name: 'parley_messages_stored_total',
      help: 'Messages stored and announced by this process.',
      registers: [this.registry],
    });
    const batches = new Histogram({
      name: 'parley_message_batch_size',
      help: 'Messages announced together.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers: [this.registry],
    });
    events.subscribe('messages.created', (event) => {
      messages.inc(event.messages.length);
      batches.observe(event.messages.length);
    });
  }

  /** A number that is read when somebody asks for it. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** @param route the route's pattern and never the path, which would make a series of every id. */
  request(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status }, seconds);
  }

  onApplicationShutdown(): void {
    this.registry.clear();
  }
}
