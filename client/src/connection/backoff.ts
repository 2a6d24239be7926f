import type { Clock } from '../ports/environment.js';

export const MIN_BACKOFF_MS = 500;
export const MAX_BACKOFF_MS = 30_000;

/** Twice as long with each failure, within bounds. */
export function doubledMs(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** failures);
}

export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, delayMs);
  });
}
