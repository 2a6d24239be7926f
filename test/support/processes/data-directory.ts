import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgres } from '../../../src/database/embedded/embedded-postgres.js';
import { migrate } from '../../../src/database/migrations/migrator.js';
import { onceInRun } from '../databases/postgres.js';

/** A new DATA_DIR, empty: the first start of a server makes its cluster. */
export function emptyDataDirectory(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  // Where the tests run as root, PostgreSQL runs as another user and must reach its directory.
  chmodSync(directory, 0o755);
  return directory;
}

/** A new DATA_DIR with a cluster whose database is migrated. */
export async function migratedDataDirectory(prefix: string): Promise<string> {
  const directory = emptyDataDirectory(prefix);
  await copyMigratedCluster(directory);
  return directory;
}

/**
 * Puts a cluster whose database is migrated into a directory: a copy of one that is made once in a run. Making one costs
 * more than most of what tests do with it.
 */
export async function copyMigratedCluster(directory: string): Promise<void> {
  const original = await onceInRun(async (run) => {
    const made = join(run, 'data-directory');
    if (existsSync(made)) return made;
    const draft = mkdtempSync(`${made}-`);
    chmodSync(draft, 0o755);
    const postgres = await EmbeddedPostgres.start({
      directory: join(draft, 'postgres'),
      log: () => undefined,
      durable: false,
    });
    try {
      await migrate(postgres.connectionString);
    } finally {
      await postgres.stop();
    }
    renameSync(draft, made);
    return made;
  });
  await promisify(execFile)('cp', ['-a', `${original}/.`, directory]);
}
