import { join } from 'node:path';
import { Logger, type LoggerService } from '@nestjs/common';
import { afterRestore } from './after-restore.js';
import type { Application } from './application.js';
import { Configuration } from './config/configuration.js';
import { checkDatabase } from './database/database-checks.js';
import { recogniseDatabase } from './database/database-identity.js';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { migrate } from './database/migrations/migrator.js';
import { assertPortIsFree } from './port-check.js';
import { createLogger } from './observability/logger.js';
import { type StartupProgress, startupProgress } from './startup-progress.js';
import { poolSizeOfWorkers } from './database/connection-budget.js';
import { Workers } from './workers/workers.js';

export interface RunningServer {
  /** `http://host:port` under which this machine reaches it. */
  readonly url: string;
  readonly databaseIsEmbedded: boolean;
  /**
   * Refuses new work, finishes what was accepted, closes the sockets, then everything else. Idempotent.
   * @param isOrderly sockets are sent away over `drainSeconds` before, and served until then or until it is called with false
   */
  stop(isOrderly?: boolean): Promise<void>;
}

/**
 * Starts PostgreSQL where it is ours, migrates it, and listens. What it started it stops again where a later step fails.
 * Once `signal` is aborted it takes no further step, and throws the signal's reason.
 * @param entry the program of a worker, which are started where there are to be several processes
 */
export async function startServer(
  configuration: Configuration,
  signal?: AbortSignal,
  entry?: string,
): Promise<RunningServer> {
  const hasWorkers = entry !== undefined && configuration.workers > 1;
  // Where others take the requests, the modules for that are theirs: the first of them says what is wrong.
  if (!hasWorkers) (await import('./application.js')).checkApplication(configuration);
  const logger = createLogger(configuration);
  Logger.overrideLogger(logger);
  const progress = startupProgress(configuration, logger);
  try {
    return await start(configuration, progress, logger, { signal, entry });
  } finally {
    progress.end();
  }
}

/** One of several processes behind a port: the first one has prepared the database. */
export async function startWorker(configuration: Configuration): Promise<Pick<RunningServer, 'url' | 'stop'>> {
  Logger.overrideLogger(createLogger(configuration));
  const { listen } = await import('./application.js');
  const { url, stop } = await listen(configuration);
  return { url, stop: (isOrderly = true) => stop(isOrderly) };
}

async function start(
  configuration: Configuration,
  progress: StartupProgress,
  logger: LoggerService,
  { signal, entry }: { signal: AbortSignal | undefined; entry: string | undefined },
): Promise<RunningServer> {
  progress.report(`starting on Node ${process.versions.node}`, 'Server');
  await assertPortIsFree(configuration);
  const embedded =
    configuration.databaseUrl === undefined
      ? await EmbeddedPostgres.start({
          directory: join(configuration.dataDirectory, 'postgres'),
          log: (line) => progress.report(line, 'EmbeddedPostgres'),
          connections: configuration.workers * configuration.databasePoolSize,
        })
      : undefined;
  try {
    signal?.throwIfAborted();
    const databaseUrl = configuration.databaseUrl ?? embedded?.connectionString ?? '';
    await checkDatabase(databaseUrl);
    const report = (line: string): void => progress.report(line, 'Migrations');
    for (const line of migrationLines(await migrate(databaseUrl, { signal, report }), configuration)) report(line);
    if ((await recogniseDatabase(databaseUrl, afterRestore)) === 'restored')
      logger.log('the database was restored from a backup: every client starts over', 'Database');
    signal?.throwIfAborted();
    const listening = new Configuration({ ...configuration, databaseUrl });
    const application =
      entry === undefined || configuration.workers === 1
        ? await (await import('./application.js')).listen(listening)
        : await startWorkers(listening, databaseUrl, entry, { progress, signal });
    let stopped: Promise<void> | undefined;
    return {
      url: application.url,
      databaseIsEmbedded: embedded !== undefined,
      stop: (isOrderly = true) => {
        const applicationStopped = application.stop(isOrderly);
        return (stopped ??= stopAll(applicationStopped, embedded, logger));
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

async function startWorkers(
  configuration: Configuration,
  databaseUrl: string,
  entry: string,
  { progress, signal }: { progress: StartupProgress; signal: AbortSignal | undefined },
): Promise<Application> {
  const { databasePoolSize, workers: count, redisUrl } = configuration;
  const { size: poolSize, available, isTight } = await poolSizeOfWorkers(databaseUrl, count, databasePoolSize);
  if (poolSize < databasePoolSize)
    progress.report(`each of ${count} workers has ${poolSize} connections: PostgreSQL has no room for more`, 'Workers');
  // Each server sees its own workers alone.
  if (redisUrl !== undefined && isTight)
    progress.report(
      `${count} workers with ${poolSize} connections each leave PostgreSQL too few of its ${available} for other servers and for the next release: set a smaller DATABASE_POOL_SIZE, or a larger max_connections`,
      'Workers',
    );
  const settings = { DATABASE_URL: databaseUrl, DATABASE_POOL_SIZE: String(poolSize) };
  const workers = await Workers.start({ entry, configuration, settings }, signal);
  return { url: workers.publicUrl, stop: (isOrderly) => workers.stop(isOrderly) };
}

/** Each by its name where logs are kept; how many where somebody waits for the URL. */
function migrationLines(names: readonly string[], { production }: Configuration): string[] {
  if (production) return names.map((name) => `migration ${name} was applied`);
  return names.length === 0 ? [] : [`migrations applied: ${names.length}`];
}

/** The application first: what it accepted it still writes. */
async function stopAll(
  applicationStopped: Promise<void>,
  embedded: EmbeddedPostgres | undefined,
  logger: LoggerService,
): Promise<void> {
  logger.log('ending: no new work is taken, accepted work is finished', 'Server');
  try {
    await applicationStopped;
  } finally {
    await embedded?.stop();
  }
  logger.log('ended', 'Server');
}
