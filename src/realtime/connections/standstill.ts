import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EndedSessions } from '../delivery/ended-sessions.js';

const TICK_MS = 250;
/**
 * A process that did not run for so long may have missed that sessions ended: what its clients sent meanwhile and what the others
 * published are read in any order. Half of what an ending may take anywhere (`sessionEndingsMs`).
 */
const MAX_PAUSE_MS = 750;

/**
 * Notices that this process stood still (it was stopped, its machine slept or was moved), at the first that it is asked to do
 * afterwards: what clients had sent is there before any timer.
 *
 * Guarantee: what arrives after a standstill is handled when connections of sessions that ended meanwhile are closed.
 */
@Injectable()
export class Standstill implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Standstill.name);
  private ranAt = performance.now();
  private closing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly endedSessions: EndedSessions) {}

  onApplicationBootstrap(): void {
    this.ranAt = performance.now();
    this.timer = setInterval(() => {
      void this.repaired();
      this.ranAt = performance.now();
    }, TICK_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Undefined where this process did not stand still; else resolves when what ended meanwhile is closed. Never rejects. */
  repaired(): Promise<void> | undefined {
    const now = performance.now();
    if (now - this.ranAt > TICK_MS + MAX_PAUSE_MS) {
      this.ranAt = now;
      this.closing = this.endedSessions
        .close()
        // The database is away: nothing can be done with it either.
        .catch((error: unknown) => this.logger.warn(`ended sessions were not looked for: ${(error as Error).message}`))
        .finally(() => (this.closing = undefined));
    }
    return this.closing;
  }
}
