import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { Database, type Transaction } from '../../database/database.js';
import { EXPORT_PAGE } from '../../users/personal-data/personal-data.js';
import { lockedUser } from '../../users/locked-users.js';
import type { ApnsEnvironment, DeviceLogRow, DeviceRow, PushPlatform, PushPreview } from './devices.view.js';

export interface Registration {
  /** Of a new row. */
  id: string;
  deviceId: string;
  platform: PushPlatform;
  address: string;
  p256dh: string | null;
  auth: string | null;
  environment: ApnsEnvironment | null;
  /** Null leaves what it was. */
  preview: PushPreview | null;
  locale: string | null;
  now: Date;
}

const COLUMNS = `device_id AS "deviceId", platform, preview, created_at AS "createdAt", registered_at AS "registeredAt"`;

/** The rows of devices and of what was decided for them. */
@Injectable()
export class DevicesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Registers a device, and takes its address from whatever device had it, in the same statement: at no moment is it of
   * two users, or of none. Undefined where the session has ended meanwhile.
   */
  async register(
    { userId, sessionId }: Principal,
    { id, deviceId, platform, address, p256dh, auth, environment, preview, locale, now }: Registration,
  ): Promise<DeviceRow | undefined> {
    return this.database.transaction(async (transaction) => {
      // A registration of the same token at the same moment waits, and sees whose it is by then.
      await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${platform}\n${address}`]);
      const [row] = await transaction.query<DeviceRow>(
        `WITH owner AS (
         ${lockedUser('$2')}
       ), live AS (
         SELECT id FROM sessions WHERE id = $4 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $12 FOR KEY SHARE
       ), moved AS (
         DELETE FROM push_devices WHERE platform = $5 AND address = $6 AND NOT (user_id = $2 AND device_id = $3)
           AND EXISTS (SELECT FROM owner) AND EXISTS (SELECT FROM live)
         RETURNING id
       )
       INSERT INTO push_devices AS d (id, user_id, device_id, session_id, platform, address, p256dh, auth, environment,
         preview, locale, created_at, registered_at, follows_from)
       SELECT $1, $2, $3, live.id, $5, $6, $7, $8, $9, COALESCE($10::text, 'full'), $11, $12, $12,
         -- By the clock that messages are dated by.
         now()
       FROM live, owner,
         -- Before the row goes in, what it takes the address from is out.
         (SELECT count(*) FROM moved) AS gone
       ON CONFLICT (user_id, device_id) DO UPDATE SET session_id = excluded.session_id, platform = excluded.platform,
         address = excluded.address, p256dh = excluded.p256dh, auth = excluded.auth, environment = excluded.environment,
         preview = COALESCE($10::text, d.preview), locale = COALESCE(excluded.locale, d.locale),
         registered_at = excluded.registered_at,
         -- What was suspected of a token is not of the next one, nor does that wait for what the former one was asked to.
         attempts = CASE WHEN d.address = excluded.address THEN d.attempts ELSE 0 END,
         due_at = CASE WHEN d.address = excluded.address OR d.attempts = 0 THEN d.due_at ELSE LEAST(d.due_at, now()) END,
         suspicions = CASE WHEN d.address = excluded.address THEN d.suspicions ELSE 0 END,
         suspected_at = CASE WHEN d.address = excluded.address THEN d.suspected_at END
       RETURNING ${COLUMNS}`,
        [id, userId, deviceId, sessionId, platform, address, p256dh, auth, environment, preview, locale, now],
        'push_register',
      );
      return row;
    });
  }

  /** Keeps the newest registrations of a user, and lets the rest go. */
  async keepNewest(userId: string, count: number): Promise<void> {
    await this.database.query(
      `DELETE FROM push_devices WHERE id IN (
         SELECT id FROM push_devices WHERE user_id = $1 ORDER BY registered_at DESC, id DESC OFFSET $2
       )`,
      [userId, count],
      'push_keep_newest',
    );
  }

  /** Those of sessions that live: others are registered until somebody takes them away, and are sent nothing. */
  list(userId: string, now: Date, after: readonly [Date | string, string] | null, limit: number): Promise<DeviceRow[]> {
    return this.database.reads.query<DeviceRow>(
      `SELECT ${COLUMNS} FROM push_devices d
       WHERE user_id = $1 AND ($2::timestamptz IS NULL OR (created_at, device_id) < ($2, $3))
         AND EXISTS (SELECT FROM sessions s WHERE s.id = d.session_id AND s.revoked_at IS NULL AND s.expires_at > $5)
       ORDER BY created_at DESC, device_id DESC LIMIT $4`,
      [userId, after?.[0] ?? null, after?.[1] ?? null, limit, now],
      'push_devices_of',
    );
  }

  async remove(userId: string, deviceId: string): Promise<boolean> {
    const rows = await this.database.query(
      'DELETE FROM push_devices WHERE user_id = $1 AND device_id = $2 RETURNING id',
      [userId, deviceId],
      'push_remove',
    );
    return rows.length > 0;
  }

  /** Those that have ended, and not those that a new sign-in opened anew meanwhile. */
  async removeOfEndedSessions(sessionIds: readonly string[]): Promise<void> {
    await this.database.query(
      `DELETE FROM push_devices d WHERE d.session_id = ANY ($1)
         AND EXISTS (SELECT FROM sessions s WHERE s.id = d.session_id AND s.revoked_at IS NOT NULL)`,
      [sessionIds],
      'push_remove_sessions',
    );
  }

  async removeOfSession(transaction: Transaction, sessionId: string): Promise<void> {
    await transaction.query('DELETE FROM push_devices WHERE session_id = $1', [sessionId]);
  }

  /** The id of the row of one of the user's devices. */
  async find(userId: string, deviceId: string): Promise<string | undefined> {
    const [row] = await this.database.reads.query<{ id: string }>(
      'SELECT id FROM push_devices WHERE user_id = $1 AND device_id = $2',
      [userId, deviceId],
      'push_device',
    );
    return row?.id;
  }

  /** What was decided for a device, the newest first. */
  log(id: string, since: Date, before: string | null, limit: number): Promise<DeviceLogRow[]> {
    return this.database.reads.query<DeviceLogRow>(
      `SELECT id, at, conversation_id AS "conversationId", seq, outcome, reason FROM push_log
       WHERE device_id = $1 AND at >= $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
      [id, since, before, limit],
      'push_log_of',
    );
  }

  /** A page of an export. */
  export(userId: string, after: string): Promise<(Record<string, unknown> & { id: string })[]> {
    return this.database.background.query<Record<string, unknown> & { id: string }>(
      `SELECT id, device_id AS "deviceId", platform, address, environment, preview, locale, created_at AS "createdAt",
         registered_at AS "registeredAt"
       FROM push_devices WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
      'push_export',
    );
  }

  async removeAllOf(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query('DELETE FROM push_devices WHERE user_id = $1', [userId]);
  }
}
