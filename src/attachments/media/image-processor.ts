import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { RateLimiter } from '../../limits/rate-limiter.js';
import { FairQueue } from './fair-queue.js';
import { MAX_COST_MS } from './image-cost.js';
import type { ImageFault, ImageJob, ImageResult, ProcessedImage } from './image-job.js';

/** The built file, also where this one runs from its source. */
const WORKER = fileURLToPath(new URL('../../../dist/attachments/media/image-worker.js', import.meta.url));
/** Behind everything else that wants a core. */
const PRIORITY = 15;
/**
 * An image that costs three times what may be guessed of one was made to. Counted in time of the processor: on a busy
 * machine, where an honest one takes long, it takes no more of that.
 */
const MAX_CPU_MS = 3 * MAX_COST_MS;
/** A worker that hangs without computing; what computes is bounded by its own count of the processor's time. */
const JOB_TIMEOUT_MS = 120_000;
/** Its memory is given back when nobody has sent an image for so long. */
const IDLE_MS = 60_000;
const MEMORY = ['--max-old-space-size=128'];
const MAX_WAITING = 300;
const MAX_WAITING_OF_USER = 60;
const WAITING_TIMEOUT_MS = 120_000;
const OVERLOADED_RETRY_MS = 10_000;
/** Taken of a user's budget before an image is looked at, and settled afterwards; seconds of the processor. */
const ADVANCE_SECONDS = 3;

interface Waiting {
  job: ImageJob;
  resolve(image: ProcessedImage): void;
  reject(error: unknown): void;
}

/**
 * Makes of an uploaded image what is kept of it: one image after the other, in a process of its own, which may crash or
 * hang over one without anybody else noticing. Whose images have cost least is next: who sends many, or dear ones, waits for
 * its own alone.
 */
@Injectable()
export class ImageProcessor implements OnApplicationShutdown {
  private readonly logger = new Logger(ImageProcessor.name);
  private worker: ChildProcess | undefined;
  /** By the user who uploaded them. */
  private readonly queue = new FairQueue<Waiting>();
  private running: Promise<void> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private stopped = false;
  protected readonly maxCpuMs: number = MAX_CPU_MS;

  constructor(private readonly limiter: RateLimiter) {}

  /**
   * The image encoded anew, turned upright and without metadata, and its thumbnails, in files.
   * @throws DomainError UNSUPPORTED_MEDIA for what is no whole image, or more than one; IMAGE_TOO_LARGE for more than a
   *   phone takes; RATE_LIMITED for a user whose images took very much lately; OVERLOADED where too many wait; UNAVAILABLE
   *   where this machine cannot, or at the server's end.
   */
  async process(ownerId: string, paths: Omit<ImageJob, 'maxCpuMs'>): Promise<ProcessedImage> {
    await this.limiter.consume('imageSeconds', ownerId, ADVANCE_SECONDS);
    if (this.queue.size >= MAX_WAITING || this.queue.sizeOf(ownerId) >= MAX_WAITING_OF_USER) {
      await this.settle(ownerId, 0);
      throw overloaded();
    }
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const waiting = { job: { ...paths, maxCpuMs: this.maxCpuMs }, resolve, reject };
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
      const result = await this.run(work.job);
      this.queue.charge(owner, result.cpuMs);
      await this.settle(owner, result.cpuMs / 1_000);
      if ('image' in result) work.resolve(result.image);
      else work.reject(this.errorOf(result));
    }
    this.running = undefined;
  }

  /** The advance for what it really took: what a picture costs less is given back, what it costs more is owed. */
  private async settle(ownerId: string, seconds: number): Promise<void> {
    try {
      if (seconds < ADVANCE_SECONDS) await this.limiter.restore('imageSeconds', ownerId, ADVANCE_SECONDS - seconds);
      else await this.limiter.consume('imageSeconds', ownerId, seconds - ADVANCE_SECONDS);
    } catch {
      // Nothing is left, so its next image is refused.
    }
  }

  private errorOf(result: Extract<ImageResult, { fault: ImageFault }>): DomainError {
    const { fault, message } = result;
    switch (fault) {
      case 'invalid':
        this.logger.debug(`an image was refused: ${message}`);
        return new DomainError('UNSUPPORTED_MEDIA', { message: 'The image is damaged or not only an image.' });
      case 'costly':
        this.logger.debug(`an image was refused: ${message}`);
        return new DomainError('IMAGE_TOO_LARGE');
      case 'unavailable':
        return new DomainError('UNAVAILABLE', {
          retryAfterMs: OVERLOADED_RETRY_MS,
          cause: new Error(`an image could not be processed: ${message}`),
        });
    }
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.idle);
    this.worker?.kill('SIGKILL');
  }

  private async run(job: ImageJob): Promise<ImageResult> {
    if (this.stopped) return { fault: 'unavailable', message: 'the server is ending', cpuMs: 0 };
    clearTimeout(this.idle);
    let worker: ChildProcess;
    try {
      worker = this.worker ??= this.start();
    } catch (error) {
      return { fault: 'unavailable', message: (error as Error).message, cpuMs: 0 };
    }
    const result = await this.answerOf(worker, job);
    this.idle = setTimeout(() => {
      // Forgotten first: an image that comes while it dies is for the next one.
      this.worker = undefined;
      worker.kill('SIGKILL');
    }, IDLE_MS).unref();
    return result;
  }

  private answerOf(worker: ChildProcess, job: ImageJob): Promise<ImageResult> {
    return new Promise((resolve) => {
      const began = performance.now();
      const timer = setTimeout(() => worker.kill('SIGKILL'), JOB_TIMEOUT_MS);
      const settle = (result: ImageResult): void => {
        clearTimeout(timer);
        worker.off('message', answered);
        worker.off('exit', ended);
        worker.off('error', failed);
        if (result.isOverrun === true) {
          this.forget(worker);
          worker.kill('SIGKILL');
        }
        resolve(result);
      };
      const answered = (result: unknown): void => settle(result as ImageResult);
      const ended = (): void =>
        settle({
          fault: this.stopped ? 'unavailable' : 'invalid',
          message: 'the worker did not survive it',
          cpuMs: performance.now() - began,
        });
      // It could not be started, or could not be told: not the image's fault, and perhaps no exit follows.
      const failed = ({ message }: Error): void => settle({ fault: 'unavailable', message, cpuMs: 0 });
      worker.on('message', answered);
      worker.on('exit', ended);
      worker.on('error', failed);
      worker.send(job);
    });
  }

  private start(): ChildProcess {
    const worker = fork(WORKER, { execArgv: MEMORY, env: {}, stdio: 'ignore' });
    worker.once('exit', () => this.forget(worker));
    worker.on('error', (error) => {
      this.forget(worker);
      this.logger.error(`images cannot be processed: ${error.message}`);
    });
    // A server that may not set priorities still works.
    try {
      if (worker.pid !== undefined) setPriority(worker.pid, PRIORITY);
    } catch (error) {
      this.logger.debug(`the image worker keeps its priority: ${(error as Error).message}`);
    }
    worker.unref();
    worker.channel?.unref();
    return worker;
  }

  private forget(worker: ChildProcess): void {
    if (this.worker === worker) this.worker = undefined;
  }
}

function overloaded(): DomainError {
  return new DomainError('OVERLOADED', {
    message: 'Too many images wait to be processed; try again shortly.',
    retryAfterMs: OVERLOADED_RETRY_MS,
  });
}
