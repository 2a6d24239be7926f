import { Global, Module } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Configuration } from '../config/configuration.js';
import { HeavyQueries } from './heavy-queries.js';
import { MemoryRateLimiter } from './memory-rate-limiter.js';
import { TcpConnections } from './tcp-connections.js';
import { RateLimiter, UnlimitedRateLimiter } from './rate-limiter.js';
import { ReadGate } from './read-gate.js';

@Global()
@Module({
  providers: [
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
  exports: [RateLimiter, ReadGate, HeavyQueries, TcpConnections],
})
export class LimitsModule {}
