import pg from 'pg';
import { parseDatabaseUrl, sessionSetupWithExtensions } from '../config/database-url.js';
import { connectionFailure, DatabaseStartError } from './connection-failure.js';

export type MaintenanceConnection = pg.Client;

/** A host that drops what it is sent would otherwise be waited for as long as TCP does. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * One connection for work on the database as a whole, whose statements may take as long as they take.
 * @throws DatabaseStartError in one line.
 */
export async function connectForMaintenance(databaseUrl: string, applicationName: string): Promise<pg.Client> {
  const { connectionString, schema } = parseDatabaseUrl(databaseUrl);
  const client = clientOf({
    connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A statement may be silent for minutes: a host that went away meanwhile shows, and no firewall forgets the connection.
    keepAlive: true,
  });
  // A connection lost between two statements shows in the next one; without a listener the event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sessionSetupWithExtensions(schema, MAINTENANCE_SETTINGS));
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionFailure(error, databaseUrl);
  }
}

/** The driver reads the URL, and files that it names, before it connects. */
function clientOf(options: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(options);
  } catch (error) {
    const reason = error instanceof URIError ? 'a % in it must be written as %25' : (error as Error).message;
    throw new DatabaseStartError(`DATABASE_URL cannot be used: ${reason}`, { cause: error });
  }
}

const MAINTENANCE_SETTINGS = {
  // Building an index, or stamping every row, may take as long as it takes, whatever this role is otherwise limited to.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
  // What reads a whole table once shall read it from one end to the other.
  enable_seqscan: 'on',
  plan_cache_mode: 'auto',
};
