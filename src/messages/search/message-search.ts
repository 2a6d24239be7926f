import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor, isTimeText, isUuidText } from '../../common/pagination.js';
import type { Principal } from '../../common/principal.js';
import { ConversationAccess } from '../../conversations/conversation-access.js';
import { Database, isStatementGivenUp, type SqlExecutor } from '../../database/database.js';
import { HeavyQueries } from '../../limits/reads/heavy-queries.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import type { SearchMessagesQuery } from '../dto/messages.dto.js';
import { MessagesRepository } from '../reading/messages.repository.js';
import type { MessageSearchPage } from '../messages.view.js';
import { foldText } from '../../common/text/fold-text.js';
import { hasTerms, hasTrigram, isExact, likePattern, searchTerms } from './search-text.js';
import { byNewest, type FoundMessage, type SearchKey, type Stretch, walk } from './search-walk.js';

/** One statement of a search; a longer one is cancelled, and the search is UNAVAILABLE. */
const STATEMENT_TIMEOUT_MS = 2_000;
/** The index is of use where it answers within this time and with so few messages; otherwise they are walked. */
const INDEX_TIMEOUT_MS = 300;
const MAX_CANDIDATES = 1_000;
const COMPARED_AT_ONCE = 50;
/** Terms that the index is asked for; candidates are checked for the others. */
const MAX_INDEX_TERMS = 3;
/** What one answer reads of messages at the most; beyond it the next page goes on. */
const WALK_BUDGET = { messages: 10_000, bytes: 4 * 1024 * 1024 };
/** The same of messages that are not indexed yet, whose text is compared here. */
const TAIL_BUDGET = { messages: 5_000, bytes: 512 * 1024 };
/** Text in one answer; what is beyond is on the next page. */
const MAX_ANSWER_BYTES = 256 * 1024;
/** The caller's conversations that are searched at the most, the newest activity first. */
const MAX_CONVERSATIONS = 10_000;

interface SearchedConversation {
  conversationId: string;
  visibleFromSeq: number;
  indexedSeq: number;
  lastMessageAt: Date;
  /** Where the page begins: above every sequence number that it may show. */
  before: number;
}

/**
 * Search in the caller's own conversations, newest first: messages that have all the words, also within others.
 *
 * Rare words are found by the index, and what the index does not have yet by reading the newest messages. Words that
 * many messages have, or that are too short for the index, are found by reading messages from the newest on. Either way
 * an answer costs a bounded amount of work, whatever is stored (docs/adr/0005-search-behind-the-writer.md).
 */
@Injectable()
export class MessageSearch {
  constructor(
    private readonly database: Database,
    private readonly limiter: RateLimiter,
    private readonly heavyQueries: HeavyQueries,
    private readonly access: ConversationAccess,
    private readonly repository: MessagesRepository,
  ) {}

  /** @throws DomainError NOT_FOUND, RATE_LIMITED, OVERLOADED, UNAVAILABLE */
  async search(principal: Principal, query: SearchMessagesQuery): Promise<MessageSearchPage> {
    await this.limiter.consume('search', principal.userId);
    const after = decodeCursor<[string, string, number]>(query.cursor, [isTimeText, isUuidText, isSeq]);
    const cursor = after === null ? undefined : { createdAt: after[0], conversationId: after[1], seq: after[2] };
    if (query.conversationId !== undefined) await this.access.membership(principal, query.conversationId);
    const terms = searchTerms(query.q);
    if (terms.length === 0) return { items: [], nextCursor: null, indexedUpTo: null };
    return this.heavyQueries.run(principal.userId, () => this.find(principal.userId, query, terms, cursor));
  }

  private async find(
    userId: string,
    query: SearchMessagesQuery,
    terms: readonly string[],
    cursor: SearchKey | undefined,
  ): Promise<MessageSearchPage> {
    const conversations = await this.conversations(userId, query.conversationId, cursor);
    const candidates = await this.candidates(conversations, terms);
    return this.database.reads.readWithin(STATEMENT_TIMEOUT_MS, async (transaction) => {
      const page =
        candidates === undefined
          ? await this.walked(transaction, userId, conversations, terms, query.limit, cursor)
          : await this.looked(transaction, userId, conversations, terms, candidates, query.limit, cursor);
      const shown = await this.withinAnswer(transaction, page.found.slice(0, query.limit));
      const messages = await this.repository.byIds(
        userId,
        shown.map(({ id }) => id),
        transaction,
      );
      const byId = new Map(messages.map((message) => [message.id, message]));
      const next = page.found.length > shown.length ? shown.at(-1) : page.reached;
      return {
        items: shown.flatMap(({ id }) => byId.get(id) ?? []),
        nextCursor: next === undefined ? null : encodeCursor([next.createdAt, next.conversationId, next.seq]),
        indexedUpTo: page.indexedUpTo,
      };
    });
  }

  /** As many of the messages as one answer may hold; the first one whatever its size. */
  private async withinAnswer(executor: SqlExecutor, found: readonly FoundMessage[]): Promise<FoundMessage[]> {
    const rows = await executor.query<{ id: string }>(
      `SELECT id FROM (
         SELECT m.id, position, sum(COALESCE(octet_length(m.content), 0)) OVER (ORDER BY position) AS bytes
         FROM unnest($1::uuid[]) WITH ORDINALITY AS found(id, position) JOIN messages m USING (id)
       ) AS answer WHERE bytes <= $2 OR position = 1`,
      [found.map(({ id }) => id), MAX_ANSWER_BYTES],
      'search_answer',
    );
    const ids = new Set(rows.map(({ id }) => id));
    return found.filter(({ id }) => ids.has(id));
  }

  /** What may be searched of each conversation, from the cursor on. */
  private conversations(
    userId: string,
    conversationId: string | undefined,
    cursor: SearchKey | undefined,
  ): Promise<SearchedConversation[]> {
    return this.database.reads.readWithin(STATEMENT_TIMEOUT_MS, (transaction) =>
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

  /** The ids of all indexed messages that have the terms; undefined where they are too many, or no index knows them. */
  private async candidates(
    conversations: readonly SearchedConversation[],
    terms: readonly string[],
  ): Promise<string[] | undefined> {
    const indexTerms = terms.filter(hasTrigram).sort((one, other) => other.length - one.length);
    if (indexTerms.length === 0) return undefined;
    const patterns = indexTerms.slice(0, MAX_INDEX_TERMS).map(likePattern);
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
          [
            conversations.map(({ conversationId }) => conversationId),
            terms.map(likePattern),
            MAX_CANDIDATES + 1,
            ...patterns,
          ],
        ),
      );
      return rows.length > MAX_CANDIDATES ? undefined : rows.map(({ id }) => id);
    } catch (error) {
      if (isStatementGivenUp(error)) return undefined;
      throw error;
    }
  }

  /** Reads from the newest message on. Complete: what an answer does not reach is for the next page. */
  private async walked(
    executor: SqlExecutor,
    userId: string,
    conversations: readonly SearchedConversation[],
    terms: readonly string[],
    limit: number,
    cursor: SearchKey | undefined,
  ): Promise<SearchResult> {
    const stretches = conversations.map((conversation) => stretch(conversation, conversation.visibleFromSeq, cursor));
    const { found, reached } = await walk(executor, userId, stretches, terms, limit + 1, WALK_BUDGET);
    // The cursor is what was shown last: just above what was not read.
    return { found, reached: reached && { ...reached, seq: reached.seq + 1 }, indexedUpTo: null };
  }

  /** What the index found, and what is found in the newest messages that it does not have. */
  private async looked(
    executor: SqlExecutor,
    userId: string,
    conversations: readonly SearchedConversation[],
    terms: readonly string[],
    candidates: readonly string[],
    limit: number,
    cursor: SearchKey | undefined,
  ): Promise<SearchResult> {
    const visibleFrom = new Map(conversations.map((one) => [one.conversationId, one.visibleFromSeq]));
    const rows = await executor.query<Omit<FoundMessage, 'createdAt'> & { createdAt: Date }>(
      `SELECT id, conversation_id AS "conversationId", seq, created_at AS "createdAt" FROM messages m
       WHERE id = ANY ($2::uuid[]) AND deleted_at IS NULL AND kind <> 'SYSTEM'
         AND NOT EXISTS (SELECT 1 FROM hidden_messages h WHERE h.message_id = m.id AND h.user_id = $1)`,
      [userId, candidates],
      'search_visible',
    );
    const indexed = rows
      .filter(({ conversationId, seq }) => seq >= (visibleFrom.get(conversationId) ?? Infinity))
      .map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }))
      .filter((message) => cursor === undefined || byNewest(cursor, message) < 0)
      .sort(byNewest);
    const certain = isExact(terms) ? indexed : await this.compared(executor, indexed, terms, limit + 1);
    const tail = conversations.map((one) => stretch(one, Math.max(one.visibleFromSeq, one.indexedSeq + 1), cursor));
    const { found, reached } = await walk(executor, userId, tail, terms, limit + 1, TAIL_BUDGET);
    const isComplete = reached === undefined || found.length > limit;
    // An edited message may be in the index before its turn, and be found twice.
    const byId = new Map([...certain, ...found].map((message) => [message.id, message]));
    return {
      found: [...byId.values()].sort(byNewest),
      reached: undefined,
      indexedUpTo: isComplete ? null : await this.indexedUpTo(executor, tail),
    };
  }

  /** Those that have the terms indeed, where the index takes several letters for one; no more than `count`. */
  private async compared(
    executor: SqlExecutor,
    candidates: readonly FoundMessage[],
    terms: readonly string[],
    count: number,
  ): Promise<FoundMessage[]> {
    const certain: FoundMessage[] = [];
    for (let from = 0; from < candidates.length && certain.length < count; from += COMPARED_AT_ONCE) {
      const next = candidates.slice(from, from + COMPARED_AT_ONCE);
      const rows = await executor.query<{ id: string; content: string }>(
        'SELECT id, content FROM messages WHERE id = ANY ($1::uuid[]) AND content IS NOT NULL',
        [next.map(({ id }) => id)],
        'search_compare',
      );
      const matching = new Set(rows.filter(({ content }) => hasTerms(foldText(content), terms)).map(({ id }) => id));
      certain.push(...next.filter(({ id }) => matching.has(id)));
    }
    return certain;
  }

  /** The time of the oldest message that the index does not have. */
  private async indexedUpTo(executor: SqlExecutor, tail: readonly Stretch[]): Promise<string | null> {
    const unread = tail.filter(({ before, floor }) => before > floor);
    const [row] = await executor.query<{ at: Date | null }>(
      `SELECT min(m.created_at) AS at FROM unnest($1::uuid[], $2::integer[]) AS tail(conversation_id, seq)
       JOIN messages m USING (conversation_id, seq)`,
      [unread.map(({ conversationId }) => conversationId), unread.map(({ floor }) => floor)],
      'search_indexed_up_to',
    );
    return row?.at?.toISOString() ?? null;
  }
}

interface SearchResult {
  /** Newest first; more than fit a page where there is another one. */
  found: FoundMessage[];
  /** Where the next page begins, though this one is not full. */
  reached: SearchKey | undefined;
  indexedUpTo: string | null;
}

function stretch(
  { conversationId, lastMessageAt, before }: SearchedConversation,
  floor: number,
  cursor: SearchKey | undefined,
): Stretch {
  const newest = lastMessageAt.toISOString();
  const createdAt = cursor === undefined || newest < cursor.createdAt ? newest : cursor.createdAt;
  return { conversationId, createdAt, before, floor };
}

const isSeq = (part: unknown): part is number => Number.isInteger(part) && Number(part) > 0 && Number(part) < 2 ** 31;
