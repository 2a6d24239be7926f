/**
 * A process of its own that decodes images and reads films, started and fed by `MediaProcessor`. Reading hostile bytes is the
 * most dangerous and the most expensive thing this server does: here it can neither crash nor slow what carries messages.
 *
 * The work is done in a thread, so that this one is free to say that the process lives and what it has taken.
 */
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import type { MediaJob, MediaResult, WorkerReport } from './media-job.js';

const REPORT_INTERVAL_MS = 200;
/** The thread's own objects; pixels are not among them. */
const MAX_OBJECTS_MB = 128;

let thread: Worker | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (job: MediaJob) => run(job));

function run(job: MediaJob): void {
  const before = process.cpuUsage();
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  const worker = (thread ??= new Worker(new URL('./media-thread.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_OBJECTS_MB },
  }));
  const settle = (result: MediaResult, isOverrun = false): void => {
    // Half of what a job may take: what decodes HEIC never gives anything back, and is loaded anew.
    const isSpent = isOverrun || process.memoryUsage.rss() > job.maxMemoryBytes / 2;
    clearInterval(watch);
    worker.off('message', answered);
    worker.off('error', failed);
    report({ cpuMs: cpuMs(), result, isSpent });
  };
  const isCostly = (): boolean => cpuMs() >= job.maxCpuMs;
  const giveUp = (): void => settle({ fault: 'costly', message: 'it took too long to process' }, true);
  // By one rule, whenever it was looked at.
  const answered = (result: MediaResult): void => (isCostly() ? giveUp() : settle(result));
  const failed = (error: Error): void => {
    thread = undefined;
    settle({ fault: 'invalid', message: error.message });
  };
  const watch = setInterval(() => {
    if (isCostly()) giveUp();
    else report({ cpuMs: cpuMs() });
  }, REPORT_INTERVAL_MS);
  worker.on('message', answered);
  worker.on('error', failed);
  worker.postMessage(job, []);
}

function report(message: WorkerReport): void {
  process.send?.(message);
}
