import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SUPERUSER } from './cluster-directory.js';
import { passwordFile } from './cluster-password.js';
import { Cluster, type ClusterOptions, SILENCE_MS } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { isSameDirectory, readIfPresent } from './file-access.js';

/** Any number, so long as every release uses the same one. */
const SERVER_LOCK = 7_205_301_412;
/** How long after kill -9 of a server its last connection may still be seen. */
const LOCK_TIMEOUT_MS = 2_000;
const DATABASE = 'parley';
/** How often it is looked whether somebody else asked PostgreSQL to shut down, and how long its log is. */
const CHECK_INTERVAL_MS = 1_000;

export type EmbeddedPostgresOptions = ClusterOptions;

/**
 * A PostgreSQL of our own, in its own process group, which outlives this process if that is killed; the next start
 * adopts it. While this object lives:
 * - no second server runs on the same directory: a lock is held in the cluster itself, over a connection of its own;
 * - a cluster that dies is started again on the same port, so that pools recover. Everybody's connections break then;
 * - so is one that somebody else asked to shut down, which otherwise lets nobody in until our own connections end;
 * - a process that exits without stopping it, for whatever reason but kill -9, ends the cluster all the same: at once,
 *   losing nothing that was committed.
 */
export class EmbeddedPostgres {
  private guard: pg.Client | undefined;
  private stopping: Promise<void> | undefined;
  private recovery: Promise<void> = Promise.resolve();
  private readonly stopSignal = new AbortController();
  private readonly endAtExit = (): void => this.cluster.abandon();

  private constructor(
    private readonly cluster: Cluster,
    private readonly log: (line: string) => void,
  ) {}

  /** Stays the same as long as this object lives. */
  get connectionString(): string {
    return this.cluster.connectionString(DATABASE);
  }

  /** @throws EmbeddedPostgresError in one line, also where another live server uses the directory. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const cluster = await Cluster.open(options);
    const embedded = new EmbeddedPostgres(cluster, options.log);
    let adopted = false;
    let guard: pg.Client | undefined;
    process.on('exit', embedded.endAtExit);
    for (const giveUp = Date.now() + SILENCE_MS; guard === undefined; ) {
      try {
        adopted = await cluster.ensureRunning();
        guard = await embedded.takeLock();
      } catch (error) {
        // Another server holds it: then the cluster is that server's, and stays. Or that server just shut it down: again.
        if (error instanceof EmbeddedPostgresError || Date.now() > giveUp) throw error;
      }
    }
    try {
      const { rowCount } = await guard.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await guard.query(`CREATE DATABASE ${DATABASE}`);
      // What a refused statement was about, rows and keys of people, is not in the log, which nobody cleans when they are forgotten.
      // Sessions alone are terse: the detail of why a cluster does not start is wanted. On a full disk it starts all the same.
      await guard.query(`ALTER ROLE ${SUPERUSER} SET log_error_verbosity = 'terse'`).catch(() => undefined);
    } catch (error) {
      await embedded.stop();
      throw error;
    }
    options.log(`embedded PostgreSQL ${adopted ? 'was still running' : 'started'} on port ${cluster.port}`);
    return embedded;
  }

  /** The connection string of a cluster that runs, whichever process started it; undefined where none does. */
  static async find(directory: string): Promise<string | undefined> {
    const home = resolve(directory, '..');
    const password = readIfPresent(passwordFile(home))?.trim();
    const [, , , port] = readIfPresent(join(directory, 'postmaster.pid'))?.split('\n') ?? [];
    if (password === undefined || port === undefined) return undefined;
    const connectionString = (database: string): string =>
      `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
    const client = new pg.Client({ connectionString: connectionString('postgres'), connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      return isSameDirectory(rows[0]?.data_directory ?? '', directory) ? connectionString(DATABASE) : undefined;
    } catch {
      return undefined;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Ends the cluster and waits for it; every call gets the same promise. Never throws. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private async shutDown(): Promise<void> {
    this.stopSignal.abort();
    await this.recovery;
    await this.guard?.end().catch(() => undefined);
    await this.cluster.shutDown();
    process.off('exit', this.endAtExit);
  }

  private async takeLock(): Promise<pg.Client> {
    const deadline = Date.now() + LOCK_TIMEOUT_MS;
    const guard = new pg.Client({
      connectionString: this.cluster.connectionString('postgres'),
      application_name: 'parley guard',
      keepAlive: true,
    });
    // Without a listener a lost connection would end the process; 'end' follows and does what is to be done.
    guard.on('error', () => undefined);
    try {
      await guard.connect();
      for (;;) {
        const { rows } = await guard.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
          SERVER_LOCK,
        ]);
        if (rows[0]?.taken) break;
        if (Date.now() > deadline) {
          this.cluster.isOurs = false;
          throw new EmbeddedPostgresError(`DATA_DIR ${this.cluster.home} is in use by another running server`);
        }
        await sleep(100);
      }
    } catch (error) {
      await guard.end().catch(() => undefined);
      throw error;
    }
    this.guard = guard;
    this.cluster.portIsFixed = true;
    this.cluster.isOurs = true;
    const check = setInterval(() => {
      void this.cluster.limitLog();
      void this.cluster.isStopping().then((isStopping) => {
        if (isStopping && !this.stopSignal.signal.aborted) guard.end().catch(() => undefined);
      });
    }, CHECK_INTERVAL_MS).unref();
    guard.once('end', () => {
      clearInterval(check);
      if (!this.stopSignal.signal.aborted) this.recovery = this.recover();
    });
    return guard;
  }

  /** The guard's connection ended: PostgreSQL died, restarted itself after one of its processes did, or is shutting down. */
  private async recover(): Promise<void> {
    const { signal } = this.stopSignal;
    this.log('embedded PostgreSQL went away: restarting it');
    for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, 5_000)) {
      try {
        await this.cluster.ensureRunning(signal);
        await this.takeLock();
        this.log(`embedded PostgreSQL is back on port ${this.cluster.port}`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.log(`embedded PostgreSQL does not start: ${(error as Error).message}`);
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
