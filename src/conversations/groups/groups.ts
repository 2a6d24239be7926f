import { Injectable } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { requireOneAvatar } from '../../attachments/avatar.js';
import { DomainError, type ErrorCode, invalidField } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import { preview } from '../../common/text/preview.js';
import type { Principal } from '../../common/principal.js';
import { Configuration } from '../../config/configuration.js';
import { Database, type Transaction } from '../../database/database.js';
import type { GroupChange } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { type Reach, Strangers } from '../../friends/contacts/strangers.js';
import type { MessageView } from '../../messages/messages.view.js';
import { areBlocked, areFriends, isStranger } from '../../relations/relations.js';
import { lockUsers } from '../../users/locked-users.js';
import { ConversationAccess, type Membership } from '../conversation-access.js';
import type { MemberRole } from '../conversations.view.js';
import { MAX_GROUP_MEMBERS, type UpdateConversationDto } from '../dto/conversations.dto.js';
import { listed, systemSentence } from './system-event.js';
import type { SystemEventView } from './system-event.view.js';
import { refusalToChangeRole, refusalToManage, refusalToRemove } from './group-rules.js';

interface MemberRow {
  userId: string;
  role: MemberRole;
}

/**
 * Groups: members, roles, title. Each change is one transaction under the conversation's lock, and leaves a SYSTEM
 * message, so that history shows it (contract, section 4).
 */
@Injectable()
export class Groups {
  constructor(
    private readonly database: Database,
    private readonly configuration: Configuration,
    private readonly events: EventBus,
    private readonly strangers: Strangers,
    private readonly access: ConversationAccess,
    private readonly attachments: AttachmentsService,
  ) {}

  async create(principal: Principal, title: string, memberIds: readonly string[]): Promise<string> {
    const others = memberIds.filter((id) => id !== principal.userId);
    const conversationId = newId();
    const work = async (transaction: Transaction, reach: Reach): Promise<MessageView> => {
      const held = await lockUsers(transaction, [principal.userId, ...others]);
      refuse(missing(held, [principal.userId, ...others]));
      await reach(await this.strangersToAdd(transaction, principal, null, others));
      await transaction.query(`INSERT INTO conversations (id, type, title, created_by) VALUES ($1, 'GROUP', $2, $3)`, [
        conversationId,
        title,
        principal.userId,
      ]);
      await transaction.query(
        `INSERT INTO conversation_members (conversation_id, user_id, role)
         SELECT $1, id, CASE WHEN id = $2 THEN 'OWNER' ELSE 'MEMBER' END::member_role FROM unnest($3::uuid[]) AS id`,
        [conversationId, principal.userId, [principal.userId, ...others]],
      );
      const actorId = principal.userId;
      return record(transaction, conversationId, { type: 'GROUP_CREATED', actorId, ...listed(others), title }, held);
    };
    const message = await this.strangers.counted(principal.userId, (reach) =>
      this.database.transaction((transaction) => work(transaction, reach)),
    );
    this.publish(message, { isNew: true, joinedIds: [principal.userId, ...others] });
    return conversationId;
  }

  /**
   * A change that changes nothing emits nothing.
   * @throws DomainError besides those of any change: VALIDATION_FAILED (`avatarId`).
   */
  async update(principal: Principal, conversationId: string, changes: UpdateConversationDto): Promise<void> {
    requireOneAvatar(changes);
    const message = await this.change(principal, conversationId, [], async (transaction, membership, names) => {
      refuse(refusalToManage(membership.role));
      const avatar = await this.attachments.chosenAvatar(transaction, principal, changes);
      const [before] = await transaction.query<{ title: string }>('SELECT title FROM conversations WHERE id = $1', [
        conversationId,
      ]);
      const changed = await transaction.query(
        `UPDATE conversations SET title = changed.title, history_visibility = changed.history_visibility,
           avatar_id = changed.avatar_id, avatar_url = changed.avatar_url
         FROM (
           SELECT COALESCE($2, title) AS title, COALESCE($3::history_visibility, history_visibility) AS history_visibility,
             CASE WHEN $4 THEN $5 ELSE avatar_id END AS avatar_id, CASE WHEN $4 THEN $6 ELSE avatar_url END AS avatar_url
           FROM conversations WHERE id = $1
         ) AS changed
         WHERE id = $1 AND (conversations.title, conversations.history_visibility, conversations.avatar_id, conversations.avatar_url)
           IS DISTINCT FROM (changed.title, changed.history_visibility, changed.avatar_id, changed.avatar_url)
         RETURNING id`,
        [
          ...[conversationId, changes.title ?? null, changes.historyVisibility ?? null],
          ...[avatar !== undefined, avatar?.avatarId ?? null, avatar?.avatarUrl ?? null],
        ],
      );
      if (changed.length === 0) return null;
      const isRenamed = changes.title !== undefined && changes.title !== before?.title;
      const event: SystemEventView = { type: 'GROUP_CHANGED', actorId: principal.userId, userIds: [] };
      if (isRenamed && changes.title !== undefined) event.title = changes.title;
      return record(transaction, conversationId, event, names);
    });
    if (message !== null) this.publish(message);
  }

  async addMembers(principal: Principal, conversationId: string, memberIds: readonly string[]): Promise<void> {
    if (memberIds.length === 0) throw invalidField('memberIds', 'memberIds must name somebody');
    // Before anything is said about the users named: only those who manage the group may learn whether they exist.
    const before = await this.access.membership(principal, conversationId);
    refuse(before.type === 'GROUP' ? refusalToManage(before.role) : 'NOT_A_GROUP');
    const { message, added } = await this.strangers.counted(principal.userId, (reach) =>
      this.change(principal, conversationId, memberIds, async (transaction, membership, names) => {
        refuse(refusalToManage(membership.role));
        refuse(missing(names, memberIds));
        const present = await this.presentAmong(transaction, conversationId, memberIds);
        const newcomers = memberIds.filter((id) => !present.has(id));
        if (newcomers.length === 0) throw new DomainError('ALREADY_MEMBER');
        if (membership.memberCount + newcomers.length > MAX_GROUP_MEMBERS) throw new DomainError('GROUP_FULL');
        await reach(await this.strangersToAdd(transaction, principal, conversationId, newcomers));
        const event: SystemEventView = { type: 'MEMBERS_ADDED', actorId: principal.userId, ...listed(newcomers) };
        const recorded = await record(transaction, conversationId, event, names);
        // Somebody who comes back starts anew: what was written in between stays unseen.
        await transaction.query(
          `INSERT INTO conversation_members AS m
           (conversation_id, user_id, visible_from_seq, last_read_seq, last_delivered_seq, last_own_seq)
         SELECT c.id, u.id, CASE c.history_visibility WHEN 'FROM_START' THEN 1 ELSE $3 END, $3, $3, $3
         FROM conversations c, unnest($2::uuid[]) AS u(id) WHERE c.id = $1
         ON CONFLICT (conversation_id, user_id) DO UPDATE SET
           role = 'MEMBER', joined_at = now(), left_at = NULL, visible_from_seq = excluded.visible_from_seq,
           last_read_seq = excluded.last_read_seq, last_delivered_seq = excluded.last_delivered_seq,
           last_own_seq = excluded.last_own_seq, left_by_choice = false,
           muted_until = NULL, archived_at = NULL, pinned_at = NULL`,
          [conversationId, newcomers, recorded.seq],
        );
        return { message: recorded, added: newcomers };
      }),
    );
    this.publish(message, { joinedIds: added });
  }

  async changeRole(principal: Principal, conversationId: string, userId: string, role: MemberRole): Promise<void> {
    const message = await this.change(principal, conversationId, [userId], async (transaction, membership, names) => {
      const target = await this.requireMember(transaction, conversationId, userId);
      refuse(refusalToChangeRole(membership.role, userId === principal.userId));
      if (target.role === role) return null;
      // First: a group never has two owners, not even within a transaction.
      if (role === 'OWNER') await this.setRole(transaction, conversationId, principal.userId, 'ADMIN');
      await this.setRole(transaction, conversationId, userId, role);
      const event: SystemEventView = { type: 'ROLE_CHANGED', actorId: principal.userId, userIds: [userId], role };
      return record(transaction, conversationId, event, names);
    });
    if (message === null) return;
    this.publish(message);
  }

  /**
   * Removes somebody, or oneself: that is leaving.
   * @param leavingAs the name that the group is shown, where it must not be the leaver's own
   */
  async removeMember(principal: Principal, conversationId: string, userId: string, leavingAs?: string): Promise<void> {
    const leaving = userId === principal.userId;
    const message = await this.change(principal, conversationId, [userId], async (transaction, membership, names) => {
      const target = await this.requireMember(transaction, conversationId, userId);
      if (!leaving) refuse(refusalToRemove(membership.role, target.role));
      const shownNames = leavingAs === undefined ? names : new Map([[userId, leavingAs]]);
      return this.takeOut(transaction, principal.userId, conversationId, target, shownNames);
    });
    this.publish(message, { leftId: userId });
  }

  /**
   * Leaves every group at once, under another name, within a transaction that keeps this user from being added to more.
   * Holds all their locks until it ends: for the few that are left after leaving one by one.
   * @returns emits to the groups; to be called after the commit
   */
  async leaveAll(transaction: Transaction, userId: string, leavingAs: string): Promise<() => void> {
    const groups = await transaction.query<{ id: string }>(
      `SELECT c.id FROM conversations c JOIN conversation_members m ON m.conversation_id = c.id
       WHERE m.user_id = $1 AND m.left_at IS NULL AND c.type = 'GROUP' ORDER BY c.id FOR UPDATE OF c`,
      [userId],
    );
    const messages: MessageView[] = [];
    for (const { id } of groups) {
      const target = await this.findMember(transaction, id, userId);
      if (target !== undefined)
        messages.push(await this.takeOut(transaction, userId, id, target, new Map([[userId, leavingAs]])));
    }
    return () => {
      for (const message of messages) this.publish(message, { leftId: userId });
    };
  }

  /** An owner's group goes to its next owner. */
  private async takeOut(
    transaction: Transaction,
    actorId: string,
    conversationId: string,
    target: MemberRow,
    names: Names,
  ): Promise<MessageView> {
    const type = actorId === target.userId ? 'MEMBER_LEFT' : 'MEMBER_REMOVED';
    const recorded = await record(transaction, conversationId, { type, actorId, userIds: [target.userId] }, names);
    await transaction.query(
      `UPDATE conversation_members SET left_at = now(), left_by_choice = $3
       WHERE conversation_id = $1 AND user_id = $2`,
      [conversationId, target.userId, actorId === target.userId],
    );
    const nextOwnerId = target.role === 'OWNER' ? await this.findNextOwner(transaction, conversationId) : undefined;
    if (nextOwnerId !== undefined) await this.setRole(transaction, conversationId, nextOwnerId, 'OWNER');
    return recorded;
  }

  private async change<Result>(
    principal: Principal,
    conversationId: string,
    mentionedIds: readonly string[],
    work: (transaction: Transaction, membership: Membership, names: Names) => Promise<Result>,
  ): Promise<Result> {
    return this.database.transaction(async (transaction) => {
      // Within the transaction: whoever is named here is still found by whoever deletes that account next.
      const held = await lockUsers(transaction, [principal.userId, ...mentionedIds]);
      refuse(missing(held, [principal.userId]));
      const membership = await this.access.membership(principal, conversationId, transaction, true);
      if (membership.type !== 'GROUP') throw new DomainError('NOT_A_GROUP');
      return work(transaction, membership, held);
    });
  }

  /**
   * Whether the caller may add these users, who are held: none is deleted, blocks the caller or one who runs the group, or
   * is blocked by them, until the transaction ends. Who left by itself is put back by its friends alone.
   * @param conversationId null for a group that is being made
   * @returns how many of them are strangers to the caller.
   * @throws DomainError NOT_FOUND across a block; CANNOT_MESSAGE where one who made or runs the group is blocked, the user
   *   left by itself, or by the policy.
   */
  private async strangersToAdd(
    transaction: Transaction,
    principal: Principal,
    conversationId: string | null,
    userIds: readonly string[],
  ): Promise<number> {
    const rows = await transaction.query<{
      isBlocked: boolean;
      isFriend: boolean;
      isStranger: boolean;
      hasLeft: boolean;
      isBlockedByGroup: boolean;
    }>(
      `SELECT ${areBlocked('$1::uuid', 'added.id')} AS "isBlocked", ${areFriends('$1::uuid', 'added.id')} AS "isFriend",
         ${isStranger('added.id', '$1::uuid')} AS "isStranger",
         EXISTS (
           SELECT 1 FROM conversation_members f
           WHERE f.conversation_id = $2 AND f.user_id = added.id AND f.left_by_choice
         ) AS "hasLeft",
         EXISTS (
           SELECT 1 FROM blocked_pairs b JOIN conversation_members r
             ON r.conversation_id = $2 AND r.user_id = b.other_id AND r.left_at IS NULL
               AND (r.role <> 'MEMBER' OR r.user_id = (SELECT c.created_by FROM conversations c WHERE c.id = $2))
           WHERE b.user_id = added.id
         ) AS "isBlockedByGroup"
       FROM unnest($3::uuid[]) AS added(id)`,
      [principal.userId, conversationId, userIds],
    );
    if (rows.some(({ isBlocked }) => isBlocked)) throw new DomainError('NOT_FOUND');
    const friendsOnly = this.configuration.messagingPolicy === 'friends';
    const refused = rows.some(
      ({ isBlockedByGroup, isFriend, hasLeft }) => isBlockedByGroup || (!isFriend && (hasLeft || friendsOnly)),
    );
    if (refused) throw new DomainError('CANNOT_MESSAGE');
    return rows.filter(({ isStranger }) => isStranger).length;
  }

  private async presentAmong(
    transaction: Transaction,
    conversationId: string,
    userIds: readonly string[],
  ): Promise<ReadonlySet<string>> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT user_id AS id FROM conversation_members
       WHERE conversation_id = $1 AND user_id = ANY ($2) AND left_at IS NULL`,
      [conversationId, userIds],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Who owns the group once its owner has left: the member of longest standing with the highest role. */
  private async findNextOwner(transaction: Transaction, conversationId: string): Promise<string | undefined> {
    const [next] = await transaction.query<{ id: string }>(
      `SELECT user_id AS id FROM conversation_members WHERE conversation_id = $1 AND left_at IS NULL
       ORDER BY role = 'ADMIN' DESC, joined_at, user_id LIMIT 1`,
      [conversationId],
    );
    return next?.id;
  }

  private async findMember(
    transaction: Transaction,
    conversationId: string,
    userId: string,
  ): Promise<MemberRow | undefined> {
    const [member] = await transaction.query<MemberRow>(
      `SELECT user_id AS "userId", role FROM conversation_members
       WHERE conversation_id = $1 AND user_id = $2 AND left_at IS NULL`,
      [conversationId, userId],
    );
    return member;
  }

  private async requireMember(transaction: Transaction, conversationId: string, userId: string): Promise<MemberRow> {
    const member = await this.findMember(transaction, conversationId, userId);
    if (member === undefined) throw new DomainError('NOT_FOUND');
    return member;
  }

  private async setRole(
    transaction: Transaction,
    conversationId: string,
    userId: string,
    role: MemberRole,
  ): Promise<void> {
    await transaction.query(
      'UPDATE conversation_members SET role = $3::member_role WHERE conversation_id = $1 AND user_id = $2',
      [conversationId, userId, role],
    );
  }

  private publish(message: MessageView, group: GroupChange = {}): void {
    const conversation = {
      id: message.conversationId,
      lastMessage: message.content === null ? null : preview(message.content),
      lastMessageAt: message.createdAt,
      lastSeq: message.seq,
    };
    this.events.publish('messages.created', { messages: [{ message, conversation, group }] });
  }
}

function refuse(code: ErrorCode | null): void {
  if (code !== null) throw new DomainError(code);
}

/** Display names by user id, of users who cannot be deleted meanwhile. */
type Names = ReadonlyMap<string, string>;

function missing(held: Names, userIds: readonly string[]): ErrorCode | null {
  return userIds.every((id) => held.has(id)) ? null : 'NOT_FOUND';
}

/** Adds what happened to history. The sentence is for those who receive it now; it is stored nowhere. */
async function record(
  transaction: Transaction,
  conversationId: string,
  system: SystemEventView,
  names: Names,
): Promise<MessageView> {
  const id = newId();
  const [row] = await transaction.query<{ seq: number; created_at: Date }>(
    'SELECT * FROM append_system_message($1, $2, $3::jsonb)',
    [id, conversationId, JSON.stringify(system)],
  );
  if (row === undefined) throw new Error('append_system_message answered nothing');
  return {
    id,
    conversationId,
    seq: row.seq,
    version: 1,
    senderId: system.actorId,
    clientId: null,
    kind: 'SYSTEM',
    content: systemSentence(system, names),
    attachments: [],
    replyTo: null,
    reactions: [],
    system,
    createdAt: row.created_at.toISOString(),
    editedAt: null,
    deletedAt: null,
  };
}
