import { Injectable } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import type { AttachmentView } from '../../views/attachments.view.js';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { ConversationAccess } from '../../conversations/conversation-access.js';
import type { CreatedMessage } from '../../events/domain-events.js';
import type { HistoryQuery } from '../dto/messages.dto.js';
import type { MessagePage, MessageView } from '../../views/messages.view.js';
import { briefOf } from './conversation-brief.js';
import { historyRange } from './history-range.js';
import { type PlacedMessage, MessagesRepository } from './messages.repository.js';

export type { PlacedMessage };

export interface WrittenQuery {
  limit: number;
  /** Before this sequence number. */
  before?: number | undefined;
  /** The newest so many are left out. */
  skip?: number | undefined;
}

/** A message that was read after it was published. */
export interface FoundMessage {
  created: CreatedMessage;
  /** Members who may not read it: their history begins later. */
  blindIds: readonly string[];
}

/** In ascending order. */
export interface WrittenPage {
  items: MessageView[];
  hasBefore: boolean;
}

/** Messages as the caller may see them. */
@Injectable()
export class MessageReader {
  constructor(
    private readonly access: ConversationAccess,
    private readonly repository: MessagesRepository,
    private readonly attachments: AttachmentsService,
  ) {}

  /** A page of history, ascending. One of very long messages is shorter than asked for. */
  async history(principal: Principal, conversationId: string, query: HistoryQuery): Promise<MessagePage> {
    const { visibleFromSeq, lastSeq } = await this.access.membership(principal, conversationId);
    const visible = { from: visibleFromSeq, to: lastSeq };
    const range = historyRange(query, visible);
    const items = await this.repository.range(principal.userId, conversationId, range);
    const from = items[0]?.seq ?? range.from;
    const to = items.at(-1)?.seq ?? range.to;
    return {
      items,
      hasBefore: visible.to >= visible.from && from > visible.from,
      hasAfter: Math.max(to, visible.from - 1) < visible.to,
    };
  }

  /** @throws DomainError NOT_FOUND unless the caller is a member now and may see this far back. */
  async view({ userId }: Principal, messageId: string): Promise<MessageView> {
    const message = await this.repository.findVisible(userId, messageId);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    return message;
  }

  /** Messages as the reader sees them, in no order. Checks no access: the caller has. */
  byIds(readerId: string, ids: readonly string[]): Promise<MessageView[]> {
    return this.repository.byIds(readerId, ids);
  }

  /** The messages of these conversations that a snapshot of the database did not see; at most `limit` of each. */
  createdSince(snapshot: string, conversationIds: readonly string[], limit: number): Promise<PlacedMessage[]> {
    return this.repository.createdSince(snapshot, conversationIds, limit);
  }

  /**
   * Messages as `messages.created` published them: for whoever may have missed that. In the order of these ids.
   * @param hasLimits false: without who may not read what they quote, which costs two statements for each that quotes
   */
  async listPublished(ids: readonly string[], { hasLimits = true } = {}): Promise<FoundMessage[]> {
    if (ids.length === 0) return [];
    const [views, blind] = await Promise.all([this.repository.byIds(null, ids), this.repository.blindTo(ids)]);
    const byId = new Map(views.map((view) => [view.id, view]));
    const found: FoundMessage[] = [];
    for (const id of ids) {
      const message = byId.get(id);
      if (message === undefined) continue;
      const limits = message.replyTo === null || !hasLimits ? undefined : await this.repository.quotationLimits(id);
      found.push({ created: { message, conversation: briefOf(message), limits }, blindIds: blind.get(id) ?? [] });
    }
    return found;
  }

  /** How many of these messages, from the first on, one answer may hold by their text; at least one. */
  fitting(ids: readonly string[]): Promise<number> {
    return this.repository.fitting(ids);
  }

  /** What is written in a conversation and still there for the caller, a page of it ascending. */
  async listWritten(
    principal: Principal,
    conversationId: string,
    { limit, before, skip = 0 }: WrittenQuery,
  ): Promise<WrittenPage> {
    const { visibleFromSeq, lastSeq } = await this.access.membership(principal, conversationId);
    const visible = { from: visibleFromSeq, before: Math.min(before ?? lastSeq + 1, lastSeq + 1) };
    const rows = await this.repository.listWritten(principal.userId, conversationId, visible, limit + 1, skip);
    return { items: rows.slice(0, limit).toReversed(), hasBefore: rows.length > limit };
  }

  /** How many of those, by others, the caller has not read; at most 1,000. */
  unread({ userId }: Principal, conversationId: string): Promise<number> {
    return this.repository.unread(userId, conversationId);
  }

  /** The newest of those of each of the caller's conversations, by conversation. */
  async newest({ userId }: Principal, conversations: readonly { id: string }[]): Promise<Map<string, MessageView>> {
    const messages = await this.repository.newest(
      userId,
      conversations.map(({ id }) => id),
    );
    return new Map(messages.map((message) => [message.conversationId, message]));
  }

  /** Messages of all the caller's direct conversations, the newest first; none that are deleted. */
  recentDirect({ userId }: Principal, limit: number, skip: number): Promise<MessageView[]> {
    return this.repository.recentDirect(userId, limit, skip);
  }

  /** @throws DomainError NOT_FOUND unless the caller may read its message, or it is its own and nothing uses it. */
  async attachment(principal: Principal, attachmentId: string): Promise<AttachmentView> {
    const file = await this.attachments.find(attachmentId);
    if (file.messageId === null) {
      if (file.ownerId !== principal.userId) throw new DomainError('NOT_FOUND');
      return this.attachments.view(file);
    }
    const { attachments, linkPreview } = await this.view(principal, file.messageId);
    if (linkPreview?.imageUrl?.startsWith(`/attachments/${attachmentId}/`) === true) return this.attachments.view(file);
    const view = attachments.find(({ id }) => id === attachmentId);
    // Deleted, for everybody or for the caller alone.
    if (view === undefined) throw new DomainError('NOT_FOUND');
    return view;
  }
}
