import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { Configuration } from '../../../src/config/configuration.js';
import { type RunningServer, startServer } from '../../../src/server.js';
import { emptyDataDirectory, migratedDataDirectory } from '../../support/processes/data-directory.js';
import { FakeExpo } from '../../support/push/fake-expo.js';
import { expoToken } from '../../support/push/push-story.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { type Anything, Person, request, until } from '../../support/story.js';

/** What pg_dump keeps of a schema: the rows of every table. */
type Dump = Map<string, string>;

const LOST = ['lost one', 'lost two', 'lost three'];

describe('a database that was restored from a backup', () => {
  let server: RunningServer | undefined;
  const databases: TestDatabase[] = [];

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    for (const database of databases.splice(0)) await database.drop();
  });

  /** All that a start does, in this process. */
  const start = async (environment: Record<string, string>): Promise<string> => {
    const settings = { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'fatal', RATE_LIMITS: 'off', ...environment };
    server = await startServer(Configuration.fromEnvironment(settings));
    return server.url;
  };
  const newDatabase = async (): Promise<string> => {
    const database = await createTestDatabase();
    databases.push(database);
    return database.url;
  };

  /** Two people with a history, and what their clients keep of it. */
  const talk = async (url: string): Promise<{ ada: Person; bob: Person; conversationId: string }> => {
    const [ada, bob] = [await Person.register(url, 'ada'), await Person.register(url, 'bob')];
    const conversationId = await ada.befriend(bob);
    for (let index = 0; index < 5; index += 1) await ada.send(conversationId, `kept ${index}`);
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
    for (const content of LOST) await ada.send(conversationId, content);
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

  const restores: [string, (dump: Dump) => Dump, (url: string) => Promise<string>][] = [
    [
      'into the same database, as by pg_restore --clean',
      (dump) => dump,
      async (url) => {
        await makeAnew(url);
        return url;
      },
    ],
    [
      'from another cluster, whose transactions were numbered further',
      (dump) => withStampsOfTheFuture(dump, (rows) => rows.replace(/"origin":"[^"]*"/, '"origin":"1:2:3:4"')),
      newDatabase,
    ],
    ['by a release that noted no origin yet', (dump) => withStampsOfTheFuture(dump, () => '[]'), newDatabase],
  ];
  it.each(restores)('%s is noticed at the start, and every client starts over', async (_, change, target) => {
    const original = await newDatabase();
    const url = await start({ DATABASE_URL: original });
    const people = await talk(url);
    const kept = (await people.bob.must('GET', '/sync')).cursor;
    const dump = await dumpOf(original);
    const cursor = await lose(people);
    await server?.stop();
    const restored = await target(original);
    await restore(restored, change(dump));

    const environment = { DATABASE_URL: restored };
    const again = await start(environment);
    const asBob = await at(again, people.bob);
    for (const old of [kept, cursor]) expect(await asBob('GET', `/sync?cursor=${old}`)).toEqual({ reset: true });
    await expectToConverge(again, people);
    const rows = await query(
      restored,
      'SELECT count(*)::integer AS count FROM messages WHERE changed_xid > pg_current_xact_id()',
    );
    expect(rows).toEqual([{ count: 0 }]);

    // Once: at the next start it is a database like any other.
    const current = (await asBob('GET', '/sync')).cursor;
    await server?.stop();
    const third = await start(environment);
    const later = await at(third, people.bob);
    expect(await later('GET', `/sync?cursor=${current}`)).toMatchObject({ messages: [] });
  });

  it('rings no phone again for what had rung, or waited, when the backup was made', async () => {
    const original = await newDatabase();
    const expo = await new FakeExpo().start();
    try {
      const people = await talk(await start({ DATABASE_URL: original, EXPO_PUSH_URL: expo.url }));
      const token = expoToken();
      await people.bob.must('PUT', '/devices/phone', { platform: 'expo', token });
      await people.ada.send(people.conversationId, 'has rung');
      await expo.arrived(token);
      // The backup is made while Expo has the next one, and has not answered.
      const { calls } = expo;
      expo.misbehave = () => 'slow';
      await people.ada.send(people.conversationId, 'is with Expo');
      await until('Expo was called', () => expo.calls > calls);
      const dump = await dumpOf(original);
      expo.release();
      await expo.arrived(token, 2);
      await server?.stop();
      const restored = await newDatabase();
      await restore(restored, dump);

      const again = await start({ DATABASE_URL: restored, EXPO_PUSH_URL: expo.url });
      const asAda = await at(again, people.ada);
      await asAda('POST', `/conversations/${people.conversationId}/messages`, { content: 'after the restore' });
      const shown = (): (string | undefined)[] => expo.of(token).flatMap(({ quiet, body }) => (quiet ? [] : [body]));
      await until('the new one rang', () => shown().length > 2);
      expect(shown()).toEqual(['has rung', 'is with Expo', 'after the restore']);
    } finally {
      await expo.stop();
    }
  });

  describe('by copying the files of a cluster', () => {
    let home: string;
    let people: { ada: Person; bob: Person; conversationId: string };
    let kept: string;
    const directories: string[] = [];

    const copy = (): string => {
      const backup = emptyDataDirectory('parley-backup-');
      directories.push(backup);
      cpSync(home, backup, { recursive: true, preserveTimestamps: true });
      return backup;
    };
    /** On the cluster of a directory. */
    const startOn = (directory: string): Promise<string> => start({ DATA_DIR: directory });
    const runAfterRestore = async (directory: string): Promise<void> => {
      // Fails where its exit code says so.
      const { stderr } = await promisify(execFile)(process.execPath, ['scripts/admin.mjs', 'after-restore'], {
        env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: '', DATA_DIR: directory },
      });
      expect(stderr).toBe('');
    };

    beforeAll(async () => {
      home = await migratedDataDirectory('parley-restore-');
      directories.push(home);
      people = await talk(await startOn(home));
      kept = (await people.bob.must('GET', '/sync')).cursor;
      await server?.stop();
    });
    afterAll(async () => {
      await server?.stop();
      for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
    });

    it('shows to clients after npm run admin -- after-restore, without a server running', async () => {
      const backup = copy();
      await runAfterRestore(backup);
      const again = await startOn(backup);
      expect(await (await at(again, people.bob))('GET', `/sync?cursor=${kept}`)).toEqual({ reset: true });
      await expectToConverge(again, people);
    });

    it('shows to them likewise while the server runs', async () => {
      const backup = copy();
      const before = await startOn(home);
      const asAda = await at(before, people.ada);
      for (const content of LOST) await asAda('POST', `/conversations/${people.conversationId}/messages`, { content });
      const { cursor } = await (await at(before, people.bob))('GET', '/sync');
      await server?.stop();

      const again = await startOn(backup);
      await runAfterRestore(backup);
      const asBob = await at(again, people.bob);
      // Also when the transactions have overtaken what the cursor has seen.
      for (let index = 0; index < 40; index += 1) await asBob('PATCH', '/users/me', { displayName: `Bob ${index}` });
      expect(await asBob('GET', `/sync?cursor=${cursor}`)).toEqual({ reset: true });
      await expectToConverge(again, people);
    });
  });
});

/** With other numbers of transactions than there have been here, and the row of the identity changed. */
function withStampsOfTheFuture(dump: Dump, identity: (rows: string) => string): Dump {
  return new Map(
    [...dump].map(([table, rows]) => [
      table,
      table === 'database_identity'
        ? identity(rows)
        : rows.replace(/"(changed_xid|receipt_xid)":"(\d+)"/g, '"$1":"9000000$2"'),
    ]),
  );
}

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

/** Drops and makes every table, as pg_restore --clean does: by the migrations that made them. */
function makeAnew(url: string): Promise<void> {
  return connected(url, async (client) => {
    const { rows: applied } = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations ORDER BY migration_name',
    );
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await client.query(
      `CREATE TABLE _prisma_migrations (
        id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
        migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
        started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`,
    );
    for (const { name } of applied)
      await client.query(readFileSync(join('prisma', 'migrations', name, 'migration.sql'), 'utf8'));
  });
}

/** The rows of a dump, in the place of those that are there. */
function restore(url: string, dump: Dump): Promise<void> {
  return connected(url, async (client) => {
    // As pg_restore does with --disable-triggers.
    await client.query('SET session_replication_role = replica');
    for (const [table, rows] of dump) {
      // What migrations wrote. Some tables let nobody delete anything.
      const { rowCount } = await client.query(`SELECT FROM ${table} LIMIT 1`);
      if (rowCount !== 0) await client.query(`DELETE FROM ${table}`);
      await client.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1::json)`, [
        rows,
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
