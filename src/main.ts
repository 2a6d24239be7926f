import 'reflect-metadata';
import { Configuration, ConfigurationError } from './config/configuration.js';
import { startFailure, welcome } from './startup-messages.js';
import { startServer } from './server.js';

/** After this long a stop that has not ended is ended: the contract promises 10 s. */
const LONGEST_STOP_MS = 9_000;

try {
  const configuration = Configuration.fromEnvironment();
  const server = await startServer(configuration);
  process.stdout.write(welcome(server, configuration));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(0), LONGEST_STOP_MS).unref();
      server.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${startFailure(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : startFailure(error)}\n`);
  process.exit(1);
}
