import cluster from 'node:cluster';
import type { Socket } from 'node:net';
import process from 'node:process';
import type { LimitName } from '../config/limits.js';
import { isOwnWorker } from '../config/worker-place.js';
import type { CountAction, MetricObjects, ToPrimary, ToWorker } from './worker-messages.js';

/** Questions that may wait for an answer; beyond it none is asked. */
const MAX_WAITING = 10_000;
const REPORT_TIMEOUT_MS = 5_000;

type Answer = Extract<ToWorker, { id: number }>;

/** A worker's side of its channel to the process that started it. Where that one dies, Node ends the worker. */
export class PrimaryChannel {
  private static instance: PrimaryChannel | undefined;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private lastId = 0;
  private stop: (isOrderly: boolean) => void = () => undefined;
  private metrics: (() => Promise<MetricObjects>) | undefined;
  private upgrade: ((socket: Socket, head: string) => void) | undefined;

  private constructor() {
    process.on('message', (message, handle) => this.receive(message as ToWorker, handle as Socket | undefined));
  }

  /** Undefined where this process is no worker, or one of another program: process managers fork what they run in the same way. */
  static ofThisProcess(): PrimaryChannel | undefined {
    if (!cluster.isWorker || !isOwnWorker()) return undefined;
    return (PrimaryChannel.instance ??= new PrimaryChannel());
  }

  onStop(stop: (isOrderly: boolean) => void): void {
    this.stop = stop;
  }

  onMetricsWanted(metrics: () => Promise<MetricObjects>): void {
    this.metrics = metrics;
  }

  /** A connection that came to another worker, and what was read of it. */
  onUpgrade(upgrade: (socket: Socket, head: string) => void): void {
    this.upgrade = upgrade;
  }

  listening(url: string): void {
    this.send({ type: 'listening', url });
  }

  /** Resolves once it is said. */
  startFailed(reason: string): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) return resolve();
      process.send({ type: 'start-failed', reason } satisfies ToPrimary, undefined, {}, () => resolve());
    });
  }

  /** For how many milliseconds it is refused; 0: it is counted. Rejects where it cannot be asked. */
  async count(limit: LimitName, key: string, points: number, action: CountAction): Promise<number> {
    const answer = await this.ask((id) => ({ type: 'count', id, limit, key, points, action }));
    return answer.type === 'counted' ? answer.waitMs : 0;
  }

  /** The metrics of all workers, as text. Rejects where they do not come in time. */
  async report(): Promise<string> {
    const answer = await this.ask((id) => ({ type: 'report-wanted', id }), REPORT_TIMEOUT_MS);
    return answer.type === 'report' ? answer.text : '';
  }

  /** Gives a connection away, of which so much was read, to the worker that has its session. */
  moveUpgrade(socket: Socket, slot: number, head: string): void {
    // Nothing is waited for at the end of the server that came here: it is no connection of it any more.
    Object.assign(socket, { server: null });
    const isSent = process.send?.({ type: 'upgrade', slot, head } satisfies ToPrimary, socket, {}, () =>
      socket.destroy(),
    );
    if (isSent === undefined) socket.destroy();
  }

  private ask(message: (id: number) => ToPrimary, timeoutMs?: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.waiting.size >= MAX_WAITING) return reject(new Error('too many questions wait for the first process'));
      this.lastId += 1;
      const id = this.lastId;
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              this.waiting.delete(id);
              reject(new Error('the first process does not answer'));
            }, timeoutMs);
      this.waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.send(message(id));
    });
  }

  private send(message: ToPrimary): void {
    // Where it is gone, so is this process in a moment.
    if (process.connected) process.send?.(message);
  }

  private receive(message: ToWorker, handle: Socket | undefined): void {
    switch (message.type) {
      case 'stop':
        return this.stop(message.isOrderly);
      case 'metrics-wanted':
        return void this.giveMetrics(message.id);
      case 'upgrade':
        if (handle === undefined) return;
        if (this.upgrade === undefined) handle.destroy();
        else this.upgrade(handle, message.head);
        return;
      case 'counted':
      case 'report': {
        const settle = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        settle?.(message);
      }
    }
  }

  private async giveMetrics(id: number): Promise<void> {
    const metrics = await this.metrics?.().catch(() => undefined);
    if (metrics !== undefined) this.send({ type: 'metrics', id, metrics });
  }
}
