/** Runs work one after the other. Work that fails delays nothing but itself. */
export class SerialQueue {
  private tail: Promise<unknown> = Promise.resolve();

  run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const result = this.tail.then(work, work);
    this.tail = result.catch(() => undefined);
    return result;
  }
}
