import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import { Lifecycle } from './common/lifecycle.js';
import { Configuration } from './config/configuration.js';
import { checkDatabase } from './database/database-checks.js';
import { recogniseDatabase } from './database/database-identity.js';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { migrate } from './database/migrations/migrator.js';
import { createLogger } from './observability/logger.js';
import { silencePast } from './push/silence-past.repository.js';
import { ChatGateway } from './realtime/chat.gateway.js';
import { type StartupProgress, startupProgress } from './startup-progress.js';

/** How long accepted work may take to finish once the server received its signal to end. */
const DRAIN_MS = 5_000;

export interface RunningServer {
  /** `http://host:port` under which this machine reaches it. */
  readonly url: string;
  readonly databaseIsEmbedded: boolean;
  /**
   * Refuses new work, finishes what was accepted, closes the sockets, then everything else. Idempotent.
   * @param isOrderly sockets are sent away over `drainSeconds` before, and served until then
   */
  stop(isOrderly?: boolean): Promise<void>;
}

/**
 * Starts PostgreSQL where it is ours, migrates it, and listens. What it started it stops again where a later step fails.
 * Once `signal` is aborted it takes no further step, and throws the signal's reason.
 */
export async function startServer(configuration: Configuration, signal?: AbortSignal): Promise<RunningServer> {
  AppModule.check(configuration);
  const logger = createLogger(configuration);
  Logger.overrideLogger(logger);
  const progress = startupProgress(configuration, logger);
  try {
    return await start(configuration, progress, logger, signal);
  } finally {
    progress.end();
  }
}

async function start(
  configuration: Configuration,
  progress: StartupProgress,
  logger: LoggerService,
  signal?: AbortSignal,
): Promise<RunningServer> {
  progress.report(`starting on Node ${process.versions.node}`, 'Server');
  const embedded =
    configuration.databaseUrl === undefined
      ? await EmbeddedPostgres.start({
          directory: join(configuration.dataDirectory, 'postgres'),
          log: (line) => progress.report(line, 'EmbeddedPostgres'),
        })
      : undefined;
  try {
    signal?.throwIfAborted();
    const databaseUrl = configuration.databaseUrl ?? embedded?.connectionString ?? '';
    await checkDatabase(databaseUrl);
    for (const line of migrationLines(await migrate(databaseUrl), configuration)) progress.report(line, 'Migrations');
    if ((await recogniseDatabase(databaseUrl, silencePast)) === 'restored')
      logger.log('the database was restored from a backup: every client starts over', 'Database');
    signal?.throwIfAborted();
    const application = await listen(new Configuration({ ...configuration, databaseUrl }));
    let stopped: Promise<void> | undefined;
    return {
      url: application.url,
      databaseIsEmbedded: embedded !== undefined,
      stop: (isOrderly = true) => (stopped ??= stopInOrder(() => application.stop(isOrderly), embedded, logger)),
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

/** Each by its name where logs are kept; how many where somebody waits for the address. */
function migrationLines(names: readonly string[], { production }: Configuration): string[] {
  if (production) return names.map((name) => `migration ${name} was applied`);
  return names.length === 0 ? [] : [`migrations applied: ${names.length}`];
}

/** The application first: what it accepted it still writes. */
async function stopInOrder(
  stopApplication: () => Promise<void>,
  embedded: EmbeddedPostgres | undefined,
  logger: LoggerService,
): Promise<void> {
  logger.log('ending: no new work is taken, accepted work is finished', 'Server');
  try {
    await stopApplication();
  } finally {
    await embedded?.stop();
  }
  logger.log('ended', 'Server');
}

async function listen(configuration: Configuration): Promise<{ url: string; stop(isOrderly: boolean): Promise<void> }> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(configuration), {
    bodyParser: false,
    abortOnError: false,
    logger: createLogger(configuration),
  });
  configureApp(app);
  const stop = async (isOrderly: boolean): Promise<void> => {
    const lifecycle = app.get(Lifecycle);
    lifecycle.leave();
    if (isOrderly && configuration.drainSeconds > 0)
      await app.get(ChatGateway, { strict: false }).sendAway(configuration.drainSeconds * 1_000);
    lifecycle.drain();
    const server = app.getHttpServer();
    server.close();
    server.closeIdleConnections();
    await lifecycle.idle(DRAIN_MS);
    // A request that does not end would keep the server from closing for as long as it likes.
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
    await app.close();
    clearTimeout(force);
  };
  try {
    if (configuration.host === undefined) await app.listen(configuration.port);
    else await app.listen(configuration.port, configuration.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port, address } = app.getHttpServer().address() as AddressInfo;
  const isWildcard = address === '::' || address === '0.0.0.0';
  const host = isWildcard ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, stop };
}
