import { Injectable } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import type { Variant } from '../../attachments/attachment.js';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { ConversationReader } from '../../conversations/reading/conversation-reader.js';
import { MessageReader } from '../../messages/reading/message-reader.js';
import { UsersService } from '../../users/users.service.js';
import {
  copiedMessage,
  type CopiedMessage,
  MESSAGES_OF_CONVERSATION,
  MESSAGES_ON_EITHER_SIDE,
  type ReportCopy,
  type ReportTarget,
} from './report.js';
import { ReportsRepository } from './reports.repository.js';
import type { ReportCopyView } from './reports.view.js';

/** What a report is about, and what its reporter is shown of it. */
export interface Reported {
  targetUserId: string | null;
  conversationId: string | null;
  copy: ReportCopy;
}

/** Makes the copies that reports keep: of what the reporter may see, and of nothing else. */
@Injectable()
export class ReportCopies {
  constructor(
    private readonly messages: MessageReader,
    private readonly conversations: ConversationReader,
    private readonly users: UsersService,
    private readonly attachments: AttachmentsService,
    private readonly reports: ReportsRepository,
  ) {}

  /**
   * @throws DomainError NOT_FOUND for what the reporter may not see; CANNOT_REPORT_SELF; MESSAGE_DELETED; FORBIDDEN (what the server
   *   wrote itself)
   */
  of(principal: Principal, targetType: ReportTarget, targetId: string): Promise<Reported> {
    if (targetType === 'message') return this.ofMessage(principal, targetId);
    return targetType === 'user' ? this.ofUser(principal, targetId) : this.ofConversation(principal, targetId);
  }

  /** With URLs of the files that are kept with it. */
  async view(reportId: string, { messages, users, conversation }: ReportCopy): Promise<ReportCopyView> {
    const kept = await this.attachments.keptBy(reportId);
    const urlOf = (id: string, variant: Variant): string => `/admin/reports/${reportId}/attachments/${id}/${variant}`;
    return {
      users,
      conversation,
      messages: messages.map((message) => ({
        ...message,
        attachments: message.attachments.map(({ id, kind, name, mimeType, url }) => {
          const file = id === null ? undefined : kept.get(id);
          const hasPictures = file !== undefined && (file.kind === 'IMAGE' || file.hasPoster);
          return {
            id,
            kind,
            name,
            mimeType,
            size: file?.size ?? null,
            url: file === undefined ? url : urlOf(file.id, 'original'),
            thumbnailUrl: file === undefined || !hasPictures ? null : urlOf(file.id, '320'),
          };
        }),
      })),
    };
  }

  private async ofMessage(principal: Principal, messageId: string): Promise<Reported> {
    const { conversationId, seq, senderId, kind, deletedAt } = await this.messages.view(principal, messageId);
    if (senderId === principal.userId) throw new DomainError('CANNOT_REPORT_SELF');
    if (kind === 'SYSTEM') throw new DomainError('FORBIDDEN');
    const page = await this.messages.history(principal, conversationId, {
      around: seq,
      limit: MESSAGES_OF_CONVERSATION,
    });
    const near = page.items.filter((message) => Math.abs(message.seq - seq) <= MESSAGES_ON_EITHER_SIDE);
    // Asked again where it was deleted between the two reads: a report without what it is about is worth nothing.
    if (deletedAt !== null || near.find(({ id }) => id === messageId)?.deletedAt !== null)
      throw new DomainError('MESSAGE_DELETED');
    return {
      targetUserId: senderId,
      conversationId,
      copy: await this.copy(principal, near.map(copiedMessage), conversationId, [senderId]),
    };
  }

  private async ofUser(principal: Principal, userId: string): Promise<Reported> {
    if (userId === principal.userId) throw new DomainError('CANNOT_REPORT_SELF');
    // A user who blocks those whom it has harassed is reported nevertheless.
    if (!(await this.reports.haveMet(principal.userId, userId))) await this.users.get(principal, userId);
    return {
      targetUserId: userId,
      conversationId: null,
      copy: await this.copy(principal, [], null, [userId]),
    };
  }

  private async ofConversation(principal: Principal, conversationId: string): Promise<Reported> {
    const conversation = await this.conversations.view(principal, conversationId);
    const page = await this.messages.history(principal, conversationId, { limit: MESSAGES_OF_CONVERSATION });
    const peer =
      conversation.type === 'DIRECT'
        ? conversation.members.find(({ user }) => user.id !== principal.userId)?.user.id
        : undefined;
    return {
      targetUserId: peer ?? null,
      conversationId,
      copy: await this.copy(principal, page.items.map(copiedMessage), conversationId, peer === undefined ? [] : [peer]),
    };
  }

  private async copy(
    principal: Principal,
    messages: CopiedMessage[],
    conversationId: string | null,
    concernedIds: readonly string[],
  ): Promise<ReportCopy> {
    const userIds = [...new Set([...concernedIds, ...messages.map(({ senderId }) => senderId)])];
    const [users, conversation] = await Promise.all([
      this.users.viewsOf(userIds),
      conversationId === null ? undefined : this.conversations.view(principal, conversationId),
    ]);
    return {
      messages,
      users: [...users.values()].map(({ id, username, displayName }) => ({ id, username, displayName })),
      conversation:
        conversation === undefined
          ? null
          : {
              id: conversation.id,
              type: conversation.type,
              title: conversation.title,
              memberCount: conversation.memberCount,
            },
    };
  }
}
