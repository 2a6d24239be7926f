import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../support/databases/postgres.js';
import { onlyWith } from '../support/processes/programs.js';
import { runOracle } from './oracle/oracle.js';

/** The short form; the long one is `npm run chaos -- --cluster`. */
const STEPS = 110;
const SEED = 7;

onlyWith(describe, 'redis-server')('three processes whose networks, Redis and machines fail', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('lose, double and misplace nothing, and everybody has everything soon after', async () => {
    const lines: string[] = [];
    const { violations, counts, logs } = await runOracle({
      databaseUrl: database.url,
      seed: SEED,
      steps: STEPS,
      report: (line) => lines.push(line),
    });
    expect({ violations, logs, lines: violations.length === 0 ? [] : lines }).toEqual({
      violations: [],
      logs: undefined,
      lines: [],
    });
    expect(counts.acknowledged).toBeGreaterThan(60);
    expect(Object.keys(counts).filter((name) => name.startsWith('fault'))).not.toHaveLength(0);
  }, 300_000);
});
