/** Messages a millisecond in one lane from which on company is worth waiting for. */
export const MIN_GATHERING_RATE = 1.5;
/** From the beginning of one batch to that of the next, where messages are gathered. */
export const GATHERING_WINDOW_MS = 5;
/** So many messages wait for nobody: they share a commit's cost well enough. */
export const MIN_FULL_BATCH_SIZE = 64;
/** What the rate is measured over: long enough that one burst is not taken for a steady stream. */
const RATE_WINDOW_MS = 50;

/**
 * Says how long a lane waits for company before its next batch.
 *
 * Every batch costs the same few wake-ups, whatever it holds: its statement, its commit, a system call for each connection
 * that receives it. By themselves batches are as small as a quick disk lets them be, so that at half of the highest rate
 * a machine is as busy as at the highest, and every hiccup becomes a queue. From MIN_GATHERING_RATE on a lane therefore
 * begins its batches GATHERING_WINDOW_MS apart. Below it nobody waits, and a commit that takes longer adds no wait.
 */
export class BatchPace {
  private windowStartedAt = Number.NEGATIVE_INFINITY;
  private messages = 0;
  private gathers = false;

  /**
   * Milliseconds to wait after a batch of `size` messages.
   * @param startedAt when the batch began, by the same clock as `now`.
   */
  restAfter(size: number, startedAt: number, now: number): number {
    this.messages += size;
    const elapsed = now - this.windowStartedAt;
    if (elapsed >= RATE_WINDOW_MS) {
      this.gathers = this.messages / elapsed >= MIN_GATHERING_RATE;
      this.windowStartedAt = now;
      this.messages = 0;
    }
    return this.gathers ? Math.max(0, startedAt + GATHERING_WINDOW_MS - now) : 0;
  }
}
