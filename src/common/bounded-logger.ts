import { Logger } from '@nestjs/common';

const WINDOW_MS = 60_000;

/** A log for what strangers can cause: so many lines a minute, then how many more there were. */
export class BoundedLogger {
  private readonly logger: Logger;
  private windowStart = Number.NEGATIVE_INFINITY;
  private lines = 0;

  constructor(
    context: string,
    private readonly maxLinesPerMinute: number,
  ) {
    this.logger = new Logger(context);
  }

  log(message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (this.admits()) this.write('log', message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (this.admits()) this.write('warn', message, fields);
  }

  private admits(): boolean {
    const now = performance.now();
    if (now - this.windowStart >= WINDOW_MS) {
      const leftOut = this.lines - this.maxLinesPerMinute;
      if (leftOut > 0) this.logger.log(`${leftOut} more such lines were left out`);
      this.windowStart = now;
      this.lines = 0;
    }
    this.lines += 1;
    return this.lines <= this.maxLinesPerMinute;
  }

  private write(level: 'log' | 'warn', message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    if (fields === undefined) this.logger[level](message);
    else this.logger[level](message, fields);
  }
}
