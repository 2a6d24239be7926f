import { Logger } from '@nestjs/common';
import { SerialQueue } from '../../../common/async/serial-queue.js';
import { DomainError } from '../../../common/errors.js';
import type { Lifecycle } from '../../../common/stopping/lifecycle.js';
import type { EventGate } from '../../../realtime/commands/event-gate.js';
import type { HadEnded, Standstill } from '../../../realtime/connections/standstill.js';

/** What one native client asks for: within the limits of any connection, one after the other as it was sent. */
export class InboundQueue {
  private readonly logger = new Logger(InboundQueue.name);
  private readonly queue = new SerialQueue();

  constructor(
    private readonly gate: EventGate,
    private readonly lifecycle: Lifecycle,
    private readonly standstill: Standstill,
  ) {}

  /** Whether the connection should be ended. */
  get isFlooded(): boolean {
    return this.gate.isFlooded;
  }

  /** For how many milliseconds the connection should not be read. To be asked after each refusal. */
  get restMs(): number {
    return this.gate.restMs;
  }

  /** Returns why not, where the work is not taken. It is given what is known of sessions where it waited for a standstill. */
  push(work: (hadEnded?: HadEnded) => Promise<void>): DomainError | undefined {
    const refusal = this.lifecycle.isDraining
      ? new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 })
      : this.gate.enter();
    if (refusal !== undefined) return refusal;
    this.lifecycle.begin();
    const repaired = this.standstill.repaired();
    this.queue
      .run(() => (repaired === undefined ? work() : repaired.then(work)))
      .catch((error: unknown) => this.logger.error('an event handler failed', String(error)))
      .finally(() => {
        this.gate.leave();
        this.lifecycle.done();
      });
    return undefined;
  }
}
