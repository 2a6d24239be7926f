import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import { DirectMessages, type ReadMessage } from '../transport/direct-messages.js';
import type { ChatConversation, ChatMessage } from './direct-events.view.js';
import { chatMessage, chatUser } from './direct-events.views.js';

const MAX_CONVERSATIONS = 100;

/** What both doors of this dialect read. */
@Injectable()
export class DirectChats {
  constructor(
    private readonly reads: ChatQueries,
    private readonly direct: DirectMessages,
  ) {}

  /** With one other user: the newest page but `skip` messages, oldest first. */
  async history(
    principal: Principal,
    otherUserId: string,
    limit: number,
    skip: number,
  ): Promise<{ messages: ChatMessage[]; hasMore: boolean }> {
    // Whom the caller may not see it has no history with either.
    const conversationId = await this.reads.findDirect(principal, otherUserId);
    if (conversationId === undefined) {
      await this.reads.user(principal, otherUserId);
      return { messages: [], hasMore: false };
    }
    const { messages, hasBefore } = await this.direct.page(principal, conversationId, { limit, skip });
    return { messages: await this.chatMessages(messages), hasMore: hasBefore };
  }

  /** The messages of all conversations with one other user, the newest first. */
  async recent(principal: Principal, limit: number, skip: number): Promise<ChatMessage[]> {
    const messages = await this.reads.recentDirect(principal, limit, skip);
    const direct = await Promise.all(messages.map((message) => this.direct.of(message)));
    const conversationIds = [...new Set(messages.map(({ conversationId }) => conversationId))];
    const readUpTo = new Map<string, number>();
    for (const conversationId of conversationIds)
      for (const { userId, lastReadSeq } of await this.reads.receipts(principal, conversationId))
        readUpTo.set(`${conversationId} ${userId}`, lastReadSeq);
    return this.chatMessages(
      direct.flatMap((found) => {
        if (found === undefined) return [];
        const { conversationId, seq } = found.message;
        return [{ ...found, isRead: (readUpTo.get(`${conversationId} ${found.receiverId}`) ?? 0) >= seq }];
      }),
    );
  }

  /** The last active first. */
  async conversations(principal: Principal): Promise<ChatConversation[]> {
    const { items } = await this.direct.conversations(principal, { limit: MAX_CONVERSATIONS });
    return items.map(({ conversation, other, newest }) => {
      const { id, members, me, lastMessageAt, createdAt } = conversation;
      const users = new Map(members.map(({ user }) => [user.id, user]));
      const shown = chatUser(other);
      return {
        _id: id,
        id,
        unreadCount: me.unreadCount,
        updatedAt: lastMessageAt ?? createdAt,
        user: shown && { ...shown, isOnline: other?.isOnline ?? false, lastSeen: other?.lastSeenAt ?? null },
        lastMessage: newest === undefined ? null : chatMessage(newest, newest.isRead, users),
      };
    });
  }

  /** The message at a place, for who may see it; where that one is gone, the last one before it. */
  async messageAt(principal: Principal, conversationId: string, seq: number): Promise<string | undefined> {
    const { items } = await this.reads.listWritten(principal, conversationId, { limit: 1, before: seq + 1 });
    return items[0]?.id;
  }

  /** @throws DomainError NOT_FOUND also for a message of a group: this dialect has none. */
  async find(principal: Principal, messageId: string): Promise<{ conversationId: string; seq: number }> {
    const message = await this.reads.message(principal, messageId);
    if ((await this.reads.pairOf(message.conversationId)) === undefined) throw new DomainError('NOT_FOUND');
    return message;
  }

  private async chatMessages(messages: readonly ReadMessage[]): Promise<ChatMessage[]> {
    const ids = new Set(messages.flatMap(({ message, receiverId }) => [message.senderId, receiverId]));
    const users = await this.direct.usersNamed([...ids]);
    return messages.map((message) => chatMessage(message, message.isRead, users));
  }
}
