import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import type { MessageKind } from '../common/message-kind.js';
import { decodeCursor, isTimeText, isUuidText, type Page, type PageQuery, pageOf } from '../common/pagination.js';
import type { Principal } from '../common/principal.js';
import { Database } from '../database/database.js';
import { UsersService } from '../users/users.service.js';
import type { UserView } from '../users/users.view.js';
import { LARGEST_LIVE_AUDIENCE } from './conversation-access.js';
import type {
  ConversationType,
  ConversationView,
  HistoryVisibility,
  MemberRole,
  ReceiptView,
} from './conversations.view.js';

interface MemberRow {
  userId: string;
  role: MemberRole;
  lastReadSeq: number;
  lastDeliveredSeq: number;
  mutedUntil: string | null;
  archivedAt: string | null;
  pinnedAt: string | null;
}

interface ConversationRow {
  id: string;
  type: ConversationType;
  title: string | null;
  avatarUrl: string | null;
  historyVisibility: HistoryVisibility;
  lastSeq: number;
  lastMessage: string | null;
  lastMessageAt: Date | null;
  lastMessageBy: string | null;
  lastMessageKind: MessageKind | null;
  createdAt: Date;
  activity: Date;
  members: MemberRow[];
  /** Those who deleted the newest message for themselves. */
  hiddenBy: string[];
}

const COLUMNS = `
  c.id, c.type, c.title, c.avatar_url AS "avatarUrl", c.history_visibility AS "historyVisibility",
  c.last_seq AS "lastSeq", c.last_message AS "lastMessage", c.last_message_at AS "lastMessageAt",
  c.last_message_by AS "lastMessageBy", c.last_message_kind AS "lastMessageKind", c.created_at AS "createdAt",
  COALESCE(c.last_message_at, c.created_at) AS "activity",
  ARRAY(SELECT h.user_id::text FROM hidden_messages h WHERE h.message_id = c.last_message_id) AS "hiddenBy",
  (SELECT json_agg(json_build_object(
      'userId', m.user_id, 'role', m.role, 'lastReadSeq', m.last_read_seq, 'lastDeliveredSeq', m.last_delivered_seq,
      'mutedUntil', m.muted_until, 'archivedAt', m.archived_at, 'pinnedAt', m.pinned_at)
      ORDER BY m.joined_at, m.user_id)
    FROM conversation_members m WHERE m.conversation_id = c.id AND m.left_at IS NULL) AS "members"`;

/** Conversations as their members see them. Reads only; who may change what is in `ConversationsService`. */
@Injectable()
export class ConversationReader {
  constructor(
    private readonly database: Database,
    private readonly users: UsersService,
  ) {}

  /** The caller's conversations, newest activity first. Two statements, however many there are. */
  async list(principal: Principal, query: PageQuery, type?: ConversationType): Promise<Page<ConversationView>> {
    const after = decodeCursor<[string, string]>(query.cursor, [isTimeText, isUuidText]);
    const rows = await this.database.reads.query<ConversationRow>(
      `WITH page AS (
         SELECT c.id, COALESCE(c.last_message_at, c.created_at) AS activity
         FROM conversation_members own JOIN conversations c ON c.id = own.conversation_id
         WHERE own.user_id = $1 AND own.left_at IS NULL
           AND ($2::timestamptz IS NULL OR (COALESCE(c.last_message_at, c.created_at), c.id) < ($2, $3::uuid))
           AND ($5::conversation_type IS NULL OR c.type = $5)
         ORDER BY activity DESC, c.id DESC LIMIT $4
       )
       SELECT ${COLUMNS} FROM page JOIN conversations c ON c.id = page.id ORDER BY page.activity DESC, c.id DESC`,
      [principal.userId, after?.[0] ?? null, after?.[1] ?? null, query.limit + 1, type ?? null],
      'conversation_list',
    );
    const users = await this.usersOf(rows.slice(0, query.limit), principal.userId);
    return pageOf(
      rows,
      query.limit,
      (row) => [row.activity.toISOString(), row.id],
      (row) => conversationView(row, principal.userId, users),
    );
  }

  /** @throws DomainError NOT_FOUND where the caller is no member. */
  async view(principal: Principal, conversationId: string): Promise<ConversationView> {
    const [view] = await this.viewsFor(conversationId, [principal.userId]);
    if (view === undefined) throw new DomainError('NOT_FOUND');
    return view.conversation;
  }

  /** The same conversations as `view`, several at once; those the caller is no member of are left out. */
  async views(principal: Principal, conversationIds: readonly string[]): Promise<ConversationView[]> {
    if (conversationIds.length === 0) return [];
    const rows = await this.rows(conversationIds);
    const users = await this.usersOf(rows, principal.userId);
    return rows
      .filter((row) => row.members.some(({ userId }) => userId === principal.userId))
      .map((row) => conversationView(row, principal.userId, users));
  }

  /** One conversation as each of `userIds` (default: every member) sees it. */
  async viewsFor(
    conversationId: string,
    userIds?: readonly string[],
  ): Promise<{ userId: string; conversation: ConversationView }[]> {
    const [row] = await this.rows([conversationId]);
    if (row === undefined) return [];
    const viewerIds = row.members
      .map(({ userId }) => userId)
      .filter((id) => userIds === undefined || userIds.includes(id));
    // What everybody sees of everybody grows with the square: presence is left out where many are told at once.
    if (viewerIds.length > LARGEST_LIVE_AUDIENCE) {
      const users = await this.users.viewsOf(row.members.map(({ userId }) => userId));
      return viewerIds.map((userId) => ({ userId, conversation: conversationView(row, userId, users) }));
    }
    const users = await this.users.viewsFor(
      viewerIds,
      row.members.map(({ userId }) => userId),
      true,
    );
    return viewerIds.map((userId) => ({
      userId,
      conversation: conversationView(row, userId, users.get(userId) ?? new Map()),
    }));
  }

  /** Every member's cursors. The caller's membership is the controller's service's business. */
  async receipts(conversationId: string): Promise<ReceiptView[]> {
    return this.database.reads.query<ReceiptView>(
      `SELECT conversation_id AS "conversationId", user_id AS "userId",
         last_read_seq AS "lastReadSeq", last_delivered_seq AS "lastDeliveredSeq"
       FROM conversation_members WHERE conversation_id = $1 AND left_at IS NULL ORDER BY joined_at, user_id`,
      [conversationId],
      'conversation_receipts',
    );
  }

  private async rows(conversationIds: readonly string[]): Promise<ConversationRow[]> {
    const rows = await this.database.query<ConversationRow>(
      `SELECT ${COLUMNS} FROM conversations c WHERE c.id = ANY ($1)`,
      [conversationIds],
      'conversations_by_id',
    );
    return rows.map((row) => ({ ...row, members: row.members ?? [] }));
  }

  private usersOf(rows: readonly ConversationRow[], viewerId: string): Promise<Map<string, UserView>> {
    const userIds = new Set(rows.flatMap((row) => (row.members ?? []).map(({ userId }) => userId)));
    return this.users.viewsSeenBy(viewerId, [...userIds], true);
  }
}

function conversationView(
  row: ConversationRow,
  viewerId: string,
  users: ReadonlyMap<string, UserView>,
): ConversationView {
  const own = row.members.find(({ userId }) => userId === viewerId);
  if (own === undefined) throw new Error(`user ${viewerId} is no member of conversation ${row.id}`);
  return {
    id: row.id,
    type: row.type,
    title: row.title,
    avatarUrl: row.avatarUrl,
    ...(row.type === 'GROUP' ? { historyVisibility: row.historyVisibility } : {}),
    lastSeq: row.lastSeq,
    lastMessage: row.hiddenBy.includes(viewerId) ? null : row.lastMessage,
    lastMessageAt: row.lastMessageAt?.toISOString() ?? null,
    lastMessageBy: row.lastMessageBy,
    lastMessageKind: row.lastMessageKind,
    createdAt: row.createdAt.toISOString(),
    members: row.members.flatMap(({ userId, role, lastReadSeq, lastDeliveredSeq }) => {
      const user = users.get(userId);
      return user === undefined ? [] : [{ user, role, lastReadSeq, lastDeliveredSeq }];
    }),
    me: {
      role: own.role,
      lastReadSeq: own.lastReadSeq,
      unreadCount: unreadCount(row.lastSeq, own.lastReadSeq),
      mutedUntil: isoTime(own.mutedUntil),
      archivedAt: isoTime(own.archivedAt),
      pinnedAt: isoTime(own.pinnedAt),
    },
  };
}

/** Sequence numbers are dense and sending moves the sender's own cursor, so what lies after it is others' messages. */
export function unreadCount(lastSeq: number, lastReadSeq: number): number {
  return Math.max(0, lastSeq - lastReadSeq);
}

function isoTime(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
