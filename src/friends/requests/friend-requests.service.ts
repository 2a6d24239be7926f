import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { decodeCursor, isUuidText, type Page, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { EventBus } from '../../events/event-bus.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { UsersService } from '../../users/users.service.js';
import type { AcceptedFriendRequestView } from './accepted-friend-request.view.js';
import { DirectConversations } from '../direct-conversations.port.js';
import type { ListFriendRequestsQuery } from '../dto/list-friend-requests.dto.js';
import { advance, type RequestAction, type RequestState, roleIn } from './friend-request.machine.js';
import {
  type FriendRequestItemView,
  type FriendRequestRow,
  type FriendRequestView,
  friendRequestView,
} from '../../views/friends.view.js';
import { FriendsRepository } from '../friends.repository.js';
import type { Pair } from '../pair.repository.js';
import { PairTransactions } from '../pair-transactions.js';
import { Strangers } from '../contacts/strangers.js';

/** An acceptance, committed, with what must be emitted to the others. */
interface Acceptance {
  request: FriendRequestView;
  conversationId: string;
  /** Whether the conversation was made by it, or what the two are shown of each other there begins. */
  conversationChange: 'created' | 'shown' | 'none';
}

/** Friend requests, from asking to the answer (contract, section 3). The rules are in friend-request.machine.ts. */
@Injectable()
export class FriendRequestsService {
  constructor(
    private readonly pairs: PairTransactions,
    private readonly repository: FriendsRepository,
    private readonly users: UsersService,
    private readonly directConversations: DirectConversations,
    private readonly limiter: RateLimiter,
    private readonly strangers: Strangers,
    private readonly events: EventBus,
  ) {}

  /**
   * Asks a user; where that user has asked the caller already, accepts instead (the status says which).
   * @throws DomainError CANNOT_BEFRIEND_SELF, NOT_FOUND (unknown, deleted or blocked), REQUEST_EXISTS, ALREADY_FRIENDS,
   * RATE_LIMITED
   */
  async send(principal: Principal, userId: string): Promise<FriendRequestView> {
    if (userId === principal.userId) throw new DomainError('CANNOT_BEFRIEND_SELF');
    await this.limiter.consume('friendRequests', principal.userId);
    if (!(await this.users.exist(userId))) throw new DomainError('NOT_FOUND');

    const outcome = await this.strangers.counted(principal.userId, (reach) =>
      this.pairs.run(principal.userId, userId, async (pair) => {
        const pending = await pair.pendingRequest();
        const role = pending === undefined ? 'SENDER' : roleIn(pending, principal.userId);
        const next = advance(await this.standing(pair, pending), role, 'ASK');
        if (next === 'ACCEPTED' && pending !== undefined) return this.befriend(pair, pending);
        if (await pair.isStranger(userId, principal.userId)) await reach(1);
        // Last, since it is not given back: who waits for another limit may ask again as soon as that allows.
        await this.limiter.consume('friendRequestsToOne', `${principal.userId}:${userId}`);
        return { request: friendRequestView(await pair.createRequest(principal.userId, userId)) };
      }),
    );

    if ('conversationId' in outcome) this.announce(outcome);
    else this.events.publish('friend-request.sent', { request: outcome.request });
    return outcome.request;
  }

  /** @throws DomainError NOT_FOUND, FORBIDDEN (the sender), REQUEST_NOT_PENDING */
  async accept(principal: Principal, requestId: string): Promise<AcceptedFriendRequestView> {
    const acceptance = await this.settle(principal, requestId, 'ACCEPT', (pair, request) =>
      this.befriend(pair, request),
    );
    this.announce(acceptance);

    const { request, conversationId } = acceptance;
    const friend = (await this.users.viewsSeenBy(principal.userId, [request.senderId])).get(request.senderId);
    if (friend === undefined) throw new DomainError('NOT_FOUND');
    return { request, friend, conversation: await this.directConversations.view(principal, conversationId) };
  }

  /** @throws DomainError NOT_FOUND, FORBIDDEN (the sender), REQUEST_NOT_PENDING */
  async reject(principal: Principal, requestId: string): Promise<FriendRequestView> {
    const row = await this.settle(principal, requestId, 'REJECT', (pair) => pair.settleRequest(requestId, 'REJECTED'));
    const request = friendRequestView(row);
    this.events.publish('friend-request.rejected', { request });
    return request;
  }

  /** @throws DomainError NOT_FOUND, FORBIDDEN (the receiver), REQUEST_NOT_PENDING */
  async cancel(principal: Principal, requestId: string): Promise<void> {
    const row = await this.settle(principal, requestId, 'CANCEL', (pair) => pair.settleRequest(requestId, 'CANCELLED'));
    this.events.publish('friend-request.cancelled', { request: friendRequestView(row) });
  }

  /** The caller's requests, newest first. */
  async list(principal: Principal, query: ListFriendRequestsQuery): Promise<Page<FriendRequestItemView>> {
    const [before] = decodeCursor<[string]>(query.cursor, [isUuidText]) ?? [null];
    const rows = await this.repository.listRequests(
      principal.userId,
      query.direction ?? 'both',
      query.status ?? null,
      before,
      query.limit + 1,
    );
    const otherSide = (row: FriendRequestRow) => (row.senderId === principal.userId ? row.receiverId : row.senderId);
    const users = await this.users.viewsSeenBy(principal.userId, rows.map(otherSide));
    const page = pageOf(
      rows,
      query.limit,
      (row) => [row.id],
      (row) => ({
        request: friendRequestView(row),
        user: users.get(otherSide(row)),
      }),
    );
    return {
      items: page.items.flatMap(({ request, user }) => (user === undefined ? [] : [{ ...request, user }])),
      nextCursor: page.nextCursor,
    };
  }

  private async standing(pair: Pair, pending: FriendRequestRow | undefined): Promise<RequestState> {
    if (await pair.isBlocked()) return 'BLOCKED';
    if (await pair.areFriends()) return 'ACCEPTED';
    return pending?.status ?? 'NONE';
  }

  /** Asks the machine, twice: without the lock, so that a stranger never makes a pair wait; then for certain. */
  private async settle<Result>(
    principal: Principal,
    requestId: string,
    action: RequestAction,
    apply: (pair: Pair, request: FriendRequestRow) => Promise<Result>,
  ): Promise<Result> {
    const check = (request: FriendRequestRow | undefined): FriendRequestRow => {
      if (request === undefined) throw new DomainError('NOT_FOUND');
      advance(request.status, roleIn(request, principal.userId), action);
      return request;
    };
    const { senderId, receiverId } = check(await this.repository.findRequest(requestId));
    return this.pairs.run(senderId, receiverId, async (pair) => apply(pair, check(await pair.request(requestId))));
  }

  private async befriend(pair: Pair, { id, senderId, receiverId }: FriendRequestRow): Promise<Acceptance> {
    const request = friendRequestView(await pair.settleRequest(id, 'ACCEPTED'));
    await pair.befriend();
    const { conversationId, created } = await this.directConversations.open(pair.transaction, senderId, receiverId);
    const isShown = await this.directConversations.show(pair.transaction, conversationId);
    return { request, conversationId, conversationChange: created ? 'created' : isShown ? 'shown' : 'none' };
  }

  private announce({ request, conversationId, conversationChange }: Acceptance): void {
    const userIds = [request.senderId, request.receiverId];
    if (conversationChange === 'created') this.events.publish('conversation.joined', { conversationId, userIds });
    if (conversationChange === 'shown') this.events.publish('conversation.changed', { conversationId, userIds });
    this.events.publish('friend-request.accepted', { request });
  }
}
