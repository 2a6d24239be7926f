import { Injectable } from '@nestjs/common';

/**
 * The time, as a port, so that tests may set it. Milliseconds since 1970, UTC.
 *
 * Where several processes are one server it is the database's: what one of them stored others compare with their own time,
 * and the clocks of machines differ. From then on it goes by a clock that only goes forward: whoever sets the machine's clock
 * does not change it.
 */
@Injectable()
export class Clock {
  /** When `performance.now()` was 0; undefined where the machine's own time is all there is. */
  private origin: number | undefined;
  private distanceMs = 0;

  /** By how much the machine's two clocks have moved apart since: one of them was set, or the machine slept. */
  get driftMs(): number {
    return this.origin === undefined ? 0 : Math.abs(distance() - this.distanceMs);
  }

  now(): number {
    return this.origin === undefined ? Date.now() : Math.round(this.origin + performance.now());
  }

  /** From now on it is this time. Answers by how many milliseconds the machine's clock is behind that. */
  align(time: number): number {
    this.origin = time - performance.now();
    this.distanceMs = distance();
    return Math.round(time - Date.now());
  }
}

function distance(): number {
  return Date.now() - performance.now();
}
