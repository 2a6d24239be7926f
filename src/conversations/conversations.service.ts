import { Injectable } from '@nestjs/common';
import { invalidField } from '../common/errors.js';
import type { Page, PageQuery } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { EventBus } from '../events/event-bus.js';
import { ConversationAccess } from './conversation-access.js';
import { ConversationsRepository } from './conversations.repository.js';
import { DirectConversationsService } from './direct/direct-conversations.service.js';
import { ConversationReader } from './reading/conversation-reader.js';
import type { ConversationType, ConversationView, MemberView, ReceiptView } from '../views/conversations.view.js';
import type { CreateConversationDto, UpdateOwnMembershipDto } from './dto/conversations.dto.js';
import { Groups } from './groups/groups.js';

/** Opening conversations, reading them, and each member's own settings. What only groups do is in `Groups`. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly events: EventBus,
    private readonly access: ConversationAccess,
    private readonly reader: ConversationReader,
    private readonly direct: DirectConversationsService,
    private readonly groups: Groups,
    private readonly repository: ConversationsRepository,
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
    const { conversationId, created } = await this.direct.open(principal, body.userId ?? '');
    return { conversation: await this.reader.view(principal, conversationId), created };
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
