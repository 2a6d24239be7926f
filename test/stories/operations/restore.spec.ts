import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { emptyDataDirectory, migratedDataDirectory } from '../../support/data-directory.js';
import { FakeExpo } from '../../support/push/fake-expo.js';
import { expoToken } from '../../support/push/push-story.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { ServerProcess } from '../../support/process.js';
import { type Anything, Person, request, until } from '../../support/story.js';

/** What pg_dump keeps of a schema: the rows of every table. */
type Dump = Map<string, string>;

const LOST = ['lost one', 'lost two', 'lost three'];

describe('a database that was restored from a backup', () => {
  let server: ServerProcess | undefined;
  let database: TestDatabase | undefined;
  const directories: string[] = [];

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await database?.drop();
    database = undefined;
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  });

  const start = async (environment: Record<string, string>): Promise<string> => {
    server = await ServerProcess.start({ RATE_LIMITS: 'off', ...environment });
    return server.url;
  };

  /** Two people with a history, and what their clients keep of it. */
  const talk = async (url: string): Promise<{ ada: Person; bob: Person; conversationId: string }> => {
    const [ada, bob] = [await Person.register(url, 'ada'), await Person.register(url, 'bob')];
    const conversationId = await ada.befriend(bob);
    for (let index = 0; index < 5; index += 1) await ada.say(conversationId, `kept ${index}`);
    return { ada, bob, conversationId };
  };
  /** What happens after the backup, and the cursor of a client that has seen it. */
  const lose = async ({
    ada,
    bob,
    conversationId,
  }: {
    ada: Person;
    bob: Person;
    conversationId: string;
  }): Promise<string> => {
    for (const content of LOST) await ada.say(conversationId, content);
    return (await bob.must('GET', '/sync')).cursor;
  };
  /** The same user at the server that came after. */
  const at = async (
    url: string,
    { email }: Person,
  ): Promise<(method: string, path: string, body?: unknown) => Promise<Anything>> => {
    const { body } = await request(url, 'POST', '/auth/login', { email, password: 'correct horse' });
    return async (method, path, payload) => (await request(url, method, path, payload, body.accessToken)).body;
  };

  /** Starting over, a client has what the server has; and from then on it is answered each new thing once, and no other. */
  const expectToConverge = async (
    url: string,
    { ada, bob, conversationId }: { ada: Person; bob: Person; conversationId: string },
  ): Promise<void> => {
    const [asAda, asBob] = [await at(url, ada), await at(url, bob)];
    const sent = await asAda('POST', `/conversations/${conversationId}/messages`, {
      content: 'in the place of a lost one',
    });
    expect(sent.seq).toBe(6);
    const first = await asBob('GET', '/sync');
    expect(first.conversations).toMatchObject([{ id: conversationId, lastMessage: 'in the place of a lost one' }]);
    const history = await asBob('GET', `/conversations/${conversationId}/messages`);
    expect(history.items.map(({ content }: Anything) => content)).toEqual([
      'kept 0',
      'kept 1',
      'kept 2',
      'kept 3',
      'kept 4',
      'in the place of a lost one',
    ]);
    expect(await asBob('GET', `/sync?cursor=${first.cursor}`)).toMatchObject({
      messages: [],
      conversations: [],
      receipts: [],
      friends: [],
    });
    await asAda('POST', `/conversations/${conversationId}/messages`, { content: 'and one more' });
    const second = await asBob('GET', `/sync?cursor=${first.cursor}`);
    expect(second.messages.map(({ content }: Anything) => content)).toEqual(['and one more']);
    expect((await asBob('GET', `/sync?cursor=${second.cursor}`)).messages).toEqual([]);
  };

  const restores: [string, (dump: Dump) => Dump][] = [
    ['into the same database, as by pg_restore --clean', (dump) => dump],
    [
      'from another cluster, whose transactions were numbered further',
      (dump) =>
        new Map(
          [...dump].map(([table, rows]) => [
            table,
            table === 'database_identity'
              ? rows.replace(/"origin":"[^"]*"/, '"origin":"1:2:3:4"')
              : rows.replace(/"(changed_xid|receipt_xid)":"(\d+)"/g, '"$1":"9000000$2"'),
          ]),
        ),
    ],
    [
      'by a release that noted no origin yet',
      (dump) =>
        new Map(
          [...dump].map(([table, rows]) => [
            table,
            table === 'database_identity'
              ? '[]'
              : rows.replace(/"(changed_xid|receipt_xid)":"(\d+)"/g, '"$1":"9000000$2"'),
          ]),
        ),
    ],
  ];
  it.each(restores)('%s is noticed at the start, and every client starts over', async (_, change) => {
    database = await createTestDatabase();
    const environment = { DATABASE_URL: database.url };
    const url = await start(environment);
    const people = await talk(url);
    const kept = (await people.bob.must('GET', '/sync')).cursor;
    const dump = await dumpOf(database.url);
    const cursor = await lose(people);
    await server?.stop();
    await restore(database.url, change(dump), await schemaOf(database.url));

    const again = await start(environment);
    const asBob = await at(again, people.bob);
    for (const old of [kept, cursor]) expect(await asBob('GET', `/sync?cursor=${old}`)).toEqual({ reset: true });
    await expectToConverge(again, people);
    const rows = await query(
      database.url,
      'SELECT count(*)::integer AS count FROM messages WHERE changed_xid > pg_current_xact_id()',
    );
    expect(rows).toEqual([{ count: 0 }]);

    // Once: at the next start it is a database like any other.
    const [asAda, current] = [await at(again, people.ada), (await asBob('GET', '/sync')).cursor];
    await server?.stop();
    const third = await start(environment);
    const later = await at(third, people.bob);
    expect(await later('GET', `/sync?cursor=${current}`)).toMatchObject({ messages: [] });
    expect(asAda).toBeDefined();
  });

  it('rings no phone again for what had rung, or waited, when the backup was made', async () => {
    database = await createTestDatabase();
    const expo = await new FakeExpo().start();
    try {
      const environment = { DATABASE_URL: database.url, EXPO_PUSH_URL: expo.url };
      const people = await talk(await start(environment));
      const token = expoToken();
      await people.bob.must('PUT', '/devices/phone', { platform: 'expo', token });
      await people.ada.say(people.conversationId, 'has rung');
      await expo.arrived(token);
      // The backup is made while Expo has the next one, and has not answered.
      const { calls } = expo;
      expo.misbehave = () => 'slow';
      await people.ada.say(people.conversationId, 'is with Expo');
      await until('Expo was called', () => expo.calls > calls);
      const dump = await dumpOf(database.url);
      expo.release();
      await expo.arrived(token, 2);
      await server?.stop();
      await restore(database.url, dump, await schemaOf(database.url));

      const again = await start(environment);
      const asAda = await at(again, people.ada);
      await asAda('POST', `/conversations/${people.conversationId}/messages`, { content: 'after the restore' });
      const shown = (): (string | undefined)[] => expo.of(token).flatMap(({ quiet, body }) => (quiet ? [] : [body]));
      await until('the new one rang', () => shown().length > 2);
      expect(shown()).toEqual(['has rung', 'is with Expo', 'after the restore']);
    } finally {
      await expo.stop();
    }
  });

  it('by copying the files of a cluster shows to clients after npm run admin -- after-restore, while the server runs', async () => {
    const [home, backup] = [await migratedDataDirectory('parley-restore-'), emptyDataDirectory('parley-backup-')];
    directories.push(home, backup);
    const environment = { DATABASE_URL: '', DATA_DIR: home };
    const url = await start(environment);
    const people = await talk(url);
    await server?.stop();
    cpSync(home, backup, { recursive: true, preserveTimestamps: true });
    const before = await start(environment);
    const asAda = await at(before, people.ada);
    for (const content of LOST) await asAda('POST', `/conversations/${people.conversationId}/messages`, { content });
    const { cursor } = await (await at(before, people.bob))('GET', '/sync');
    await server?.stop();

    const restored = { ...environment, DATA_DIR: backup };
    const again = await start(restored);
    const admin = spawnSync(process.execPath, ['scripts/admin.mjs', 'after-restore'], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', ...restored },
    });
    expect({ status: admin.status, stderr: admin.stderr }).toEqual({ status: 0, stderr: '' });
    const asBob = await at(again, people.bob);
    // Also when the transactions have overtaken what the cursor has seen.
    for (let index = 0; index < 40; index += 1) await asBob('PATCH', '/users/me', { displayName: `Bob ${index}` });
    expect(await asBob('GET', `/sync?cursor=${cursor}`)).toEqual({ reset: true });
    await expectToConverge(again, people);
  });

  it('by copying files, without a server running, works as well', async () => {
    const home = await migratedDataDirectory('parley-restore-');
    directories.push(home);
    const environment = { DATABASE_URL: '', DATA_DIR: home };
    const url = await start(environment);
    const people = await talk(url);
    const { cursor } = await people.bob.must('GET', '/sync');
    await server?.stop();
    const admin = spawnSync(process.execPath, ['scripts/admin.mjs', 'after-restore'], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', ...environment },
    });
    expect({ status: admin.status, stderr: admin.stderr }).toEqual({ status: 0, stderr: '' });
    const again = await start(environment);
    expect(await (await at(again, people.bob))('GET', `/sync?cursor=${cursor}`)).toEqual({ reset: true });
    await expectToConverge(again, people);
  });
});

function dumpOf(url: string): Promise<Dump> {
  return connected(url, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    );
    const dump: Dump = new Map();
    for (const { name } of tables) {
      const { rows } = await client.query<{ rows: string }>(
        `SELECT COALESCE(json_agg(t), '[]')::text AS rows FROM ${name} t`,
      );
      dump.set(name, String(rows[0]?.rows));
    }
    return dump;
  });
}

/** The migrations that made it: pg_restore --clean makes every table anew. */
async function schemaOf(url: string): Promise<string[]> {
  const { readFileSync } = await import('node:fs');
  const applied = await query(url, 'SELECT migration_name AS name FROM _prisma_migrations ORDER BY migration_name');
  return applied.map(({ name }) => readFileSync(join('prisma', 'migrations', String(name), 'migration.sql'), 'utf8'));
}

function restore(url: string, dump: Dump, scripts: readonly string[]): Promise<void> {
  return connected(url, async (client) => {
    const { rows: history } = await client.query<{ rows: string }>(
      'SELECT json_agg(t)::text AS rows FROM _prisma_migrations t',
    );
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await client.query(
      `CREATE TABLE _prisma_migrations (
        id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
        migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
        started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`,
    );
    for (const script of scripts) await client.query(script);
    // As pg_restore does with --disable-triggers.
    await client.query('SET session_replication_role = replica');
    for (const [table, rows] of dump) {
      const content = table === '_prisma_migrations' ? String(history[0]?.rows) : rows;
      // What migrations wrote. Some tables let nobody delete anything.
      const { rowCount } = await client.query(`SELECT FROM ${table} LIMIT 1`);
      if (rowCount !== 0) await client.query(`DELETE FROM ${table}`);
      await client.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1::json)`, [
        content,
      ]);
    }
  });
}

function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  return connected(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows);
}

/** Does some work over one connection. */
async function connected<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
