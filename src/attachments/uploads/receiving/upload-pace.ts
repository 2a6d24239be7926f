/** A file may take so long to come in: 100 MB at a little over 100 KB a second. */
export const UPLOAD_TIMEOUT_MS = 15 * 60_000;

/** Over so long the least rate is an average: a phone in a tunnel loses nothing. */
export const PACE_WINDOW_MS = 30_000;
/** The least rate at the beginning, and what it rises by each minute, up to the most; bytes a second. GPRS has more. */
const MIN_RATE = 512;
const MAX_MIN_RATE = 2_048;

/** How far an upload has come. */
export interface UploadProgress {
  /** Since its first byte was waited for. */
  elapsedMs: number;
  /** Bytes so far, and those of the last `PACE_WINDOW_MS`. */
  received: number;
  receivedInWindow: number;
  /** How many bytes its sender said there will be; undefined where it said nothing. */
  announced: number | undefined;
}

/**
 * Whether an upload comes in so slowly that what is reserved for it is better given to somebody else. Two rates rise with
 * time: one that any phone reaches, and one by the size that was announced, from next to nothing at the beginning to all of
 * it when the time is over. So a small photo over 2G passes, and who has much reserved and sends little is ended early.
 */
export function isTooSlow({ elapsedMs, received, receivedInWindow, announced }: UploadProgress): boolean {
  if (elapsedMs < PACE_WINDOW_MS) return false;
  const minRate = Math.min(MAX_MIN_RATE, MIN_RATE * (1 + elapsedMs / 60_000));
  if (receivedInWindow < (minRate * PACE_WINDOW_MS) / 1_000) return true;
  return received < (announced ?? 0) * Math.min(1, elapsedMs / UPLOAD_TIMEOUT_MS) ** 2;
}
