import type { AttachmentKind } from '../../common/attachment-kind.js';

/** What `MediaProcessor` asks of its worker: paths of files, and what the worker may take. */
export type MediaJob = (ImageJob | RecordingJob) & {
  /** It is given up when it has taken so much of the processor. */
  maxCpuMs: number;
  /** Nothing is begun that will take more memory than this, in bytes and in all. */
  maxMemoryBytes: number;
};

export interface ImageJob {
  type: 'image';
  input: string;
  output: string;
  thumbnails: { 320: string; 1280: string };
}

/** A film or a sound: its bytes at `input` may be changed in place. */
export interface RecordingJob {
  type: 'recording';
  input: string;
  output: string;
  kind: AttachmentKind;
  mimeType: string;
  extension: string | undefined;
}

export interface ProcessedImage {
  mimeType: string;
  extension: string;
  /** Bytes. */
  size: number;
  /** Pixels, as it is shown. */
  width: number;
  height: number;
  /** Whether it moves. */
  animated: boolean;
  blurhash: string;
}

/** What a file says of itself that was taken for a film or a sound. */
export interface ProcessedRecording {
  kind: AttachmentKind;
  mimeType: string;
  extension: string | undefined;
  /** Where it lies from here on: `input`, or `output` where it had to be written anew. */
  path: string;
  /** Bytes. */
  size: number;
  /** Pixels, as it is shown; null where there is nothing to see, or nothing says so. */
  width: number | null;
  height: number | null;
  durationMs: number | null;
  /** Loudness over time, 64 numbers from 0 to 100; null where that takes decoding. */
  waveform: number[] | null;
}

/** Why there is no result: the file's own fault, too dear to process, or this machine's at the moment. */
export type MediaFault = 'invalid' | 'costly' | 'unavailable';

export type MediaResult = { image: ProcessedImage } | { recording: ProcessedRecording } | MediaFailure;

export interface MediaFailure {
  fault: MediaFault;
  message: string;
}

/** What a worker says: several times a second that it lives, and once what became of its job. */
export interface WorkerReport {
  /** What the job has taken of the processor. */
  cpuMs: number;
  result?: MediaResult;
  /** The worker is of no more use: the job still runs, or has left more in memory than the next one should find there. */
  isSpent?: boolean;
}

/** A job's failure, on its way to the report. */
export class MediaError extends Error {
  constructor(
    readonly fault: MediaFault,
    message: string,
  ) {
    super(message);
  }
}
