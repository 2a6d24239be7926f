import { Injectable } from '@nestjs/common';
import { AttachmentLinks } from '../../attachments/serving/attachment-urls.js';
import { visibleTo } from '../../conversations/conversation-access.js';
import { unreadCount } from '../../conversations/reading/unread.js';
import { Database, type SqlExecutor } from '../../database/database.js';
import type { QuotationLimits } from '../../events/domain-events.js';
import type { HistoryRange } from './history-range.js';
import type { MessageView } from '../../views/messages.view.js';
import { MAX_ANSWER_TEXT_BYTES, type MessageRow, messageView } from './message-row.js';

/**
 * A message with all that its view needs, as `m`. Never more than one statement, however many messages.
 * @param reader an expression of type uuid, null for nobody in particular: what is kept from single readers is all there
 *   then.
 */
function selectMessages(reader: string): string {
  return `
  SELECT m.id, m.conversation_id AS "conversationId", m.seq, m.version, m.sender_id AS "senderId",
    NULLIF(m.client_id, m.id) AS "clientId", m.kind, m.content, m.attachments, shown_event(m.system) AS system,
    m.link_preview AS "linkPreview", m.created_at AS "createdAt",
    m.edited_at AS "editedAt", m.deleted_at AS "deletedAt",
    (SELECT h.hidden_at FROM hidden_messages h WHERE h.message_id = m.id AND h.user_id = ${reader}) AS "hiddenAt",
    r.id AS "replyToId", r.seq AS "replySeq", r.sender_id AS "replySenderId", r.kind AS "replyKind",
    left(r.content, 200) AS "replyContent", shown_event(r.system) AS "replySystem", r.deleted_at AS "replyDeletedAt",
    CASE WHEN r.id IS NOT NULL THEN ${reader} IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM conversation_members member
      WHERE member.conversation_id = r.conversation_id AND member.user_id = ${reader} AND member.visible_from_seq <= r.seq
    ) END AS "replyIsUnavailable",
    CASE WHEN r.id IS NOT NULL THEN (
      SELECT q.hidden_at FROM hidden_messages q WHERE q.message_id = r.id AND q.user_id = ${reader}
    ) END AS "replyHiddenAt",
    CASE WHEN m.version > 1 THEN (
      SELECT json_agg(json_build_object('emoji', emoji, 'count', count, 'mine', mine) ORDER BY first_at, emoji)
      FROM (
        SELECT emoji, count(*)::integer AS count, COALESCE(bool_or(user_id = ${reader}), false) AS mine, min(created_at) AS first_at
        FROM message_reactions WHERE message_id = m.id GROUP BY emoji
      ) AS reaction
    ) END AS reactions
  FROM messages m LEFT JOIN messages r ON r.id = m.reply_to_id`;
}

const SELECT_MESSAGES = selectMessages('$1::uuid');

/** For what looks into each of a reader's conversations; what takes longer is cancelled, and UNAVAILABLE. */
const RECENT_TIMEOUT_MS = 2_000;

/**
 * Whether a message, by its alias in SQL, is one that somebody wrote and that is still there for a reader. What is hidden is
 * looked up by its key (`OFFSET 0`): else each message may be compared with all that the reader has hidden anywhere.
 */
function isWritten(alias: string, reader: string): string {
  return `${alias}.deleted_at IS NULL AND ${alias}.kind <> 'SYSTEM' AND NOT EXISTS (
    SELECT 1 FROM hidden_messages gone WHERE gone.message_id = ${alias}.id AND gone.user_id = ${reader} OFFSET 0)`;
}

/** The number up to which retention has emptied a conversation, by its id in SQL: nothing that is written is left there. */
function expiredSeq(conversationId: string): string {
  return `COALESCE((SELECT expired_seq FROM conversation_retention WHERE conversation_id = ${conversationId}), 0)`;
}

/** A message by its place in its conversation. */
export interface MessagePlace {
  id: string;
  conversationId: string;
  seq: number;
}

/** One that was found since a snapshot of the database. */
export interface PlacedMessage extends MessagePlace {
  /** The transaction that stored it, or changed it last. */
  xid: string;
}

/** Reads stored messages. New ones come through `MessageWriter`, changes through `MessageChangesRepository`. */
@Injectable()
export class MessagesRepository {
  constructor(
    private readonly database: Database,
    private readonly links: AttachmentLinks,
  ) {}

  /**
   * Messages of one conversation by their sequence numbers, ascending: those of the range, or as many of them around its
   * anchor as one answer may hold, but at least one.
   */
  async range(readerId: string, conversationId: string, { from, to, anchor }: HistoryRange): Promise<MessageView[]> {
    if (to < from) return [];
    const rows = await this.database.reads.query<MessageRow>(
      `WITH sized AS (
         SELECT s.seq, sum(octet_length(s.content)) OVER (ORDER BY abs(s.seq - $5::integer), s.seq
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS nearer
         FROM messages s WHERE s.conversation_id = $2 AND s.seq BETWEEN $3 AND $4
       ), fitting AS (
         SELECT min(seq) AS first, max(seq) AS last FROM sized WHERE COALESCE(nearer, 0) < ${MAX_ANSWER_TEXT_BYTES}
       )
       ${SELECT_MESSAGES} WHERE m.conversation_id = $2
         AND m.seq BETWEEN (SELECT first FROM fitting) AND (SELECT last FROM fitting) ORDER BY m.seq`,
      [readerId, conversationId, from, to, anchor],
      'messages_range',
    );
    return rows.map((row) => messageView(row, this.links));
  }

  /** How many of these messages, in this order, fit into one answer; at least one where there are any. */
  async fitting(ids: readonly string[]): Promise<number> {
    const rows = await this.database.reads.query<{ id: string; bytes: number }>(
      'SELECT id, octet_length(content) AS bytes FROM messages WHERE id = ANY ($1)',
      [ids],
      'message_sizes',
    );
    const sizes = new Map(rows.map(({ id, bytes }) => [id, bytes]));
    let bytes = 0;
    const end = ids.findIndex((id) => {
      if (bytes >= MAX_ANSWER_TEXT_BYTES) return true;
      bytes += sizes.get(id) ?? 0;
      return false;
    });
    return end === -1 ? ids.length : end;
  }

  /**
   * Messages by id, in no particular order. Checks no access.
   * @param readerId null: as they are, for nobody in particular
   */
  async byIds(
    readerId: string | null,
    ids: readonly string[],
    executor: SqlExecutor = this.database,
  ): Promise<MessageView[]> {
    if (ids.length === 0) return [];
    const rows = await executor.query<MessageRow>(
      `${SELECT_MESSAGES} WHERE m.id = ANY ($2)`,
      [readerId, ids],
      'messages_by_id',
    );
    return rows.map((row) => messageView(row, this.links));
  }

  /**
   * What is written in a conversation and still there for a reader, newest first: no tombstones, no SYSTEM messages.
   * @param before a sequence number
   */
  async listWritten(
    readerId: string,
    conversationId: string,
    visible: { from: number; before: number },
    limit: number,
    skip: number,
  ): Promise<MessageView[]> {
    const rows = await this.database.reads.query<MessageRow>(
      // What is skipped is not made a view of.
      `${SELECT_MESSAGES} WHERE m.id = ANY (ARRAY(
         SELECT w.id FROM messages w
         WHERE w.conversation_id = $2 AND w.seq >= $3 AND w.seq < $4 AND w.seq > ${expiredSeq('$2')}
           AND ${isWritten('w', '$1::uuid')}
         ORDER BY w.seq DESC LIMIT $5::integer OFFSET $6::integer
       )) ORDER BY m.seq DESC`,
      [readerId, conversationId, visible.from, visible.before, limit, skip],
      'messages_written',
    );
    return rows.map((row) => messageView(row, this.links));
  }

  /** How many of those are by others and after what the reader has read: the `unreadCount` of a conversation. */
  async unread(readerId: string, conversationId: string): Promise<number> {
    const [row] = await this.database.reads.query<{ count: number }>(
      `SELECT ${unreadCount('c', 'own')} AS count
       FROM conversation_members own JOIN conversations c ON c.id = own.conversation_id
       WHERE own.conversation_id = $2 AND own.user_id = $1`,
      [readerId, conversationId],
      'messages_unread',
    );
    return row?.count ?? 0;
  }

  /** The newest of those of each conversation. Checks no access. */
  async newest(readerId: string, conversationIds: readonly string[]): Promise<MessageView[]> {
    if (conversationIds.length === 0) return [];
    const rows = await this.database.reads.query<MessageRow>(
      `${SELECT_MESSAGES} WHERE m.id IN (
         SELECT newest.id FROM unnest($2::uuid[]) AS wanted(id)
         CROSS JOIN LATERAL (
           SELECT n.id FROM messages n
           WHERE n.conversation_id = wanted.id AND n.seq > ${expiredSeq('wanted.id')} AND ${isWritten('n', '$1::uuid')}
           ORDER BY n.seq DESC LIMIT 1
         ) AS newest)`,
      [readerId, conversationIds],
      'messages_newest',
    );
    return rows.map((row) => messageView(row, this.links));
  }

  /**
   * The newest messages of all the reader's direct conversations, the newest first. What is skipped and shown is looked up in
   * each of them, however many they are.
   */
  async recentDirect(readerId: string, limit: number, skip: number): Promise<MessageView[]> {
    const rows = await this.database.reads.readWithin(RECENT_TIMEOUT_MS, (transaction) =>
      transaction.query<MessageRow>(
        `${SELECT_MESSAGES} WHERE m.id IN (
         SELECT recent.id FROM conversation_members own
         JOIN conversations c ON c.id = own.conversation_id AND c.type = 'DIRECT'
         CROSS JOIN LATERAL (
           SELECT n.id, n.created_at FROM messages n
           WHERE n.conversation_id = c.id AND n.seq > ${expiredSeq('c.id')} AND ${isWritten('n', '$1::uuid')}
           ORDER BY n.seq DESC LIMIT $2::integer + $3::integer
         ) AS recent
         WHERE own.user_id = $1 AND own.left_at IS NULL
         ORDER BY recent.created_at DESC, recent.id DESC LIMIT $2::integer OFFSET $3::integer
       ) ORDER BY m.created_at DESC, m.id DESC`,
        [readerId, limit, skip],
        'messages_recent_direct',
      ),
    );
    return rows.map((row) => messageView(row, this.links));
  }

  /** The message that a sender sent with this client id. */
  async idOfSent(senderId: string, clientId: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ id: string }>(
      'SELECT id FROM messages WHERE sender_id = $1 AND client_id = $2',
      [senderId, clientId],
      'message_id_of_sent',
    );
    return row?.id;
  }

  /** Undefined unless the reader is a member now and may see this far back. */
  async findVisible(readerId: string, messageId: string): Promise<MessageView | undefined> {
    const [row] = await this.database.query<MessageRow>(
      `${SELECT_MESSAGES} ${visibleTo('$1::uuid', 'm')} WHERE m.id = $2`,
      [readerId, messageId],
      'message_visible',
    );
    return row === undefined ? undefined : messageView(row, this.links);
  }

  /** A message as one reader sees it, and as it is for nobody in particular. Checks no access. */
  async ownAndCommon(
    readerId: string,
    messageId: string,
  ): Promise<{ own: MessageView; common: MessageView } | undefined> {
    const [own, common] = await this.database.query<MessageRow>(
      `${selectMessages('asked.id')} CROSS JOIN unnest(ARRAY[$1::uuid, NULL]) WITH ORDINALITY AS asked(id, place)
       WHERE m.id = $2 ORDER BY asked.place`,
      [readerId, messageId],
      'message_own_and_common',
    );
    if (own === undefined || common === undefined) return undefined;
    return { own: messageView(own, this.links), common: messageView(common, this.links) };
  }

  /** Who deleted what it quotes for itself, and when: user id to ISO 8601. */
  private async quotationHiddenAt(messageId: string): Promise<Record<string, string>> {
    const rows = await this.database.query<{ userId: string; hiddenAt: Date }>(
      `SELECT h.user_id AS "userId", h.hidden_at AS "hiddenAt"
       FROM messages m JOIN hidden_messages h ON h.message_id = m.reply_to_id
       JOIN conversation_members v ON v.conversation_id = m.conversation_id AND v.user_id = h.user_id AND v.left_at IS NULL
       WHERE m.id = $1`,
      [messageId],
    );
    return Object.fromEntries(rows.map(({ userId, hiddenAt }) => [userId, hiddenAt.toISOString()]));
  }

  /** Which members may not read what it quotes. */
  async quotationLimits(messageId: string): Promise<QuotationLimits> {
    const [row] = await this.database.query<{ blindIds: string[] }>(
      `SELECT ARRAY(
         SELECT v.user_id::text FROM conversation_members v
         WHERE v.conversation_id = m.conversation_id AND v.left_at IS NULL AND v.visible_from_seq > r.seq
       ) AS "blindIds" FROM messages m JOIN messages r ON r.id = m.reply_to_id WHERE m.id = $1`,
      [messageId],
    );
    const blindIds = row?.blindIds ?? [];
    const hiddenAt = Object.entries(await this.quotationHiddenAt(messageId)).filter(([id]) => !blindIds.includes(id));
    return { blindIds, hiddenAt: Object.fromEntries(hiddenAt) };
  }

  /**
   * The messages of these conversations that a snapshot of the database did not see, in the order of their numbers; at most
   * `limit` of each. Messages commit in that order, so those it saw are a prefix.
   */
  async createdSince(snapshot: string, conversationIds: readonly string[], limit: number): Promise<PlacedMessage[]> {
    return this.database.background.query<PlacedMessage>(
      `SELECT n.id, n.conversation_id AS "conversationId", n.seq, n.changed_xid::text AS xid FROM unnest($2::uuid[]) AS asked(id) CROSS JOIN LATERAL (
         SELECT COALESCE((
           SELECT p.seq FROM messages p
           WHERE p.conversation_id = asked.id AND pg_visible_in_snapshot(p.changed_xid, $1::pg_snapshot)
           ORDER BY p.seq DESC LIMIT 1
         ), 0) AS seq OFFSET 0
       ) AS seen CROSS JOIN LATERAL (
         SELECT m.id, m.conversation_id, m.seq, m.changed_xid FROM messages m
         WHERE m.conversation_id = asked.id AND m.seq > seen.seq ORDER BY m.seq LIMIT $3
       ) AS n ORDER BY n.conversation_id, n.seq`,
      [snapshot, conversationIds, limit],
      'messages_created_since',
    );
  }

  /** Members who are not shown these messages, by message: their history begins later, or they deleted it for themselves. */
  async blindTo(ids: readonly string[]): Promise<Map<string, string[]>> {
    // Asked for by what holds a connection of `background`, which may be the only one.
    const rows = await this.database.reads.query<{ id: string; userIds: string[] }>(
      `SELECT b.id, array_agg(b.user_id::text) AS "userIds" FROM (
         SELECT m.id, v.user_id FROM messages m
         JOIN conversation_members v ON v.conversation_id = m.conversation_id AND v.left_at IS NULL AND v.visible_from_seq > m.seq
         WHERE m.id = ANY ($1)
         UNION SELECT h.message_id, h.user_id FROM hidden_messages h WHERE h.message_id = ANY ($1)
       ) AS b GROUP BY b.id`,
      [ids],
      'messages_blind_to',
    );
    return new Map(rows.map(({ id, userIds }) => [id, userIds]));
  }
}
