import { Logger } from '@nestjs/common';

/** Tellings that may wait for one client; one that is farther behind is ended, and fetches what it missed. */
const MAX_QUEUED = 10_000;

/** Tells one client one thing after the other, although what some of them are must first be read. */
export class OutboundQueue {
  private readonly logger = new Logger(OutboundQueue.name);
  private tail: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly overrun: () => void) {}

  run(tell: () => void | Promise<void>): void {
    if (this.waiting >= MAX_QUEUED) {
      this.overrun();
      return;
    }
    this.waiting += 1;
    this.tail = this.tail
      .then(tell)
      .catch((error: unknown) => this.logger.error('a client could not be told', String(error)))
      .finally(() => {
        this.waiting -= 1;
      });
  }
}
