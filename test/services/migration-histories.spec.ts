import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { assertBuiltWith, migrate, migrationStatus } from '../../src/database/migrations/migrator.js';
import { applyHistory, migrationNames, releaseEnds, type Step, today } from '../support/databases/histories.js';
import {
  cloneDatabase,
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
} from '../support/databases/postgres.js';
import { startStory } from '../support/story.js';

const FIXTURES = join(process.cwd(), 'test', 'fixtures', 'migrations');

const names = migrationNames;
const former = (name: string, edition: number): Step => ({
  name,
  script: readFileSync(join(FIXTURES, `${name}.${edition}.sql`), 'utf8'),
});

const INIT = '20261120000000_init';
const ACCOUNTS = '20261121000000_accounts';
const ATTACHMENTS = '20261122000000_attachments';
const LOOKED_UP_BY_KEY = '20261126153000_looked_up_by_key';
const ONE_JUDGEMENT = '20261126160200_one_judgement';
const OTHER_USER = '20261129034500_other_user_of_deliveries';
const SESSION_END = '20261129101859_why_a_session_ended';

const upTo = (last: string): Step[] => names.filter((name) => name <= last).map(today);

/** Every history that a database can have: of the times in which landed migrations were edited or taken out, and all since. */
const formerHistories: [string, Step[]][] = [
  ['the first edition of init', [former(INIT, 1)]],
  ['init and the first edition of accounts', [today(INIT), former(ACCOUNTS, 1)]],
  ['init and the second edition of accounts', [today(INIT), former(ACCOUNTS, 2)]],
  ['the first edition of attachments after all accounts', [today(INIT), today(ACCOUNTS), former(ATTACHMENTS, 1)]],
  ['the first editions alone', [former(INIT, 1), former(ACCOUNTS, 1), former(ATTACHMENTS, 1)]],
  [
    'the first edition of one judgement',
    [...upTo(ONE_JUDGEMENT).filter(({ name }) => name !== ONE_JUDGEMENT), former(ONE_JUDGEMENT, 1)],
  ],
  [
    'another edition of the other user of deliveries, whose foreign key was validated by itself',
    [...upTo(OTHER_USER).filter(({ name }) => name !== OTHER_USER), former(OTHER_USER, 1)],
  ],
  [
    'another edition of the other user of deliveries, and the validation of its foreign key',
    [
      ...upTo(OTHER_USER).filter(({ name }) => name !== OTHER_USER),
      former(OTHER_USER, 1),
      today('20261129034600_other_user_is_valid'),
    ],
  ],
  [
    'another edition of why a session ended, whose check was validated by itself',
    [...upTo(SESSION_END).filter(({ name }) => name !== SESSION_END), former(SESSION_END, 1)],
  ],
  [
    'another edition of why a session ended, and the validation of its check',
    [
      ...upTo(SESSION_END).filter(({ name }) => name !== SESSION_END),
      former(SESSION_END, 1),
      today('20261129101900_why_a_session_ended_is_valid'),
    ],
  ],
  [
    'all that there was while what is looked up by key was taken out',
    upTo('20261127002200_attention_of_processes').filter(({ name }) => name !== LOOKED_UP_BY_KEY),
  ],
];
/**
 * Where those stand who follow releases or this branch: at the first migration, at the end of a release, at one of the newest,
 * and at every fourth besides. By hand at every one: EVERY_HISTORY=1.
 */
const histories = [...names.entries()]
  .filter(
    ([index, name]) =>
      process.env.EVERY_HISTORY === '1' || index % 4 === 0 || index >= names.length - 3 || releaseEnds.has(name),
  )
  .map(([index, last]): [string, number] => [`all up to ${last}`, index + 1]);

describe('data made by earlier migrations', () => {
  let expected: unknown;
  let database: TestDatabase | undefined;
  /** Follows the releases, from one history to the next. */
  let follower: TestDatabase;
  let followed = 0;

  beforeAll(async () => {
    follower = await createEmptyDatabase();
    const fresh = await createTestDatabase();
    expected = await catalogue(fresh.url);
    await fresh.drop();
  });
  afterEach(async () => {
    await database?.drop();
    database = undefined;
  });
  afterAll(() => follower.drop());

  /** One user, before the migrations that follow the first. */
  const earlyUser = async (client: pg.Client, index: number): Promise<void> => {
    if (index === 0)
      await client.query(
        `INSERT INTO users (id, email, username, display_name)
         VALUES ('01900000-0000-7000-8000-000000000001', 'early@example.com', 'an_early_user', 'Early')`,
      );
  };

  /** A database with as many of the migrations, and the early user, as a start of today makes it. */
  async function followedUpTo(count: number): Promise<TestDatabase> {
    await applyHistory(follower.url, names.slice(0, count).map(today), earlyUser, followed);
    followed = count;
    database = await cloneDatabase(follower);
    return migrated(database);
  }

  /** A database with this history and the early user, as a start of today makes it. */
  async function afterHistory(history: readonly Step[]): Promise<TestDatabase> {
    database = await createEmptyDatabase();
    await applyHistory(database.url, history, earlyUser);
    return migrated(database);
  }

  async function migrated(database: TestDatabase): Promise<TestDatabase> {
    await migrate(database.url);
    const { applied, ...rest } = await migrationStatus(database.url);
    // In the order in which they were applied: one that was taken out comes after those that it lies before.
    expect(applied.toSorted()).toEqual(names);
    expect(rest).toEqual({ pending: [], unknown: [] });
    expect(await catalogue(database.url)).toEqual(expected);
    return database;
  }

  it.each(histories)('is what a new database is, after %s', async (_, count) => {
    const { url } = await followedUpTo(count);
    const { rows } = await connected(url, (client) => client.query('SELECT username, display_name FROM users'));
    expect(rows).toEqual([{ username: 'an_early_user', display_name: 'Early' }]);
  });

  it.each([...formerHistories, [`all up to ${INIT}`, upTo(INIT)] as [string, Step[]]])(
    'starts with the server of today after %s',
    async (_, history) => {
      const { url } = await afterHistory(history);
      const story = await startStory({ databaseUrl: url });
      try {
        const [ada, bob] = [await story.person('ada'), await story.person('bob')];
        const conversationId = await ada.befriend(bob);
        await ada.send(conversationId, 'still here');
        expect(await bob.history(conversationId)).toMatchObject([{ content: 'still here' }]);
        // Made before the migrations that followed.
        expect(await ada.must('GET', '/users?search=an_early_user')).toMatchObject({
          items: [{ username: 'an_early_user' }],
        });
      } finally {
        await story.close();
      }
    },
  );

  it('is left alone by what was compiled before a migration came, whose sources bring it', () => {
    expect(() => assertBuiltWith(names, [...names, 'landed.sha256'])).not.toThrow();
    expect(() => assertBuiltWith(names, names.slice(0, -1))).toThrow(
      `dist was built before migration ${names.at(-1)} came, and does not know what it changes: run npm ci && npm run build`,
    );
  });

  it('is refused where a newer release has migrated it', async () => {
    database = await createTestDatabase();
    await connected(database.url, (client) =>
      client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
         VALUES ('from the future', repeat('0', 64), '20990101000000_beyond', now())`,
      ),
    );
    await expect(migrate(database.url)).rejects.toThrow(
      /^the database was migrated by a newer release \(20990101000000_beyond is unknown here\): .*[^\n]$/,
    );
  });
});

/** All that migrations make, in an order of its own. Columns by name: those that came later stand at the end. */
async function catalogue(url: string): Promise<unknown> {
  const ours = `n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')`;
  return connected(url, async (client) => {
    const rows = async (text: string): Promise<unknown[]> => (await client.query<Record<string, unknown>>(text)).rows;
    return {
      relations:
        await rows(`SELECT o.relname, o.relkind, o.relpersistence, o.reloptions FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
         WHERE ${ours} AND o.relname NOT LIKE 'pg_toast%' ORDER BY 1`),
      columns: await rows(`SELECT table_name, column_name, column_default, is_nullable, udt_name, datetime_precision
         FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`),
      indexes: await rows(`SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`),
      constraints:
        await rows(`SELECT o.conname, pg_get_constraintdef(o.oid) AS definition FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace
         WHERE ${ours} ORDER BY 1, 2`),
      functions:
        await rows(`SELECT o.proname, pg_get_functiondef(o.oid) AS definition FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace
         WHERE ${ours} AND o.prokind = 'f' ORDER BY 1, 2`),
      triggers: await rows(
        `SELECT o.tgname, pg_get_triggerdef(o.oid) AS definition FROM pg_trigger o WHERE NOT o.tgisinternal ORDER BY 1, 2`,
      ),
      types: await rows(
        `SELECT t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid ORDER BY 1, 2`,
      ),
    };
  });
}

async function connected<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
