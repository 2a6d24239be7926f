import { Injectable } from '@nestjs/common';
import { orderedPair } from '../common/identifier.js';
import { Configuration } from '../config/configuration.js';
import { Database } from '../database/database.js';

/**
 * What the other features ask about two users: friends, blocked, may they write. Each question is one prepared
 * statement that sees every commit before it.
 */
@Injectable()
export class Contacts {
  constructor(
    private readonly database: Database,
    private readonly configuration: Configuration,
  ) {}

  /** Whether either of the two blocks the other. */
  async isBlockedEitherWay(userId: string, otherUserId: string): Promise<boolean> {
    return this.ask('contacts_blocked', `SELECT ${blockBetween('$1', '$2')} AS answer`, [userId, otherUserId]);
  }

  async areFriends(userId: string, otherUserId: string): Promise<boolean> {
    return this.ask(
      'contacts_friends',
      `SELECT ${friendshipOf('$1', '$2')} AS answer`,
      orderedPair(userId, otherUserId),
    );
  }

  /** Whether the sender may write to the receiver: no block either way, and friends where the policy asks for that. */
  async mayMessage(senderId: string, receiverId: string): Promise<boolean> {
    return this.ask(
      'contacts_may_message',
      `SELECT NOT ${blockBetween('$1', '$2')} AND ($3::boolean OR ${friendshipOf('$1', '$2')}) AS answer`,
      [...orderedPair(senderId, receiverId), this.configuration.messagingPolicy === 'anyone'],
    );
  }

  /** Those among these users who block this one or are blocked by it. */
  async blockedPeers(userId: string, among: readonly string[]): Promise<Set<string>> {
    if (among.length === 0) return new Set();
    const rows = await this.database.query<{ peerId: string }>(
      `SELECT blocked_id AS "peerId" FROM blocks WHERE blocker_id = $1 AND blocked_id = ANY ($2::uuid[])
       UNION
       SELECT blocker_id FROM blocks WHERE blocked_id = $1 AND blocker_id = ANY ($2::uuid[])`,
      [userId, among],
      'contacts_blocked_peers',
    );
    return new Set(rows.map((row) => row.peerId));
  }

  private async ask(name: string, text: string, values: readonly (string | boolean)[]): Promise<boolean> {
    const [row] = await this.database.query<{ answer: boolean }>(text, values, name);
    return row?.answer === true;
  }
}

function blockBetween(a: string, b: string): string {
  return `EXISTS (
    SELECT 1 FROM blocks
    WHERE (blocker_id = ${a}::uuid AND blocked_id = ${b}::uuid) OR (blocker_id = ${b}::uuid AND blocked_id = ${a}::uuid)
  )`;
}

function friendshipOf(low: string, high: string): string {
  return `EXISTS (SELECT 1 FROM friendships WHERE low_id = ${low}::uuid AND high_id = ${high}::uuid AND removed_at IS NULL)`;
}
