import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../../database/database.js';

/**
 * The index takes new entries over from its pending list in one go, which keeps a core. 128 kB costs twice the work of
 * 512 kB and stops for no shorter; 4 MB costs a third less and stops for half as long again.
 */
const MAX_PENDING_LIST = '512kB';

/** A conversation that a step holds. */
export interface Turn {
  conversationId: string;
  indexedSeq: number;
  lastSeq: number;
}

/** A message that is not indexed yet. */
export interface NextMessage {
  id: string;
  conversationId: string;
  seq: number;
  /** Whether the step has room for it. */
  isWithin: boolean;
  content: string | null;
}

/** The statements that fill the search index; they run on connections for background work. */
@Injectable()
export class SearchIndexRepository {
  constructor(private readonly database: Database) {}

  /** One step, which is done again where the machine fails right after it: its commit is not waited for. */
  step<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.database.background.transaction(async (transaction) => {
      await transaction.query(
        `SELECT set_config('synchronous_commit', 'off', true), set_config('gin_pending_list_limit', $1, true)`,
        [MAX_PENDING_LIST],
      );
      return work(transaction);
    });
  }

  /** Conversations with messages that are not indexed. */
  async waiting(limit: number): Promise<string[]> {
    const rows = await this.database.background.query<{ id: string }>(
      `SELECT c.id FROM conversations c LEFT JOIN message_search_progress p ON p.conversation_id = c.id
       WHERE c.last_seq > COALESCE(p.indexed_seq, 0) LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Locks these conversations' progress until the step ends; those that another process is indexing are left out. */
  async lock(transaction: Transaction, conversationIds: readonly string[]): Promise<Turn[]> {
    // One order for all processes, so that they do not wait for each other in a circle.
    await transaction.query(
      `INSERT INTO message_search_progress (conversation_id, indexed_seq)
       SELECT id, 0 FROM unnest($1::uuid[]) AS turn(id) ORDER BY id ON CONFLICT DO NOTHING`,
      [conversationIds],
      'search_begin',
    );
    return transaction.query<Turn>(
      `SELECT p.conversation_id AS "conversationId", p.indexed_seq AS "indexedSeq", c.last_seq AS "lastSeq"
       FROM message_search_progress p JOIN conversations c ON c.id = p.conversation_id
       WHERE p.conversation_id = ANY ($1) ORDER BY p.conversation_id FOR UPDATE OF p SKIP LOCKED`,
      [conversationIds],
      'search_lock_progress',
    );
  }

  /** The next messages of each, at most `bounds.messages` of all together. */
  next(
    transaction: Transaction,
    turns: readonly Turn[],
    bounds: { messages: number; bytes: number },
  ): Promise<NextMessage[]> {
    return transaction.query<NextMessage>(
      `SELECT id, conversation_id AS "conversationId", seq, position = 1 OR bytes <= $4 AS "isWithin",
         CASE WHEN kind <> 'SYSTEM' AND (position = 1 OR bytes <= $4) THEN content END AS content
       FROM (
         SELECT next.*, turn.conversation_id,
           row_number() OVER turns AS position, sum(COALESCE(octet_length(next.content), 0)) OVER turns AS bytes
         FROM unnest($1::uuid[], $2::integer[]) AS turn(conversation_id, indexed_seq)
         CROSS JOIN LATERAL (
           SELECT id, seq, kind, content FROM messages
           WHERE conversation_id = turn.conversation_id AND seq > turn.indexed_seq ORDER BY seq LIMIT $3
         ) AS next
         WINDOW turns AS (ORDER BY turn.conversation_id, next.seq)
       ) AS step ORDER BY position`,
      [
        turns.map(({ conversationId }) => conversationId),
        turns.map(({ indexedSeq }) => indexedSeq),
        Math.ceil(bounds.messages / Math.max(1, turns.length)),
        bounds.bytes,
      ],
      'search_next_messages',
    );
  }

  /** @param entries messages with their text as it is indexed */
  async insert(
    transaction: Transaction,
    entries: readonly { id: string; conversationId: string; seq: number; folded: string }[],
  ): Promise<void> {
    await transaction.query(
      `INSERT INTO message_search (message_id, conversation_id, seq, folded)
       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[]) ON CONFLICT (message_id) DO NOTHING`,
      [
        entries.map(({ id }) => id),
        entries.map(({ conversationId }) => conversationId),
        entries.map(({ seq }) => seq),
        entries.map(({ folded }) => folded),
      ],
      'search_insert',
    );
  }

  /** Only forward: the newest number of a conversation may have been read before another process went beyond it. */
  async noteProgress(transaction: Transaction, reached: ReadonlyMap<string, number>): Promise<void> {
    await transaction.query(
      `UPDATE message_search_progress p SET indexed_seq = GREATEST(p.indexed_seq, done.seq)
       FROM unnest($1::uuid[], $2::integer[]) AS done(conversation_id, seq)
       WHERE p.conversation_id = done.conversation_id`,
      [[...reached.keys()], [...reached.values()]],
      'search_note_progress',
    );
  }
}
