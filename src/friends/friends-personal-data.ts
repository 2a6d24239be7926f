import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { pagesById, PersonalData } from '../users/personal-data/personal-data.js';
import { FriendsRepository } from './friends.repository.js';
import { friendRequestView } from '../views/friends.view.js';

/** Friendships, requests and blocks of a user who wants a copy, or to be forgotten. */
@Injectable()
export class FriendsPersonalData implements OnModuleInit {
  constructor(
    private readonly repository: FriendsRepository,
    private readonly events: EventBus,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'friends',
      export: (userId) => pagesById((after) => this.repository.exportFriendships(userId, after)),
      erase: (transaction, userId) => this.endFriendships(transaction, userId),
    });
    this.personalData.register({
      name: 'friendRequests',
      export: (userId) => pagesById((after) => this.repository.exportRequests(userId, after)),
      erase: (transaction, userId) => this.endRequests(transaction, userId),
    });
    this.personalData.register({
      name: 'blocks',
      export: (userId) => pagesById((after) => this.repository.exportBlocks(userId, after)),
      erase: async (transaction, userId) => {
        await this.repository.deleteBlocks(transaction, userId);
        return undefined;
      },
    });
  }

  private async endFriendships(transaction: Transaction, userId: string): Promise<() => void> {
    const friendIds = await this.repository.endFriendships(transaction, userId);
    return () => {
      for (const friendId of friendIds)
        this.events.publish('friendship.removed', { userIds: [userId, friendId], silentFor: userId });
    };
  }

  private async endRequests(transaction: Transaction, userId: string): Promise<() => void> {
    const ended = await this.repository.endRequests(transaction, userId);
    return () => {
      for (const row of ended) {
        const name = row.status === 'CANCELLED' ? 'friend-request.cancelled' : 'friend-request.rejected';
        this.events.publish(name, { request: friendRequestView(row) });
      }
    };
  }
}
