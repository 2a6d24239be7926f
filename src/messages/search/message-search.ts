import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor, isTimeText, isUuidText } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { ConversationAccess } from '../../conversations/conversation-access.js';
import type { ReadTransaction } from '../../database/database.js';
import { HeavyQueries } from '../../limits/reads/heavy-queries.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import type { SearchMessagesQuery } from '../dto/messages.dto.js';
import { MessagesRepository } from '../reading/messages.repository.js';
import type { MessageSearchPage } from '../../views/messages.view.js';
import { foldText } from '../../common/text/fold-text.js';
import { MessageSearchRepository, type SearchedConversation } from './message-search.repository.js';
import { hasTerms, hasTrigram, isExact, searchTerms } from './search-text.js';
import { byNewest, type FoundMessage, type SearchKey, type Stretch, walk } from './search-walk.js';

const COMPARED_AT_ONCE = 50;
/** Terms that the index is asked for; candidates are checked for the others. */
const MAX_INDEX_TERMS = 3;
/** What one answer reads of messages at the most; beyond it the next page goes on. */
const WALK_BUDGET = { messages: 10_000, bytes: 4 * 1024 * 1024 };
/** The same of messages that are not indexed yet, whose text is compared here. */
const TAIL_BUDGET = { messages: 5_000, bytes: 512 * 1024 };
/** Text in one answer; what is beyond is on the next page. */
const MAX_ANSWER_BYTES = 256 * 1024;

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
    private readonly limiter: RateLimiter,
    private readonly heavyQueries: HeavyQueries,
    private readonly access: ConversationAccess,
    private readonly messages: MessagesRepository,
    private readonly repository: MessageSearchRepository,
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
    const conversations = await this.repository.conversations(userId, query.conversationId, cursor);
    const candidates = await this.candidates(conversations, terms);
    return this.repository.within(async (transaction) => {
      const page =
        candidates === undefined
          ? await this.walked(transaction, userId, conversations, terms, query.limit, cursor)
          : await this.looked(transaction, userId, conversations, terms, candidates, query.limit, cursor);
      const shown = await this.withinAnswer(transaction, page.found.slice(0, query.limit));
      const messages = await this.messages.byIds(
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

  private reader(transaction: ReadTransaction, userId: string, terms: readonly string[]) {
    return (stretches: readonly Stretch[]) => this.repository.step(transaction, userId, stretches, terms);
  }

  /** As many of the messages as one answer may hold; the first one whatever its size. */
  private async withinAnswer(transaction: ReadTransaction, found: readonly FoundMessage[]): Promise<FoundMessage[]> {
    const ids = await this.repository.fitting(
      transaction,
      found.map(({ id }) => id),
      MAX_ANSWER_BYTES,
    );
    return found.filter(({ id }) => ids.has(id));
  }

  /** The ids of all indexed messages that have the terms; undefined where they are too many, or no index knows them. */
  private async candidates(
    conversations: readonly SearchedConversation[],
    terms: readonly string[],
  ): Promise<string[] | undefined> {
    const indexTerms = terms.filter(hasTrigram).sort((one, other) => other.length - one.length);
    if (indexTerms.length === 0) return undefined;
    return this.repository.candidates(
      conversations.map(({ conversationId }) => conversationId),
      terms,
      indexTerms.slice(0, MAX_INDEX_TERMS),
    );
  }

  /** Reads from the newest message on. Complete: what an answer does not reach is for the next page. */
  private async walked(
    transaction: ReadTransaction,
    userId: string,
    conversations: readonly SearchedConversation[],
    terms: readonly string[],
    limit: number,
    cursor: SearchKey | undefined,
  ): Promise<SearchResult> {
    const stretches = conversations.map((conversation) => stretch(conversation, conversation.visibleFromSeq, cursor));
    const read = this.reader(transaction, userId, terms);
    const { found, reached } = await walk(read, stretches, terms, limit + 1, WALK_BUDGET);
    // The cursor is what was shown last: just above what was not read.
    return { found, reached: reached && { ...reached, seq: reached.seq + 1 }, indexedUpTo: null };
  }

  /** What the index found, and what is found in the newest messages that it does not have. */
  private async looked(
    transaction: ReadTransaction,
    userId: string,
    conversations: readonly SearchedConversation[],
    terms: readonly string[],
    candidates: readonly string[],
    limit: number,
    cursor: SearchKey | undefined,
  ): Promise<SearchResult> {
    const visibleFrom = new Map(conversations.map((one) => [one.conversationId, one.visibleFromSeq]));
    const present = await this.repository.present(transaction, userId, candidates);
    const indexed = present
      .filter(({ conversationId, seq }) => seq >= (visibleFrom.get(conversationId) ?? Infinity))
      .filter((message) => cursor === undefined || byNewest(cursor, message) < 0)
      .sort(byNewest);
    const certain = isExact(terms) ? indexed : await this.compared(transaction, indexed, terms, limit + 1);
    const tail = conversations.map((one) => stretch(one, Math.max(one.visibleFromSeq, one.indexedSeq + 1), cursor));
    const read = this.reader(transaction, userId, terms);
    const { found, reached } = await walk(read, tail, terms, limit + 1, TAIL_BUDGET);
    const isComplete = reached === undefined || found.length > limit;
    // An edited message may be in the index before its turn, and be found twice.
    const byId = new Map([...certain, ...found].map((message) => [message.id, message]));
    return {
      found: [...byId.values()].sort(byNewest),
      reached: undefined,
      indexedUpTo: isComplete ? null : await this.indexedUpTo(transaction, tail),
    };
  }

  /** Those that have the terms indeed, where the index takes several letters for one; no more than `count`. */
  private async compared(
    transaction: ReadTransaction,
    candidates: readonly FoundMessage[],
    terms: readonly string[],
    count: number,
  ): Promise<FoundMessage[]> {
    const certain: FoundMessage[] = [];
    for (let from = 0; from < candidates.length && certain.length < count; from += COMPARED_AT_ONCE) {
      const next = candidates.slice(from, from + COMPARED_AT_ONCE);
      const rows = await this.repository.contents(
        transaction,
        next.map(({ id }) => id),
      );
      const matching = new Set(rows.filter(({ content }) => hasTerms(foldText(content), terms)).map(({ id }) => id));
      certain.push(...next.filter(({ id }) => matching.has(id)));
    }
    return certain;
  }

  /** The time of the oldest message that the index does not have. */
  private async indexedUpTo(transaction: ReadTransaction, tail: readonly Stretch[]): Promise<string | null> {
    const unread = tail.filter(({ before, floor }) => before > floor);
    const places = unread.map(({ conversationId, floor }) => ({ conversationId, seq: floor }));
    return (await this.repository.oldestOf(transaction, places))?.toISOString() ?? null;
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
