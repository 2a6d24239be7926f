import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { checkFunctions } from '../../scripts/check-functions.mjs';
import { checkSql } from '../../scripts/check-sql.mjs';
import { createTestDatabase, type TestDatabase } from '../support/databases/postgres.js';

/** Sources with every way that a statement comes about, each right once and wrong once. */
const SOURCES = {
  'fragments.ts': `
    export const COLUMNS = 'id, username';
    export const BROKEN = 'id, nickname';
    export function visible(alias: string): string {
      const gone = \`\${alias}.deleted_at IS NULL\`;
      return \`(\${gone} AND \${alias}.id IS NOT NULL)\`;
    }
  `,
  'statements.ts': `
    import { BROKEN, COLUMNS, visible } from './fragments.js';
    declare const database: { query(text: string, values?: unknown[]): Promise<unknown[]> };
    const ORDER = { up: 'username', down: 'surname DESC' } as const;
    async function ask(text: string) {
      return database.query(text);
    }
    export async function all(key: keyof typeof ORDER, flag: boolean, word: string) {
      await database.query(\`SELECT \${COLUMNS} FROM users u WHERE \${visible('u')}\`);
      await database.query(\`SELECT \${BROKEN} FROM users\`);
      await database.query(\`SELECT 1 FROM users x WHERE \${visible('y')}\`);
      await database.query(\`SELECT id FROM \${flag ? 'users' : 'persons'}\`);
      await database.query(\`SELECT id FROM users ORDER BY \${ORDER[key]}\`);
      await ask('SELECT id FROM users WHERE age = $1');
      await database.query(\`SELECT id FROM \${word}\`);
    }
    export const FORGOTTEN = 'SELECT id FROM users';
  `,
};

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-statements-'));
  mkdirSync(join(folder, 'sources'));
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(folder, 'sources', name), text);
  database = await createTestDatabase();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

it('every statement that does not fit the schema is named, however it is put together, and none is left out', async () => {
  const { faults, prepared, listed } = await checkSql(folder, 'sources', {
    dynamic: { 'sources/gone.ts#all': { reason: 'is no more' } },
    onDatabase: (work) => work(database.url),
  });
  const expected = [
    /^sources\/statements\.ts:17: looks like a statement, and no call of query\(\) leads to it/,
    /^sources\/statements\.ts:15: cannot be followed/,
    /^sources\/gone\.ts#all: is listed, and can be followed by now/,
    /^sources\/statements\.ts:10: column "nickname" does not exist/,
    /^sources\/statements\.ts:11: missing FROM-clause entry for table "y"/,
    /^sources\/statements\.ts:12: relation "persons" does not exist/,
    /^sources\/statements\.ts:13: column "surname" does not exist/,
    /^sources\/statements\.ts:6: column "age" does not exist/,
  ];
  for (const pattern of expected) expect(faults).toContainEqual(expect.stringMatching(pattern));
  expect(faults).toHaveLength(expected.length);
  expect(prepared).toBe(8);
  expect(listed).toEqual([]);
});

it('every part of a function that does not fit the schema is named, and what cannot be looked at', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    expect((await checkFunctions(client)).faults).toEqual([]);
    // As after a migration that forgot them: PostgreSQL takes a body without looking at it.
    await client.query(`
      SET check_function_bodies = off;
      CREATE FUNCTION all_wrong(given uuid, OUT found_id uuid) LANGUAGE plpgsql AS $$
      DECLARE
        kept CONSTANT text := (SELECT u.fullname FROM users u LIMIT 1);
        count integer DEFAULT 0;
      BEGIN
        -- A comment; with the end of a statement, and somebody's quote.
        IF CASE WHEN given IS NULL THEN false ELSE given = absent END THEN
          count := (SELECT length('; THEN') + m.size FROM messages m LIMIT 1);
        ELSIF EXISTS (SELECT FROM persons) THEN
          SELECT u.id INTO STRICT found_id FROM users u WHERE u.nickname = kept;
        ELSE
          PERFORM no_function(given);
          RAISE EXCEPTION 'there is no %', nobody USING ERRCODE = 'no_data_found', DETAIL = nothing;
        END IF;
        FOR count IN 1..3 LOOP NULL; END LOOP;
      END $$;
      CREATE FUNCTION right_for_one_table() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW."username" := lower(NEW."username");
        UPDATE "conversations" c SET "title" = c."title" FROM fresh f WHERE f."id" = c."id";
        RETURN NEW;
      END $$;
      CREATE TRIGGER one AFTER INSERT ON users REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION right_for_one_table();
      CREATE TRIGGER other AFTER INSERT ON blocks REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION right_for_one_table();
      CREATE FUNCTION plain(given uuid) RETURNS text LANGUAGE sql AS 'SELECT nickname FROM users WHERE id = given';
    `);
    const { faults } = await checkFunctions(client);
    const expected = [
      /^function all_wrong: cannot be looked at: FOR count IN/,
      /^function all_wrong: cannot be looked at: END LOOP/,
      /^function all_wrong: column u\.fullname does not exist/,
      /^function all_wrong: column "absent" does not exist/,
      /^function all_wrong: column m\.size does not exist/,
      /^function all_wrong: relation "persons" does not exist/,
      /^function all_wrong: column u\.nickname does not exist/,
      /^function all_wrong: function no_function\(uuid\) does not exist/,
      /^function all_wrong: column "nobody" does not exist/,
      /^function all_wrong: column "nothing" does not exist/,
      /^function plain: column "nickname" does not exist/,
      // Each side of the assignment, and the transition table.
      /^function right_for_one_table on blocks: missing .* "new": SELECT NEW/,
      /^function right_for_one_table on blocks: missing .* "new": SELECT lower/,
      /^function right_for_one_table on blocks: column f\.id does not exist/,
    ];
    for (const pattern of expected) expect(faults).toContainEqual(expect.stringMatching(pattern));
    expect(faults).toHaveLength(expected.length);
  } finally {
    await client.end();
  }
});
