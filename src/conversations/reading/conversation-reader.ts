import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { decodeCursor, isTimeText, isUuidText, type Page, type PageQuery, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { preview } from '../../common/text/preview.js';
import { UsersService } from '../../users/users.service.js';
import type { UserView } from '../../views/users.view.js';
import type { ConversationType, ConversationView, MemberView, ReceiptView } from '../../views/conversations.view.js';
import { shownSentence } from '../groups/system-event.js';
import {
  type ConversationRow,
  ConversationRowsRepository,
  type MemberTuple,
  type OwnRow,
} from './conversation-rows.repository.js';

/** A conversation that is written to between the statements that read it is read so often at the most. */
const MAX_READS = 3;

/** Conversations as their members see them. Reads only; who may change what is in `ConversationsService`. */
@Injectable()
export class ConversationReader {
  constructor(
    private readonly rows: ConversationRowsRepository,
    private readonly users: UsersService,
  ) {}

  /** The caller's conversations, newest activity first. Two statements, however many there are. */
  async list(principal: Principal, query: PageQuery, type?: ConversationType): Promise<Page<ConversationView>> {
    const after = decodeCursor<[string, string]>(query.cursor, [isTimeText, isUuidText]);
    const rows = await this.rows.list(principal.userId, after, query.limit + 1, type ?? null);
    const users = await this.usersOf(
      rows.slice(0, query.limit).flatMap(({ members }) => members ?? []),
      principal.userId,
    );
    return pageOf(
      rows,
      query.limit,
      (row) => [row.activity.toISOString(), row.id],
      (row) => conversationView(row, row, users),
    );
  }

  /** @throws DomainError NOT_FOUND where the caller is no member. */
  async view(principal: Principal, conversationId: string): Promise<ConversationView> {
    const [view] = await this.viewsOf(principal, await this.rows.byId(principal.userId, conversationId));
    if (view === undefined) throw new DomainError('NOT_FOUND');
    return view;
  }

  /** Several at once, as in a list; those the caller is no member of are left out. */
  async views(principal: Principal, conversationIds: readonly string[]): Promise<ConversationView[]> {
    if (conversationIds.length === 0) return [];
    return this.viewsOf(principal, await this.rows.byIds(principal.userId, conversationIds));
  }

  /**
   * One conversation as each of these users sees it; who is no member is left out. Of a large group all see the same
   * members, but for each its own membership. Three statements, however many viewers there are, unless it changes meanwhile.
   * @param firstIds members shown first: what happened is about them
   */
  async viewsFor(
    conversationId: string,
    viewerIds: readonly string[],
    firstIds: readonly string[] = [],
  ): Promise<{ userId: string; conversation: ConversationView }[]> {
    if (viewerIds.length === 0) return [];
    const [row, owns] = await this.readFor(conversationId, viewerIds, firstIds);
    if (row === undefined) return [];
    const shownIds = (row.members ?? []).map(([userId]) => userId);
    const ownIds = owns.map(({ userId }) => userId);
    const [users, ownUsers] = await Promise.all([
      this.users.viewsFor(
        ownIds,
        shownIds,
        (row.members ?? []).every(([, , , , isShown]) => isShown),
      ),
      this.users.viewsOf(ownIds.filter((id) => !shownIds.includes(id))),
    ]);
    return owns.map((own) => ({
      userId: own.userId,
      conversation: conversationView(row, own, users.get(own.userId) ?? new Map(), ownUsers.get(own.userId)),
    }));
  }

  /**
   * The members of a conversation, those of longest standing first, as the caller sees them. The caller's membership is
   * the business of the service that calls.
   */
  async members(principal: Principal, conversationId: string, query: PageQuery): Promise<Page<MemberView>> {
    const after = decodeCursor<[string, string]>(query.cursor, [isTimeText, isUuidText]);
    const rows = await this.rows.members(conversationId, principal.userId, after, query.limit + 1);
    const users = await this.usersOf(
      rows.slice(0, query.limit).map(({ member }) => member),
      principal.userId,
    );
    const { items, nextCursor } = pageOf(
      rows,
      query.limit,
      (row) => [row.joinedAt.toISOString(), row.userId],
      ({ userId, member, areReceiptsShown }) => memberView(users.get(userId), member, areReceiptsShown),
    );
    return { items: items.flat(), nextCursor };
  }

  /**
   * Members' cursors, in the order of `members`, as far as the caller is shown them. The caller's membership is the
   * business of the service that calls.
   */
  async receipts({ userId }: Principal, conversationId: string, query: PageQuery): Promise<Page<ReceiptView>> {
    const after = decodeCursor<[string, string]>(query.cursor, [isTimeText, isUuidText]);
    const rows = await this.rows.receipts(conversationId, userId, after, query.limit + 1);
    return pageOf(
      rows,
      query.limit,
      (row) => [row.joinedAt.toISOString(), row.userId],
      ({ userId: memberId, lastReadSeq, lastDeliveredSeq }) => ({
        conversationId,
        userId: memberId,
        lastReadSeq,
        lastDeliveredSeq,
      }),
    );
  }

  /** Both parts as of the same newest message: what is unread counts up to it. */
  private async readFor(
    conversationId: string,
    viewerIds: readonly string[],
    firstIds: readonly string[],
  ): Promise<[ConversationRow | undefined, OwnRow[]]> {
    for (let attempt = 1; ; attempt += 1) {
      const [row, owns] = await Promise.all([
        this.rows.shared(conversationId, firstIds),
        this.rows.owns(conversationId, viewerIds),
      ]);
      if (attempt === MAX_READS || row === undefined || owns.every(({ lastSeq }) => lastSeq === row.lastSeq))
        return [row, owns];
    }
  }

  private async viewsOf(
    { userId }: Principal,
    rows: readonly (ConversationRow & OwnRow)[],
  ): Promise<ConversationView[]> {
    const users = await this.usersOf(
      rows.flatMap(({ members }) => members ?? []),
      userId,
    );
    return rows.map((row) => conversationView(row, row, users));
  }

  /** Somebody who has not answered yet may still be shown for what else the two share: that takes a look at each. */
  private usersOf(members: readonly MemberTuple[], viewerId: string): Promise<Map<string, UserView>> {
    const userIds = new Set(members.map(([userId]) => userId));
    const areShown = members.every(([userId, , , , isShown]) => isShown || userId === viewerId);
    return this.users.viewsSeenBy(viewerId, [...userIds], areShown);
  }
}

/** @param ownUser the viewer, where it is not among the members shown */
function conversationView(
  row: ConversationRow,
  own: OwnRow,
  users: ReadonlyMap<string, UserView>,
  ownUser?: UserView,
): ConversationView {
  const ownTuple: MemberTuple = [own.userId, own.role, own.lastReadSeq, own.lastDeliveredSeq, true, 0];
  const areReceiptsShown = ([userId, , , , isShown]: MemberTuple): boolean =>
    userId === own.userId || (isShown && !own.blockedIds.includes(userId));
  return {
    id: row.id,
    type: row.type,
    title: row.title,
    avatarUrl: row.avatarUrl,
    ...(row.type === 'GROUP' ? { historyVisibility: row.historyVisibility } : {}),
    lastSeq: row.lastSeq,
    lastMessage: own.isLastHidden ? null : lastMessageOf(row),
    lastMessageAt: row.lastMessageAt?.toISOString() ?? null,
    lastMessageBy: row.lastMessageBy,
    lastMessageKind: row.lastMessageKind,
    createdAt: row.createdAt.toISOString(),
    memberCount: row.memberCount,
    members: [
      ...memberView(ownUser, ownTuple, true),
      ...(row.members ?? []).flatMap((tuple) => memberView(users.get(tuple[0]), tuple, areReceiptsShown(tuple))),
    ],
    me: {
      role: own.role,
      lastReadSeq: own.lastReadSeq,
      unreadCount: own.unreadCount,
      mutedUntil: own.mutedUntil?.toISOString() ?? null,
      archivedAt: own.archivedAt?.toISOString() ?? null,
      pinnedAt: own.pinnedAt?.toISOString() ?? null,
    },
  };
}

/** What the server said itself is put into words here; old sentences that it could not read are stored as they are. */
function lastMessageOf({ lastMessage, lastSystem }: ConversationRow): string | null {
  return lastMessage ?? (lastSystem && preview(shownSentence(lastSystem)));
}

/** Empty for nobody. A member whose receipts are not shown has read what everybody can see that it has: what it wrote. */
function memberView(
  user: UserView | undefined,
  [, role, lastReadSeq, lastDeliveredSeq, , lastOwnSeq]: MemberTuple,
  areReceiptsShown: boolean,
): MemberView[] {
  if (user === undefined) return [];
  return areReceiptsShown
    ? [{ user, role, lastReadSeq, lastDeliveredSeq }]
    : [{ user, role, lastReadSeq: lastOwnSeq, lastDeliveredSeq: lastOwnSeq }];
}
