import { Global, Module } from '@nestjs/common';
import { DirectConversations } from '../../friends/direct-conversations.port.js';
import { UsersModule } from '../../users/users.module.js';
import { ConversationReader } from '../reading/conversation-reader.js';
import { ConversationRowsRepository } from '../reading/conversation-rows.repository.js';
import { DirectConversationsRepository } from './direct-conversations.repository.js';
import { DirectConversationStore } from './direct-conversations.js';

/** Binds the port of friends that lies below: global, so that FriendsModule need not import what is above it. */
@Global()
@Module({
  imports: [UsersModule],
  providers: [
    ConversationReader,
    ConversationRowsRepository,
    DirectConversationsRepository,
    { provide: DirectConversations, useClass: DirectConversationStore },
  ],
  exports: [ConversationReader, DirectConversations, DirectConversationsRepository],
})
export class DirectConversationsModule {}
