import { Module } from '@nestjs/common';
import { DialectTransportModule } from '../transport/dialect-transport.module.js';
import { MessageNotes } from './message-notes.js';
import { NamespacedEvents } from './namespaced-events.js';

@Module({
  imports: [DialectTransportModule],
  providers: [MessageNotes, NamespacedEvents],
})
export class NamespacedEventsModule {
  static readonly dialect = { name: 'namespaced-events', transport: 'Socket.IO' } as const;
}
