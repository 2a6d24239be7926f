import { Injectable } from '@nestjs/common';

/** The time, as a port, so that tests may set it. Milliseconds since 1970, UTC. */
@Injectable()
export class Clock {
  now(): number {
    return Date.now();
  }
}
