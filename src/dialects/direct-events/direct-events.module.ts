import { Module } from '@nestjs/common';
import { DialectTransportModule } from '../transport/dialect-transport.module.js';
import { CompatibilityPageController } from './compatibility-page.controller.js';
import { DirectChats } from './direct-chats.js';
import { DirectEventsController } from './direct-events.controller.js';
import { DirectEvents } from './direct-events.js';

@Module({
  imports: [DialectTransportModule],
  controllers: [CompatibilityPageController, DirectEventsController],
  providers: [DirectChats, DirectEvents],
})
export class DirectEventsModule {
  static readonly dialect = { name: 'direct-events', transport: 'Socket.IO' } as const;
}
