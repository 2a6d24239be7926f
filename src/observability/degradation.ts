import { Injectable } from '@nestjs/common';

/** `workers`: the other processes behind the same port. `limits`: where processes count together. */
export type Part = 'redis' | 'workers' | 'limits';

/** Parts that the server can do without for a while: it is ready without them, and says so. */
@Injectable()
export class Degradation {
  private readonly parts = new Map<Part, boolean>();

  set(part: Part, isUp: boolean): void {
    this.parts.set(part, isUp);
  }

  /** Undefined where there is no such part. */
  isUp(part: Part): boolean | undefined {
    return this.parts.get(part);
  }
}
