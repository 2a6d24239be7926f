import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Batched } from '../../common/async/batcher.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import { decodeCursor, isTimeText, isUuidText, type Page, type PageQuery, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/principal.js';
import { Configuration } from '../../config/configuration.js';
import { derivedKeys, type SecretKeys } from '../../config/secret-keys.js';
import { Database, type SqlExecutor, type Transaction } from '../../database/database.js';
import type { SessionEndCode } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { ipAddressKey, plainIpAddress } from '../../limits/ip-address-key.js';
import { type SessionRow, type SessionView, sessionView } from './session.view.js';
import { newRefreshToken, refreshTokenHash, SUCCESSOR_LABEL, successorOf } from './refresh-token.js';

/** How long a spent refresh token is taken for a client's retry rather than for a theft. */
const REUSE_GRACE_MS = 10_000;
const SWEEP_INTERVAL_MS = 3_600_000;
const SWEEP_BATCH = 1_000;
/** Sessions whose addresses are looked at, the last used first. */
const MAX_KNOWN_IP_ADDRESSES = 200;
const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface OpenedSession {
  principal: Principal;
  refreshToken: string;
}

export interface SessionOrigin {
  deviceName?: string | undefined;
  /** The client's address. */
  ip?: string | undefined;
}

export interface RefreshOrigin {
  /** The client's address. */
  ip?: string | undefined;
  /** What the client keeps with the token until it has the answer. */
  attemptId?: string | undefined;
}

type Rotation =
  | { outcome: 'rotated'; principal: Principal; refreshToken: string }
  | { outcome: 'invalid' }
  | { outcome: 'reused'; principal: Principal };

/**
 * Sessions, one a login, and their refresh tokens (contract, section 2). A session lives until it is revoked, or was not
 * refreshed for `refreshTokenSeconds`.
 */
@Injectable()
export class Sessions implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Sessions.name);
  private readonly successorKeys: SecretKeys;
  private readonly live = new Batched((principals: readonly Principal[]) => this.areLive(principals));
  private sweep: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
  ) {
    this.successorKeys = derivedKeys(configuration, SUCCESSOR_LABEL);
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
        ip === undefined ? null : plainIpAddress(ip),
        new Date(now),
        this.endFrom(now),
        refreshTokenHash(refreshToken),
      ],
    );
    return { principal: { userId, sessionId }, refreshToken };
  }

  /**
   * Whether this session of this user can still be acted in. Asked for every HTTP request and handshake, and of the
   * database each time: what is revoked is worthless at once.
   */
  isLive(principal: Principal): Promise<boolean> {
    return this.live.get(principal);
  }

  private async areLive(principals: readonly Principal[]): Promise<boolean[]> {
    const rows = await this.database.query<{ id: string; userId: string }>(
      'SELECT id, user_id AS "userId" FROM sessions WHERE id = ANY ($1) AND revoked_at IS NULL AND expires_at > $2',
      [principals.map(({ sessionId }) => sessionId), new Date(this.clock.now())],
      'sessions_live',
    );
    const owners = new Map(rows.map(({ id, userId }) => [id, userId]));
    return principals.map(({ sessionId, userId }) => owners.get(sessionId) === userId);
  }

  /**
   * Spends a refresh token for its successor. A client that presents it again within 10 s is given the newest one that came of
   * it, which is the same for all: of several tabs each goes on, however many of them refreshed meanwhile. Later it means
   * that two parties hold it, so the session ends for both; but for the one who spent it and names that very attempt, whose
   * answer was lost. That one is given the successor as long as nobody spent it: then somebody has received it.
   * @throws DomainError REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED
   */
  async rotate(presented: string, origin: RefreshOrigin = {}): Promise<OpenedSession> {
    const rotation = await this.database.transaction((transaction) => this.spend(transaction, presented, origin));
    if (rotation.outcome === 'rotated') return rotation;
    if (rotation.outcome === 'invalid') throw new DomainError('REFRESH_TOKEN_INVALID');
    const { userId, sessionId } = rotation.principal;
    this.events.publish('session.ended', { userId, sessionIds: [sessionId], code: 'REFRESH_TOKEN_REUSED' });
    throw new DomainError('REFRESH_TOKEN_REUSED');
  }

  /** Ends sessions; their access tokens and refresh tokens with them. Those that have ended already are left alone. */
  async revoke(sessionIds: readonly string[], code: SessionEndCode): Promise<void> {
    const ended = await this.database.query<{ userId: string; sessionIds: string[] }>(
      `WITH ended AS (
         UPDATE sessions SET revoked_at = GREATEST($2, last_used_at)
         WHERE id = ANY ($1::uuid[]) AND revoked_at IS NULL RETURNING id, user_id
       )
       SELECT user_id AS "userId", array_agg(id::text) AS "sessionIds" FROM ended GROUP BY user_id`,
      [sessionIds, new Date(this.clock.now())],
    );
    for (const { userId, sessionIds: ids } of ended)
      this.events.publish('session.ended', { userId, sessionIds: ids, code });
  }

  /**
   * Whether somebody logged in to this account from this network address (of IPv6: its /64) within the life of a session.
   * For nobody it takes as long and is false.
   */
  async isKnownIpAddress(userId: string | undefined, ipAddress: string | undefined): Promise<boolean> {
    const rows = await this.database.query<{ ip: string }>(
      `SELECT ip FROM sessions WHERE user_id = $1 AND ip IS NOT NULL
       ORDER BY last_used_at DESC LIMIT ${MAX_KNOWN_IP_ADDRESSES}`,
      [userId ?? NOBODY],
      'sessions_addresses',
    );
    const key = ipAddressKey(ipAddress);
    return ipAddress !== undefined && rows.some(({ ip }) => ipAddressKey(ip) === key);
  }

  /** A user's sessions that live, the last used first. */
  async list({ userId, sessionId }: Principal, { cursor, limit }: PageQuery): Promise<Page<SessionView>> {
    const [lastUsedAt, id] = decodeCursor<[string, string]>(cursor, [isTimeText, isUuidText]) ?? [null, null];
    const rows = await this.database.query<SessionRow>(
      `SELECT id, device_name AS "deviceName", ip, created_at AS "createdAt", last_used_at AS "lastUsedAt"
       FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
         AND ($3::timestamptz IS NULL OR (last_used_at, id) < ($3::timestamptz, $4::uuid))
       ORDER BY last_used_at DESC, id DESC LIMIT $5`,
      [userId, new Date(this.clock.now()), lastUsedAt, id, limit + 1],
    );
    return pageOf(
      rows,
      limit,
      (row) => [row.lastUsedAt.toISOString(), row.id],
      (row) => sessionView(row, sessionId),
    );
  }

  /** Ends one of the user's own. @throws DomainError NOT_FOUND */
  async revokeOwn({ userId }: Principal, sessionId: string): Promise<void> {
    const rows = await this.database.query(
      'SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3',
      [sessionId, userId, new Date(this.clock.now())],
    );
    if (rows.length === 0) throw new DomainError('NOT_FOUND');
    await this.revoke([sessionId], 'SESSION_REVOKED');
  }

  /** Ends all of a user's sessions. */
  async revokeAll(userId: string, code: SessionEndCode): Promise<void> {
    this.announceEnd(userId, await this.endAll(this.database, userId, null), code);
  }

  /** Within the caller's transaction: all but one. `announceEnd` is to follow its commit. */
  async endAll(executor: SqlExecutor, userId: string, exceptSessionId: string | null): Promise<string[]> {
    const rows = await executor.query<{ id: string }>(
      `UPDATE sessions SET revoked_at = GREATEST($3, last_used_at)
       WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $2::uuid RETURNING id`,
      [userId, exceptSessionId, new Date(this.clock.now())],
    );
    return rows.map(({ id }) => id);
  }

  announceEnd(userId: string, sessionIds: string[], code: SessionEndCode): void {
    if (sessionIds.length > 0) this.events.publish('session.ended', { userId, sessionIds, code });
  }

  /** The one session of all tokens of a trusted issuer's subject: it does not end by itself. */
  async openExternal(
    transaction: Transaction,
    sessionId: string,
    userId: string,
    issuer: string,
    now: number,
  ): Promise<void> {
    await transaction.query(
      `INSERT INTO sessions (id, user_id, device_name, created_at, last_used_at, expires_at)
       VALUES ($1, $2, $3, $4, $4, $4::timestamptz + interval '100 years')
       ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, created_at = excluded.created_at,
         last_used_at = excluded.last_used_at, expires_at = excluded.expires_at, revoked_at = NULL`,
      [sessionId, userId, issuer.slice(0, 64), new Date(now)],
    );
  }

  /**
   * After a new sign-in at the issuer.
   * @param revokedAt the end that is known of: one that came meanwhile stays. Answers whether the session lives now.
   */
  async reopen(sessionId: string, revokedAt: Date): Promise<boolean> {
    const rows = await this.database.query(
      'UPDATE sessions SET revoked_at = NULL, last_used_at = $2 WHERE id = $1 AND revoked_at = $3 RETURNING 1',
      [sessionId, new Date(this.clock.now()), revokedAt],
    );
    return rows.length > 0;
  }

  /** For an issuer whose clock is ahead, so that the session's end, when it comes, is after all tokens made until then. */
  async noteIssue(sessionId: string, issuedAt: number): Promise<void> {
    await this.database.query('UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2', [
      sessionId,
      new Date(issuedAt),
    ]);
  }

  /** Whose session a refresh token is of, also one that was spent; undefined where that has ended. */
  async ofRefreshToken(presented: string): Promise<Principal | undefined> {
    const [row] = await this.database.query<Principal>(
      `SELECT s.user_id AS "userId", s.id AS "sessionId" FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
       WHERE r.hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2`,
      [refreshTokenHash(presented), new Date(this.clock.now())],
    );
    return row;
  }

  /** Deletes sessions that expired, and their tokens. Any process may do it at any time. */
  async deleteExpired(): Promise<void> {
    for (let deleted = SWEEP_BATCH; deleted === SWEEP_BATCH; ) {
      const rows = await this.database.background.query(
        `DELETE FROM sessions WHERE id IN (
           SELECT id FROM sessions WHERE expires_at <= $1 LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
         ) RETURNING 1`,
        [new Date(this.clock.now())],
      );
      deleted = rows.length;
    }
  }

  onApplicationBootstrap(): void {
    const sweep = (): void => {
      this.deleteExpired().catch((error: Error) =>
        this.logger.warn(`expired sessions were not deleted: ${error.message}`),
      );
    };
    this.sweep = setInterval(sweep, SWEEP_INTERVAL_MS).unref();
    sweep();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweep);
  }

  private async spend(
    transaction: Transaction,
    presented: string,
    { ip, attemptId }: RefreshOrigin,
  ): Promise<Rotation> {
    const hash = refreshTokenHash(presented);
    const successor = successorOf(presented, this.successorKeys[0]);
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
         UPDATE refresh_tokens SET spent_at = $3, attempt_id = $7 WHERE hash = $1 AND spent_at IS NULL RETURNING session_id
       ), successor AS (
         INSERT INTO refresh_tokens (hash, session_id, created_at) SELECT $2, session_id, $3 FROM spent
       ), forgotten AS (
         DELETE FROM refresh_tokens WHERE session_id = (SELECT session_id FROM spent) AND spent_at < $5
       )
       UPDATE sessions SET last_used_at = $3, expires_at = $4, ip = COALESCE($6, ip)
       FROM spent WHERE id = spent.session_id RETURNING 1`,
      [
        hash,
        refreshTokenHash(successor),
        new Date(now),
        this.endFrom(now),
        new Date(now - this.configuration.refreshTokenSeconds * 1_000),
        ip === undefined ? null : plainIpAddress(ip),
        attemptId ?? null,
      ],
    );
    if (spent.length > 0) return { outcome: 'rotated', principal, refreshToken: successor };

    const [token] = await transaction.query<{ spentAt: Date | null; attemptId: string | null }>(
      'SELECT spent_at AS "spentAt", attempt_id AS "attemptId" FROM refresh_tokens WHERE hash = $1',
      [hash],
    );
    if (token?.spentAt == null) return { outcome: 'invalid' };
    if (token.spentAt.getTime() + REUSE_GRACE_MS >= now) {
      const newest = await this.newestAfter(transaction, session.id, presented, new Date(now - REUSE_GRACE_MS));
      return newest === undefined ? { outcome: 'invalid' } : { outcome: 'rotated', principal, refreshToken: newest };
    }
    if (attemptId !== undefined && token.attemptId === attemptId) {
      const unspent = await this.unspentAfter(transaction, presented);
      if (unspent !== undefined) return { outcome: 'rotated', principal, refreshToken: unspent };
    }
    // Returned and not thrown: the revocation must be committed.
    await transaction.query('UPDATE sessions SET revoked_at = $2 WHERE id = $1', [session.id, new Date(now)]);
    return { outcome: 'reused', principal };
  }

  /** The successor of a spent token, unless it was spent as well, or made under a secret that is known no more. */
  private async unspentAfter(transaction: Transaction, presented: string): Promise<string | undefined> {
    for (const key of this.successorKeys) {
      const successor = successorOf(presented, key);
      const found = await transaction.query('SELECT 1 FROM refresh_tokens WHERE hash = $1 AND spent_at IS NULL', [
        refreshTokenHash(successor),
      ]);
      if (found.length > 0) return successor;
    }
    return undefined;
  }

  /**
   * The live token at the end of the chain that begins with this one, which was spent within the grace period as was
   * every later one. Undefined where a link was made under a secret that is known no more.
   */
  private async newestAfter(
    transaction: Transaction,
    sessionId: string,
    presented: string,
    since: Date,
  ): Promise<string | undefined> {
    const rows = await transaction.query<{ hash: Buffer; isSpent: boolean }>(
      `SELECT hash, spent_at IS NOT NULL AS "isSpent" FROM refresh_tokens
       WHERE session_id = $1 AND (spent_at IS NULL OR spent_at >= $2)`,
      [sessionId, since],
    );
    const isSpent = new Map(rows.map((row) => [row.hash.toString('hex'), row.isSpent]));
    let token: string | undefined = presented;
    // Each link is another token of those rows, so this ends.
    for (let link = 0; link < rows.length && token !== undefined; link += 1) {
      const successors: string[] = this.successorKeys.map((key) => successorOf(token as string, key));
      token = successors.find((successor) => isSpent.has(refreshTokenHash(successor).toString('hex')));
      if (token !== undefined && isSpent.get(refreshTokenHash(token).toString('hex')) === false) return token;
    }
    return undefined;
  }

  private endFrom(now: number): Date {
    return new Date(now + this.configuration.refreshTokenSeconds * 1_000);
  }
}
