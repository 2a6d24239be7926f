import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Configuration } from '../config/configuration.js';
import { HeavyQueries } from './reads/heavy-queries.js';
import { MemoryRateLimiter } from './rates/memory-rate-limiter.js';
import { HandshakeLimit } from './connections/handshake-limit.js';
import { TcpConnections } from './connections/tcp-connections.js';
import { RateLimiter, UnlimitedRateLimiter } from './rates/rate-limiter.js';
import { ReadGate } from './reads/read-gate.js';
import { WriteGate } from './writes/write-gate.js';

const OWN_RATE_LIMITER: Provider<RateLimiter> = {
  provide: RateLimiter,
  inject: [Configuration, Clock],
  useFactory: (configuration: Configuration, clock: Clock): RateLimiter =>
    configuration.rateLimits ? new MemoryRateLimiter(clock, configuration.limits) : new UnlimitedRateLimiter(),
};

@Global()
@Module({
  providers: [
    HandshakeLimit,
    HeavyQueries,
    {
      provide: TcpConnections,
      inject: [Configuration],
      useFactory: (configuration: Configuration): TcpConnections => new TcpConnections(configuration),
    },
    ReadGate,
    WriteGate,
  ],
  exports: [RateLimiter, ReadGate, WriteGate, HeavyQueries, HandshakeLimit, TcpConnections],
})
export class LimitsModule {
  /** @param rateLimiter what counts: this process for itself, where nothing is said */
  static with(rateLimiter: Provider<RateLimiter> = OWN_RATE_LIMITER): DynamicModule {
    return { module: LimitsModule, providers: [rateLimiter] };
  }
}
