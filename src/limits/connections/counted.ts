/** How many of something there are at the moment, by key. Keeps nothing of a key that has none. */
export class Counted {
  private readonly counts = new Map<string, number>();

  constructor(private readonly max: number) {}

  isFull(key: string): boolean {
    return (this.counts.get(key) ?? 0) >= this.max;
  }

  /** One more, or undefined where there are as many as there may be. What is returned takes it back, once. */
  add(key: string): (() => void) | undefined {
    const count = this.counts.get(key) ?? 0;
    if (count >= this.max) return undefined;
    this.counts.set(key, count + 1);
    let isThere = true;
    return () => {
      if (!isThere) return;
      isThere = false;
      const left = (this.counts.get(key) ?? 1) - 1;
      if (left === 0) this.counts.delete(key);
      else this.counts.set(key, left);
    };
  }
}
