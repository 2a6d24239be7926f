import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { Configuration } from '../config/configuration.js';
import { MemoryRateLimiter } from '../limits/rates/memory-rate-limiter.js';
import { RateLimiter } from '../limits/rates/rate-limiter.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RealtimeModule } from '../realtime/realtime.module.js';
import { CatchUp } from './catch-up.js';
import { CatchUpRepository } from './catch-up.repository.js';
import { Cluster } from './cluster.js';
import { ClusterBus } from './cluster-bus.js';

/** Everything that joins processes to one server. Without REDIS_URL there is nothing of it, not even the loading of its client. */
@Module({})
export class ClusterModule {
  /** What counts for all processes together; undefined where there is one. */
  static rateLimiter({ redisUrl, rateLimits, limits }: Configuration): Provider<RateLimiter> | undefined {
    if (redisUrl === undefined || !rateLimits) return undefined;
    return {
      provide: RateLimiter,
      inject: [Clock],
      useFactory: async (clock: Clock): Promise<RateLimiter> => {
        const { SharedRateLimiter } = await import('./shared-rate-limiter.js');
        return new SharedRateLimiter(redisUrl, new MemoryRateLimiter(clock, limits), limits);
      },
    };
  }

  static with({ redisUrl }: Configuration): DynamicModule {
    if (redisUrl === undefined) return { module: ClusterModule };
    return {
      module: ClusterModule,
      imports: [MessagesModule, RealtimeModule],
      providers: [
        CatchUp,
        CatchUpRepository,
        Cluster,
        {
          provide: ClusterBus,
          inject: [CatchUpRepository],
          useFactory: async (repository: CatchUpRepository): Promise<ClusterBus> => {
            const { RedisClusterBus } = await import('./redis-cluster-bus.js');
            return new RedisClusterBus(redisUrl, `parley:${await repository.databaseName()}`);
          },
        },
      ],
    };
  }
}
