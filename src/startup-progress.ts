import process from 'node:process';
import type { LoggerService } from '@nestjs/common';
import type { Configuration } from './config/configuration.js';

/** What a start does before the server listens. */
export interface StartupProgress {
  report(line: string, context: string): void;
  /** It listens, or it has failed: whatever is reported from now on is the log's. */
  end(): void;
}

/**
 * In production a log entry for each line. Elsewhere somebody waits for the URL, which shall be what they find: the
 * lines before it go to standard error, and in a terminal each takes the place of the one before and the last one goes.
 */
export function startupProgress(
  { production, logLevel }: Pick<Configuration, 'production' | 'logLevel'>,
  logger: LoggerService,
  output: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr,
): StartupProgress {
  let isStarting = true;
  const isShown = SHOWN_LEVELS.includes(logLevel);
  return {
    report(line, context) {
      if (production || !isStarting) logger.log(line, context);
      else if (output.isTTY) output.write(`${CLEAR_LINE}${line} …`);
      else if (isShown) output.write(`${line}\n`);
    },
    end() {
      if (isStarting && !production && output.isTTY) output.write(CLEAR_LINE);
      isStarting = false;
    },
  };
}

const CLEAR_LINE = '\r\u001b[2K';
/** Those of LOG_LEVEL at which the log shows what merely happens. */
const SHOWN_LEVELS: readonly string[] = ['info', 'debug', 'trace'];
