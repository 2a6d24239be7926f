const FIRST_DELAY_MS = 5_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long after a failed attempt the next one is, by how many there were: the table of Standard Webhooks, and two days more. */
const DELAYS_MS: readonly number[] = [
  FIRST_DELAY_MS,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
  24 * HOUR,
  24 * HOUR,
];
/** An answer may ask for a longer wait, up to this. */
const MAX_ASKED_MS = 24 * HOUR;
/** Each wait is that much longer or shorter, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * How long to wait after so many attempts, all of which failed; undefined: there were enough.
 * @param askedMs what the answer asked for (`Retry-After`)
 * @param random from 0 to 1
 * @param firstMs the first wait; all others are longer or shorter with it
 */
export function retryDelayMs(
  attempts: number,
  askedMs: number,
  random: number,
  firstMs: number = FIRST_DELAY_MS,
): number | undefined {
  const delay = DELAYS_MS[attempts - 1];
  if (delay === undefined) return undefined;
  const jittered = delay * (firstMs / FIRST_DELAY_MS) * (1 + JITTER * (2 * random - 1));
  return Math.max(jittered, Math.min(askedMs, MAX_ASKED_MS));
}
