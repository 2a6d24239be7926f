import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { Database, type SqlExecutor } from '../database/database.js';
import type { ConversationType, MemberRole } from './conversations.view.js';

/** In conversations with more members, receipts and typing are not shown live (contract, section 6). */
export const MAX_LIVE_AUDIENCE = 100;

/** What a member may see and do in one conversation. */
export interface Membership {
  conversationId: string;
  type: ConversationType;
  role: MemberRole;
  /** How many members the conversation has. */
  memberCount: number;
  lastSeq: number;
  visibleFromSeq: number;
  /** Direct conversations only: the other member. */
  peerId: string | null;
}

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
  constructor(private readonly database: Database) {}

  /**
   * The caller's membership.
   * @param lock locks the conversation until the transaction `executor` ends: nobody joins, leaves or writes meanwhile.
   * @throws DomainError NOT_FOUND for whoever is no member, whether or not the conversation exists.
   */
  async membership(
    principal: Principal,
    conversationId: string,
    executor: SqlExecutor = this.database,
    lock = false,
  ): Promise<Membership> {
    // Lock first and read after: the second statement's snapshot then sees what the one who held the lock before wrote.
    if (lock) await executor.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [conversationId]);
    const [membership] = await executor.query<Membership>(
      `SELECT c.id AS "conversationId", c.type, m.role, c.member_count AS "memberCount", c.last_seq AS "lastSeq", m.visible_from_seq AS "visibleFromSeq",
         CASE WHEN c.low_id = $2 THEN c.high_id ELSE c.low_id END AS "peerId"
       FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.conversation_id = $1 AND m.user_id = $2 AND m.left_at IS NULL`,
      [conversationId, principal.userId],
      'conversation_membership',
    );
    if (membership === undefined) throw new DomainError('NOT_FOUND');
    return membership;
  }

  /**
   * Who of those who are there must get no event of what happens to the message with this sequence number, although its
   * sockets may still be or be again in the conversation's room: it left, or joined after it. Of the others, those among
   * `userIds` and those whose history begins after the message that it quotes (`quotationBlindIds`, part of `seeingIds`).
   * @param thereIds who may be sent something at all: of a large group, few
   */
  async audience(
    conversationId: string,
    seq: number,
    userIds: readonly string[],
    quotedSeq: number | undefined,
    thereIds: readonly string[],
  ): Promise<{ blindIds: string[]; seeingIds: string[]; quotationBlindIds: string[] }> {
    const rows = await this.database.query<{ userId: string; isBlind: boolean; isBlindToQuotation: boolean }>(
      `SELECT user_id AS "userId", left_at IS NOT NULL OR visible_from_seq > $2 AS "isBlind",
         visible_from_seq > COALESCE($4::integer, $2) AS "isBlindToQuotation"
       FROM conversation_members
       WHERE conversation_id = $1 AND user_id = ANY ($5)
         AND (left_at IS NOT NULL OR visible_from_seq > COALESCE($4::integer, $2) OR user_id = ANY ($3))`,
      [conversationId, seq, userIds, quotedSeq ?? null, thereIds],
      'conversation_audience',
    );
    const seeing = rows.filter((row) => !row.isBlind);
    return {
      blindIds: rows.filter((row) => row.isBlind).map((row) => row.userId),
      seeingIds: seeing.map((row) => row.userId),
      quotationBlindIds: seeing.filter((row) => row.isBlindToQuotation).map((row) => row.userId),
    };
  }

  /** Who is a member. For conversations that are known to be small. */
  async memberIds(conversationId: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT user_id AS id FROM conversation_members WHERE conversation_id = $1 AND left_at IS NULL LIMIT $2',
      [conversationId, MAX_LIVE_AUDIENCE],
      'conversation_member_ids',
    );
    return rows.map(({ id }) => id);
  }
}
