import { Module } from '@nestjs/common';
import { DialectToolsModule } from '../transport/dialect-transport.module.js';

import { NamespacedEvents } from './namespaced-events.js';

@Module({
  imports: [DialectToolsModule],
  providers: [NamespacedEvents],
})
export class NamespacedEventsModule {}
