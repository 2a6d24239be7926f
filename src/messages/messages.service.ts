import { Injectable } from '@nestjs/common';
import { AttachmentLinks } from '../attachments/serving/attachment-urls.js';
import { type ExternalFile, kindOfMessage, MAX_ATTACHMENTS } from '../attachments/attachment.js';
import { safeFileName } from '../attachments/uploads/file-name.js';
import { AttachmentsService } from '../attachments/attachments.service.js';
import type { AttachmentView } from '../attachments/attachments.view.js';
import { Clock } from '../common/clock.js';
import { DomainError, invalidField } from '../common/errors.js';
import { newId } from '../common/identifier.js';
import { preview } from '../common/text/preview.js';
import type { Principal } from '../common/principal.js';
import { showsSomething } from '../common/text/visible-text.js';
import { ConversationAccess, type Membership } from '../conversations/conversation-access.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Database, type Transaction } from '../database/database.js';
import type { CreatedMessage } from '../events/domain-events.js';
import { EventBus } from '../events/event-bus.js';
import { Contacts } from '../friends/contacts.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import type { HistoryQuery } from './dto/messages.dto.js';
import { lockUsers } from '../users/locked-users.js';
import { historyRange } from './reading/history-range.js';
import { type MessageDraft, MessageWriter, type WriteOutcome } from './sending/message-writer.js';
import { MessagesRepository } from './reading/messages.repository.js';
import type { ConversationBrief, MessagePage, MessageView } from './messages.view.js';
import { quotationCopies } from './reading/quotation.js';
import { foldText } from '../common/text/fold-text.js';
import { indexedText } from './search/search-text.js';
import { MAX_REACTIONS, normalReaction } from './changes/reaction.js';

/** How long after its creation a message may be edited. */
const EDIT_WINDOW_MS = 15 * 60 * 1000;

/** A send, from whichever door. Exactly one of `conversationId` and `receiverId` is given. */
export interface SendMessage {
  conversationId?: string | undefined;
  receiverId?: string | undefined;
  /** May be missing where something is attached. */
  content?: string | null | undefined;
  /** Uploads of the sender's own. */
  attachmentIds?: readonly string[] | null | undefined;
  /** Files kept elsewhere. */
  attachments?: readonly (Pick<ExternalFile, 'url' | 'kind'> & Partial<ExternalFile>)[] | null | undefined;
  clientId?: string | null | undefined;
  replyToId?: string | null | undefined;
  /** The connection it came over. */
  connectionId?: string | undefined;
}

export interface SentMessage {
  message: MessageView;
  conversation: ConversationBrief;
  /** It was stored before, by an earlier send with the same client id: nobody is told of it again. */
  isRepeat?: true;
}

export interface WrittenQuery {
  limit: number;
  /** Before this sequence number. */
  before?: number | undefined;
  /** The newest so many are left out. */
  skip?: number | undefined;
}

/** In ascending order. */
export interface WrittenPage {
  items: MessageView[];
  hasBefore: boolean;
}

/** Sending, reading and changing messages; the one path for every door (contract, section 5). */
@Injectable()
export class MessagesService {
  /** Stored and acknowledged, not yet told: see `announce`. */
  private announcements: CreatedMessage[] = [];

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly events: EventBus,
    private readonly limiter: RateLimiter,
    private readonly contacts: Contacts,
    private readonly conversations: ConversationsService,
    private readonly access: ConversationAccess,
    private readonly writer: MessageWriter,
    private readonly repository: MessagesRepository,
    private readonly attachments: AttachmentsService,
    private readonly links: AttachmentLinks,
  ) {}

  /**
   * Stores a message and answers it once it is committed. Membership and blocks are checked by the storing statement
   * itself, under the conversation's lock: there is no moment at which a removed member still gets one in.
   *
   * @throws DomainError what `draft` and `store` throw.
   */
  async send(principal: Principal, command: SendMessage): Promise<SentMessage> {
    return this.store(principal, await this.draft(principal, command), command.connectionId);
  }

  /**
   * The first half of a send: finds out where it goes and what it carries. Answers at once where nothing has to be
   * looked up, so that such sends keep their order by themselves.
   * @throws DomainError NOT_FOUND, CANNOT_MESSAGE, CANNOT_MESSAGE_SELF (`receiverId`), VALIDATION_FAILED
   *   (`attachments`), RATE_LIMITED, UNAVAILABLE.
   */
  draft(principal: Principal, command: SendMessage): MessageDraft | Promise<MessageDraft> {
    const counted = this.limiter.consume('messages', principal.userId);
    const { conversationId } = command;
    const isPlain = (command.attachmentIds ?? []).length === 0 && (command.attachments ?? []).length === 0;
    if (counted === undefined && conversationId !== undefined && isPlain)
      return draftOf(principal, command, conversationId, undefined);
    return this.lookedUpDraft(principal, command, counted, isPlain);
  }

  /**
   * The second half. Drafts of one conversation are stored in the order of these calls.
   * @param connectionId the connection it came over.
   * @throws DomainError NOT_FOUND, CANNOT_MESSAGE, VALIDATION_FAILED (`replyToId`, `attachmentIds`), OVERLOADED,
   *   UNAVAILABLE.
   */
  async store(principal: Principal, draft: MessageDraft, connectionId?: string): Promise<SentMessage> {
    const result = await this.writer.store(draft);
    switch (result.outcome) {
      case 'stored':
        return this.stored(draft, result, connectionId);
      case 'repeated':
        return this.repeated(principal, draft, result.messageId, connectionId);
      case 'reply_unknown':
        throw invalidField('replyToId', 'replyToId names no message of this conversation');
      case 'attachment_unknown':
        throw invalidField('attachmentIds', 'attachmentIds must name uploads of your own that no message uses yet');
      case 'refused':
        throw new DomainError('CANNOT_MESSAGE');
      case 'not_found':
        throw new DomainError('NOT_FOUND');
    }
  }

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

  async view(principal: Principal, messageId: string): Promise<MessageView> {
    await this.visible(principal, messageId);
    return this.load(principal, messageId);
  }

  /** What is written in a conversation and still there for the caller, a page of it ascending. */
  async written(
    principal: Principal,
    conversationId: string,
    { limit, before, skip = 0 }: WrittenQuery,
  ): Promise<WrittenPage> {
    const { visibleFromSeq, lastSeq } = await this.access.membership(principal, conversationId);
    const visible = { from: visibleFromSeq, before: Math.min(before ?? lastSeq + 1, lastSeq + 1) };
    const rows = await this.repository.written(principal.userId, conversationId, visible, limit + 1, skip);
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
    const { attachments } = await this.view(principal, file.messageId);
    const view = attachments.find(({ id }) => id === attachmentId);
    // Deleted, for everybody or for the caller alone.
    if (view === undefined) throw new DomainError('NOT_FOUND');
    return view;
  }

  /** @throws DomainError NOT_FOUND, FORBIDDEN (not one's own), EDIT_WINDOW_CLOSED, MESSAGE_DELETED, CANNOT_MESSAGE. */
  async edit(principal: Principal, messageId: string, content: string): Promise<MessageView> {
    const membership = await this.visible(principal, messageId);
    await this.limiter.consume('messages', principal.userId);
    await this.assertMayWrite(principal, membership);
    const changed = await this.database.transaction(async (transaction) => {
      const message = await this.locked(transaction, principal, messageId);
      if (message.senderId !== principal.userId || message.kind === 'SYSTEM') throw new DomainError('FORBIDDEN');
      if (message.deletedAt !== null) throw new DomainError('MESSAGE_DELETED');
      if (this.clock.now() - Date.parse(message.createdAt) > EDIT_WINDOW_MS)
        throw new DomainError('EDIT_WINDOW_CLOSED');
      if (message.content === content) return false;
      await transaction.query(
        `UPDATE messages SET content = $2, version = version + 1, edited_at = now() WHERE id = $1`,
        [messageId, content],
      );
      await transaction.query(
        'UPDATE conversations SET last_message = left($2, 200) WHERE id = $3 AND last_message_id = $1',
        [messageId, content, message.conversationId],
      );
      await this.rewriteSearch(transaction, message, content);
      return true;
    });
    return changed ? this.announceChange(principal, messageId, false) : this.load(principal, messageId);
  }

  /** Empties a message for everybody: one's own, or as a group's owner or admin any. A second time changes nothing. */
  async deleteForEveryone(principal: Principal, messageId: string): Promise<MessageView> {
    const membership = await this.visible(principal, messageId);
    const changed = await this.database.transaction(async (transaction) => {
      const message = await this.locked(transaction, principal, messageId);
      const moderates = membership.type === 'GROUP' && membership.role !== 'MEMBER';
      if (message.kind === 'SYSTEM' || (message.senderId !== principal.userId && !moderates))
        throw new DomainError('FORBIDDEN');
      const deleted = await transaction.query(
        `UPDATE messages SET content = NULL, attachments = NULL, reply_to_id = NULL, version = version + 1, deleted_at = now()
         WHERE id = $1 AND deleted_at IS NULL RETURNING id`,
        [messageId],
      );
      if (deleted.length === 0) return false;
      await transaction.query('DELETE FROM message_reactions WHERE message_id = $1', [messageId]);
      await this.attachments.markPendingDeletionOfMessage(transaction, messageId);
      // Also where it was not the newest: the conversation's unread count may have changed, and sync tells it then.
      await transaction.query(
        `UPDATE conversations SET last_message = CASE WHEN last_message_id = $1 THEN NULL ELSE last_message END
         WHERE id = $2`,
        [messageId, message.conversationId],
      );
      await this.rewriteSearch(transaction, message, '');
      return true;
    });
    if (!changed) return this.load(principal, messageId);
    this.attachments.sweep();
    return this.announceChange(principal, messageId, true);
  }

  /** Empties a message for the caller alone, on all its devices. */
  async deleteForMe(principal: Principal, messageId: string): Promise<MessageView> {
    const membership = await this.visible(principal, messageId);
    const hidden = await this.database.query(
      // The membership is stamped, so that sync tells the unread count anew.
      `WITH hidden AS (
         INSERT INTO hidden_messages (message_id, user_id, conversation_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING RETURNING message_id
       ), stamped AS (
         UPDATE conversation_members SET changed_xid = pg_current_xact_id()
         WHERE conversation_id = $3 AND user_id = $2 AND EXISTS (SELECT 1 FROM hidden)
       )
       SELECT message_id FROM hidden`,
      [messageId, principal.userId, membership.conversationId],
    );
    const message = await this.load(principal, messageId);
    if (hidden.length > 0) this.events.publish('message.hidden', { userId: principal.userId, message });
    return message;
  }

  /** Adds or takes back the caller's reaction. Repeating either changes nothing. */
  async react(principal: Principal, messageId: string, spelling: string, remove: boolean): Promise<MessageView> {
    const emoji = normalReaction(spelling);
    if (emoji === undefined) throw invalidField('emoji', 'emoji must be one emoji, or a name such as +1');
    const membership = await this.visible(principal, messageId);
    await this.limiter.consume('reactions', principal.userId);
    await this.assertMayWrite(principal, membership);
    const changed = await this.database.transaction(async (transaction) => {
      if ((await lockUsers(transaction, [principal.userId])).size === 0) throw new DomainError('UNAUTHORIZED');
      const message = await this.locked(transaction, principal, messageId);
      if (message.deletedAt !== null) throw new DomainError('MESSAGE_DELETED');
      const others = message.reactions.filter((reaction) => reaction.emoji !== emoji);
      if (!remove && others.length >= MAX_REACTIONS) throw new DomainError('TOO_MANY_REACTIONS');
      const rows = await transaction.query(
        remove
          ? 'DELETE FROM message_reactions WHERE message_id = $1 AND user_id = $2 AND emoji = $3 RETURNING emoji'
          : 'INSERT INTO message_reactions (message_id, user_id, emoji) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING emoji',
        [messageId, principal.userId, emoji],
      );
      if (rows.length === 0) return false;
      await transaction.query('UPDATE messages SET version = version + 1 WHERE id = $1', [messageId]);
      return true;
    });
    return changed ? this.announceChange(principal, messageId, false) : this.load(principal, messageId);
  }

  private async lookedUpDraft(
    principal: Principal,
    command: SendMessage,
    counted: void | Promise<void>,
    isPlain: boolean,
  ): Promise<MessageDraft> {
    await counted;
    const conversationId = command.conversationId ?? (await this.openDirect(principal, command));
    const attached = isPlain ? undefined : await this.attached(principal, command);
    return draftOf(principal, command, conversationId, attached);
  }

  private async attached(principal: Principal, command: SendMessage): Promise<MessageDraft['attached']> {
    const uploadIds = command.attachmentIds ?? [];
    const external = command.attachments ?? [];
    if (uploadIds.length + external.length > MAX_ATTACHMENTS)
      throw invalidField('attachments', `there must be at most ${MAX_ATTACHMENTS} attachments`);
    // Those that are not there are for the storing statement to refuse: a repeat is answered first.
    const uploads = uploadIds.length === 0 ? [] : await this.attachments.ofOwner(principal.userId, uploadIds);
    const attachments = [
      ...uploads,
      ...external.map(({ url, kind, name = null, size = null }) => ({
        ...{ url, kind, size },
        name: name === null ? null : safeFileName(name, undefined),
      })),
    ];
    return { kind: kindOfMessage(attachments), attachments, uploadIds };
  }

  private async openDirect(principal: Principal, command: SendMessage): Promise<string> {
    const { conversationId } = await this.conversations.openDirect(principal, command.receiverId ?? '');
    return conversationId;
  }

  private stored(
    draft: MessageDraft,
    stored: Extract<WriteOutcome, { outcome: 'stored' }>,
    connectionId: string | undefined,
  ): SentMessage {
    const message = this.messageOf(draft, stored);
    const sent = { message, conversation: briefOf(message) };
    const limits = stored.reply?.limits;
    this.announce({ ...sent, connectionId, begins: stored.begins, limits });
    // The sender may have deleted for itself what it answers.
    const own = limits && quotationCopies(message, limits).find(({ userIds }) => userIds.includes(draft.senderId));
    return own === undefined ? sent : { ...sent, message: own.message };
  }

  private messageOf(draft: MessageDraft, stored: Extract<WriteOutcome, { outcome: 'stored' }>): MessageView {
    const { reply } = stored;
    return {
      id: draft.id,
      conversationId: draft.conversationId,
      seq: stored.seq,
      version: 1,
      senderId: draft.senderId,
      clientId: draft.clientId === draft.id ? null : draft.clientId,
      kind: draft.attached?.kind ?? 'TEXT',
      content: draft.content,
      attachments: (draft.attached?.attachments ?? []).map((attachment) => this.links.view(attachment)),
      replyTo:
        reply === null || draft.replyToId === null
          ? null
          : {
              id: draft.replyToId,
              seq: reply.seq,
              senderId: reply.senderId,
              kind: reply.kind,
              content: reply.content,
              deletedAt: reply.deletedAt?.toISOString() ?? null,
            },
      reactions: [],
      createdAt: stored.createdAt.toISOString(),
      editedAt: null,
      deletedAt: null,
    };
  }

  /**
   * A repeat answers the message as it is stored. Where that message is the draft itself, the database had committed it
   * before the connection broke, and nobody has been told of it yet.
   */
  private async repeated(
    principal: Principal,
    draft: MessageDraft,
    messageId: string,
    connectionId: string | undefined,
  ): Promise<SentMessage> {
    const message = await this.load(principal, messageId);
    const sent = { message, conversation: briefOf(message) };
    if (messageId !== draft.id) return { ...sent, isRepeat: true };
    const [whole] = await this.repository.byIds(null, [messageId]);
    const limits = await this.repository.quotationLimits(messageId);
    this.announce({ ...sent, message: whole ?? message, connectionId, limits });
    return sent;
  }

  /**
   * Tells the others, after whoever sent it has its acknowledgement: the acknowledgement is given in the microtasks that
   * follow this return, the announcement once they are all done. One announcement for all of a batch.
   */
  private announce(created: CreatedMessage): void {
    if (this.announcements.length === 0) {
      process.nextTick(() => {
        const messages = this.announcements;
        this.announcements = [];
        this.events.publish('messages.created', { messages });
      });
    }
    this.announcements.push(created);
  }

  private async announceChange(principal: Principal, messageId: string, deleted: boolean): Promise<MessageView> {
    const [own, [message], reactorIds, hiddenAt, quotationHiddenAt] = await Promise.all([
      this.load(principal, messageId),
      this.repository.byIds(null, [messageId]),
      this.repository.reactors(messageId),
      this.repository.hiddenAt(messageId),
      this.repository.quotationHiddenAt(messageId),
    ]);
    if (message !== undefined)
      this.events.publish('message.changed', { message, deleted, reactorIds, hiddenAt, quotationHiddenAt });
    return own;
  }

  private async load(principal: Principal, messageId: string): Promise<MessageView> {
    const [message] = await this.repository.byIds(principal.userId, [messageId]);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    return message;
  }

  /** @throws DomainError NOT_FOUND unless the caller is a member now and may see this far back. */
  private async visible(principal: Principal, messageId: string): Promise<Membership> {
    const location = await this.repository.locate(messageId);
    if (location === undefined) throw new DomainError('NOT_FOUND');
    const membership = await this.access.membership(principal, location.conversationId);
    if (location.seq < membership.visibleFromSeq) throw new DomainError('NOT_FOUND');
    return membership;
  }

  private async assertMayWrite(principal: Principal, { peerId }: Membership): Promise<void> {
    if (peerId !== null && !(await this.contacts.mayMessage(principal.userId, peerId)))
      throw new DomainError('CANNOT_MESSAGE');
  }

  /** Changes of one message happen one after the other; lock first, read after. */
  private async locked(transaction: Transaction, principal: Principal, messageId: string): Promise<MessageView> {
    await transaction.query('SELECT 1 FROM messages WHERE id = $1 FOR UPDATE', [messageId]);
    const [message] = await this.repository.byIds(principal.userId, [messageId], transaction);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    return message;
  }

  /** Written also where the message is not indexed yet: the indexer keeps what it finds. */
  private async rewriteSearch(transaction: Transaction, message: MessageView, content: string): Promise<void> {
    await transaction.query(
      `INSERT INTO message_search (message_id, conversation_id, seq, folded) VALUES ($1, $2, $3, $4)
       ON CONFLICT (message_id) DO UPDATE SET folded = excluded.folded`,
      [message.id, message.conversationId, message.seq, indexedText(foldText(content))],
    );
  }
}

function draftOf(
  { userId }: Principal,
  { clientId, content, replyToId }: SendMessage,
  conversationId: string,
  attached: MessageDraft['attached'],
): MessageDraft {
  const id = newId();
  return {
    id,
    conversationId,
    senderId: userId,
    clientId: clientId ?? id,
    content: textOf(content),
    replyToId: replyToId ?? null,
    attached,
  };
}

/** What shows nothing is no text: beside attachments they may be sent, and are left out. */
function textOf(content: string | null | undefined): string {
  return content === undefined || content === null || !showsSomething(content) ? '' : content;
}

/** The conversation as this message, its newest, leaves it. */
function briefOf(message: MessageView): ConversationBrief {
  return {
    id: message.conversationId,
    lastMessage: message.content === null ? null : preview(message.content),
    lastMessageAt: message.createdAt,
    lastSeq: message.seq,
  };
}
