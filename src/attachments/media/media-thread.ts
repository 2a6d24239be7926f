/** The thread of the media worker that does the work: one job after the other. */
import { parentPort } from 'node:worker_threads';
import { type MediaJob, MediaError, type MediaResult } from './media-job.js';

parentPort?.on('message', (job: MediaJob) => void work(job).then((result) => parentPort?.postMessage(result, [])));

async function work(job: MediaJob): Promise<MediaResult> {
  let process: () => Promise<MediaResult>;
  try {
    process = await processorOf(job);
  } catch (error) {
    return { fault: 'unavailable', message: (error as Error).message };
  }
  try {
    return await process();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { fault: error instanceof MediaError ? error.fault : faultOf(error, message), message };
  }
}

/** Each brings megabytes of code, which wait until somebody needs them. Code that cannot be loaded is no file's fault. */
async function processorOf(job: MediaJob): Promise<() => Promise<MediaResult>> {
  if (job.type === 'image') {
    const { processImage } = await import('./images/image.js');
    return async () => ({ image: await processImage(job) });
  }
  const { processRecording } = await import('./recordings/recording.js');
  return async () => ({ recording: await processRecording(job) });
}

/** What the operating system says where it cannot: libraries pass its words on. */
const SYSTEM_FAULT =
  /No space left|quota exceeded|Read-only file system|Too many open files|Cannot allocate memory|out of memory|Input\/output error|unable to open for write/i;

/** Whatever touches a file is done by Node, whose errors carry a code: what a library throws is about the bytes. */
function faultOf(error: unknown, message: string): 'invalid' | 'unavailable' {
  const isSystem = typeof (Object(error) as { syscall?: unknown }).syscall === 'string' || SYSTEM_FAULT.test(message);
  return isSystem ? 'unavailable' : 'invalid';
}
