import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { Database, type Transaction } from '../../database/database.js';
import { MessageChanges } from '../../messages/changes/message-changes.js';
import type { MessageView } from '../../views/messages.view.js';
import { Accounts } from '../../users/accounts/accounts.js';
import type { Announce } from './account-acts.js';
import { type Actor, requireMayAct } from './actor.js';

/** What moderators do to messages, of conversations that they need not be members of. */
@Injectable()
export class MessageActs {
  constructor(
    private readonly database: Database,
    private readonly changes: MessageChanges,
    private readonly accounts: Accounts,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Empties a message for everybody. A second time changes nothing. Returns what is left of it.
   * @throws DomainError NOT_FOUND, FORBIDDEN (its own; a moderator's or an administrator's by a moderator; what the server wrote)
   */
  async delete(actor: Actor, messageId: string, reason: string): Promise<MessageView> {
    const senderId = await this.changes.senderOf(messageId);
    if (senderId === undefined) throw new DomainError('NOT_FOUND');
    const announce = await this.database.transaction(async (transaction) => {
      const ids = actor.userId === null ? [senderId] : [senderId, actor.userId];
      const standings = await this.accounts.lockStandings(transaction, ...ids);
      const standing = actor.userId === null ? undefined : standings.get(actor.userId);
      const sender = standings.get(senderId);
      // Whose account was deleted has no role any more, and its messages are still there.
      const target = sender ?? { ...NOBODY, id: senderId };
      requireMayAct(actor, standing, target, this.clock.now());
      return this.deleteWithin(transaction, actor, messageId, reason);
    });
    announce?.();
    return this.changes.plainView(messageId);
  }

  /** Within a transaction that locked both and found that the actor may. */
  async deleteWithin(
    transaction: Transaction,
    { userId, ipAddress }: Actor,
    messageId: string,
    reason: string,
  ): Promise<Announce | undefined> {
    const announce = await this.changes.deleteWithin(transaction, messageId);
    if (announce === undefined) return undefined;
    await this.audit.record(transaction, {
      actorId: userId,
      action: 'message.delete',
      targetType: 'message',
      targetId: messageId,
      reason,
      ip: ipAddress,
    });
    return announce;
  }
}

const NOBODY = {
  role: 'USER',
  email: null,
  suspendedAt: null,
  suspendedUntil: null,
  suspensionReason: null,
} as const;
