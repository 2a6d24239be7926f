import { Module } from '@nestjs/common';
import { AttachmentsModule } from '../attachments/attachments.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { ContactsModule } from '../friends/contacts/contacts.module.js';
import { UsersModule } from '../users/users.module.js';
import { MessageSearch } from './search/message-search.js';
import { ChangedMessages } from './changes/changed-messages.js';
import { MessageChanges } from './changes/message-changes.js';
import { MessageChangesRepository } from './changes/message-changes.repository.js';
import { MessageReader } from './reading/message-reader.js';
import { MessageDrafts } from './sending/message-drafts.js';
import { MessageSender } from './sending/message-sender.js';
import { MessageWriter } from './sending/message-writer.js';
import { UnsettledSends } from './sending/unsettled-sends.js';
import { LinkPreviews } from './links/link-previews.js';
import { LinkPreviewsRepository } from './links/link-previews.repository.js';
import { MessagesController } from './messages.controller.js';
import { MessagesPersonalData } from './messages-personal-data.js';
import { MessagesPersonalDataRepository } from './messages-personal-data.repository.js';
import { MessageSearchRepository } from './search/message-search.repository.js';
import { SearchIndexRepository } from './search/search-index.repository.js';
import { MessagesRepository } from './reading/messages.repository.js';
import { SearchIndexer } from './search/search-indexer.js';

@Module({
  imports: [AttachmentsModule, UsersModule, ConversationsModule, ContactsModule],
  controllers: [MessagesController],
  providers: [
    MessageDrafts,
    MessageSender,
    MessageWriter,
    UnsettledSends,
    ChangedMessages,
    MessageChanges,
    MessageChangesRepository,
    MessageReader,
    MessagesRepository,
    LinkPreviews,
    LinkPreviewsRepository,
    MessageSearch,
    MessageSearchRepository,
    SearchIndexer,
    SearchIndexRepository,
    MessagesPersonalData,
    MessagesPersonalDataRepository,
  ],
  exports: [MessageSender, MessageChanges, MessageReader, UnsettledSends],
})
export class MessagesModule {}
