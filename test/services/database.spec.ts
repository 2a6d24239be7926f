import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isConnectionFailure } from '../../src/common/temporary-failures.js';
import { Configuration } from '../../src/config/configuration.js';
import { poolSizeOfWorkers } from '../../src/database/connection-budget.js';
import { Database } from '../../src/database/database.js';
import pg from 'pg';
import { TIMELINE } from '../../src/sync/sync.repository.js';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { schemaDrift } from '../../scripts/schema-drift.mjs';
import { migrate, migrationStatus } from '../../src/database/migrations/migrator.js';
import { applyHistory, migrationNames, today } from '../support/databases/histories.js';
import { createEmptyDatabase, createTestDatabase, query, type TestDatabase } from '../support/databases/postgres.js';
import { until } from '../support/story.js';

// Compiled: a plain process knows no TypeScript.
const COMPILED = pathToFileURL(join(process.cwd(), 'dist', 'database', 'embedded', 'embedded-postgres.js')).href;
const hasMountNamespaces = spawnSync('unshare', ['-m', 'true']).status === 0;

describe('migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  it('are applied once by processes that start at once', async () => {
    const { pending } = await migrationStatus(database.url);
    const answers = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
    expect(pending.length).toBeGreaterThan(0);
    expect(answers.flat()).toEqual(pending);
    expect(await migrate(database.url)).toEqual([]);
    expect(await migrationStatus(database.url)).toEqual({ applied: pending, pending: [], unknown: [] });
  });

  it('lead to schema.prisma', async () => {
    expect(await schemaDrift(database.url)).toBe('');
  });

  it('show a difference where there is one', async () => {
    await query(database.url, 'ALTER TABLE users ADD COLUMN surplus integer');
    expect(await schemaDrift(database.url)).toContain('DROP COLUMN "surplus"');
    await query(database.url, 'ALTER TABLE users DROP COLUMN surplus');
  });

  it('are refused where one was edited after it was applied', async () => {
    const edited = await createTestDatabase();
    await query(edited.url, `UPDATE _prisma_migrations SET checksum = repeat('0', 64)`);
    await expect(migrate(edited.url)).rejects.toThrow(/was edited after it was applied/);
    await edited.drop();
  });

  it('are refused where one failed half-way', async () => {
    const failed = await createTestDatabase();
    await query(failed.url, 'UPDATE _prisma_migrations SET finished_at = NULL');
    await expect(migrate(failed.url)).rejects.toThrow(/failed half-way/);
    await failed.drop();
  });

  it('keep nobody waiting behind a lock that one waits for, and are applied once it is free', async () => {
    const locked = await createEmptyDatabase();
    const last = migrationNames.at(-1) as string;
    await applyHistory(locked.url, migrationNames.slice(0, -1).map(today), () => Promise.resolve());
    await query(
      locked.url,
      `CREATE FUNCTION dead_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE deadlock_detected; END $$;
       CREATE TRIGGER dead_lock BEFORE INSERT ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION dead_lock()`,
    );
    const holder = new pg.Client({ connectionString: locked.url });
    await holder.connect();
    const lines: string[] = [];
    const report = (line: string): unknown => lines.push(line);
    try {
      const first = new AbortController();
      const dead = migrate(locked.url, {
        signal: first.signal,
        report: () => first.abort(new Error('once is enough')),
      });
      await expect(dead).rejects.toThrow('once is enough');
      await holder.query('DROP FUNCTION dead_lock CASCADE');
      await holder.query('BEGIN; LOCK TABLE _prisma_migrations IN SHARE MODE');
      const end = new AbortController();
      const ended = migrate(locked.url, { signal: end.signal, report });
      await until('it gave up for now', () => lines.length > 0);
      expect(lines[0]).toContain(last);
      await until('nobody waits for the lock', async () => {
        const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = '_prisma_migrations'::regclass`;
        return (await holder.query(waiting)).rowCount === 0;
      });
      end.abort(new Error('the start is to end'));
      await expect(ended).rejects.toBe(end.signal.reason);
      const applied = migrate(locked.url, { report });
      await until('it gave up again', () => lines.length >= 2);
      await holder.query('COMMIT');
      expect(await applied).toEqual([last]);
    } finally {
      await holder.end();
      await locked.drop();
    }
  }, 120_000);

  it('leave nothing where one fails, and name it', async () => {
    const occupied = await createEmptyDatabase();
    // The last table of the first migration is in the way.
    await query(occupied.url, 'CREATE TABLE message_search_progress ()');
    await expect(migrate(occupied.url)).rejects.toThrow(/^migration \d{14}_\w+ failed.* nothing of it was applied/);
    const rows = await query(occupied.url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`);
    expect(rows.map((row) => row.tablename)).toEqual(['_prisma_migrations', 'message_search_progress']);
    await occupied.drop();
  });
});

describe('the embedded PostgreSQL', () => {
  const lines: string[] = [];
  let home: string;
  let directory: string;
  let running: EmbeddedPostgres | undefined;

  const start = async (): Promise<EmbeddedPostgres> => {
    running = await EmbeddedPostgres.start({ directory, log: (line) => lines.push(line), durable: false });
    return running;
  };
  const postmaster = async (): Promise<number> =>
    Number((await readFile(join(directory, 'postmaster.pid'), 'utf8')).split('\n')[0]);

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'parley-embedded-'));
    await chmod(home, 0o755);
    directory = join(home, 'postgres');
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('keeps its data from one start to the next, and stops only once', async () => {
    const first = await start();
    await query(first.connectionString, 'CREATE TABLE kept AS SELECT 1 AS value');
    await Promise.all([first.stop(), first.stop()]);
    await expect(readFile(join(directory, 'postmaster.pid'))).rejects.toThrow(/ENOENT/);
    const second = await start();
    expect(await query(second.connectionString, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
  });

  it('is asked over its Unix socket, which costs less, and by TCP where the path of one would be too long', async () => {
    const { connectionString } = await start();
    expect(new URL(connectionString).hostname).toBe(encodeURIComponent(directory));
    const deep = join(home, 'a'.repeat(100), 'postgres');
    const other = await EmbeddedPostgres.start({ directory: deep, log: () => undefined, durable: false });
    expect(new URL(other.connectionString).hostname).toBe('127.0.0.1');
    expect(await query(other.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await other.stop();
  });

  it('has a log without what people wrote, and of a bounded length while it runs', async () => {
    const { connectionString } = await start();
    const log = join(home, 'postgres.log');
    const refused = (name: string): Promise<unknown> =>
      query(connectionString, `INSERT INTO ${name} VALUES ('ada@example.com')`);
    await query(connectionString, 'CREATE TABLE first_people (email text PRIMARY KEY)');
    await query(connectionString, 'CREATE TABLE second_people (email text PRIMARY KEY)');
    await refused('first_people');
    await refused('second_people');
    await expect(refused('first_people')).rejects.toThrow(/first_people_pkey/);
    const said = await readFile(log, 'utf8');
    expect(said).toContain('first_people_pkey');
    expect(said).not.toContain('ada@example.com');
    await appendFile(log, Buffer.alloc(10 * 1024 * 1024 + 1, '\n'));
    await until('it is short', async () => (await stat(log)).size < 1_000_000);
    await expect(refused('second_people')).rejects.toThrow(/second_people_pkey/);
    expect(await readFile(log, 'utf8')).toMatch(/second_people_pkey/);
  });

  it('is used by no pool while it is a standby, and by all once it is the primary', async () => {
    await (await start()).stop();
    await writeFile(join(directory, 'standby.signal'), '');
    const { connectionString } = await start();
    expect(await query(connectionString, 'SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }]);
    const [known] = await query(
      connectionString,
      `SELECT pid, timeline_id AS timeline FROM pg_stat_activity, pg_control_checkpoint() WHERE backend_type = 'checkpointer'`,
    );
    const [checkpointer, before] = [Number(known?.pid), Number(known?.timeline)];
    // The first checkpoint after the promotion may take minutes.
    process.kill(checkpointer, 'SIGSTOP');
    const database = new Database(Configuration.fromEnvironment({ DATABASE_URL: connectionString }));
    try {
      for (const pool of [database, database.reads, database.background]) {
        await expect(
          pool.query('SELECT pg_current_snapshot()').catch((error: unknown) => isConnectionFailure(error)),
        ).resolves.toBe(true);
        expect(pool.pool.totalCount).toBe(0);
      }
      expect(await database.takesConnections()).toBe(false);
      await query(connectionString, 'SELECT pg_promote()');
      expect(await database.takesConnections()).toBe(true);
      expect(await database.reads.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      // Cursors of what the former primary had and this one has not are reset at once.
      const timeline = async (): Promise<unknown> => (await database.query(`SELECT ${TIMELINE} AS timeline`))[0];
      expect(await timeline()).toEqual({ timeline: before + 1 });
      await query(connectionString, 'CREATE FUNCTION aurora_version() RETURNS integer LANGUAGE sql RETURN 1');
      expect(await timeline()).toEqual({ timeline: before });
      await query(connectionString, 'DROP FUNCTION aurora_version');
    } finally {
      process.kill(checkpointer, 'SIGCONT');
      await database.onApplicationShutdown();
    }
  });

  it('is adopted when its server was killed', async () => {
    const orphan = await startInKilledProcess(directory);
    const pid = await postmaster();
    const adopted = await start();
    expect(adopted.connectionString).toBe(orphan);
    expect(await postmaster()).toBe(pid);
    await adopted.stop();
    await expect(postmaster()).rejects.toThrow(/ENOENT/);
  });

  it('refuses a second server in one line, and stays with the first', async () => {
    const { connectionString } = await start();
    const second = EmbeddedPostgres.start({ directory, log: () => undefined, durable: false });
    await expect(second).rejects.toThrow(`DATA_DIR ${home} is in use by another running server`);
    expect(await query(connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('comes back on the same port when it was killed, again and again', async () => {
    const { connectionString } = await start();
    for (let time = 0; time < 2; time += 1) {
      const pid = await postmaster();
      process.kill(pid, 'SIGKILL');
      await eventually(async () => {
        expect(await postmaster()).not.toBe(pid);
        expect(await query(connectionString, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
      });
    }
    await eventually(async () => expect(lines.filter((line) => line.includes('is back on port'))).not.toHaveLength(0));
  }, 400_000);

  it('starts after it was killed together with its server', async () => {
    await startInKilledProcess(directory);
    process.kill(await postmaster(), 'SIGKILL');
    const { connectionString } = await start();
    expect(await query(connectionString, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
  });

  it('starts although another program now has the number in its postmaster.pid', async () => {
    const alien = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await writeFile(
      join(directory, 'postmaster.pid'),
      `${alien.pid}\n${directory}\n1\n5432\n\n127.0.0.1\n1 2\nready\n`,
    );
    const { connectionString } = await start();
    expect(await query(connectionString, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
    expect(alien.exitCode).toBeNull();
    alien.kill('SIGKILL');
  });

  it('refuses to start beside one of another container, which shares the directory and no process number', async () => {
    // As another container sees it: a number that is nobody's here, or that another program has here.
    const alien = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const [path, socket] = [join(directory, 'postmaster.pid'), join(directory, '.s.PGSQL.5999')];
    const other = createServer((connection) => connection.destroy());
    await new Promise<void>((listening) => other.listen(socket, listening));
    try {
      for (const pid of [2_147_483_646, alien.pid]) {
        const content = `${pid}\n${directory}\n1\n5999\n${directory}\n127.0.0.1\n1 2\nready\n`;
        await writeFile(path, content);
        await expect(start()).rejects.toThrow(
          `DATA_DIR ${home} is in use by another running server, perhaps in another container`,
        );
        // The other one reads its number there, and would end without it.
        expect(await readFile(path, 'utf8')).toBe(content);
      }
    } finally {
      alien.kill('SIGKILL');
      await new Promise((closed) => other.close(closed));
      await rm(path);
    }
  });

  it('starts although its postmaster.pid is empty, of one that was killed while it made it', async () => {
    const path = join(directory, 'postmaster.pid');
    await writeFile(path, '');
    const minuteAgo = Date.now() / 1_000 - 60;
    await utimes(path, minuteAgo, minuteAgo);
    const { connectionString } = await start();
    expect(await query(connectionString, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
  });

  it('says why PostgreSQL gives up on its files, and not only that it does', async () => {
    const broken = join(home, 'broken');
    await (await EmbeddedPostgres.start({ directory: broken, log: () => undefined, durable: false })).stop();
    const log = join(broken, 'pg_wal');
    for (const name of await readdir(log)) if (/^[0-9A-F]{24}$/.test(name)) await rm(join(log, name));
    await expect(EmbeddedPostgres.start({ directory: broken, log: () => undefined, durable: false })).rejects.toThrow(
      'could not locate a valid checkpoint record',
    );
  });

  (hasMountNamespaces ? it : it.skip)('names the way where a volume is mounted at its place', async () => {
    const mounted = join(home, 'mounted', 'postgres');
    await mkdir(mounted, { recursive: true });
    const program = `await (await import(${JSON.stringify(COMPILED)})).EmbeddedPostgres.start({ directory: ${JSON.stringify(mounted)}, log: () => undefined, durable: false }).catch((error) => console.log(error.message));`;
    const { stdout } = spawnSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        'mount -t tmpfs none "$1" && exec "$2" --input-type=module -e "$3"',
        'sh',
        mounted,
        process.execPath,
        program,
      ],
      { encoding: 'utf8' },
    );
    expect(stdout).toContain(`${mounted} is a mount point`);
    expect(stdout).toContain(`mount the volume at ${join(home, 'mounted')}`);
  });
});

/** Starts the cluster in a process that is then killed, and returns the cluster's address. */
async function startInKilledProcess(directory: string): Promise<string> {
  const script = `
    const { EmbeddedPostgres } = await import(${JSON.stringify(COMPILED)});
    const options = { directory: ${JSON.stringify(directory)}, log: () => undefined, durable: false };
    process.stdout.write((await EmbeddedPostgres.start(options)).connectionString + '\\n');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.endsWith('\n')) break;
  }
  child.kill('SIGKILL');
  return output.trim();
}

/** Waits for long: PostgreSQL recovers from a crash as fast as disks write. */
async function eventually(check: () => Promise<void>): Promise<void> {
  for (const deadline = Date.now() + 120_000; ; await sleep(50)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

describe('the connections of workers', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  it('are tight where PostgreSQL has no room for as many again, which others need', async () => {
    const { size, available } = await poolSizeOfWorkers(database.url, 1, 4);
    expect(size).toBe(4);
    const half = Math.floor(available / 2);
    expect(await poolSizeOfWorkers(database.url, 1, half)).toEqual({ size: half, available, isTight: false });
    expect(await poolSizeOfWorkers(database.url, 1, half + 1)).toEqual({ size: half + 1, available, isTight: true });
  });
});
