import { Injectable } from '@nestjs/common';
import { MAX_LIVE_AUDIENCE } from '../../conversations/conversation-access.js';
import { Database } from '../../database/database.js';

/** Something changed for a user who is connected here. */
export interface Change {
  userId: string;
  /** Null where it is about no conversation. */
  conversationId: string | null;
  isMember: boolean;
  /** The first number that it reads there. */
  firstSeq: number;
  /** Its own membership: whether it is in, its role, its settings. */
  isOwn: boolean;
  /** The conversation itself: new messages, nearly always. */
  isConversation: boolean;
  /** Anything else: cursors, messages that were changed, friends. */
  isOther: boolean;
}

/** A row that says who its last transaction was, of those that the snapshot $1 did not see. */
const changed = (stamp: string): string =>
  `(${stamp} >= bounds.lower_xmin AND NOT pg_visible_in_snapshot(${stamp}, bounds.lower))`;

const BOUNDS = `bounds AS MATERIALIZED (
  SELECT input.lower, pg_snapshot_xmin(input.lower) AS lower_xmin FROM (SELECT $1::pg_snapshot AS lower) AS input
)`;

/** What a process asks that may have missed events of others. It reads the stamps that features keep for sync. */
@Injectable()
export class CatchUpRepository {
  constructor(private readonly database: Database) {}

  /** Which database this is: what joins processes that use the same. */
  async databaseName(): Promise<string> {
    const [row] = await this.database.background.query<{ name: string }>(
      `SELECT (SELECT system_identifier::text FROM pg_control_system()) || ':' ||
         (SELECT oid::text FROM pg_database WHERE datname = current_database()) || ':' || current_schema() AS name`,
    );
    if (row === undefined) throw new Error('a SELECT without FROM answered nothing');
    return row.name;
  }

  /** The processes that renew their lease, this one included: also those that the bus does not carry anything of. */
  async livingNodeIds(): Promise<string[]> {
    const rows = await this.database.background.query<{ nodeId: string }>(
      'SELECT node_id AS "nodeId" FROM presence_nodes WHERE expires_at > now()',
      [],
      'cluster_living_nodes',
    );
    return rows.map(({ nodeId }) => nodeId);
  }

  /** The database's time, in milliseconds since 1970. */
  async time(): Promise<number> {
    const [row] = await this.database.background.query<{ time: number }>(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS time',
      [],
      'cluster_time',
    );
    if (row === undefined) throw new Error('a SELECT without FROM answered nothing');
    return row.time;
  }

  async snapshot(): Promise<string> {
    const [row] = await this.database.background.query<{ snapshot: string }>(
      'SELECT pg_current_snapshot()::text AS snapshot',
      [],
      'cluster_snapshot',
    );
    if (row === undefined) throw new Error('a SELECT without FROM answered nothing');
    return row.snapshot;
  }

  /** What changed for these users since a snapshot. Of a conversation that several of them are in, all members are looked at once. */
  changes(snapshot: string, userIds: readonly string[]): Promise<Change[]> {
    return this.database.background.query<Change>(
      `WITH ${BOUNDS}, asked AS MATERIALIZED (SELECT unnest($2::uuid[]) AS id), own AS (
         SELECT m.user_id, m.conversation_id, m.left_at IS NULL AS is_member, m.visible_from_seq, ${changed('m.changed_xid')} AS is_own,
           m.left_at IS NULL AND ${changed('c.changed_xid')} AS is_conversation,
           m.left_at IS NULL AND (${changed('m.receipt_xid')} OR EXISTS (
             SELECT 1 FROM messages e
             WHERE e.conversation_id = m.conversation_id AND e.version > 1 AND ${changed('e.changed_xid')})) AS is_other
         FROM bounds CROSS JOIN asked
         JOIN conversation_members m ON m.user_id = asked.id
         JOIN conversations c ON c.id = m.conversation_id
       ), shared AS MATERIALIZED (
         SELECT mine.user_id, mine.conversation_id FROM asked
         JOIN conversation_members mine ON mine.user_id = asked.id WHERE mine.left_at IS NULL
       ), read AS MATERIALIZED (
         SELECT c.id FROM bounds CROSS JOIN (SELECT DISTINCT conversation_id FROM shared) AS one
         JOIN conversations c ON c.id = one.conversation_id
         WHERE c.member_count <= ${MAX_LIVE_AUDIENCE} AND EXISTS (
           SELECT 1 FROM conversation_members other WHERE other.conversation_id = c.id AND ${changed('other.receipt_xid')})
       )
       SELECT user_id AS "userId", conversation_id AS "conversationId", is_member AS "isMember",
         visible_from_seq AS "firstSeq", is_own AS "isOwn",
         is_conversation AS "isConversation", is_other AS "isOther"
       FROM own WHERE is_own OR is_conversation OR is_other
       UNION ALL
       SELECT asked.id, NULL, false, 1, false, false, true FROM bounds CROSS JOIN asked
       WHERE EXISTS (SELECT 1 FROM friendships f WHERE f.low_id = asked.id AND ${changed('f.changed_xid')})
         OR EXISTS (SELECT 1 FROM friendships f WHERE f.high_id = asked.id AND ${changed('f.changed_xid')})
         OR EXISTS (SELECT 1 FROM friend_requests r WHERE r.sender_id = asked.id AND ${changed('r.changed_xid')})
         OR EXISTS (SELECT 1 FROM friend_requests r WHERE r.receiver_id = asked.id AND ${changed('r.changed_xid')})
         OR EXISTS (SELECT 1 FROM hidden_messages h WHERE h.user_id = asked.id AND ${changed('h.changed_xid')})
         OR asked.id IN (SELECT shared.user_id FROM shared JOIN read ON read.id = shared.conversation_id)`,
      [snapshot, userIds],
      'cluster_changes',
    );
  }

  /** The memberships alone of these users that changed since a snapshot. */
  memberships(snapshot: string, userIds: readonly string[]): Promise<Change[]> {
    return this.database.background.query<Change>(
      `WITH ${BOUNDS}
       SELECT m.user_id AS "userId", m.conversation_id AS "conversationId", m.left_at IS NULL AS "isMember",
         m.visible_from_seq AS "firstSeq", true AS "isOwn", false AS "isConversation", false AS "isOther"
       FROM bounds CROSS JOIN unnest($2::uuid[]) AS asked (id)
       JOIN conversation_members m ON m.user_id = asked.id WHERE ${changed('m.changed_xid')}`,
      [snapshot, userIds],
      'cluster_memberships',
    );
  }

  /** Whose profile changed since a snapshot; at most `limit`. */
  async changedUserIds(snapshot: string, limit: number): Promise<{ id: string; isDeleted: boolean }[]> {
    return this.database.background.query<{ id: string; isDeleted: boolean }>(
      `WITH ${BOUNDS}
       SELECT u.id, u.deleted_at IS NOT NULL AS "isDeleted" FROM bounds CROSS JOIN LATERAL (
         SELECT c.id, c.deleted_at FROM users c WHERE c.changed_xid > '3'::xid8 AND ${changed('c.changed_xid')} OFFSET 0
       ) AS u LIMIT $2`,
      [snapshot, limit],
      'cluster_changed_users',
    );
  }
}
