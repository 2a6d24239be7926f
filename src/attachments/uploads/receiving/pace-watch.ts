import type { IncomingBody } from './incoming-body.js';
import { isTooSlow, PACE_WINDOW_MS } from './upload-pace.js';

export interface WatchedUpload {
  /** Milliseconds since any moment. */
  now: () => number;
  /** Bytes so far. */
  received: () => number;
  /** Bytes as the sender said; undefined where it did not. */
  announced: number | undefined;
  /** How often it is looked. */
  checkMs: number;
}

/** Ends a request without an answer where its body comes in too slowly. Returns what ends the watch. */
export function watchPace(request: IncomingBody, { now, received, announced, checkMs }: WatchedUpload): () => void {
  const began = now();
  /** When it was looked, and how many bytes there were; no older than the window. */
  const looks = [{ at: began, bytes: 0 }];
  const timer = setInterval(() => {
    const [at, bytes] = [now(), received()];
    while (looks[1] !== undefined && at - looks[1].at >= PACE_WINDOW_MS) looks.shift();
    const receivedInWindow = bytes - (looks[0]?.bytes ?? 0);
    looks.push({ at, bytes });
    // Bytes that wait to be read came in time: then it is the disk that is slow.
    if (request.complete || request.readableLength > 0) return;
    if (isTooSlow({ elapsedMs: at - began, received: bytes, receivedInWindow, announced })) request.destroy();
  }, checkMs).unref();
  return () => clearInterval(timer);
}
