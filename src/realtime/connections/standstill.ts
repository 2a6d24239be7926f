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
 * Guarantee: what clients sent by sockets is handled after a standstill when connections of sessions that ended meanwhile are closed
 * and what else is repaired then has been; or when the database did not answer that.
 */
@Injectable()
export class Standstill implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Standstill.name);
  private readonly repairs: ((pausedMs: number) => Promise<void>)[] = [];
  private ranAt = performance.now();
  private repairing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(endedSessions: EndedSessions) {
    this.repairs.push(() => endedSessions.close());
  }

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

  /** What else is to be right before anything of a client is handled. It has to end, also where the database does not answer. */
  repairWith(repair: (pausedMs: number) => Promise<void>): void {
    this.repairs.push(repair);
  }

  /** Undefined where this process did not stand still; else resolves when what happened meanwhile is repaired. Never rejects. */
  repaired(): Promise<void> | undefined {
    const now = performance.now();
    const pausedMs = now - this.ranAt;
    if (pausedMs > TICK_MS + MAX_PAUSE_MS) {
      this.ranAt = now;
      const repairing = Promise.all(this.repairs.map((repair) => this.attempt(() => repair(pausedMs)))).then(() => {
        if (this.repairing === repairing) this.repairing = undefined;
      });
      this.repairing = repairing;
    }
    return this.repairing;
  }

  private async attempt(repair: () => Promise<void>): Promise<void> {
    try {
      await repair();
    } catch (error) {
      // The database is away: nothing can be done with it either.
      this.logger.warn(`what happened during a standstill was not repaired: ${(error as Error).message}`);
    }
  }
}
