import { Injectable } from '@nestjs/common';
import { isStatementGivenUp } from '../../common/temporary-failures.js';
import { Database, type ReadTransaction } from '../../database/database.js';
import { isExact, likePattern } from './search-text.js';
import type { FoundMessage, SearchKey, StepRow, Stretch } from './search-walk.js';

/** One statement of a search; a longer one is cancelled, and the search is UNAVAILABLE. */
const STATEMENT_TIMEOUT_MS = 2_000;
/** The index is of use where it answers within this time and with so few messages; otherwise they are walked. */
const INDEX_TIMEOUT_MS = 300;
const MAX_CANDIDATES = 1_000;
/** The caller's conversations that are searched at the most, the newest activity first. */
const MAX_CONVERSATIONS = 10_000;
/** Messages that one step of a walk reads. */
const MAX_STEP_MESSAGES = 512;
const MAX_STEP_BYTES = 512 * 1024;

/** What may be searched of a conversation. */
export interface SearchedConversation {
  conversationId: string;
  visibleFromSeq: number;
  indexedSeq: number;
  lastMessageAt: Date;
  /** Where the page begins: above every sequence number that it may show. */
  before: number;
}

/** The statements of a search. Each is bounded in time, and in what it reads. */
@Injectable()
export class MessageSearchRepository {
  constructor(private readonly database: Database) {}

  /** Runs the statements of one answer, each cancelled after a while. */
  within<Result>(work: (transaction: ReadTransaction) => Promise<Result>): Promise<Result> {
    return this.database.reads.readWithin(STATEMENT_TIMEOUT_MS, work);
  }

  /** What may be searched of each conversation of a user, from the cursor on. */
  conversations(
    userId: string,
    conversationId: string | undefined,
    cursor: SearchKey | undefined,
  ): Promise<SearchedConversation[]> {
    return this.within((transaction) =>
      transaction.query<SearchedConversation>(
        `SELECT c.id AS "conversationId", own.visible_from_seq AS "visibleFromSeq",
           COALESCE(p.indexed_seq, 0) AS "indexedSeq", c.last_message_at AS "lastMessageAt",
           CASE
             WHEN $3::timestamptz IS NULL OR c.last_message_at < $3 THEN c.last_seq + 1
             WHEN c.id = $4::uuid THEN $5::integer
             -- Times rise with the numbers: halving finds the first message that is too new for the page.
             ELSE (
               WITH RECURSIVE range(low, high) AS (
                 SELECT own.visible_from_seq, c.last_seq + 1
                 UNION ALL
                 SELECT CASE WHEN is_too_new THEN low ELSE middle + 1 END, CASE WHEN is_too_new THEN middle ELSE high END
                 FROM (SELECT low, high, (low + high) / 2 AS middle FROM range WHERE low < high) AS half
                 CROSS JOIN LATERAL (SELECT COALESCE((
                   SELECT m.created_at > $3 OR (m.created_at = $3 AND c.id > $4::uuid) FROM messages m
                   WHERE m.conversation_id = c.id AND m.seq >= middle ORDER BY m.seq LIMIT 1
                 ), true) AS is_too_new) AS look
               )
               SELECT low FROM range WHERE low >= high
             )
           END AS before
         FROM conversation_members own
         JOIN conversations c ON c.id = own.conversation_id AND c.last_message_at IS NOT NULL
         LEFT JOIN message_search_progress p ON p.conversation_id = c.id
         WHERE own.user_id = $1 AND own.left_at IS NULL AND ($2::uuid IS NULL OR c.id = $2)
         ORDER BY c.last_message_at DESC LIMIT $6`,
        [
          userId,
          conversationId ?? null,
          cursor?.createdAt ?? null,
          cursor?.conversationId ?? null,
          cursor?.seq ?? null,
          MAX_CONVERSATIONS,
        ],
        'search_conversations',
      ),
    );
  }

  /**
   * The ids of the indexed messages that have all terms; undefined where they are too many, or the index takes too long.
   * @param indexTerms those that the index is asked for; candidates are checked for the others
   */
  async candidates(
    conversationIds: readonly string[],
    terms: readonly string[],
    indexTerms: readonly string[],
  ): Promise<string[] | undefined> {
    const patterns = indexTerms.map(likePattern);
    try {
      const rows = await this.database.reads.readWithin(INDEX_TIMEOUT_MS, (transaction) =>
        transaction.query<{ id: string }>(
          // One look into the index for each conversation: all at once it would look through everybody's messages.
          `SELECT candidate.id FROM unnest($1::uuid[]) AS searched(conversation_id) CROSS JOIN LATERAL (
             SELECT message_id AS id FROM message_search
             WHERE conversation_id = searched.conversation_id
               AND ${patterns.map((_, index) => `folded LIKE $${index + 4}`).join(' AND ')}
               AND folded LIKE ALL ($2::text[])
             LIMIT $3
           ) AS candidate
           LIMIT $3`,
          [conversationIds, terms.map(likePattern), MAX_CANDIDATES + 1, ...patterns],
        ),
      );
      return rows.length > MAX_CANDIDATES ? undefined : rows.map(({ id }) => id);
    } catch (error) {
      if (isStatementGivenUp(error)) return undefined;
      throw error;
    }
  }

  /** Those among these messages that are there for the user, whatever it may see of their conversations. */
  async present(transaction: ReadTransaction, userId: string, ids: readonly string[]): Promise<FoundMessage[]> {
    const rows = await transaction.query<Omit<FoundMessage, 'createdAt'> & { createdAt: Date }>(
      `SELECT id, conversation_id AS "conversationId", seq, created_at AS "createdAt" FROM messages m
       WHERE id = ANY ($2::uuid[]) AND deleted_at IS NULL AND kind <> 'SYSTEM'
         AND NOT EXISTS (SELECT 1 FROM hidden_messages h WHERE h.message_id = m.id AND h.user_id = $1)`,
      [userId, ids],
      'search_visible',
    );
    return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
  }

  contents(transaction: ReadTransaction, ids: readonly string[]): Promise<{ id: string; content: string }[]> {
    return transaction.query<{ id: string; content: string }>(
      'SELECT id, content FROM messages WHERE id = ANY ($1::uuid[]) AND content IS NOT NULL',
      [ids],
      'search_compare',
    );
  }

  /** The newest messages of each stretch, as many as there is room for. */
  step(
    transaction: ReadTransaction,
    userId: string,
    stretches: readonly Stretch[],
    terms: readonly string[],
  ): Promise<StepRow[]> {
    return transaction.query<StepRow>(
      `SELECT conversation_id AS "conversationId",
         min(seq) FILTER (WHERE is_within) AS "reachedSeq", min(created_at) FILTER (WHERE is_within) AS "reachedAt",
         count(*) FILTER (WHERE is_within)::integer AS messages,
         COALESCE(sum(size) FILTER (WHERE is_within), 0)::integer AS bytes,
         json_agg(json_build_object('id', id, 'seq', seq, 'at', floor(extract(epoch FROM created_at) * 1000), 'content', content))
           FILTER (WHERE is_within AND is_match) AS found
       FROM (
         SELECT room.*,
           CASE WHEN s.message_id IS NULL OR NOT $8::boolean THEN room.text END AS content,
           room.is_within AND room.is_there AND (s.message_id IS NULL OR s.folded LIKE ALL ($5::text[]))
             AND NOT EXISTS (SELECT 1 FROM hidden_messages h WHERE h.message_id = room.id AND h.user_id = $1) AS is_match
         FROM (
           SELECT stretch.conversation_id, next.id, next.seq, next.created_at, next.content AS text,
             next.deleted_at IS NULL AND next.kind <> 'SYSTEM' AND next.content <> '' AS is_there,
             COALESCE(octet_length(next.content), 0) AS size,
             row_number() OVER turns = 1 OR sum(COALESCE(octet_length(next.content), 0)) OVER turns <= $6 AS is_within
           FROM unnest($2::uuid[], $3::integer[], $4::integer[]) WITH ORDINALITY
             AS stretch(conversation_id, before, floor, position)
           CROSS JOIN LATERAL (
             SELECT id, seq, created_at, kind, deleted_at, content FROM messages
             WHERE conversation_id = stretch.conversation_id AND seq < stretch.before AND seq >= stretch.floor
             ORDER BY seq DESC LIMIT $7
           ) AS next
           WINDOW turns AS (ORDER BY stretch.position, next.seq DESC)
         ) AS room LEFT JOIN message_search s ON s.message_id = room.id AND room.is_within
       ) AS judged GROUP BY conversation_id`,
      [
        userId,
        stretches.map(({ conversationId }) => conversationId),
        stretches.map(({ before }) => before),
        stretches.map(({ floor }) => floor),
        terms.map(likePattern),
        MAX_STEP_BYTES,
        Math.ceil(MAX_STEP_MESSAGES / stretches.length),
        isExact(terms),
      ],
      'search_walk',
    );
  }

  /** As many of these messages, from the first on, as have no more text than `maxBytes`; the first one whatever its size. */
  async fitting(transaction: ReadTransaction, ids: readonly string[], maxBytes: number): Promise<ReadonlySet<string>> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT id FROM (
         SELECT m.id, position, sum(COALESCE(octet_length(m.content), 0)) OVER (ORDER BY position) AS bytes
         FROM unnest($1::uuid[]) WITH ORDINALITY AS found(id, position) JOIN messages m USING (id)
       ) AS answer WHERE bytes <= $2 OR position = 1`,
      [ids, maxBytes],
      'search_answer',
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** When the first of these messages was written: each the oldest that the index lacks of its conversation. */
  async oldestOf(
    transaction: ReadTransaction,
    places: readonly { conversationId: string; seq: number }[],
  ): Promise<Date | undefined> {
    const [row] = await transaction.query<{ at: Date | null }>(
      `SELECT min(m.created_at) AS at FROM unnest($1::uuid[], $2::integer[]) AS tail(conversation_id, seq)
       JOIN messages m USING (conversation_id, seq)`,
      [places.map(({ conversationId }) => conversationId), places.map(({ seq }) => seq)],
      'search_indexed_up_to',
    );
    return row?.at ?? undefined;
  }
}
