import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { EXPORT_PAGE, pagesById, PersonalData } from '../users/personal-data/personal-data.js';
import { type FriendRequestRow, friendRequestView } from './friends.view.js';

const REQUEST_COLUMNS = `id, sender_id AS "senderId", receiver_id AS "receiverId", status,
  created_at AS "createdAt", responded_at AS "respondedAt"`;

/** Friendships, requests and blocks of a user who wants a copy, or to be forgotten. */
@Injectable()
export class FriendsPersonalData implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'friends',
      export: (userId) =>
        pagesById((after) =>
          this.database.background.query<{ id: string; since: Date; removedAt: Date | null }>(
            `SELECT id, since, removed_at AS "removedAt" FROM (
               SELECT high_id AS id, since, removed_at FROM friendships WHERE low_id = $1
               UNION ALL SELECT low_id, since, removed_at FROM friendships WHERE high_id = $1
             ) AS own WHERE id > $2 ORDER BY id LIMIT ${EXPORT_PAGE}`,
            [userId, after],
          ),
        ),
      erase: (transaction, userId) => this.endFriendships(transaction, userId),
    });
    this.personalData.register({
      name: 'friendRequests',
      export: (userId) =>
        pagesById((after) =>
          this.database.background.query<FriendRequestRow>(
            `(SELECT ${REQUEST_COLUMNS} FROM friend_requests WHERE sender_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE})
             UNION ALL
             (SELECT ${REQUEST_COLUMNS} FROM friend_requests WHERE receiver_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE})
             ORDER BY id LIMIT ${EXPORT_PAGE}`,
            [userId, after],
          ),
        ),
      erase: (transaction, userId) => this.endRequests(transaction, userId),
    });
    this.personalData.register({
      name: 'blocks',
      export: (userId) =>
        pagesById((after) =>
          this.database.background.query<{ id: string; createdAt: Date }>(
            `SELECT blocked_id AS id, created_at AS "createdAt" FROM blocks WHERE blocker_id = $1 AND blocked_id > $2
             ORDER BY blocked_id LIMIT ${EXPORT_PAGE}`,
            [userId, after],
          ),
        ),
      erase: async (transaction, userId) => {
        await transaction.query('DELETE FROM blocks WHERE blocker_id = $1 OR blocked_id = $1', [userId]);
        return undefined;
      },
    });
  }

  private async endFriendships(transaction: Transaction, userId: string): Promise<() => void> {
    const ended = await transaction.query<{ friendId: string }>(
      `UPDATE friendships SET removed_at = now() WHERE (low_id = $1 OR high_id = $1) AND removed_at IS NULL
       RETURNING CASE WHEN low_id = $1 THEN high_id ELSE low_id END AS "friendId"`,
      [userId],
    );
    return () => {
      for (const { friendId } of ended)
        this.events.publish('friendship.removed', { userIds: [userId, friendId], silentFor: userId });
    };
  }

  private async endRequests(transaction: Transaction, userId: string): Promise<() => void> {
    const ended = await transaction.query<FriendRequestRow>(
      `UPDATE friend_requests SET responded_at = now(),
         status = CASE WHEN sender_id = $1 THEN 'CANCELLED' ELSE 'REJECTED' END::friend_request_status
       WHERE (sender_id = $1 OR receiver_id = $1) AND status = 'PENDING' RETURNING ${REQUEST_COLUMNS}`,
      [userId],
    );
    return () => {
      for (const row of ended) {
        const name = row.status === 'CANCELLED' ? 'friend-request.cancelled' : 'friend-request.rejected';
        this.events.publish(name, { request: friendRequestView(row) });
      }
    };
  }
}
