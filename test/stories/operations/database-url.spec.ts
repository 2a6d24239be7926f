import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Configuration } from '../../../src/config/configuration.js';
import { SESSION_SETTINGS } from '../../../src/config/database-url.js';
import { checkDatabase, type DatabaseProperties, faultOf } from '../../../src/database/database-checks.js';
import { Database } from '../../../src/database/database.js';
import { connectForMaintenance } from '../../../src/database/maintenance-connection.js';
import { migrate } from '../../../src/database/migrations/migrator.js';
import { startFailure } from '../../../src/startup-messages.js';
import { freePort } from '../../support/servers/free-port.js';
import { createEmptyDatabase, createTestDatabase, query, type TestDatabase } from '../../support/databases/postgres.js';
import { onlyWith, programPath } from '../../support/processes/programs.js';
import { startStory, type Story, until } from '../../support/story.js';

const withParameter = (url: string, name: string, value: string): string => {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
};
const configured = (url: string): Configuration =>
  Configuration.fromEnvironment({ DATABASE_URL: url, JWT_SECRET: 'a secret that is long enough for every test' });

describe('DATABASE_URL', () => {
  let database: TestDatabase;
  let story: Story | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await story?.close();
    story = undefined;
  });
  afterAll(() => database.drop());

  it.each([
    ['options', '-c synchronous_commit=off', /^DATABASE_URL: options cannot set synchronous_commit/],
    ['options', '-c work_mem=8MB --statement-timeout=0', /^DATABASE_URL: options cannot set statement_timeout/],
    [
      'options',
      '-csearch_path=elsewhere',
      /^DATABASE_URL: options cannot set search_path: name the schema by \?schema=$/,
    ],
    ['search_path', 'elsewhere', /^DATABASE_URL: search_path cannot be set/],
    ['statement_timeout', '1', /^DATABASE_URL: statement_timeout cannot be set/],
    ['query_timeout', '1', /^DATABASE_URL: query_timeout cannot be set/],
    ['client_encoding', 'LATIN1', /^DATABASE_URL: client_encoding cannot be set/],
    ['schema', 'x"; DROP SCHEMA public', /^DATABASE_URL: schema=.* is no name of a schema$/],
    ['schema', 'pg_temp', /^DATABASE_URL: schema=pg_temp is no name of a schema$/],
  ])('is refused in one line with %s=%s', (name, value, line) => {
    expect(() => configured(withParameter(database.url, name, value))).toThrow(line);
  });

  it.each([
    [
      'a password with a percent sign',
      'postgresql://ada:100%e4b@127.0.0.1:1/parley',
      'a % in it must be written as %25',
    ],
    ['a user with a percent sign', 'postgresql://ada%e4:x@127.0.0.1:1/parley', 'a % in it must be written as %25'],
    [
      'a certificate that is not there',
      'postgresql://ada:x@127.0.0.1:1/parley?sslmode=verify-full&sslrootcert=/nowhere.pem',
      "ENOENT: no such file or directory, open '/nowhere.pem'",
    ],
  ])('is refused in one line with %s', async (_, url, reason) => {
    const failure = await checkDatabase(configured(url).databaseUrl ?? '').catch((error: unknown) => error);
    expect(startFailure(failure)).toBe(`DATABASE_URL cannot be used: ${reason}`);
  });

  it('is named in one line where its host is no text', async () => {
    const failure = await checkDatabase('postgresql://ada:x@%zz:1/parley').catch((error: unknown) => error);
    expect(startFailure(failure)).toMatch(/^DATABASE_URL: .*%zz/);
    expect(startFailure(failure)).not.toContain('\n');
  });

  it('keeps the options that are not ours', async () => {
    const pool = new Database(configured(withParameter(database.url, 'options', '-c work_mem=8MB')));
    expect(await pool.query('SHOW work_mem')).toEqual([{ work_mem: '8MB' }]);
    await pool.onApplicationShutdown();
  });

  it('leads to our settings whatever the database and the role say', async () => {
    const name = new URL(database.url).pathname.slice(1);
    for (const setting of [
      'synchronous_commit = off',
      `datestyle = 'German'`,
      `timezone = 'Asia/Tokyo'`,
      `default_transaction_isolation = 'repeatable read'`,
      'default_transaction_read_only = on',
      // What sets ours runs under it once: a machine that is busy takes more than a millisecond for that.
      'statement_timeout = 3000',
      'lock_timeout = 1',
      'idle_session_timeout = 60000',
      'transaction_timeout = 60000',
      'search_path = pg_catalog',
      `bytea_output = 'escape'`,
      'jit = on',
    ])
      await query(
        withParameter(database.url, 'options', '-c default_transaction_read_only=off -c statement_timeout=0'),
        `ALTER DATABASE ${name} SET ${setting}`,
      );
    await checkDatabase(database.url);
    await migrate(database.url);
    const pool = new Database(configured(database.url));
    const settings: [Pick<Database, 'query'>, Record<string, string>][] = [
      [pool, { ...SESSION_SETTINGS, lock_timeout: '5000' }],
      [pool.reads, SESSION_SETTINGS],
      [pool.background, SESSION_SETTINGS],
    ];
    for (const [executor, expected] of settings) {
      for (const [setting, value] of Object.entries(expected)) {
        const [row] = await executor.query<{ value: string }>(
          `SELECT CASE WHEN unit = 'ms' THEN setting ELSE current_setting(name) END AS value FROM pg_settings WHERE lower(name) = $1`,
          [setting],
        );
        expect({ setting, value: row?.value }).toEqual({ setting, value });
      }
    }
    await pool.onApplicationShutdown();
    const maintenance = await connectForMaintenance(database.url, 'test');
    expect((await maintenance.query('SHOW transaction_timeout')).rows).toEqual([{ transaction_timeout: '0' }]);
    await maintenance.end();
    story = await startStory({ databaseUrl: database.url });
    const [ada, bob] = [await story.person('ada'), await story.person('bob')];
    const conversationId = await ada.befriend(bob);
    await ada.send(conversationId, '👋🏽 Grüße');
    expect(await bob.history(conversationId)).toMatchObject([{ content: '👋🏽 Grüße' }]);
    expect((await bob.must('GET', '/users?search=ada')).items).toHaveLength(1);
  });

  it('names a schema by ?schema=, and everything is there', async () => {
    const shared = await createEmptyDatabase();
    try {
      for (const schema of ['chat', 'Other-chat']) {
        const url = withParameter(shared.url, 'schema', schema);
        await checkDatabase(url);
        await migrate(url);
        expect(await migrate(url)).toEqual([]);
        story = await startStory({ databaseUrl: url });
        const [ada, bob] = [await story.person('ada'), await story.person('bob')];
        const conversationId = await ada.befriend(bob);
        await ada.send(conversationId, 'in a schema of our own');
        expect(await bob.must('GET', '/sync')).toMatchObject({ conversations: [{ id: conversationId }] });
        expect((await bob.must('GET', '/users?search=ada')).items).toHaveLength(1);
        await story.close();
        story = undefined;
      }
      const rows = await query(
        shared.url,
        `SELECT nspname, count(*)::integer AS count FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE relname IN ('users', 'messages', '_prisma_migrations') GROUP BY 1 ORDER BY 1`,
      );
      expect(rows).toEqual([
        { nspname: 'Other-chat', count: 3 },
        { nspname: 'chat', count: 3 },
      ]);
    } finally {
      await story?.close();
      story = undefined;
      await shared.drop();
    }
  });
});

describe('a database that cannot serve', () => {
  let database: TestDatabase;
  const names: string[] = [];
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(async () => {
    for (const name of names) await query(database.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await database.drop();
  });

  it.each(['SQL_ASCII', 'LATIN1'])('is refused in one line where its encoding is %s', async (encoding) => {
    const name = `encoding_${encoding.toLowerCase()}_${process.pid}`;
    names.push(name);
    await query(
      database.url,
      `CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
    );
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    await expect(checkDatabase(url.href)).rejects.toThrow(
      new RegExp(`^DATABASE_URL: the database keeps text as ${encoding}, which has not every character: .*$`),
    );
  });

  it('is refused in one line where the user lacks a right, and taken with the rights it asks for', async () => {
    const role = `weak_${process.pid}`;
    const name = new URL(database.url).pathname.slice(1);
    await query(database.url, `CREATE ROLE ${role} LOGIN PASSWORD 'weak'`);
    try {
      const url = new URL(database.url);
      [url.username, url.password] = [role, 'weak'];
      await expect(checkDatabase(url.href)).rejects.toThrow(
        /lacks the extension pg_trgm, btree_gin, and this user may not/,
      );
      await query(database.url, 'CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin');
      await expect(checkDatabase(url.href)).rejects.toThrow(/does not let this user create tables in schema "public"/);
      await query(database.url, `GRANT USAGE, CREATE ON SCHEMA public TO ${role}`);
      await checkDatabase(url.href);
      await migrate(url.href);
      const schema = withParameter(url.href, 'schema', 'chat');
      await expect(checkDatabase(schema)).rejects.toThrow(/has no schema "chat", and this user may not create it/);
      await query(database.url, `GRANT CREATE ON DATABASE ${name} TO ${role}`);
      await checkDatabase(schema);
      await migrate(schema);
      const stranger = `${role}_too`;
      await query(
        database.url,
        `CREATE ROLE ${stranger} LOGIN PASSWORD 'weak'; GRANT USAGE, CREATE ON SCHEMA public TO ${stranger}`,
      );
      url.username = stranger;
      await expect(checkDatabase(url.href)).rejects.toThrow(/has tables of another owner \(.*users.*\)/);
      await query(database.url, `DROP OWNED BY ${stranger}; DROP ROLE ${stranger}`);
    } finally {
      await query(database.url, `DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    }
  });

  it('is named by the first thing that cannot be helped', () => {
    const fine: DatabaseProperties = {
      version: 180_004,
      versionName: '18.4',
      encoding: 'UTF8',
      isStandby: false,
      missingExtensions: [],
      absentExtensions: [],
      mayCreateInDatabase: true,
      schemaExists: true,
      mayCreateInSchema: true,
      unownedTables: [],
    };
    expect(faultOf(fine, 'public')).toBeUndefined();
    expect(faultOf({ ...fine, version: 130_021, versionName: '13.21' }, 'public')).toBe(
      'is PostgreSQL 13.21: 14 or newer is needed',
    );
    expect(faultOf({ ...fine, isStandby: true }, 'public')).toMatch(/standby/);
    expect(faultOf({ ...fine, missingExtensions: ['pg_trgm'] }, 'public')).toMatch(/no extension pg_trgm to install/);
  });
});

onlyWith(describe, 'pgbouncer')('PgBouncer', () => {
  let database: TestDatabase;
  let home: string;
  let bouncer: ChildProcess | undefined;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    home = mkdtempSync(join(tmpdir(), 'parley-bouncer-'));
    chmodSync(home, 0o755);
  });
  afterEach(async () => {
    if (bouncer === undefined) return;
    const ended = once(bouncer, 'exit');
    bouncer.kill('SIGQUIT');
    await ended;
    bouncer = undefined;
  });
  afterAll(async () => {
    rmSync(home, { recursive: true, force: true });
    await database.drop();
  });

  const start = async (mode: string): Promise<string> => {
    const target = new URL(database.url);
    const port = await freePort();
    writeFileSync(join(home, 'users'), `"${target.username}" "${decodeURIComponent(target.password)}"\n`, {
      mode: 0o644,
    });
    writeFileSync(
      join(home, 'pgbouncer.ini'),
      `[databases]
* = host=127.0.0.1 port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(home, 'users')}
pool_mode = ${mode}
default_pool_size = 20
`,
      { mode: 0o644 },
    );
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    bouncer = spawn(programPath('pgbouncer') ?? '', [...user, join(home, 'pgbouncer.ini')], { stdio: 'ignore' });
    target.port = String(port);
    await until('it answers', async () => {
      try {
        await query(target.href, 'SELECT 1');
        return true;
      } catch {
        return false;
      }
    });
    return target.href;
  };

  it('in session mode is as good as PostgreSQL itself', async () => {
    const url = await start('session');
    await checkDatabase(url);
    await migrate(url);
    const story = await startStory({ databaseUrl: url });
    try {
      const [ada, bob] = [await story.person('ada'), await story.person('bob')];
      const conversationId = await ada.befriend(bob);
      await Promise.all(Array.from({ length: 20 }, (_, index) => ada.send(conversationId, `${index}`)));
      expect(await bob.history(conversationId)).toHaveLength(20);
    } finally {
      await story.close();
    }
  });

  it.each(['transaction', 'statement'])('in %s mode is refused in one line', async (mode) => {
    const url = await start(mode);
    await expect(checkDatabase(url)).rejects.toThrow(
      /^DATABASE_URL: the pooler at this address .* use its session mode/,
    );
  });
});
