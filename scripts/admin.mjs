// `npm run admin -- <command>`: what an operator does to the data by hand. On DATABASE_URL, or on the embedded PostgreSQL
// of DATA_DIR; servers may run meanwhile.
import { join, resolve } from 'node:path';
import process from 'node:process';
import { prepare } from './prepare.mjs';

const USAGE = `npm run admin -- <command>
  after-restore                   after a backup was restored: every client starts over
  end-sessions --all              ends every session: everybody has to log in again
  end-sessions <e-mail address>   ends the sessions of one account`;

/** A command gets the address of the database and, where it takes one, a connection to it. */
const COMMANDS = { 'after-restore': afterRestore, 'end-sessions': endSessions };

const [name, ...parameters] = process.argv.slice(2);
try {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (command === undefined) throw new Error(USAGE);
  await prepare({ serverOnly: true });
  await withDatabase(command);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** A running server refuses the tokens of ended sessions at once; sockets that are open it closes when their tokens end. */
async function endSessions(database) {
  const [whose] = parameters;
  if (parameters.length !== 1 || (whose.startsWith('-') && whose !== '--all')) throw new Error(USAGE);
  const { rowCount } = await database.query(
    `UPDATE sessions SET revoked_at = GREATEST(now(), last_used_at)
     WHERE revoked_at IS NULL AND ($1::text IS NULL OR user_id = (SELECT id FROM users WHERE email = lower($1)))`,
    [whose === '--all' ? null : whose],
  );
  console.log(`${rowCount} sessions ended; sockets that are open end with their tokens, or with a restart`);
}

/** The server notices by itself what can be noticed; a copy of a cluster's files looks like the cluster itself. */
async function afterRestore(_database, databaseUrl) {
  if (parameters.length !== 0) throw new Error(USAGE);
  const { renewIdentity } = await import('../dist/database/database-identity.js');
  const { silencePast } = await import('../dist/push/silence-past.repository.js');
  await renewIdentity(databaseUrl, silencePast);
  // What waited for webhooks when the backup was made was sent since, or is of no use any more.
  await database.query(
    `UPDATE webhook_deliveries SET next_at = NULL, lease_id = NULL, last_error = 'given up after a backup was restored'
     WHERE next_at IS NOT NULL`,
  );
  await database.query('DELETE FROM webhook_events');
  console.log('the database has a new identity: clients start over when they next ask for what changed');
  console.log('what was written before now rings on no device');
}

async function withDatabase(work) {
  const { connectForMaintenance } = await import('../dist/database/maintenance-connection.js');
  const configured = process.env.DATABASE_URL;
  const isEmbedded = !configured || configured === 'embedded';
  const { databaseUrl, stop } = isEmbedded ? await embeddedDatabase() : { databaseUrl: configured };
  try {
    const database = await connectForMaintenance(databaseUrl, 'parley admin');
    try {
      await work(database, databaseUrl);
    } finally {
      await database.end();
    }
  } finally {
    await stop?.();
  }
}

/** The one that a server runs, or, where none does, one that is started for as long as this takes. */
async function embeddedDatabase() {
  const { EmbeddedPostgres } = await import('../dist/database/embedded/embedded-postgres.js');
  const directory = join(resolve(process.env.DATA_DIR || 'data'), 'postgres');
  const running = await EmbeddedPostgres.find(directory);
  if (running !== undefined) return { databaseUrl: running };
  const embedded = await EmbeddedPostgres.start({ directory, log: () => undefined });
  return { databaseUrl: embedded.connectionString, stop: () => embedded.stop() };
}
