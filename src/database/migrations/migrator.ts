import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { isTransient } from '../../common/temporary-failures.js';
import { parseDatabaseUrl } from '../../config/database-url.js';
import { connectForMaintenance } from '../maintenance-connection.js';
import { transactionOn } from '../transaction-on.js';

// The same two steps up from src and from dist.
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MIGRATIONS = join(ROOT, 'prisma', 'migrations');
/** Texts that migrations had when they first landed. What they lack, a later migration brings: data made by them goes on. */
const FORMER_CHECKSUMS = join(MIGRATIONS, 'former.sha256');

/** The files of the folder that dist was built with; not there where this runs from src. */
const BUILT_WITH = fileURLToPath(new URL('../../migrations.json', import.meta.url));

/** Any number, so long as every release uses the same one. */
const MIGRATION_LOCK = 7_205_301_411;
/** A running server's statements wait behind a migration for no longer than this. */
const LOCK_TIMEOUT_MS = 3_000;
/** What waited behind it passes meanwhile; longer after each try. */
const MIN_LOCK_RETRY_MS = 3_000;
const MAX_LOCK_RETRY_MS = 60_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** A history that cannot be continued, or a migration that failed. The message is one line that says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Applied by another, newer release: this one has no such file. */
  readonly unknown: readonly string[];
}

/**
 * Applies what is missing, in order, and returns its names.
 *
 * Processes that start at once do it one after the other. Each migration and its entry in the history are one
 * transaction: after kill -9 at any moment it was applied or it was not, and the next start goes on. So a migration must
 * not hold COMMIT, nor a statement that refuses to run in a transaction (CREATE INDEX CONCURRENTLY).
 * A migration that waits for a lock keeps all others waiting behind it, also servers that run: it gives up after some seconds,
 * lets them pass, and is tried again until it is applied.
 * The history is Prisma's own table: its command line sees the same as we do.
 */
export async function migrate(connectionString: string, attendance: Attendance = {}): Promise<string[]> {
  return withConnection(connectionString, async (client) => {
    // Ends with the connection, so a killed process leaves nothing locked.
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const { schema } = parseDatabaseUrl(connectionString);
    // Asked first: to create what exists already takes the right to create.
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    if (rowCount === 0) await client.query(`CREATE SCHEMA "${schema}"`);
    await client.query(CREATE_HISTORY);
    const migrations = await readMigrations();
    const { pending, unknown } = compare(migrations, await readHistory(client));
    if (unknown.length > 0) {
      throw new MigrationError(
        `the database was migrated by a newer release (${unknown.join(', ')} is unknown here): run that release, or restore the backup from before`,
      );
    }
    for (const name of pending)
      await apply(client, migrations.find((migration) => migration.name === name) as Migration, attendance);
    return [...pending];
  });
}

/** What `migrate` would do; changes nothing. */
export async function migrationStatus(connectionString: string): Promise<MigrationStatus> {
  return withConnection(connectionString, async (client) => {
    const { rows } = await client.query<{ present: boolean }>(
      `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present`,
    );
    return compare(await readMigrations(), rows[0]?.present ? await readHistory(client) : []);
  });
}

/** Who waits for migrations. */
export interface Attendance {
  /** Where it is aborted, none is tried again: `migrate` throws its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Takes a line whenever a migration is to be tried again. */
  readonly report?: (line: string) => void;
}

interface Migration {
  readonly name: string;
  readonly script: string;
  readonly checksum: string;
  readonly formerChecksums: readonly string[];
}

interface HistoryEntry {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

// Prisma's definition, letter for letter. The notice that it exists would be noise at every start.
const CREATE_HISTORY = `SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

async function withConnection<Result>(
  connectionString: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectForMaintenance(connectionString, 'parley migrate');
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (existsSync(BUILT_WITH)) assertBuiltWith(names, JSON.parse(await readFile(BUILT_WITH, 'utf8')));
  const former = (await readFile(FORMER_CHECKSUMS, 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  return Promise.all(
    names.sort().map(async (name) => {
      // A checkout with Windows line ends is the same migration.
      const script = (await readFile(join(MIGRATIONS, name, 'migration.sql'), 'utf8')).replaceAll('\r\n', '\n');
      const checksum = createHash('sha256').update(script).digest('hex');
      const formerChecksums = former.filter(([, path]) => path === `${name}/migration.sql`).map(([hash = '']) => hash);
      return { name, script, checksum, formerChecksums };
    }),
  );
}

/** @throws MigrationError where the sources are of a newer release than what was compiled of them */
export function assertBuiltWith(names: readonly string[], built: readonly string[]): void {
  const newer = names.filter((name) => !built.includes(name));
  if (newer.length > 0)
    throw new MigrationError(
      `dist was built before migration ${newer[0]} came, and does not know what it changes: run npm ci && npm run build`,
    );
}

async function readHistory(client: pg.Client): Promise<HistoryEntry[]> {
  const { rows } = await client.query<HistoryEntry>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
  );
  return rows;
}

function compare(migrations: readonly Migration[], history: readonly HistoryEntry[]): MigrationStatus {
  const files = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const entry of history) {
    const file = files.get(entry.name);
    if (!entry.finished) {
      throw new MigrationError(
        `migration ${entry.name} failed half-way: restore the database from a backup, or repair it by hand and delete the row from _prisma_migrations`,
      );
    }
    if (file !== undefined && file.checksum !== entry.checksum && !file.formerChecksums.includes(entry.checksum)) {
      throw new MigrationError(
        `migration ${entry.name} was edited after it was applied: restore the file and put the change into a new migration`,
      );
    }
  }
  const applied = history.map((entry) => entry.name);
  return {
    applied,
    pending: migrations.map((migration) => migration.name).filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !files.has(name)),
  };
}

/**
 * In the first migration. The schema is there by now, perhaps under another name; and who may not create any is refused
 * also where it exists.
 */
const CREATE_PUBLIC_SCHEMA = 'CREATE SCHEMA IF NOT EXISTS "public";';

async function apply(client: pg.Client, migration: Migration, { signal, report }: Attendance): Promise<void> {
  for (let retryMs = MIN_LOCK_RETRY_MS; !(await isApplied(client, migration)); retryMs *= 2) {
    report?.(`migration ${migration.name} needs a lock that somebody holds: it is tried again`);
    await sleep(Math.min(retryMs, MAX_LOCK_RETRY_MS), undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }
}

/** False where nothing of it is, since somebody holds a lock that it needs, and perhaps waits for one of its own. */
async function isApplied(client: pg.Client, { name, script, checksum }: Migration): Promise<boolean> {
  try {
    await transactionOn(client, async () => {
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query(script.replace(CREATE_PUBLIC_SCHEMA, ''));
      await client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
         VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
        [randomUUID(), checksum, name],
      );
    });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE || isTransient(error)) return false;
    const position = Number((error as { position?: string }).position);
    const line = Number.isInteger(position) ? ` at line ${script.slice(0, position).split('\n').length}` : '';
    throw new MigrationError(
      `migration ${name} failed${line} and nothing of it was applied: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
