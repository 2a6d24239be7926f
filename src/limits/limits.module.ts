import { Global, Module } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Configuration } from '../config/configuration.js';
import { HeavyQueries } from './reads/heavy-queries.js';
import { MemoryRateLimiter } from './rates/memory-rate-limiter.js';
import { HandshakeLimit } from './connections/handshake-limit.js';
import { TcpConnections } from './connections/tcp-connections.js';
import { RateLimiter, UnlimitedRateLimiter } from './rates/rate-limiter.js';
import { ReadGate } from './reads/read-gate.js';

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
    {
      provide: RateLimiter,
      inject: [Configuration, Clock],
      useFactory: (configuration: Configuration, clock: Clock): RateLimiter =>
        configuration.rateLimits ? new MemoryRateLimiter(clock, configuration.limits) : new UnlimitedRateLimiter(),
    },
    ReadGate,
  ],
  exports: [RateLimiter, ReadGate, HeavyQueries, HandshakeLimit, TcpConnections],
})
export class LimitsModule {}
