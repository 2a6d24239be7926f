const MAX_BATCH_SIZE = 256;
const MAX_CONCURRENT = 2;

interface Waiting<Key, Value> {
  key: Key;
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/**
 * Asks one question for all who ask in the same moment: those who come while others are being answered are the next
 * batch. Nobody is answered from before it asked, and a lone caller does not wait.
 */
export class Batched<Key, Value> {
  private waiting: Waiting<Key, Value>[] = [];
  private underWay = 0;
  private isScheduled = false;

  /** @param read answers in the order of its keys. */
  constructor(private readonly read: (keys: readonly Key[]) => Promise<readonly Value[]>) {}

  get(key: Key): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled || this.underWay === MAX_CONCURRENT || this.waiting.length === 0) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      void this.next();
    });
  }

  private async next(): Promise<void> {
    const batch = this.waiting.splice(0, MAX_BATCH_SIZE);
    this.underWay += 1;
    this.schedule();
    try {
      const values = await this.read(batch.map(({ key }) => key));
      for (const [index, { resolve }] of batch.entries()) resolve(values[index] as Value);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.underWay -= 1;
      this.schedule();
    }
  }
}
