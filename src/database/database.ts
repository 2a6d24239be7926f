import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Configuration } from '../config/configuration.js';

// COUNT(*) and friends are bigint, which pg gives as text; every one this server reads fits a number.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export type SqlValue =
  | string
  | number
  | boolean
  | Date
  | Buffer
  | null
  | readonly (string | number | boolean | Date | null)[];

/** No statement of ours takes this long unless something is wrong. */
const LONGEST_QUERY_MS = 10_000;

const SETTINGS = {
  // An acknowledged message survives kill -9 of the database, whatever the server's own default says.
  synchronous_commit: 'on',
  // Every named statement has one way through its indexes; planning it anew each time costs more than running it.
  plan_cache_mode: 'force_generic_plan',
  // A plan made while a table was empty would read all of it for as long as nobody has counted it anew.
  enable_seqscan: 'off',
  jit: 'off',
  statement_timeout: String(LONGEST_QUERY_MS),
  idle_in_transaction_session_timeout: '30000',
  timezone: 'UTC',
};

/** Something that runs statements: the pool, or one transaction of it. */
export interface SqlExecutor {
  /**
   * Runs one statement.
   * @param name prepares the statement once per connection under this name; for statements that run all the time.
   */
  query<Row>(text: string, values?: readonly SqlValue[], name?: string): Promise<Row[]>;
}

/**
 * The one pool of connections to PostgreSQL: the path of a message and the large reads use it with SQL of their own,
 * Prisma's models run over the same connections.
 */
@Injectable()
export class Database implements SqlExecutor, OnApplicationShutdown {
  readonly pool: pg.Pool;
  private readonly logger = new Logger(Database.name);

  constructor(configuration: Configuration) {
    if (configuration.databaseUrl === undefined) throw new Error('the database has no address yet');
    this.pool = new pg.Pool({
      connectionString: configuration.databaseUrl,
      max: configuration.databasePoolSize,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      // A connection whose other end is silently gone would otherwise be waited for as long as TCP does: many minutes.
      query_timeout: LONGEST_QUERY_MS,
      application_name: 'parley',
      options: Object.entries(SETTINGS)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    });
    // An idle connection that breaks (database restarted) is replaced by the pool; unheard, it would end the process.
    this.pool.on('error', (error) => this.logger.warn(`an idle database connection broke: ${error.message}`));
  }

  async query<Row>(text: string, values: readonly SqlValue[] = [], name?: string): Promise<Row[]> {
    const result = await this.pool.query(
      name === undefined ? { text, values: [...values] } : { name, text, values: [...values] },
    );
    return result.rows as Row[];
  }

  /**
   * Runs `work` in one READ COMMITTED transaction and commits it; rolls back where it throws. A deadlock is tried
   * again, at most twice: PostgreSQL undid all of it, so nothing happens twice.
   */
  async transaction<Result>(work: (transaction: SqlExecutor) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (attempt === 3 || !isTransient(error)) throw error;
      }
    }
  }

  private async attempt<Result>(work: (transaction: SqlExecutor) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work({
        query: async <Row>(text: string, values: readonly SqlValue[] = [], name?: string) => {
          const answer = await client.query(
            name === undefined ? { text, values: [...values] } : { name, text, values: [...values] },
          );
          return answer.rows as Row[];
        },
      });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((rollback: Error) => {
        broken = rollback;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

const DEADLOCK_DETECTED = '40P01';
const SERIALIZATION_FAILURE = '40001';

function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === DEADLOCK_DETECTED || code === SERIALIZATION_FAILURE;
}

const UNIQUE_VIOLATION = '23505';

/** Whether the database refused a row because another one has its key, and which constraint says so. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return code === UNIQUE_VIOLATION && typeof constraint === 'string' ? constraint : undefined;
}

/** Whether the database could not be reached or went away, as opposed to refusing a statement. */
export function isConnectionFailure(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    // Class 08: connection exceptions; 57P: the server shuts down or starts; 53300: too many connections.
    if (/^(08|57P)/.test(code) || code === '53300') return true;
    if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/.test(code)) return true;
  }
  return (
    error instanceof Error &&
    /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      error.message,
    )
  );
}
