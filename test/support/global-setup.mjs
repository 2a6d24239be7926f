// Not TypeScript, and on dist: Jest loads this file before its own module system, which knows neither our names nor ESM.
import { chmod, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import pg from 'pg';
import { EmbeddedPostgres } from '../../dist/database/embedded/embedded-postgres.js';
import { migrate } from '../../dist/database/migrations/migrator.js';

const PREFIX = 'parley-test-';
const TEMPLATE = 'parley_template';
const MEMORY = '/dev/shm';
/** Several times what a whole run has there at once. */
const MIN_MEMORY_BYTES = 4 * 1024 ** 3;

/** One PostgreSQL for the whole run, with a migrated database that every test file clones. */
export default async function globalSetup() {
  const place = await temporaryDirectory();
  await removeAbandoned(place);
  const home = await mkdtemp(join(place, PREFIX));
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
    // A connection's password is checked all the same, but costs neither side thousands of hashes; a run makes thousands.
    await client.query('SET scram_iterations = 1');
    const password = new URL(postgres.connectionString).password;
    await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${client.escapeLiteral(password)}`);
    await writeFile(
      join(home, 'postgres', 'pg_hba.conf'),
      'host all all 127.0.0.1/32 password\nlocal all all password\n',
    );
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
  // By TCP, as a database of somebody's own is reached; the embedded one of a server that a test starts is asked by its socket.
  const url = new URL(postgres.connectionString);
  url.hostname = '127.0.0.1';
  process.env.TEST_POSTGRES_URL = url.href;
  process.env.TEST_RUN_DIRECTORY = home;
  // For the tests and all processes that they start.
  process.env.TMPDIR = home;
}

/**
 * Memory, where there is enough of it and TMPDIR says nothing else. A run makes and removes hundreds of thousands of
 * files, and ext4 gets slow by that: it searches for an inode that was not in use in the last minutes.
 */
async function temporaryDirectory() {
  if (process.env.TMPDIR !== undefined) return tmpdir();
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  const options = mounts
    .split('\n')
    .findLast((line) => line.split(' ')[1] === MEMORY)
    ?.split(' ')[3];
  // Some tests start programs that they put there.
  if (options === undefined || options.split(',').includes('noexec')) return tmpdir();
  const { bavail, bsize } = await statfs(MEMORY);
  return bavail * bsize < MIN_MEMORY_BYTES ? tmpdir() : MEMORY;
}

/** What killed runs left. Their PostgreSQL notices within a minute that its files are gone, and ends. */
async function removeAbandoned(place) {
  for (const entry of await readdir(place)) {
    if (!entry.startsWith(PREFIX)) continue;
    const home = join(place, entry);
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
