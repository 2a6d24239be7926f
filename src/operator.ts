import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import { Configuration } from './config/configuration.js';
import { HttpAdapter } from './http/engine/http-adapter.js';
import { Operator } from './moderation/operator/operator.js';
import { ServerActs } from './moderation/operator/server-acts.js';
import { Stats } from './moderation/stats/stats.service.js';

export interface OperatorServices {
  operator: Operator;
  server: ServerActs;
  stats: Stats;
}

/**
 * What an operator does at the server's machine, by the services of the server itself, on its database and beside it. It is a
 * process of the server that listens to nobody: where several are one server, the others receive its events; where the server is
 * alone, that finds what concerns it in the database within `sessionEndingsMs`.
 */
export async function operate<Result>(
  databaseUrl: string,
  work: (services: OperatorServices) => Promise<Result>,
): Promise<Result> {
  const configuration = new Configuration({
    ...Configuration.fromEnvironment(),
    databaseUrl,
    rateLimits: false,
    web: false,
    isOperator: true,
  });
  Logger.overrideLogger(['fatal']);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(configuration), new HttpAdapter(), {
    bodyParser: false,
    abortOnError: false,
    logger: ['fatal'],
  });
  try {
    configureApp(app);
    await app.init();
    return await work({
      operator: app.get(Operator, { strict: false }),
      server: app.get(ServerActs, { strict: false }),
      stats: app.get(Stats, { strict: false }),
    });
  } finally {
    await app.close();
  }
}
