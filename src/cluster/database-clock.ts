import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Periodic } from '../common/async/periodic.js';
import { Clock } from '../common/clock.js';
import { CatchUpRepository } from './catch-up/catch-up.repository.js';

/** How often the clocks are compared. */
const ALIGN_MS = 30_000;
/** How often it is looked whether the machine slept, or its clock was set. */
const LOOK_MS = 1_000;
/** By how much the machine's two clocks move apart where one of them stood still or was set. */
const MAX_DRIFT_MS = 1_000;
/** An answer that took longer says too little about when it was given. */
const MAX_ROUND_TRIP_MS = 1_000;
/** A difference that somebody should know of. */
const MAX_DIFFERENCE_MS = 2_000;

/**
 * All processes of a server go by one clock, the database's, whatever the clocks of their machines say: no decision compares
 * the clocks of two machines.
 */
@Injectable()
export class DatabaseClock implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(DatabaseClock.name);
  private readonly alignments = new Periodic(
    ALIGN_MS,
    () => this.align(),
    () => undefined,
  );
  private isReported = false;
  private looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: CatchUpRepository,
    private readonly clock: Clock,
  ) {}

  /** Right before the first request is taken. */
  async onApplicationBootstrap(): Promise<void> {
    await this.align();
    this.alignments.startLater();
    // The clock that only goes forward stands still while the machine sleeps: what it says is believed no longer than this.
    this.looking = setInterval(() => {
      if (this.clock.driftMs > MAX_DRIFT_MS) this.alignments.soon();
    }, LOOK_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.looking);
    await this.alignments.stop();
  }

  private async align(): Promise<void> {
    const began = performance.now();
    const time = await this.repository.time();
    const roundTripMs = performance.now() - began;
    if (roundTripMs > MAX_ROUND_TRIP_MS) return;
    const offsetMs = this.clock.align(time + roundTripMs / 2);
    if (Math.abs(offsetMs) < MAX_DIFFERENCE_MS) return void (this.isReported = false);
    if (!this.isReported)
      this.logger.warn(`the clock of this machine differs from the database's by ${offsetMs} ms: set it by NTP`);
    this.isReported = true;
  }
}
