import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { DevicesController } from './devices/devices.controller.js';
import { DevicesRepository } from './devices/devices.repository.js';
import { DevicesService } from './devices/devices.service.js';
import { WebKeyController } from './devices/web-key.controller.js';

/** Notifications on phones and in browsers that nobody looks at (docs/push.md). Nothing here is on the path of a message. */
@Module({
  imports: [UsersModule],
  controllers: [DevicesController, WebKeyController],
  providers: [DevicesRepository, DevicesService],
})
export class PushModule {}
