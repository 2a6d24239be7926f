import { newId } from '../common/identifier.js';
import type { SqlExecutor, SqlValue, Transaction } from '../database/database.js';
import { areBlocked, areFriends, isStranger } from '../relations/relations.js';
import type { FriendRequestRow, FriendRequestStatus } from '../views/friends.view.js';

/** One transaction at a time for these two, on all nodes, until it ends. */
export async function lockPair(transaction: Transaction, low: string, high: string): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [low + high]);
}

/** The rows of two users, within one of their transactions. */
export class Pair {
  constructor(
    readonly transaction: Transaction,
    private readonly low: string,
    private readonly high: string,
    private readonly now: Date,
  ) {}

  isBlocked(): Promise<boolean> {
    return this.answers(`SELECT ${areBlocked('$1::uuid', '$2::uuid')} AS answer`, [this.low, this.high]);
  }

  areFriends(): Promise<boolean> {
    return this.answers(`SELECT ${areFriends('$1::uuid', '$2::uuid')} AS answer`, [this.low, this.high]);
  }

  /** Whether the other one has never written to this user, and the two were never friends. */
  isStranger(otherUserId: string, userId: string): Promise<boolean> {
    return this.answers(`SELECT ${isStranger('$1::uuid', '$2::uuid')} AS answer`, [otherUserId, userId]);
  }

  /** There is at most one, in whichever direction (`friend_requests_one_pending`). */
  async pendingRequest(): Promise<FriendRequestRow | undefined> {
    const [row] = await this.transaction.query<FriendRequestRow>(
      `SELECT ${FRIEND_REQUEST_COLUMNS} FROM friend_requests
       WHERE status = 'PENDING' AND (sender_id, receiver_id) IN (($1::uuid, $2::uuid), ($2, $1))`,
      [this.low, this.high],
    );
    return row;
  }

  request(id: string): Promise<FriendRequestRow | undefined> {
    return findFriendRequest(this.transaction, id);
  }

  createRequest(senderId: string, receiverId: string): Promise<FriendRequestRow> {
    return this.onlyRow(
      `INSERT INTO friend_requests (id, sender_id, receiver_id, created_at) VALUES ($1, $2, $3, $4)
       RETURNING ${FRIEND_REQUEST_COLUMNS}`,
      [newId(), senderId, receiverId, this.now],
    );
  }

  settleRequest(id: string, status: FriendRequestStatus): Promise<FriendRequestRow> {
    return this.onlyRow(
      `UPDATE friend_requests SET status = $2::friend_request_status, responded_at = $3 WHERE id = $1
       RETURNING ${FRIEND_REQUEST_COLUMNS}`,
      [id, status, this.now],
    );
  }

  async befriend(): Promise<void> {
    await this.transaction.query(
      `INSERT INTO friendships (low_id, high_id, since) VALUES ($1, $2, $3)
       ON CONFLICT (low_id, high_id) DO UPDATE SET since = excluded.since, removed_at = NULL`,
      [this.low, this.high, this.now],
    );
  }

  /** Whether there was a friendship to end. */
  async unfriend(): Promise<boolean> {
    const ended = await this.transaction.query(
      `UPDATE friendships SET removed_at = $3 WHERE low_id = $1 AND high_id = $2 AND removed_at IS NULL RETURNING low_id`,
      [this.low, this.high, this.now],
    );
    return ended.length > 0;
  }

  /** When the block was made, and whether it was made now. */
  async block(blockerId: string, blockedId: string): Promise<{ createdAt: Date; created: boolean }> {
    const [made] = await this.transaction.query<{ createdAt: Date }>(
      `INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING created_at AS "createdAt"`,
      [blockerId, blockedId, this.now],
    );
    if (made !== undefined) return { createdAt: made.createdAt, created: true };
    const existing = await this.onlyRow<{ createdAt: Date }>(
      'SELECT created_at AS "createdAt" FROM blocks WHERE blocker_id = $1 AND blocked_id = $2',
      [blockerId, blockedId],
    );
    return { createdAt: existing.createdAt, created: false };
  }

  /** Whether there was a block to take back. */
  async unblock(blockerId: string, blockedId: string): Promise<boolean> {
    const removed = await this.transaction.query(
      'DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2 RETURNING blocked_id',
      [blockerId, blockedId],
    );
    return removed.length > 0;
  }

  private async answers(text: string, values: readonly SqlValue[]): Promise<boolean> {
    return (await this.onlyRow<{ answer: boolean }>(text, values)).answer;
  }

  private async onlyRow<Row = FriendRequestRow>(text: string, values: readonly SqlValue[]): Promise<Row> {
    const [row] = await this.transaction.query<Row>(text, values);
    if (row === undefined) throw new Error('a row that was locked or just written is not there');
    return row;
  }
}

/** The columns of a `FriendRequestRow`. */
export const FRIEND_REQUEST_COLUMNS =
  'id, sender_id AS "senderId", receiver_id AS "receiverId", status, created_at AS "createdAt", responded_at AS "respondedAt"';

/** Checks no access. */
export async function findFriendRequest(executor: SqlExecutor, id: string): Promise<FriendRequestRow | undefined> {
  const [row] = await executor.query<FriendRequestRow>(
    `SELECT ${FRIEND_REQUEST_COLUMNS} FROM friend_requests WHERE id = $1`,
    [id],
  );
  return row;
}
