import { Injectable } from '@nestjs/common';
import { NIL_ID } from '../../common/identifier.js';
import type { Principal } from '../../common/access/principal.js';
import { Database, type SqlExecutor, type Transaction } from '../../database/database.js';
import type { SessionEndCode } from '../../events/domain-events.js';
import { EXPORT_PAGE } from '../../users/personal-data/personal-data.js';
import type { SessionRow } from './session.view.js';

const REVOKE_BATCH = 5_000;
const DELETE_BATCH = 5_000;

/** A session as it begins. */
export interface NewSession {
  id: string;
  userId: string;
  deviceName: string | null;
  ip: string | null;
  createdAt: Date;
  expiresAt: Date;
}

/** A session that is locked until the transaction ends. */
export interface LockedSession {
  id: string;
  userId: string;
  revokedAt: Date | null;
  expiresAt: Date;
}

/** A refresh token that is spent for another. */
export interface Spending {
  hash: Buffer;
  successorHash: Buffer;
  now: Date;
  sessionExpiresAt: Date;
  /** Tokens spent before are forgotten. */
  forgottenBefore: Date;
  ip: string | null;
  attemptId: string | null;
}

/** The rows of sessions and of their refresh tokens, which are kept by their hashes. */
@Injectable()
export class SessionsRepository {
  constructor(private readonly database: Database) {}

  async add(session: NewSession, refreshTokenHash: Buffer, executor: SqlExecutor = this.database): Promise<void> {
    await executor.query(
      `WITH session AS (
         INSERT INTO sessions (id, user_id, device_name, ip, created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id
       )
       INSERT INTO refresh_tokens (hash, session_id, created_at) SELECT $7, id, $5 FROM session`,
      [
        session.id,
        session.userId,
        session.deviceName,
        session.ip,
        session.createdAt,
        session.expiresAt,
        refreshTokenHash,
      ],
    );
  }

  /** Adds the one session of an external identity, or makes it as new: it does not end by itself. */
  async putExternal(
    transaction: Transaction,
    { id, userId, deviceName, createdAt }: Pick<NewSession, 'id' | 'userId' | 'deviceName' | 'createdAt'>,
  ): Promise<void> {
    await transaction.query(
      `INSERT INTO sessions (id, user_id, device_name, created_at, last_used_at, expires_at)
       VALUES ($1, $2, $3, $4, $4, $4::timestamptz + interval '100 years')
       ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, created_at = excluded.created_at,
         last_used_at = excluded.last_used_at, expires_at = excluded.expires_at, revoked_at = NULL, end_code = NULL`,
      [id, userId, deviceName, createdAt],
    );
  }

  /** Those among these sessions that live, by id: whose they are. */
  async ownersOfLive(ids: readonly string[], now: Date): Promise<ReadonlyMap<string, string>> {
    const rows = await this.database.query<{ id: string; userId: string }>(
      'SELECT id, user_id AS "userId" FROM sessions WHERE id = ANY ($1) AND revoked_at IS NULL AND expires_at > $2',
      [ids, now],
      'sessions_live',
    );
    return new Map(rows.map(({ id, userId }) => [id, userId]));
  }

  async isLiveOf(userId: string, sessionId: string, now: Date): Promise<boolean> {
    const rows = await this.database.query(
      'SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3',
      [sessionId, userId, now],
    );
    return rows.length > 0;
  }

  /** Those that live, the last used first. @param before the page begins below it and `beforeId`; null for the first page */
  listLive(
    userId: string,
    now: Date,
    before: string | null,
    beforeId: string | null,
    limit: number,
  ): Promise<SessionRow[]> {
    return this.database.query<SessionRow>(
      `SELECT id, device_name AS "deviceName", ip, created_at AS "createdAt", last_used_at AS "lastUsedAt"
       FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
         AND ($3::timestamptz IS NULL OR (last_used_at, id) < ($3::timestamptz, $4::uuid))
       ORDER BY last_used_at DESC, id DESC LIMIT $5`,
      [userId, now, before, beforeId, limit],
    );
  }

  /** The IP addresses of a user's sessions, the last used first. */
  async ipAddressesOf(userId: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ ip: string }>(
      `SELECT ip FROM sessions WHERE user_id = $1 AND ip IS NOT NULL
       ORDER BY last_used_at DESC LIMIT $2`,
      [userId, limit],
      'sessions_addresses',
    );
    return rows.map(({ ip }) => ip);
  }

  /** Ends those among these that live. @returns them by their users */
  revoke(
    ids: readonly string[],
    code: SessionEndCode,
    now: Date,
    executor: SqlExecutor = this.database,
  ): Promise<{ userId: string; sessionIds: string[] }[]> {
    return executor.query<{ userId: string; sessionIds: string[] }>(
      `WITH ended AS (
         UPDATE sessions SET revoked_at = GREATEST($2, last_used_at), end_code = $3
         WHERE id = ANY ($1::uuid[]) AND revoked_at IS NULL RETURNING id, user_id
       )
       SELECT user_id AS "userId", array_agg(id::text) AS "sessionIds" FROM ended GROUP BY user_id`,
      [ids, now, code],
    );
  }

  /** Ends all of a user's but one (see `revokeSelected`), by so many at a time that each statement ends in time. @returns those that it ended */
  async revokeAllOf(
    transaction: Transaction,
    userId: string,
    exceptSessionId: string | null,
    code: SessionEndCode,
    now: Date,
  ): Promise<string[]> {
    const ended: string[] = [];
    for (let after: string | null = NIL_ID; after !== null; ) {
      const rows: { ids: string[]; last: string | null }[] = await transaction.query(
        `${revokeSelected(
          `id IN (SELECT id FROM sessions WHERE user_id = $3 AND id > $5 ORDER BY id LIMIT ${REVOKE_BATCH})
           AND id IS DISTINCT FROM $4::uuid`,
        )}
         SELECT ARRAY(SELECT id::text FROM ended WHERE was_live) AS ids,
           (SELECT id FROM sessions WHERE user_id = $3 AND id > $5 ORDER BY id OFFSET ${REVOKE_BATCH - 1} LIMIT 1) AS last`,
        [now, code, userId, exceptSessionId, after],
      );
      for (const id of rows[0]?.ids ?? []) ended.push(id);
      after = rows[0]?.last ?? null;
    }
    return ended;
  }

  /** Everybody's (see `revokeSelected`), by so many at a time that each statement ends in time. @returns how many it ended */
  async revokeAll(transaction: Transaction, code: SessionEndCode, now: Date): Promise<number> {
    let count = 0;
    for (let after: string | null = NIL_ID; after !== null; ) {
      const rows: { count: number; last: string | null }[] = await transaction.query(
        `${revokeSelected(`id IN (SELECT id FROM sessions WHERE id > $3 ORDER BY id LIMIT ${REVOKE_BATCH})`)}
         SELECT count(*) AS count,
           (SELECT id FROM sessions WHERE id > $3 ORDER BY id OFFSET ${REVOKE_BATCH - 1} LIMIT 1) AS last
         FROM ended WHERE was_live`,
        [now, code, after],
      );
      count += rows[0]?.count ?? 0;
      after = rows[0]?.last ?? null;
    }
    return count;
  }

  async raiseEndingsRevision(transaction: Transaction): Promise<void> {
    await transaction.query('UPDATE session_endings SET revision = revision + 1');
  }

  async endingsRevision(): Promise<number> {
    const [row] = await this.database.background.query<{ revision: number }>(
      'SELECT revision FROM session_endings',
      [],
      'session_endings',
    );
    return row?.revision ?? 0;
  }

  /** With why; null where that is not known. One that is another user's by now has ended. */
  endedAmong(principals: readonly Principal[]): Promise<(Principal & { code: SessionEndCode | null })[]> {
    return this.database.background.query<Principal & { code: SessionEndCode | null }>(
      `SELECT asked.id AS "sessionId", asked.user_id AS "userId", s.end_code AS code
       FROM unnest($1::uuid[], $2::uuid[]) AS asked(id, user_id)
       LEFT JOIN sessions s ON s.id = asked.id AND s.user_id = asked.user_id
       WHERE s.id IS NULL OR s.revoked_at IS NOT NULL`,
      [principals.map(({ sessionId }) => sessionId), principals.map(({ userId }) => userId)],
      'sessions_ended',
    );
  }

  async revokeLocked(transaction: Transaction, id: string, code: SessionEndCode, now: Date): Promise<void> {
    await transaction.query('UPDATE sessions SET revoked_at = $2, end_code = $3 WHERE id = $1', [id, now, code]);
  }

  /** Undoes the end that is known of; false where another came meanwhile. */
  async reopen(transaction: Transaction, id: string, revokedAt: Date, usedAt: Date): Promise<boolean> {
    const rows = await transaction.query(
      'UPDATE sessions SET revoked_at = NULL, end_code = NULL, last_used_at = $2 WHERE id = $1 AND revoked_at = $3 RETURNING 1',
      [id, usedAt, revokedAt],
    );
    return rows.length > 0;
  }

  /**
   * Brings the time of its last use forward, never back; and of one that lived when it was used the end, where that came meanwhile:
   * it is behind the use.
   */
  async noteUse(id: string, at: Date): Promise<void> {
    await this.database.query(
      `UPDATE sessions SET last_used_at = $2, revoked_at = CASE WHEN revoked_at IS NOT NULL THEN GREATEST(revoked_at, $2) END
       WHERE id = $1 AND last_used_at < $2`,
      [id, at],
    );
  }

  /** By so many at a time that each statement ends in time. @returns the sessions that were there */
  async deleteAllOf(transaction: Transaction, userId: string): Promise<string[]> {
    const deleted: string[] = [];
    for (let count = DELETE_BATCH; count === DELETE_BATCH; ) {
      const rows = await transaction.query<{ id: string }>(
        `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 LIMIT ${DELETE_BATCH}) RETURNING id`,
        [userId],
      );
      for (const { id } of rows) deleted.push(id);
      count = rows.length;
    }
    return deleted;
  }

  /**
   * Deletes a user's sessions but for the ones used last: so many of those that live, and so many of those that have ended. Sessions
   * without refresh tokens are not among them: they come of a key or of an issuer, one each. What somebody has locked is left for
   * the next time.
   * @param limit at most so many at once
   * @returns those among them that lived
   */
  async deleteUnused(transaction: Transaction, userId: string, kept: number, limit: number): Promise<string[]> {
    const rows = await transaction.query<{ id: string; wasLive: boolean }>(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE id IN (
           SELECT id FROM (
             SELECT id, row_number() OVER (PARTITION BY revoked_at IS NULL ORDER BY last_used_at DESC, id DESC) AS place
             FROM sessions s
             WHERE user_id = $1 AND EXISTS (SELECT FROM refresh_tokens r WHERE r.session_id = s.id)
           ) AS placed WHERE place > $2
         ) LIMIT $3 FOR UPDATE SKIP LOCKED
       ) RETURNING id, revoked_at IS NULL AS "wasLive"`,
      [userId, kept, limit],
    );
    return rows.filter(({ wasLive }) => wasLive).map(({ id }) => id);
  }

  /** At most `limit` of them, with their tokens. @returns how many */
  async deleteExpired(now: Date, limit: number): Promise<number> {
    const rows = await this.database.background.query(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING 1`,
      [now, limit],
    );
    return rows.length;
  }

  /** A page of an export. */
  export(userId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT id, device_name AS "deviceName", ip, created_at AS "createdAt", last_used_at AS "lastUsedAt",
         expires_at AS "expiresAt", revoked_at AS "revokedAt"
       FROM sessions WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }

  /** Whose session that lives a refresh token is of, spent or not. */
  async findByRefreshToken(hash: Buffer, now: Date): Promise<Principal | undefined> {
    const [row] = await this.database.query<Principal>(
      `SELECT s.user_id AS "userId", s.id AS "sessionId" FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
       WHERE r.hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2`,
      [hash, now],
    );
    return row;
  }

  /** Locks the session of a refresh token until the transaction ends. */
  async lockByRefreshToken(transaction: Transaction, hash: Buffer): Promise<LockedSession | undefined> {
    const [session] = await transaction.query<LockedSession>(
      `SELECT id, user_id AS "userId", revoked_at AS "revokedAt", expires_at AS "expiresAt"
       FROM sessions WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = $1) FOR UPDATE`,
      [hash],
    );
    return session;
  }

  /** Spends a token for its successor. False where it was spent before. */
  async spend(transaction: Transaction, spending: Spending): Promise<boolean> {
    const { hash, successorHash, now, sessionExpiresAt, forgottenBefore, ip, attemptId } = spending;
    const spent = await transaction.query(
      `WITH spent AS (
         UPDATE refresh_tokens SET spent_at = $3, attempt_id = $7 WHERE hash = $1 AND spent_at IS NULL RETURNING session_id
       ), successor AS (
         INSERT INTO refresh_tokens (hash, session_id, created_at) SELECT $2, session_id, $3 FROM spent
       ), forgotten AS (
         DELETE FROM refresh_tokens WHERE session_id = (SELECT session_id FROM spent) AND spent_at < $5
       )
       UPDATE sessions SET last_used_at = $3, expires_at = $4, ip = COALESCE($6, ip)
       FROM spent WHERE id = spent.session_id RETURNING 1`,
      [hash, successorHash, now, sessionExpiresAt, forgottenBefore, ip, attemptId],
    );
    return spent.length > 0;
  }

  /** When and by which attempt a token was spent; undefined where there is no such token. */
  async spendingOf(
    transaction: Transaction,
    hash: Buffer,
  ): Promise<{ spentAt: Date | null; attemptId: string | null } | undefined> {
    const [token] = await transaction.query<{ spentAt: Date | null; attemptId: string | null }>(
      'SELECT spent_at AS "spentAt", attempt_id AS "attemptId" FROM refresh_tokens WHERE hash = $1',
      [hash],
    );
    return token;
  }

  /** A session's tokens that are not spent, or were spent since then. */
  recentTokens(
    transaction: Transaction,
    sessionId: string,
    since: Date,
  ): Promise<{ hash: Buffer; isSpent: boolean }[]> {
    return transaction.query<{ hash: Buffer; isSpent: boolean }>(
      `SELECT hash, spent_at IS NOT NULL AS "isSpent" FROM refresh_tokens
       WHERE session_id = $1 AND (spent_at IS NULL OR spent_at >= $2)`,
      [sessionId, since],
    );
  }
}

/**
 * Ends the sessions that live among those selected ($1 is now, $2 why). The end of one that tokens of a trusted issuer can
 * open again, which is one without refresh tokens, moves forward where it had ended before: it is what such a token must
 * be younger than. The rows are locked first, so that one that is being opened again is seen as it is then.
 */
function revokeSelected(condition: string): string {
  return `WITH selected AS (
      SELECT id, revoked_at IS NULL AS was_live FROM sessions s WHERE ${condition}
        AND (revoked_at IS NULL OR NOT EXISTS (SELECT FROM refresh_tokens r WHERE r.session_id = s.id))
      ORDER BY id FOR NO KEY UPDATE
    ), ended AS (
      UPDATE sessions s SET revoked_at = GREATEST($1, s.last_used_at, s.revoked_at), end_code = $2
      FROM selected WHERE s.id = selected.id RETURNING s.id, selected.was_live
    )`;
}
