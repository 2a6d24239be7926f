import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { EndedSessions } from '../delivery/ended-sessions.js';

const TICK_MS = 250;
/**
 * A process that did not run for so long may have missed that sessions ended: what its clients sent meanwhile and what the others
 * published are read in any order. Half of what an ending may take anywhere (`sessionEndingsMs`).
 */
const MAX_PAUSE_MS = 750;

/** Whether a session had ended when a standstill was repaired: asked about connections that had closed by then. */
export type HadEnded = (principal: Principal) => boolean;

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
  private repairing: Promise<HadEnded> | undefined;
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

  /** What else is to be right before anything of a client is handled. It has to end, also where the database does not answer. */
  repairWith(repair: (pausedMs: number) => Promise<void>): void {
    this.repairs.push(repair);
  }

  /** Undefined where this process did not stand still; else resolves when what happened meanwhile is repaired. Never rejects. */
  repaired(): Promise<HadEnded> | undefined {
    const now = performance.now();
    const pausedMs = now - this.ranAt;
    if (pausedMs > TICK_MS + MAX_PAUSE_MS) {
      this.ranAt = now;
      const repairing = afterBoth(this.repairing, this.repair(pausedMs)).finally(() => {
        if (this.repairing === repairing) this.repairing = undefined;
      });
      this.repairing = repairing;
    }
    return this.repairing;
  }

  private async repair(pausedMs: number): Promise<HadEnded> {
    const [ended] = await Promise.all([
      this.attempt(() => this.endedSessions.close()),
      ...this.repairs.map((repair) => this.attempt(() => repair(pausedMs))),
    ]);
    const keys = new Set(ended?.map(keyOf));
    return (principal) => keys.has(keyOf(principal));
  }

  private async attempt<Result>(repair: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await repair();
    } catch (error) {
      // The database is away: nothing can be done with it either.
      this.logger.warn(`what happened during a standstill was not repaired: ${(error as Error).message}`);
      return undefined;
    }
  }
}

/** What waits for the second repair is done after what waits for the first, and where neither saw its session end. */
async function afterBoth(first: Promise<HadEnded> | undefined, second: Promise<HadEnded>): Promise<HadEnded> {
  const [hadEndedFirst, hadEnded] = await Promise.all([first, second]);
  return (principal) => hadEnded(principal) || hadEndedFirst?.(principal) === true;
}

/** The session of a deleted account may be that of the account after it. */
function keyOf({ userId, sessionId }: Principal): string {
  return `${sessionId} ${userId}`;
}
