import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work` with the URL of a database of its own that has all migrations and nothing else; needs dist. */
export async function onMigratedDatabase(work) {
  const { EmbeddedPostgres } = await import('../dist/database/embedded/embedded-postgres.js');
  const { migrate } = await import('../dist/database/migrations/migrator.js');
  const home = mkdtempSync(join(tmpdir(), 'parley-migrated-'));
  chmodSync(home, 0o755); // Run by root, PostgreSQL is another user and must reach its files.
  try {
    const postgres = await EmbeddedPostgres.start({
      directory: join(home, 'postgres'),
      log: () => undefined,
      durable: false,
    });
    try {
      await migrate(postgres.connectionString);
      return await work(postgres.connectionString);
    } finally {
      await postgres.stop();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
