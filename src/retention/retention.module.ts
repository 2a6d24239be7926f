import { Module } from '@nestjs/common';
import { AttachmentsModule } from '../attachments/attachments.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { RetentionController } from './retention.controller.js';
import { Retention } from './retention.js';
import { RetentionRepository } from './retention.repository.js';

@Module({
  imports: [AttachmentsModule, AuditModule],
  controllers: [RetentionController],
  providers: [RetentionRepository, Retention],
})
export class RetentionModule {}
