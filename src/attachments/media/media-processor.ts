import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { FairQueue } from './fair-queue.js';
import { MAX_COST_MS } from './images/image-cost.js';
import type {
  ImageJob,
  MediaFailure,
  MediaJob,
  MediaResult,
  ProcessedImage,
  ProcessedRecording,
  RecordingJob,
  WorkerReport,
} from './media-job.js';

/** The built file, also where this one runs from its source. */
const WORKER = fileURLToPath(new URL('../../../dist/attachments/media/media-worker.js', import.meta.url));
/**
 * What makes glibc give back what a picture took when it is done, and keep no share of it for each thread: else each
 * photograph leaves tens of megabytes behind, and the tenth one fills a small container. Other systems do not look at it.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };
/** Behind what carries messages, and yet so that a busy machine does not starve it. */
const PRIORITY = 10;
/**
 * A file that costs three times what may be guessed of one was made to. Counted in time of the processor: on a busy
 * machine, where an honest one takes long, it takes no more of that.
 */
const MAX_CPU_MS = 3 * MAX_COST_MS;
/** A worker that does not even say that it lives was stopped, or waits for a disk for ever. */
const SILENCE_TIMEOUT_MS = 15_000;
/** Longer than this nobody waits for an answer: a machine so busy is not asked the same again at once. */
const JOB_TIMEOUT_MS = 100_000;
const CHECK_INTERVAL_MS = 500;
/** Its memory is given back when nobody has sent anything for so long. */
const IDLE_MS = 60_000;
const MAX_WAITING = 300;
const MAX_WAITING_OF_USER = 60;
const WAITING_TIMEOUT_MS = 120_000;
const OVERLOADED_RETRY_MS = 10_000;
/** Taken of a user's budget before a file is looked at, and settled afterwards; seconds of the processor. */
const ADVANCE_SECONDS = 3;
/** How a decoder dies over a file: by itself. Any other end was brought about by somebody else. */
const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP']);

type Paths<Job> = Omit<Job, 'type' | 'maxCpuMs' | 'maxMemoryBytes'>;

interface Waiting {
  job: MediaJob;
  resolve(result: Exclude<MediaResult, MediaFailure>): void;
  reject(error: unknown): void;
}

/** What became of a job, or of the worker over it. */
interface Outcome {
  result: MediaResult;
  cpuMs: number;
  /** Another worker may do better: this one was killed, stopped, or could not be started. */
  isWorkerLost?: boolean;
  /** The worker died over it, by itself. */
  isCrash?: boolean;
}

/**
 * Makes of an uploaded image what is kept of it, and reads what films and sounds say of themselves: one file after the other,
 * in a process of its own, which may crash or hang over one without anybody else noticing. Whose files have cost least is
 * next: who sends many, or dear ones, waits for its own alone.
 *
 * A worker that is lost is none of the file's fault: the file is tried once more in another one.
 */
@Injectable()
export class MediaProcessor implements OnApplicationShutdown {
  private readonly logger = new Logger(MediaProcessor.name);
  private worker: ChildProcess | undefined;
  /** By the user who uploaded them. */
  private readonly queue = new FairQueue<Waiting>();
  private running: Promise<void> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private stopped = false;
  protected readonly maxCpuMs: number = MAX_CPU_MS;
  protected readonly silenceTimeoutMs: number = SILENCE_TIMEOUT_MS;
  private readonly maxMemoryBytes: number;

  constructor(
    private readonly limiter: RateLimiter,
    { mediaMemoryBytes }: Configuration,
  ) {
    this.maxMemoryBytes = mediaMemoryBytes;
  }

  /** The process that works at the moment, if there is one. */
  get workerPid(): number | undefined {
    return this.worker?.pid;
  }

  /**
   * The image encoded anew, turned upright and without metadata, and its thumbnails, in files.
   * @throws DomainError UNSUPPORTED_MEDIA for what is no whole image, or more than one; IMAGE_TOO_LARGE for more than a
   *   phone takes; RATE_LIMITED for a user whose files took very much lately; OVERLOADED where too many wait; UNAVAILABLE
   *   where this machine cannot, or at the server's end.
   */
  async processImage(ownerId: string, paths: Paths<ImageJob>): Promise<ProcessedImage> {
    const result = await this.process(ownerId, { type: 'image', ...paths, ...this.bounds });
    if ('image' in result) return result.image;
    throw new Error('the worker answered something else');
  }

  /**
   * What a film or a sound says of itself, and the file without the place where it was made.
   * @throws DomainError as `processImage`.
   */
  async processRecording(ownerId: string, job: Paths<RecordingJob>): Promise<ProcessedRecording> {
    const result = await this.process(ownerId, { type: 'recording', ...job, ...this.bounds });
    if ('recording' in result) return result.recording;
    throw new Error('the worker answered something else');
  }

  /**
   * Asks whether a file of that user would be taken now, and takes nothing: before it is copied and scanned.
   * @throws DomainError RATE_LIMITED, OVERLOADED, as `processImage`.
   */
  async requireCapacity(ownerId: string): Promise<void> {
    await this.limiter.consume('imageSeconds', ownerId, ADVANCE_SECONDS);
    await this.settle(ownerId, 0);
    if (this.isFull(ownerId)) throw overloaded();
  }

  private isFull(ownerId: string): boolean {
    return this.queue.size >= MAX_WAITING || this.queue.sizeOf(ownerId) >= MAX_WAITING_OF_USER;
  }

  private get bounds(): Pick<MediaJob, 'maxCpuMs' | 'maxMemoryBytes'> {
    return { maxCpuMs: this.maxCpuMs, maxMemoryBytes: this.maxMemoryBytes };
  }

  private async process(ownerId: string, job: MediaJob): Promise<Exclude<MediaResult, MediaFailure>> {
    await this.limiter.consume('imageSeconds', ownerId, ADVANCE_SECONDS);
    if (this.isFull(ownerId)) {
      await this.settle(ownerId, 0);
      throw overloaded();
    }
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const waiting = { job, resolve, reject };
        this.queue.push(ownerId, waiting);
        timer = setTimeout(() => {
          if (!this.queue.remove(ownerId, waiting)) return;
          void this.settle(ownerId, 0);
          reject(overloaded());
        }, WAITING_TIMEOUT_MS).unref();
        this.running ??= this.runAll();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private async runAll(): Promise<void> {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const { owner, work } = next;
      const { result, cpuMs } = await this.runWithRetry(work.job);
      this.queue.charge(owner, cpuMs);
      await this.settle(owner, cpuMs / 1_000);
      if ('fault' in result) work.reject(this.errorOf(result, work.job));
      else work.resolve(result);
    }
    this.running = undefined;
  }

  /** The advance for what it really took: what a file costs less is given back, what it costs more is owed. */
  private async settle(ownerId: string, seconds: number): Promise<void> {
    if (seconds < ADVANCE_SECONDS) await this.limiter.restore('imageSeconds', ownerId, ADVANCE_SECONDS - seconds);
    else await this.limiter.charge('imageSeconds', ownerId, seconds - ADVANCE_SECONDS);
  }

  private errorOf({ fault, message }: MediaFailure, { type }: MediaJob): DomainError {
    switch (fault) {
      case 'invalid':
        this.logger.debug(`a file was refused: ${message}`);
        return new DomainError('UNSUPPORTED_MEDIA', {
          message: type === 'image' ? 'The image is damaged or not only an image.' : 'The recording is damaged.',
        });
      case 'costly':
        this.logger.debug(`a file was refused: ${message}`);
        return new DomainError('IMAGE_TOO_LARGE');
      case 'unavailable':
        return new DomainError('UNAVAILABLE', {
          retryAfterMs: OVERLOADED_RETRY_MS,
          cause: new Error(`a file could not be processed: ${message}`),
        });
    }
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.idle);
    this.worker?.kill('SIGKILL');
  }

  private async runWithRetry(job: MediaJob): Promise<Outcome> {
    const first = await this.run(job);
    if (first.isWorkerLost !== true || this.stopped) return first;
    this.logger.warn(`the media worker was lost, and the file is tried again: ${messageOf(first)}`);
    const second = await this.run(job);
    if (second.isWorkerLost === true) this.logger.error(`the media worker was lost again: ${messageOf(second)}`);
    const cpuMs = first.cpuMs + second.cpuMs;
    // Two workers died of the same file, each by itself: that is the file.
    if (first.isCrash === true && second.isCrash === true)
      return { result: { fault: 'invalid', message: messageOf(second) }, cpuMs };
    return { ...second, cpuMs };
  }

  private async run(job: MediaJob): Promise<Outcome> {
    if (this.stopped) return unavailable('the server is ending', 0);
    clearTimeout(this.idle);
    let worker: ChildProcess;
    try {
      worker = this.worker ??= this.start();
    } catch (error) {
      return { ...unavailable((error as Error).message, 0), isWorkerLost: true };
    }
    const outcome = await this.outcomeOf(worker, job);
    this.idle = setTimeout(() => {
      // Forgotten first: a file that comes while it dies is for the next one.
      this.worker = undefined;
      worker.kill('SIGKILL');
    }, IDLE_MS).unref();
    return outcome;
  }

  private outcomeOf(worker: ChildProcess, job: MediaJob): Promise<Outcome> {
    return new Promise((resolve) => {
      let cpuMs = 0;
      const began = performance.now();
      let reportedAt = began;
      const settle = (outcome: Outcome, isEnd = false): void => {
        clearInterval(watch);
        worker.off('message', reported);
        worker.off('exit', ended);
        worker.off('error', failed);
        if (isEnd) this.end(worker);
        resolve(outcome);
      };
      // This job's alone: a worker takes the next one only after it has answered.
      const reported = (message: unknown): void => {
        const report = message as WorkerReport;
        reportedAt = performance.now();
        ({ cpuMs } = report);
        if (report.result !== undefined) settle({ result: report.result, cpuMs }, report.isSpent === true);
      };
      const ended = (code: number | null, signal: NodeJS.Signals | null): void =>
        settle({
          ...unavailable(`the worker ended (${signal ?? code})`, cpuMs),
          isWorkerLost: true,
          isCrash: signal !== null && CRASHES.has(signal),
        });
      // It could not be started, or nothing could be sent to it: perhaps no exit follows.
      const failed = ({ message }: Error): void => settle({ ...unavailable(message, cpuMs), isWorkerLost: true }, true);
      const watch = setInterval(() => {
        const now = performance.now();
        if (now - reportedAt > this.silenceTimeoutMs)
          settle({ ...unavailable('the worker does not answer', cpuMs), isWorkerLost: true }, true);
        else if (now - began > JOB_TIMEOUT_MS)
          settle(unavailable(`the machine is too busy: ${Math.round(cpuMs)} ms of work in all that time`, cpuMs), true);
      }, CHECK_INTERVAL_MS);
      worker.on('message', reported);
      worker.on('exit', ended);
      worker.on('error', failed);
      worker.send(job);
    });
  }

  private end(worker: ChildProcess): void {
    this.forget(worker);
    // Also one that was stopped.
    worker.kill('SIGKILL');
  }

  private start(): ChildProcess {
    const worker = fork(WORKER, { execArgv: [], env: ALLOCATOR, stdio: 'ignore' });
    worker.once('exit', () => this.forget(worker));
    worker.on('error', (error) => {
      this.forget(worker);
      this.logger.error(`images, films and sounds cannot be processed: ${error.message}`);
    });
    // A process without a file left to open gets a child without a channel, which fails as soon as this returns.
    if (worker.channel === undefined) throw new Error('no worker can be started');
    // A server that may not set priorities still works.
    try {
      if (worker.pid !== undefined) setPriority(worker.pid, PRIORITY);
    } catch (error) {
      this.logger.debug(`the media worker keeps its priority: ${(error as Error).message}`);
    }
    worker.unref();
    worker.channel?.unref();
    return worker;
  }

  private forget(worker: ChildProcess): void {
    if (this.worker === worker) this.worker = undefined;
  }
}

function unavailable(message: string, cpuMs: number): Outcome {
  return { result: { fault: 'unavailable', message }, cpuMs };
}

function messageOf({ result }: Outcome): string {
  return 'fault' in result ? result.message : '';
}

function overloaded(): DomainError {
  return new DomainError('OVERLOADED', {
    message: 'Too many files wait to be processed; try again shortly.',
    retryAfterMs: OVERLOADED_RETRY_MS,
  });
}
