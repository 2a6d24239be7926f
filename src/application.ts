import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import { HttpAdapter } from './http/engine/http-adapter.js';
import { Lifecycle } from './common/stopping/lifecycle.js';
import { DRAIN_TIMEOUT_MS, SOCKETS_CLOSE_TIMEOUT_MS } from './common/stopping/stop-timeouts.js';
import type { Configuration } from './config/configuration.js';
import { assertPortIsFree } from './port-check.js';
import { createLogger } from './observability/logger.js';
import { Metrics } from './observability/metrics.js';
import { ChatGateway } from './realtime/chat.gateway.js';
import { PrimaryChannel } from './workers/primary-channel.js';
import { SiblingSessions } from './workers/sibling-sessions.js';

export interface Application {
  /** `http://host:port` under which this machine reaches it. */
  readonly url: string;
  /**
   * Refuses new work, finishes what was accepted, closes the sockets, then everything else. Idempotent.
   * @param isOrderly sockets are sent away over `drainSeconds` before, and served until then or until it is called with false
   */
  stop(isOrderly: boolean): Promise<void>;
}

/** What of the configuration only modules know. @throws ConfigurationError */
export function checkApplication(configuration: Configuration): void {
  AppModule.check(configuration);
}

/** The whole application on a database that is ready for it. */
export async function listen(configuration: Configuration): Promise<Application> {
  // Once more: preparing the database takes its time.
  if (configuration.worker === undefined) await assertPortIsFree(configuration);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(configuration), new HttpAdapter(), {
    bodyParser: false,
    abortOnError: false,
    logger: createLogger(configuration),
  });
  configureApp(app);
  let siblings: SiblingSessions | undefined;
  const hurry = new AbortController();
  const hurried = new Promise<void>((resolve) => hurry.signal.addEventListener('abort', () => resolve()));
  let stopped: Promise<void> | undefined;
  const stop = (isOrderly: boolean): Promise<void> => {
    if (!isOrderly) hurry.abort();
    return (stopped ??= end());
  };
  const end = async (): Promise<void> => {
    const lifecycle = app.get(Lifecycle);
    lifecycle.leave();
    if (!hurry.signal.aborted && configuration.drainSeconds > 0)
      await Promise.race([
        app.get(ChatGateway, { strict: false }).sendAway(configuration.drainSeconds * 1_000),
        hurried,
      ]);
    lifecycle.drain();
    const server = app.getHttpServer();
    server.close();
    server.closeIdleConnections();
    // A request that does not end would keep the server from closing for as long as it likes. It has as long as all else.
    const force = setTimeout(() => {
      lifecycle.cutRequests();
      server.closeAllConnections();
    }, DRAIN_TIMEOUT_MS + SOCKETS_CLOSE_TIMEOUT_MS).unref();
    await lifecycle.idle(DRAIN_TIMEOUT_MS);
    await app.close();
    siblings?.close();
    clearTimeout(force);
  };
  try {
    siblings = await joinWorkers(app, configuration);
    if (configuration.host === undefined) await app.listen(configuration.port);
    else await app.listen(configuration.port, configuration.host);
  } catch (error) {
    await app.close();
    siblings?.close();
    throw error;
  }
  const { port, address } = app.getHttpServer().address() as AddressInfo;
  const isWildcard = address === '::' || address === '0.0.0.0';
  const host = isWildcard ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, stop };
}

/** What only one of several processes behind a port has. */
async function joinWorkers(
  app: NestExpressApplication,
  { worker, nodeName }: Configuration,
): Promise<SiblingSessions | undefined> {
  const primary = PrimaryChannel.ofThisProcess();
  if (worker === undefined || primary === undefined) return undefined;
  const metrics = app.get(Metrics);
  primary.onMetricsWanted(() => metrics.registry.getMetricsAsJSON());
  metrics.readAs(() => primary.report());
  await app.init();
  return SiblingSessions.join(app.getHttpServer(), worker, primary, nodeName);
}
