import 'reflect-metadata';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { Configuration, ConfigurationError, isProduction } from './config/configuration.js';
import { createLogger } from './observability/logger.js';
import { ProcessEnd } from './process-end.js';
import { startFailure, welcome } from './startup-messages.js';
import { startServer, startWorker } from './server.js';
import { PrimaryChannel } from './workers/primary-channel.js';

// From the first line on: who reads the log of production reads JSON.
const production = isProduction();
Logger.overrideLogger(createLogger({ production, logLevel: 'info' }));
if (production) logNodeWarnings();

const end = new ProcessEnd();
end.watch();
/** Where this is one of several processes, what it would print at its start another one does. */
const primary = PrimaryChannel.ofThisProcess();
primary?.onStop((isOrderly) => end.begin(isOrderly));
try {
  const configuration = Configuration.fromEnvironment();
  if (primary === undefined) await startAndWelcome(configuration);
  else {
    const worker = await startWorker(configuration);
    end.attach((isOrderly) => worker.stop(isOrderly), configuration.drainSeconds * 1_000);
    primary.listening(worker.url);
  }
} catch (error) {
  // The signal to end came while it started: what had begun is undone, and nothing has failed.
  if (end.signal.aborted && error === end.signal.reason) process.exit(end.exitCode);
  const reason = error instanceof ConfigurationError ? error.message : startFailure(error);
  if (primary !== undefined) await primary.startFailed(reason);
  else if (production) new Logger('Server').fatal(reason);
  else process.stderr.write(`${reason}\n`);
  process.exit(1);
}

async function startAndWelcome(configuration: Configuration): Promise<void> {
  const server = await startServer(configuration, end.signal, fileURLToPath(import.meta.url));
  end.attach((isOrderly) => server.stop(isOrderly), configuration.drainSeconds * 1_000);
  if (end.signal.aborted) return;
  if (production) new Logger('Server').log(welcome(server, configuration));
  else process.stdout.write(welcome(server, configuration));
}

/** Node itself would print them as text. */
function logNodeWarnings(): void {
  const logger = new Logger('Node');
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => logger.warn(`${name}: ${message}`));
}
