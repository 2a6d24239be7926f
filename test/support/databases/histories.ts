import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

export const MIGRATIONS = join(process.cwd(), 'prisma', 'migrations');

export interface Step {
  name: string;
  script: string;
}

/** Every migration there is, the oldest first. */
export const migrationNames = readdirSync(MIGRATIONS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

export const today = (name: string): Step => ({
  name,
  script: readFileSync(join(MIGRATIONS, name, 'migration.sql'), 'utf8'),
});

const manifest = readFileSync(join(MIGRATIONS, 'landed.sha256'), 'utf8');

/** The last migration of each release. */
export const releaseEnds: ReadonlySet<string> = new Set(
  [...manifest.matchAll(/^# release \S+: \d+ migrations, up to (\S+)$/gm)].map(([, last = '']) => last),
);

/** All that a release brought, as its line in the manifest says. */
export function release(version: string): Step[] {
  const last = new RegExp(`^# release ${version.replaceAll('.', '\\.')}: \\d+ migrations, up to (\\S+)$`, 'm').exec(
    manifest,
  )?.[1];
  if (last === undefined) throw new Error(`the manifest knows no release ${version}`);
  return migrationNames.filter((name) => name <= last).map(today);
}

/**
 * Applies migrations as the releases of their time did; `between` runs after each with its index.
 * @param from how many of them the database has already
 */
export async function applyHistory(
  url: string,
  history: readonly Step[],
  between: (client: pg.Client, index: number) => Promise<unknown>,
  from = 0,
): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
      id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
      migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
      started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`);
    for (const [index, { name, script }] of [...history.entries()].slice(from)) {
      await client.query(script);
      const checksum = createHash('sha256').update(script).digest('hex');
      await client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ($1, $2, $3, now())`,
        [`${index}`, checksum, name],
      );
      await between(client, index);
    }
  } finally {
    await client.end();
  }
}
