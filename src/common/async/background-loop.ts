import { Pause } from './pause.js';

export interface RetryTimes {
  /** The rest after a failure; doubled with each that follows. */
  minMs: number;
  maxMs: number;
}

const RETRY_TIMES: RetryTimes = { minMs: 500, maxMs: 30_000 };

/**
 * One step after the other, with rests between them, behind whatever somebody waits for. A step answers how many milliseconds
 * there is nothing to do; or `undefined` where there is nothing to do at all, which ends the loop until it is started again.
 *
 * Guarantees: one step at a time. A step that fails is reported and tried again. What `start` or `wake` was called for during
 * a step is looked at by another one. `stop` ends a rest, resolves once the step that is under way has ended, and nothing begins
 * after it. The process does not stay alive for a rest.
 */
export class BackgroundLoop {
  private readonly pause = new Pause();
  private running: Promise<void> | undefined;
  private isAskedAgain = false;
  private awake = false;
  private stopped = false;
  private failures = 0;

  constructor(
    private readonly step: () => Promise<number | undefined>,
    private readonly report: (error: Error) => void,
    private readonly retry: RetryTimes = RETRY_TIMES,
  ) {}

  get isStopped(): boolean {
    return this.stopped;
  }

  /** Whether it was woken since the step began. There is no rest after a step that succeeds then. */
  get isAwake(): boolean {
    return this.awake;
  }

  /** There is something to do. A rest that is under way goes on. */
  start(): void {
    if (this.stopped) return;
    this.isAskedAgain = true;
    // In a turn of its own, so that what the step asks for finds it under way.
    this.running ??= Promise.resolve().then(() => this.run());
  }

  /** There is something to do at once: ends a rest, also one within a step. Nothing where it was not started, or has ended. */
  wake(): void {
    if (this.running === undefined) return;
    this.awake = true;
    this.isAskedAgain = true;
    this.pause.cutShort();
  }

  /** A rest within a step. Ends early where the loop is woken or stopped. */
  rest(milliseconds: number): Promise<void> {
    return this.stopped ? Promise.resolve() : this.pause.wait(milliseconds, { keepsAlive: false });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.pause.cutShort();
    await this.running;
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    while (!this.stopped) {
      this.isAskedAgain = false;
      this.awake = false;
      try {
        const restMs = await this.step();
        this.failures = 0;
        if (restMs === undefined && !this.isAskedAgain) break;
        if (restMs !== undefined && restMs > 0 && !this.awake) await this.rest(restMs);
      } catch (error) {
        this.report(error as Error);
        const { minMs, maxMs } = this.retry;
        await this.rest(Math.min(maxMs, minMs * 2 ** Math.min(this.failures, 20)));
        this.failures += 1;
      }
    }
    this.running = undefined;
  }
}
