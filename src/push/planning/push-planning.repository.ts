import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import { MAX_SILENCE_SECONDS } from '../../presence/attention.js';

/** Messages of a conversation that are looked at for the first time: nobody is shown more of them. */
const MAX_PLANNED_MESSAGES = 1_000;
/** What is older never rings. */
export const MAX_AGE_HOURS = 24;
/** A notice that is decided about so much later than now sees all that has committed by now. */
const DECISION_MARGIN = `interval '100 milliseconds'`;

/** Other processes know within this time that somebody looks no more. */
const ATTENTION_MARGIN = `interval '1 second'`;

/**
 * An SQL expression: whether a device shows a notification of a conversation, which may have to be taken away from it though its
 * number is zero, as that of who was added to a group is.
 */
function showsConversation(device: string): string {
  return `EXISTS (
    SELECT FROM push_notices n WHERE n.device_id = ${device} AND n.shown_seq IS NOT NULL AND n.kind <> 'friend_request')`;
}

/**
 * An SQL expression: whether a device may be due sooner than it is. One that was refused waits for as long as it was asked to,
 * whatever happens meanwhile: it is decided about what there is then.
 */
function mayBeSooner(device: string): string {
  return `(${device}.due_at IS NULL OR ${device}.due_at <= now() OR ${device}.attempts = 0 OR ${device}.lease_id IS NOT NULL)`;
}

/** What was planned: when the first of it is due; null where nothing is. */
export interface Planned {
  dueAt: Date | null;
}

/**
 * The statements that plan who is to be notified of what. They run behind the path of a message, on connections for
 * background work, and may be run again: what is planned already stays as it is.
 */
@Injectable()
export class PushPlanningRepository {
  constructor(private readonly database: Database) {}

  /**
   * Plans what is new in these conversations, and notes how far, in one statement. A notice that still waits for its time
   * is left alone: whoever decides about it then reads what there is then. One that is being decided about is locked, so
   * that either the decision sees the new message or the notice waits anew.
   */
  async planConversations(conversationIds: readonly string[], delayMs: number): Promise<Planned> {
    const [planned] = await this.database.background.queryAtomically<Planned>(
      `WITH turn AS MATERIALIZED (
         SELECT c.id, c.type, c.last_seq, c.last_message_at,
           GREATEST(COALESCE(p.planned_seq, 0), c.last_seq - ${MAX_PLANNED_MESSAGES}) AS planned_seq
         FROM unnest($1::uuid[]) AS named(id) JOIN conversations c ON c.id = named.id
         LEFT JOIN push_progress p ON p.conversation_id = c.id
         WHERE EXISTS (SELECT FROM push_devices) AND c.last_seq > COALESCE(p.planned_seq, 0)
           AND c.last_message_at > now() - make_interval(hours => ${MAX_AGE_HOURS})
       ), target AS MATERIALIZED (
         SELECT turn.*, d.id AS device_id, d.user_id, d.follows_from, m.joined_at, m.left_at, m.visible_from_seq
         FROM turn JOIN conversation_members m ON m.conversation_id = turn.id
           -- Who left just now is planned for as well, so that the device's log says why it did not ring.
           AND (m.left_at IS NULL OR m.left_at > now() - interval '1 minute')
         JOIN push_devices d ON d.user_id = m.user_id AND d.follows_from <= turn.last_message_at
       ), fresh AS MATERIALIZED (
         SELECT t.device_id, 'message' AS kind, t.id AS subject_id, NULL::uuid AS actor_id, found.seq, found.created_at
         FROM target t CROSS JOIN LATERAL (
           SELECT m.seq, m.created_at FROM messages m
           WHERE m.conversation_id = t.id AND m.seq > GREATEST(t.planned_seq, t.visible_from_seq - 1)
             AND m.sender_id <> t.user_id AND m.kind <> 'SYSTEM' AND m.created_at >= t.follows_from
             AND (t.left_at IS NULL OR m.created_at <= t.left_at)
           ORDER BY m.seq LIMIT 1
         ) AS found
         UNION ALL
         SELECT t.device_id, 'conversation', t.id, added.sender_id, added.seq, added.created_at
         FROM target t CROSS JOIN LATERAL (
           SELECT m.seq, m.sender_id, m.created_at FROM messages m
           WHERE m.conversation_id = t.id AND m.seq > t.planned_seq AND m.kind = 'SYSTEM' AND m.sender_id <> t.user_id
             AND m.created_at >= t.follows_from AND m.system ->> 'type' IN ('GROUP_CREATED', 'MEMBERS_ADDED')
             -- Of very many it lists some.
             AND (m.system -> 'userIds' ? t.user_id::text
               OR (m.system ? 'userCount' AND t.joined_at >= m.created_at - interval '10 seconds'))
           ORDER BY m.seq DESC LIMIT 1
         ) AS added
         WHERE t.type = 'GROUP'
       ), written AS (
         INSERT INTO push_notices AS n (device_id, kind, subject_id, actor_id, first_seq, since, decide_at)
         SELECT device_id, kind, subject_id, actor_id, seq, created_at, created_at + make_interval(secs => $2)
         FROM fresh
         WHERE NOT EXISTS (
           SELECT FROM push_notices w
           WHERE w.device_id = fresh.device_id AND w.kind = fresh.kind AND w.subject_id = fresh.subject_id
             AND w.decide_at > now() + ${DECISION_MARGIN}
         )
         ORDER BY device_id, kind, subject_id
         ON CONFLICT (device_id, kind, subject_id) DO UPDATE SET first_seq = GREATEST(excluded.first_seq, n.first_seq),
           since = excluded.since, decide_at = excluded.decide_at, actor_id = excluded.actor_id, changed_at = now()
         -- What was decided about before it was planned does not ring again.
         WHERE n.since IS NULL AND (n.kind <> 'message' OR excluded.first_seq >= n.first_seq OR EXISTS (
           SELECT FROM messages m JOIN push_devices d ON d.id = n.device_id
           WHERE m.conversation_id = n.subject_id AND m.seq >= n.first_seq AND m.sender_id <> d.user_id AND m.kind <> 'SYSTEM'))
         RETURNING n.device_id, n.decide_at
       ), due AS (
         UPDATE push_devices d SET due_at = LEAST(d.due_at, w.decide_at)
         FROM (SELECT device_id, min(decide_at) AS decide_at FROM written GROUP BY device_id) AS w
         WHERE d.id = w.device_id AND (d.due_at IS NULL OR d.due_at > w.decide_at) AND ${mayBeSooner('d')}
       ), progress AS (
         INSERT INTO push_progress AS p (conversation_id, planned_seq)
         SELECT id, last_seq FROM turn WHERE EXISTS (SELECT FROM target t WHERE t.id = turn.id) ORDER BY id
         ON CONFLICT (conversation_id) DO UPDATE SET planned_seq = GREATEST(p.planned_seq, excluded.planned_seq)
       )
       SELECT min(decide_at) AS "dueAt" FROM written`,
      [conversationIds, delayMs / 1_000],
      'push_plan_conversations',
    );
    return planned ?? { dueAt: null };
  }

  /** Plans friend requests, for whom they are to, and acceptances, for who had asked. Each once. */
  async planRequests(requestIds: readonly string[], delayMs: number): Promise<Planned> {
    const [planned] = await this.database.background.queryAtomically<Planned>(
      `WITH fresh AS (
         SELECT d.id AS device_id, 'friend_request' AS kind, r.id AS subject_id, r.sender_id AS actor_id, r.created_at AS at
         FROM friend_requests r JOIN push_devices d ON d.user_id = r.receiver_id AND d.follows_from <= r.created_at
         -- Those as well that were answered or cancelled meanwhile: the device's log says so.
         WHERE r.id = ANY ($1) AND r.created_at > now() - make_interval(hours => ${MAX_AGE_HOURS})
         UNION ALL
         SELECT d.id, 'friend_accepted', r.id, r.receiver_id, r.responded_at
         FROM friend_requests r JOIN push_devices d ON d.user_id = r.sender_id AND d.follows_from <= r.responded_at
         WHERE r.id = ANY ($1) AND r.status = 'ACCEPTED' AND r.responded_at > now() - make_interval(hours => ${MAX_AGE_HOURS})
       ), written AS (
         INSERT INTO push_notices (device_id, kind, subject_id, actor_id, since, decide_at)
         SELECT device_id, kind, subject_id, actor_id, at, at + make_interval(secs => $2)
         FROM fresh ORDER BY device_id, kind, subject_id
         -- The row stays after it was decided about, for as long as this might be asked again.
         ON CONFLICT (device_id, kind, subject_id) DO NOTHING
         RETURNING device_id, decide_at
       ), due AS (
         UPDATE push_devices d SET due_at = LEAST(d.due_at, w.decide_at)
         FROM (SELECT device_id, min(decide_at) AS decide_at FROM written GROUP BY device_id) AS w
         WHERE d.id = w.device_id AND (d.due_at IS NULL OR d.due_at > w.decide_at) AND ${mayBeSooner('d')}
       )
       SELECT min(decide_at) AS "dueAt" FROM written`,
      [requestIds, delayMs / 1_000],
      'push_plan_requests',
    );
    return planned ?? { dueAt: null };
  }

  /**
   * What these users, and the members of these conversations, have to read may be less: their devices are looked at soon. Of
   * browsers nothing is taken away (docs/push.md). One that is being sent to is looked at as well: what it is sent may be old.
   * @param minBadge devices that show less, and no notification of a conversation, have nothing that could become less
   */
  async refresh(
    userIds: readonly string[],
    conversationIds: readonly string[],
    minBadge: 0 | 1,
    delayMs: number,
  ): Promise<Planned> {
    const [planned] = await this.database.background.queryAtomically<Planned>(
      `WITH due AS (
         UPDATE push_devices d SET due_at = LEAST(d.due_at, now() + make_interval(secs => $3))
         WHERE d.id IN (
           SELECT d.id FROM push_devices d
           WHERE d.platform <> 'web' AND (d.badge >= $4 OR d.lease_id IS NOT NULL OR ${showsConversation('d.id')})
             AND d.user_id IN (
               SELECT unnest($1::uuid[])
               UNION SELECT m.user_id FROM conversation_members m WHERE m.conversation_id = ANY ($2)
             )
           ORDER BY d.id
         ) AND ${mayBeSooner('d')}
         RETURNING d.due_at
       )
       SELECT min(due_at) AS "dueAt" FROM due`,
      [userIds, conversationIds, delayMs / 1_000, minBadge],
      'push_refresh',
    );
    return planned ?? { dueAt: null };
  }

  /**
   * Messages that did not ring since these users were taken to look at them are decided about again, once other processes know
   * that they do not look. A decision that is being noted is waited for, and then seen.
   */
  reconsider(userIds: readonly string[]): Promise<Planned> {
    return this.database.background.transaction(async (transaction) => {
      const devices = await transaction.query<{ id: string }>(
        'SELECT id FROM push_devices WHERE user_id = ANY ($1) ORDER BY id FOR NO KEY UPDATE',
        [userIds],
        'push_reconsider_lock',
      );
      const [planned] = await transaction.query<Planned>(
        `WITH unseen AS MATERIALIZED (
           SELECT l.device_id, l.conversation_id, min(l.at) AS at FROM push_log l
           WHERE l.device_id = ANY ($1) AND l.at > now() - make_interval(secs => ${MAX_SILENCE_SECONDS})
             AND l.outcome = 'skipped' AND l.reason = 'looking'
           GROUP BY l.device_id, l.conversation_id
         ), written AS (
           UPDATE push_notices n SET first_seq = LEAST(n.first_seq, m.last_read_seq + 1), since = LEAST(n.since, u.at),
             decide_at = now() + ${ATTENTION_MARGIN}, changed_at = now()
           FROM unseen u JOIN push_devices d ON d.id = u.device_id
           JOIN conversation_members m ON m.conversation_id = u.conversation_id AND m.user_id = d.user_id
           WHERE n.device_id = u.device_id AND n.kind = 'message' AND n.subject_id = u.conversation_id
           RETURNING n.device_id, n.decide_at
         ), due AS (
           UPDATE push_devices d SET due_at = LEAST(d.due_at, w.decide_at)
           FROM (SELECT device_id, min(decide_at) AS decide_at FROM written GROUP BY device_id) AS w
           WHERE d.id = w.device_id AND ${mayBeSooner('d')}
           RETURNING d.due_at
         )
         SELECT min(due_at) AS "dueAt" FROM due`,
        [devices.map(({ id }) => id)],
        'push_reconsider',
      );
      return planned ?? { dueAt: null };
    });
  }

  /** Devices in the order of their ids, for a look at what a process that ended left. */
  async devicesAfter(after: string, limit: number): Promise<string[]> {
    const rows = await this.database.background.query<{ id: string }>(
      'SELECT id FROM push_devices WHERE id > $1 ORDER BY id LIMIT $2',
      [after, limit],
      'push_devices_after',
    );
    return rows.map(({ id }) => id);
  }

  /** What may not be planned of what concerns these devices, and whose number, or what they show, may be old. */
  async forgotten(
    deviceIds: readonly string[],
  ): Promise<{ conversationIds: string[]; requestIds: string[]; userIds: string[] }> {
    const [row] = await this.database.background.query<{
      conversationIds: string[];
      requestIds: string[];
      userIds: string[];
    }>(
      `WITH d AS (SELECT id, user_id, platform, follows_from, badge FROM push_devices WHERE id = ANY ($1))
       SELECT
         ARRAY(SELECT DISTINCT c.id::text FROM d
           JOIN conversation_members m ON m.user_id = d.user_id AND m.left_at IS NULL
           JOIN conversations c ON c.id = m.conversation_id
           LEFT JOIN push_progress p ON p.conversation_id = c.id
           WHERE c.last_seq > COALESCE(p.planned_seq, 0)
             AND c.last_message_at >= GREATEST(d.follows_from, now() - make_interval(hours => ${MAX_AGE_HOURS}))
         ) AS "conversationIds",
         ARRAY(SELECT r.id::text FROM d JOIN friend_requests r ON r.receiver_id = d.user_id
           WHERE r.created_at >= GREATEST(d.follows_from, now() - make_interval(hours => ${MAX_AGE_HOURS}))
             AND NOT EXISTS (
               SELECT FROM push_notices n WHERE n.device_id = d.id AND n.kind = 'friend_request' AND n.subject_id = r.id)
           UNION SELECT r.id::text FROM d JOIN friend_requests r ON r.sender_id = d.user_id AND r.status = 'ACCEPTED'
           WHERE r.responded_at >= GREATEST(d.follows_from, now() - make_interval(hours => ${MAX_AGE_HOURS}))
             AND NOT EXISTS (
               SELECT FROM push_notices n WHERE n.device_id = d.id AND n.kind = 'friend_accepted' AND n.subject_id = r.id)
         ) AS "requestIds",
         ARRAY(SELECT DISTINCT user_id::text FROM d
           WHERE platform <> 'web' AND (badge > 0 OR ${showsConversation('d.id')})) AS "userIds"`,
      [deviceIds],
      'push_forgotten',
    );
    return row ?? { conversationIds: [], requestIds: [], userIds: [] };
  }
}
