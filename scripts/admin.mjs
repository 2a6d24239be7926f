// `npm run admin -- <command>`: what an operator does at the server's machine. On DATABASE_URL, or on the embedded PostgreSQL
// of DATA_DIR; servers may run meanwhile. With the environment of the server: codes are made with its secret.
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';

const USAGE = `npm run admin -- <command>      <who>: an e-mail address, a username or an id
  grant-role <who> <role>         USER, MODERATOR or ADMIN
  list-users [--search=…]         accounts by username: id, username, e-mail address, role, suspension
  reset-password <who>            prints a code by which a new password is set
  suspend <who> --until=<time> | --days=<n> | --for-good [--reason=…]
  restore <who>                   lifts a suspension or a ban
  end-sessions <who> | --all      logs out one account, or everybody
  delete-user <who> --yes         for good; its messages stay, under the name of nobody
  export-user <who> [--out=file]  all that is stored of it, as JSON
  stats                           numbers of the server
  after-restore                   after a backup was restored: every client starts over
  vacuum                          forgets what is due, and has PostgreSQL clean up behind it`;

/** How many words follow each, the options it takes, and what it does. */
const COMMANDS = {
  'grant-role': { words: 2, run: grantRole },
  'list-users': { words: 0, options: { search: { type: 'string' } }, run: listUsers },
  'reset-password': { words: 1, run: resetPassword },
  suspend: {
    words: 1,
    options: {
      until: { type: 'string' },
      days: { type: 'string' },
      'for-good': { type: 'boolean' },
      reason: { type: 'string' },
    },
    run: suspend,
  },
  restore: { words: 1, run: restore },
  'end-sessions': { words: [0, 1], options: { all: { type: 'boolean' } }, run: endSessions },
  'delete-user': { words: 1, options: { yes: { type: 'boolean' } }, run: deleteUser },
  'export-user': { words: 1, options: { out: { type: 'string' } }, run: exportUser },
  stats: { words: 0, run: stats },
  'after-restore': { words: 0, run: afterRestore },
  vacuum: { words: 0, run: vacuum },
};

// An embedded PostgreSQL that this started ends with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
const [name, ...parameters] = process.argv.slice(2);
try {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (['help', '--help', '-h'].includes(name)) console.log(USAGE);
  else {
    if (name === undefined) throw new Error(USAGE);
    if (command === undefined) throw misused(`there is no command ${name}`);
    const { words, options } = parsed(command);
    await prepare({ serverOnly: true });
    await withDatabase((databaseUrl) => command.run(databaseUrl, words, options));
  }
} catch (error) {
  console.error(explained(error));
  process.exitCode = 1;
}

function parsed({ words, options = {} }) {
  const counts = [words].flat();
  let found;
  try {
    found = parseArgs({ args: parameters, options, allowPositionals: true });
  } catch (error) {
    // What follows its first sentence is for those who wrote the program.
    throw misused(error.message.split(/\.\s/)[0]);
  }
  const { positionals, values } = found;
  if (!counts.includes(positionals.length))
    throw misused(`${name} takes ${counts.join(' or ')} arguments, not ${positionals.length}`);
  return { words: positionals, options: values };
}

/** What is wrong, before how it is right. */
function misused(what) {
  return new Error(`${what}\n\n${USAGE}`);
}

/** One line, without what only developers read. */
function explained(error) {
  if (error.code === 'NOT_FOUND') return 'there is no such account';
  return error.errors === undefined ? error.message : Object.values(error.errors).flat().join('; ');
}

async function operate(databaseUrl, work) {
  const module = await import('../dist/operator.js');
  return module.operate(databaseUrl, work);
}

async function grantRole(databaseUrl, [who, role]) {
  await operate(databaseUrl, ({ operator }) => operator.grantRole(who, role));
  console.log(`${who} is ${role.toUpperCase()} now`);
}

async function listUsers(databaseUrl, _, { search }) {
  await operate(databaseUrl, async ({ operator }) => {
    for await (const { id, username, email, role, suspension } of operator.list(search)) {
      const state = suspension === null ? '' : `suspended until ${suspension.until ?? 'it is lifted'}`;
      console.log([id, username, email ?? '-', role, state].join('\t').trimEnd());
    }
  });
}

async function resetPassword(databaseUrl, [who]) {
  const { code, expiresAt, email } = await operate(databaseUrl, ({ operator }) => operator.resetPassword(who));
  console.log(`${code}   for ${email}, once, until ${expiresAt.toISOString()}`);
}

async function suspend(databaseUrl, [who], { until, days, 'for-good': forGood, reason }) {
  if ([until, days, forGood].filter((value) => value !== undefined).length !== 1)
    throw misused('suspend takes one of --until, --days and --for-good');
  const end =
    until !== undefined ? new Date(until) : days !== undefined ? new Date(Date.now() + days * 86_400_000) : null;
  if (end !== null && Number.isNaN(end.getTime()))
    throw misused(until === undefined ? `--days is no number of days: ${days}` : `--until is no time: ${until}`);
  const given = reason ?? 'by the operator of the server';
  await operate(databaseUrl, ({ operator }) => operator.suspend(who, end, given));
  console.log(end === null ? `${who} is banned` : `${who} is suspended until ${end.toISOString()}`);
}

async function restore(databaseUrl, [who]) {
  await operate(databaseUrl, ({ operator }) => operator.restore(who));
  console.log(`${who} may log in`);
}

async function endSessions(databaseUrl, [who], { all }) {
  if ((who === undefined) !== (all === true)) throw misused('end-sessions takes either <who> or --all');
  const count = await operate(databaseUrl, ({ operator, server }) =>
    who === undefined ? server.endSessions() : operator.endSessions(who),
  );
  console.log(`${count} sessions ended; connections that are open end within some seconds`);
}

async function deleteUser(databaseUrl, [who], { yes }) {
  if (yes !== true) throw new Error(`this cannot be undone: npm run admin -- delete-user ${who} --yes`);
  await operate(databaseUrl, ({ operator }) => operator.deleteUser(who));
  console.log(`${who} is deleted`);
}

async function exportUser(databaseUrl, [who], { out }) {
  await operate(databaseUrl, async ({ operator }) => {
    const pieces = Readable.from(await operator.exportUser(who));
    if (out === undefined)
      await pipeline(pieces, process.stdout, { end: false }).catch((error) => {
        // Nobody reads on: `| head`.
        if (error.code !== 'EPIPE') throw error;
      });
    else {
      const file = await open(out, 'w', 0o600);
      // One that was there before keeps its mode otherwise.
      if ((await file.stat()).isFile()) await file.chmod(0o600);
      await pipeline(pieces, file.createWriteStream());
    }
  });
}

async function stats(databaseUrl) {
  const { days, ...counts } = await operate(databaseUrl, (services) => services.stats.get());
  for (const [what, count] of Object.entries(counts)) console.log(`${what.padEnd(20)}${count}`);
  console.log(`${'newUsersIn30Days'.padEnd(20)}${days.reduce((sum, { newUsers }) => sum + newUsers, 0)}`);
}

/** The server notices by itself what can be noticed; a copy of a cluster's files looks like the cluster itself. */
async function afterRestore(databaseUrl) {
  const { renewIdentity } = await import('../dist/database/database-identity.js');
  const { afterRestore: forgetEarlier } = await import('../dist/after-restore.js');
  const { recordRestore } = await import('../dist/audit/restore-entry.repository.js');
  await renewIdentity(databaseUrl, async (database) => {
    await forgetEarlier(database);
    await recordRestore(database, { actorId: null, reason: null, ip: null });
  });
  console.log('the database has a new identity: clients start over when they next ask for what changed');
  console.log('what was written before now rings on no device');
}

/** Beside what autovacuum does by itself, which a machine that is always busy may put off. */
async function vacuum(databaseUrl) {
  await operate(databaseUrl, ({ server }) => server.forgetWhatIsDue());
  const { connectForMaintenance } = await import('../dist/database/maintenance-connection.js');
  const { tablesDue, vacuumTable } = await import('../dist/database/dead-rows.js');
  const database = await connectForMaintenance(databaseUrl, 'parley admin');
  try {
    const tables = await tablesDue(database);
    for (const table of tables) {
      await vacuumTable(database, table);
      console.log(`${table.name}: ${table.deadRows} rows that were gone`);
    }
    if (tables.length === 0) console.log('no table has many rows that are gone');
  } finally {
    await database.end();
  }
}

async function withDatabase(work) {
  const configured = process.env.DATABASE_URL;
  const isEmbedded = !configured || configured === 'embedded';
  const { databaseUrl, stop } = isEmbedded ? await embeddedDatabase() : { databaseUrl: configured };
  try {
    await mustBeOfThisRelease(databaseUrl);
    await work(databaseUrl);
  } finally {
    await stop?.();
  }
}

/**
 * Another release may store of a user what this one knows nothing of, and would leave behind. A backup may well be of an earlier
 * one, and no server may start on it before `after-restore`.
 */
async function mustBeOfThisRelease(databaseUrl) {
  const { migrate, migrationStatus } = await import('../dist/database/migrations/migrator.js');
  const { pending, unknown } = await migrationStatus(databaseUrl);
  if (unknown.length > 0) throw new Error('the database was migrated by a newer release: run the command of that one');
  if (pending.length > 0 && name === 'after-restore') await migrate(databaseUrl);
  else if (pending.length > 0)
    throw new Error('the database is of an earlier release: start this one first, or run npm run migrate -- deploy');
}

/** The one that a server runs, or, where none does, one that is started for as long as this takes. None is made: that is a server's. */
async function embeddedDatabase() {
  const { EmbeddedPostgres } = await import('../dist/database/embedded/embedded-postgres.js');
  const { isCluster } = await import('../dist/database/embedded/file-access.js');
  const home = resolve(process.env.DATA_DIR || 'data');
  const directory = join(home, 'postgres');
  if (!isCluster(directory))
    throw new Error(`there is no database in ${home}: set DATA_DIR, or DATABASE_URL, as the server has it`);
  const running = await EmbeddedPostgres.find(directory);
  if (running !== undefined) return { databaseUrl: running };
  const embedded = await EmbeddedPostgres.start({ directory, log: () => undefined });
  return { databaseUrl: embedded.connectionString, stop: () => embedded.stop() };
}
