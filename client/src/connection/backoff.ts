import type { Random } from '../ports/environment.js';

export const MIN_BACKOFF_MS = 500;
export const MAX_BACKOFF_MS = 30_000;

/** Full jitter: anywhere between the least wait and a ceiling that doubles, so that clients that fell together do not come back together. */
export function backoffMs(failures: number, random: Random): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(failures + 1, 16));
  return MIN_BACKOFF_MS + random.number() * (ceiling - MIN_BACKOFF_MS);
}
