// `npm run migrate -- deploy | status | diff | dev <name> [--empty] | record`
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { functionsDrifted, recordFunctions } from './database-functions.mjs';
import { record as recordMigrations } from './migration-manifest.mjs';
import { onMigratedDatabase } from './migrated-database.mjs';
import { prepare } from './prepare.mjs';

const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations/', import.meta.url));
const USAGE = `npm run migrate -- <command>
  deploy              applies what is missing to DATABASE_URL (the server does the same at its start)
  status              shows what is applied to DATABASE_URL and what is not; status 2 where something is missing
  diff                prints the SQL between the migrations and schema.prisma; status 2 where there is some, or where
                      prisma/functions.sql is not what they make
  dev <name>          writes that SQL as a new migration (--empty: also where there is none, to be written by hand)
  record              writes the hashes of new migrations to prisma/migrations/landed.sha256; from then on they never change;
                      and what functions and views they lead to, to prisma/functions.sql`;

const [command, ...parameters] = process.argv.slice(2);
try {
  const run = { deploy, status, diff, dev, record }[command];
  if (run === undefined) throw new Error(USAGE);
  await prepare({ serverOnly: true });
  await run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function deploy() {
  const { migrate } = await import('../dist/database/migrations/migrator.js');
  const applied = await migrate(databaseUrl(), { report: (line) => console.error(line) });
  console.log(applied.length === 0 ? 'nothing to apply' : `applied ${applied.join(', ')}`);
}

async function status() {
  const { migrationStatus } = await import('../dist/database/migrations/migrator.js');
  const { applied, pending, unknown } = await migrationStatus(databaseUrl());
  for (const name of applied)
    console.log(unknown.includes(name) ? `applied  ${name} (by a newer release)` : `applied  ${name}`);
  for (const name of pending) console.log(`missing  ${name}`);
  if (pending.length > 0) process.exitCode = 2;
}

async function diff() {
  // Here alone: where the server runs, its packages are not installed.
  const { schemaDrift } = await import('./schema-drift.mjs');
  const { script, drifted } = await onMigratedDatabase(async (connectionString) => ({
    script: await schemaDrift(connectionString),
    drifted: await functionsDrifted(connectionString),
  }));
  console.log(script === '' ? 'the migrations lead to schema.prisma' : script);
  if (drifted) console.error('prisma/functions.sql is not what the migrations make: npm run migrate -- record');
  if (script !== '' || drifted) process.exitCode = 2;
}

async function dev() {
  const name = parameters.find((parameter) => !parameter.startsWith('-')) ?? '';
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error('dev needs a name of small letters, digits and underscores');
  const script = await difference();
  if (script === '' && !parameters.includes('--empty')) {
    console.log('the migrations lead to schema.prisma: nothing to write (--empty for one written by hand)');
    return;
  }
  const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const directory = join(MIGRATIONS, `${timestamp}_${name}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'migration.sql'), `${script}\n`);
  console.log(
    `wrote ${join(directory, 'migration.sql')}: read it before it is applied, then npm run migrate -- record`,
  );
}

async function record() {
  // First, so that nothing is recorded of migrations that cannot be applied.
  const rewritten = await onMigratedDatabase(recordFunctions);
  const added = recordMigrations();
  if (rewritten) added.push('prisma/functions.sql');
  console.log(added.length === 0 ? 'nothing to record' : `recorded ${added.join(', ')}`);
}

/** Always on a database of its own, so no data and no leftovers have a say. */
async function difference() {
  // Here alone: where the server runs, its packages are not installed.
  const { schemaDrift } = await import('./schema-drift.mjs');
  return onMigratedDatabase(schemaDrift);
}

function databaseUrl() {
  const url = process.env.DATABASE_URL;
  if (!url || url === 'embedded')
    throw new Error('set DATABASE_URL (an embedded PostgreSQL is migrated by the server itself)');
  return url;
}
