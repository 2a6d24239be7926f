import { Injectable } from '@nestjs/common';
import { newId, orderedPair } from '../../common/identifier.js';
import { Database, type Transaction } from '../../database/database.js';

/** The rows of direct conversations: one for each pair of users. */
@Injectable()
export class DirectConversationsRepository {
  constructor(private readonly database: Database) {}

  /** The conversation of two users, found or made. */
  async open(
    transaction: Transaction,
    userId: string,
    otherUserId: string,
  ): Promise<{ conversationId: string; created: boolean }> {
    const [low, high] = orderedPair(userId, otherUserId);
    const id = newId();
    // The loser of a race waits here for the winner's commit, and then finds its row.
    const inserted = await transaction.query(
      `INSERT INTO conversations (id, type, low_id, high_id) VALUES ($1, 'DIRECT', $2, $3)
       ON CONFLICT (low_id, high_id) DO NOTHING RETURNING id`,
      [id, low, high],
    );
    if (inserted.length === 0) {
      const [existing] = await transaction.query<{ id: string }>(
        'SELECT id FROM conversations WHERE low_id = $1 AND high_id = $2',
        [low, high],
      );
      if (existing === undefined) throw new Error('the conversation of a pair is taken and not there');
      return { conversationId: existing.id, created: false };
    }
    // Anybody may open it: neither is shown the other's presence before it has written.
    await transaction.query(
      `INSERT INTO conversation_members (conversation_id, user_id, is_shown)
       VALUES ($1, $2, false), ($1, $3, false)`,
      [id, low, high],
    );
    return { conversationId: id, created: true };
  }

  /** Shows the two to each other. False where they were already. */
  async show(transaction: Transaction, conversationId: string): Promise<boolean> {
    // Stamped, so that sync delivers the cursors that were not shown so far.
    const changed = await transaction.query(
      `UPDATE conversation_members SET is_shown = true, receipt_xid = pg_current_xact_id()
       WHERE conversation_id = $1 AND NOT is_shown RETURNING user_id`,
      [conversationId],
    );
    return changed.length > 0;
  }

  /** Stamps the cursors of two users in all that they share, so that sync delivers them. */
  async stampSharedCursors(transaction: Transaction, userId: string, otherUserId: string): Promise<void> {
    await transaction.query(
      `UPDATE conversation_members m SET receipt_xid = pg_current_xact_id()
       FROM conversation_members o
       WHERE m.user_id IN ($1, $2) AND o.user_id IN ($1, $2)
         AND o.user_id <> m.user_id AND o.conversation_id = m.conversation_id AND m.left_at IS NULL AND o.left_at IS NULL`,
      [userId, otherUserId],
    );
  }

  async findByPair(userId: string, otherUserId: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ id: string }>(
      'SELECT id FROM conversations WHERE low_id = LEAST($1::uuid, $2::uuid) AND high_id = GREATEST($1::uuid, $2::uuid)',
      [userId, otherUserId],
      'conversation_of_pair',
    );
    return row?.id;
  }

  /** The two of a direct conversation; null for a group, undefined where there is no such conversation. */
  async findPair(conversationId: string): Promise<readonly [string, string] | null | undefined> {
    const [row] = await this.database.query<{ low: string | null; high: string | null }>(
      'SELECT low_id AS low, high_id AS high FROM conversations WHERE id = $1',
      [conversationId],
      'pair_of_conversation',
    );
    if (row === undefined) return undefined;
    return row.low === null || row.high === null ? null : [row.low, row.high];
  }
}
