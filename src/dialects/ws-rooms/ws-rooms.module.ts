import { Module } from '@nestjs/common';
import { DialectTransportModule } from '../transport/dialect-transport.module.js';
import { WsRoomsController } from './ws-rooms.controller.js';
import { WsRoomsProfileController } from './ws-rooms-profile.controller.js';
import { WsRooms } from './ws-rooms.js';

@Module({
  imports: [DialectTransportModule],
  controllers: [WsRoomsController, WsRoomsProfileController],
  providers: [WsRooms],
})
export class WsRoomsModule {
  static readonly dialect = { name: 'ws-rooms', transport: 'WebSocket' } as const;
}
