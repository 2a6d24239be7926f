/** A bucket of one thing that is counted: `burst` at once, refilled with `perSecond` a second. Full at first. */
export class TokenBucket {
  private tokens: number;
  private filledAt = performance.now();

  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
  ) {
    this.tokens = burst;
  }

  /** Whether there was one left to take. */
  take(): boolean {
    this.refill();
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  /** In how many milliseconds there is one to take; 0: now. */
  get retryAfterMs(): number {
    this.refill();
    return Math.max(0, Math.ceil(((1 - this.tokens) / this.perSecond) * 1_000));
  }

  private refill(): void {
    const now = performance.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filledAt) / 1_000) * this.perSecond);
    this.filledAt = now;
  }
}
