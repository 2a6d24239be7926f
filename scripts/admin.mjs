// `npm run admin -- <command>`: what an operator does to the data by hand. On DATABASE_URL, or on the embedded PostgreSQL
// of DATA_DIR while no server runs on it.
import { join, resolve } from 'node:path';
import process from 'node:process';
import { prepare } from './prepare.mjs';

const USAGE = `npm run admin -- <command>
  end-sessions --all              ends every session: everybody has to log in again
  end-sessions <e-mail address>   ends the sessions of one account`;

const COMMANDS = { 'end-sessions': endSessions };

const [name, ...parameters] = process.argv.slice(2);
try {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (command === undefined) throw new Error(USAGE);
  await prepare();
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

async function withDatabase(work) {
  const { default: pg } = await import('pg');
  const configured = process.env.DATABASE_URL;
  const isEmbedded = !configured || configured === 'embedded';
  const embedded = isEmbedded ? await startEmbedded() : undefined;
  try {
    const database = new pg.Client({ connectionString: embedded?.connectionString ?? configured });
    database.on('error', () => undefined);
    await database.connect();
    try {
      await work(database);
    } finally {
      await database.end();
    }
  } finally {
    await embedded?.stop();
  }
}

async function startEmbedded() {
  const { EmbeddedPostgres } = await import('../dist/database/embedded-postgres.js');
  const directory = join(resolve(process.env.DATA_DIR || 'data'), 'postgres');
  return EmbeddedPostgres.start({ directory, log: () => undefined });
}
