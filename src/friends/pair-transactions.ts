import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import { newId, orderedPair } from '../common/identifier.js';
import type { SqlExecutor } from '../database/database.js';
import { PrismaService, type PrismaTransaction } from '../database/prisma.service.js';
import { isStranger } from '../relations/relations.js';
import { lockUsers } from '../users/locked-users.js';
import type { FriendRequestRow, FriendRequestStatus } from './friends.view.js';

/**
 * Everything that changes what stands between two users runs through here: one transaction at a time for a pair, on
 * all nodes, in whichever direction. What `work` reads is therefore still true when it writes, and neither of the two is
 * deleted meanwhile.
 */
@Injectable()
export class PairTransactions {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param alone waits for everybody who relies on what stands between the two without being of the pair, such as who adds
   *   one of them to a group.
   * @throws DomainError NOT_FOUND where one of them was deleted
   */
  run<Result>(
    userId: string,
    otherUserId: string,
    work: (pair: Pair) => Promise<Result>,
    { alone = false }: { alone?: boolean } = {},
  ): Promise<Result> {
    const [low, high] = orderedPair(userId, otherUserId);
    return this.prisma.$transaction(async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${low + high}, 0))`;
      const held = await lockUsers(sqlOf(transaction), [low, high], alone);
      if (held.size < 2) throw new DomainError('NOT_FOUND');
      // Read only now: what waited for the lock happened after what held it.
      return work(new Pair(transaction, low, high, new Date(this.clock.now())));
    });
  }
}

/** Statements of our own in a transaction of Prisma's. */
export function sqlOf(transaction: PrismaTransaction): SqlExecutor {
  return { query: (text, values = []) => transaction.$queryRawUnsafe(text, ...values) };
}

/** The rows of two users, within one of their transactions. */
export class Pair {
  constructor(
    readonly transaction: PrismaTransaction,
    private readonly low: string,
    private readonly high: string,
    private readonly now: Date,
  ) {}

  async isBlocked(): Promise<boolean> {
    const block = await this.transaction.block.findFirst({
      where: {
        OR: [
          { blockerId: this.low, blockedId: this.high },
          { blockerId: this.high, blockedId: this.low },
        ],
      },
    });
    return block !== null;
  }

  async areFriends(): Promise<boolean> {
    const friendship = await this.transaction.friendship.findUnique({
      where: { lowId_highId: { lowId: this.low, highId: this.high } },
    });
    return friendship !== null && friendship.removedAt === null;
  }

  /** Whether the other one has never written to this user, and the two were never friends. */
  async isStranger(otherUserId: string, userId: string): Promise<boolean> {
    const [row] = await sqlOf(this.transaction).query<{ answer: boolean }>(
      `SELECT ${isStranger('$1::uuid', '$2::uuid')} AS answer`,
      [otherUserId, userId],
    );
    return row?.answer === true;
  }

  /** There is at most one, in whichever direction (`friend_requests_one_pending`). */
  pendingRequest(): Promise<FriendRequestRow | null> {
    return this.transaction.friendRequest.findFirst({
      where: {
        status: 'PENDING',
        OR: [
          { senderId: this.low, receiverId: this.high },
          { senderId: this.high, receiverId: this.low },
        ],
      },
    });
  }

  request(id: string): Promise<FriendRequestRow | null> {
    return this.transaction.friendRequest.findUnique({ where: { id } });
  }

  createRequest(senderId: string, receiverId: string): Promise<FriendRequestRow> {
    return this.transaction.friendRequest.create({ data: { id: newId(), senderId, receiverId, createdAt: this.now } });
  }

  settleRequest(id: string, status: FriendRequestStatus): Promise<FriendRequestRow> {
    return this.transaction.friendRequest.update({ where: { id }, data: { status, respondedAt: this.now } });
  }

  async befriend(): Promise<void> {
    const key = { lowId: this.low, highId: this.high };
    await this.transaction.friendship.upsert({
      where: { lowId_highId: key },
      create: { ...key, since: this.now },
      update: { since: this.now, removedAt: null },
    });
  }

  /** Whether there was a friendship to end. */
  async unfriend(): Promise<boolean> {
    const { count } = await this.transaction.friendship.updateMany({
      where: { lowId: this.low, highId: this.high, removedAt: null },
      data: { removedAt: this.now },
    });
    return count > 0;
  }

  /** When the block was made, and whether it was made now. */
  async block(blockerId: string, blockedId: string): Promise<{ createdAt: Date; created: boolean }> {
    const key = { blockerId, blockedId };
    const existing = await this.transaction.block.findUnique({ where: { blockerId_blockedId: key } });
    if (existing !== null) return { createdAt: existing.createdAt, created: false };
    await this.transaction.block.create({ data: { ...key, createdAt: this.now } });
    return { createdAt: this.now, created: true };
  }

  /** Whether there was a block to take back. */
  async unblock(blockerId: string, blockedId: string): Promise<boolean> {
    const { count } = await this.transaction.block.deleteMany({ where: { blockerId, blockedId } });
    return count > 0;
  }
}
