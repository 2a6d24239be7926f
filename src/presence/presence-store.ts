import { Injectable } from '@nestjs/common';
import { newId } from '../common/identifier.js';
import { Database } from '../database/database.js';

/** A user who has come or gone. */
export interface PresenceChange {
  userId: string;
  isOnline: boolean;
  lastSeenAt: Date | null;
}

/** Whom a change is shown to. */
export interface PresenceAudience {
  userId: string;
  /** Conversations whose members see it; only those small enough to be shown live. */
  conversationIds: string[];
  friendIds: string[];
  /** Either side of a block: they must not see it, whatever else they share. */
  blockedIds: string[];
}

/** How long a lease lasts unless it is renewed. */
export const LEASE_SECONDS = 20;

/**
 * Who is online, on any process: one lease a user and process, which ends by itself when nobody renews it.
 *
 * Guarantees: a user is online as long as one lease lives; whoever takes the last one away, or finds it expired, learns
 * of it exactly once, and `lastSeenAt` is stored with it.
 */
@Injectable()
export class PresenceStore {
  /** This process. */
  private readonly nodeId = newId();

  constructor(private readonly database: Database) {}

  /** Takes leases, or takes them anew. Answers those who were offline before. */
  async arrive(userIds: readonly string[]): Promise<PresenceChange[]> {
    return this.database.query<PresenceChange>(
      `WITH leased AS (
         INSERT INTO presence_leases (user_id, node_id, expires_at)
         SELECT id, $2, now() + make_interval(secs => $3) FROM unnest($1::uuid[]) AS arriving(id)
         ON CONFLICT (user_id, node_id) DO UPDATE SET expires_at = excluded.expires_at
       )
       SELECT u.id AS "userId", true AS "isOnline", u.last_seen_at AS "lastSeenAt" FROM users u
       WHERE u.id = ANY ($1) AND NOT EXISTS (SELECT 1 FROM presence_leases l WHERE l.user_id = u.id AND l.expires_at > now())`,
      [userIds, this.nodeId, LEASE_SECONDS],
      'presence_arrive',
    );
  }

  /** Gives leases back. Answers those who are offline now. */
  async depart(departures: readonly { userId: string; lastSeenAt: Date }[]): Promise<PresenceChange[]> {
    const userIds = departures.map(({ userId }) => userId);
    return this.database.transaction(async (transaction) => {
      // Of two processes that let the same user go at once, the second must see what the first did.
      await transaction.query('SELECT 1 FROM users WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE', [userIds]);
      await transaction.query('DELETE FROM presence_leases WHERE node_id = $2 AND user_id = ANY ($1)', [
        userIds,
        this.nodeId,
      ]);
      return transaction.query<PresenceChange>(
        `UPDATE users u SET last_seen_at = CASE WHEN u.deleted_at IS NULL THEN gone.at END FROM unnest($1::uuid[], $2::timestamptz[]) AS gone(id, at)
         WHERE u.id = gone.id AND NOT EXISTS (SELECT 1 FROM presence_leases l WHERE l.user_id = u.id AND l.expires_at > now())
         RETURNING u.id AS "userId", false AS "isOnline", u.last_seen_at AS "lastSeenAt"`,
        [userIds, departures.map(({ lastSeenAt }) => lastSeenAt)],
      );
    });
  }

  /**
   * Takes away what has run out: those are the users of processes that died. Answers who is offline by that.
   * @param alone this is the only process there is, so that every lease of another one is a dead one's.
   */
  async sweep(alone: boolean): Promise<PresenceChange[]> {
    return this.database.transaction(async (transaction) => {
      const expired = await transaction.query<{ userId: string; lastSeenAt: Date }>(
        `DELETE FROM presence_leases WHERE expires_at <= now() OR ($2 AND node_id <> $1)
         RETURNING user_id AS "userId", LEAST(expires_at - make_interval(secs => $3), now()) AS "lastSeenAt"`,
        [this.nodeId, alone, LEASE_SECONDS],
      );
      if (expired.length === 0) return [];
      return transaction.query<PresenceChange>(
        `UPDATE users u SET last_seen_at = CASE WHEN u.deleted_at IS NULL THEN GREATEST(u.last_seen_at, gone.at) END
         FROM (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS t(id, at) GROUP BY id) AS gone
         WHERE u.id = gone.id AND NOT EXISTS (SELECT 1 FROM presence_leases l WHERE l.user_id = u.id AND l.expires_at > now())
         RETURNING u.id AS "userId", false AS "isOnline", u.last_seen_at AS "lastSeenAt"`,
        [expired.map(({ userId }) => userId), expired.map(({ lastSeenAt }) => lastSeenAt)],
      );
    });
  }

  /**
   * Whom changes of these users are shown to: friends, those they share a group with, and those they have written to
   * (relations/relations.ts). One statement.
   */
  async audiences(userIds: readonly string[], largestConversation: number): Promise<PresenceAudience[]> {
    return this.database.query<PresenceAudience>(
      `SELECT u.id AS "userId",
         ARRAY(
           SELECT m.conversation_id::text FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
           WHERE m.user_id = u.id AND m.left_at IS NULL AND m.is_shown AND c.member_count <= $2
         ) AS "conversationIds",
         ARRAY(SELECT friend_id::text FROM friend_pairs WHERE user_id = u.id) AS "friendIds",
         ARRAY(SELECT other_id::text FROM blocked_pairs WHERE user_id = u.id) AS "blockedIds"
       FROM unnest($1::uuid[]) AS u(id)`,
      [userIds, largestConversation],
      'presence_audiences',
    );
  }

  /**
   * Whom the deletion of this user is shown to: those it shares a conversation with, or has, so that its name goes from
   * what it wrote there.
   */
  async formerAudience(userId: string, largestConversation: number): Promise<PresenceAudience> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT m.conversation_id AS id FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.user_id = $1 AND c.member_count <= $2`,
      [userId, largestConversation],
    );
    return { userId, conversationIds: rows.map(({ id }) => id), friendIds: [], blockedIds: [] };
  }
}
