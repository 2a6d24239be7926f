import type pg from 'pg';

/**
 * Runs `work` in one transaction of a connection that is no pool's: before there are pools, or beside them. Commits it, or undoes
 * it where it throws.
 */
export async function transactionOn<Result>(client: pg.ClientBase, work: () => Promise<Result>): Promise<Result> {
  try {
    await client.query('BEGIN');
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // Where even that fails the connection is gone, and with it what the transaction did.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
