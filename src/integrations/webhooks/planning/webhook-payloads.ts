import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../../database/database.js';
import { MessageReader } from '../../../messages/reading/message-reader.js';
import { type UserRow, userView } from '../../../views/users.view.js';
import type { WebhookEventType } from '../webhook-events.js';
import {
  type ConversationRow,
  type NotedEvent,
  type ReportRow,
  WebhookPlanningRepository,
} from './webhook-planning.repository.js';

/** Something that happened, as receivers are sent it. */
export interface Payload {
  type: WebhookEventType;
  /** When it happened. */
  at: Date;
  data: object;
  /** The user it is about, or whose message. */
  userId: string | null;
  /** The other one, where it shows two: it goes with the account of either. */
  otherUserId?: string | null;
}

/** A message that was written, changed or deleted. */
export interface MessageEvent {
  type: 'message.created' | 'message.updated' | 'message.deleted';
  messageId: string;
  at: Date;
}

/** What receivers are sent of what happened (docs/integrations.md): each thing as it is when this is written. */
@Injectable()
export class WebhookPayloads {
  constructor(
    private readonly repository: WebhookPlanningRepository,
    private readonly messages: MessageReader,
  ) {}

  /** In the same order. All that a moderation service needs: the text, URLs of files, who wrote it and where. */
  async ofMessages(transaction: Transaction, events: readonly MessageEvent[]): Promise<Payload[]> {
    if (events.length === 0) return [];
    const found = await this.messages.listPublished([...new Set(events.map(({ messageId }) => messageId))], {
      hasLimits: false,
    });
    const messages = new Map(found.map(({ created: { message } }) => [message.id, message]));
    const all = [...messages.values()];
    const users = await this.repository.users(transaction, unique(all.map(({ senderId }) => senderId)));
    const conversations = await this.repository.conversations(
      transaction,
      unique(all.map(({ conversationId }) => conversationId)),
    );
    return events.flatMap(({ type, messageId, at }) => {
      const message = messages.get(messageId);
      if (message === undefined) return [];
      const sender = shownUser(users.get(message.senderId));
      const conversation = shownConversation(conversations.get(message.conversationId));
      return [{ type, at, data: { message, sender, conversation }, userId: message.senderId }];
    });
  }

  async ofOthers(transaction: Transaction, events: readonly NotedEvent[]): Promise<Payload[]> {
    const ids = unique(
      events.flatMap(({ subjectId, userId }) => (userId === null ? [subjectId] : [subjectId, userId])),
    );
    const users = await this.repository.users(transaction, ids);
    const conversations = await this.repository.conversations(transaction, ids);
    const reports = await this.repository.reports(transaction, ids);
    return events.flatMap(({ type, subjectId, userId, at }): Payload[] => {
      const user = shownUser(users.get(userId ?? subjectId));
      const conversation = shownConversation(conversations.get(subjectId));
      switch (type) {
        case 'user.created':
        case 'user.deleted':
          return [{ type, at, data: { user }, userId: subjectId }];
        case 'friend.accepted':
          return [
            {
              type,
              at,
              data: { users: [shownUser(users.get(subjectId)), user] },
              userId: subjectId,
              otherUserId: userId,
            },
          ];
        case 'conversation.created':
          return [{ type, at, data: { conversation: withMembers(conversations.get(subjectId)) }, userId: null }];
        case 'member.joined':
        case 'member.left':
          return [{ type, at, data: { conversation, user }, userId }];
        case 'report.created':
          return [{ type, at, data: { report: shownReport(reports.get(subjectId)) }, userId }];
        default:
          return [];
      }
    });
  }
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

function shownUser(row: UserRow | undefined): object | null {
  return row === undefined ? null : userView(row);
}

function shownConversation(row: ConversationRow | undefined): object | null {
  if (row === undefined) return null;
  const { id, type, title, memberCount } = row;
  return { id, type, title, memberCount };
}

function shownReport(row: ReportRow | undefined): object | null {
  return row === undefined ? null : { ...row, createdAt: row.createdAt.toISOString() };
}

function withMembers(row: ConversationRow | undefined): object | null {
  if (row === undefined) return null;
  const { createdBy, createdAt, memberIds } = row;
  return { ...shownConversation(row), createdBy, createdAt: createdAt.toISOString(), memberIds };
}
