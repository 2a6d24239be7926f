import { Injectable } from '@nestjs/common';
import { newId } from '../common/identifier.js';
import { Configuration } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import { presenceAudience } from '../relations/relations.js';

/** A user who has come or gone. */
export interface PresenceChange {
  userId: string;
  isOnline: boolean;
  lastSeenAt: Date | null;
  /** How often it came and went, this time included. */
  change: number;
}

/** Whom a change is shown to (`presenceAudience` of relations/relations.ts). */
export interface PresenceAudience {
  userId: string;
  /** Conversations whose members see it; only those small enough to be shown live. */
  conversationIds: string[];
  friendIds: string[];
  /** Either side of a block: they must not see it, whatever else they share. */
  blockedIds: string[];
}

/**
 * Who is online, on any process: each process notes the users it holds connections of, and renews one lease for all of
 * them. What a process noted is worth nothing once its lease has ended.
 *
 * Guarantees: a user is online as long as a process with a living lease holds it; whoever takes the last of its presences
 * away learns of it exactly once, and `lastSeenAt` is stored with it. A process whose lease was lost learns it from
 * `renew`, and must let all of its users arrive again.
 */
@Injectable()
export class PresenceStore {
  /** This process. */
  readonly nodeId = newId();

  constructor(
    private readonly database: Database,
    private readonly configuration: Configuration,
  ) {}

  private get leaseSeconds(): number {
    return this.configuration.timings.presenceLeaseMs / 1_000;
  }

  /** Renews the lease of this process: one row, however many users it holds. Answers whether it was still there. */
  async renew(): Promise<boolean> {
    const [lease] = await this.database.query<{ wasThere: boolean }>(
      `INSERT INTO presence_nodes (node_id, expires_at) VALUES ($1, now() + make_interval(secs => $2))
       ON CONFLICT (node_id) DO UPDATE SET expires_at = excluded.expires_at RETURNING xmax <> 0 AS "wasThere"`,
      [this.nodeId, this.leaseSeconds],
      'presence_renew',
    );
    return lease?.wasThere === true;
  }

  /** Gives the lease of this process back: it is about to end, and holds nobody any more. */
  async leave(): Promise<void> {
    await this.database.query('DELETE FROM presence_nodes WHERE node_id = $1', [this.nodeId], 'presence_leave');
  }

  /** Notes that this process holds these users. Answers those who were offline before. */
  async arrive(userIds: readonly string[]): Promise<PresenceChange[]> {
    return this.database.transaction(async (transaction) => {
      await transaction.query(
        `INSERT INTO last_seen (user_id) SELECT id FROM unnest($1::uuid[]) AS arriving(id) ORDER BY id
         ON CONFLICT (user_id) DO NOTHING`,
        [userIds],
        'presence_begin',
      );
      // Where another process lets the last connection of one of them go at once, one of the two must see what the other did.
      await this.lock(transaction, userIds);
      return transaction.query<PresenceChange>(
        `WITH held AS (
           INSERT INTO presences (user_id, node_id) SELECT id, $2 FROM unnest($1::uuid[]) AS arriving(id)
           ON CONFLICT (user_id, node_id) DO NOTHING
         )
         UPDATE last_seen l SET changed_xid = pg_current_xact_id(), changes = l.changes + 1
         WHERE l.user_id = ANY ($1) AND NOT EXISTS (SELECT 1 FROM online_users o WHERE o.user_id = l.user_id)
         RETURNING l.user_id AS "userId", true AS "isOnline", l.at AS "lastSeenAt", l.changes AS change`,
        [userIds, this.nodeId],
        'presence_arrive',
      );
    });
  }

  /** Lets users go. Answers those who are offline now. */
  async depart(departures: readonly { userId: string; lastSeenAt: Date }[]): Promise<PresenceChange[]> {
    const userIds = departures.map(({ userId }) => userId);
    return this.database.transaction(async (transaction) => {
      // Where two processes let the same user go at once, the second must see what the first did.
      await this.lock(transaction, userIds);
      const held = await transaction.query<{ userId: string }>(
        'DELETE FROM presences WHERE node_id = $2 AND user_id = ANY ($1) RETURNING user_id AS "userId"',
        [userIds, this.nodeId],
      );
      // What was taken away with a lease that ended, whoever took it has noted.
      const lastSeenAt = new Map(departures.map((departure) => [departure.userId, departure.lastSeenAt]));
      return this.note(
        transaction,
        held.map(({ userId }) => userId),
        held.map(({ userId }) => lastSeenAt.get(userId) ?? null),
      );
    });
  }

  /**
   * Takes away what belongs to other processes that died. Answers who is offline by that, and how many processes those were.
   * @param alone this is the only process there is, so that every lease of another one is a dead one's.
   */
  async sweep(alone: boolean): Promise<{ changes: PresenceChange[]; lostProcesses: number }> {
    return this.database.transaction(async (transaction) => {
      const ended = await transaction.query<{ nodeId: string; lastSeenAt: Date }>(
        `DELETE FROM presence_nodes WHERE node_id <> $1 AND (expires_at <= now() OR $2)
         RETURNING node_id AS "nodeId", LEAST(expires_at - make_interval(secs => $3), now()) AS "lastSeenAt"`,
        [this.nodeId, alone, this.leaseSeconds],
      );
      const lostProcesses = ended.length;
      if (lostProcesses === 0 && !alone) return { changes: [], lostProcesses };
      // Also those whose process died between noting them and its next renewal.
      const left = await transaction.query<{ userId: string; nodeId: string; since: Date }>(
        `DELETE FROM presences p WHERE NOT EXISTS (SELECT 1 FROM presence_nodes n WHERE n.node_id = p.node_id)
         RETURNING user_id AS "userId", node_id AS "nodeId", since`,
      );
      if (left.length === 0) return { changes: [], lostProcesses };
      const lastSeenAt = new Map(ended.map((node) => [node.nodeId, node.lastSeenAt]));
      const userIds = left.map(({ userId }) => userId);
      await this.lock(transaction, userIds);
      const changes = await this.note(
        transaction,
        userIds,
        // A user who came after the last renewal was there then, too.
        left.map(({ nodeId, since }) => later(lastSeenAt.get(nodeId), since)),
      );
      return { changes, lostProcesses };
    });
  }

  /**
   * Notes that these users are gone whom nobody holds: what held them was lost with a crash of the database. Of those alone who have
   * not changed since, so that one process learns of each.
   */
  async lose(known: readonly { userId: string; change: number }[]): Promise<PresenceChange[]> {
    return this.database.transaction(async (transaction) => {
      const userIds = known.map(({ userId }) => userId);
      await this.lock(transaction, userIds);
      return transaction.query<PresenceChange>(
        `UPDATE last_seen l SET at = CASE WHEN NOT l.is_forgotten THEN GREATEST(l.at, now()) END,
           changed_xid = pg_current_xact_id(), changes = l.changes + 1
         FROM unnest($1::uuid[], $2::int[]) AS known(id, change)
         WHERE l.user_id = known.id AND l.changes = known.change
           AND NOT EXISTS (SELECT 1 FROM online_users o WHERE o.user_id = l.user_id)
         RETURNING l.user_id AS "userId", false AS "isOnline", l.at AS "lastSeenAt", l.changes AS change`,
        [userIds, known.map(({ change }) => change)],
        'presence_lose',
      );
    });
  }

  /** In one order for all, so that nobody waits for each other in a circle. */
  private async lock(transaction: Transaction, userIds: readonly string[]): Promise<void> {
    await transaction.query('SELECT 1 FROM last_seen WHERE user_id = ANY ($1) ORDER BY user_id FOR NO KEY UPDATE', [
      userIds,
    ]);
  }

  /** Notes when these users were seen last, of those who are offline; of two times the later, and null is now. */
  private note(
    transaction: Transaction,
    userIds: readonly string[],
    times: readonly (Date | null)[],
  ): Promise<PresenceChange[]> {
    return transaction.query<PresenceChange>(
      `UPDATE last_seen l SET at = CASE WHEN NOT l.is_forgotten THEN GREATEST(l.at, gone.at) END,
         changed_xid = pg_current_xact_id(), changes = l.changes + 1
       FROM (
         SELECT id, max(COALESCE(at, now())) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS t(id, at) GROUP BY id
       ) AS gone
       WHERE l.user_id = gone.id AND NOT EXISTS (SELECT 1 FROM online_users o WHERE o.user_id = l.user_id)
       RETURNING l.user_id AS "userId", false AS "isOnline", l.at AS "lastSeenAt", l.changes AS change`,
      [userIds, times],
    );
  }

  /** Who has come or gone since a snapshot of the database, as it is now; the next `limit` after a user, by their ids. */
  async changedSince(snapshot: string, afterUserId: string | undefined, limit: number): Promise<PresenceChange[]> {
    return this.database.background.query<PresenceChange>(
      `WITH changed AS MATERIALIZED (
         SELECT l.user_id, l.at, l.changes FROM last_seen l
         WHERE l.changed_xid > '3'::xid8 AND l.changed_xid >= pg_snapshot_xmin($1::pg_snapshot)
           AND NOT pg_visible_in_snapshot(l.changed_xid, $1::pg_snapshot)
       )
       SELECT user_id AS "userId", EXISTS (SELECT 1 FROM online_users o WHERE o.user_id = c.user_id) AS "isOnline",
         at AS "lastSeenAt", changes AS change
       FROM changed c WHERE $2::uuid IS NULL OR user_id > $2 ORDER BY user_id LIMIT $3`,
      [snapshot, afterUserId ?? null, limit],
      'presence_changed_since',
    );
  }

  /**
   * Whom changes of these users are shown to. One statement.
   */
  async audiences(userIds: readonly string[], maxMembers: number): Promise<PresenceAudience[]> {
    return this.database.query<PresenceAudience>(
      `SELECT u.id AS "userId", ${presenceAudience('u.id', '$2')} FROM unnest($1::uuid[]) AS u(id)`,
      [userIds, maxMembers],
      'presence_audiences',
    );
  }

  /**
   * Whom the deletion of this user is shown to: those it shares a conversation with, or has, so that its name goes from
   * what it wrote there.
   */
  async formerAudience(userId: string, maxMembers: number): Promise<PresenceAudience> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT conversation_id AS id FROM memberships WHERE user_id = $1 AND member_count <= $2',
      [userId, maxMembers],
    );
    return { userId, conversationIds: rows.map(({ id }) => id), friendIds: [], blockedIds: [] };
  }
}

function later(renewedAt: Date | undefined, since: Date): Date | null {
  return renewedAt === undefined ? null : renewedAt > since ? renewedAt : since;
}
