import { Injectable } from '@nestjs/common';
import { unreadCount } from '../../conversations/reading/unread.js';
import { Database, type Transaction } from '../../database/database.js';
import { areBlocked } from '../../relations/relations.js';
import type { PushOutcome, PushPlatform } from '../devices/devices.view.js';
import { type LeasedDevice, MAX_NOTICES, type Notice, type NoticeKind, type StaleNotification } from './notice.js';

/** Messages of one notice are counted up to here. */
export const MAX_COUNTED = 100;
/** Characters of a message that are read of it. */
const MAX_CONTENT = 400;

/** An SQL expression: the notices of a device that are due, as many as a turn is about. */
function dueNotices(deviceId: string): string {
  return `(
    SELECT * FROM push_notices due WHERE due.device_id = ${deviceId} AND due.decide_at <= now()
    ORDER BY due.decide_at, due.kind, due.subject_id LIMIT ${MAX_NOTICES})`;
}

/**
 * An SQL expression: whether a member has read up to a message. A member who is added to a group starts with its cursors at
 * the message that says so, which nobody has read by that.
 */
function isRead(own: string, seq: string): string {
  return `(${own}.last_read_seq > ${seq} OR ${own}.last_read_seq = ${seq} AND ${own}.last_own_seq <> ${seq})`;
}

/** What was decided about one notice. */
export interface DecidedNotice {
  deviceId: string;
  kind: NoticeKind;
  subjectId: string;
  /** Null: decided. Else it is decided about again after so long. */
  waitMs: number | null;
  coveredSeq: number | null;
  /** The device shows a notification of it up to here; null: it shows what it showed. */
  shownSeq: number | null;
  sounded: boolean;
}

/** What became of one turn of a device. */
export interface DecidedDevice {
  id: string;
  leaseId: string;
  /** What it was sent to, and since when that is registered: what is learned of a token is not true of the one after it. */
  address: string;
  registeredAt: Date;
  /** It is registered no more. */
  isRemoved: boolean;
  /** The number that it was sent; null: none. */
  badge: number | null;
  attempts: number;
  suspicions: number;
  /** Where the token is from after all. */
  environment: string | null;
  /** It is looked at again after so long, and not before; null: by what waits. */
  againMs: number | null;
  /** It is looked at again after so long at the latest. */
  lookMs: number | null;
}

/** The number on the icons of a user's devices. */
export interface UserBadge {
  badge: number;
  /** In how long it changes by a mute that ends; null: by none. */
  unmutedInMs: number | null;
}

export interface LogEntry {
  id: string;
  deviceId: string;
  conversationId: string | null;
  seq: number | null;
  outcome: PushOutcome;
  reason: string;
}

export interface Ticket {
  id: string;
  deviceId: string;
  address: string;
}

export interface DueTicket extends Ticket {
  userId: string;
}

export interface TurnEnd {
  devices: readonly DecidedDevice[];
  notices: readonly DecidedNotice[];
  cleared: readonly StaleNotification[];
  log: readonly LogEntry[];
  tickets: readonly Ticket[];
}

/** The statements that send: leases of devices, what is decided by, and what became of it. */
@Injectable()
export class PushQueueRepository {
  constructor(private readonly database: Database) {}

  /**
   * Takes the lease of devices that are due, those first that are due for longest; what others have is passed over.
   * @param busyHosts of browsers, or an environment of Apple: none of their devices is taken
   */
  take(
    platform: PushPlatform,
    count: number,
    leaseId: string,
    leaseMs: number,
    busyHosts: readonly string[],
  ): Promise<LeasedDevice[]> {
    return this.database.background.queryAtomically<LeasedDevice>(
      `UPDATE push_devices d SET leased_until = now() + make_interval(secs => $4), due_at = now() + make_interval(secs => $4),
         lease_id = $3
       FROM (
         SELECT id FROM push_devices
         WHERE platform = $1 AND due_at <= now() AND (leased_until IS NULL OR leased_until <= now())
           AND COALESCE(environment, split_part(address, '/', 3)) <> ALL ($5::text[])
         ORDER BY due_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
       ) AS due
       WHERE d.id = due.id
       RETURNING d.id, d.lease_id AS "leaseId", d.user_id AS "userId", d.platform, d.address, d.p256dh, d.auth, d.environment,
         d.preview, d.locale, d.badge, d.attempts, d.suspicions, d.suspected_at AS "suspectedAt", d.registered_at AS "registeredAt",
         EXISTS (SELECT FROM sessions s WHERE s.id = d.session_id AND s.revoked_at IS NULL AND s.expires_at > now()) AS "isLive"`,
      [platform, count, leaseId, leaseMs / 1_000, busyHosts],
      'push_take',
    );
  }

  /** The ids of those whose lease is still the same, and which are still registered as they were by a session that has not ended. */
  async held(devices: readonly Pick<LeasedDevice, 'id' | 'leaseId' | 'registeredAt'>[]): Promise<ReadonlySet<string>> {
    const rows = await this.database.background.query<{ id: string }>(
      `SELECT d.id FROM push_devices d
       JOIN unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS held(id, lease_id, registered_at)
         USING (id, lease_id, registered_at)
       JOIN sessions s ON s.id = d.session_id AND s.revoked_at IS NULL AND s.expires_at > now()`,
      [
        devices.map(({ id }) => id),
        devices.map(({ leaseId }) => leaseId),
        devices.map(({ registeredAt }) => registeredAt),
      ],
      'push_held',
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Ends every lease, whoever has it. */
  async releaseAll(): Promise<void> {
    await this.database.background.queryAtomically(
      `UPDATE push_devices SET leased_until = NULL, lease_id = NULL, due_at = LEAST(due_at, now())
       WHERE id IN (SELECT id FROM push_devices WHERE lease_id IS NOT NULL ORDER BY id FOR NO KEY UPDATE)`,
      [],
      'push_release_all',
    );
  }

  /** In how many milliseconds the next device of a platform is due; null where none is. */
  async nextMs(platform: PushPlatform): Promise<number | null> {
    const [row] = await this.database.background.query<{ nextMs: number | null }>(
      `SELECT GREATEST(0, extract(epoch FROM min(due_at) - now()) * 1000)::float8 AS "nextMs"
       FROM push_devices WHERE platform = $1 AND due_at IS NOT NULL`,
      [platform],
      'push_next',
    );
    return row?.nextMs ?? null;
  }

  /** How many devices of a platform wait for a notification whose time has come, tried before or not, and for how long the first one does. */
  async backlog(platform: PushPlatform): Promise<{ due: number; oldestMs: number }> {
    const [row] = await this.database.background.query<{ due: number; oldestMs: number }>(
      `SELECT count(n.decide_at)::integer AS due,
         COALESCE(extract(epoch FROM now() - min(n.decide_at)) * 1000, 0)::float8 AS "oldestMs"
       FROM push_devices d CROSS JOIN LATERAL (
         SELECT min(w.decide_at) AS decide_at FROM push_notices w WHERE w.device_id = d.id AND w.decide_at <= now()
       ) AS n
       WHERE d.platform = $1 AND d.due_at IS NOT NULL`,
      [platform],
      'push_backlog',
    );
    return row ?? { due: 0, oldestMs: 0 };
  }

  /**
   * Entries for the logs of devices that nothing is sent to for some reason now: of what waits for longest, where they do not say so yet.
   * @param reasons of the devices, in their order
   */
  unexplained(deviceIds: readonly string[], reasons: readonly string[]): Promise<Omit<LogEntry, 'id'>[]> {
    return this.database.background.query<Omit<LogEntry, 'id'>>(
      `SELECT n.device_id AS "deviceId", place.id::text AS "conversationId",
         CASE WHEN place.id IS NOT NULL THEN n.first_seq END AS seq, 'waiting' AS outcome, w.reason
       FROM unnest($1::uuid[], $2::text[]) AS w(device_id, reason)
       CROSS JOIN LATERAL ${dueNotices('w.device_id')} AS n
       CROSS JOIN LATERAL (
         SELECT CASE WHEN n.kind IN ('message', 'conversation') THEN n.subject_id END AS id
       ) AS place
       WHERE NOT EXISTS (
         SELECT FROM push_log l
         WHERE l.device_id = n.device_id AND l.conversation_id IS NOT DISTINCT FROM place.id AND l.at >= n.since
           AND l.outcome = 'waiting' AND l.reason = w.reason
       )
       ORDER BY n.device_id, n.decide_at`,
      [deviceIds, reasons],
      'push_unexplained',
    );
  }

  /** What is to be decided about now of these devices, at most `MAX_NOTICES` of each, with all that it is decided by: one snapshot, cursors and all. */
  notices(deviceIds: readonly string[]): Promise<Notice[]> {
    return this.database.background.query<Notice>(
      `SELECT n.device_id AS "deviceId", n.kind, n.subject_id AS "subjectId",
         (extract(epoch FROM now() - n.since) * 1000)::float8 AS "ageMs",
         (extract(epoch FROM now() - sounded.at) * 1000)::float8 AS "soundedAgoMs",
         c.last_seq AS "coveredSeq", COALESCE(c.id, direct.id)::text AS "conversationId",
         c.type = 'GROUP' AS "isGroup", c.title,
         COALESCE(own.left_at IS NULL AND own.user_id IS NOT NULL, false) AS "isMember",
         COALESCE(own.muted_until > now(), false) AS "isMuted", own.archived_at IS NOT NULL AS "isArchived",
         CASE n.kind
           WHEN 'friend_request' THEN COALESCE(r.status = 'PENDING', false)
           WHEN 'friend_accepted' THEN COALESCE(r.status = 'ACCEPTED', false)
           WHEN 'conversation' THEN COALESCE(NOT ${isRead('own', 'n.first_seq')}, false)
           ELSE true END AS "isCurrent",
         n.kind <> 'message' AND ${areBlocked('d.user_id', 'n.actor_id')} AS "isBlocked",
         COALESCE(counted.total, 0) AS total, COALESCE(counted.unread, 0) AS unread, COALESCE(counted.present, 0) AS present,
         COALESCE(counted.allowed, 0) AS allowed, COALESCE(counted.unread_shown, 0) AS "unreadShown",
         COALESCE(counted.senders, 0) AS senders,
         m.id::text AS "messageId", COALESCE(m.seq, n.first_seq) AS seq, m.kind::text AS "messageKind",
         left(m.content, ${MAX_CONTENT}) AS content, u.id::text AS "actorId",
         CASE WHEN u.deleted_at IS NULL THEN u.display_name END AS "actorName"
       FROM push_devices d
       CROSS JOIN LATERAL ${dueNotices('d.id')} AS n
       LEFT JOIN conversations c ON n.kind IN ('message', 'conversation') AND c.id = n.subject_id
       LEFT JOIN conversation_members own ON own.conversation_id = c.id AND own.user_id = d.user_id
       LEFT JOIN friend_requests r ON n.kind IN ('friend_request', 'friend_accepted') AND r.id = n.subject_id
       LEFT JOIN conversations direct ON n.kind = 'friend_accepted'
         AND direct.low_id = LEAST(r.sender_id, r.receiver_id) AND direct.high_id = GREATEST(r.sender_id, r.receiver_id)
       LEFT JOIN LATERAL (
         SELECT count(*) FILTER (WHERE is_new)::integer AS total,
           count(*) FILTER (WHERE is_new AND is_unread)::integer AS unread,
           count(*) FILTER (WHERE is_new AND is_unread AND is_present)::integer AS present,
           count(*) FILTER (WHERE is_new AND is_unread AND is_present AND is_allowed)::integer AS allowed,
           count(*) FILTER (WHERE is_unread AND is_present AND is_allowed)::integer AS unread_shown,
           count(DISTINCT sender_id) FILTER (WHERE is_unread AND is_present AND is_allowed)::integer AS senders,
           max(seq) FILTER (WHERE is_new AND is_unread AND is_present AND is_allowed) AS newest
         FROM (
           SELECT x.seq, x.sender_id, x.seq >= n.first_seq AS is_new, x.seq > own.last_read_seq AS is_unread,
             x.deleted_at IS NULL AND NOT EXISTS (
               SELECT FROM hidden_messages h WHERE h.user_id = d.user_id AND h.message_id = x.id
             ) AS is_present,
             NOT ${areBlocked('d.user_id', 'x.sender_id')} AS is_allowed
           FROM messages x
           WHERE x.conversation_id = c.id
             AND x.seq >= GREATEST(LEAST(n.first_seq, own.last_read_seq + 1), own.visible_from_seq)
             AND x.sender_id <> d.user_id AND x.kind <> 'SYSTEM' AND x.created_at >= d.follows_from
           ORDER BY x.seq DESC LIMIT ${MAX_COUNTED}
         ) AS pending
       ) AS counted ON n.kind = 'message'
       CROSS JOIN LATERAL (
         SELECT max(s.sounded_at) AS at FROM push_notices s
         WHERE s.device_id = n.device_id AND (
           s.kind IN ('message', 'conversation') AND s.subject_id = COALESCE(c.id, direct.id)
           OR s.kind = 'friend_accepted'
             AND s.actor_id IN (COALESCE(c.low_id, direct.low_id), COALESCE(c.high_id, direct.high_id))
           OR s.kind = 'friend_request' AND n.kind = 'friend_request' AND s.actor_id = n.actor_id)
       ) AS sounded
       LEFT JOIN messages m ON n.kind = 'message' AND m.conversation_id = c.id AND m.seq = counted.newest
       LEFT JOIN users u ON u.id = COALESCE(m.sender_id, n.actor_id)
       WHERE d.id = ANY ($1)
       ORDER BY n.device_id, n.decide_at, n.kind, n.subject_id`,
      [deviceIds],
      'push_notices',
    );
  }

  /**
   * What these devices show and should not: it was read elsewhere, answered, deleted or hidden, its conversation muted or
   * archived, who wrote it blocked, or its reader left.
   */
  stale(deviceIds: readonly string[]): Promise<StaleNotification[]> {
    return this.database.background.query<StaleNotification>(
      `SELECT n.device_id AS "deviceId", n.kind, n.subject_id AS "subjectId", own.conversation_id::text AS "conversationId",
         n.actor_id AS "actorId"
       FROM push_notices n JOIN push_devices d ON d.id = n.device_id
       LEFT JOIN conversation_members own ON own.conversation_id = n.subject_id AND own.user_id = d.user_id
       LEFT JOIN messages m ON m.conversation_id = n.subject_id AND m.seq = n.shown_seq
       WHERE n.device_id = ANY ($1) AND n.shown_seq IS NOT NULL AND CASE n.kind
         WHEN 'friend_request' THEN NOT EXISTS (
           SELECT FROM friend_requests r WHERE r.id = n.subject_id AND r.status = 'PENDING')
         ELSE own.user_id IS NULL OR own.left_at IS NOT NULL OR ${isRead('own', 'n.shown_seq')}
           OR own.muted_until > now() OR own.archived_at IS NOT NULL OR m.seq IS NULL OR m.deleted_at IS NOT NULL
           OR EXISTS (SELECT FROM hidden_messages h WHERE h.user_id = d.user_id AND h.message_id = m.id)
           OR ${areBlocked('d.user_id', 'm.sender_id')} END
       ORDER BY n.device_id, n.subject_id`,
      [deviceIds],
      'push_stale',
    );
  }

  /** How many unread messages each user has in conversations that are not muted: the same number as everywhere. */
  async badges(userIds: readonly string[]): Promise<ReadonlyMap<string, UserBadge>> {
    const rows = await this.database.background.query<UserBadge & { userId: string }>(
      `SELECT own.user_id AS "userId",
         COALESCE(sum(${unreadCount('c', 'own')}) FILTER (
           WHERE own.muted_until IS NULL OR own.muted_until <= now()), 0)::integer AS badge,
         -- What is muted for longer is muted for good.
         (extract(epoch FROM min(own.muted_until) FILTER (
           WHERE own.muted_until > now() AND own.muted_until < now() + interval '1 year') - now()) * 1000)::float8
           AS "unmutedInMs"
       FROM conversation_members own JOIN conversations c ON c.id = own.conversation_id
       WHERE own.user_id = ANY ($1) AND own.left_at IS NULL
       GROUP BY own.user_id`,
      [userIds],
      'push_badges',
    );
    return new Map(rows.map(({ userId, ...badge }) => [userId, badge]));
  }

  /**
   * Writes what became of turns of devices, and gives their leases back. A lease that was lost meanwhile changes nothing but
   * the log. What came to a conversation after it was decided about waits anew: the rows are locked first and read after,
   * so that a message is either seen here, or finds its notice decided. A notice that is decided remembers from which number on
   * it would be about something new: planning may be behind, and what it finds then was decided about already. A device that
   * has registered meanwhile stays, and what was learned of its token is not kept.
   */
  async finish({ devices, notices, cleared, log, tickets }: TurnEnd, delayMs: number, ticketMs: number): Promise<void> {
    await this.database.background.transaction(async (transaction) => {
      const held = await this.lock(transaction, devices);
      const kept = notices.filter(({ deviceId }) => held.has(deviceId));
      await this.lockNotices(transaction, kept);
      await this.decided(transaction, kept, delayMs);
      await this.cleared(
        transaction,
        cleared.filter(({ deviceId }) => held.has(deviceId)),
      );
      await this.note(transaction, log);
      await this.keepTickets(transaction, tickets, ticketMs);
      await this.release(
        transaction,
        devices.filter(({ id }) => held.has(id)),
      );
    });
  }

  private async lock(transaction: Transaction, devices: readonly DecidedDevice[]): Promise<ReadonlySet<string>> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT d.id FROM push_devices d JOIN unnest($1::uuid[], $2::uuid[]) AS held(id, lease_id) USING (id, lease_id)
       ORDER BY d.id FOR NO KEY UPDATE OF d`,
      [devices.map(({ id }) => id), devices.map(({ leaseId }) => leaseId)],
      'push_lock',
    );
    return new Set(rows.map(({ id }) => id));
  }

  private async lockNotices(transaction: Transaction, notices: readonly DecidedNotice[]): Promise<void> {
    if (notices.length === 0) return;
    await transaction.query(
      `SELECT FROM push_notices n
       JOIN unnest($1::uuid[], $2::text[], $3::uuid[]) AS decided(device_id, kind, subject_id) USING (device_id, kind, subject_id)
       ORDER BY n.device_id, n.kind, n.subject_id FOR NO KEY UPDATE OF n`,
      [
        notices.map(({ deviceId }) => deviceId),
        notices.map(({ kind }) => kind),
        notices.map(({ subjectId }) => subjectId),
      ],
      'push_lock_notices',
    );
  }

  private async decided(transaction: Transaction, notices: readonly DecidedNotice[], delayMs: number): Promise<void> {
    if (notices.length === 0) return;
    await transaction.query(
      `UPDATE push_notices n SET
         since = CASE WHEN w.wait_ms IS NULL THEN next.created_at ELSE n.since END,
         decide_at = CASE
           WHEN w.wait_ms IS NULL THEN next.created_at + make_interval(secs => $8)
           ELSE now() + make_interval(secs => w.wait_ms / 1000) END,
         first_seq = CASE WHEN w.wait_ms IS NULL AND n.kind = 'message'
           THEN COALESCE(next.seq, w.covered_seq + 1, n.first_seq) ELSE n.first_seq END,
         shown_seq = GREATEST(n.shown_seq, w.shown_seq),
         sounded_at = CASE WHEN w.sounded THEN now() ELSE n.sounded_at END,
         changed_at = now()
       FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::float8[], $5::integer[], $6::integer[], $7::boolean[])
         AS w(device_id, kind, subject_id, wait_ms, covered_seq, shown_seq, sounded)
       JOIN push_devices d ON d.id = w.device_id
       LEFT JOIN LATERAL (
         SELECT m.seq, m.created_at FROM messages m
         WHERE m.conversation_id = w.subject_id AND m.seq > w.covered_seq AND m.sender_id <> d.user_id AND m.kind <> 'SYSTEM'
         ORDER BY m.seq LIMIT 1
       ) AS next ON w.kind = 'message' AND w.wait_ms IS NULL
       WHERE n.device_id = w.device_id AND n.kind = w.kind AND n.subject_id = w.subject_id`,
      [
        notices.map(({ deviceId }) => deviceId),
        notices.map(({ kind }) => kind),
        notices.map(({ subjectId }) => subjectId),
        notices.map(({ waitMs }) => waitMs),
        notices.map(({ coveredSeq }) => coveredSeq),
        notices.map(({ shownSeq }) => shownSeq),
        notices.map(({ sounded }) => sounded),
        delayMs / 1_000,
      ],
      'push_decided',
    );
  }

  private async cleared(transaction: Transaction, cleared: readonly StaleNotification[]): Promise<void> {
    if (cleared.length === 0) return;
    await transaction.query(
      `UPDATE push_notices n SET shown_seq = NULL, changed_at = now()
       FROM unnest($1::uuid[], $2::uuid[]) AS w(device_id, subject_id)
       WHERE n.device_id = w.device_id AND n.subject_id = w.subject_id AND n.kind IN ('message', 'conversation', 'friend_request')`,
      [cleared.map(({ deviceId }) => deviceId), cleared.map(({ subjectId }) => subjectId)],
      'push_cleared',
    );
  }

  private async note(transaction: Transaction, log: readonly LogEntry[]): Promise<void> {
    if (log.length === 0) return;
    await transaction.query(
      `INSERT INTO push_log (id, device_id, at, conversation_id, seq, outcome, reason)
       SELECT w.id, w.device_id, now(), w.conversation_id, w.seq, w.outcome, w.reason
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::text[])
         AS w(id, device_id, conversation_id, seq, outcome, reason)
       WHERE EXISTS (SELECT FROM push_devices d WHERE d.id = w.device_id)`,
      [
        log.map(({ id }) => id),
        log.map(({ deviceId }) => deviceId),
        log.map(({ conversationId }) => conversationId),
        log.map(({ seq }) => seq),
        log.map(({ outcome }) => outcome),
        log.map(({ reason }) => reason),
      ],
      'push_log_add',
    );
  }

  private async keepTickets(transaction: Transaction, tickets: readonly Ticket[], ticketMs: number): Promise<void> {
    if (tickets.length === 0) return;
    await transaction.query(
      `INSERT INTO push_tickets (id, device_id, address, ask_at)
       SELECT w.id, w.device_id, w.address, now() + make_interval(secs => $4)
       FROM unnest($1::text[], $2::uuid[], $3::text[]) AS w(id, device_id, address)
       WHERE EXISTS (SELECT FROM push_devices d WHERE d.id = w.device_id)
       ON CONFLICT (id) DO NOTHING`,
      [
        tickets.map(({ id }) => id),
        tickets.map(({ deviceId }) => deviceId),
        tickets.map(({ address }) => address),
        ticketMs / 1_000,
      ],
      'push_tickets_add',
    );
  }

  private async release(transaction: Transaction, devices: readonly DecidedDevice[]): Promise<void> {
    const removed = devices.filter(({ isRemoved }) => isRemoved);
    if (removed.length > 0)
      await transaction.query(
        `DELETE FROM push_devices d USING unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS w(id, address, registered_at)
         WHERE d.id = w.id AND d.address = w.address AND d.registered_at = w.registered_at`,
        [
          removed.map(({ id }) => id),
          removed.map(({ address }) => address),
          removed.map(({ registeredAt }) => registeredAt),
        ],
        'push_forget',
      );
    if (devices.length === 0) return;
    await transaction.query(
      `UPDATE push_devices d SET leased_until = NULL, lease_id = NULL,
         attempts = CASE WHEN same.address THEN w.attempts ELSE d.attempts END,
         badge = COALESCE(w.badge, d.badge),
         environment = CASE WHEN same.registration THEN COALESCE(w.environment, d.environment) ELSE d.environment END,
         suspicions = CASE WHEN same.registration THEN w.suspicions ELSE d.suspicions END,
         suspected_at = CASE
           WHEN NOT same.registration THEN d.suspected_at
           WHEN w.suspicions = 0 THEN NULL
           ELSE COALESCE(d.suspected_at, now()) END,
         due_at = GREATEST(
           now() + make_interval(secs => same.again_ms / 1000),
           LEAST(
             CASE WHEN d.due_at IS DISTINCT FROM d.leased_until THEN d.due_at END,
             (SELECT min(n.decide_at) FROM push_notices n WHERE n.device_id = d.id),
             now() + make_interval(secs => w.look_ms / 1000),
             CASE WHEN same.again_ms IS NOT NULL THEN now() + make_interval(secs => same.again_ms / 1000) END))
       FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::integer[], $5::integer[], $6::integer[], $7::text[],
           $8::float8[], $9::float8[])
         AS w(id, address, registered_at, badge, attempts, suspicions, environment, again_ms, look_ms)
       JOIN push_devices was ON was.id = w.id
       CROSS JOIN LATERAL (
         SELECT was.address = w.address AS address,
           was.address = w.address AND was.registered_at = w.registered_at AS registration,
           -- What the former token was asked to wait for, the next one does not.
           CASE WHEN was.address = w.address THEN w.again_ms WHEN w.again_ms IS NOT NULL THEN 0 END AS again_ms
       ) AS same
       WHERE d.id = w.id`,
      [
        devices.map(({ id }) => id),
        devices.map(({ address }) => address),
        devices.map(({ registeredAt }) => registeredAt),
        devices.map(({ badge }) => badge),
        devices.map(({ attempts }) => attempts),
        devices.map(({ suspicions }) => suspicions),
        devices.map(({ environment }) => environment),
        devices.map(({ againMs }) => againMs),
        devices.map(({ lookMs }) => lookMs),
      ],
      'push_release',
    );
  }

  /** Tickets that Expo may be asked about by now; each is given out once, unless its answer is put back. */
  takeTickets(count: number): Promise<DueTicket[]> {
    return this.database.background.queryAtomically<DueTicket>(
      `DELETE FROM push_tickets t USING (
         SELECT id, device_id FROM push_tickets WHERE ask_at <= now() ORDER BY ask_at LIMIT $1 FOR UPDATE SKIP LOCKED
       ) AS due
       JOIN push_devices d ON d.id = due.device_id
       WHERE t.id = due.id RETURNING t.id, t.device_id AS "deviceId", d.user_id AS "userId", t.address`,
      [count],
      'push_tickets_take',
    );
  }

  putTicketsBack(tickets: readonly Ticket[], ms: number): Promise<void> {
    return this.database.background.transaction((transaction) => this.keepTickets(transaction, tickets, ms));
  }

  /** Devices whose tokens are none, unless they have registered another one since. Answers how many there were. */
  async forget(devices: readonly { deviceId: string; address: string }[]): Promise<number> {
    const rows = await this.database.background.queryAtomically(
      `DELETE FROM push_devices d USING unnest($1::uuid[], $2::text[]) AS w(id, address)
       WHERE d.id = w.id AND d.address = w.address RETURNING d.id`,
      [devices.map(({ deviceId }) => deviceId), devices.map(({ address }) => address)],
      'push_forget_tokens',
    );
    return rows.length;
  }

  /** Adds to the log of devices, whatever else goes on. */
  log(entries: readonly LogEntry[]): Promise<void> {
    return this.database.background.transaction((transaction) => this.note(transaction, entries));
  }

  /** Deletes what is older than a day of the log, and notices that nothing has come of for two. At most `count` of each. */
  async deleteOld(count: number): Promise<number> {
    const [row] = await this.database.background.queryAtomically<{ deleted: number }>(
      `WITH log AS (
         DELETE FROM push_log l USING (
           SELECT device_id, id FROM push_log WHERE at < now() - interval '24 hours' ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED
         ) AS old
         WHERE l.device_id = old.device_id AND l.id = old.id RETURNING l.id
       ), notices AS (
         DELETE FROM push_notices n USING (
           SELECT n.device_id, n.kind, n.subject_id FROM push_notices n JOIN push_devices d ON d.id = n.device_id
           -- What browsers show is not kept; a row that says so is of before, or of what the device was before.
           WHERE n.changed_at < now() - interval '48 hours' AND n.since IS NULL AND (n.shown_seq IS NULL OR d.platform = 'web')
           ORDER BY n.changed_at LIMIT $1 FOR UPDATE OF n SKIP LOCKED
         ) AS old
         WHERE n.device_id = old.device_id AND n.kind = old.kind AND n.subject_id = old.subject_id RETURNING n.device_id
       )
       SELECT GREATEST((SELECT count(*) FROM log), (SELECT count(*) FROM notices))::integer AS deleted`,
      [count],
      'push_delete_old',
    );
    return row?.deleted ?? 0;
  }
}
