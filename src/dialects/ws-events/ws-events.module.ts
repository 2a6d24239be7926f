import { Module } from '@nestjs/common';
import { DialectToolsModule } from '../dialect-tools.module.js';

import { WsEvents } from './ws-events.js';

@Module({
  imports: [DialectToolsModule],
  providers: [WsEvents],
})
export class WsEventsModule {}
