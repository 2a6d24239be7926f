import type pg from 'pg';
import { parseDatabaseUrl } from '../config/database-url.js';
import { DatabaseStartError } from './connection-failure.js';
import { connectForMaintenance } from './maintenance-connection.js';

/** The oldest PostgreSQL whose functions the migrations use. */
const MIN_VERSION = 140_000;
const MIN_VERSION_NAME = '14';
const EXTENSIONS = ['pg_trgm', 'btree_gin'] as const;
/** So often two connections are compared: a pooler that shares backends shows it at the first or second look. */
const MAX_POOLER_LOOKS = 3;

export interface DatabaseProperties {
  version: number;
  versionName: string;
  encoding: string;
  isStandby: boolean;
  missingExtensions: string[];
  absentExtensions: string[];
  mayCreateInDatabase: boolean;
  schemaExists: boolean;
  mayCreateInSchema: boolean;
  unownedTables: string[];
}

/**
 * Whether this database can serve, before anything is done to it. What can be set for each connection (DateStyle, time zone,
 * isolation, time-outs) is set, and not asked about.
 * @throws DatabaseStartError, one line for the first thing that cannot be helped.
 */
export async function checkDatabase(databaseUrl: string): Promise<void> {
  const { schema } = parseDatabaseUrl(databaseUrl);
  const client = await connectForMaintenance(databaseUrl, 'parley check');
  try {
    const [properties] = (await client.query<DatabaseProperties>(PROPERTIES, [schema, EXTENSIONS])).rows;
    const fault = properties === undefined ? 'answers nothing' : faultOf(properties, schema);
    if (fault !== undefined) throw new DatabaseStartError(`DATABASE_URL: the database ${fault}`);
    if (await sharesBackends(client, databaseUrl)) {
      throw new DatabaseStartError(
        'DATABASE_URL: the pooler at this address gives one session to several connections (transaction or statement mode), and settings and locks of a session do not hold there: use its session mode, or connect to PostgreSQL itself',
      );
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

const PROPERTIES = `
  SELECT current_setting('server_version_num')::integer AS version,
    current_setting('server_version') AS "versionName",
    current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS "isStandby",
    ARRAY(SELECT wanted.name FROM unnest($2::text[]) AS wanted(name)
          WHERE wanted.name NOT IN (SELECT name FROM pg_available_extensions)) AS "missingExtensions",
    ARRAY(SELECT wanted.name FROM unnest($2::text[]) AS wanted(name)
          WHERE wanted.name NOT IN (SELECT extname FROM pg_extension)) AS "absentExtensions",
    has_database_privilege(current_database(), 'CREATE') AS "mayCreateInDatabase",
    n.oid IS NOT NULL AS "schemaExists",
    COALESCE(has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'), false) AS "mayCreateInSchema",
    ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = n.oid AND relname IN ('users', 'messages', '_prisma_migrations')
          AND NOT pg_has_role(relowner, 'USAGE')) AS "unownedTables"
  FROM (SELECT 1) AS one LEFT JOIN pg_namespace n ON n.nspname = $1`;

export function faultOf(found: DatabaseProperties, schema: string): string | undefined {
  if (found.version < MIN_VERSION) return `is PostgreSQL ${found.versionName}: ${MIN_VERSION_NAME} or newer is needed`;
  if (found.encoding !== 'UTF8')
    return `keeps text as ${found.encoding}, which has not every character: make one with ENCODING 'UTF8' TEMPLATE template0`;
  if (found.isStandby) return 'is a standby that only reads: name the primary';
  if (found.missingExtensions.length > 0)
    return `has no extension ${found.missingExtensions.join(', ')} to install: add PostgreSQL's contrib package to its machine`;
  if (found.absentExtensions.length > 0 && !found.mayCreateInDatabase)
    return `lacks the extension ${found.absentExtensions.join(', ')}, and this user may not create it: have its owner run CREATE EXTENSION, or GRANT CREATE ON DATABASE`;
  if (!found.schemaExists && !found.mayCreateInDatabase)
    return `has no schema "${schema}", and this user may not create it: have its owner create it, or GRANT CREATE ON DATABASE`;
  if (found.schemaExists && !found.mayCreateInSchema)
    return `does not let this user create tables in schema "${schema}": GRANT USAGE, CREATE ON SCHEMA "${schema}"`;
  if (found.unownedTables.length > 0)
    return `has tables of another owner (${found.unownedTables.join(', ')}): connect as their owner, who alone may change them`;
  return undefined;
}

/** Whether a second connection works in the session of the first one, which is still open. */
async function sharesBackends(first: pg.Client, databaseUrl: string): Promise<boolean> {
  const second = await connectForMaintenance(databaseUrl, 'parley check');
  try {
    for (let look = 0; look < MAX_POOLER_LOOKS; look += 1) {
      const pids = [await backendOf(first), await backendOf(second)];
      if (pids[0] === pids[1]) return true;
    }
    return false;
  } finally {
    await second.end().catch(() => undefined);
  }
}

async function backendOf(client: pg.Client): Promise<number | undefined> {
  return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
}
