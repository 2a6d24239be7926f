import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import { decodeCursor, isTimeText, isUuidText, type Page, type PageQuery, pageOf } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import { EventBus } from '../events/event-bus.js';
import { UsersService } from '../users/users.service.js';
import type { UserView } from '../views/users.view.js';
import { FriendsRepository } from './friends.repository.js';
import { PairTransactions } from './pair-transactions.js';

/** Friendships that are; how they come about is friend-requests.service.ts (contract, section 3). */
@Injectable()
export class FriendshipsService {
  constructor(
    private readonly pairs: PairTransactions,
    private readonly repository: FriendsRepository,
    private readonly users: UsersService,
    private readonly events: EventBus,
  ) {}

  /** The caller's friends, the newest friendship first. */
  async list(principal: Principal, query: PageQuery): Promise<Page<UserView>> {
    const [since, beforeId] = decodeCursor<[string, string]>(query.cursor, [isTimeText, isUuidText]) ?? [null, null];
    const rows = await this.repository.listFriends(principal.userId, since, beforeId, query.limit + 1);
    const users = await this.users.viewsSeenBy(
      principal.userId,
      rows.map((row) => row.friendId),
    );
    const page = pageOf(
      rows,
      query.limit,
      (row) => [row.since.toISOString(), row.friendId],
      (row) => users.get(row.friendId),
    );
    return { items: page.items.filter((user) => user !== undefined), nextCursor: page.nextCursor };
  }

  /** @throws DomainError NOT_FOUND where there is no friendship */
  async remove(principal: Principal, userId: string): Promise<void> {
    const ended = await this.pairs.run(principal.userId, userId, (pair) => pair.unfriend());
    if (!ended) throw new DomainError('NOT_FOUND');
    this.events.publish('friendship.removed', { userIds: [principal.userId, userId] });
  }
}
