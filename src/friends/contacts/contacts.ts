import { Injectable } from '@nestjs/common';
import { Configuration } from '../../config/configuration.js';
import { Database, type SqlExecutor } from '../../database/database.js';
import { areBlocked, areFriends, mayMessage } from '../../relations/relations.js';

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
    return this.ask(
      'contacts_blocked',
      `SELECT ${areBlocked('$1::uuid', '$2::uuid')} AS answer`,
      [userId, otherUserId],
      this.database,
    );
  }

  async areFriends(userId: string, otherUserId: string, executor: SqlExecutor = this.database): Promise<boolean> {
    return this.ask(
      'contacts_friends',
      `SELECT ${areFriends('$1::uuid', '$2::uuid')} AS answer`,
      [userId, otherUserId],
      executor,
    );
  }

  /**
   * Whether the sender may write to the receiver: no block either way, and friends where the policy asks for that.
   * @param executor a transaction that holds both (`lockUsers`): the answer then stays true until its end.
   */
  async mayMessage(senderId: string, receiverId: string, executor: SqlExecutor = this.database): Promise<boolean> {
    return this.ask(
      'contacts_may_message',
      `SELECT ${mayMessage('$1::uuid', '$2::uuid', '$3::boolean')} AS answer`,
      [senderId, receiverId, this.configuration.messagingPolicy === 'anyone'],
      executor,
    );
  }

  /** Those among these users who block this one or are blocked by it. */
  async blockedPeers(userId: string, among: readonly string[]): Promise<Set<string>> {
    if (among.length === 0) return new Set();
    const rows = await this.database.query<{ peerId: string }>(
      'SELECT DISTINCT other_id AS "peerId" FROM blocked_pairs WHERE user_id = $1 AND other_id = ANY ($2::uuid[])',
      [userId, among],
      'contacts_blocked_peers',
    );
    return new Set(rows.map((row) => row.peerId));
  }

  private async ask(
    name: string,
    text: string,
    values: readonly (string | boolean)[],
    executor: SqlExecutor,
  ): Promise<boolean> {
    const [row] = await executor.query<{ answer: boolean }>(text, values, name);
    return row?.answer === true;
  }
}
