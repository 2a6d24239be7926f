import { Injectable } from '@nestjs/common';
import { NIL_ID } from '../../common/identifier.js';
import { shownAvatar } from '../../attachments/avatar.js';
import type { MessageKind } from '../../common/message-kind.js';
import { Database } from '../../database/database.js';
import { areBlocked, areReceiptsShown } from '../../relations/relations.js';
import { MAX_LIVE_AUDIENCE } from '../conversation-access.js';
import type { ConversationType, HistoryVisibility, MemberRole } from '../../views/conversations.view.js';
import type { ShownEvent } from '../groups/system-event.js';
import { unreadCount } from './unread.js';

/** Members that a conversation carries where it is asked for by itself. Up to this many, it carries all. */
export const MAX_MEMBERS_SHOWN = MAX_LIVE_AUDIENCE;
/** Members that a larger one carries in lists, in sync and in events. */
export const MAX_MEMBERS_LISTED = 20;
/** The latest writers of a large group are looked for among this many messages. */
const MAX_WRITERS_WINDOW = 200;

/** A member as a conversation carries it. */
export type MemberTuple = [
  userId: string,
  role: MemberRole,
  lastReadSeq: number,
  lastDeliveredSeq: number,
  isShown: boolean,
  lastOwnSeq: number,
];

/** What a conversation is for everybody. */
export interface ConversationRow {
  id: string;
  type: ConversationType;
  title: string | null;
  avatarUrl: string | null;
  historyVisibility: HistoryVisibility;
  lastSeq: number;
  lastMessage: string | null;
  lastSystem: ShownEvent | null;
  lastMessageAt: Date | null;
  lastMessageBy: string | null;
  lastMessageKind: MessageKind | null;
  createdAt: Date;
  memberCount: number;
  members: MemberTuple[] | null;
}

/** What it is for one of its members. */
export interface OwnRow {
  userId: string;
  role: MemberRole;
  lastReadSeq: number;
  lastDeliveredSeq: number;
  mutedUntil: Date | null;
  archivedAt: Date | null;
  pinnedAt: Date | null;
  unreadCount: number;
  /** Other members across a block. */
  blockedIds: string[];
  /** Whether this member deleted the newest message for itself. */
  isLastHidden: boolean;
}

/** A member in a page of them. */
interface MemberRow {
  userId: string;
  joinedAt: Date;
  member: MemberTuple;
  areReceiptsShown: boolean;
}

/** A member's cursors in a page of them, as far as the viewer is shown them. */
interface ReceiptRow {
  userId: string;
  joinedAt: Date;
  lastReadSeq: number;
  lastDeliveredSeq: number;
}

const COLUMNS = `
  c.id, c.type, c.title, ${shownAvatar('c')} AS "avatarUrl", c.history_visibility AS "historyVisibility",
  c.last_seq AS "lastSeq", c.last_message AS "lastMessage", shown_event(c.last_system) AS "lastSystem", c.last_message_at AS "lastMessageAt",
  c.last_message_by AS "lastMessageBy", c.last_message_kind AS "lastMessageKind", c.created_at AS "createdAt",
  c.member_count AS "memberCount"`;

const OWN_COLUMNS = `
  own.user_id AS "userId", own.role, own.last_read_seq AS "lastReadSeq", own.last_delivered_seq AS "lastDeliveredSeq",
  own.muted_until AS "mutedUntil", own.archived_at AS "archivedAt", own.pinned_at AS "pinnedAt",
  ${unreadCount('c', 'own')} AS "unreadCount",
  ARRAY(
    SELECT bm.user_id::text FROM conversation_members bm
    WHERE c.member_count <= ${MAX_LIVE_AUDIENCE} AND bm.conversation_id = c.id AND ${areBlocked('own.user_id', 'bm.user_id')}
    UNION ALL
    SELECT b.other_id::text FROM blocked_pairs b
    WHERE c.member_count > ${MAX_LIVE_AUDIENCE} AND b.user_id = own.user_id AND EXISTS (
      SELECT 1 FROM conversation_members bm WHERE bm.conversation_id = c.id AND bm.user_id = b.other_id OFFSET 0)
  ) AS "blockedIds",
  EXISTS (SELECT 1 FROM hidden_places h WHERE h.message_id = c.last_message_id AND h.user_id = own.user_id) AS "isLastHidden"`;

const MEMBER_TUPLE =
  'json_build_array(m.user_id, m.role, m.last_read_seq, m.last_delivered_seq, m.is_shown, m.last_own_seq)';

/**
 * An SQL condition that every time fulfils, for what is read by an index in the order of `column` up to a LIMIT. A range
 * whose ends PostgreSQL does not know while it plans: it then expects one row, and walks the index. Without it, it may read
 * and sort all of them wherever the table was not vacuumed lately.
 */
function anyTime(column: string): string {
  return `${column} > (SELECT '-infinity'::timestamptz) AND ${column} < (SELECT 'infinity'::timestamptz)`;
}

/**
 * An SQL expression: the members that conversation `c` shows, as tuples. All of a small one, in the order in which they
 * joined; of a large one at most `most`, those first whom its reader is likeliest to look for.
 *
 * Never reads all members of a large group, nor all its messages: candidates are gathered, and each is looked up by key.
 * PostgreSQL takes every group for one of average size, and would rather go through all members, and sort all messages to
 * find the newest. OFFSET keeps it from the one; the newest are named by their numbers, and not by ORDER BY and LIMIT.
 * @param firstIds SQL expression, an array of ids: they come first, where they are members
 * @param friends a common table expression of the ids that come next, where they are members; null for none
 */
function shownMembers(firstIds: string, friends: string | null, most: number): string {
  const friendMembers =
    friends === null
      ? ''
      : `UNION ALL
        (SELECT f.friend_id, 1, 0 FROM ${friends} f CROSS JOIN LATERAL (
           SELECT 1 FROM conversation_members fm
           WHERE fm.conversation_id = c.id AND fm.user_id = f.friend_id AND fm.left_at IS NULL OFFSET 0
         ) AS present LIMIT ${most})`;
  return `CASE WHEN c.member_count <= ${MAX_MEMBERS_SHOWN} THEN (
      SELECT json_agg(${MEMBER_TUPLE} ORDER BY m.joined_at, m.user_id)
      FROM conversation_members m WHERE m.conversation_id = c.id AND m.left_at IS NULL
    ) ELSE (
      SELECT json_agg(${MEMBER_TUPLE} ORDER BY m.rank, m.place, m.joined_at, m.user_id) FROM (
        SELECT member.*, wanted.rank, wanted.place FROM (
          SELECT user_id, min(rank) AS rank, min(place) AS place FROM (
            SELECT unnest(${firstIds}) AS user_id, 0 AS rank, 0 AS place
            ${friendMembers}
            UNION ALL
            (SELECT w.sender_id, 2, -max(w.seq) FROM (
               SELECT sender_id, seq FROM written_places
               WHERE conversation_id = c.id AND seq > c.last_seq - ${MAX_WRITERS_WINDOW}
             ) AS w GROUP BY w.sender_id)
            UNION ALL
            (SELECT l.user_id, 3, 0 FROM conversation_members l
             WHERE l.conversation_id = c.id AND l.left_at IS NULL AND ${anyTime('l.joined_at')}
             ORDER BY l.joined_at, l.user_id LIMIT ${most})
          ) AS candidate GROUP BY user_id
        ) AS wanted CROSS JOIN LATERAL (
          SELECT * FROM conversation_members found
          WHERE found.conversation_id = c.id AND found.user_id = wanted.user_id AND found.left_at IS NULL OFFSET 0
        ) AS member
        ORDER BY wanted.rank, wanted.place, member.joined_at, member.user_id LIMIT ${most}
      ) AS m
    ) END`;
}

/**
 * A common table expression: the latest friends of a user, some more than are shown, since not all are members. Each side is
 * walked by an index of its own, which asks for a time after '-infinity' (migration `lists_in_their_order`).
 */
function friendsOf(user: string, maxShown: number): string {
  return `friends AS MATERIALIZED (
    SELECT friend_id FROM (
      (SELECT high_id AS friend_id, since FROM friendships
       WHERE low_id = ${user} AND removed_at IS NULL AND since > '-infinity' AND ${anyTime('since')}
       ORDER BY since DESC LIMIT ${maxShown * 10})
      UNION ALL
      (SELECT low_id, since FROM friendships
       WHERE high_id = ${user} AND removed_at IS NULL AND since > '-infinity' AND ${anyTime('since')}
       ORDER BY since DESC LIMIT ${maxShown * 10})
    ) AS friendship ORDER BY since DESC LIMIT ${maxShown * 10}
  )`;
}

/** Before every member: always a place in their order, so that PostgreSQL walks the index from there. */
const FIRST_MEMBER: PagePosition = ['-infinity', NIL_ID];

/** A place in a list that a page begins after: a time and an id. */
export type PagePosition = readonly [time: string, id: string];

/** The statements by which conversations are read; what members are shown of the rows is `ConversationReader`'s. */
@Injectable()
export class ConversationRowsRepository {
  constructor(private readonly database: Database) {}

  /** A user's conversations, newest activity first. */
  list(
    userId: string,
    after: PagePosition | null,
    limit: number,
    type: ConversationType | null,
  ): Promise<(ConversationRow & OwnRow & { activity: Date })[]> {
    return this.database.reads.query<ConversationRow & OwnRow & { activity: Date }>(
      `WITH ${friendsOf('$1::uuid', MAX_MEMBERS_LISTED)}, page AS MATERIALIZED (
         SELECT c.id, COALESCE(c.last_message_at, c.created_at) AS activity
         FROM conversation_members own JOIN conversations c ON c.id = own.conversation_id
         WHERE own.user_id = $1 AND own.left_at IS NULL
           AND ($2::timestamptz IS NULL OR (COALESCE(c.last_message_at, c.created_at), c.id) < ($2, $3::uuid))
           AND ($5::conversation_type IS NULL OR c.type = $5)
         ORDER BY activity DESC, c.id DESC LIMIT $4
       )
       SELECT ${COLUMNS}, ${OWN_COLUMNS}, page.activity,
         ${shownMembers('ARRAY[$1::uuid]', 'friends', MAX_MEMBERS_LISTED)} AS members
       FROM page JOIN conversations c ON c.id = page.id
       JOIN conversation_members own ON own.conversation_id = c.id AND own.user_id = $1 AND own.left_at IS NULL
       ORDER BY page.activity DESC, c.id DESC`,
      [userId, after?.[0] ?? null, after?.[1] ?? null, limit, type],
      'conversation_list',
    );
  }

  /** One, with as many members as it carries by itself; none where the user is no member. */
  byId(userId: string, conversationId: string): Promise<(ConversationRow & OwnRow)[]> {
    return this.read(userId, [conversationId], MAX_MEMBERS_SHOWN, 'conversation_by_id');
  }

  /** Those among these that the user is a member of, in no order, with as many members as in a list. */
  byIds(userId: string, conversationIds: readonly string[]): Promise<(ConversationRow & OwnRow)[]> {
    return this.read(userId, conversationIds, MAX_MEMBERS_LISTED, 'conversations_by_id');
  }

  private read(
    userId: string,
    conversationIds: readonly string[],
    maxMembers: number,
    name: string,
  ): Promise<(ConversationRow & OwnRow)[]> {
    return this.database.query<ConversationRow & OwnRow>(
      `WITH ${friendsOf('$2::uuid', maxMembers)}
       SELECT ${COLUMNS}, ${OWN_COLUMNS}, ${shownMembers('ARRAY[$2::uuid]', 'friends', maxMembers)} AS members
       FROM conversations c
       JOIN conversation_members own ON own.conversation_id = c.id AND own.user_id = $2 AND own.left_at IS NULL
       WHERE c.id = ANY ($1)`,
      [conversationIds, userId],
      name,
    );
  }

  /** What a conversation is for everybody. @param firstIds members shown first */
  async shared(conversationId: string, firstIds: readonly string[]): Promise<ConversationRow | undefined> {
    const [row] = await this.database.query<ConversationRow>(
      `SELECT ${COLUMNS}, ${shownMembers('$2::uuid[]', null, MAX_MEMBERS_LISTED - 1)} AS members
       FROM conversations c WHERE c.id = $1`,
      [conversationId, firstIds.slice(0, MAX_MEMBERS_LISTED)],
      'conversation_shared',
    );
    return row;
  }

  /** What it is for each of these users who is a member, as of which newest message. */
  owns(conversationId: string, userIds: readonly string[]): Promise<(OwnRow & { lastSeq: number })[]> {
    return this.database.query<OwnRow & { lastSeq: number }>(
      `SELECT c.last_seq AS "lastSeq", ${OWN_COLUMNS} FROM conversations c
       JOIN conversation_members own ON own.conversation_id = c.id AND own.user_id = ANY ($2) AND own.left_at IS NULL
       WHERE c.id = $1`,
      [conversationId, userIds],
      'conversation_owns',
    );
  }

  /** Members, those of longest standing first. @param viewerId who is to be shown them */
  members(conversationId: string, viewerId: string, after: PagePosition | null, limit: number): Promise<MemberRow[]> {
    return this.database.reads.query<MemberRow>(
      `SELECT m.user_id AS "userId", m.joined_at AS "joinedAt", ${MEMBER_TUPLE} AS member,
         ${areReceiptsShown('$5::uuid', 'm')} AS "areReceiptsShown"
       FROM conversation_members m WHERE m.conversation_id = $1 AND m.left_at IS NULL
         AND (m.joined_at, m.user_id) > ($2::timestamptz, $3::uuid)
       ORDER BY m.joined_at, m.user_id LIMIT $4`,
      [conversationId, ...(after ?? FIRST_MEMBER), limit, viewerId],
      'conversation_members',
    );
  }

  /** Members' cursors, in the order of `members`. */
  receipts(conversationId: string, viewerId: string, after: PagePosition | null, limit: number): Promise<ReceiptRow[]> {
    return this.database.reads.query<ReceiptRow>(
      `SELECT m.user_id AS "userId", m.joined_at AS "joinedAt",
         CASE WHEN ${areReceiptsShown('$5::uuid', 'm')} THEN m.last_read_seq ELSE m.last_own_seq END AS "lastReadSeq",
         CASE WHEN ${areReceiptsShown('$5::uuid', 'm')} THEN m.last_delivered_seq ELSE m.last_own_seq END AS "lastDeliveredSeq"
       FROM conversation_members m WHERE m.conversation_id = $1 AND m.left_at IS NULL
         AND (m.joined_at, m.user_id) > ($2::timestamptz, $3::uuid)
       ORDER BY m.joined_at, m.user_id LIMIT $4`,
      [conversationId, ...(after ?? FIRST_MEMBER), limit, viewerId],
      'conversation_receipts',
    );
  }
}
