import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { UsersModule } from '../users/users.module.js';
import { DevicesController } from './devices/devices.controller.js';
import { DevicesRepository } from './devices/devices.repository.js';
import { DevicesService } from './devices/devices.service.js';
import { WebKeyController } from './devices/web-key.controller.js';
import { PushPlanner } from './planning/push-planner.js';
import { PushPlanningRepository } from './planning/push-planning.repository.js';
import { ApnsProvider } from './providers/apns.js';
import { ExpoProvider } from './providers/expo.js';
import { FcmProvider } from './providers/fcm.js';
import { WebProvider } from './providers/web.js';
import { ExpoReceipts } from './sending/expo-receipts.js';
import { PushQueueRepository } from './sending/push-queue.repository.js';
import { PushSender } from './sending/push-sender.js';

/** Notifications on phones and in browsers that nobody looks at (docs/push.md). Nothing here is on the path of a message. */
@Module({
  imports: [AuthModule, PresenceModule, UsersModule],
  controllers: [DevicesController, WebKeyController],
  providers: [
    DevicesRepository,
    DevicesService,
    PushPlanningRepository,
    PushPlanner,
    PushQueueRepository,
    PushSender,
    ExpoReceipts,
    ExpoProvider,
    FcmProvider,
    ApnsProvider,
    WebProvider,
  ],
})
export class PushModule {}
