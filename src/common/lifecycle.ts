import { Injectable } from '@nestjs/common';

/** Whether this process still takes new work. */
@Injectable()
export class Lifecycle {
  private draining = false;
  private underWay = 0;
  private whenIdle: (() => void) | undefined;

  /** True from the moment the process received its signal to end. */
  get isDraining(): boolean {
    return this.draining;
  }

  drain(): void {
    this.draining = true;
  }

  /** An event was accepted; `done` must follow. */
  begin(): void {
    this.underWay += 1;
  }

  done(): void {
    this.underWay -= 1;
    if (this.underWay === 0) this.whenIdle?.();
  }

  /** Resolves once every event that was accepted is answered, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.underWay === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
