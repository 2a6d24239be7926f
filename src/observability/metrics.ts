import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { EventBus } from '../events/event-bus.js';

/** Where a client is refused. */
const DOORS = ['http', 'socket', 'handshake'] as const;

type Together = 'sum' | 'min' | 'max';

/** What this process counts, for Prometheus. A registry of its own, so that several servers in one process do not meet. */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly registry = new Registry();

  private readonly requests = new Histogram({
    name: 'parley_http_request_duration_seconds',
    help: 'Duration of HTTP requests by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });

  private readonly refusals = new Counter({
    name: 'parley_refusals_total',
    help: 'Requests, commands and handshakes that were answered with an error, by its code.',
    labelNames: ['door', 'code'],
    registers: [this.registry],
  });
  private readonly commands = new Histogram({
    name: 'parley_socket_event_duration_seconds',
    help: "Time from a client's event to its acknowledgement, by event: _count is how many there were.",
    labelNames: ['event'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });
  /** Looked up by name, not by labels: this is on the path of every message. */
  private readonly commandsByEvent = new Map<string, { observe(seconds: number): void }>();

  private read: () => Promise<string> = () => this.registry.metrics();

  constructor(events: EventBus) {
    collectDefaultMetrics({ register: this.registry });
    // What alarms look at must be there before the first one: from nothing to 1 is no increase.
    for (const door of DOORS) this.refusals.inc({ door, code: 'INTERNAL_ERROR' }, 0);
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

  /** All of them as text. */
  text(): Promise<string> {
    return this.read();
  }

  /** Where this process is one of several that are read as one: gives the text of all of them. */
  readAs(read: () => Promise<string>): void {
    this.read = read;
  }

  /**
   * A number that is read when somebody asks for it.
   * @param together what the numbers of several processes are as one
   */
  gauge(name: string, help: string, read: () => number | Promise<number>, together: Together = 'sum'): void {
    new Gauge({
      name,
      help,
      aggregator: together,
      registers: [this.registry],
      async collect() {
        this.set(await read());
      },
    });
  }

  /** @param route the route's pattern and never the path, which would make a series of every id. */
  request(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status }, seconds);
  }

  /** The same as `gauge` for several series at once. */
  gauges<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => readonly { labels: Record<Label, string>; value: number }[],
    together: Together = 'sum',
  ): void {
    new Gauge({
      name,
      help,
      aggregator: together,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        for (const { labels, value } of read()) this.set(labels, value);
      },
    });
  }

  /** A number that only rises, counted elsewhere and read when somebody asks for it. */
  counter(name: string, help: string, read: () => number): void {
    let counted = 0;
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        const value = read();
        if (value > counted) this.inc(value - counted);
        counted = value;
      },
    });
  }

  /** The same as `counter` for several series at once. */
  counters<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => readonly { labels: Record<Label, string>; value: number }[],
  ): void {
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
  }

  /** @param event of the protocol's own names, never one that a client made up. */
  command(event: string, seconds: number): void {
    let series = this.commandsByEvent.get(event);
    if (series === undefined) {
      series = this.commands.labels({ event });
      this.commandsByEvent.set(event, series);
    }
    series.observe(seconds);
  }

  refusal(door: (typeof DOORS)[number], code: string): void {
    this.refusals.inc({ door, code });
  }

  onApplicationShutdown(): void {
    this.registry.clear();
  }
}
