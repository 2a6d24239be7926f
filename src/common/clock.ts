import { Injectable } from '@nestjs/common';

/**
 * The time, as a port, so that tests may set it. Milliseconds since 1970, UTC.
 *
 * Where several processes are one server it is the database's: what one of them stored others compare with their own time,
 * and the clocks of machines differ.
 */
@Injectable()
export class Clock {
  private offsetMs = 0;

  now(): number {
    return Date.now() + this.offsetMs;
  }

  /** From now on it is this time. Answers by how many milliseconds the machine's clock is behind that. */
  align(time: number): number {
    this.offsetMs = Math.round(time - Date.now());
    return this.offsetMs;
  }
}
