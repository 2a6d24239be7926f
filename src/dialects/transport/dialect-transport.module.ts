import { Module } from '@nestjs/common';
import { RealtimeModule } from '../../realtime/realtime.module.js';
import { DirectMessages } from './direct-messages.js';
import { NativeTransport } from './native/native-transport.js';
import { SocketTransport } from './socket-transport.js';
import { VirtualConnections } from './virtual-connections.js';

/** What dialects are made with. */
@Module({
  imports: [RealtimeModule],
  providers: [DirectMessages, NativeTransport, SocketTransport, VirtualConnections],
  exports: [RealtimeModule, DirectMessages, NativeTransport, SocketTransport, VirtualConnections],
})
export class DialectTransportModule {}
