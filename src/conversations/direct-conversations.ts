import { Injectable } from '@nestjs/common';
import { newId, orderedPair } from '../common/identifier.js';
import type { Principal } from '../common/principal.js';
import type { PrismaTransaction } from '../database/prisma.service.js';
import { DirectConversations } from '../friends/direct-conversations.port.js';
import { ConversationReader } from './conversation-reader.js';
import type { ConversationView } from './conversations.view.js';

/** Direct conversations: one per pair of users, whoever asks first and however many ask at once. */
@Injectable()
export class DirectConversationStore extends DirectConversations {
  constructor(private readonly reader: ConversationReader) {
    super();
  }

  override async open(
    transaction: PrismaTransaction,
    userId: string,
    otherUserId: string,
  ): Promise<{ conversationId: string; created: boolean }> {
    const [low, high] = orderedPair(userId, otherUserId);
    const id = newId();
    // The loser of a race waits here for the winner's commit, and then finds its row.
    const inserted = await transaction.$executeRaw`
      INSERT INTO conversations (id, type, low_id, high_id) VALUES (${id}::uuid, 'DIRECT', ${low}::uuid, ${high}::uuid)
      ON CONFLICT (low_id, high_id) DO NOTHING`;
    if (inserted === 0) {
      const existing = await transaction.conversation.findUniqueOrThrow({
        where: { lowId_highId: { lowId: low, highId: high } },
        select: { id: true },
      });
      return { conversationId: existing.id, created: false };
    }
    // Who opens it may be anybody: neither is shown the other's presence before it has written.
    await transaction.$executeRaw`
      INSERT INTO conversation_members (conversation_id, user_id, is_shown)
      VALUES (${id}::uuid, ${low}::uuid, false), (${id}::uuid, ${high}::uuid, false)`;
    return { conversationId: id, created: true };
  }

  override async show(transaction: PrismaTransaction, conversationId: string): Promise<boolean> {
    // Stamped, so that sync tells the cursors that were not shown so far.
    const changed = await transaction.$executeRaw`
      UPDATE conversation_members SET is_shown = true, receipt_xid = pg_current_xact_id()
      WHERE conversation_id = ${conversationId}::uuid AND NOT is_shown`;
    return changed > 0;
  }

  override async unblocked(transaction: PrismaTransaction, userId: string, otherUserId: string): Promise<void> {
    await transaction.$executeRaw`
      UPDATE conversation_members m SET receipt_xid = pg_current_xact_id()
      FROM conversation_members o
      WHERE m.user_id IN (${userId}::uuid, ${otherUserId}::uuid) AND o.user_id IN (${userId}::uuid, ${otherUserId}::uuid)
        AND o.user_id <> m.user_id AND o.conversation_id = m.conversation_id AND m.left_at IS NULL AND o.left_at IS NULL`;
  }

  override view(principal: Principal, conversationId: string): Promise<ConversationView> {
    return this.reader.view(principal, conversationId);
  }
}
