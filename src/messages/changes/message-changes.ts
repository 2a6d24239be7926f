import { Injectable, Logger } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { KeyedMutex } from '../../common/async/keyed-mutex.js';
import { Clock } from '../../common/clock.js';
import { DomainError, invalidField } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { countMessage } from '../../limits/rates/message-limit.js';
import { Database, type Transaction } from '../../database/database.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { RowTurns } from '../../limits/writes/row-turns.js';
import { LinkPreviews } from '../links/link-previews.js';
import type { MessageView } from '../../views/messages.view.js';
import { textOf } from '../sending/message-drafts.js';
import { ChangedMessages } from './changed-messages.js';
import { type ChangeableMessage, type EmptiedMessage, MessageChangesRepository } from './message-changes.repository.js';
import { MAX_REACTIONS, normalReaction } from './reaction.js';

/** How long after its creation a message may be edited. */
const EDIT_WINDOW_MS = 15 * 60 * 1000;
/** An edit is judged anew where the message, or whether its sender may write, changed between its judgement and its statement. */
const MAX_EDIT_ATTEMPTS = 3;

/** Edits, deletions and reactions (contract, section 5). */
@Injectable()
export class MessageChanges {
  private readonly logger = new Logger(MessageChanges.name);
  /** By user: where its row is locked, one of its reactions waits for that with a connection, and the others without. */
  private readonly reactionTurns = new KeyedMutex();
  private readonly messageTurns = new RowTurns();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly limiter: RateLimiter,
    private readonly attachments: AttachmentsService,
    private readonly changed: ChangedMessages,
    private readonly repository: MessageChangesRepository,
    private readonly links: LinkPreviews,
  ) {}

  /**
   * @throws DomainError NOT_FOUND, FORBIDDEN (not one's own), EDIT_WINDOW_CLOSED, MESSAGE_DELETED, CANNOT_MESSAGE,
   *   VALIDATION_FAILED (`content`) for a text of which nothing can be seen, unless something is attached.
   */
  async edit(principal: Principal, messageId: string, text: string): Promise<MessageView> {
    const content = textOf(text);
    let message = await this.changed.requireVisible(principal, messageId);
    await countMessage(this.limiter, principal);
    for (let attempt = 1; attempt <= MAX_EDIT_ATTEMPTS; attempt += 1) {
      this.assertMayEdit(principal, message);
      // What something is attached to is of its kind.
      if (content === '' && message.kind === 'TEXT') throw invalidField('content', 'content must not be blank');
      if (message.content === content) return this.changed.view(principal, messageId);
      if (await this.repository.edit(principal.userId, messageId, content, this.links.linkIn(content))) {
        const edited = await this.changed.publish(principal, message, false);
        this.links.edited(edited);
        return edited;
      }
      message = await this.changed.requireVisible(principal, messageId);
    }
    throw new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 });
  }

  /** Empties a message for everybody: one's own, or as a group's owner or admin any. A second time changes nothing. */
  async deleteForEveryone(principal: Principal, messageId: string): Promise<MessageView> {
    const message = await this.changed.requireVisible(principal, messageId);
    assertMayDelete(principal, message);
    const emptied = await this.database.transaction(async (transaction) => {
      const result = await this.emptyWithin(transaction, message);
      // A user who deletes what another wrote may have left, or lost the role, while this waited; it could not be undone.
      if (message.senderId !== principal.userId)
        assertMayDelete(principal, await this.changed.requireVisible(principal, messageId, transaction));
      return result;
    });
    if (emptied === undefined) return this.changed.view(principal, messageId);
    if (emptied.hadAttachments) this.attachments.sweep();
    return this.changed.publish(principal, message, true);
  }

  /** The sender of a message; undefined where there is none. For whoever may act upon any. */
  async senderOf(messageId: string): Promise<string | undefined> {
    return (await this.repository.findAny(messageId))?.senderId;
  }

  /** What there is of a message now, for nobody in particular. @throws DomainError NOT_FOUND */
  plainView(messageId: string): Promise<MessageView> {
    return this.changed.plainView(messageId);
  }

  /**
   * Empties any message within the caller's transaction; whether the caller may, it has decided itself. Returns what is to be called
   * after the commit; undefined where it was deleted before.
   * @throws DomainError NOT_FOUND, FORBIDDEN (what the server wrote itself)
   */
  async deleteWithin(transaction: Transaction, messageId: string): Promise<(() => void) | undefined> {
    const message = await this.repository.findAny(messageId, transaction);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    if (message.kind === 'SYSTEM') throw new DomainError('FORBIDDEN');
    const emptied = await this.emptyWithin(transaction, message);
    if (emptied === undefined) return undefined;
    return () => {
      if (emptied.hadAttachments) this.attachments.sweep();
      this.changed
        .publish({ userId: message.senderId }, message, true)
        .catch((error: unknown) => this.logger.error(`a deletion was not published: ${(error as Error).message}`));
    };
  }

  /** Undefined where it was deleted before. */
  private async emptyWithin(
    transaction: Transaction,
    message: EmptiedMessage,
  ): Promise<{ hadAttachments: boolean } | undefined> {
    const emptied = await this.repository.empty(transaction, message.id);
    if (emptied === undefined) return undefined;
    if (emptied.hadAttachments) await this.attachments.markPendingDeletionOfMessage(transaction, message.id);
    await this.repository.forgetContent(transaction, message);
    return emptied;
  }

  /** Empties a message for the caller alone, on all its devices. */
  async deleteForMe(principal: Principal, messageId: string): Promise<MessageView> {
    const message = await this.changed.requireVisible(principal, messageId);
    const isHidden = await this.repository.hide(principal.userId, message);
    return isHidden ? this.changed.publishHidden(principal, message) : this.changed.view(principal, messageId);
  }

  /**
   * Adds or takes back the caller's reaction. Repeating either changes nothing.
   * @throws DomainError VALIDATION_FAILED (`emoji`), NOT_FOUND, MESSAGE_DELETED, TOO_MANY_REACTIONS, CANNOT_MESSAGE.
   */
  async react(principal: Principal, messageId: string, spelling: string, remove: boolean): Promise<MessageView> {
    const emoji = normalReaction(spelling);
    if (emoji === undefined) throw invalidField('emoji', 'emoji must be one emoji, or a name such as +1');
    const message = await this.changed.requireVisible(principal, messageId);
    await this.limiter.consume('reactions', principal.userId);
    if (!message.mayWrite) throw new DomainError('CANNOT_MESSAGE');
    const reaction = { messageId, userId: principal.userId, emoji };
    const work = async (transaction: Transaction): Promise<boolean> => {
      const locked = await this.repository.lockForReaction(transaction, principal.userId, messageId);
      if (locked === undefined) throw new DomainError('UNAUTHORIZED');
      if (locked.isDeleted || message.isDeleted) throw new DomainError('MESSAGE_DELETED');
      const result = remove
        ? await this.repository.removeReaction(transaction, reaction)
        : await this.repository.addReaction(transaction, reaction, MAX_REACTIONS);
      // It was removed, or blocked, while this waited for the message.
      if (result === undefined) {
        const isVisible = (await this.repository.find(principal.userId, messageId, transaction)) !== undefined;
        throw new DomainError(isVisible ? 'CANNOT_MESSAGE' : 'NOT_FOUND');
      }
      if (!remove && result.others >= MAX_REACTIONS) throw new DomainError('TOO_MANY_REACTIONS');
      return result.isChanged;
    };
    // Always the user's turn first: nobody waits for each other.
    const isChanged = await this.reactionTurns.run(principal.userId, () =>
      this.messageTurns.run(messageId, () => this.database.transaction(work)),
    );
    return isChanged ? this.changed.publish(principal, message, false) : this.changed.view(principal, messageId);
  }

  private assertMayEdit({ userId }: Principal, message: ChangeableMessage): void {
    if (!message.mayWrite) throw new DomainError('CANNOT_MESSAGE');
    if (message.senderId !== userId || message.kind === 'SYSTEM') throw new DomainError('FORBIDDEN');
    if (message.isDeleted) throw new DomainError('MESSAGE_DELETED');
    if (this.clock.now() - message.createdAt.getTime() > EDIT_WINDOW_MS) throw new DomainError('EDIT_WINDOW_CLOSED');
  }
}

function assertMayDelete({ userId }: Principal, message: ChangeableMessage): void {
  const moderates = message.conversationType === 'GROUP' && message.callerRole !== 'MEMBER';
  if (message.kind === 'SYSTEM' || (message.senderId !== userId && !moderates)) throw new DomainError('FORBIDDEN');
}
