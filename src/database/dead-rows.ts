import type pg from 'pg';

/** What a table may have of rows that are gone: beyond that it is due. */
const DEAD_ROWS = { min: 1_000, share: 0.1 };

/** A table with many rows that are gone. */
export interface TableDue {
  /** Quoted where it has to be. */
  name: string;
  deadRows: number;
}

/** The tables that autovacuum has put off, which it does where a machine is always busy; those with the most first. */
export async function tablesDue(client: Pick<pg.Client, 'query'>): Promise<TableDue[]> {
  const { rows } = await client.query<TableDue>(
    `SELECT quote_ident(relname) AS name, n_dead_tup::float8 AS "deadRows" FROM pg_stat_user_tables
     WHERE schemaname = current_schema() AND n_dead_tup > GREATEST($1::float8, $2::float8 * n_live_tup) ORDER BY n_dead_tup DESC`,
    [DEAD_ROWS.min, DEAD_ROWS.share],
  );
  return rows;
}

/** Reads and writes go on meanwhile. One that another connection is at is left to that. Not within a transaction. */
export async function vacuumTable(client: Pick<pg.Client, 'query'>, { name }: TableDue): Promise<void> {
  await client.query(`VACUUM (ANALYZE, SKIP_LOCKED) ${name}`);
}
