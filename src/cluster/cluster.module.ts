import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { Configuration } from '../config/configuration.js';
import { derivedKeys } from '../config/secrets/secret-keys.js';
import { MemoryRateLimiter } from '../limits/rates/memory-rate-limiter.js';
import { RateLimiter } from '../limits/rates/rate-limiter.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RealtimeModule } from '../realtime/realtime.module.js';
import { Degradation } from '../observability/degradation.js';
import { PrimaryChannel } from '../workers/primary-channel.js';
import { FRAMES, socketPath } from '../workers/socket-path.js';
import { CatchUp } from './catch-up/catch-up.js';
import { CatchUpRepository } from './catch-up/catch-up.repository.js';
import { Cluster } from './cluster.js';
import { ClusterBus } from './bus/cluster-bus.js';
import { DatabaseClock } from './database-clock.js';
import { IpcBuckets } from './limits/ipc-buckets.js';
import { IpcClusterBus } from './bus/ipc-cluster-bus.js';
import type { SharedBuckets } from './limits/shared-buckets.js';
import { SingleProcess } from './single-process.js';
import { UnsettledWrites } from './unsettled-writes.js';
import { SharedRateLimiter } from './limits/shared-rate-limiter.js';

/**
 * Everything that joins processes to one server: over Redis where there is one, also those of one machine; else workers by their
 * own means. One process that is alone has of it what catches up, and the client of Redis is loaded only where it is used.
 */
@Module({})
export class ClusterModule {
  /** What counts for all processes together; undefined where there is one. */
  static rateLimiter(configuration: Configuration): Provider<RateLimiter> | undefined {
    const { rateLimits, limits } = configuration;
    if (!configuration.isOneOfSeveral || !rateLimits) return undefined;
    return {
      provide: RateLimiter,
      inject: [Clock, Degradation],
      useFactory: async (clock: Clock, degradation: Degradation): Promise<RateLimiter> =>
        new SharedRateLimiter(await bucketsOf(configuration), new MemoryRateLimiter(clock, limits), degradation),
    };
  }

  static with(configuration: Configuration): DynamicModule {
    const imports = [MessagesModule, RealtimeModule];
    const providers = [CatchUp, CatchUpRepository, UnsettledWrites];
    if (!configuration.isOneOfSeveral)
      return { module: ClusterModule, imports, providers: [...providers, SingleProcess] };
    return {
      module: ClusterModule,
      imports,
      providers: [
        ...providers,
        Cluster,
        DatabaseClock,
        {
          provide: ClusterBus,
          inject: [CatchUpRepository],
          useFactory: (repository: CatchUpRepository): Promise<ClusterBus> => busOf(configuration, repository),
        },
      ],
    };
  }
}

async function bucketsOf(configuration: Configuration): Promise<SharedBuckets> {
  const { redisUrl, limits } = configuration;
  if (redisUrl !== undefined) {
    const { RedisBuckets } = await import('./limits/redis-buckets.js');
    return new RedisBuckets(redisUrl, limits, derivedKeys(configuration, 'parley limits')[0]);
  }
  const primary = PrimaryChannel.ofThisProcess();
  if (primary === undefined) throw new Error('a worker was not started by the first process');
  return new IpcBuckets(primary);
}

async function busOf({ redisUrl, worker }: Configuration, repository: CatchUpRepository): Promise<ClusterBus> {
  if (redisUrl !== undefined) {
    const { RedisClusterBus } = await import('./bus/redis-cluster-bus.js');
    return new RedisClusterBus(redisUrl, `parley:${await repository.databaseName()}`);
  }
  if (worker === undefined) throw new Error('one process alone has no bus');
  return new IpcClusterBus(socketPath(worker.directory, FRAMES));
}
