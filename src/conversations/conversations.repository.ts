import { Injectable } from '@nestjs/common';
import { Database, type SqlExecutor, type Transaction } from '../database/database.js';
import { EXPORT_PAGE } from '../users/personal-data/personal-data.js';
import type { ConversationType, MemberRole } from '../views/conversations.view.js';

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

/** A member's own settings; undefined: as they are. */
export interface OwnSettings {
  mutedUntil?: string | null | undefined;
  archived?: boolean | undefined;
  pinned?: boolean | undefined;
}

/** A member who must not receive all that an event shows. */
export interface LimitedReader {
  userId: string;
  hasLeft: boolean;
  firstSeq: number;
  /** To the message itself. */
  isBlind: boolean;
  isBlindToQuotation: boolean;
}

/** Memberships, whatever the conversation's type: who is a member, what it may see, and its own settings. */
@Injectable()
export class ConversationsRepository {
  constructor(private readonly database: Database) {}

  /** Locks a conversation until the transaction ends. What is read after it sees what the one who held it before wrote. */
  async lock(transaction: Transaction, conversationId: string): Promise<void> {
    await transaction.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [conversationId]);
  }

  /** Undefined for whoever is no member now. */
  async findMembership(
    conversationId: string,
    userId: string,
    executor: SqlExecutor = this.database,
  ): Promise<Membership | undefined> {
    const [membership] = await executor.query<Membership>(
      `SELECT c.id AS "conversationId", c.type, m.role, c.member_count AS "memberCount", c.last_seq AS "lastSeq", m.visible_from_seq AS "visibleFromSeq",
         CASE WHEN c.low_id = $2 THEN c.high_id ELSE c.low_id END AS "peerId"
       FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.conversation_id = $1 AND m.user_id = $2 AND m.left_at IS NULL`,
      [conversationId, userId],
      'conversation_membership',
    );
    return membership;
  }

  /**
   * Those among `thereIds` who left or joined after the message with this sequence number or, where it quotes one, after
   * that; and those among `userIds`, whatever they may see.
   */
  limitedReaders(
    conversationId: string,
    seq: number,
    userIds: readonly string[],
    quotedSeq: number | undefined,
    thereIds: readonly string[],
  ): Promise<LimitedReader[]> {
    return this.database.query<LimitedReader>(
      `SELECT user_id AS "userId", left_at IS NOT NULL AS "hasLeft", visible_from_seq AS "firstSeq",
         left_at IS NOT NULL OR visible_from_seq > $2 AS "isBlind",
         visible_from_seq > COALESCE($4::integer, $2) AS "isBlindToQuotation"
       FROM conversation_members
       WHERE conversation_id = $1 AND user_id = ANY ($5)
         AND (left_at IS NOT NULL OR visible_from_seq > COALESCE($4::integer, $2) OR user_id = ANY ($3))`,
      [conversationId, seq, userIds, quotedSeq ?? null, thereIds],
      'conversation_audience',
    );
  }

  /** @param limit there are no more of them, where the conversation is as small as the caller takes it for */
  async memberIds(conversationId: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT user_id AS id FROM conversation_members WHERE conversation_id = $1 AND left_at IS NULL LIMIT $2',
      [conversationId, limit],
      'conversation_member_ids',
    );
    return rows.map(({ id }) => id);
  }

  /** Those of these users who are members now, with the first number that each reads. */
  async membersAmong(conversationId: string, userIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.query<{ id: string; firstSeq: number }>(
      `SELECT m.user_id AS id, m.visible_from_seq AS "firstSeq" FROM unnest($2::uuid[]) AS asked(id)
       JOIN conversation_members m ON m.conversation_id = $1 AND m.user_id = asked.id AND m.left_at IS NULL`,
      [conversationId, userIds],
      'conversation_members_among',
    );
    return new Map(rows.map(({ id, firstSeq }) => [id, firstSeq]));
  }

  /** False where nothing changed. */
  async changeOwnSettings(conversationId: string, userId: string, settings: OwnSettings): Promise<boolean> {
    const changed = await this.database.query(
      `UPDATE conversation_members m SET
         muted_until = wanted.muted_until, archived_at = wanted.archived_at, pinned_at = wanted.pinned_at
       FROM (
         SELECT
           CASE WHEN $3 THEN $4::timestamptz(3) ELSE muted_until END AS muted_until,
           CASE WHEN $5::boolean IS NULL THEN archived_at WHEN $5 THEN COALESCE(archived_at, now()) END AS archived_at,
           CASE WHEN $6::boolean IS NULL THEN pinned_at WHEN $6 THEN COALESCE(pinned_at, now()) END AS pinned_at
         FROM conversation_members WHERE conversation_id = $1 AND user_id = $2 AND left_at IS NULL FOR NO KEY UPDATE
       ) AS wanted
       WHERE m.conversation_id = $1 AND m.user_id = $2
         AND (m.muted_until, m.archived_at, m.pinned_at)
           IS DISTINCT FROM (wanted.muted_until, wanted.archived_at, wanted.pinned_at)
       RETURNING m.user_id`,
      [
        conversationId,
        userId,
        settings.mutedUntil !== undefined,
        settings.mutedUntil ?? null,
        settings.archived ?? null,
        settings.pinned ?? null,
      ],
    );
    return changed.length > 0;
  }

  /** In every conversation the user was ever in. */
  async forgetOwnSettings(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query(
      `UPDATE conversation_members SET muted_until = NULL, archived_at = NULL, pinned_at = NULL
       WHERE user_id = $1 AND (muted_until IS NOT NULL OR archived_at IS NOT NULL OR pinned_at IS NOT NULL)`,
      [userId],
    );
  }

  /** The groups that the user is a member of now. For work that nobody waits for within a second. */
  async groupIdsOf(userId: string): Promise<string[]> {
    const groups = await this.database.background.query<{ id: string }>(
      `SELECT c.id FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.user_id = $1 AND m.left_at IS NULL AND c.type = 'GROUP'`,
      [userId],
    );
    return groups.map(({ id }) => id);
  }

  /** A page of an export: memberships, also those that ended. What a group is called now is for its members. */
  export(userId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT c.id, c.type, CASE WHEN m.left_at IS NULL THEN c.title END AS title,
         CASE WHEN c.low_id = $1 THEN c.high_id ELSE c.low_id END AS "peerId",
         m.role, m.joined_at AS "joinedAt", m.left_at AS "leftAt", m.last_read_seq AS "lastReadSeq",
         m.last_delivered_seq AS "lastDeliveredSeq", m.muted_until AS "mutedUntil",
         m.archived_at AS "archivedAt", m.pinned_at AS "pinnedAt"
       FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.user_id = $1 AND c.id > $2 ORDER BY c.id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }
}
