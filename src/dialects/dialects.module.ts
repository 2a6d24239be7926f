import { type DynamicModule, Module } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { DialectTransportModule } from './transport/dialect-transport.module.js';
import { DirectEventsModule } from './direct-events/direct-events.module.js';
import { NamespacedEventsModule } from './namespaced-events/namespaced-events.module.js';
import { WsEventsModule } from './ws-events/ws-events.module.js';
import { WsRoomsModule } from './ws-rooms/ws-rooms.module.js';

/** Every dialect by its name: to delete one, delete its folder and its line here. */
const DIALECTS = {
  'ws-events': WsEventsModule,
  'direct-events': DirectEventsModule,
  'ws-rooms': WsRoomsModule,
  'namespaced-events': NamespacedEventsModule,
};

/** The older dialects that are switched on (contract, section 8). */
@Module({})
export class DialectsModule {
  static with({ dialects }: Configuration): DynamicModule {
    return {
      module: DialectsModule,
      // The transport also where nobody speaks over it: it answers who tries.
      imports: [
        DialectTransportModule,
        ...Object.entries(DIALECTS).flatMap(([name, module]) => (dialects.includes(name) ? [module] : [])),
      ],
    };
  }
}
