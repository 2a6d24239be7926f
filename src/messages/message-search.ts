import { Injectable } from '@nestjs/common';
import { decodeCursor, isUuidText, type Page, pageOf } from '../common/pagination.js';
import type { Principal } from '../common/principal.js';
import { ConversationAccess } from '../conversations/conversation-access.js';
import { Database } from '../database/database.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import type { SearchMessagesQuery } from './dto/messages.dto.js';
import { MessagesRepository } from './messages.repository.js';
import type { MessageView } from './messages.view.js';

/**
 * Search in the caller's own conversations, newest first: whole words in any order, or the text as a part of a word.
 * What is indexed comes from the index, what was written a moment ago from the messages themselves, so that nothing
 * that is stored is ever missing (docs/adr/0005-search-behind-the-writer.md).
 */
@Injectable()
export class MessageSearch {
  constructor(
    private readonly database: Database,
    private readonly limiter: RateLimiter,
    private readonly access: ConversationAccess,
    private readonly repository: MessagesRepository,
  ) {}

  async search(principal: Principal, query: SearchMessagesQuery): Promise<Page<MessageView>> {
    await this.limiter.consume('search', principal.userId);
    if (query.conversationId !== undefined) await this.access.membership(principal, query.conversationId);
    const before = decodeCursor<[string]>(query.cursor, [isUuidText]);
    const rows = await this.database.reads.query<{ id: string }>(
      `WITH mine AS MATERIALIZED (
         SELECT m.conversation_id, m.visible_from_seq, COALESCE(p.indexed_seq, 0) AS indexed_seq
         FROM conversation_members m LEFT JOIN message_search_progress p ON p.conversation_id = m.conversation_id
         WHERE m.user_id = $1 AND m.left_at IS NULL AND ($2::uuid IS NULL OR m.conversation_id = $2)
       ), found AS (
         SELECT s.message_id AS id, s.conversation_id, s.seq FROM message_search s
         WHERE s.conversation_id = ANY (ARRAY(SELECT conversation_id FROM mine))
           AND (to_tsvector('simple', s.content) @@ websearch_to_tsquery('simple', $3) OR s.content ILIKE $4)
         UNION
         SELECT t.id, t.conversation_id, t.seq
         FROM mine JOIN messages t ON t.conversation_id = mine.conversation_id AND t.seq > mine.indexed_seq
         WHERE to_tsvector('simple', t.content) @@ websearch_to_tsquery('simple', $3) OR t.content ILIKE $4
       )
       SELECT m.id FROM found
       JOIN mine ON mine.conversation_id = found.conversation_id AND found.seq >= mine.visible_from_seq
       JOIN messages m ON m.id = found.id AND m.deleted_at IS NULL AND m.kind <> 'SYSTEM'
       WHERE ($5::uuid IS NULL OR m.id < $5)
         AND NOT EXISTS (SELECT 1 FROM hidden_messages h WHERE h.message_id = m.id AND h.user_id = $1)
       ORDER BY m.id DESC LIMIT $6`,
      [
        principal.userId,
        query.conversationId ?? null,
        query.q,
        partPattern(query.q),
        before?.[0] ?? null,
        query.limit + 1,
      ],
    );
    const messages = await this.repository.byIds(
      principal.userId,
      rows.slice(0, query.limit).map(({ id }) => id),
    );
    const byId = new Map(messages.map((message) => [message.id, message]));
    const page = pageOf(
      rows,
      query.limit,
      ({ id }) => [id],
      ({ id }) => byId.get(id),
    );
    return { ...page, items: page.items.filter((message) => message !== undefined) };
  }
}

/** The text anywhere within a message, with what is special to LIKE taken literally. */
export function partPattern(text: string): string {
  return `%${text.trim().replace(/[\\%_]/g, '\\$&')}%`;
}
