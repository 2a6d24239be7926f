import { Module } from '@nestjs/common';
import { DialectToolsModule } from '../dialect-tools.module.js';
import { WsRoomsController } from './ws-rooms.controller.js';
import { WsRooms } from './ws-rooms.js';

@Module({
  imports: [DialectToolsModule],
  controllers: [WsRoomsController],
  providers: [WsRooms],
})
export class WsRoomsModule {}
