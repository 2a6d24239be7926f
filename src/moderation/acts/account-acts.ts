import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import type { AuditAction } from '../../audit/audit-entry.js';
import { KeyAccess } from '../../auth/keys/key-access.port.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { Clock } from '../../common/clock.js';
import { DomainError, invalidField } from '../../common/errors.js';
import type { ServerRole } from '../../common/access/server-role.js';
import { Database, type Transaction } from '../../database/database.js';
import { Accounts, type Standing } from '../../users/accounts/accounts.js';
import { suspensionAt } from '../../users/accounts/suspension.js';
import { type Actor, requireMayAct } from './actor.js';

/** For after the commit. */
export type Announce = () => void;

/**
 * What moderators and administrators do to accounts. Each act, the end of the sessions that it brings and its entry in the audit log
 * are one transaction.
 */
@Injectable()
export class AccountActs {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly keys: KeyAccess,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * From now on the account cannot be used, through any door; it ends by itself. One that is suspended already is from now on so.
   * @param until null: a ban
   * @throws DomainError NOT_FOUND, FORBIDDEN, VALIDATION_FAILED (`until`)
   */
  async suspend(actor: Actor, userId: string, until: Date | null, reason: string): Promise<void> {
    await this.acting(actor, userId, (transaction) => this.suspendWithin(transaction, actor, userId, until, reason));
  }

  /** Within a transaction that locked both and found that the actor may. */
  async suspendWithin(
    transaction: Transaction,
    actor: Actor,
    userId: string,
    until: Date | null,
    reason: string,
  ): Promise<Announce> {
    this.requireFuture(until);
    await this.accounts.suspend(transaction, userId, until, reason);
    // Those of keys that it made are other users' sessions, and the secrets are known to it.
    const ofKeys = await this.keys.endConnectionsOfMaker(transaction, userId);
    const ended = await this.sessions.endAllForGood(transaction, userId);
    await this.record(transaction, actor, until === null ? 'user.ban' : 'user.suspend', userId, reason, {
      until: until?.toISOString() ?? null,
      sessions: ended.length,
      keySessions: ofKeys.reduce((sum, { sessionIds }) => sum + sessionIds.length, 0),
    });
    const suspension = { until: until?.toISOString() ?? null, reason };
    return () => {
      this.sessions.announceEnd(userId, ended, 'ACCOUNT_SUSPENDED', suspension);
      this.announceEndOfKeys(ofKeys);
    };
  }

  private announceEndOfKeys(ended: readonly { userId: string; sessionIds: string[] }[]): void {
    for (const { userId, sessionIds } of ended) this.sessions.announceEnd(userId, sessionIds, 'SESSION_REVOKED');
  }

  /** @throws DomainError VALIDATION_FAILED */
  requireFuture(until: Date | null): void {
    if (until !== null && until.getTime() <= this.clock.now())
      throw invalidField('until', 'until must be in the future');
  }

  /** Lifts a suspension or a ban. Where there is none, nothing is done. @throws DomainError NOT_FOUND, FORBIDDEN */
  async restore(actor: Actor, userId: string, reason?: string): Promise<void> {
    await this.acting(actor, userId, async (transaction, target) => {
      if (suspensionAt(target, this.clock.now()) === undefined) return undefined;
      await this.accounts.liftSuspension(transaction, userId);
      await this.record(transaction, actor, 'user.restore', userId, reason);
      return undefined;
    });
  }

  /** Everybody who is logged in to the account has to log in again. @throws DomainError NOT_FOUND, FORBIDDEN */
  async endSessions(actor: Actor, userId: string, reason?: string): Promise<number> {
    let count = 0;
    await this.acting(actor, userId, async (transaction) => {
      const ended = await this.sessions.endAllForGood(transaction, userId);
      count = ended.length;
      await this.record(transaction, actor, 'user.end_sessions', userId, reason, { sessions: count });
      return () => this.sessions.announceEnd(userId, ended, 'SESSION_REVOKED');
    });
    return count;
  }

  /**
   * Only administrators, and operators, grant roles; nobody changes its own, and bots have none. Keys of who is no administrator any
   * more are refused, and what they connected ends.
   * @throws DomainError NOT_FOUND, FORBIDDEN
   */
  async grantRole(actor: Actor, userId: string, role: ServerRole, reason?: string): Promise<void> {
    const isBot = await this.keys.isBot(userId);
    await this.acting(
      actor,
      userId,
      async (transaction, target) => {
        if (target.role === role) return undefined;
        if (isBot) throw new DomainError('FORBIDDEN', { message: 'A bot acts by its key, which has no role.' });
        await this.accounts.setRole(transaction, userId, role);
        const wasAdministrator = target.role === 'ADMIN';
        const ofKeys = wasAdministrator ? await this.keys.endConnectionsOfMaker(transaction, userId) : [];
        // The event of an operator's command reaches no server that runs without Redis.
        if (wasAdministrator) await this.sessions.raiseEndings(transaction);
        await this.record(transaction, actor, 'role.grant', userId, reason, { role, before: target.role });
        return () => this.announceEndOfKeys(ofKeys);
      },
      'ADMIN',
    );
  }

  private async acting(
    actor: Actor,
    userId: string,
    act: (transaction: Transaction, target: Standing) => Promise<Announce | undefined>,
    required: ServerRole = 'MODERATOR',
  ): Promise<void> {
    const announce = await this.database.transaction(async (transaction) =>
      act(transaction, await this.lockTarget(transaction, actor, userId, required)),
    );
    announce?.();
  }

  /**
   * Locks both until the transaction ends, before anything else that it locks, and answers whom the act is upon.
   * @throws DomainError NOT_FOUND, FORBIDDEN
   */
  async lockTarget(
    transaction: Transaction,
    actor: Actor,
    userId: string,
    required: ServerRole = 'MODERATOR',
  ): Promise<Standing> {
    const ids = actor.userId === null ? [userId] : [userId, actor.userId];
    const standings = await this.accounts.lockStandings(transaction, ...ids);
    const standing = actor.userId === null ? undefined : standings.get(actor.userId);
    const target = standings.get(userId);
    requireMayAct(actor, standing, target, this.clock.now());
    if (required === 'ADMIN' && actor.userId !== null && standing?.role !== 'ADMIN') throw new DomainError('NOT_FOUND');
    return target;
  }

  /** Within the transaction of an act. */
  record(
    transaction: Transaction,
    { userId: actorId, ipAddress }: Actor,
    action: AuditAction,
    targetId: string,
    reason: string | undefined,
    details?: Record<string, string | number | null>,
  ): Promise<void> {
    return this.audit.record(transaction, {
      actorId,
      action,
      targetType: 'user',
      targetId,
      reason,
      ip: ipAddress,
      details,
    });
  }
}
