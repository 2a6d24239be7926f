import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import type { ImageJob, ImageResult, ProcessedImage } from './image-job.js';

/** The built file, also where this one runs from its source. */
const WORKER = fileURLToPath(new URL('../../dist/attachments/image-worker.js', import.meta.url));
/** Behind everything else that wants a core. */
const PRIORITY = 15;
const LONGEST_JOB_MS = 60_000;
/** Its memory is given back when nobody has sent an image for so long. */
const IDLE_MS = 60_000;
const MEMORY = ['--max-old-space-size=128'];

/**
 * Makes of an uploaded image what is kept of it: one image after the other, each user's in turn, in a process of its own,
 * which may crash or hang over one without anybody else noticing.
 */
@Injectable()
export class ImageProcessor implements OnApplicationShutdown {
  private readonly logger = new Logger(ImageProcessor.name);
  private worker: ChildProcess | undefined;
  /** By the user who uploaded them. Uploads are bounded, and so is this. */
  private readonly waiting = new Map<string, (() => Promise<void>)[]>();
  private running: Promise<void> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private stopped = false;

  /**
   * The image encoded anew, turned upright and without metadata, and its thumbnails, in files.
   * @throws DomainError UNSUPPORTED_MEDIA for what is no whole image, or more than one; UNAVAILABLE at the server's end.
   */
  process(ownerId: string, job: ImageJob): Promise<ProcessedImage> {
    return new Promise((resolve, reject) => {
      const work = (): Promise<void> => this.run(job).then(resolve, reject);
      const own = this.waiting.get(ownerId);
      if (own === undefined) this.waiting.set(ownerId, [work]);
      else own.push(work);
      this.running ??= this.runAll();
    });
  }

  /** One of each user's in turn: who sends many images waits for them alone. */
  private async runAll(): Promise<void> {
    while (this.waiting.size > 0) {
      for (const [ownerId, own] of [...this.waiting]) {
        const work = own.shift();
        if (own.length === 0) this.waiting.delete(ownerId);
        await work?.();
      }
    }
    this.running = undefined;
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.idle);
    this.worker?.kill('SIGKILL');
  }

  private async run(job: ImageJob): Promise<ProcessedImage> {
    if (this.stopped) throw new DomainError('UNAVAILABLE');
    clearTimeout(this.idle);
    const worker = (this.worker ??= this.start());
    const result = await this.answerOf(worker, job);
    this.idle = setTimeout(() => {
      // Forgotten first: an image that comes while it dies is for the next one.
      this.worker = undefined;
      worker.kill('SIGKILL');
    }, IDLE_MS).unref();
    if ('image' in result) return result.image;
    this.logger.debug(`an image was refused: ${result.fault}`);
    throw new DomainError('UNSUPPORTED_MEDIA', { message: 'The image is damaged, too large or not only an image.' });
  }

  private answerOf(worker: ChildProcess, job: ImageJob): Promise<ImageResult> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => worker.kill('SIGKILL'), LONGEST_JOB_MS);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        worker.off('message', answered);
        worker.off('exit', ended);
        worker.off('error', failed);
        act();
      };
      const answered = (result: ImageResult): void => settle(() => resolve(result));
      const ended = (): void =>
        settle(() =>
          this.stopped ? reject(new DomainError('UNAVAILABLE')) : resolve({ fault: 'the worker did not survive it' }),
        );
      // It could not be started, or could not be told: not the image's fault, and perhaps no exit follows.
      const failed = (cause: Error): void => settle(() => reject(new DomainError('UNAVAILABLE', { cause })));
      worker.on('message', answered);
      worker.on('exit', ended);
      worker.on('error', failed);
      worker.send(job);
    });
  }

  private start(): ChildProcess {
    const worker = fork(WORKER, { execArgv: MEMORY, env: {}, stdio: 'ignore' });
    const gone = (): void => {
      if (this.worker === worker) this.worker = undefined;
    };
    worker.once('exit', gone);
    worker.on('error', (error) => {
      gone();
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
}
