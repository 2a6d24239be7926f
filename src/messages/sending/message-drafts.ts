import { Injectable } from '@nestjs/common';
import { type ExternalFile, kindOfMessage, MAX_ATTACHMENTS } from '../../attachments/attachment.js';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { safeFileName } from '../../attachments/uploads/file-name.js';
import { DomainError, invalidField } from '../../common/errors.js';
import { newId, NIL_ID } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import { showsSomething } from '../../common/text/visible-text.js';
import { DirectConversationsService } from '../../conversations/direct/direct-conversations.service.js';
import { countMessage } from '../../limits/rates/message-limit.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { MessagesRepository } from '../reading/messages.repository.js';
import type { MessageDraft } from './message-writer.js';

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

/** Makes drafts of sends: counts them against the sender's limit, and finds out where they go and what they carry. */
@Injectable()
export class MessageDrafts {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly directConversations: DirectConversationsService,
    private readonly attachments: AttachmentsService,
    private readonly messages: MessagesRepository,
  ) {}

  /**
   * Returns at once where nothing has to be looked up, so that such sends keep their order by themselves.
   * @throws DomainError NOT_FOUND, CANNOT_MESSAGE, CANNOT_MESSAGE_SELF (`receiverId`), VALIDATION_FAILED
   *   (`attachments`), RATE_LIMITED, UNAVAILABLE.
   */
  draft(principal: Principal, command: SendMessage): MessageDraft | Promise<MessageDraft> {
    const counted = countMessage(this.limiter, principal);
    const { conversationId } = command;
    const isPlain = (command.attachmentIds ?? []).length === 0 && (command.attachments ?? []).length === 0;
    if (counted === undefined && conversationId !== undefined && isPlain)
      return draftOf(principal, command, conversationId, undefined);
    return this.lookedUpDraft(principal, command, counted, isPlain);
  }

  private async lookedUpDraft(
    principal: Principal,
    command: SendMessage,
    counted: void | Promise<void>,
    isPlain: boolean,
  ): Promise<MessageDraft> {
    await counted;
    const conversationId = command.conversationId ?? (await this.openDirect(principal, command));
    const attached = isPlain ? undefined : await this.resolveAttachments(principal, command);
    return draftOf(principal, command, conversationId, attached);
  }

  /** A repeat opens no conversation, whomever it names by now: refused like this, it is answered with what it repeats. */
  private async openDirect(principal: Principal, { receiverId = '', clientId }: SendMessage): Promise<string> {
    const known = await this.directConversations.find(principal, receiverId);
    if (known !== undefined) return known;
    const isRepeat =
      typeof clientId === 'string' && (await this.messages.idOfSent(principal.userId, clientId)) !== undefined;
    if (isRepeat) throw new DomainError('NOT_FOUND');
    const { conversationId } = await this.directConversations.open(principal, receiverId);
    return conversationId;
  }

  private async resolveAttachments(principal: Principal, command: SendMessage): Promise<MessageDraft['attached']> {
    const uploadIds = command.attachmentIds ?? [];
    const external = command.attachments ?? [];
    if (uploadIds.length + external.length > MAX_ATTACHMENTS)
      throw invalidField('attachments', `there must be at most ${MAX_ATTACHMENTS} attachments`);
    // Those that are not there are for the storing statement to refuse: a repeat is answered first.
    const uploads = uploadIds.length === 0 ? [] : await this.attachments.ofOwner(principal.userId, uploadIds);
    const attachments = [
      ...uploads,
      ...external.map(({ url, kind, name = null, size = null }) => ({
        url,
        kind,
        size,
        name: name === null ? null : safeFileName(name, undefined),
      })),
    ];
    // One that is stored meanwhile is not among what was read: with an id that nothing has, the statement refuses them all.
    const claimedIds = uploads.length < uploadIds.length ? [...uploadIds, NIL_ID] : uploadIds;
    return { kind: kindOfMessage(attachments), attachments, uploadIds: claimedIds };
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
export function textOf(content: string | null | undefined): string {
  return content === undefined || content === null || !showsSomething(content) ? '' : content;
}
