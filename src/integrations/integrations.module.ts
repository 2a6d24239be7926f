import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { UsersModule } from '../users/users.module.js';
import { BotsController } from './bots/bots.controller.js';
import { Bots } from './bots/bots.js';
import { BotsRepository } from './bots/bots.repository.js';

/** What connects this server to other programs (docs/integrations.md). Nothing here is on the path of a message. */
@Module({
  imports: [AuditModule, UsersModule],
  controllers: [BotsController],
  providers: [BotsRepository, Bots],
})
export class IntegrationsModule {}
