import { Module } from '@nestjs/common';
import { DialectTransportModule } from '../transport/dialect-transport.module.js';

import { WsEvents } from './ws-events.js';

@Module({
  imports: [DialectTransportModule],
  providers: [WsEvents],
})
export class WsEventsModule {
  static readonly dialect = { name: 'ws-events', transport: 'WebSocket' } as const;
}
