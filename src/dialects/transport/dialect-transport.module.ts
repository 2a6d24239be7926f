import { Module } from '@nestjs/common';
import { RealtimeModule } from '../../realtime/realtime.module.js';
import { DirectMessages } from './direct-messages.js';
import { NativeTransport } from './native-transport.js';

/** What dialects are made with. */
@Module({
  imports: [RealtimeModule],
  providers: [DirectMessages, NativeTransport],
  exports: [RealtimeModule, DirectMessages, NativeTransport],
})
export class DialectTransportModule {}
