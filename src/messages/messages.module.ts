import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { ContactsModule } from '../friends/contacts.module.js';
import { MessageSearch } from './message-search.js';
import { MessageWriter } from './message-writer.js';
import { MessagesController } from './messages.controller.js';
import { MessagesRepository } from './messages.repository.js';
import { MessagesService } from './messages.service.js';
import { SearchIndexer } from './search-indexer.js';

@Module({
  imports: [ConversationsModule, ContactsModule],
  controllers: [MessagesController],
  providers: [MessageSearch, MessageWriter, MessagesRepository, MessagesService, SearchIndexer],
  exports: [MessagesService, MessagesRepository],
})
export class MessagesModule {}
