import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOracle } from './oracle.js';

interface Postgres {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** The long form of `oracle.spec.ts`, with a PostgreSQL of its own. Answers whether nothing was wrong. */
export async function runClusterChaos(seed: number, steps: number, print: (line: string) => void): Promise<boolean> {
  const { EmbeddedPostgres } = (await import(
    new URL('../../../dist/database/embedded/embedded-postgres.js', import.meta.url).href
  )) as { EmbeddedPostgres: { start(options: object): Promise<Postgres> } };
  const directory = mkdtempSync(join(tmpdir(), 'parley-oracle-'));
  // Where this runs as root, PostgreSQL runs as another user and must reach its directory.
  chmodSync(directory, 0o755);
  const postgres = await EmbeddedPostgres.start({ directory: join(directory, 'postgres'), log: () => undefined });
  try {
    // Processes reach it by a network that fails; the server's own connections take its Unix socket.
    const url = new URL(postgres.connectionString);
    url.hostname = '127.0.0.1';
    print(`seed ${seed}, ${steps} steps   (again: npm run chaos -- --cluster --seed=${seed} --steps=${steps})`);
    const { violations, counts, convergedMs, logs } = await runOracle({
      databaseUrl: url.href,
      seed,
      steps,
      report: (line) => print(`  ${line}`),
    });
    for (const violation of violations) print(`  VIOLATION ${violation}`);
    print(`  ${JSON.stringify(counts)}`);
    print(
      violations.length === 0
        ? `whole: everybody had everything ${convergedMs} ms after the last fault; nothing lost, doubled or astray`
        : `BROKEN: ${violations.length} violations; logs in ${logs}`,
    );
    return violations.length === 0;
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
