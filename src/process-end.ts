import { Logger } from '@nestjs/common';
import { MAX_STOP_MS } from './common/stopping/stop-timeouts.js';

/** What goes wrong while the process ends is logged so often at the most. */
const MAX_LOGGED_FAILURES = 20;
/** SIGHUP: the terminal was closed. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Idempotent. @param isOrderly nothing is wrong: clients may be sent away one after the other; false once more hurries it */
type Stop = (isOrderly: boolean) => Promise<void>;

/**
 * The one way this process ends, from its first moment on: orderly and within a bound.
 *
 * - A signal stops the server and exits 0. Further signals change nothing: supervisors and people in a hurry send several,
 *   and a terminal sends them to every process at once.
 * - An error that nobody caught leaves a state that nobody knows: nothing new is taken, what was accepted is finished as
 *   far as it can be, and the process exits 1 for its supervisor to start another one. The same where it is ending already:
 *   who has not been sent away by then is not served any longer.
 *
 * A signal or an error during the start ends the process as soon as the step of the start under way is done.
 */
export class ProcessEnd {
  private readonly logger = new Logger('Process');
  private readonly started = new AbortController();
  /** 0 as long as nothing went wrong. */
  exitCode = 0;
  private isOrderly = true;
  private failures = 0;
  private stop: Stop | undefined;
  private drainMs = 0;

  /** Aborted from the moment the process is to end. */
  get signal(): AbortSignal {
    return this.started.signal;
  }

  watch(): void {
    for (const signal of SIGNALS) process.on(signal, () => this.begin(true));
    // Also promises that nobody waits for: Node turns their rejection into this.
    process.on('uncaughtException', (error, origin) => this.fail(error, origin));
    // The reader of the log, or the terminal, may go away: that is no reason to end.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  }

  /**
   * Names what is to be stopped. Where the process is to end already, it is stopped at once, and sends nobody away over a
   * while: hardly anybody has come yet, and the bound of its end was set without that time.
   * @param drainMs how long it may send its clients away before it stops
   */
  attach(stop: Stop, drainMs: number): void {
    this.stop = stop;
    this.drainMs = drainMs;
    if (!this.signal.aborted) return;
    this.isOrderly = false;
    this.runStop(stop);
  }

  /** As a signal does. @param isOrderly clients may be sent away one after the other; with false one that does so hurries */
  begin(isOrderly: boolean): void {
    if (this.signal.aborted) {
      if (!isOrderly && this.isOrderly) this.hurry();
      return;
    }
    this.isOrderly = isOrderly;
    this.started.abort();
    setTimeout(() => process.exit(this.exitCode), MAX_STOP_MS + this.drainMs).unref();
    if (this.stop !== undefined) this.runStop(this.stop);
  }

  private fail(error: unknown, origin: string): void {
    this.exitCode = 1;
    this.failures += 1;
    if (this.failures <= MAX_LOGGED_FAILURES) {
      const what = origin === 'unhandledRejection' ? 'a rejection was not handled' : 'an error was not caught';
      this.logger.fatal(
        `${what}: the process ends`,
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
    }
    this.begin(false);
  }

  /** The stop under way sends nobody away any more, and goes on. How it ends `runStop` sees. */
  private hurry(): void {
    this.isOrderly = false;
    this.stop?.(false).catch(() => undefined);
  }

  private runStop(stop: Stop): void {
    stop(this.isOrderly && this.exitCode === 0).then(
      () => process.exit(this.exitCode),
      (error: unknown) => {
        this.logger.fatal('the stop failed', error instanceof Error ? (error.stack ?? error.message) : String(error));
        process.exit(1);
      },
    );
  }
}
