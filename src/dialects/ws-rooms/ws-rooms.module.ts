import { Module } from '@nestjs/common';
import { DialectToolsModule } from '../transport/dialect-transport.module.js';
import { WsRoomsController } from './ws-rooms.controller.js';
import { WsRoomsProfileController } from './ws-rooms-profile.controller.js';
import { WsRooms } from './ws-rooms.js';

@Module({
  imports: [DialectToolsModule],
  controllers: [WsRoomsController, WsRoomsProfileController],
  providers: [WsRooms],
})
export class WsRoomsModule {}
