import type { Configuration } from './config/configuration.js';
import { ConfigurationError } from './config/configuration.js';
import { DatabaseStartError } from './database/connection-failure.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres-error.js';
import { MigrationError } from './database/migrations/migrator.js';
import type { RunningServer } from './server.js';
import { WorkerStartError } from './workers/workers.js';

/** What a start prints once the server listens. */
export function welcome({ url, databaseIsEmbedded }: RunningServer, configuration: Configuration): string {
  if (configuration.production)
    return `Parley listens on ${url} (${databaseIsEmbedded ? 'embedded PostgreSQL' : 'PostgreSQL as DATABASE_URL says'}${configuration.workers === 1 ? '' : `, ${configuration.workers} processes`})`;
  const lines = [
    `Parley listens on   ${url}${configuration.web ? '   open it: the chat is there' : ''}`,
    '',
    `  REST documents      ${url}/docs`,
    `  socket documents    ${url}/docs/async`,
    ...(configuration.workers === 1 ? [] : [`  processes           ${configuration.workers}, which share the port`]),
    `  database            ${databaseIsEmbedded ? `embedded PostgreSQL under ${configuration.dataDirectory}` : 'as DATABASE_URL says'}`,
    '',
    '  A first call:',
    `  curl ${url}/auth/register -H 'content-type: application/json' \\`,
    `    -d '{"email":"emmy@example.com","password":"correct horse"}'`,
    '',
    '',
  ];
  return lines.join('\n');
}

/** Why a start failed, in one line where the cause is one that its owner can mend. */
export function startFailure(error: unknown): string {
  if (
    error instanceof ConfigurationError ||
    error instanceof DatabaseStartError ||
    error instanceof EmbeddedPostgresError ||
    error instanceof MigrationError ||
    error instanceof WorkerStartError
  ) {
    return error.message;
  }
  const { code, port, address, hostname, syscall, message, stack } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
    hostname?: string;
  };
  if (code === 'EADDRINUSE') return `PORT ${port} is in use by another program`;
  if (code === 'EACCES' && port !== undefined) return `PORT ${port} needs rights that this user does not have`;
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo')
    return `HOST ${address ?? hostname ?? ''} is no IP address of this machine (${code})`;
  if (isDatabaseFailure(error)) return `DATABASE_URL cannot be used: ${message || code}`;
  return `the start failed: ${stack ?? String(error)}`;
}

function isDatabaseFailure(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string')
    return /^(ECONN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|28|3D|08|57P|53)/.test(code);
  return error instanceof Error && /timeout|Connection terminated|SSL|password/i.test(error.message);
}
