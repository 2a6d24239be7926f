import type { Database } from '../../../src/database/database.js';

/** A transaction elsewhere that has run this statement; it commits at its `end`. */
export async function held(
  { background }: Database,
  statement: string,
  ...values: string[]
): Promise<{ end(): Promise<void> }> {
  const client = await background.pool.connect();
  await client.query('BEGIN');
  await client.query(statement, values);
  return { end: () => client.query('COMMIT').then(() => client.release()) };
}

/** How many statements wait for a lock, once there are that many. */
export async function waiters({ reads }: Database, count: number): Promise<number> {
  for (;;) {
    const rows = await reads.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length >= count) return rows.length;
  }
}
