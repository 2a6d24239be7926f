import { Injectable } from '@nestjs/common';
import type { ConversationType } from '../../../views/conversations.view.js';
import { Database, type Transaction } from '../../../database/database.js';
import { type UserRow } from '../../../views/users.view.js';
import type { WebhookEventType } from '../webhook-events.js';
import { USER_COLUMNS } from '../../../users/user-columns.js';

/** A webhook that is sent something at this moment. */
export interface ActiveWebhook {
  id: string;
  events: WebhookEventType[];
  followsFrom: Date;
}

/** What a trigger wrote down. */
export interface NotedEvent {
  type: Exclude<WebhookEventType, 'message.created'>;
  subjectId: string;
  userId: string | null;
  at: Date;
}

/** A message that no webhook was planned for yet. */
export interface NextMessage {
  id: string;
  conversationId: string;
  seq: number;
  isSystem: boolean;
  createdAt: Date;
}

export interface ConversationRow {
  id: string;
  type: ConversationType;
  title: string | null;
  memberCount: number;
  createdBy: string | null;
  createdAt: Date;
  /** The first of them. */
  memberIds: string[];
}

/** A report, without who made it: whom it is about must not learn that from whoever receives it. */
export interface ReportRow {
  id: string;
  targetType: string;
  targetId: string;
  targetUserId: string | null;
  conversationId: string | null;
  reason: string;
  createdAt: Date;
}

export interface NewDelivery {
  id: string;
  webhookId: string;
  type: string;
  payload: string;
  userId: string | null;
  otherUserId: string | null;
}

const MAX_MEMBER_IDS = 100;

/**
 * One step towards the last message before $2 of each conversation in `halving` (id, low, high). Messages are numbered without a gap
 * and their times never go back, so it is found by halving: some twenty rows of a million.
 */
const HALVE = `SELECT h.id, CASE WHEN m.created_at < $2 THEN m.seq ELSE h.low END,
    CASE WHEN m.created_at < $2 THEN h.high ELSE m.seq - 1 END
  FROM halving h JOIN messages m ON m.conversation_id = h.id AND m.seq = (h.low + h.high + 1) / 2
  WHERE h.low < h.high`;

/** The statements that turn what happened into deliveries. They run behind the path of a message, on connections for background work. */
@Injectable()
export class WebhookPlanningRepository {
  constructor(private readonly database: Database) {}

  step<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.database.background.transaction(work);
  }

  /** Whether there is any. */
  async isAnyActive(): Promise<boolean> {
    const rows = await this.database.background.query(
      'SELECT 1 FROM webhooks WHERE disabled_at IS NULL LIMIT 1',
      [],
      'webhooks_any',
    );
    return rows.length > 0;
  }

  /** Kept as they are until the step ends: what is planned for one is planned for one that is there. */
  active(transaction: Transaction): Promise<ActiveWebhook[]> {
    return transaction.query<ActiveWebhook>(
      `SELECT id, events, follows_from AS "followsFrom" FROM webhooks WHERE disabled_at IS NULL ORDER BY id FOR KEY SHARE`,
      [],
      'webhooks_active',
    );
  }

  /** Takes what triggers wrote down, the oldest first: it is gone with the step's commit. */
  takeEvents(transaction: Transaction, limit: number): Promise<NotedEvent[]> {
    return transaction.query<NotedEvent>(
      `WITH taken AS (
         DELETE FROM webhook_events WHERE id = ANY (ARRAY(
           SELECT id FROM webhook_events ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
         )) RETURNING *
       )
       SELECT type, subject_id AS "subjectId", user_id AS "userId", at FROM taken ORDER BY id`,
      [limit],
      'webhook_take_events',
    );
  }

  /**
   * Locks how far these conversations are planned until the step ends; those that another process is planning are left out. One
   * that is planned for the first time begins at the first message since `followsFrom`.
   */
  async lock(
    transaction: Transaction,
    conversationIds: readonly string[],
    followsFrom: Date,
  ): Promise<{ conversationId: string; plannedSeq: number }[]> {
    await transaction.query(
      `WITH RECURSIVE fresh AS (
         SELECT c.id, 0 AS low, c.last_seq AS high FROM unnest($1::uuid[]) AS turn(id) JOIN conversations c ON c.id = turn.id
         WHERE NOT EXISTS (SELECT 1 FROM webhook_progress p WHERE p.conversation_id = turn.id)
       ), halving AS (
         SELECT * FROM fresh UNION ALL ${HALVE}
       )
       INSERT INTO webhook_progress (conversation_id, planned_seq)
       SELECT id, max(low) FROM halving GROUP BY id ORDER BY id ON CONFLICT DO NOTHING`,
      [conversationIds, followsFrom],
      'webhook_begin',
    );
    return transaction.query<{ conversationId: string; plannedSeq: number }>(
      `SELECT conversation_id AS "conversationId", planned_seq AS "plannedSeq" FROM webhook_progress
       WHERE conversation_id = ANY ($1) ORDER BY conversation_id FOR UPDATE SKIP LOCKED`,
      [conversationIds],
      'webhook_lock_progress',
    );
  }

  /** The next messages of each, at most `limit` of one. */
  next(
    transaction: Transaction,
    turns: readonly { conversationId: string; plannedSeq: number }[],
    limit: number,
  ): Promise<NextMessage[]> {
    return transaction.query<NextMessage>(
      `SELECT next.id, turn.conversation_id AS "conversationId", next.seq, next.kind = 'SYSTEM' AS "isSystem",
         next.created_at AS "createdAt"
       FROM unnest($1::uuid[], $2::integer[]) AS turn(conversation_id, planned_seq)
       CROSS JOIN LATERAL (
         SELECT id, seq, kind, created_at FROM messages
         WHERE conversation_id = turn.conversation_id AND seq > turn.planned_seq ORDER BY seq LIMIT $3
       ) AS next ORDER BY turn.conversation_id, next.seq`,
      [turns.map(({ conversationId }) => conversationId), turns.map(({ plannedSeq }) => plannedSeq), limit],
      'webhook_next_messages',
    );
  }

  async noteProgress(transaction: Transaction, reached: ReadonlyMap<string, number>): Promise<void> {
    await transaction.query(
      `UPDATE webhook_progress p SET planned_seq = done.seq
       FROM unnest($1::uuid[], $2::integer[]) AS done(conversation_id, seq) WHERE p.conversation_id = done.conversation_id`,
      [[...reached.keys()], [...reached.values()]],
      'webhook_note_progress',
    );
  }

  /** Leaves out of these conversations, which are locked, what was written before `followsFrom` and is not planned yet. */
  async skip(transaction: Transaction, conversationIds: readonly string[], followsFrom: Date): Promise<void> {
    await transaction.query(
      `WITH RECURSIVE halving AS (
         SELECT p.conversation_id AS id, p.planned_seq AS low, c.last_seq AS high
         FROM webhook_progress p JOIN conversations c ON c.id = p.conversation_id WHERE p.conversation_id = ANY ($1::uuid[])
         UNION ALL ${HALVE}
       )
       UPDATE webhook_progress p SET planned_seq = found.seq
       FROM (SELECT id, max(low) AS seq FROM halving GROUP BY id) AS found WHERE p.conversation_id = found.id`,
      [conversationIds, followsFrom],
      'webhook_skip',
    );
  }

  async add(transaction: Transaction, deliveries: readonly NewDelivery[]): Promise<void> {
    await transaction.query(
      `INSERT INTO webhook_deliveries (id, webhook_id, type, payload, user_id, other_user_id, next_at)
       SELECT id, webhook_id, type, payload, user_id, other_user_id, now()
       FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[])
         AS d(id, webhook_id, type, payload, user_id, other_user_id)`,
      [
        deliveries.map(({ id }) => id),
        deliveries.map(({ webhookId }) => webhookId),
        deliveries.map(({ type }) => type),
        deliveries.map(({ payload }) => payload),
        deliveries.map(({ userId }) => userId),
        deliveries.map(({ otherUserId }) => otherUserId),
      ],
      'webhook_add_deliveries',
    );
  }

  /**
   * Locked until the step ends. A deletion of an account holds its user and removes what was sent about it: one of the two waits for the
   * other, and nothing that is planned meanwhile shows afterwards who that was.
   */
  async users(transaction: Transaction, ids: readonly string[]): Promise<Map<string, UserRow>> {
    const rows = await transaction.query<UserRow>(
      `SELECT ${USER_COLUMNS} FROM users WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE`,
      [ids],
      'webhook_users',
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  async conversations(transaction: Transaction, ids: readonly string[]): Promise<Map<string, ConversationRow>> {
    const rows = await transaction.query<ConversationRow>(
      `SELECT c.id, c.type, c.title, c.member_count AS "memberCount", c.created_by AS "createdBy", c.created_at AS "createdAt",
         ARRAY(
           SELECT m.user_id::text FROM conversation_members m WHERE m.conversation_id = c.id AND m.left_at IS NULL
           ORDER BY m.user_id LIMIT ${MAX_MEMBER_IDS}
         ) AS "memberIds"
       FROM conversations c WHERE c.id = ANY ($1)`,
      [ids],
      'webhook_conversations',
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  async reports(transaction: Transaction, ids: readonly string[]): Promise<Map<string, ReportRow>> {
    const rows = await transaction.query<ReportRow>(
      `SELECT id, target_type AS "targetType", target_id AS "targetId", target_user_id AS "targetUserId",
         conversation_id AS "conversationId", reason, created_at AS "createdAt"
       FROM reports WHERE id = ANY ($1)`,
      [ids],
      'webhook_reports',
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /**
   * A stretch of all conversations, by id: those with messages that are not planned, and where the next stretch begins.
   * @param followsFrom what was written before concerns nobody
   */
  async unplanned(
    after: string,
    count: number,
    followsFrom: Date,
  ): Promise<{ conversationIds: string[]; reached: string | null }> {
    const [row] = await this.database.background.query<{ conversationIds: string[]; reached: string | null }>(
      `WITH stretch AS MATERIALIZED (
         SELECT id, last_seq, last_message_at FROM conversations WHERE id > $1 ORDER BY id LIMIT $2
       )
       SELECT
         (SELECT id::text FROM stretch ORDER BY id DESC LIMIT 1) AS reached,
         ARRAY(
           SELECT s.id::text FROM stretch s LEFT JOIN LATERAL (
             SELECT p.planned_seq FROM webhook_progress p WHERE p.conversation_id = s.id OFFSET 0
           ) AS p ON true
           WHERE s.last_message_at >= $3 AND s.last_seq > COALESCE(p.planned_seq, 0)
         ) AS "conversationIds"`,
      [after, count, followsFrom],
      'webhook_unplanned',
    );
    return row ?? { conversationIds: [], reached: null };
  }

  /** Since when messages concern any webhook; undefined where they concern none. */
  async messagesFollowedFrom(): Promise<Date | undefined> {
    const [row] = await this.database.background.query<{ followsFrom: Date | null }>(
      `SELECT min(follows_from) AS "followsFrom" FROM webhooks WHERE disabled_at IS NULL AND 'message.created' = ANY (events)`,
      [],
      'webhook_followed_from',
    );
    return row?.followsFrom ?? undefined;
  }
}
