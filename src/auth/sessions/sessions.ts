import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Batched } from '../../common/async/batcher.js';
import { Periodic } from '../../common/async/periodic.js';
import { Clock } from '../../common/clock.js';
import { DomainError, type SuspensionDetails } from '../../common/errors.js';
import { newId, NIL_ID } from '../../common/identifier.js';
import { decodeCursor, isTimeText, isUuidText, type Page, type PageQuery, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { derivedKeys, type SecretKeys } from '../../config/secrets/secret-keys.js';
import { Database, type SqlExecutor, type Transaction } from '../../database/database.js';
import type { SessionEndCode } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { ipAddressKey, plainIpAddress } from '../../limits/ip-address-key.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { type SessionView, sessionView } from './session.view.js';
import { SessionsRepository } from './sessions.repository.js';
import { newRefreshToken, refreshTokenHash, SUCCESSOR_LABEL, successorOf } from './refresh-token.js';

/** How long a spent refresh token is taken for a client's retry rather than for a theft. */
const REUSE_GRACE_MS = 10_000;
const SWEEP_INTERVAL_MS = 3_600_000;
const SWEEP_BATCH = 1_000;
/** Sessions whose IP addresses are looked at, the last used first. */
const MAX_KNOWN_IP_ADDRESSES = 200;
/** A user's sessions that live at once: one more ends the one that was not used for the longest. */
export const MAX_LIVE_SESSIONS = 200;

export interface OpenedSession {
  principal: Principal;
  refreshToken: string;
}

export interface EndedSession extends Principal {
  code: SessionEndCode;
  /** Where the account is suspended: then that is what ended it. */
  suspension: SuspensionDetails | undefined;
}

export interface SessionOrigin {
  deviceName?: string | undefined;
  /** The client's IP address. */
  ip?: string | undefined;
}

export interface RefreshOrigin {
  /** The client's IP address. */
  ip?: string | undefined;
  /** What the client keeps with the token until it has the answer. */
  attemptId?: string | undefined;
}

type Rotation =
  | { outcome: 'rotated'; principal: Principal; refreshToken: string }
  | { outcome: 'invalid'; userId?: string }
  | { outcome: 'reused'; principal: Principal };

/**
 * Sessions, one a login, and their refresh tokens (contract, section 2). A session lives until it is revoked, or was not
 * refreshed for `refreshTokenSeconds`.
 */
@Injectable()
export class Sessions implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Sessions.name);
  private readonly successorKeys: SecretKeys;
  private readonly live = new Batched((principals: readonly Principal[]) => this.areLive(principals));
  private readonly removals: ((transaction: Transaction, sessionId: string) => Promise<void>)[] = [];
  private readonly sweep = new Periodic(
    SWEEP_INTERVAL_MS,
    () => this.deleteExpired(),
    ({ message }) => this.logger.warn(`expired sessions were not deleted: ${message}`),
  );

  constructor(
    private readonly database: Database,
    private readonly repository: SessionsRepository,
    private readonly accounts: Accounts,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly configuration: Configuration,
    private readonly limiter: RateLimiter,
  ) {
    this.successorKeys = derivedKeys(configuration, SUCCESSOR_LABEL);
  }

  /** @param executor the caller's transaction, where the session must not outlive its failure. */
  async open(userId: string, { deviceName, ip }: SessionOrigin, executor?: SqlExecutor): Promise<OpenedSession> {
    const sessionId = newId();
    const refreshToken = newRefreshToken();
    const now = this.clock.now();
    await this.repository.add(
      {
        id: sessionId,
        userId,
        deviceName: deviceName ?? null,
        ip: ip === undefined ? null : plainIpAddress(ip),
        createdAt: new Date(now),
        expiresAt: this.endFrom(now),
      },
      refreshTokenHash(refreshToken),
      executor,
    );
    return { principal: { userId, sessionId }, refreshToken };
  }

  /**
   * Within the caller's transaction, before it opens one: ends the user's sessions that are too many for one more. Those that have
   * ended are kept in the same number, so that opening and ending them all the time leaves no more rows than that.
   * @returns those that ended, for `announceEnd` after the commit
   */
  makeRoom(transaction: Transaction, userId: string): Promise<string[]> {
    return this.repository.deleteUnused(transaction, userId, MAX_LIVE_SESSIONS - 1, SWEEP_BATCH);
  }

  /**
   * Whether this session of this user can still be acted in. Asked for every HTTP request and handshake, and of the
   * database each time: what is revoked is worthless at once.
   */
  isLive(principal: Principal): Promise<boolean> {
    return this.live.get(principal);
  }

  /** @throws DomainError ACCOUNT_SUSPENDED where that is why it cannot, UNAUTHORIZED in any other case */
  async requireLive(principal: Principal): Promise<void> {
    if (await this.isLive(principal)) return;
    await this.accounts.requireUnsuspended(principal.userId);
    throw new DomainError('UNAUTHORIZED');
  }

  private async areLive(principals: readonly Principal[]): Promise<boolean[]> {
    const owners = await this.repository.ownersOfLive(
      principals.map(({ sessionId }) => sessionId),
      this.now(),
    );
    return principals.map(({ sessionId, userId }) => owners.get(sessionId) === userId);
  }

  /**
   * Spends a refresh token for its successor. A client that presents it again within 10 s is given the newest one that came of
   * it, which is the same for all: of several tabs each goes on, however many of them refreshed meanwhile. Later it means
   * that two parties hold it, so the session ends for both; but for the one who spent it and names that very attempt, whose
   * answer was lost. That one is given the successor as long as nobody spent it: then somebody has received it.
   * @throws DomainError REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED, ACCOUNT_SUSPENDED; RATE_LIMITED, which spends nothing
   */
  async rotate(presented: string, origin: RefreshOrigin = {}): Promise<OpenedSession> {
    // Before the transaction: what is refused waits for no lock, and no connection waits for the count.
    const session = await this.ofRefreshToken(presented);
    if (session !== undefined) await this.limiter.consume('refreshesOfSession', session.sessionId);
    const rotation = await this.database.transaction((transaction) => this.spend(transaction, presented, origin));
    if (rotation.outcome === 'rotated') return rotation;
    if (rotation.outcome === 'invalid') {
      if (rotation.userId !== undefined) await this.accounts.requireUnsuspended(rotation.userId);
      throw new DomainError('REFRESH_TOKEN_INVALID');
    }
    const { userId, sessionId } = rotation.principal;
    this.events.publish('session.ended', { userId, sessionIds: [sessionId], code: 'REFRESH_TOKEN_REUSED' });
    throw new DomainError('REFRESH_TOKEN_REUSED');
  }

  /** Ends sessions; their access tokens and refresh tokens with them. Those that have ended already are left alone. */
  async revoke(sessionIds: readonly string[], code: SessionEndCode): Promise<void> {
    const ended = await this.repository.revoke(sessionIds, code, this.now());
    for (const { userId, sessionIds: ids } of ended)
      this.events.publish('session.ended', { userId, sessionIds: ids, code });
  }

  /**
   * Whether somebody logged in to this account from this IP address (of IPv6: its /64) within the life of a session.
   * For nobody it takes as long and is false.
   */
  async isKnownIpAddress(userId: string | undefined, ipAddress: string | undefined): Promise<boolean> {
    const known = await this.repository.ipAddressesOf(userId ?? NIL_ID, MAX_KNOWN_IP_ADDRESSES);
    const key = ipAddressKey(ipAddress);
    return ipAddress !== undefined && known.some((other) => ipAddressKey(other) === key);
  }

  /** A user's sessions that live, the last used first. */
  async list({ userId, sessionId }: Principal, { cursor, limit }: PageQuery): Promise<Page<SessionView>> {
    const [lastUsedAt, id] = decodeCursor<[string, string]>(cursor, [isTimeText, isUuidText]) ?? [null, null];
    const rows = await this.repository.listLive(userId, this.now(), lastUsedAt, id, limit + 1);
    return pageOf(
      rows,
      limit,
      (row) => [row.lastUsedAt.toISOString(), row.id],
      (row) => sessionView(row, sessionId),
    );
  }

  /** Ends one of the user's own. @throws DomainError NOT_FOUND */
  async revokeOwn({ userId }: Principal, sessionId: string): Promise<void> {
    if (!(await this.repository.isLiveOf(userId, sessionId, this.now()))) throw new DomainError('NOT_FOUND');
    await this.revoke([sessionId], 'SESSION_REVOKED');
  }

  /** Ends all of a user's sessions. */
  async revokeAll(userId: string, code: SessionEndCode): Promise<void> {
    const ended = await this.database.transaction((transaction) => this.endAll(transaction, userId, null, code));
    this.announceEnd(userId, ended, code);
  }

  /** Within the caller's transaction: all but one. `announceEnd` is to follow its commit. */
  endAll(
    transaction: Transaction,
    userId: string,
    exceptSessionId: string | null,
    code: SessionEndCode,
  ): Promise<string[]> {
    return this.repository.revokeAllOf(transaction, userId, exceptSessionId, code, this.now());
  }

  /** Within the caller's transaction: those among these that live, by their users. `announceEnd` is to follow its commit. */
  endThese(executor: SqlExecutor, sessionIds: readonly string[]): Promise<{ userId: string; sessionIds: string[] }[]> {
    return this.repository.revoke(sessionIds, 'SESSION_REVOKED', this.now(), executor);
  }

  announceEnd(userId: string, sessionIds: string[], code: SessionEndCode, suspension?: SuspensionDetails): void {
    if (sessionIds.length > 0) this.events.publish('session.ended', { userId, sessionIds, code, suspension });
  }

  /**
   * Within the caller's transaction, for acts upon somebody else: all, and every process looks whether it holds a connection of an
   * ended session (`endingsRevision`), should the event be lost or nobody be there to publish it.
   */
  async endAllForGood(transaction: Transaction, userId: string): Promise<string[]> {
    const ended = await this.endAll(transaction, userId, null, 'SESSION_REVOKED');
    await this.repository.raiseEndingsRevision(transaction);
    return ended;
  }

  /** Within the caller's transaction: everybody's. No event is published, for it would name them all: processes look by themselves. */
  async endAllOfEverybody(transaction: Transaction): Promise<number> {
    const count = await this.repository.revokeAll(transaction, 'SESSION_REVOKED', this.now());
    await this.repository.raiseEndingsRevision(transaction);
    return count;
  }

  /** For who ended sessions in another way. */
  raiseEndings(transaction: Transaction): Promise<void> {
    return this.repository.raiseEndingsRevision(transaction);
  }

  /** Rises with every act that ended sessions of others. */
  endingsRevision(): Promise<number> {
    return this.repository.endingsRevision();
  }

  /** Those among these sessions that have ended, for whoever holds connections of them and may have missed it. */
  async endedAmong(principals: readonly Principal[]): Promise<EndedSession[]> {
    const ended = await this.repository.endedAmong(principals);
    if (ended.length === 0) return [];
    const usersOf = (sessions: typeof ended): string[] => [...new Set(sessions.map(({ userId }) => userId))];
    const [suspensions, deleted] = await Promise.all([
      this.accounts.suspensionsOf(usersOf(ended)),
      // The sessions of a deleted account are gone.
      this.accounts.deletedAmong(usersOf(ended.filter(({ code }) => code === null))),
    ]);
    return ended.map(({ sessionId, userId, code }) => ({
      sessionId,
      userId,
      code: code ?? (deleted.has(userId) ? 'ACCOUNT_DELETED' : 'SESSION_REVOKED'),
      suspension: suspensions.get(userId),
    }));
  }

  /** The one session of all tokens of a trusted issuer's subject, or of all that an API key does as one user: it does not end by itself. @throws DomainError ACCOUNT_SUSPENDED */
  async openExternal(
    transaction: Transaction,
    sessionId: string,
    userId: string,
    name: string,
    now: number,
  ): Promise<void> {
    // Held: a suspension that comes at this moment waits, and then ends what is opened here.
    await this.accounts.holdUnsuspended(transaction, userId);
    await this.repository.putExternal(transaction, {
      id: sessionId,
      userId,
      deviceName: name.slice(0, 64),
      createdAt: new Date(now),
    });
  }

  /** What goes with a session: within the transaction that opens one anew it is removed, should nobody have done so at its end. */
  removeBeforeReopening(removal: (transaction: Transaction, sessionId: string) => Promise<void>): void {
    this.removals.push(removal);
  }

  /**
   * After a new sign-in at the issuer.
   * @param revokedAt the end that is known of: one that came meanwhile stays. Answers whether the session lives now.
   * @param issuedAt of the token of that sign-in: its issuer's clock may be ahead
   * @throws DomainError ACCOUNT_SUSPENDED
   */
  reopen(userId: string, sessionId: string, revokedAt: Date, issuedAt: number): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      // Under the user's lock: a suspension that comes at this moment waits, and then ends what is opened here.
      await this.accounts.holdUnsuspended(transaction, userId);
      const usedAt = new Date(Math.max(this.clock.now(), issuedAt));
      if (!(await this.repository.reopen(transaction, sessionId, revokedAt, usedAt))) return false;
      for (const removal of this.removals) await removal(transaction, sessionId);
      // Connections from before its end may still be there, and look from now on like those of the new sign-in. Before the commit
      // none here is of that; one that is met on another process comes back.
      this.events.publish('session.ended', { userId, sessionIds: [sessionId], code: 'TOKEN_EXPIRED' });
      return true;
    });
  }

  /** For an issuer whose clock is ahead, so that the session's end, when it comes or has just come, is after all tokens made until then. */
  noteIssue(sessionId: string, issuedAt: number): Promise<void> {
    return this.repository.noteUse(sessionId, new Date(issuedAt));
  }

  /** Whose session a refresh token is of, also one that was spent; undefined where that has ended. */
  ofRefreshToken(presented: string): Promise<Principal | undefined> {
    return this.repository.findByRefreshToken(refreshTokenHash(presented), this.now());
  }

  /** A page of an export. */
  export(userId: string, after: string): Promise<{ id: string }[]> {
    return this.repository.export(userId, after);
  }

  /** Deletes all of a user's with its account. @returns them, for `announceEnd` after the commit */
  deleteAllOf(transaction: Transaction, userId: string): Promise<string[]> {
    return this.repository.deleteAllOf(transaction, userId);
  }

  /** Deletes sessions that expired, and their tokens. Any process may do it at any time. */
  async deleteExpired(): Promise<void> {
    for (let deleted = SWEEP_BATCH; deleted === SWEEP_BATCH && !this.sweep.isStopped; ) {
      deleted = await this.repository.deleteExpired(this.now(), SWEEP_BATCH);
    }
  }

  onApplicationBootstrap(): void {
    this.sweep.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweep.stop();
  }

  private async spend(
    transaction: Transaction,
    presented: string,
    { ip, attemptId }: RefreshOrigin,
  ): Promise<Rotation> {
    const hash = refreshTokenHash(presented);
    const successor = successorOf(presented, this.successorKeys[0]);
    // The session's lock, and a new statement after it: whoever refreshed or revoked meanwhile is seen below.
    const session = await this.repository.lockByRefreshToken(transaction, hash);
    const now = this.clock.now();
    if (session === undefined) return { outcome: 'invalid' };
    if (session.revokedAt !== null || session.expiresAt.getTime() <= now)
      return { outcome: 'invalid', userId: session.userId };
    const principal: Principal = { userId: session.userId, sessionId: session.id };

    // Tokens spent longer ago than any token lives are forgotten, so that a session kept for years stays small.
    const isSpent = await this.repository.spend(transaction, {
      hash,
      successorHash: refreshTokenHash(successor),
      now: new Date(now),
      sessionExpiresAt: this.endFrom(now),
      forgottenBefore: new Date(now - this.configuration.refreshTokenSeconds * 1_000),
      ip: ip === undefined ? null : plainIpAddress(ip),
      attemptId: attemptId ?? null,
    });
    if (isSpent) return { outcome: 'rotated', principal, refreshToken: successor };

    const token = await this.repository.spendingOf(transaction, hash);
    if (token?.spentAt == null) return { outcome: 'invalid' };
    if (token.spentAt.getTime() + REUSE_GRACE_MS >= now) {
      const newest = await this.newestAfter(transaction, session.id, presented, new Date(now - REUSE_GRACE_MS));
      return newest === undefined ? { outcome: 'invalid' } : { outcome: 'rotated', principal, refreshToken: newest };
    }
    if (attemptId !== undefined && token.attemptId === attemptId) {
      const next = await this.successorAfter(transaction, presented);
      // Made under a secret that is known no more: nobody can have taken it from whoever repeats the attempt.
      if (next === undefined) return { outcome: 'invalid' };
      if (!next.isSpent) return { outcome: 'rotated', principal, refreshToken: next.token };
    }
    // Returned and not thrown: the revocation must be committed.
    await this.repository.revokeLocked(transaction, session.id, 'REFRESH_TOKEN_REUSED', new Date(now));
    return { outcome: 'reused', principal };
  }

  /** The successor of a spent token; undefined where it was made under a secret that is known no more. */
  private async successorAfter(
    transaction: Transaction,
    presented: string,
  ): Promise<{ token: string; isSpent: boolean } | undefined> {
    for (const key of this.successorKeys) {
      const token = successorOf(presented, key);
      const spending = await this.repository.spendingOf(transaction, refreshTokenHash(token));
      if (spending !== undefined) return { token, isSpent: spending.spentAt !== null };
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
    const rows = await this.repository.recentTokens(transaction, sessionId, since);
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

  private now(): Date {
    return new Date(this.clock.now());
  }

  private endFrom(now: number): Date {
    return new Date(now + this.configuration.refreshTokenSeconds * 1_000);
  }
}
