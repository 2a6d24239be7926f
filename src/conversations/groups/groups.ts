import { Injectable } from '@nestjs/common';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { requireOneAvatar } from '../../attachments/avatar.js';
import { DomainError, type ErrorCode, invalidField } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import { preview } from '../../common/text/preview.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { RowTurns } from '../../limits/writes/row-turns.js';
import { Database, type Transaction } from '../../database/database.js';
import type { GroupChange } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { type Reach, Strangers } from '../../friends/contacts/strangers.js';
import type { MessageView } from '../../views/messages.view.js';
import { lockUsers } from '../../users/locked-users.js';
import { ConversationAccess } from '../conversation-access.js';
import type { Membership } from '../conversations.repository.js';
import { type GroupMember, GroupsRepository } from './groups.repository.js';
import type { MemberRole } from '../../views/conversations.view.js';
import { MAX_GROUP_MEMBERS, MAX_GROUPS_OF_USER, type UpdateConversationDto } from '../dto/conversations.dto.js';
import { listed, systemSentence } from './system-event.js';
import type { SystemEventView } from '../../views/system-event.view.js';
import { refusalToChangeRole, refusalToManage, refusalToRemove } from './group-rules.js';

/**
 * Groups: members, roles, title. Each change is one transaction under the conversation's lock, and leaves a SYSTEM
 * message, so that history shows it (contract, section 4). Any of them may throw RATE_LIMITED; leaving only where a thousand
 * wait for the same group, or for 15 s.
 */
@Injectable()
export class Groups {
  private readonly turns = new RowTurns();

  constructor(
    private readonly database: Database,
    private readonly configuration: Configuration,
    private readonly events: EventBus,
    private readonly limiter: RateLimiter,
    private readonly strangers: Strangers,
    private readonly access: ConversationAccess,
    private readonly attachments: AttachmentsService,
    private readonly repository: GroupsRepository,
  ) {}

  async create(principal: Principal, title: string, memberIds: readonly string[]): Promise<string> {
    await this.count(principal);
    const others = memberIds.filter((id) => id !== principal.userId);
    const conversationId = newId();
    const work = async (transaction: Transaction, reach: Reach): Promise<MessageView> => {
      const held = await lockUsers(transaction, [principal.userId, ...others]);
      refuse(missing(held, [principal.userId, ...others]));
      const strangers = await this.strangersToAdd(transaction, principal, null, others);
      const busy = await this.repository.inManyGroups(transaction, [principal.userId, ...others], MAX_GROUPS_OF_USER);
      if (busy.has(principal.userId))
        throw new DomainError('LIMIT_REACHED', { message: 'You are in too many groups.' });
      refuseBusy(memberIds, busy);
      await reach(strangers);
      await this.repository.create(transaction, {
        id: conversationId,
        title,
        ownerId: principal.userId,
        memberIds: others,
      });
      const actorId = principal.userId;
      return this.record(
        transaction,
        conversationId,
        { type: 'GROUP_CREATED', actorId, ...listed(others), title },
        held,
      );
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
    await this.count(principal);
    const message = await this.change(principal, conversationId, [], async (transaction, membership, names) => {
      refuse(refusalToManage(membership.role));
      const before = await this.repository.findShown(transaction, conversationId);
      const avatar = await this.attachments.chosenAvatar(transaction, principal, changes, before?.avatarId ?? null);
      const { title, historyVisibility } = changes;
      const isChanged = await this.repository.change(transaction, conversationId, {
        title,
        avatar,
        historyVisibility,
      });
      if (!isChanged) return null;
      const event: SystemEventView = { type: 'GROUP_CHANGED', actorId: principal.userId, userIds: [] };
      if (title !== undefined && title !== before?.title) event.title = title;
      return this.record(transaction, conversationId, event, names);
    });
    if (message !== null) this.publish(message);
  }

  async addMembers(principal: Principal, conversationId: string, memberIds: readonly string[]): Promise<void> {
    if (memberIds.length === 0) throw invalidField('memberIds', 'memberIds must name somebody');
    // Before anything is said about the users named: only those who manage the group may learn whether they exist.
    const before = await this.access.membership(principal, conversationId);
    refuse(before.type === 'GROUP' ? refusalToManage(before.role) : 'NOT_A_GROUP');
    await this.count(principal);
    const { message, added } = await this.strangers.counted(principal.userId, (reach) =>
      this.change(principal, conversationId, memberIds, async (transaction, membership, names) => {
        refuse(refusalToManage(membership.role));
        refuse(missing(names, memberIds));
        const present = await this.repository.membersAmong(transaction, conversationId, memberIds);
        const newcomers = memberIds.filter((id) => !present.has(id));
        if (newcomers.length === 0) throw new DomainError('ALREADY_MEMBER');
        if (membership.memberCount + newcomers.length > MAX_GROUP_MEMBERS) throw new DomainError('GROUP_FULL');
        const strangers = await this.strangersToAdd(transaction, principal, conversationId, newcomers);
        refuseBusy(memberIds, await this.repository.inManyGroups(transaction, newcomers, MAX_GROUPS_OF_USER));
        await reach(strangers);
        const event: SystemEventView = { type: 'MEMBERS_ADDED', actorId: principal.userId, ...listed(newcomers) };
        const recorded = await this.record(transaction, conversationId, event, names);
        await this.repository.addMembers(transaction, conversationId, newcomers, recorded.seq);
        return { message: recorded, added: newcomers };
      }),
    );
    this.publish(message, { joinedIds: added });
  }

  async changeRole(principal: Principal, conversationId: string, userId: string, role: MemberRole): Promise<void> {
    await this.count(principal);
    const message = await this.change(principal, conversationId, [userId], async (transaction, membership, names) => {
      const target = await this.requireMember(transaction, conversationId, userId);
      refuse(refusalToChangeRole(membership.role, userId === principal.userId));
      if (target.role === role) return null;
      // First: a group never has two owners, not even within a transaction.
      if (role === 'OWNER') await this.repository.setRole(transaction, conversationId, principal.userId, 'ADMIN');
      await this.repository.setRole(transaction, conversationId, userId, role);
      const event: SystemEventView = { type: 'ROLE_CHANGED', actorId: principal.userId, userIds: [userId], role };
      return this.record(transaction, conversationId, event, names);
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
    if (!leaving) await this.count(principal);
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
    const groupIds = await this.repository.lockAllOf(transaction, userId);
    const messages: MessageView[] = [];
    for (const id of groupIds) {
      const target = await this.repository.findMember(transaction, id, userId);
      if (target !== undefined)
        messages.push(await this.takeOut(transaction, userId, id, target, new Map([[userId, leavingAs]])));
    }
    return () => {
      for (const message of messages) this.publish(message, { leftId: userId });
    };
  }

  /** What one user may do to groups, whose changes are messages; that of an API key is counted by its requests. */
  private async count({ userId, keyId }: Principal): Promise<void> {
    if (keyId === undefined) await this.limiter.consume('groupChanges', userId);
  }

  /** An owner's group goes to its next owner. */
  private async takeOut(
    transaction: Transaction,
    actorId: string,
    conversationId: string,
    target: GroupMember,
    names: Names,
  ): Promise<MessageView> {
    const type = actorId === target.userId ? 'MEMBER_LEFT' : 'MEMBER_REMOVED';
    const recorded = await this.record(transaction, conversationId, { type, actorId, userIds: [target.userId] }, names);
    await this.repository.takeOut(transaction, conversationId, target.userId, actorId === target.userId);
    const nextOwnerId =
      target.role === 'OWNER' ? await this.repository.findNextOwner(transaction, conversationId) : undefined;
    if (nextOwnerId !== undefined) await this.repository.setRole(transaction, conversationId, nextOwnerId, 'OWNER');
    return recorded;
  }

  private async change<Result>(
    principal: Principal,
    conversationId: string,
    mentionedIds: readonly string[],
    work: (transaction: Transaction, membership: Membership, names: Names) => Promise<Result>,
  ): Promise<Result> {
    // Before any lock: whoever is no member keeps nobody waiting.
    await this.access.membership(principal, conversationId);
    const changed = async (transaction: Transaction): Promise<Result> => {
      // Within the transaction: whoever is named here is still found by whoever deletes that account next.
      const held = await lockUsers(transaction, [principal.userId, ...mentionedIds]);
      refuse(missing(held, [principal.userId]));
      const membership = await this.access.lockMembership(transaction, principal, conversationId);
      if (membership.type !== 'GROUP') throw new DomainError('NOT_A_GROUP');
      return work(transaction, membership, held);
    };
    return this.turns.run(conversationId, () => this.database.transaction(changed));
  }

  /**
   * Whether the caller may add these users, who are held: none is deleted, blocks the caller or one who runs the group, or
   * is blocked by them, until the transaction ends. A member who left by itself is put back by its friends alone.
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
    const rows = await this.repository.additions(transaction, principal.userId, conversationId, userIds);
    if (rows.some(({ isBlocked }) => isBlocked)) throw new DomainError('NOT_FOUND');
    const friendsOnly = this.configuration.messagingPolicy === 'friends';
    const refused = rows.some(
      ({ isBlockedByGroup, isFriend, hasLeft }) => isBlockedByGroup || (!isFriend && (hasLeft || friendsOnly)),
    );
    if (refused) throw new DomainError('CANNOT_MESSAGE');
    return rows.filter(({ isStranger }) => isStranger).length;
  }

  private async requireMember(transaction: Transaction, conversationId: string, userId: string): Promise<GroupMember> {
    const member = await this.repository.findMember(transaction, conversationId, userId);
    if (member === undefined) throw new DomainError('NOT_FOUND');
    return member;
  }

  /** Adds what happened to history. The sentence is for those who receive it now; it is stored nowhere. */
  private async record(
    transaction: Transaction,
    conversationId: string,
    system: SystemEventView,
    names: Names,
  ): Promise<MessageView> {
    const id = newId();
    const { seq, createdAt } = await this.repository.appendSystemMessage(transaction, conversationId, id, system);
    return {
      id,
      conversationId,
      seq,
      version: 1,
      senderId: system.actorId,
      clientId: null,
      kind: 'SYSTEM',
      content: systemSentence(system, names),
      attachments: [],
      replyTo: null,
      reactions: [],
      system,
      createdAt: createdAt.toISOString(),
      editedAt: null,
      deletedAt: null,
    };
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

/** Says which of those named are in as many groups as a user may be. */
function refuseBusy(memberIds: readonly string[], busy: ReadonlySet<string>): void {
  const fields = memberIds.flatMap((id, index) => (busy.has(id) ? [`memberIds.${index}`] : []));
  if (fields.length === 0) return;
  const errors = Object.fromEntries(fields.map((field) => [field, ['is in too many groups']]));
  throw new DomainError('LIMIT_REACHED', { message: 'A user is in too many groups.', errors });
}

/** Display names by user id, of users who cannot be deleted meanwhile. */
type Names = ReadonlyMap<string, string>;

function missing(held: Names, userIds: readonly string[]): ErrorCode | null {
  return userIds.every((id) => held.has(id)) ? null : 'NOT_FOUND';
}
