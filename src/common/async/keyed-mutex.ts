/** Runs work of the same key one after the other; of different keys at once. Keeps nothing of a key that is at rest. */
export class KeyedMutex {
  private readonly tails = new Map<string, Promise<unknown>>();

  run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const result = (this.tails.get(key) ?? Promise.resolve()).then(work, work);
    const tail = result
      .catch(() => undefined)
      .finally(() => {
        if (this.tails.get(key) === tail) this.tails.delete(key);
      });
    this.tails.set(key, tail);
    return result;
  }

  /** Acts at once where nothing of this key is under way, else behind it. */
  follow(key: string, act: () => void): void {
    if (this.tails.has(key)) void this.run(key, async () => act());
    else act();
  }
}
