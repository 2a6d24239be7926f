import { randomInt } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { ipAddressKey, clientIpAddress } from '../ip-address-key.js';
import { Counted } from './counted.js';
import { RateLimiter } from '../rates/rate-limiter.js';

/** Verifications of tokens, and what is read for whom they let in, at once: of one IP address, and of all. */
const MAX_VERIFICATIONS_PER_IP_ADDRESS = 16;
const MAX_VERIFICATIONS = 32;
/**
 * How long a connection may wait for its turn: Socket.IO's clients do not come back by themselves from a refusal, and when a
 * process has died, thousands wait.
 */
const VERIFICATION_TIMEOUT_MS = 20_000;
/** Those who waited in vain come back one after the other within so long, and not all at once again. */
const RETRY_SPREAD = { fromMs: 1_000, toMs: 6_000 };
/** When to come back where too many connections of one IP address wait to be let in. */
const RETRY_MS = 2_000;

/** Bounds what one IP address can ask for before it is known who asks, the same for every kind of connection. */
@Injectable()
export class HandshakeLimit {
  /** Connections that were not let in yet, by IP address. */
  private readonly unauthenticated: Counted;
  /** Each of them waits for one at the most, so that those who wait are bounded with them. */
  private readonly verifications: KeyedSemaphore;

  constructor(
    private readonly limiter: RateLimiter,
    private readonly configuration: Configuration,
  ) {
    const { rateLimits, maxUnauthenticatedConnections } = configuration;
    const maxWaiting = rateLimits ? maxUnauthenticatedConnections : Number.POSITIVE_INFINITY;
    this.unauthenticated = new Counted(maxWaiting);
    this.verifications = new KeyedSemaphore({
      maxPerKey: MAX_VERIFICATIONS_PER_IP_ADDRESS,
      maxTotal: MAX_VERIFICATIONS,
      maxQueuedPerKey: maxWaiting,
      maxQueuedTotal: Number.POSITIVE_INFINITY,
      waitTimeoutMs: VERIFICATION_TIMEOUT_MS,
      retryAfterMs: () => randomInt(RETRY_SPREAD.fromMs, RETRY_SPREAD.toMs),
    });
  }

  /**
   * Counts a request for a connection as the HTTP request it is: it does not pass where those are counted.
   * @throws DomainError RATE_LIMITED, TOO_MANY_CONNECTIONS
   */
  async admit(request: IncomingMessage): Promise<void> {
    const key = this.keyOf(request);
    if (this.unauthenticated.isFull(key)) throw new DomainError('TOO_MANY_CONNECTIONS', { retryAfterMs: RETRY_MS });
    await this.limiter.consume('http', key);
    await this.limiter.consume('connects', key);
  }

  /** Counts a request that is for no connection. @throws DomainError RATE_LIMITED */
  async countRequest(request: IncomingMessage): Promise<void> {
    await this.limiter.consume('http', this.keyOf(request));
  }

  /** A connection is there. What is returned is called once it is let in or gone; undefined: it may not stay. */
  open(request: IncomingMessage): (() => void) | undefined {
    return this.unauthenticated.add(this.keyOf(request));
  }

  /**
   * Lets so many look at tokens and read from the database at once, whoever they are, and one IP address no more than
   * leaves room for others.
   * @throws DomainError RATE_LIMITED, OVERLOADED
   */
  verified<Result>(key: string, verify: () => Promise<Result>): Promise<Result> {
    return this.verifications.run(key, verify);
  }

  /** A connection of this user was ended because it flooded. */
  async flooded(userId: string): Promise<void> {
    try {
      await this.limiter.consume('floods', userId);
    } catch {
      // It has used up what there is: it is kept out already.
    }
  }

  /** @throws DomainError RATE_LIMITED: this user's connections have flooded too often. */
  async mayConnect(userId: string): Promise<void> {
    await this.limiter.consume('floods', userId);
    await this.limiter.restore('floods', userId);
  }

  /** What its IP address is counted by. */
  keyOf(request: IncomingMessage): string {
    return ipAddressKey(clientIpAddress(request, this.configuration.trustedProxies));
  }
}
