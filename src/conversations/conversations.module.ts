import { Module } from '@nestjs/common';
import { AttachmentsModule } from '../attachments/attachments.module.js';
import { ContactsModule } from '../friends/contacts/contacts.module.js';
import { UsersModule } from '../users/users.module.js';
import { ConversationAccess } from './conversation-access.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ReceiptsRepository } from './receipts.repository.js';
import { GroupsRepository } from './groups/groups.repository.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsPersonalData } from './conversations-personal-data.js';
import { ConversationsService } from './conversations.service.js';
import { DirectConversationsService } from './direct/direct-conversations.service.js';
import { Groups } from './groups/groups.js';
import { Receipts } from './receipts.js';

@Module({
  imports: [AttachmentsModule, UsersModule, ContactsModule],
  controllers: [ConversationsController],
  providers: [
    ConversationAccess,
    ConversationsRepository,
    ConversationsService,
    DirectConversationsService,
    Groups,
    GroupsRepository,
    Receipts,
    ReceiptsRepository,
    ConversationsPersonalData,
  ],
  exports: [ConversationAccess, ConversationsService, DirectConversationsService, Receipts],
})
export class ConversationsModule {}
