import { isatty } from 'node:tty';
import { ConsoleLogger, type LoggerService, type LogLevel } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { currentWorkId } from '../common/work-id.js';

/** From the most serious on; each level of `LOG_LEVEL` shows itself and those before it. */
const NEST_LEVELS: Readonly<Record<Configuration['logLevel'], readonly LogLevel[]>> = {
  fatal: ['fatal'],
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
  trace: ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'],
};

/** What Nest says of its own assembly is for who debugs it. */
const ASSEMBLY = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
  'WebSocketsController',
]);

/** JSON lines in production, readable lines in a terminal. */
export function createLogger({ production, logLevel }: Pick<Configuration, 'production' | 'logLevel'>): LoggerService {
  return new QuietStartLogger({
    json: production,
    flattenParams: true,
    // Left out, Nest would colour what goes to a file as well.
    colors: !production && isatty(process.stdout.fd),
    logLevels: [...NEST_LEVELS[logLevel]],
  });
}

class QuietStartLogger extends ConsoleLogger {
  /** With the request or command that it is about, where that is known. */
  protected override getJsonLogObject(
    ...parameters: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    return Object.assign(super.getJsonLogObject(...parameters), currentWorkId());
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && ASSEMBLY.has(context)) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  /** A port that cannot be listened on is said in one line by whoever started the server. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) === 'NestApplication') super.debug(message, ...rest);
    else super.error(message, ...rest);
  }
}
