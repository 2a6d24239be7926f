import cluster, { type Worker } from 'node:cluster';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { WORKER_STOP_TIMEOUT_MS } from '../common/stopping/stop-timeouts.js';
import type { Configuration } from '../config/configuration.js';
import { WORKER_VARIABLE, type WorkerPlace } from '../config/worker-place.js';
import { DIRECTORY_PREFIX, removeAbandonedDirectories } from './abandoned-directories.js';
import { FrameHub } from './frame-hub.js';
import { LimitCounts } from './limit-counts.js';
import { MetricsSum } from './metrics-sum.js';
import { FRAMES, socketPath } from './socket-path.js';
import type { ToPrimary, ToWorker } from './worker-messages.js';

/** A worker that ends sooner did not get far: the next one waits, longer each time. */
const MIN_LIFE_MS = 10_000;
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
const REPEAT_STOP_MS = 250;
const METRICS_TIMEOUT_MS = 2_000;
/** Connections that may be on their way to one worker; what stops is not handed more. */
const MAX_MOVING = 100;
/** What workers share is of no other process. */
const OWN_METRICS = 0;

/** Why no worker could be started, in one line. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

interface Member {
  readonly worker: Worker;
  readonly startedAt: number;
  listens: boolean;
  /** Connections that are being handed to it. */
  moving: number;
}

interface Options {
  /** The program that a worker runs. */
  entry: string;
  configuration: Configuration;
  /** The settings of a worker that are not those of this process. */
  settings: Readonly<Record<string, string>>;
}

/**
 * Several processes behind one port (docs/cluster.md). This one, the first, takes no requests: it accepts connections and deals
 * them out in turn, passes frames between workers, counts what they count together, adds up their metrics, and starts another
 * worker in the place of one that ended. Whatever happens to a worker, the others go on; without this process none does.
 */
export class Workers {
  private readonly logger = new Logger(Workers.name);
  private readonly members = new Map<number, Member>();
  private readonly retries = new Map<number, NodeJS.Timeout>();
  private readonly shortLives = new Map<number, number>();
  private readonly counts: LimitCounts;
  private readonly metrics = new MetricsSum();
  private readonly registry = new Registry();
  private readonly awaitedMetrics = new Map<number, (answered: Worker) => void>();
  private reporting: Promise<string> | undefined;
  private lastCollection = 0;
  private restarts = 0;
  private hub: FrameHub | undefined;
  private stopping: Promise<void> | undefined;
  private isOrderly = true;
  private url = '';
  /** Where workers listen, if not where the settings say. */
  private port: string | undefined;

  private constructor(
    private readonly options: Options,
    private readonly directory: string,
  ) {
    this.counts = new LimitCounts(options.configuration.limits);
    collectDefaultMetrics({ register: this.registry });
    const { members } = this;
    new Gauge({
      name: 'parley_workers',
      help: 'Processes behind the port that run.',
      registers: [this.registry],
      collect() {
        this.set(members.size);
      },
    });
    const restarts = (): number => this.restarts;
    new Counter({
      name: 'parley_worker_restarts_total',
      help: 'Processes that were started in the place of one that ended.',
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(restarts());
      },
    });
  }

  /**
   * Resolves once all of them listen. The first begins alone: what an earlier server left behind it clears away, and what is
   * wrong with the settings shows once.
   * @throws WorkerStartError where one does not start; the signal's reason once that is aborted
   */
  static async start(options: Options, signal?: AbortSignal): Promise<Workers> {
    const directory = mkdtempSync(join(tmpdir(), DIRECTORY_PREFIX));
    const workers = new Workers(options, directory);
    const abort = (): void => void workers.stop(false).catch(() => undefined);
    signal?.addEventListener('abort', abort);
    try {
      await removeAbandonedDirectories(directory);
      workers.hub = await FrameHub.listen(socketPath(directory, FRAMES));
      cluster.schedulingPolicy = cluster.SCHED_RR;
      cluster.setupPrimary({ exec: options.entry, args: [] });
      await workers.begin(1, true);
      // It may have listened a moment before its end: whatever starts now nobody would stop.
      signal?.throwIfAborted();
      const others = Array.from({ length: options.configuration.workers - 1 }, (_, index) => index + 2);
      await Promise.all(others.map((slot) => workers.begin(slot, false)));
      signal?.throwIfAborted();
      return workers;
    } catch (error) {
      await workers.stop(false).catch(() => undefined);
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Where they listen. */
  get publicUrl(): string {
    return this.url;
  }

  /** Ends them all, each as one process ends; once more with false, they hurry. Rejects where one did not end in order. */
  stop(isOrderly: boolean): Promise<void> {
    this.isOrderly &&= isOrderly;
    return (this.stopping ??= this.end());
  }

  // -- lives of workers ------------------------------------------------------------------------------------------------
  /** Resolves once it listens; rejects where it ends before, and where it cannot be forked. */
  private async begin(slot: number, isAlone: boolean): Promise<void> {
    const { configuration, settings } = this.options;
    const place: WorkerPlace = { slot, isAlone, count: configuration.workers, directory: this.directory };
    const port = this.port === undefined ? {} : { PORT: this.port };
    const worker = cluster.fork({ ...settings, ...port, [WORKER_VARIABLE]: JSON.stringify(place) });
    const member: Member = { worker, startedAt: performance.now(), listens: false, moving: 0 };
    this.members.set(slot, member);
    return new Promise<void>((resolve, reject) => {
      let reason = '';
      const ended = (why: string): void => {
        this.members.delete(slot);
        void this.metrics.keep(worker.id);
        this.keepAddress();
        if (!member.listens) reject(new WorkerStartError(reason === '' ? why : reason));
        if (this.stopping === undefined && member.listens) this.replace(slot, member, why);
      };
      worker.on('message', (message: ToPrimary, handle?: Socket) => {
        if (message.type === 'listening') {
          member.listens = true;
          this.url = message.url;
          resolve();
        } else if (message.type === 'start-failed') reason = message.reason;
        else this.receive(worker, message, handle);
      });
      worker.on('error', (error) => {
        // A process that could not be forked has no other end than this.
        if (worker.process.pid === undefined) ended(`a worker could not be forked (${error.message})`);
        // Where it ends while something is sent to it. Its end is what matters.
        else this.logger.debug(`worker ${slot}: ${error.message}`);
      });
      worker.once('exit', (code: number | null, signal: NodeJS.Signals | null) => {
        const end = signal ?? `exit code ${code}`;
        ended(member.listens ? end : `a worker ended at its start (${end})`);
      });
    });
  }

  /**
   * With the last worker that listens the port is let go of. A free one that was given once stays the address: those that
   * would listen to another one end, and begin again with it.
   */
  private keepAddress(): void {
    if (this.options.configuration.port !== 0 || this.port !== undefined || this.url === '') return;
    const members = [...this.members.values()];
    if (this.stopping !== undefined || members.some(({ listens }) => listens)) return;
    this.port = new URL(this.url).port;
    for (const { worker } of members) worker.process.kill('SIGKILL');
  }

  private replace(slot: number, { worker, startedAt }: Member, end: string): void {
    const wasShort = performance.now() - startedAt < MIN_LIFE_MS;
    const shortLives = wasShort ? (this.shortLives.get(slot) ?? 0) + 1 : 0;
    const pause = this.retryAfter(slot, shortLives);
    const when = pause === 0 ? 'now' : `in ${pause / 1_000} s`;
    this.logger.error(`worker ${slot} (process ${worker.process.pid}) ended: ${end}; another one starts ${when}`);
    this.again(slot, pause);
  }

  private again(slot: number, pause: number): void {
    this.retries.set(
      slot,
      setTimeout(() => {
        this.retries.delete(slot);
        this.restarts += 1;
        this.begin(slot, false).then(
          () => this.logger.log(`worker ${slot} is there again`),
          (error: Error) => {
            if (this.stopping !== undefined) return;
            const next = this.retryAfter(slot, (this.shortLives.get(slot) ?? 0) + 1);
            this.logger.error(
              `worker ${slot} does not start: ${error.message}; another one starts in ${next / 1_000} s`,
            );
            this.again(slot, next);
          },
        );
      }, pause),
    );
  }

  private retryAfter(slot: number, shortLives: number): number {
    this.shortLives.set(slot, shortLives);
    return shortLives === 0 ? 0 : Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(shortLives - 1, 10));
  }

  private async end(): Promise<void> {
    for (const timer of this.retries.values()) clearTimeout(timer);
    const drainMs = this.isOrderly ? this.options.configuration.drainSeconds * 1_000 : 0;
    const ends = [...this.members.values()].map(({ worker }) => this.endOf(worker, drainMs));
    const codes = await Promise.all(ends);
    await this.hub?.close();
    rmSync(this.directory, { recursive: true, force: true });
    this.registry.clear();
    if (codes.some((code) => code !== 0)) throw new Error(`a worker ended with ${codes.find((code) => code !== 0)}`);
  }

  private async endOf(worker: Worker, drainMs: number): Promise<number | null> {
    const { process: child } = worker;
    if (child.pid === undefined) return 0;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = new Promise<number | null>((resolve) => worker.once('exit', resolve));
    const order = (): void => this.send(worker, { type: 'stop', isOrderly: this.isOrderly });
    order();
    // Node holds no message back for a worker whose program is still being loaded. One that has it already does nothing more,
    // unless it is to hurry now.
    const repeated = setInterval(order, REPEAT_STOP_MS);
    const timer = setTimeout(() => child.kill('SIGKILL'), WORKER_STOP_TIMEOUT_MS + drainMs);
    return exited.finally(() => {
      clearInterval(repeated);
      clearTimeout(timer);
    });
  }

  // -- what they ask for -----------------------------------------------------------------------------------------------
  private receive(worker: Worker, message: ToPrimary, handle: Socket | undefined): void {
    switch (message.type) {
      case 'count': {
        const { id, limit, key, points, action } = message;
        return this.send(worker, { type: 'counted', id, waitMs: this.counts.count(limit, key, points, action) });
      }
      case 'metrics':
        this.metrics.note(worker.id, message.metrics);
        return this.awaitedMetrics.get(message.id)?.(worker);
      case 'report-wanted':
        this.reporting ??= this.report().finally(() => (this.reporting = undefined));
        this.reporting.then(
          (text) => this.send(worker, { type: 'report', id: message.id, text }),
          (error: Error) => this.logger.warn(`metrics could not be added up: ${error.message}`),
        );
        return;
      case 'upgrade':
        return this.move(message.slot, message.head, handle);
      default:
    }
  }

  /** All that answer in time; of one that does not, what it said the last time. */
  private async report(): Promise<string> {
    this.lastCollection += 1;
    const id = this.lastCollection;
    const awaited = new Set([...this.members.values()].map(({ worker }) => worker));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, METRICS_TIMEOUT_MS);
      const ended = (worker: Worker): void => {
        awaited.delete(worker);
        if (awaited.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      this.awaitedMetrics.set(id, ended);
      for (const worker of awaited) this.send(worker, { type: 'metrics-wanted', id });
    });
    this.awaitedMetrics.delete(id);
    this.metrics.note(OWN_METRICS, await this.registry.getMetricsAsJSON());
    return this.metrics.text();
  }

  /** A connection that came to one worker, and is about a session of another. */
  private move(slot: number, head: string, socket: Socket | undefined): void {
    if (socket === undefined) return;
    const member = this.members.get(slot);
    if (member === undefined || !member.worker.isConnected() || member.moving >= MAX_MOVING) {
      socket.destroy();
      return;
    }
    member.moving += 1;
    socket.on('error', () => undefined);
    const message: ToWorker = { type: 'upgrade', head };
    member.worker.process.send(message, socket, {}, () => {
      member.moving -= 1;
      socket.destroy();
    });
  }

  private send(worker: Worker, message: ToWorker): void {
    // What ends in this moment needs no answer.
    if (worker.isConnected()) worker.send(message, () => undefined);
  }
}
