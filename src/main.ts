import 'reflect-metadata';
import { Configuration, ConfigurationError } from './config/configuration.js';
import { ProcessEnd } from './process-end.js';
import { startFailure, welcome } from './startup-messages.js';
import { startServer } from './server.js';

const end = new ProcessEnd();
end.watch();
try {
  const configuration = Configuration.fromEnvironment();
  const server = await startServer(configuration, end.signal);
  end.attach(() => server.stop());
  if (!end.signal.aborted) process.stdout.write(welcome(server, configuration));
} catch (error) {
  // Told to end while it started: what had begun is undone, and nothing has failed.
  if (end.signal.aborted && error === end.signal.reason) process.exit();
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : startFailure(error)}\n`);
  process.exit(1);
}
