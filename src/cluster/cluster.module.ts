import { type DynamicModule, Module } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RealtimeModule } from '../realtime/realtime.module.js';
import { CatchUp } from './catch-up.js';
import { CatchUpRepository } from './catch-up.repository.js';
import { Cluster } from './cluster.js';
import { ClusterBus } from './cluster-bus.js';
import { RedisClusterBus } from './redis-cluster-bus.js';

/** Everything that joins processes to one server. Without REDIS_URL there is nothing of it. */
@Module({})
export class ClusterModule {
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
          useFactory: async (repository: CatchUpRepository): Promise<ClusterBus> =>
            new RedisClusterBus(redisUrl, `parley:${await repository.databaseName()}`),
        },
      ],
    };
  }
}
