import { Injectable } from '@nestjs/common';
import { AttachmentLinks } from '../../attachments/serving/attachment-urls.js';
import { DomainError, type ErrorCode, invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import type { CreatedMessage } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import type { ConversationBrief, MessageView } from '../../views/messages.view.js';
import { briefOf } from '../reading/conversation-brief.js';
import { MessagesRepository } from '../reading/messages.repository.js';
import { quotationCopies, unavailableQuotation } from '../reading/quotation.js';
import { MessageDrafts, type SendMessage } from './message-drafts.js';
import { type MessageDraft, MessageWriter, type WriteOutcome } from './message-writer.js';
import { UnsettledSends } from './unsettled-sends.js';

export interface SentMessage {
  message: MessageView;
  conversation: ConversationBrief;
  /** It was stored before, by an earlier send with the same client id: nobody is sent it again. */
  isRepeat?: true;
}

/** Refusals for what a send says, which a repeat is not judged by. */
const JUDGEMENTS: ReadonlySet<ErrorCode> = new Set([
  'VALIDATION_FAILED',
  'NOT_FOUND',
  'CANNOT_MESSAGE',
  'CANNOT_MESSAGE_SELF',
]);

/** Sending; the one path for every door (contract, section 5). */
@Injectable()
export class MessageSender {
  /** Stored and acknowledged, not yet published: see `announce`. */
  private announcements: CreatedMessage[] = [];

  constructor(
    private readonly drafts: MessageDrafts,
    private readonly writer: MessageWriter,
    private readonly repository: MessagesRepository,
    private readonly links: AttachmentLinks,
    private readonly events: EventBus,
    private readonly unsettled: UnsettledSends,
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

  /** The first half of a send, see `MessageDrafts`. */
  draft(principal: Principal, command: SendMessage): MessageDraft | Promise<MessageDraft> {
    return this.drafts.draft(principal, command);
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
        // Should what follows fail, it is published all the same.
        if (result.messageId === draft.id) this.unsettled.add(draft.id);
        return this.repeated(principal, result.messageId, connectionId);
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

  /**
   * Answers a send that is about to be refused where it is a repeat: that is answered whatever it says.
   * @param clientId as the client sent it.
   * @throws `refusal` where no message of the sender's has that client id.
   */
  async repeatOf(
    principal: Principal,
    clientId: unknown,
    refusal: unknown,
    connectionId?: string,
  ): Promise<SentMessage> {
    if (!this.mayBeRepeat(clientId, refusal)) throw refusal;
    const messageId = await this.repository.idOfSent(principal.userId, clientId);
    if (messageId === undefined) throw refusal;
    return this.repeated(principal, messageId, connectionId);
  }

  /** Whether it is worth asking: what is refused for now may be sent again. */
  mayBeRepeat(clientId: unknown, refusal: unknown): clientId is string {
    const isJudgement = refusal instanceof DomainError && JUDGEMENTS.has(refusal.code);
    return isJudgement && typeof clientId === 'string' && UUID_PATTERN.test(clientId);
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
   * A repeat answers the message as it is stored. Where that message is the draft itself, or one that was refused since the
   * database did not answer, it was committed behind our back, and nobody has been sent it yet.
   */
  private async repeated(
    principal: Principal,
    messageId: string,
    connectionId: string | undefined,
  ): Promise<SentMessage> {
    const message = await this.load(principal, messageId);
    const sent = { message, conversation: briefOf(message) };
    if (!this.unsettled.has(messageId)) return { ...sent, isRepeat: true };
    const [whole] = await this.repository.byIds(null, [messageId]);
    const limits = await this.repository.quotationLimits(messageId);
    // Of several repeats, and whoever looks for it, one publishes it.
    if (!this.unsettled.take(messageId)) return { ...sent, isRepeat: true };
    this.announce({ ...sent, message: whole ?? message, connectionId, limits });
    return sent;
  }

  /**
   * Publishes to the others, after the sender has its acknowledgement: the acknowledgement is given in the microtasks that
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

  /** As its sender sees it now; to one who may no longer read it, what it sent itself and nothing that others made of it since. */
  private async load({ userId }: Principal, messageId: string): Promise<MessageView> {
    const visible = await this.repository.findVisible(userId, messageId);
    if (visible !== undefined) return visible;
    const [message] = await this.repository.byIds(userId, [messageId]);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    const { replyTo } = message;
    const own = { ...message, version: 1, reactions: [], replyTo: replyTo && unavailableQuotation(replyTo) };
    delete own.linkPreview;
    return own;
  }
}
