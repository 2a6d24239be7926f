import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../common/bounded-map.js';
import { DomainError, invalidField } from '../common/errors.js';
import type { Page, PageQuery } from '../common/pagination.js';
import type { Principal } from '../common/principal.js';
import { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { Contacts } from '../friends/contacts/contacts.js';
import { DirectConversations } from '../friends/direct-conversations.port.js';
import { Strangers } from '../friends/contacts/strangers.js';
import { lockUsers } from '../users/locked-users.js';
import { ConversationAccess } from './conversation-access.js';
import { ConversationsRepository } from './conversations.repository.js';
import { DirectConversationsRepository } from './direct/direct-conversations.repository.js';
import { ConversationReader } from './reading/conversation-reader.js';
import type { ConversationType, ConversationView, MemberView, ReceiptView } from './conversations.view.js';
import type { CreateConversationDto, UpdateOwnMembershipDto } from './dto/conversations.dto.js';
import { Groups } from './groups/groups.js';

/** Pairs whose conversation is remembered; beyond that the oldest is looked up again. */
const REMEMBERED_PAIRS = 50_000;

/** Opening conversations, reading them, and each member's own settings. What only groups do is in `Groups`. */
@Injectable()
export class ConversationsService {
  /** Caller and other user to their direct conversation. Such a conversation never ends, so this cannot go stale. */
  private readonly directIds = new BoundedMap<string, string>(REMEMBERED_PAIRS);
  /** The same the other way round. */
  private readonly pairs = new BoundedMap<string, readonly [string, string]>(REMEMBERED_PAIRS);

  constructor(
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly contacts: Contacts,
    private readonly strangers: Strangers,
    private readonly access: ConversationAccess,
    private readonly reader: ConversationReader,
    private readonly directConversations: DirectConversations,
    private readonly groups: Groups,
    private readonly repository: ConversationsRepository,
    private readonly directRows: DirectConversationsRepository,
  ) {}

  /** @param type only those of this type */
  list(principal: Principal, query: PageQuery, type?: ConversationType): Promise<Page<ConversationView>> {
    return this.reader.list(principal, query, type);
  }

  view(principal: Principal, conversationId: string): Promise<ConversationView> {
    return this.reader.view(principal, conversationId);
  }

  async create(
    principal: Principal,
    body: CreateConversationDto,
  ): Promise<{ conversation: ConversationView; created: boolean }> {
    if (body.type === 'GROUP') {
      if (body.userId !== undefined) throw invalidField('userId', 'userId is for direct conversations');
      const conversationId = await this.groups.create(principal, body.title ?? '', body.memberIds ?? []);
      return { conversation: await this.reader.view(principal, conversationId), created: true };
    }
    for (const field of ['title', 'memberIds'] as const) {
      if (body[field] !== undefined) throw invalidField(field, `${field} is for groups`);
    }
    const { conversationId, created } = await this.openDirect(principal, body.userId ?? '');
    return { conversation: await this.reader.view(principal, conversationId), created };
  }

  /**
   * The direct conversation with somebody, found or created.
   * @throws DomainError CANNOT_MESSAGE_SELF; NOT_FOUND where there is no such user; CANNOT_MESSAGE where a block or the
   *   messaging policy stands between the two and no conversation exists yet; RATE_LIMITED where it would be one with a
   *   stranger too many.
   */
  async openDirect(principal: Principal, userId: string): Promise<{ conversationId: string; created: boolean }> {
    const known = this.directIds.get(`${principal.userId} ${userId}`);
    if (known !== undefined) return { conversationId: known, created: false };
    if (userId === principal.userId) throw new DomainError('CANNOT_MESSAGE_SELF');
    const opened = await this.strangers.counted(principal.userId, (reach) =>
      this.database.transaction(async (transaction) => {
        // Nobody blocks the other, or is deleted, between the questions and the answer.
        if ((await lockUsers(transaction, [principal.userId, userId])).size < 2) throw new DomainError('NOT_FOUND');
        if (!(await this.contacts.mayMessage(principal.userId, userId, transaction)))
          throw new DomainError('CANNOT_MESSAGE');
        const found = await this.directConversations.open(transaction, principal.userId, userId);
        if (!found.created) return found;
        if (await this.contacts.areFriends(principal.userId, userId, transaction))
          await this.directConversations.show(transaction, found.conversationId);
        else await reach(1);
        return found;
      }),
    );
    this.directIds.set(`${principal.userId} ${userId}`, opened.conversationId);
    if (opened.created) {
      this.events.publish('conversation.joined', {
        conversationId: opened.conversationId,
        userIds: [principal.userId, userId],
      });
    }
    return opened;
  }

  /** The caller's direct conversation with somebody, where there is one. */
  async findDirect({ userId }: Principal, otherUserId: string): Promise<string | undefined> {
    const known = this.directIds.get(`${userId} ${otherUserId}`);
    if (known !== undefined) return known;
    const conversationId = await this.directRows.findByPair(userId, otherUserId);
    if (conversationId !== undefined) this.directIds.set(`${userId} ${otherUserId}`, conversationId);
    return conversationId;
  }

  /** The two of a direct conversation; undefined for a group. Checks no access. */
  async pairOf(conversationId: string): Promise<readonly [string, string] | undefined> {
    const known = this.pairs.get(conversationId);
    if (known !== undefined) return known;
    const pair = await this.directRows.findPair(conversationId);
    if (pair !== undefined) this.pairs.set(conversationId, pair);
    return pair;
  }

  async updateOwnMembership(
    principal: Principal,
    conversationId: string,
    settings: UpdateOwnMembershipDto,
  ): Promise<ConversationView> {
    await this.access.membership(principal, conversationId);
    const isChanged = await this.repository.changeOwnSettings(conversationId, principal.userId, settings);
    if (isChanged) this.events.publish('conversation.changed', { conversationId, userIds: [principal.userId] });
    return this.reader.view(principal, conversationId);
  }

  /** The members, those of longest standing first. @throws DomainError NOT_FOUND where the caller is none. */
  async members(principal: Principal, conversationId: string, query: PageQuery): Promise<Page<MemberView>> {
    await this.access.membership(principal, conversationId);
    return this.reader.members(principal, conversationId, query);
  }

  /** Members' cursors, the caller's own among them. @throws DomainError NOT_FOUND where the caller is no member. */
  async receipts(principal: Principal, conversationId: string, query: PageQuery): Promise<Page<ReceiptView>> {
    await this.access.membership(principal, conversationId);
    return this.reader.receipts(principal, conversationId, query);
  }
}
