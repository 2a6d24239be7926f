import { Injectable } from '@nestjs/common';
import { NIL_ID } from '../common/identifier.js';
import type { ShownEvent } from '../conversations/groups/system-event.js';
import { Database, type Transaction } from '../database/database.js';
import { EXPORT_PAGE } from '../users/personal-data/personal-data.js';

export interface ExportedMessage {
  id: string;
  content: string | null;
  system: ShownEvent | null;
}

/** Rows of one statement, which others who change the same messages wait for. */
const ERASED_AT_ONCE = 500;
/** Events of one statement, which must end in time. */
const RENAMED_AT_ONCE = 1_000;

const EXPORTED_COLUMNS = `id, conversation_id AS "conversationId", seq, kind, NULLIF(client_id, id) AS "clientId", content,
  shown_event(system) AS system, attachments, reply_to_id AS "replyToId", created_at AS "createdAt",
  edited_at AS "editedAt", deleted_at AS "deletedAt"`;

/** What is kept of a user's messages, in pages, and what is left of it when the user is forgotten. */
@Injectable()
export class MessagesPersonalDataRepository {
  constructor(private readonly database: Database) {}

  /** What the user did in groups, in no order of time. */
  events(userId: string, after: string): Promise<ExportedMessage[]> {
    return this.database.background.query<ExportedMessage>(
      `SELECT ${EXPORTED_COLUMNS} FROM messages WHERE sender_id = $1 AND client_id IS NULL AND id > $2
       ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /**
   * What the user wrote, in no order of time. Walked by the index that every message is in for its sender's key: another
   * one by sender and id would cost each message that is stored. Without a name, so that each is planned for its own
   * sender, who may have written much more than most.
   */
  listWrittenBy(userId: string, after: string): Promise<(ExportedMessage & { key: string })[]> {
    return this.database.background.query<ExportedMessage & { key: string }>(
      `SELECT ${EXPORTED_COLUMNS}, client_id AS key FROM messages
       WHERE sender_id = $1 AND client_id >= $2 AND (client_id > $2 OR $3::boolean) ORDER BY client_id LIMIT ${EXPORT_PAGE}`,
      // A client may give any UUID, also the one before all others.
      [userId, after, after === NIL_ID],
    );
  }

  reactions(userId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT message_id AS id, array_agg(emoji ORDER BY created_at) AS emojis, array_agg(created_at ORDER BY created_at) AS "reactedAt" FROM message_reactions
       WHERE user_id = $1 AND message_id > $2 GROUP BY message_id ORDER BY message_id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /** Some of the user's reactions. @returns whether there were any, so that there may be more */
  async deleteReactions(userId: string, transaction?: Transaction): Promise<boolean> {
    const [row] = await this.erase<{ count: number }>(
      transaction,
      `WITH gone AS (
         DELETE FROM message_reactions WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM message_reactions WHERE user_id = $1 LIMIT ${ERASED_AT_ONCE}
         )) RETURNING message_id
       ), changed AS (
         UPDATE messages SET version = version + 1 WHERE id IN (SELECT message_id FROM gone)
       )
       SELECT count(*)::integer AS count FROM gone`,
      userId,
    );
    return row !== undefined && row.count > 0;
  }

  hidden(userId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT message_id AS id, hidden_at AS "hiddenAt" FROM hidden_messages
       WHERE user_id = $1 AND message_id > $2 ORDER BY message_id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /** Some of what the user hid from itself. @returns whether there were any, so that there may be more */
  async deleteHidden(userId: string, transaction?: Transaction): Promise<boolean> {
    const gone = await this.erase(
      transaction,
      `DELETE FROM hidden_messages WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM hidden_messages WHERE user_id = $1 LIMIT ${ERASED_AT_ONCE}
       )) RETURNING message_id`,
      userId,
    );
    return gone.length > 0;
  }

  /** Behind another one that changes the same messages it is tried again; a transaction is so as a whole. */
  private erase<Row>(transaction: Transaction | undefined, text: string, userId: string): Promise<Row[]> {
    return transaction === undefined
      ? this.database.background.queryAtomically<Row>(text, [userId])
      : transaction.query<Row>(text, [userId]);
  }

  /**
   * What mentions the user is shown with another name from now on: it counts as changed, so that sync brings it to whoever
   * keeps the old sentence. A sentence that is still stored, since it could not be read, gives way to what is known of it.
   * In batches, of which each ends in time, however often the user was named by others.
   */
  async forgetNames(transaction: Transaction, userId: string): Promise<void> {
    let after = { conversationId: NIL_ID, seq: 0 };
    for (let isMore = true; isMore; ) {
      const mentions = await transaction.query<{ conversationId: string; seq: number }>(
        `WITH mentions AS (
           SELECT mention.id, own.conversation_id, mention.seq FROM conversation_members own
           CROSS JOIN LATERAL (
             SELECT m.id, m.seq FROM messages m
             WHERE m.conversation_id = own.conversation_id AND m.kind = 'SYSTEM' AND m.deleted_at IS NULL
               AND m.seq > CASE WHEN own.conversation_id = $2 THEN $3::integer ELSE 0 END
               AND (m.sender_id = $1 OR m.content IS NOT NULL AND m.system->'userIds' @> to_jsonb($1::text)
                 OR $1::text IN (m.system->'userIds'->>0, m.system->'userIds'->>1, m.system->'userIds'->>2))
             ORDER BY m.seq LIMIT ${RENAMED_AT_ONCE}
           ) mention
           WHERE own.user_id = $1 AND own.conversation_id >= $2
           ORDER BY own.conversation_id, mention.seq LIMIT ${RENAMED_AT_ONCE}
         ), renamed AS (
           UPDATE messages m SET content = NULL, version = m.version + 1
           FROM mentions WHERE m.id = mentions.id
         ), shown AS (
           UPDATE conversations c SET last_message = NULL
           FROM mentions WHERE c.id = mentions.conversation_id AND c.last_message_id = mentions.id
         )
         SELECT conversation_id AS "conversationId", seq FROM mentions ORDER BY conversation_id, seq`,
        [userId, after.conversationId, after.seq],
      );
      after = mentions.at(-1) ?? after;
      isMore = mentions.length === RENAMED_AT_ONCE;
    }
  }
}
