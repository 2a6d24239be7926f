const WINDOW_MS = 1_000;

/** So many in any second, of this process. What comes beyond that waits, at most for as long as what came before it takes. */
export class SendingRate {
  private sent: { at: number; count: number }[] = [];
  private readonly waiting = new Set<() => void>();
  private closed = false;

  constructor(private readonly maxPerSecond: number) {}

  get isClosed(): boolean {
    return this.closed;
  }

  /** Resolves when these may be sent; to false where they are not to be any more. */
  async take(count: number): Promise<boolean> {
    while (!this.closed) {
      const now = performance.now();
      this.sent = this.sent.filter(({ at }) => now - at < WINDOW_MS);
      const [oldest] = this.sent;
      const total = this.sent.reduce((sum, one) => sum + one.count, count);
      if (oldest === undefined || total <= this.maxPerSecond) {
        this.sent.push({ at: now, count });
        return true;
      }
      await this.wait(oldest.at + WINDOW_MS - now);
    }
    return false;
  }

  /** Nobody waits any longer. */
  close(): void {
    this.closed = true;
    for (const end of this.waiting) end();
  }

  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.waiting.delete(end);
        resolve();
      };
      // Timers keep whole milliseconds: one that is early would only wait again.
      const timer = setTimeout(end, Math.ceil(milliseconds));
      this.waiting.add(end);
    });
  }
}
