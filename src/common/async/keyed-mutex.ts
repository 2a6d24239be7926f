/** Runs work of the same key one after the other; of different keys at once. Keeps nothing of a key that is at rest. */
export class KeyedMutex {
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Whether work of this key is running or waits. */
  isLocked(key: string): boolean {
    return this.tails.has(key);
  }

  /** Work that fails delays nothing but itself. */
  run<Result>(key: string, work: () => Result | Promise<Result>): Promise<Result> {
    const result = (this.tails.get(key) ?? Promise.resolve()).then(work, work);
    const tail = result
      .catch(() => undefined)
      .finally(() => {
        if (this.tails.get(key) === tail) this.tails.delete(key);
      });
    this.tails.set(key, tail);
    return result;
  }
}
