import { Injectable } from '@nestjs/common';

/** Parts that the server can do without for a while: it is ready without them, and says so. */
@Injectable()
export class Degradation {
  private readonly parts = new Map<'redis', boolean>();

  set(part: 'redis', isUp: boolean): void {
    this.parts.set(part, isUp);
  }

  /** Undefined where there is no such part. */
  isUp(part: 'redis'): boolean | undefined {
    return this.parts.get(part);
  }
}
