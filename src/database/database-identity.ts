import type pg from 'pg';
import { connectForMaintenance } from './maintenance-connection.js';
import { transactionOn } from './transaction-on.js';

/** Any number, so long as every release uses the same one: two that look at once agree. */
const IDENTITY_LOCK = 7_205_301_415;

/**
 * What distinguishes a database from a copy of it: its cluster, its number there, and the numbers of a table that every restore by
 * pg_restore makes anew. A row that says something else was written elsewhere, and came here with a restore.
 */
const ORIGIN = `
  (SELECT system_identifier::text FROM pg_control_system()) || ':' ||
  (SELECT oid::text FROM pg_database WHERE datname = current_database()) || ':' ||
  'messages'::regclass::oid::text || ':' || 'database_identity'::regclass::oid::text`;

export type Recognition = 'known' | 'new' | 'restored';

/** What runs statements in the transaction of a restore. */
export type RestoreExecutor = Pick<pg.Client, 'query'>;

/** What else a restore asks for: in the same transaction, so that it is done once and never left out. */
export type AfterRestore = (client: RestoreExecutor) => Promise<void>;

/**
 * Compares the database with what was noted of it at an earlier start. One that was restored since gets a new identity.
 * What looks alike in every respect, a copy of the cluster's files, is not seen: `npm run admin -- after-restore`.
 */
export async function recogniseDatabase(databaseUrl: string, afterwards: AfterRestore): Promise<Recognition> {
  return inTransaction(databaseUrl, async (client) => {
    const { rows } = await client.query<{ noted: string | null; origin: string }>(
      `SELECT (SELECT origin FROM database_identity) AS noted, ${ORIGIN} AS origin`,
    );
    const [found] = rows;
    if (found !== undefined && found.noted === found.origin) return 'known';
    if (found?.noted === null && !(await hasStampsOfTheFuture(client))) {
      await client.query(`INSERT INTO database_identity (origin) VALUES (${ORIGIN})`);
      return 'new';
    }
    await renew(client, afterwards);
    return 'restored';
  });
}

/**
 * Makes this database another one to every client: each cursor of sync answers `reset` from now on, whatever it says.
 * Works while servers use the database.
 */
export async function renewIdentity(databaseUrl: string, afterwards: AfterRestore): Promise<void> {
  await inTransaction(databaseUrl, (client) => renew(client, afterwards));
}

async function renew(client: pg.Client, afterwards: AfterRestore): Promise<void> {
  // Numbers of transactions that have not been here: sync would answer such rows for ever, or never.
  for (const { table, column } of await stampedColumns(client)) {
    await client.query(`UPDATE ${table} SET ${column} = pg_current_xact_id() WHERE ${column} > pg_current_xact_id()`);
  }
  await client.query(
    `INSERT INTO database_identity (origin, restored) VALUES (${ORIGIN}, gen_random_uuid())
     ON CONFLICT (id) DO UPDATE SET origin = EXCLUDED.origin, restored = EXCLUDED.restored`,
  );
  await afterwards(client);
}

async function hasStampsOfTheFuture(client: pg.Client): Promise<boolean> {
  for (const { table, column } of await stampedColumns(client)) {
    const { rowCount } = await client.query(`SELECT FROM ${table} WHERE ${column} > pg_current_xact_id() LIMIT 1`);
    if (rowCount !== 0) return true;
  }
  return false;
}

/** Every column that holds the number of a transaction, quoted; of tables that later releases add, too. */
async function stampedColumns(client: pg.Client): Promise<{ table: string; column: string }[]> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT a.attrelid::regclass::text AS "table", quote_ident(a.attname) AS "column"
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
       AND a.atttypid = 'xid8'::regtype AND NOT a.attisdropped ORDER BY 1, 2`,
  );
  return rows;
}

async function inTransaction<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectForMaintenance(databaseUrl, 'parley identity');
  try {
    return await transactionOn(client, async () => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [IDENTITY_LOCK]);
      return work(client);
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
