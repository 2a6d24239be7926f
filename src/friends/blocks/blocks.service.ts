import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { decodeCursor, isTimeText, isUuidText, type Page, type PageQuery, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { EventBus } from '../../events/event-bus.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { UsersService } from '../../users/users.service.js';
import { DirectConversations } from '../direct-conversations.port.js';
import { advance, roleIn } from '../requests/friend-request.machine.js';
import type { BlockView } from '../../views/friends.view.js';
import { FriendsRepository } from '../friends.repository.js';
import type { Pair } from '../pair.repository.js';
import { PairTransactions } from '../pair-transactions.js';

/** Blocks (contract, section 3). Of a block nothing is emitted to the blocked side; its end shows both each other's presence. */
@Injectable()
export class BlocksService {
  constructor(
    private readonly pairs: PairTransactions,
    private readonly repository: FriendsRepository,
    private readonly users: UsersService,
    private readonly conversations: DirectConversations,
    private readonly limiter: RateLimiter,
    private readonly events: EventBus,
  ) {}

  /**
   * Blocks a user: ends the friendship and withdraws a pending request, in whichever direction. Blocking again changes
   * nothing and answers with the block that is.
   * @throws DomainError CANNOT_BLOCK_SELF, NOT_FOUND (unknown or deleted); RATE_LIMITED, OVERLOADED only where a thousand
   *   block the same user at once, or for 15 s
   */
  async block(principal: Principal, userId: string): Promise<BlockView> {
    if (userId === principal.userId) throw new DomainError('CANNOT_BLOCK_SELF');
    const user = (await this.users.exist(userId)) ? (await this.users.viewsOf([userId])).get(userId) : undefined;
    if (user === undefined) throw new DomainError('NOT_FOUND');

    const work = async (pair: Pair) => {
      const pending = await pair.pendingRequest();
      if (pending !== undefined) {
        const settled = advance(pending.status, roleIn(pending, principal.userId), 'BLOCK');
        if (settled === 'CANCELLED' || settled === 'REJECTED') await pair.settleRequest(pending.id, settled);
      }
      const friendshipEnded = await pair.unfriend();
      return { ...(await pair.block(principal.userId, userId)), friendshipEnded };
    };
    // From here on neither is added to a group on the other's behalf: whoever is about to do so is waited for.
    const alone = { alone: true };
    const { createdAt, created, friendshipEnded } = await this.pairs.run(principal.userId, userId, work, alone);

    if (friendshipEnded) {
      this.events.publish('friendship.removed', { userIds: [principal.userId, userId], silentFor: userId });
    }
    if (created) this.events.publish('block.created', { blockerId: principal.userId, blockedId: userId });
    return { user, createdAt: createdAt.toISOString() };
  }

  /** @throws DomainError NOT_FOUND where the caller does not block that user, RATE_LIMITED */
  async unblock(principal: Principal, userId: string): Promise<void> {
    // Each pair of a block and its end changes what both are shown. A block itself protects: no limit counts it.
    await this.limiter.consume('friendRequests', principal.userId);
    const removed = await this.pairs.run(principal.userId, userId, async (pair) => {
      const isRemoved = await pair.unblock(principal.userId, userId);
      if (isRemoved) await this.conversations.unblocked(pair.transaction, principal.userId, userId);
      return isRemoved;
    });
    if (!removed) throw new DomainError('NOT_FOUND');
    this.events.publish('block.removed', { blockerId: principal.userId, blockedId: userId });
  }

  /** Whom the caller blocks, the newest block first. */
  async list(principal: Principal, query: PageQuery): Promise<Page<BlockView>> {
    const [before, beforeId] = decodeCursor<[string, string]>(query.cursor, [isTimeText, isUuidText]) ?? [null, null];
    const rows = await this.repository.listBlocks(principal.userId, before, beforeId, query.limit + 1);
    const users = await this.users.viewsOf(rows.map((row) => row.blockedId));
    const page = pageOf(
      rows,
      query.limit,
      (row) => [row.createdAt.toISOString(), row.blockedId],
      (row) => ({ user: users.get(row.blockedId), createdAt: row.createdAt.toISOString() }),
    );
    return {
      items: page.items.flatMap(({ user, createdAt }) => (user === undefined ? [] : [{ user, createdAt }])),
      nextCursor: page.nextCursor,
    };
  }
}
