import pg from 'pg';
import type { Anything } from '../story.js';

export interface Scan {
  relation: string;
  index: string | undefined;
  /** The table was read from its beginning to its end. */
  isSequential: boolean;
  /** An index says which rows: nobody walks all of it. */
  hasCondition: boolean;
  /** It ends after so many rows as a LIMIT asks for, since nothing stands between the two that would pass any over. */
  isLimited: boolean;
  /** Rows that were looked at, in all its rounds; 0 where the statement did not run. */
  rows: number;
}

export interface Asked {
  text: string;
  values: readonly unknown[];
  /** The name it was prepared under. */
  name: string | undefined;
}

/**
 * What PostgreSQL looks at for a statement, which runs, and is undone. One with a name is planned for any values, as one
 * gets that was prepared long ago; one without for its own.
 * @param isVacuumed false: planned as if rows had changed on every page of every table since they were vacuumed
 */
export async function scansOf(
  client: pg.Client,
  { text, values, name }: Asked,
  { isVacuumed = true } = {},
): Promise<Scan[]> {
  await client.query('BEGIN');
  try {
    if (!isVacuumed)
      await client.query(
        `SELECT pg_restore_relation_stats('schemaname', schemaname::text, 'relname', tablename::text, 'relallvisible', 0)
         FROM pg_tables WHERE schemaname = current_schema()`,
      );
    await client.query(`SET LOCAL plan_cache_mode = force_${name === undefined ? 'custom' : 'generic'}_plan`);
    await client.query(`PREPARE looked_at AS ${text}`);
    const parameters = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`;
    const { rows } = await client.query<Anything>(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked_at${parameters}`);
    return scansIn(rows[0]['QUERY PLAN'][0].Plan);
  } finally {
    await client.query('ROLLBACK');
    await client.query('DEALLOCATE ALL');
  }
}

/** What PostgreSQL would look at for a statement with any values. */
export async function plannedScansOf(client: pg.Client, text: string): Promise<Scan[]> {
  const { rows } = await client.query<Anything>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
  return scansIn(rows[0]['QUERY PLAN'][0].Plan);
}

function scansIn(plan: Anything): Scan[] {
  const scans: Scan[] = [];
  const visit = (node: Anything, isLimited: boolean): void => {
    if (node['Relation Name'] !== undefined)
      scans.push({
        relation: node['Relation Name'],
        index: node['Index Name'],
        isSequential: node['Node Type'] === 'Seq Scan' && node['Actual Loops'] !== 0,
        hasCondition: (node['Index Cond'] ?? node['Recheck Cond'] ?? node['TID Cond']) !== undefined,
        isLimited: isLimited && node.Filter === undefined,
        rows:
          ((node['Actual Rows'] ?? 0) +
            (node['Rows Removed by Filter'] ?? 0) +
            (node['Rows Removed by Index Recheck'] ?? 0)) *
          (node['Actual Loops'] ?? 0),
      });
    const keeps = node['Node Type'] === 'Limit' || (isLimited && node['Node Type'] === 'LockRows');
    for (const child of node.Plans ?? []) visit(child, keeps && child['Parent Relationship'] === 'Outer');
  };
  visit(plan, false);
  return scans;
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  return pg.escapeLiteral(Array.isArray(value) ? `{${value.map(element).join(',')}}` : textOf(value));
}

function element(value: unknown): string {
  return value === null ? 'NULL' : `"${textOf(value).replaceAll(/["\\]/g, '\\$&')}"`;
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value);
}

/** How many rows of a table were looked at. */
export function rowsOf(scans: readonly Scan[], relation: string): number {
  return scans.filter((scan) => scan.relation === relation).reduce((sum, { rows }) => sum + rows, 0);
}

/** The statements that this process runs while `work` does, each text and name with the values of its first time. */
export async function askedDuring(work: () => Promise<unknown>): Promise<Asked[]> {
  const { query } = pg.Client.prototype;
  const asked = new Map<string, Asked>();
  pg.Client.prototype.query = function (this: pg.Client, ...parameters: Anything[]) {
    const [{ text, values = [], name }] = parameters;
    if (typeof text === 'string' && !asked.has(`${name}:${text}`)) asked.set(`${name}:${text}`, { text, values, name });
    return query.apply(this, parameters as never);
  } as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return [...asked.values()];
}

interface Pool {
  query(text: string, values?: readonly never[], name?: string): Promise<unknown[]>;
}

/** From here on, what is asked of a pool under this name, or in these words. */
export function askedUnder(pool: object, wanted: string | RegExp): Asked[] {
  const spied = pool as Pool;
  const query = spied.query.bind(spied);
  const asked: Asked[] = [];
  spied.query = (text, values = [], name) => {
    if (typeof wanted === 'string' ? name === wanted : wanted.test(text)) asked.push({ text, values, name });
    return query(text, values, name);
  };
  return asked;
}
