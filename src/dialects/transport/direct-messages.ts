import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { Page, PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import type { ConversationView } from '../../views/conversations.view.js';
import type { MessageView } from '../../views/messages.view.js';
import { ChatQueries } from '../../realtime/commands/chat-queries.js';
import type { UserView } from '../../views/users.view.js';

/** Which part of a conversation. */
type WrittenQuery = Parameters<ChatQueries['listWritten']>[2];

/** A message between two. */
export interface DirectMessage {
  message: MessageView;
  receiverId: string;
}

/** A message of history, and whether it was read when it was looked at. */
export interface ReadMessage extends DirectMessage {
  isRead: boolean;
}

export interface DirectPage {
  /** Ascending. */
  messages: ReadMessage[];
  hasBefore: boolean;
  /** The newest sequence number of the conversation. */
  lastSeq: number;
}

/** A conversation in a list. */
export interface DirectConversation {
  conversation: ConversationView;
  other: UserView | undefined;
  newest: ReadMessage | undefined;
}

/** What the dialects of two know of conversations: each is with one other user, and messages have a receiver. */
@Injectable()
export class DirectMessages {
  constructor(private readonly reads: ChatQueries) {}

  /** Undefined for what has no place in a dialect of two: groups, SYSTEM messages, what was deleted. */
  async of(message: MessageView): Promise<DirectMessage | undefined> {
    if (message.kind === 'SYSTEM' || message.deletedAt !== null) return undefined;
    const receiverId = await this.otherOf(message.conversationId, message.senderId);
    return receiverId === undefined ? undefined : { message, receiverId };
  }

  /** The other one of a direct conversation. */
  async otherOf(conversationId: string, userId: string): Promise<string | undefined> {
    const pair = await this.reads.pairOf(conversationId);
    return pair?.find((id) => id !== userId);
  }

  /** A page of what is written in a direct conversation, as it stood before anybody looked at it. */
  async page(principal: Principal, conversationId: string, query: WrittenQuery): Promise<DirectPage> {
    const { lastSeq, members } = await this.reads.conversation(principal, conversationId);
    const readUpTo = new Map(members.map(({ user, lastReadSeq }) => [user.id, lastReadSeq]));
    const { items, hasBefore } = await this.reads.listWritten(principal, conversationId, query);
    const direct = await Promise.all(items.map((message) => this.of(message)));
    return {
      lastSeq,
      hasBefore,
      messages: direct.flatMap((found) =>
        found === undefined ? [] : [{ ...found, isRead: (readUpTo.get(found.receiverId) ?? 0) >= found.message.seq }],
      ),
    };
  }

  /** The caller's conversations, the last active first, each with its newest message. */
  async conversations(principal: Principal, query: PageQuery): Promise<Page<DirectConversation>> {
    const { items, nextCursor } = await this.reads.directConversations(principal, query);
    const messages = await this.reads.newest(principal, items);
    const listed = items.map(async (conversation): Promise<DirectConversation> => {
      const { id, members } = conversation;
      const message = messages.get(id);
      const direct = message === undefined ? undefined : await this.of(message);
      const reader = members.find(({ user }) => user.id === direct?.receiverId);
      const other = members.find(({ user }) => user.id !== principal.userId)?.user;
      const newest = direct && { ...direct, isRead: (reader?.lastReadSeq ?? 0) >= direct.message.seq };
      return { conversation, other, newest };
    });
    return { items: await Promise.all(listed), nextCursor };
  }

  /** Where a message stands in a conversation. @throws DomainError NOT_FOUND also for one of another conversation */
  async position(principal: Principal, conversationId: string, messageId: string): Promise<number> {
    const message = await this.reads.message(principal, messageId);
    if (message.conversationId !== conversationId) throw new DomainError('NOT_FOUND');
    return message.seq;
  }

  /** Users by id, for what several receive: no presence. */
  usersNamed(userIds: readonly string[]): Promise<Map<string, UserView>> {
    return this.reads.usersNamed(userIds);
  }
}
