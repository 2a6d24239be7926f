import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { MailModule } from '../mail/mail.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { BotsController } from './bots/bots.controller.js';
import { Bots } from './bots/bots.js';
import { BotsRepository } from './bots/bots.repository.js';
import { WebhookPayloads } from './webhooks/planning/webhook-payloads.js';
import { WebhookPlanner } from './webhooks/planning/webhook-planner.js';
import { WebhookPlanningRepository } from './webhooks/planning/webhook-planning.repository.js';
import { WebhookNotices } from './webhooks/sending/webhook-notices.js';
import { WebhookPoster } from './webhooks/sending/webhook-poster.js';
import { WebhookQueueRepository } from './webhooks/sending/webhook-queue.repository.js';
import { WebhookSender } from './webhooks/sending/webhook-sender.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';
import { Webhooks } from './webhooks/webhooks.js';
import { WebhooksRepository } from './webhooks/webhooks.repository.js';

/** What connects this server to other programs (docs/integrations.md). Nothing here is on the path of a message. */
@Module({
  imports: [AuditModule, MailModule, MessagesModule, UsersModule],
  controllers: [BotsController, WebhooksController],
  providers: [
    BotsRepository,
    Bots,
    WebhooksRepository,
    Webhooks,
    WebhookPlanningRepository,
    WebhookPayloads,
    WebhookPlanner,
    WebhookQueueRepository,
    WebhookPoster,
    WebhookNotices,
    WebhookSender,
  ],
})
export class IntegrationsModule {}
