import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../common/public.decorator.js';
import { DomainError } from '../common/errors.js';
import { Configuration } from '../config/configuration.js';
import { Metrics } from './metrics.js';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;
/** Whoever comes with one of these came through a proxy, and is not this machine, even where the proxy is. */
const FORWARDING_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'];

/** GET /metrics: to this machine, or with METRICS_TOKEN as Bearer; for everybody else it does not exist. */
@ApiExcludeController()
@Public()
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly configuration: Configuration,
  ) {}

  @Get()
  async read(@Req() request: Request, @Res() response: Response): Promise<void> {
    if (!isLocal(request) && !this.hasToken(request)) throw new DomainError('NOT_FOUND');
    response.type(this.metrics.registry.contentType).send(await this.metrics.registry.metrics());
  }

  private hasToken(request: Request): boolean {
    const { metricsToken } = this.configuration;
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return metricsToken !== undefined && given !== undefined && timingSafeEqual(digest(given), digest(metricsToken));
  }
}

function isLocal({ socket, headers }: Request): boolean {
  return LOOPBACK.test(socket.remoteAddress ?? '') && FORWARDING_HEADERS.every((name) => headers[name] === undefined);
}

/** Of equal length whatever it is given, so that the comparison tells nothing of the token's. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
