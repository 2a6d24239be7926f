import { Injectable } from '@nestjs/common';
import { Batched } from '../common/async/batcher.js';
import { Database } from '../database/database.js';
import { MAX_LIVE_AUDIENCE } from '../conversations/conversation-access.js';
import { areFriends, areReceiptsShown } from '../relations/relations.js';
import type { SyncStage } from './sync-cursor.js';

/** What one statement found, in the order of stages and within them by key; at most one more than asked for. */
export interface SyncFindings {
  database: string;
  /** The snapshot the statement itself read under. */
  snapshot: string;
  /** Whether the cursor's snapshots can have come from this database. */
  isKnown: boolean;
  found: Finding[];
}

/** `conversationIds`: of all the user is a member of, ascending. */
export interface Present {
  database: string;
  snapshot: string;
  conversationIds: string[];
  /** Those that the user joined a moment ago without what was written before, and from which number on it reads. */
  joined: { conversationId: string; seq: number }[];
}

export interface Finding {
  stage: SyncStage;
  id: string;
  /** receipts: the member; messages: the conversation. */
  otherId: string | null;
  /** messages: its sequence number. */
  seq: number | null;
  /** messages: where the conversation's new messages begin. */
  boundary: number | null;
}

/**
 * The timeline that is written now: pg_control_checkpoint() names the former one until the first checkpoint after a promotion,
 * which may be minutes. Connections lead to primaries alone: a standby refuses this. So does Aurora, whose copies share what
 * is stored, so that none is promoted without what another one committed.
 */
export const TIMELINE = `
  CASE WHEN to_regproc('aurora_version') IS NULL
    THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer
    ELSE (SELECT timeline_id FROM pg_control_checkpoint())
  END`;

/**
 * The database that transaction numbers belong to: the cluster, its timeline (another one after a restore to a point in
 * time), the database within it, and what it has been since its last restore from a backup (src/database/database-identity.ts).
 */
const DATABASE_IDENTITY = `
  (SELECT system_identifier::text FROM pg_control_system()) || ':' ||
  (${TIMELINE})::text || ':' ||
  (SELECT oid::text FROM pg_database WHERE datname = current_database()) ||
  COALESCE((SELECT ':' || restored FROM database_identity), '')`;

/** Messages at the end of a conversation that are looked at one by one for the last that the client's snapshot saw. */
const MAX_CLOSE = 500;
/** The same of a half of it. */
const MAX_PROBE = 100;
/** Changed profiles that are each looked at for whether the user meets them. */
const MAX_PROFILES = 1_000;
/** Members of all its conversations that are each looked at for whether they changed. */
const MAX_MET = 5_000;

const changed = (stamp: string): string =>
  `(${stamp} >= bounds.lower_xmin AND NOT pg_visible_in_snapshot(${stamp}, bounds.lower) AND pg_visible_in_snapshot(${stamp}, bounds.upper))`;

/** New, changed and hidden messages of conversation `o` with a sequence number above `position`, each once. */
const messagesAfter = (boundary: string, position: string): string => `
  (SELECT n.id, n.seq, ${boundary} AS boundary FROM messages n
   WHERE n.conversation_id = o.conversation_id AND n.seq > GREATEST(${boundary}, ${position}, o.visible_from_seq - 1)
     AND pg_visible_in_snapshot(n.changed_xid, bounds.upper)
   ORDER BY n.seq LIMIT $9)
  UNION
  (SELECT e.id, e.seq, ${boundary} FROM messages e
   WHERE e.conversation_id = o.conversation_id AND e.version > 1 AND e.seq > GREATEST(${position}, o.visible_from_seq - 1)
     AND ${changed('e.changed_xid')}
   ORDER BY e.seq LIMIT $9)
  UNION
  (SELECT h.message_id, x.seq, ${boundary} FROM hidden_messages h JOIN messages x ON x.id = h.message_id
   WHERE h.user_id = $1 AND h.conversation_id = o.conversation_id AND x.seq > GREATEST(${position}, o.visible_from_seq - 1)
     AND ${changed('h.changed_xid')}
   ORDER BY x.seq LIMIT $9)`;

/** The last message of conversation `o` that the client's snapshot saw, where it is close to the end; else null. */
const CLOSE_LAST_SEEN = `COALESCE((
    SELECT p.seq FROM (
      SELECT n.seq, n.changed_xid FROM messages n WHERE n.conversation_id = o.conversation_id ORDER BY n.seq DESC LIMIT ${MAX_CLOSE}
    ) AS p
    WHERE pg_visible_in_snapshot(p.changed_xid, bounds.lower) ORDER BY p.seq DESC LIMIT 1
  ), CASE WHEN o.last_seq <= ${MAX_CLOSE} THEN 0 END)`;

/** Messages of a range from its middle on, the nearest first. */
const half = (range: string, order: 'ASC' | 'DESC'): string => `
  SELECT n.seq, n.version, pg_visible_in_snapshot(n.changed_xid, bounds.lower) AS is_seen FROM messages n
  WHERE n.conversation_id = o.conversation_id AND ${range} ORDER BY n.seq ${order} LIMIT ${MAX_PROBE}`;
const LOWER_HALF = half('n.seq > range.low AND n.seq <= (range.low + range.high) / 2', 'DESC');
const UPPER_HALF = half('n.seq > (range.low + range.high) / 2 AND n.seq < range.high', 'ASC');

/**
 * The same wherever it is, by halves; 0 where there is none. All that the snapshot saw stand before all that it did not. Of one
 * that was changed since, nothing says whether it saw it: where there are only such ones, MAX_PROBE in a row, they count as
 * new, which answers too much and leaves nothing out.
 */
const LAST_SEEN = `COALESCE(${CLOSE_LAST_SEEN}, (
    WITH RECURSIVE range (low, high) AS (
      SELECT 0, o.last_seq + 1
      UNION ALL
      SELECT
        CASE WHEN probe.is_seen THEN probe.seq WHEN probe.seq IS NULL THEN (range.low + range.high) / 2 ELSE range.low END,
        CASE WHEN probe.is_seen OR probe.seq IS NULL THEN range.high ELSE probe.seq END
      FROM range CROSS JOIN LATERAL (
        (SELECT half.seq, half.is_seen FROM (${LOWER_HALF}) AS half WHERE half.is_seen OR half.version = 1
         ORDER BY half.seq DESC LIMIT 1)
        UNION ALL
        -- Each of these is asked for where there is none before.
        (SELECT half.seq, half.is_seen FROM (${UPPER_HALF}) AS half WHERE half.is_seen OR half.version = 1
         ORDER BY half.seq LIMIT 1)
        UNION ALL
        SELECT min(half.seq), false FROM (${LOWER_HALF}) AS half
        LIMIT 1
      ) AS probe
      WHERE range.high - range.low > 1
    )
    SELECT range.low FROM range ORDER BY range.high - range.low LIMIT 1
  ))`;

/**
 * $1 user, $2 lower, $3 upper (null: now), $4 stage to begin with, $5 to $8 the key within it, $9 how many.
 *
 * Every synced row carries the number of the transaction that changed it last. A change is answered when the client's
 * snapshot did not see that transaction and the present one does, however late it committed: no clock, no overlap.
 *
 * Messages commit in the order of their sequence numbers (the writer holds the conversation's lock until its commit), so
 * those a snapshot saw are a prefix. What an earlier stage has filled a page with, a later one is not asked for.
 */
const changes = (lastSeen: string, profiles: string): string => `
  WITH bounds AS MATERIALIZED (
    SELECT now.snapshot, input.lower, COALESCE($3::pg_snapshot, now.snapshot) AS upper, pg_snapshot_xmin(input.lower) AS lower_xmin
    FROM (SELECT pg_current_snapshot() AS snapshot) AS now, (SELECT $2::pg_snapshot AS lower) AS input
  ), own AS MATERIALIZED (
    SELECT m.conversation_id, m.user_id, m.left_at, m.visible_from_seq, m.changed_xid AS own_xid, m.receipt_xid,
      c.changed_xid, c.member_count, c.last_seq
    FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = $1
  ), here AS MATERIALIZED (
    -- The rest of the conversation that the last page ended in; where it fills this one, no other is looked at.
    SELECT m.id, o.conversation_id, m.seq, m.boundary
    FROM own o CROSS JOIN bounds CROSS JOIN LATERAL (
      ${messagesAfter('$8::integer', '$7::integer')}
    ) AS m
    WHERE $4 = 6 AND o.conversation_id = $5 AND o.left_at IS NULL
    ORDER BY m.seq LIMIT $9
  ), earlier AS MATERIALIZED (
    (SELECT 1 AS stage, o.conversation_id AS id, NULL::uuid AS other_id, NULL::integer AS seq, NULL::integer AS boundary
     FROM own o, bounds
     WHERE $4 <= 1 AND o.left_at IS NULL AND ($5::uuid IS NULL OR $4 < 1 OR o.conversation_id > $5)
       -- With its own cursor what is unread changes as well.
       AND (${changed('o.changed_xid')} OR ${changed('o.own_xid')} OR ${changed('o.receipt_xid')})
     ORDER BY o.conversation_id LIMIT $9)
    UNION ALL
    (SELECT 2, o.conversation_id, NULL, NULL, NULL
     FROM own o, bounds
     WHERE $4 <= 2 AND o.left_at IS NOT NULL AND ($5::uuid IS NULL OR $4 < 2 OR o.conversation_id > $5)
       AND ${changed('o.own_xid')}
     ORDER BY o.conversation_id LIMIT $9)
    UNION ALL
    (SELECT 3, m.conversation_id, m.user_id, NULL, NULL
     FROM bounds CROSS JOIN (
       -- Of others only where they are shown live: whom a thousand members read would be delivered to a thousand.
       SELECT o.conversation_id, r.user_id, r.receipt_xid FROM own o
       JOIN conversation_members r ON r.conversation_id = o.conversation_id AND r.left_at IS NULL AND r.user_id <> $1
       WHERE o.left_at IS NULL AND o.member_count <= ${MAX_LIVE_AUDIENCE}
       UNION ALL
       SELECT o.conversation_id, o.user_id, o.receipt_xid FROM own o WHERE o.left_at IS NULL
     ) AS m
     WHERE $4 <= 3
       AND ($5::uuid IS NULL OR $4 < 3 OR (m.conversation_id, m.user_id) > ($5, $6::uuid))
       AND ${changed('m.receipt_xid')}
     ORDER BY m.conversation_id, m.user_id LIMIT $9)
    UNION ALL
    (SELECT 4, f.friend_id, NULL, NULL, NULL
     FROM (
       SELECT high_id AS friend_id, changed_xid FROM friendships WHERE low_id = $1
       UNION ALL SELECT low_id, changed_xid FROM friendships WHERE high_id = $1
     ) f, bounds
     WHERE $4 <= 4 AND ($5::uuid IS NULL OR $4 < 4 OR f.friend_id > $5) AND ${changed('f.changed_xid')}
     ORDER BY f.friend_id LIMIT $9)
    UNION ALL
    (SELECT 5, r.id, NULL, NULL, NULL
     FROM (
       SELECT id, changed_xid FROM friend_requests WHERE sender_id = $1
       UNION ALL SELECT id, changed_xid FROM friend_requests WHERE receiver_id = $1
     ) r, bounds
     WHERE $4 <= 5 AND ($5::uuid IS NULL OR $4 < 5 OR r.id > $5) AND ${changed('r.changed_xid')}
     ORDER BY r.id LIMIT $9)
    UNION ALL
    (SELECT 6, h.id, h.conversation_id, h.seq, h.boundary FROM here h)
  ), elsewhere AS MATERIALIZED (
    (SELECT 6 AS stage, m.id, o.conversation_id, m.seq, m.boundary
     FROM own o CROSS JOIN bounds CROSS JOIN LATERAL (
       SELECT CASE
         WHEN pg_visible_in_snapshot(o.changed_xid, bounds.lower) THEN 2147483647
         ELSE ${lastSeen}
       END AS boundary
       -- OFFSET keeps it from being worked out again wherever it is used.
       OFFSET 0
     ) AS place CROSS JOIN LATERAL (
       ${messagesAfter('place.boundary', '0')}
     ) AS m
     WHERE $4 <= 6 AND o.left_at IS NULL AND ($4 < 6 OR $5::uuid IS NULL OR o.conversation_id > $5)
       AND (SELECT count(*) FROM earlier) < $9
     ORDER BY o.conversation_id, m.seq LIMIT $9)
  ), profiles AS MATERIALIZED (
    ${profiles}
  ), people AS (
    -- Profiles of those the user meets anywhere: friends, and whoever is or was with it in a conversation.
    SELECT 7 AS stage, u.id, NULL::uuid AS other_id, NULL::integer AS seq, NULL::integer AS boundary
    FROM profiles u
    WHERE $4 <= 7 AND (SELECT count(*) FROM earlier) + (SELECT count(*) FROM elsewhere) < $9
      AND ($5::uuid IS NULL OR $4 < 7 OR u.id > $5)
      AND (u.is_met OR u.id = $1 OR ${areFriends('$1', 'u.id')} OR EXISTS (
        SELECT 1 FROM conversation_members met JOIN conversation_members mine
          ON mine.conversation_id = met.conversation_id AND mine.user_id = $1 AND mine.left_at IS NULL
        WHERE met.user_id = u.id))
    ORDER BY u.id LIMIT $9
  ), found AS (
    SELECT * FROM earlier UNION ALL SELECT * FROM elsewhere UNION ALL SELECT * FROM people
  ), page AS (
    SELECT * FROM found ORDER BY stage, CASE WHEN stage = 6 THEN other_id ELSE id END, CASE WHEN stage = 6 THEN NULL ELSE other_id END, seq LIMIT $9
  )
  SELECT ${DATABASE_IDENTITY} AS database, bounds.snapshot::text AS snapshot,
    pg_snapshot_xmax(bounds.upper) <= pg_snapshot_xmax(bounds.snapshot)
      AND pg_snapshot_xmax(bounds.lower) <= pg_snapshot_xmax(bounds.upper) AS "isKnown",
    (SELECT count(*) FROM profiles WHERE NOT is_met) > ${MAX_PROFILES} AS "areManyProfiles",
    COALESCE((SELECT json_agg(json_build_array(stage, id, other_id, seq, boundary)) FROM page), '[]') AS found
  FROM bounds`;

const CHANGED_PROFILES = `
  SELECT c.id, false AS is_met FROM bounds CROSS JOIN LATERAL (
    -- In the order of the index, so that nothing but what changed is looked at.
    SELECT u.id FROM users u WHERE u.changed_xid > '3'::xid8 AND ${changed('u.changed_xid')}
    ORDER BY u.changed_xid LIMIT ${MAX_PROFILES + 1}
  ) AS c`;

/** The same where very many changed: all whom the user meets are looked at, unless it meets very many. */
const MANY_PROFILES = `
  SELECT met.id, true AS is_met
  FROM bounds CROSS JOIN (
    SELECT $1::uuid AS id
    UNION SELECT fp.friend_id FROM friend_pairs fp WHERE fp.user_id = $1
    UNION SELECT m.user_id FROM own o JOIN conversation_members m ON m.conversation_id = o.conversation_id
      WHERE o.left_at IS NULL
  ) AS met CROSS JOIN LATERAL (
    -- OFFSET 0: each is looked up by its key.
    SELECT FROM users u WHERE u.id = met.id AND u.changed_xid > '3'::xid8 AND ${changed('u.changed_xid')} OFFSET 0
  ) AS c
  WHERE (SELECT count(*) FROM earlier) + (SELECT count(*) FROM elsewhere) < $9
    AND (SELECT COALESCE(sum(member_count), 0) FROM own WHERE left_at IS NULL) <= ${MAX_MET}
  UNION ALL
  SELECT c.id, false FROM bounds CROSS JOIN LATERAL (
    SELECT u.id FROM users u WHERE u.changed_xid > '3'::xid8 AND ${changed('u.changed_xid')} OFFSET 0
  ) AS c
  WHERE (SELECT count(*) FROM earlier) + (SELECT count(*) FROM elsewhere) < $9
    AND (SELECT COALESCE(sum(member_count), 0) FROM own WHERE left_at IS NULL) > ${MAX_MET}`;

/** For who was here lately: what has changed since is looked at one by one. */
const CHANGES = changes(CLOSE_LAST_SEEN, CHANGED_PROFILES);
/** For who was not, where that does not do. */
const CHANGES_SINCE_LONG = changes(LAST_SEEN, MANY_PROFILES);

interface FoundRow extends Omit<SyncFindings, 'found'> {
  areManyProfiles: boolean;
  found: FoundTuple[];
}

type FoundTuple = [stage: number, id: string, otherId: string | null, seq: number | null, boundary: number | null];

const STAGE_NUMBERS: Record<SyncStage, number> = {
  conversations: 1,
  left: 2,
  receipts: 3,
  friends: 4,
  requests: 5,
  messages: 6,
  users: 7,
};
const STAGE_NAMES = Object.fromEntries(Object.entries(STAGE_NUMBERS).map(([name, number]) => [number, name])) as Record<
  number,
  SyncStage
>;

/** Whether all that was close answers for the whole. */
function isComplete({ found, areManyProfiles }: FoundRow, count: number): boolean {
  const isPlaced = found.every(([stage, , , , boundary]) => stage !== STAGE_NUMBERS.messages || boundary !== null);
  const isFull = found.length >= count && found.every(([stage]) => stage !== STAGE_NUMBERS.users);
  return isPlaced && (isFull || !areManyProfiles);
}

function findingsOf({ found, database, snapshot, isKnown }: FoundRow): SyncFindings {
  return {
    database,
    snapshot,
    isKnown,
    found: found.flatMap(([number, id, otherId, seq, boundary]) => {
      const stage = STAGE_NAMES[number];
      return stage === undefined ? [] : [{ stage, id, otherId, seq, boundary }];
    }),
  };
}

/** By then what was stored was delivered by every process, or is not any more. */
const MAX_DELIVERY_DELAY = '5 minutes';

/** The statements of sync. They read the tables of several features: this is what those features keep stamps for. */
@Injectable()
export class SyncRepository {
  private readonly presents = new Batched((userIds: readonly string[]) => this.presentOf(userIds));

  constructor(private readonly database: Database) {}

  /** Where a client stands that has seen everything, and the conversations whose events it is to receive: one statement for all who ask at once. */
  present(userId: string): Promise<Present> {
    return this.presents.get(userId);
  }

  private async presentOf(userIds: readonly string[]): Promise<Present[]> {
    return this.database.query<Present>(
      `SELECT ${DATABASE_IDENTITY} AS database, pg_current_snapshot()::text AS snapshot,
         own.ids AS "conversationIds", own.joined
       FROM unnest($1::uuid[]) WITH ORDINALITY AS asking(id, position) CROSS JOIN LATERAL (
         SELECT COALESCE(array_agg(conversation_id::text ORDER BY conversation_id), '{}') AS ids,
           COALESCE(json_agg(json_build_object('conversationId', conversation_id, 'seq', visible_from_seq))
             FILTER (WHERE visible_from_seq > 1 AND joined_at > now() - interval '${MAX_DELIVERY_DELAY}'), '[]') AS joined
         FROM conversation_members WHERE user_id = asking.id AND left_at IS NULL
       ) AS own ORDER BY position`,
      [userIds],
      'sync_present',
    );
  }

  /** Everything that changed for a user between two snapshots, from a position on. One statement. */
  async changes(
    userId: string,
    lower: string,
    upper: string | null,
    from: { stage: SyncStage; key: readonly (string | number)[] } | null,
    count: number,
  ): Promise<SyncFindings> {
    const [first = null, second = null, third = null] = from?.key ?? [];
    const isMessages = from?.stage === 'messages';
    const values = [
      userId,
      lower,
      upper,
      from === null ? 0 : STAGE_NUMBERS[from.stage],
      first,
      isMessages ? null : second,
      isMessages ? second : null,
      isMessages ? third : null,
      count,
    ];
    const [close] = await this.database.reads.query<FoundRow>(CHANGES, values, 'sync_changes');
    if (close !== undefined && isComplete(close, count)) return findingsOf(close);
    const [row] = await this.database.reads.query<FoundRow>(CHANGES_SINCE_LONG, values, 'sync_changes_since_long');
    if (row === undefined) throw new Error('a SELECT from bounds answered nothing');
    return findingsOf(row);
  }

  /** Receipts as they stand, of the members named; of those that the user is shown. */
  async receipts(userId: string, keys: readonly { conversationId: string; userId: string }[]) {
    if (keys.length === 0) return [];
    return this.database.reads.query<{
      conversationId: string;
      userId: string;
      lastReadSeq: number;
      lastDeliveredSeq: number;
    }>(
      `SELECT m.conversation_id AS "conversationId", m.user_id AS "userId",
         m.last_read_seq AS "lastReadSeq", m.last_delivered_seq AS "lastDeliveredSeq"
       FROM unnest($1::uuid[], $2::uuid[]) AS wanted(conversation_id, user_id)
       JOIN conversation_members m USING (conversation_id, user_id)
       WHERE m.left_at IS NULL AND ${areReceiptsShown('$3::uuid', 'm')}`,
      [keys.map((key) => key.conversationId), keys.map((key) => key.userId), userId],
      'sync_receipts',
    );
  }

  async friendships(userId: string, friendIds: readonly string[]) {
    if (friendIds.length === 0) return [];
    return this.database.reads.query<{ friendId: string; since: Date; removedAt: Date | null }>(
      `SELECT CASE WHEN low_id = $1 THEN high_id ELSE low_id END AS "friendId", since, removed_at AS "removedAt"
       FROM friendships WHERE (low_id = $1 AND high_id = ANY ($2)) OR (high_id = $1 AND low_id = ANY ($2))`,
      [userId, friendIds],
      'sync_friendships',
    );
  }

  async friendRequests(ids: readonly string[]) {
    if (ids.length === 0) return [];
    return this.database.reads.query<FriendRequestRow>(
      `SELECT id, sender_id AS "senderId", receiver_id AS "receiverId", status,
         created_at AS "createdAt", responded_at AS "respondedAt" FROM friend_requests WHERE id = ANY ($1)`,
      [ids],
      'sync_friend_requests',
    );
  }
}

interface FriendRequestRow {
  id: string;
  senderId: string;
  receiverId: string;
  status: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'CANCELLED';
  createdAt: Date;
  respondedAt: Date | null;
}
