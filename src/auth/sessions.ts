import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import { newId } from '../common/identifier.js';
import type { Principal } from '../common/principal.js';
import { Configuration } from '../config/configuration.js';
import { Database, type SqlExecutor } from '../database/database.js';
import type { SessionEndCode } from '../events/domain-events.js';
import { EventBus } from '../events/event-bus.js';
import { plainAddress } from '../limits/address-key.js';
import { newRefreshToken, refreshTokenHash, refreshTokenKey, successorOf } from './refresh-token.js';

/** How long a spent refresh token is taken for a client's retry rather than for a theft. */
const REUSE_GRACE_MS = 10_000;
const SWEEP_INTERVAL_MS = 3_600_000;
const SWEEP_BATCH = 1_000;

export interface OpenedSession {
  principal: Principal;
  refreshToken: string;
}

export interface SessionOrigin {
  deviceName?: string | undefined;
  /** The client's address. */
  ip?: string | undefined;
}

type Rotation =
  | { outcome: 'rotated'; principal: Principal }
  | { outcome: 'invalid' }
  | { outcome: 'reused'; principal: Principal };

/**
 * Sessions, one a login, and their refresh tokens (contract, section 2). A session lives until it is revoked, or was not
 * refreshed for `refreshTokenSeconds`.
 */
@Injectable()
export class Sessions implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Sessions.name);
  private readonly successorKey: Buffer;
  private sweep: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {
    this.successorKey = refreshTokenKey(configuration.jwtSecret);
  }

  /** @param executor the caller's transaction, where the session must not outlive its failure. */
  async open(
    userId: string,
    { deviceName, ip }: SessionOrigin,
    executor: SqlExecutor = this.database,
  ): Promise<OpenedSession> {
    const sessionId = newId();
    const refreshToken = newRefreshToken();
    const now = this.clock.now();
    await executor.query(
      `WITH session AS (
         INSERT INTO sessions (id, user_id, device_name, ip, created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id
       )
       INSERT INTO refresh_tokens (hash, session_id, created_at) SELECT $7, id, $5 FROM session`,
      [
        sessionId,
        userId,
        deviceName ?? null,
        ip === undefined ? null : plainAddress(ip),
        new Date(now),
        this.endFrom(now),
        refreshTokenHash(refreshToken),
      ],
    );
    return { principal: { userId, sessionId }, refreshToken };
  }

  /** Asked for every HTTP request and handshake. */
  async isLive(sessionId: string): Promise<boolean> {
    const rows = await this.database.query(
      'SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2',
      [sessionId, new Date(this.clock.now())],
      'session_is_live',
    );
    return rows.length > 0;
  }

  /**
   * Spends a refresh token for its successor. However many callers present it within 10 s, all get the same one. Later
   * it means that two parties hold it, so the session ends for both.
   * @throws DomainError REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED
   */
  async rotate(presented: string): Promise<OpenedSession> {
    const hash = refreshTokenHash(presented);
    const successor = successorOf(presented, this.successorKey);
    const rotation = await this.database.transaction((transaction) =>
      this.spend(transaction, hash, refreshTokenHash(successor)),
    );
    if (rotation.outcome === 'rotated') return { principal: rotation.principal, refreshToken: successor };
    if (rotation.outcome === 'invalid') throw new DomainError('REFRESH_TOKEN_INVALID');
    const { userId, sessionId } = rotation.principal;
    this.events.publish('session.ended', { userId, sessionIds: [sessionId], code: 'REFRESH_TOKEN_REUSED' });
    throw new DomainError('REFRESH_TOKEN_REUSED');
  }

  /** Ends sessions; their access tokens and refresh tokens with them. Those that have ended already are left alone. */
  async revoke(sessionIds: readonly string[], code: SessionEndCode): Promise<void> {
    const ended = await this.database.query<{ userId: string; sessionIds: string[] }>(
      `WITH ended AS (
         UPDATE sessions SET revoked_at = $2 WHERE id = ANY ($1::uuid[]) AND revoked_at IS NULL RETURNING id, user_id
       )
       SELECT user_id AS "userId", array_agg(id::text) AS "sessionIds" FROM ended GROUP BY user_id`,
      [sessionIds, new Date(this.clock.now())],
    );
    for (const { userId, sessionIds: ids } of ended)
      this.events.publish('session.ended', { userId, sessionIds: ids, code });
  }

  /** Deletes sessions that expired, and their tokens. Any process may do it at any time. */
  async deleteExpired(): Promise<void> {
    for (let deleted = SWEEP_BATCH; deleted === SWEEP_BATCH; ) {
      const rows = await this.database.query(
        `DELETE FROM sessions WHERE id IN (
           SELECT id FROM sessions WHERE expires_at <= $1 LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
         ) RETURNING 1`,
        [new Date(this.clock.now())],
      );
      deleted = rows.length;
    }
  }

  onApplicationBootstrap(): void {
    this.sweep = setInterval(() => {
      this.deleteExpired().catch((error: Error) =>
        this.logger.warn(`expired sessions were not deleted: ${error.message}`),
      );
    }, SWEEP_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweep);
  }

  private async spend(transaction: SqlExecutor, hash: Buffer, successorHash: Buffer): Promise<Rotation> {
    // The session's lock, and a new statement after it: whoever refreshed or revoked meanwhile is seen below.
    const [session] = await transaction.query<{ id: string; userId: string; revokedAt: Date | null; expiresAt: Date }>(
      `SELECT id, user_id AS "userId", revoked_at AS "revokedAt", expires_at AS "expiresAt"
       FROM sessions WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = $1) FOR UPDATE`,
      [hash],
    );
    const now = this.clock.now();
    if (session === undefined || session.revokedAt !== null || session.expiresAt.getTime() <= now)
      return { outcome: 'invalid' };
    const principal: Principal = { userId: session.userId, sessionId: session.id };

    // Tokens spent longer ago than any token lives are forgotten, so that a session kept for years stays small.
    const spent = await transaction.query(
      `WITH spent AS (
         UPDATE refresh_tokens SET spent_at = $3 WHERE hash = $1 AND spent_at IS NULL RETURNING session_id
       ), successor AS (
         INSERT INTO refresh_tokens (hash, session_id, created_at) SELECT $2, session_id, $3 FROM spent
       ), forgotten AS (
         DELETE FROM refresh_tokens WHERE session_id = (SELECT session_id FROM spent) AND spent_at < $5
       )
       UPDATE sessions SET last_used_at = $3, expires_at = $4 FROM spent WHERE id = spent.session_id RETURNING 1`,
      [
        hash,
        successorHash,
        new Date(now),
        this.endFrom(now),
        new Date(now - this.configuration.refreshTokenSeconds * 1_000),
      ],
    );
    if (spent.length > 0) return { outcome: 'rotated', principal };

    const [token] = await transaction.query<{ spentAt: Date | null }>(
      'SELECT spent_at AS "spentAt" FROM refresh_tokens WHERE hash = $1',
      [hash],
    );
    if (token?.spentAt == null) return { outcome: 'invalid' };
    if (token.spentAt.getTime() + REUSE_GRACE_MS >= now) return { outcome: 'rotated', principal };
    // Returned and not thrown: the revocation must be committed.
    await transaction.query('UPDATE sessions SET revoked_at = $2 WHERE id = $1', [session.id, new Date(now)]);
    return { outcome: 'reused', principal };
  }

  private endFrom(now: number): Date {
    return new Date(now + this.configuration.refreshTokenSeconds * 1_000);
  }
}
