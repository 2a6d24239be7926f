import type { ProcessedRecording } from '../media-job.js';

/** What a recording says of its size and its length. */
export type Measures = Pick<ProcessedRecording, 'width' | 'height' | 'durationMs' | 'waveform'>;

/** What no film and no sound is longer than that comes in here: a number beyond it is noise. */
const MAX_DURATION_SECONDS = 24 * 24 * 3_600;
const MAX_SIDE = 32_768;

export const UNKNOWN: Measures = { width: null, height: null, durationMs: null, waveform: null };

/** Null for what is no length that anything could have. */
export function milliseconds(seconds: number | undefined): number | null {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds <= 0 || seconds > MAX_DURATION_SECONDS) return null;
  return Math.round(seconds * 1_000);
}

/** Null for what is no width or height that anything could have. */
export function side(pixels: number | undefined): number | null {
  return pixels !== undefined && Number.isInteger(pixels) && pixels > 0 && pixels <= MAX_SIDE ? pixels : null;
}

/** Both sides, or none of them. */
export function sides(width: number | undefined, height: number | undefined): Pick<Measures, 'width' | 'height'> {
  const found = { width: side(width), height: side(height) };
  return found.width === null || found.height === null ? { width: null, height: null } : found;
}
