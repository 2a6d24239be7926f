import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import { PENDING_DELETION } from '../attachments/attachment-state.js';

/** How long a conversation keeps its messages, and how far it has let them go. */
export interface RetentionRow {
  conversationId: string;
  /** Null: as long as the server does; 0: for ever. */
  days: number | null;
}

/** The statements that empty what is too old. They run on connections for background work, a small batch each. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /** Undefined where there is no such conversation. */
  async find(conversationId: string): Promise<RetentionRow | undefined> {
    const [row] = await this.database.query<RetentionRow>(
      `SELECT c.id AS "conversationId", r.days FROM conversations c
       LEFT JOIN conversation_retention r ON r.conversation_id = c.id WHERE c.id = $1`,
      [conversationId],
    );
    return row;
  }

  /** False where there is no such conversation. */
  async set(transaction: Transaction, conversationId: string, days: number | null): Promise<boolean> {
    const rows = await transaction.query(
      `INSERT INTO conversation_retention (conversation_id, days) SELECT id, $2 FROM conversations WHERE id = $1
       ON CONFLICT (conversation_id) DO UPDATE SET days = excluded.days RETURNING 1`,
      [conversationId, days],
    );
    return rows.length > 0;
  }

  /** Whether any conversation has a time of its own. */
  async isAnySet(): Promise<boolean> {
    const rows = await this.database.background.query(
      'SELECT 1 FROM conversation_retention WHERE days IS NOT NULL AND days > 0 LIMIT 1',
    );
    return rows.length > 0;
  }

  /**
   * A stretch of all conversations, by id: those whose next message is too old, and where the next stretch begins.
   * @param days how long the server keeps messages; null: for ever
   */
  async due(
    after: string,
    count: number,
    days: number | null,
  ): Promise<{ conversationIds: string[]; reached: string | null }> {
    const [row] = await this.database.background.query<{ conversationIds: string[]; reached: string | null }>(
      `WITH stretch AS MATERIALIZED (
         SELECT id FROM conversations WHERE id > $1 ORDER BY id LIMIT $2
       )
       SELECT
         (SELECT id::text FROM stretch ORDER BY id DESC LIMIT 1) AS reached,
         ARRAY(
           SELECT s.id::text FROM stretch s
           LEFT JOIN LATERAL (
             SELECT r.days, r.expired_seq FROM conversation_retention r WHERE r.conversation_id = s.id OFFSET 0
           ) AS r ON true
           WHERE COALESCE(r.days, $3::integer, 0) > 0 AND EXISTS (
             SELECT 1 FROM messages m WHERE m.conversation_id = s.id AND m.seq = COALESCE(r.expired_seq, 0) + 1
               AND m.created_at < now() - make_interval(days => COALESCE(r.days, $3::integer))
             OFFSET 0
           )
         ) AS "conversationIds"`,
      [after, count, days],
      'retention_due',
    );
    return row ?? { conversationIds: [], reached: null };
  }

  step<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.database.background.transaction(async (transaction) => {
      // No event of single messages (migration of webhooks).
      await transaction.query(`SELECT set_config('parley.retention', 'on', true)`);
      return work(transaction);
    });
  }

  /**
   * The next messages that are too old, by their numbers; undefined where there are none, or another process is at them. Only what
   * is indexed for search goes: what the indexer has in hand at this moment would come back.
   */
  async lockNext(
    transaction: Transaction,
    conversationId: string,
    days: number | null,
    count: number,
  ): Promise<{ from: number; to: number } | undefined> {
    await transaction.query(
      'INSERT INTO conversation_retention (conversation_id) SELECT id FROM conversations WHERE id = $1 ON CONFLICT DO NOTHING',
      [conversationId],
      'retention_begin',
    );
    const [progress] = await transaction.query<{ days: number | null; expiredSeq: number }>(
      `SELECT days, expired_seq AS "expiredSeq" FROM conversation_retention WHERE conversation_id = $1 FOR UPDATE SKIP LOCKED`,
      [conversationId],
      'retention_lock',
    );
    const kept = progress?.days ?? days ?? 0;
    if (progress === undefined || kept === 0) return undefined;
    const [next] = await transaction.query<{ to: number | null }>(
      `SELECT max(seq) AS "to" FROM (
         SELECT m.seq, m.created_at FROM messages m
         WHERE m.conversation_id = $1 AND m.seq > $2
           AND m.seq <= (SELECT indexed_seq FROM message_search_progress p WHERE p.conversation_id = $1)
         ORDER BY m.seq LIMIT $3
       ) AS oldest WHERE created_at < now() - make_interval(days => $4)`,
      [conversationId, progress.expiredSeq, count, kept],
      'retention_next',
    );
    return next === undefined || next.to === null ? undefined : { from: progress.expiredSeq + 1, to: next.to };
  }

  /**
   * Empties these messages as a deletion does: their rows stay, each with its number, so that sync answers them, and the
   * conversation with what is unread by now. What happened in a group is nobody's content and stays, also hidden.
   * @returns how many were emptied
   */
  async empty(
    transaction: Transaction,
    conversationId: string,
    { from, to }: { from: number; to: number },
  ): Promise<number> {
    // In a statement of its own: the next one sees what was committed until then, such as a reaction.
    await transaction.query(
      `WITH locked AS MATERIALIZED (
         SELECT 1 FROM messages WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq FOR NO KEY UPDATE
       )
       SELECT count(*) FROM locked`,
      [conversationId, from, to],
      'retention_lock_messages',
    );
    const [row] = await transaction.query<{ count: number }>(
      `WITH emptied AS (
         UPDATE messages SET content = NULL, attachments = NULL, link_preview = NULL, reply_to_id = NULL,
           version = version + 1, deleted_at = now()
         WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3 AND kind <> 'SYSTEM' AND deleted_at IS NULL
         RETURNING id
       ), withdrawn AS (
         DELETE FROM message_reactions WHERE message_id = ANY (ARRAY(SELECT id FROM emptied))
       ), files AS (
         UPDATE attachments SET state = '${PENDING_DELETION}' WHERE message_id = ANY (ARRAY(SELECT id FROM emptied))
       ), found AS (
         DELETE FROM message_search WHERE message_id = ANY (ARRAY(
           SELECT id FROM messages WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3
         ))
       ), hidden AS (
         DELETE FROM hidden_messages WHERE message_id = ANY (ARRAY(
           SELECT id FROM messages WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3 AND kind <> 'SYSTEM'
         ))
       )
       SELECT count(*)::integer AS count FROM emptied`,
      [conversationId, from, to],
      'retention_empty',
    );
    await transaction.query(
      'UPDATE conversation_retention SET expired_seq = $2 WHERE conversation_id = $1',
      [conversationId, to],
      'retention_note',
    );
    const emptied = row?.count ?? 0;
    // Last: from here to the commit nobody writes there.
    if (emptied > 0)
      await transaction.query(
        `UPDATE conversations c SET last_message = CASE WHEN EXISTS (
           SELECT 1 FROM messages m WHERE m.id = c.last_message_id AND m.deleted_at IS NOT NULL
         ) THEN NULL ELSE c.last_message END WHERE id = $1`,
        [conversationId],
        'retention_show',
      );
    return emptied;
  }
}
