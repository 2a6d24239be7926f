import pg from 'pg';
import type { Anything } from './story.js';

export interface Scan {
  relation: string;
  index: string | undefined;
  /** The table was read from its beginning to its end. */
  isSequential: boolean;
  /** Rows that were looked at, in all its rounds. */
  rows: number;
}

export interface Asked {
  text: string;
  values: readonly unknown[];
}

/**
 * What PostgreSQL looks at for a statement.
 * @param plan for any values, as one gets that was prepared long ago; or for these values, as one without a name gets
 */
export async function scansOf(
  client: pg.Client,
  { text, values }: Asked,
  plan: 'generic' | 'custom' = 'generic',
): Promise<Scan[]> {
  await client.query(`SET plan_cache_mode = force_${plan}_plan`);
  await client.query(`PREPARE looked_at AS ${text}`);
  const literal = (value: unknown): string => (value === null ? 'NULL' : pg.escapeLiteral(String(value)));
  const { rows } = await client.query<Anything>(
    `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked_at${values.length === 0 ? '' : `(${values.map(literal).join(', ')})`}`,
  );
  await client.query('DEALLOCATE looked_at');
  const scans: Scan[] = [];
  const visit = (node: Anything): void => {
    if (node['Relation Name'] !== undefined)
      scans.push({
        relation: node['Relation Name'],
        index: node['Index Name'],
        isSequential: node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0,
        rows: (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
      });
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(rows[0]['QUERY PLAN'][0].Plan);
  return scans;
}

/** How many rows of a table were looked at. */
export function rowsOf(scans: readonly Scan[], relation: string): number {
  return scans.filter((scan) => scan.relation === relation).reduce((sum, { rows }) => sum + rows, 0);
}

interface Pool {
  query(text: string, values?: readonly never[], name?: string): Promise<unknown[]>;
}

/** From here on, what is asked of a pool under this name, or in these words. */
export function askedUnder(pool: object, name: string | RegExp): Asked[] {
  const spied = pool as Pool;
  const query = spied.query.bind(spied);
  const asked: Asked[] = [];
  spied.query = (text, values = [], asking) => {
    if (typeof name === 'string' ? asking === name : name.test(text)) asked.push({ text, values });
    return query(text, values, asking);
  };
  return asked;
}
