import { Module } from '@nestjs/common';
import { DialectToolsModule } from '../transport/dialect-transport.module.js';

import { WsEvents } from './ws-events.js';

@Module({
  imports: [DialectToolsModule],
  providers: [WsEvents],
})
export class WsEventsModule {}
