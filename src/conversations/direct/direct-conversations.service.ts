import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { Database } from '../../database/database.js';
import { EventBus } from '../../events/event-bus.js';
import { Contacts } from '../../friends/contacts/contacts.js';
import { Strangers } from '../../friends/contacts/strangers.js';
import { DirectConversations } from '../../friends/direct-conversations.port.js';
import { lockUsers } from '../../users/locked-users.js';
import { DirectConversationsRepository } from './direct-conversations.repository.js';

/** Pairs whose conversation is remembered; beyond that the oldest is looked up again. */
const REMEMBERED_PAIRS = 50_000;

/** Direct conversations by who is in them: found, or opened. */
@Injectable()
export class DirectConversationsService {
  /** Caller and other user to their direct conversation. Such a conversation never ends, so this cannot go stale. */
  private readonly ids = new BoundedMap<string, string>(REMEMBERED_PAIRS);
  /** The same the other way round; null of a group, which never becomes one between two. */
  private readonly pairs = new BoundedMap<string, readonly [string, string] | null>(REMEMBERED_PAIRS);

  constructor(
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly contacts: Contacts,
    private readonly strangers: Strangers,
    private readonly conversations: DirectConversations,
    private readonly repository: DirectConversationsRepository,
  ) {}

  /**
   * The direct conversation with somebody, found or created.
   * @throws DomainError CANNOT_MESSAGE_SELF; NOT_FOUND where there is no such user; CANNOT_MESSAGE where a block or the
   *   messaging policy stands between the two and no conversation exists yet; RATE_LIMITED where it would be one with a
   *   stranger too many.
   */
  async open(principal: Principal, userId: string): Promise<{ conversationId: string; created: boolean }> {
    if (userId === principal.userId) throw new DomainError('CANNOT_MESSAGE_SELF');
    // Whatever stands between the two by now: a repeated send is answered with what was stored before it did.
    const known = await this.find(principal, userId);
    if (known !== undefined) return { conversationId: known, created: false };
    const opened = await this.strangers.counted(principal.userId, (reach) =>
      this.database.transaction(async (transaction) => {
        // Nobody blocks the other, or is deleted, between the questions and the answer.
        if ((await lockUsers(transaction, [principal.userId, userId])).size < 2) throw new DomainError('NOT_FOUND');
        if (!(await this.contacts.mayMessage(principal.userId, userId, transaction)))
          throw new DomainError('CANNOT_MESSAGE');
        const found = await this.conversations.open(transaction, principal.userId, userId);
        if (!found.created) return found;
        if (await this.contacts.areFriends(principal.userId, userId, transaction))
          await this.conversations.show(transaction, found.conversationId);
        else await reach(1);
        return found;
      }),
    );
    this.ids.set(`${principal.userId} ${userId}`, opened.conversationId);
    if (opened.created) {
      this.events.publish('conversation.joined', {
        conversationId: opened.conversationId,
        userIds: [principal.userId, userId],
      });
    }
    return opened;
  }

  /** The caller's direct conversation with somebody, where there is one. */
  async find({ userId }: Principal, otherUserId: string): Promise<string | undefined> {
    const known = this.ids.get(`${userId} ${otherUserId}`);
    if (known !== undefined) return known;
    const conversationId = await this.repository.findByPair(userId, otherUserId);
    if (conversationId !== undefined) this.ids.set(`${userId} ${otherUserId}`, conversationId);
    return conversationId;
  }

  /** The two of a direct conversation; undefined for a group. Checks no access. */
  async pairOf(conversationId: string): Promise<readonly [string, string] | undefined> {
    const known = this.pairs.get(conversationId);
    if (known !== undefined) return known ?? undefined;
    const pair = await this.repository.findPair(conversationId);
    if (pair !== undefined) this.pairs.set(conversationId, pair);
    return pair ?? undefined;
  }
}
