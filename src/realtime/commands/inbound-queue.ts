import { Logger } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { Lifecycle } from '../../common/lifecycle.js';
import type { Limit } from '../../limits/limits.js';
import { EventGate } from './event-gate.js';

/** What one client of a dialect asks for: within the limits of any connection, one after the other as it was sent. */
export class InboundQueue {
  private readonly logger = new Logger(InboundQueue.name);
  private readonly gate: EventGate;
  private tail: Promise<void> = Promise.resolve();

  constructor(
    limit: Limit | undefined,
    private readonly lifecycle: Lifecycle,
  ) {
    this.gate = new EventGate(limit);
  }

  /** Whether the connection should be ended. */
  get isFlooded(): boolean {
    return this.gate.isFlooded;
  }

  /** For how many milliseconds the connection should not be read. To be asked after each refusal. */
  get restMs(): number {
    return this.gate.restMs;
  }

  /** Answers why not, where the work is not taken. */
  push(work: () => Promise<void>): DomainError | undefined {
    const refusal = this.lifecycle.isDraining
      ? new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 })
      : this.gate.enter();
    if (refusal !== undefined) return refusal;
    this.lifecycle.begin();
    this.tail = this.tail
      .then(work)
      .catch((error: unknown) => this.logger.error('an event handler failed', String(error)))
      .finally(() => {
        this.gate.leave();
        this.lifecycle.done();
      });
    return undefined;
  }
}
