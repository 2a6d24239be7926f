import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ended } from '../bounded.js';

export const TEMPLATE = 'parley_template';
const CLONE_LOCK = 7_205_301_413;
const RUN_LOCK = 7_205_301_414;

export interface TestDatabase {
  readonly url: string;
  /** Also ends the connections that are still open to it. */
  drop(): Promise<void>;
}

/** A migrated, empty database of one's own: a clone of the template, some tens of milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(async (client) => {
    // Two clones of one template at once would refuse each other.
    await client.query('SELECT pg_advisory_lock($1)', [CLONE_LOCK]);
    // Written as pages of the log, which is the default, it costs three times as much.
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} STRATEGY FILE_COPY`);
  });
  return {
    url: withDatabase(administrationUrl(), name),
    drop: () => drop(name),
  };
}

/** A copy of a database that nobody is connected to. */
export async function cloneDatabase({ url }: TestDatabase): Promise<TestDatabase> {
  const name = `clone_${randomBytes(6).toString('hex')}`;
  await administer((client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)} STRATEGY FILE_COPY`),
  );
  return { url: withDatabase(administrationUrl(), name), drop: () => drop(name) };
}

/** An empty database, not even migrated; by the locale of the cluster, or by one of the system's. */
export async function createEmptyDatabase(locale?: string): Promise<TestDatabase> {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  await administer((client) =>
    client.query(
      locale === undefined
        ? `CREATE DATABASE ${name}`
        : `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE '${locale}'`,
    ),
  );
  return {
    url: withDatabase(administrationUrl(), name),
    drop: () => drop(name),
  };
}

/** What one worker of the run makes for all of them, in the directory of the run; the others wait for it meanwhile. */
export async function onceInRun<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = process.env.TEST_RUN_DIRECTORY;
  if (directory === undefined) throw new Error('TEST_RUN_DIRECTORY is missing: run the tests through npm test');
  let result: Result | undefined;
  await administer(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [RUN_LOCK]);
    result = await work(directory);
  });
  return result as Result;
}

function drop(name: string): Promise<void> {
  return ended(
    `dropping ${name}`,
    administer((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  );
}

export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

function administrationUrl(): string {
  const url = process.env.TEST_POSTGRES_URL;
  if (url === undefined) throw new Error('TEST_POSTGRES_URL is missing: run the tests through npm test');
  return url;
}

async function administer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: administrationUrl() });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** The rows of one statement, over a connection of its own. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
