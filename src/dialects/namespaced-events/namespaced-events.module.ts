import { Module } from '@nestjs/common';
import { DialectToolsModule } from '../dialect-tools.module.js';

import { NamespacedEvents } from './namespaced-events.js';

@Module({
  imports: [DialectToolsModule],
  providers: [NamespacedEvents],
})
export class NamespacedEventsModule {}
