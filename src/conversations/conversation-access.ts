import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/access/principal.js';
import type { Transaction } from '../database/database.js';
import { ConversationsRepository, type Membership } from './conversations.repository.js';

/** In conversations with more members, receipts and typing are not shown live (contract, section 6). */
export const MAX_LIVE_AUDIENCE = 100;

/**
 * SQL: joins the membership of a reader, as `own`, and leaves only the messages of conversations it is a member of now that
 * it may see.
 * @param reader an expression of type uuid
 * @param message alias of a row of `messages`
 */
export function visibleTo(reader: string, message: string): string {
  return `JOIN conversation_members own ON own.conversation_id = ${message}.conversation_id AND own.user_id = ${reader}
    AND own.left_at IS NULL AND own.visible_from_seq <= ${message}.seq`;
}

/** The one place that says who may see a conversation. */
@Injectable()
export class ConversationAccess {
  constructor(private readonly repository: ConversationsRepository) {}

  /**
   * The caller's membership.
   * @throws DomainError NOT_FOUND for whoever is no member, whether or not the conversation exists.
   */
  async membership(principal: Principal, conversationId: string): Promise<Membership> {
    return required(await this.repository.findMembership(conversationId, principal.userId));
  }

  /**
   * The same under the conversation's lock: nobody joins, leaves or writes until the transaction ends.
   * @throws DomainError NOT_FOUND for whoever is no member, whether or not the conversation exists.
   */
  async lockMembership(transaction: Transaction, principal: Principal, conversationId: string): Promise<Membership> {
    // Lock first and read after: the second statement's snapshot then sees what the one who held the lock before wrote.
    await this.repository.lock(transaction, conversationId);
    return required(await this.repository.findMembership(conversationId, principal.userId, transaction));
  }

  /**
   * Who of those who are there must get no event of what happens to the message with this sequence number, although its
   * sockets may still be or be again in the conversation's room: it left (`leftIds`), or joined after it. Of the others, those among
   * `userIds` and those whose history begins after the message that it quotes (`quotationBlindIds`, part of `seeingIds`).
   * @param thereIds who may be sent something at all: of a large group, few
   */
  async audience(
    conversationId: string,
    seq: number,
    userIds: readonly string[],
    quotedSeq: number | undefined,
    thereIds: readonly string[],
  ): Promise<{
    blindIds: string[];
    leftIds: string[];
    /** From where on all read it who are among the blind and members: 0 where there are none. */
    firstSeq: number;
    seeingIds: string[];
    quotationBlindIds: string[];
  }> {
    const rows = await this.repository.limitedReaders(conversationId, seq, userIds, quotedSeq, thereIds);
    const seeing = rows.filter((row) => !row.isBlind);
    return {
      blindIds: rows.filter((row) => row.isBlind).map((row) => row.userId),
      leftIds: rows.filter((row) => row.hasLeft).map((row) => row.userId),
      firstSeq: Math.max(0, ...rows.map((row) => (row.isBlind && !row.hasLeft ? row.firstSeq : 0))),
      seeingIds: seeing.map((row) => row.userId),
      quotationBlindIds: seeing.filter((row) => row.isBlindToQuotation).map((row) => row.userId),
    };
  }

  /** Those of these users who are members now, with the first number that each reads. */
  membersAmong(conversationId: string, userIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.repository.membersAmong(conversationId, userIds);
  }

  /** Who is a member. For conversations that are known to be small. */
  memberIds(conversationId: string): Promise<string[]> {
    return this.repository.memberIds(conversationId, MAX_LIVE_AUDIENCE);
  }
}

function required(membership: Membership | undefined): Membership {
  if (membership === undefined) throw new DomainError('NOT_FOUND');
  return membership;
}
