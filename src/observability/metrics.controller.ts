import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../http/decorators/public.decorator.js';
import { DomainError } from '../common/errors.js';
import { Configuration } from '../config/configuration.js';
import { Metrics } from './metrics.js';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;
/** What who asks this machine itself calls it. A proxy passes the name on that the world knows. */
const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;
/** A request with one of these came through a proxy, so it is not from this machine, even where the proxy is on it. */
const FORWARDING_HEADER =
  /^(forwarded|via|x-forwarded|x-forwarded-.*|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-.*|x-envoy-.*|true-client-ip|cf-.*|fastly-client-ip|cdn-loop|x-amzn-trace-id|x-cloud-trace-context)$/;

/**
 * GET /metrics: with METRICS_TOKEN as Bearer; where there is no such token, to this machine alone. For everybody else it
 * does not exist.
 *
 * A proxy on this machine cannot be distinguished with certainty: it may be set up to say nothing of itself. So this machine
 * is believed only where no proxy is configured, the request names this machine, nothing says that it was passed on, and
 * it is HTTP/1.1 (what nginx sends on by default is 1.0, under the name of this machine). Behind a proxy the token is the
 * way.
 */
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
    if (!this.isAllowed(request)) throw new DomainError('NOT_FOUND');
    response.type(this.metrics.registry.contentType).send(await this.metrics.text());
  }

  private isAllowed(request: Request): boolean {
    const { metricsToken, trustedProxies } = this.configuration;
    if (metricsToken === undefined) return trustedProxies === 0 && isOfThisMachine(request);
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), digest(metricsToken));
  }
}

function isOfThisMachine({ socket, headers, httpVersion }: Request): boolean {
  return (
    LOOPBACK.test(socket.remoteAddress ?? '') &&
    OWN_HOST.test(headers.host ?? '') &&
    httpVersion !== '1.0' &&
    !Object.keys(headers).some((name) => FORWARDING_HEADER.test(name))
  );
}

/** As long whatever it is given, so that the comparison reveals nothing of the token's length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
