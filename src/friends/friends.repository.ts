import { Injectable } from '@nestjs/common';
import { LAST_ID } from '../common/pagination.js';
import { Database, type Transaction } from '../database/database.js';
import { EXPORT_PAGE } from '../users/personal-data/personal-data.js';
import type { RequestDirection } from './dto/list-friend-requests.dto.js';
import type { FriendRequestRow, FriendRequestStatus } from '../views/friends.view.js';
import { findFriendRequest, FRIEND_REQUEST_COLUMNS } from './pair.repository.js';

/** True of every friendship: what the indexes ask for that lists are walked by (migration `lists_in_their_order`). */
const HAS_BEGUN = `since > '-infinity'`;

/** Friends, requests and blocks as lists, and what leaves with an account. What changes between two users is in `Pair`. */
@Injectable()
export class FriendsRepository {
  constructor(private readonly database: Database) {}

  /** Checks no access. */
  findRequest(id: string): Promise<FriendRequestRow | undefined> {
    return findFriendRequest(this.database, id);
  }

  /** The newest first. @param beforeId the page begins below it; null for the first page */
  listRequests(
    userId: string,
    direction: RequestDirection | 'both',
    status: FriendRequestStatus | null,
    beforeId: string | null,
    limit: number,
  ): Promise<FriendRequestRow[]> {
    return this.database.reads.query<FriendRequestRow>(LIST[direction], [userId, status, beforeId, limit]);
  }

  /** The newest friendship first, by an index of each side. @param since the page begins below it and `beforeId`; null for the first page */
  listFriends(
    userId: string,
    since: string | null,
    beforeId: string | null,
    limit: number,
  ): Promise<{ friendId: string; since: Date }[]> {
    return this.database.reads.query<{ friendId: string; since: Date }>(
      `SELECT friend_id AS "friendId", since FROM (
         (SELECT high_id AS friend_id, since FROM friendships
          WHERE low_id = $1 AND removed_at IS NULL AND ${HAS_BEGUN} AND (since, high_id) < ($2::timestamptz, $3::uuid)
          ORDER BY since DESC, high_id DESC LIMIT $4)
         UNION ALL
         (SELECT low_id, since FROM friendships
          WHERE high_id = $1 AND removed_at IS NULL AND ${HAS_BEGUN} AND (since, low_id) < ($2::timestamptz, $3::uuid)
          ORDER BY since DESC, low_id DESC LIMIT $4)
       ) AS friends
       ORDER BY since DESC, friend_id DESC LIMIT $4`,
      [userId, since ?? 'infinity', beforeId ?? LAST_ID, limit],
    );
  }

  /** Whom this user blocks, the newest block first. @param before the page begins below it and `beforeId` */
  listBlocks(
    userId: string,
    before: string | null,
    beforeId: string | null,
    limit: number,
  ): Promise<{ blockedId: string; createdAt: Date }[]> {
    return this.database.reads.query<{ blockedId: string; createdAt: Date }>(
      `SELECT blocked_id AS "blockedId", created_at AS "createdAt" FROM blocks
       WHERE blocker_id = $1 AND created_at > '-infinity' AND (created_at, blocked_id) < ($2::timestamptz, $3::uuid)
       ORDER BY created_at DESC, blocked_id DESC LIMIT $4`,
      [userId, before ?? 'infinity', beforeId ?? LAST_ID, limit],
    );
  }

  /** A page of an export: friendships, also those that ended. */
  exportFriendships(userId: string, after: string): Promise<{ id: string; since: Date; removedAt: Date | null }[]> {
    return this.database.background.query<{ id: string; since: Date; removedAt: Date | null }>(
      `SELECT id, since, removed_at AS "removedAt" FROM (
         (SELECT high_id AS id, since, removed_at FROM friendships WHERE low_id = $1 AND high_id > $2
          ORDER BY high_id LIMIT ${EXPORT_PAGE})
         UNION ALL
         (SELECT low_id, since, removed_at FROM friendships WHERE high_id = $1 AND low_id > $2
          ORDER BY low_id LIMIT ${EXPORT_PAGE})
       ) AS own ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /** A page of an export: requests in both directions. */
  exportRequests(userId: string, after: string): Promise<FriendRequestRow[]> {
    return this.database.background.query<FriendRequestRow>(
      `(SELECT ${FRIEND_REQUEST_COLUMNS} FROM friend_requests WHERE sender_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE})
       UNION ALL
       (SELECT ${FRIEND_REQUEST_COLUMNS} FROM friend_requests WHERE receiver_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE})
       ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /** A page of an export: whom this user blocks. Those who block it are not its to know. */
  exportBlocks(userId: string, after: string): Promise<{ id: string; createdAt: Date }[]> {
    return this.database.background.query<{ id: string; createdAt: Date }>(
      `SELECT blocked_id AS id, created_at AS "createdAt" FROM blocks WHERE blocker_id = $1 AND blocked_id > $2
       ORDER BY blocked_id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /** Ends all friendships of a user. @returns with whom */
  async endFriendships(transaction: Transaction, userId: string): Promise<string[]> {
    const ended = await transaction.query<{ friendId: string }>(
      `UPDATE friendships SET removed_at = now() WHERE (low_id = $1 OR high_id = $1) AND removed_at IS NULL
       RETURNING CASE WHEN low_id = $1 THEN high_id ELSE low_id END AS "friendId"`,
      [userId],
    );
    return ended.map(({ friendId }) => friendId);
  }

  /** Withdraws or rejects all pending requests of a user, by who sent them. @returns them as they are now */
  endRequests(transaction: Transaction, userId: string): Promise<FriendRequestRow[]> {
    return transaction.query<FriendRequestRow>(
      `UPDATE friend_requests SET responded_at = now(),
         status = CASE WHEN sender_id = $1 THEN 'CANCELLED' ELSE 'REJECTED' END::friend_request_status
       WHERE (sender_id = $1 OR receiver_id = $1) AND status = 'PENDING' RETURNING ${FRIEND_REQUEST_COLUMNS}`,
      [userId],
    );
  }

  /** In both directions. */
  async deleteBlocks(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query('DELETE FROM blocks WHERE blocker_id = $1 OR blocked_id = $1', [userId]);
  }
}

/** One side of a list. Parameters: user, status or null, id to start below or null, rows at most. Walks (side, id). */
function listBy(side: 'sender_id' | 'receiver_id'): string {
  return `(
    SELECT id, sender_id AS "senderId", receiver_id AS "receiverId", status::text AS status,
      created_at AS "createdAt", responded_at AS "respondedAt"
    FROM friend_requests
    WHERE ${side} = $1 AND ($2::friend_request_status IS NULL OR status = $2) AND ($3::uuid IS NULL OR id < $3)
    ORDER BY id DESC LIMIT $4
  )`;
}

const LIST = {
  incoming: listBy('receiver_id'),
  outgoing: listBy('sender_id'),
  both: `${listBy('receiver_id')} UNION ALL ${listBy('sender_id')} ORDER BY id DESC LIMIT $4`,
} as const;
