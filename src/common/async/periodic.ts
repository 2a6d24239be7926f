/**
 * Work that is done at the start and again and again.
 *
 * Guarantees: it is never done twice at the same time; a failure is reported, and the next time comes all the same; `stop`
 * resolves once what is under way has ended, and nothing begins after it. What takes long looks at `isStopped` between its steps.
 */
export class Periodic {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isAskedAgain = false;
  private stopped = false;

  constructor(
    private readonly intervalMs: number,
    private readonly work: () => Promise<unknown>,
    private readonly report: (error: Error) => void,
  ) {}

  get isStopped(): boolean {
    return this.stopped;
  }

  /** Does it now, and from now on after each interval; where it still is under way then, after the next one. */
  start(): void {
    this.startLater();
    this.soon();
  }

  /** Does it after each interval, the first one too. */
  startLater(): void {
    if (this.stopped) return;
    this.timer ??= setInterval(() => this.begin(), this.intervalMs).unref();
  }

  /** Does it now; where it is under way, once more behind that. */
  soon(): void {
    if (this.stopped) return;
    this.isAskedAgain = this.running !== undefined;
    this.begin();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private begin(): void {
    // In a turn of its own, so that what the work asks for finds it under way.
    this.running ??= Promise.resolve().then(() => this.run());
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    do {
      this.isAskedAgain = false;
      try {
        await this.work();
      } catch (error) {
        this.report(error as Error);
      }
    } while (this.isAskedAgain && !this.stopped);
    this.running = undefined;
  }
}
