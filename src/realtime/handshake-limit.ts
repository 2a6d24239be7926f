import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import { addressKey, clientAddress } from '../limits/address-key.js';
import { RateLimiter } from '../limits/rate-limiter.js';

/** Counts requests for a connection as the HTTP requests they are: they do not pass where those are counted. */
@Injectable()
export class HandshakeLimit {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly configuration: Configuration,
  ) {}

  /** @throws DomainError RATE_LIMITED */
  async admit(request: IncomingMessage): Promise<void> {
    await this.limiter.consume('http', addressKey(clientAddress(request, this.configuration.trustedProxies)));
  }
}
