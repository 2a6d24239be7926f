import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Configuration } from './config/configuration.js';

/**
 * Before anything begins: what a server does at its start takes the place of a former one, which must not be there any more.
 * @throws Error of `listen`, such as EADDRINUSE
 */
export async function assertPortIsFree({ port, host }: Pick<Configuration, 'port' | 'host'>): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}
