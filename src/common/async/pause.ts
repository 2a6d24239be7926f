/** A wait that ends at its time, or before where it is cut short. One at a time. */
export class Pause {
  private end: (() => void) | undefined;

  /** @param keepsAlive whether the process waits for it at its end */
  wait(milliseconds: number, { keepsAlive }: { keepsAlive: boolean }): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.end?.(), milliseconds);
      if (!keepsAlive) timer.unref();
      this.end = () => {
        clearTimeout(timer);
        this.end = undefined;
        resolve();
      };
    });
  }

  /** Nothing where nobody waits. */
  cutShort(): void {
    this.end?.();
  }
}
