// `npm run sql:check`: PREPAREs every statement of src on a database with all migrations, and looks at the bodies of its functions
// (check-functions.mjs), so that a table, column, function or type that is not there fails here and not before a user. Prints each
// fault as file:line, or with the function's name, and fails.
//   node scripts/check-sql.mjs [folder of sources]
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import ts from 'typescript';
import { checkFunctions } from './check-functions.mjs';
import { onMigratedDatabase } from './migrated-database.mjs';
import { prepare } from './prepare.mjs';
import { sqlLiterals } from './sql-literals.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url)).slice(0, -1);

/** Statements whose text is known only at run time: why, and, where the schema has a say, all that it can be. */
const DYNAMIC = {
  'src/database/database.ts#single': { reason: 'passes on the text of its callers, which are checked themselves' },
  'src/database/database.ts#queryAtomically': {
    reason: 'passes on the text of its callers, which are checked themselves',
  },
  'src/database/database.ts#attempt': {
    reason: 'passes on the text of its callers, which are checked themselves; BEGIN with a number',
  },
  'src/database/database.ts#setUpAtPrimary': {
    reason: 'settings of the session, and whether it is at a standby: no table',
    variants: ['SELECT pg_is_in_recovery() AS "isStandby"'],
  },
  'src/database/maintenance-connection.ts#connectForMaintenance': { reason: 'settings of the session, no table' },
  'src/database/migrations/migrator.ts#migrate': {
    reason: 'CREATE SCHEMA with the name in DATABASE_URL, before there are tables',
  },
  'src/database/migrations/migrator.ts#isApplied': { reason: 'the migrations themselves, which have just run' },
  'src/database/database-identity.ts#hasStampsOfTheFuture': {
    reason: 'every column of type xid8, from the catalogue',
    variants: ['SELECT FROM messages WHERE changed_xid > pg_current_xact_id() LIMIT 1'],
  },
  'src/database/database-identity.ts#renew': {
    reason: 'every column of type xid8, from the catalogue',
    variants: ['UPDATE messages SET changed_xid = pg_current_xact_id() WHERE changed_xid > pg_current_xact_id()'],
  },
  'src/database/dead-rows.ts#vacuumTable': { reason: 'VACUUM of any table, from the catalogue' },
  'src/messages/search/message-search.repository.ts#candidates': {
    reason: 'one condition a word',
    variants: [1, 2, 3].map(
      (words) => `SELECT candidate.id FROM unnest($1::uuid[]) AS searched(conversation_id) CROSS JOIN LATERAL (
        SELECT message_id AS id FROM message_search
        WHERE conversation_id = searched.conversation_id
          AND ${Array.from({ length: words }, (_, index) => `folded LIKE $${index + 4}`).join(' AND ')}
          AND folded LIKE ALL ($2::text[])
        LIMIT $3
      ) AS candidate LIMIT $3`,
    ),
  },
};

/** PostgreSQL prepares only statements on rows. The rest, word for word, and why nothing is lost with it. */
const NOT_PREPARED = [
  { pattern: /^$/, reason: 'no statement: its answer is waited for' },
  { pattern: /^(BEGIN|COMMIT|ROLLBACK)$/, reason: 'names nothing of the schema' },
  { pattern: /^(SHOW|SET) [^;]*$/, reason: 'settings' },
  { pattern: /^VACUUM \(ANALYZE, SKIP_LOCKED\) /, reason: 'names a table of the catalogue' },
  { pattern: /^CREATE DATABASE /, reason: 'before there is a schema' },
  { pattern: /^ALTER ROLE [^;]* SET [^;]*$/, reason: 'settings' },
  {
    pattern: /^SET client_min_messages = warning;\s*CREATE TABLE IF NOT EXISTS _prisma_migrations\s/,
    reason: 'has run before the first migration',
  },
];
const PREPARED = /^(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|MERGE)\b/i;

/**
 * Every statement of the sources, by its text, with the first place that runs it.
 * @returns {{ texts: Map<string, { place: string, at: string }>, faults: string[], listed: string[] }}
 */
export function statementsOf(directory, folder, dynamic = DYNAMIC) {
  const root = resolve(directory);
  const paths = readdirSync(join(root, folder), { recursive: true })
    .map((path) => join(root, folder, path))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
  const { calls, strays } = literalsOf(paths, root);
  const faults = strays.map((stray) => `${stray}: looks like a statement, and no call of query() leads to it`);
  const listed = [];
  const texts = new Map();
  const add = (text, place, at) => {
    const plain = text.replaceAll(/--[^\n]*/g, '').trim();
    const exception = NOT_PREPARED.find(({ pattern }) => pattern.test(plain));
    if (exception !== undefined) listed.push(`${at}: ${plain.slice(0, 40)}: ${exception.reason}`);
    else if (!PREPARED.test(plain.replace(/^\(+\s*/, '')))
      faults.push(`${at}: cannot be prepared: ${plain.slice(0, 80)}`);
    else texts.set(text, { place, at });
  };
  const used = new Set();
  for (const { place, line, texts: found, unfollowed } of calls) {
    const at = `${place.split('#')[0]}:${line}`;
    for (const text of found) add(text, place, at);
    if (unfollowed === undefined) continue;
    const exception = dynamic[place];
    used.add(place);
    if (exception === undefined) {
      faults.push(`${at}: cannot be followed (${unfollowed.slice(0, 80)}): list its variants in scripts/check-sql.mjs`);
      continue;
    }
    listed.push(`${at}: ${exception.reason}`);
    for (const variant of exception.variants ?? []) add(variant, place, at);
  }
  for (const place of Object.keys(dynamic))
    if (!used.has(place)) faults.push(`${place}: is listed, and can be followed by now`);
  return { texts, faults, listed };
}

/**
 * The literals of this checkout's sources are kept: the types of the whole program are looked at for them, which takes
 * seconds, and checks and tests ask for the same ones.
 */
function literalsOf(paths, root) {
  const configuration = join(ROOT, 'tsconfig.json');
  const found = () => {
    const { config } = ts.readConfigFile(configuration, ts.sys.readFile);
    return sqlLiterals(paths, { root, options: ts.parseJsonConfigFileContent(config, ts.sys, root).options });
  };
  if (root !== ROOT) return found();
  const kept = join(ROOT, 'node_modules', '.cache', 'statements.json');
  const sum = createHash('sha256').update(ts.version);
  for (const path of [configuration, join(ROOT, 'scripts', 'sql-literals.mjs'), ...paths.toSorted()])
    sum.update(`\0${path}\0`).update(readFileSync(path));
  const stamp = sum.digest('hex');
  try {
    const before = JSON.parse(readFileSync(kept, 'utf8'));
    if (before.stamp === stamp) return before.literals;
  } catch {
    // None is kept, or another process is writing it.
  }
  const literals = found();
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, JSON.stringify({ stamp, literals }));
  return literals;
}

/** @returns {Promise<{ faults: string[], prepared: number, inFunctions: number, listed: string[] }>} */
export async function checkSql(root, folder, { dynamic = DYNAMIC, onDatabase = onMigratedDatabase } = {}) {
  const { texts, faults, listed } = statementsOf(root, folder, dynamic);
  let inFunctions = 0;
  await onDatabase(async (connectionString) => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      let number = 0;
      for (const [text, { at }] of texts) {
        number += 1;
        await client
          .query(`PREPARE checked_${number} AS ${text}`)
          .catch((error) =>
            faults.push(`${at}: ${error.message}: ${text.replaceAll(/\s+/g, ' ').trim().slice(0, 120)}`),
          );
      }
      const functions = await checkFunctions(client);
      faults.push(...functions.faults);
      inFunctions = functions.checked;
    } finally {
      await client.end();
    }
  });
  return { faults, prepared: texts.size, inFunctions, listed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare({ serverOnly: true });
  const { faults, prepared, inFunctions, listed } = await checkSql(ROOT, process.argv[2] ?? 'src');
  for (const fault of faults) console.error(fault);
  console.log(`${inFunctions} parts of functions looked at, ${prepared} statements prepared, ${listed.length} not:`);
  for (const line of listed) console.log(`  ${line}`);
  process.exit(faults.length === 0 ? 0 : 1);
}
