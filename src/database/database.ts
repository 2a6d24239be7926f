import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Socket } from 'node:net';
import pg from 'pg';
import { DomainError } from '../common/errors.js';
import { DATABASE_END_TIMEOUT_MS } from '../common/stopping/stop-timeouts.js';
import { isConnectionFailure, isOutcomeUnknown, isResourceFailure, isTransient } from '../common/temporary-failures.js';
import { Configuration } from '../config/configuration.js';
import { BoundedLogger } from '../common/bounded-logger.js';
import { parseDatabaseUrl, sessionSetup } from '../config/database-url.js';

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
const QUERY_TIMEOUT_MS = 10_000;

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * How long a command waits for a row that somebody keeps locked: longer than PostgreSQL takes to find a deadlock. A connection that
 * waits is one less for the others.
 */
const COMMAND_LOCK_TIMEOUT_MS = 5_000;

/** For so long after such a failure the server says of itself that it is not ready. */
const RESOURCE_FAILURE_WINDOW_MS = 15_000;

/** Something that runs statements: a pool, or one transaction of it. */
export interface SqlExecutor {
  /**
   * Runs one statement. Where it fails, nothing that it locked is locked any more.
   * @param name prepares the statement once per connection under this name; for statements that run all the time.
   */
  query<Row>(text: string, values?: readonly SqlValue[], name?: string): Promise<Row[]>;
}

declare const inOneTransaction: unique symbol;
declare const mayWrite: unique symbol;

/**
 * One transaction on one connection that only reads: `ConnectionPool.readWithin` makes it. PostgreSQL refuses writes and locks in it.
 */
export interface ReadTransaction extends SqlExecutor {
  readonly [inOneTransaction]: true;
}

/**
 * One transaction on one connection: what takes it relies on locks that hold, and writes that are undone, until its end. There
 * is no other kind, and only `ConnectionPool.transaction` makes it (docs/adr/0015).
 */
export interface Transaction extends ReadTransaction {
  readonly [mayWrite]: true;
}

/** Statements that wait for a connection of one pool; one more is refused with OVERLOADED. */
const MAX_WAITING = 1_000;

/** A statement that took so long, the wait for a connection included, is named in the log. */
const SLOW_STATEMENT_MS = 500;
/** What a statement contains that writes. One that stores messages is called by its name: its caller sees to what becomes of it. */
const WRITES = /\b(?<!FOR |FOR NO KEY )UPDATE\b|\bINSERT INTO\b|\bDELETE FROM\b/;

/** feature_not_supported (a cached plan whose result has another type), invalid_sql_statement_name, read_only_sql_transaction. */
const CONNECTION_CODES = new Set(['0A000', '26000', '25006']);

const slowStatements = new BoundedLogger('SlowStatements', 30);

/** A client with the socket below it, which pg's types leave out: pg-contract.spec.ts holds it. */
export type ClientWithConnection = pg.ClientBase & { readonly connection: { readonly stream: Socket } };

/** One budget of connections: whoever waits for one of them waits for nobody who uses another pool. */
export class ConnectionPool implements SqlExecutor {
  readonly pool: pg.Pool;

  /** Every connection that is not yet closed. */
  private readonly open = new Set<ClientWithConnection>();

  private lacksResourcesUntil = 0;

  /** Called where a write failed that may have been committed: the connection broke, or was given up, before the answer. */
  onUnsettledWrite: () => void = () => undefined;

  /** Whether a connection failed, or could not be made, after the last one that could. */
  private connectionFailed = false;
  private connectionTrial: Promise<boolean> | undefined;

  constructor(
    private readonly databaseUrl: string,
    max: number,
    private readonly logger: Logger,
    settings: Readonly<Record<string, string>> = {},
  ) {
    const { connectionString, schema } = parseDatabaseUrl(databaseUrl);
    const setUp = async (client: pg.ClientBase): Promise<void> => {
      // The pool listens to idle connections alone. One that breaks between two statements of a transaction fails the
      // next statement; without a listener of its own the event would end the process.
      client.on('error', () => undefined);
      this.open.add(client as ClientWithConnection);
      client.on('end', () => this.open.delete(client as ClientWithConnection));
      await setUpAtPrimary(client, sessionSetup(schema, settings));
      this.connectionFailed = false;
    };
    this.pool = new pg.Pool({
      connectionString,
      max,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      // A connection whose other end is silently gone would otherwise be waited for as long as TCP does: many minutes.
      query_timeout: QUERY_TIMEOUT_MS,
      application_name: 'parley',
      // Waited for before anybody has the connection, though its type does not say so; where it fails, nobody gets it.
      // oxlint-disable-next-line typescript/no-misused-promises
      onConnect: setUp,
    });
    // An idle connection that breaks (database restarted) is replaced by the pool; without a listener it would end the process.
    this.pool.on('error', (error) => {
      this.connectionFailed = true;
      logger.warn(`an idle database connection broke: ${error.message}`);
    });
  }

  /** Ends every connection: at once where it is idle, and after `timeoutMs` at the latest, whatever waits on it. */
  async end(timeoutMs: number = DATABASE_END_TIMEOUT_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const cut = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.logger.warn(`${this.open.size} database connections did not end by themselves`);
        for (const client of this.open) client.connection.stream.destroy();
        resolve();
      }, timeoutMs);
    });
    await Promise.race([this.pool.end(), cut]);
    clearTimeout(timer);
  }

  async query<Row>(text: string, values: readonly SqlValue[] = [], name?: string): Promise<Row[]> {
    this.refuseFlood();
    const startedAt = performance.now();
    try {
      return await this.single<Row>(
        name === undefined ? { text, values: [...values] } : { name, text, values: [...values] },
      );
    } catch (error) {
      this.noteFailure(error);
      if (WRITES.test(text)) this.noteUnsettled(error);
      throw error;
    } finally {
      this.noteTime(startedAt, text, name);
    }
  }

  private async single<Row>(statement: pg.QueryConfig): Promise<Row[]> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      return (await client.query(statement)).rows as Row[];
    } catch (error) {
      broken = await settled(client, error as Error);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Whether PostgreSQL lately said that it lacks disk or memory. Only the next failure says that it still does. */
  get lacksResources(): boolean {
    return Date.now() < this.lacksResourcesUntil;
  }

  /**
   * Whether a new connection can be made: the database may let nobody in while those that there are live on. Costs nothing
   * unless one failed lately; then one is made, for this question alone, by however many ask at once.
   */
  async takesConnections(): Promise<boolean> {
    if (!this.connectionFailed) return true;
    this.connectionTrial ??= this.tryConnection().finally(() => {
      this.connectionTrial = undefined;
    });
    return this.connectionTrial;
  }

  private async tryConnection(): Promise<boolean> {
    const { connectionString } = parseDatabaseUrl(this.databaseUrl);
    const client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CONNECT_TIMEOUT_MS,
      application_name: 'parley',
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await setUpAtPrimary(client);
      this.connectionFailed = false;
      return true;
    } catch {
      return false;
    } finally {
      void client.end().catch(() => undefined);
    }
  }

  private noteUnsettled(error: unknown): void {
    if (isOutcomeUnknown(error)) this.onUnsettledWrite();
  }

  private noteFailure(error: unknown): void {
    if (isConnectionFailure(error)) this.connectionFailed = true;
    if (!isResourceFailure(error)) return;
    if (!this.lacksResources) this.logger.error(`PostgreSQL cannot store anything now: ${(error as Error).message}`);
    this.lacksResourcesUntil = Date.now() + RESOURCE_FAILURE_WINDOW_MS;
  }

  /**
   * Runs `work` in one READ COMMITTED transaction and commits it; rolls back where it throws. A deadlock is tried
   * again, at most twice: PostgreSQL undid all of it, so nothing happens twice.
   */
  async transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return retried(() => this.attempt(work));
  }

  /** One statement that changes several rows: a transaction by itself, and tried again after a deadlock like one. */
  async queryAtomically<Row>(text: string, values: readonly SqlValue[], name?: string): Promise<Row[]> {
    return retried(() => this.query<Row>(text, values, name));
  }

  /**
   * Runs statements that only read, in one transaction: each is cancelled after `statementTimeoutMs`, which shows as
   * UNAVAILABLE. For what may cost more than anybody should wait for.
   */
  async readWithin<Result>(
    statementTimeoutMs: number,
    work: (transaction: ReadTransaction) => Promise<Result>,
  ): Promise<Result> {
    return this.attempt(work, `BEGIN READ ONLY; SET LOCAL statement_timeout = ${Math.trunc(statementTimeoutMs)}`);
  }

  private async attempt<Result>(work: (transaction: Transaction) => Promise<Result>, begin = 'BEGIN'): Promise<Result> {
    this.refuseFlood();
    const client = await this.pool.connect().catch((error: unknown) => {
      this.noteFailure(error);
      throw error;
    });
    let broken: Error | undefined;
    try {
      await client.query(begin);
      const statements: SqlExecutor = {
        query: async <Row>(text: string, values: readonly SqlValue[] = [], name?: string) => {
          const startedAt = performance.now();
          try {
            const answer = await client.query(
              name === undefined ? { text, values: [...values] } : { name, text, values: [...values] },
            );
            return answer.rows as Row[];
          } finally {
            this.noteTime(startedAt, text, name);
          }
        },
      };
      const result = await work(statements as Transaction);
      await client.query('COMMIT').catch((error: unknown) => {
        if (begin === 'BEGIN') this.noteUnsettled(error);
        throw error;
      });
      return result;
    } catch (error) {
      this.noteFailure(error);
      await client.query('ROLLBACK').catch((rollback: Error) => {
        broken = rollback;
      });
      // What reads alone is refused to write on purpose.
      if (begin === 'BEGIN' && error instanceof pg.DatabaseError && isOfConnection(error)) broken ??= error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Says what took long, by its name or its beginning; never its values, which are what people wrote. */
  private noteTime(startedAt: number, text: string, name: string | undefined): void {
    const milliseconds = performance.now() - startedAt;
    if (milliseconds < SLOW_STATEMENT_MS) return;
    const statement = name ?? text.replace(/\s+/g, ' ').trim().slice(0, 80);
    slowStatements.log('a statement was slow', { statement, milliseconds: Math.round(milliseconds) });
  }

  private refuseFlood(): void {
    if (this.pool.waitingCount >= MAX_WAITING) throw new DomainError('OVERLOADED', { retryAfterMs: 1_000 });
  }
}

/**
 * The connections to PostgreSQL: DATABASE_POOL_SIZE of them at most, in three pools, so that neither many large reads
 * nor work behind the scenes keep a message waiting.
 *
 * - `Database` itself: the path of a message and all short commands.
 * - `reads`: what answers with pages (history, sync, lists, search).
 * - `background`: what nobody waits for within a second (search index, sweeps, exports).
 *
 * What holds a connection must not wait for another one of the same pool. A command that waits for what somebody keeps locked
 * fails with UNAVAILABLE after `COMMAND_LOCK_TIMEOUT_MS`; the other two wait for as long as a statement may take.
 */
@Injectable()
export class Database extends ConnectionPool implements OnApplicationShutdown {
  /** Where the tables are. */
  readonly schema: string;
  readonly reads: ConnectionPool;
  readonly background: ConnectionPool;

  constructor(configuration: Configuration) {
    if (configuration.databaseUrl === undefined) throw new Error('the database has no URL yet');
    const logger = new Logger(Database.name);
    const sizes = poolSizes(configuration.databasePoolSize);
    // Nobody else waits for the connections of an operator's process.
    const lockTimeoutMs = configuration.isOperator === true ? 0 : COMMAND_LOCK_TIMEOUT_MS;
    super(configuration.databaseUrl, sizes.commands, logger, { lock_timeout: `${lockTimeoutMs}` });
    this.schema = parseDatabaseUrl(configuration.databaseUrl).schema;
    this.reads = new ConnectionPool(configuration.databaseUrl, sizes.reads, logger);
    this.background = new ConnectionPool(configuration.databaseUrl, sizes.background, logger);
  }

  /** Of all three pools. */
  override async takesConnections(): Promise<boolean> {
    const answers = [super.takesConnections(), this.reads.takesConnections(), this.background.takesConnections()];
    return !(await Promise.all(answers)).includes(false);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.end(), this.reads.end(), this.background.end()]);
  }
}

/** How DATABASE_POOL_SIZE is divided. Of 16 connections: 9, 5 and 2. */
export function poolSizes(total: number): { commands: number; reads: number; background: number } {
  const reads = Math.max(1, Math.round(total * 0.3));
  const background = Math.max(1, Math.round(total * 0.15));
  return { commands: total - reads - background, reads, background };
}

/** cannot_connect_now. */
const CANNOT_CONNECT = '57P03';

/**
 * Sets the session up, in one message with the question whether it is at a standby, which is refused as a database that cannot
 * be reached: after a failover the address may lead to the former primary for a while, whose snapshots name no transaction that
 * is running, so that sync would pass over what it commits later; and who only reads would stay there for good.
 */
async function setUpAtPrimary(client: pg.ClientBase, setup = ''): Promise<void> {
  // Several statements in one message have several results, which the driver's types do not know.
  const results = [
    await client.query<{ isStandby: boolean }>(`${setup} SELECT pg_is_in_recovery() AS "isStandby"`),
  ].flat();
  if (results.at(-1)?.rows[0]?.isStandby !== true) return;
  throw Object.assign(new Error('the database is a standby that only reads'), { code: CANNOT_CONNECT });
}

/**
 * PostgreSQL sends an error before it gives back what the statement had locked: an answer to something else comes behind
 * that. Returns why the connection cannot be used again; undefined where it can.
 */
async function settled(client: pg.PoolClient, error: Error): Promise<Error | undefined> {
  if (isOfConnection(error)) return error;
  return client.query('').then(
    () => undefined,
    (failure: Error) => failure,
  );
}

/**
 * Whether another connection may do what this one cannot: it is broken, its prepared statements are of another schema, or it ends
 * at a server that only reads by now.
 */
function isOfConnection(error: Error): boolean {
  return !(error instanceof pg.DatabaseError) || CONNECTION_CODES.has(error.code ?? '');
}

/** A deadlock undid all that `work` did: it is tried again, at most twice. */
async function retried<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 3 || !isTransient(error)) throw error;
    }
  }
}

const UNIQUE_VIOLATION = '23505';

/** Whether the database refused a row because another one has its key, and which constraint says so. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return code === UNIQUE_VIOLATION && typeof constraint === 'string' ? constraint : undefined;
}
