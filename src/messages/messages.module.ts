import { Module } from '@nestjs/common';
import { AttachmentsModule } from '../attachments/attachments.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { ContactsModule } from '../friends/contacts.module.js';
import { UsersModule } from '../users/users.module.js';
import { MessageSearch } from './search/message-search.js';
import { MessageWriter } from './sending/message-writer.js';
import { MessagesController } from './messages.controller.js';
import { MessagesPersonalData } from './messages-personal-data.js';
import { MessagesRepository } from './reading/messages.repository.js';
import { MessagesService } from './messages.service.js';
import { SearchIndexer } from './search/search-indexer.js';

@Module({
  imports: [AttachmentsModule, UsersModule, ConversationsModule, ContactsModule],
  controllers: [MessagesController],
  providers: [MessageSearch, MessageWriter, MessagesRepository, MessagesService, SearchIndexer, MessagesPersonalData],
  exports: [MessagesService, MessagesRepository],
})
export class MessagesModule {}
