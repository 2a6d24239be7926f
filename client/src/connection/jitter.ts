import type { Random } from '../ports/environment.js';
import { doubledMs, MIN_BACKOFF_MS } from './backoff.js';

/** Full jitter: anywhere between the least wait and a ceiling that doubles, so that clients that fell together do not come back together. */
export function backoffMs(failures: number, random: Random): number {
  return MIN_BACKOFF_MS + random.number() * (doubledMs(failures) - MIN_BACKOFF_MS);
}
