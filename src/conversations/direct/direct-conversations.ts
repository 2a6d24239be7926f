import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import type { Transaction } from '../../database/database.js';
import { DirectConversations } from '../../friends/direct-conversations.port.js';
import type { ConversationView } from '../../views/conversations.view.js';
import { ConversationReader } from '../reading/conversation-reader.js';
import { DirectConversationsRepository } from './direct-conversations.repository.js';

/** Direct conversations: one per pair of users, whoever asks first and however many ask at once. */
@Injectable()
export class DirectConversationStore extends DirectConversations {
  constructor(
    private readonly repository: DirectConversationsRepository,
    private readonly reader: ConversationReader,
  ) {
    super();
  }

  override open(
    transaction: Transaction,
    userId: string,
    otherUserId: string,
  ): Promise<{ conversationId: string; created: boolean }> {
    return this.repository.open(transaction, userId, otherUserId);
  }

  override show(transaction: Transaction, conversationId: string): Promise<boolean> {
    return this.repository.show(transaction, conversationId);
  }

  override unblocked(transaction: Transaction, userId: string, otherUserId: string): Promise<void> {
    return this.repository.stampSharedCursors(transaction, userId, otherUserId);
  }

  override view(principal: Principal, conversationId: string): Promise<ConversationView> {
    return this.reader.view(principal, conversationId);
  }
}
