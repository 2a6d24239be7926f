/** A URL that cannot be honoured. The message is the one line that the start prints; it holds no password. */
export class DatabaseUrlError extends Error {
  override readonly name = 'DatabaseUrlError';
}

export interface ParsedDatabaseUrl {
  /** For the driver: without what is ours to set. */
  readonly connectionString: string;
  /** Where the tables are. */
  readonly schema: string;
}

const DEFAULT_SCHEMA = 'public';

/** Settings that the server makes on each of its connections: data and waits are bounded by them. */
export const SESSION_SETTINGS = {
  // An acknowledged message survives kill -9 of the database, whatever the server's own default says.
  synchronous_commit: 'on',
  // Every named statement has one way through its indexes; planning it anew each time costs more than running it.
  plan_cache_mode: 'force_generic_plan',
  // A plan made while a table was empty would read all of it for as long as nobody has counted it anew.
  enable_seqscan: 'off',
  jit: 'off',
  statement_timeout: '10000',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '30000',
  idle_session_timeout: '0',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
} as const;

/** The releases that settings came with: an older PostgreSQL refuses what it does not know. */
const SINCE: Readonly<Record<string, number>> = { idle_session_timeout: 140_000, transaction_timeout: 170_000 };

/** Parameters of the driver that would undo what the server relies on. */
const REFUSED_PARAMETERS = ['query_timeout', 'binary', 'replication', ...Object.keys(SESSION_SETTINGS)];

/**
 * Reads DATABASE_URL: `?schema=` is where the tables are, `options` go to PostgreSQL as they are, but for what the server
 * sets itself.
 * @throws DatabaseUrlError
 */
export function parseDatabaseUrl(text: string): ParsedDatabaseUrl {
  const url = new URL(text);
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA;
  // PostgreSQL cuts longer names, and keeps those that begin with pg_ to itself.
  if (!/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/.test(schema) || schema.startsWith('pg_'))
    throw new DatabaseUrlError(`schema=${schema} is no name of a schema`);
  for (const name of url.searchParams.keys()) {
    if (name === 'search_path') throw new DatabaseUrlError('search_path cannot be set: name the schema by ?schema=');
    if (REFUSED_PARAMETERS.includes(name.toLowerCase()))
      throw new DatabaseUrlError(`${name} cannot be set: the server sets it itself`);
  }
  for (const name of settingsIn(url.searchParams.get('options') ?? '')) {
    if (name === 'search_path')
      throw new DatabaseUrlError('options cannot set search_path: name the schema by ?schema=');
    if (name in SESSION_SETTINGS) throw new DatabaseUrlError(`options cannot set ${name}: the server sets it itself`);
  }
  url.searchParams.delete('schema');
  return { connectionString: url.href, schema };
}

/** The names in `-c name=value --name=value …`, as PostgreSQL reads them. */
function settingsIn(options: string): string[] {
  return [...options.matchAll(/(?:^|\s)(?:-c\s*|--)([\w.-]+)\s*=/g)].map(([, name = '']) =>
    name.toLowerCase().replaceAll('-', '_'),
  );
}

/**
 * What a new connection runs before anything else, as one message. Unlike parameters of the connection itself these
 * hold whatever the address, the role or the database say, and poolers let them through.
 */
export function sessionSetup(schema: string, changes: Readonly<Record<string, string>> = {}): string {
  const settings = Object.entries<string>({ ...SESSION_SETTINGS, ...changes });
  const newer = settings.flatMap(([name, value]) => (name in SINCE ? [`('${name}', '${value}', ${SINCE[name]})`] : []));
  return settings
    .filter(([name]) => !(name in SINCE))
    .map(([name, value]) => `SET SESSION ${name} = ${name === 'datestyle' ? value : `'${value}'`};`)
    .concat(
      `SET SESSION search_path = "${schema}";
       SELECT set_config(name, value, false) FROM (VALUES ${newer.join(', ')}) AS newer(name, value, version)
       WHERE current_setting('server_version_num')::integer >= version;`,
    )
    .join(' ');
}

/**
 * The same for migrations, which name operator classes of extensions. Not for statements: where an extension lies among
 * the tables of another server, those would be found as well.
 */
export function sessionSetupWithExtensions(schema: string, changes: Readonly<Record<string, string>>): string {
  return `${sessionSetup(schema, changes)}
    SELECT set_config('search_path', quote_ident('${schema}') || COALESCE(
      (SELECT string_agg(DISTINCT ', ' || quote_ident(nspname), '') FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
       WHERE extname IN ('pg_trgm', 'btree_gin') AND nspname <> '${schema}'), ''), false);`;
}
