/**
 * How much is looked at in one step, where one that looks at too much fails. Less after each that failed, so that what makes them fail
 * is soon in a step without the rest; more again after each that did not.
 */
export class StepSize {
  private current: number;

  constructor(private readonly max: number) {
    this.current = max;
  }

  /** At least one. */
  get value(): number {
    return this.current;
  }

  succeeded(): void {
    this.current = Math.min(this.max, this.current * 2);
  }

  failed(): void {
    this.current = Math.max(1, this.current >> 2);
  }
}
