// Not TypeScript, and on dist: Jest loads this file before its own module system, which knows neither our names nor ESM.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import pg from 'pg';
import { EmbeddedPostgres } from '../../dist/database/embedded/embedded-postgres.js';
import { migrate } from '../../dist/database/migrations/migrator.js';

const PREFIX = 'parley-test-';
const TEMPLATE = 'parley_template';

/** One PostgreSQL for the whole run, with a migrated database that every test file clones. */
export default async function globalSetup() {
  await removeAbandoned();
  const home = await mkdtemp(join(tmpdir(), PREFIX));
  // Where the tests run as root, PostgreSQL runs as another user and must reach its directory.
  await chmod(home, 0o755);
  await writeFile(join(home, 'owner'), `${process.pid}`);

  const postgres = await EmbeddedPostgres.start({
    directory: join(home, 'postgres'),
    log: () => undefined,
    durable: false,
  });
  const stop = async () => {
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  };
  globalThis.stopTestPostgres = stop;
  try {
    const client = new pg.Client({ connectionString: postgres.connectionString });
    await client.connect();
    // What PostgreSQL knows of a table is what a test lets it know: no plan hangs on when autovacuum came by.
    await client.query('ALTER SYSTEM SET autovacuum = off');
    await client.query('SELECT pg_reload_conf()');
    await client.query(`CREATE DATABASE ${TEMPLATE}`);
    await client.end();
    const template = new URL(postgres.connectionString);
    template.pathname = `/${TEMPLATE}`;
    await migrate(template.href);
  } catch (error) {
    // Jest runs no teardown after a failed setup.
    await stop();
    throw error;
  }
  process.env.TEST_POSTGRES_URL = postgres.connectionString;
  process.env.TEST_RUN_DIRECTORY = home;
}

/** What killed runs left. Their PostgreSQL notices within a minute that its files are gone, and ends. */
async function removeAbandoned() {
  for (const entry of await readdir(tmpdir())) {
    if (!entry.startsWith(PREFIX)) continue;
    const home = join(tmpdir(), entry);
    const owner = Number.parseInt(await readFile(join(home, 'owner'), 'utf8').catch(() => ''), 10);
    if (!Number.isNaN(owner) && !isAlive(owner))
      await rm(home, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
