import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Configuration, ConfigurationError, isProduction } from './config/configuration.js';
import { createLogger } from './observability/logger.js';
import { ProcessEnd } from './process-end.js';
import { startFailure, welcome } from './startup-messages.js';
import { startServer } from './server.js';

// From the first line on: who reads the log of production reads JSON.
const production = isProduction();
Logger.overrideLogger(createLogger({ production, logLevel: 'info' }));
if (production) logNodeWarnings();

const end = new ProcessEnd();
end.watch();
try {
  const configuration = Configuration.fromEnvironment();
  const server = await startServer(configuration, end.signal);
  end.attach((isOrderly) => server.stop(isOrderly), configuration.drainSeconds * 1_000);
  if (!end.signal.aborted) {
    if (production) new Logger('Server').log(welcome(server, configuration));
    else process.stdout.write(welcome(server, configuration));
  }
} catch (error) {
  // The signal to end came while it started: what had begun is undone, and nothing has failed.
  if (end.signal.aborted && error === end.signal.reason) process.exit();
  const reason = error instanceof ConfigurationError ? error.message : startFailure(error);
  if (production) new Logger('Server').fatal(reason);
  else process.stderr.write(`${reason}\n`);
  process.exit(1);
}

/** Node itself would print them as text. */
function logNodeWarnings(): void {
  const logger = new Logger('Node');
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => logger.warn(`${name}: ${message}`));
}
