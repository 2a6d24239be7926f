import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import { type AuditAction, MAX_REASON_LENGTH } from '../../audit/audit-entry.js';
import { AccountService } from '../../auth/accounts/account.service.js';
import { AuthService } from '../../auth/auth.service.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { DomainError, invalidField } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { SERVER_ROLES } from '../../common/server-role.js';
import { Configuration } from '../../config/configuration.js';
import { renewIdentity } from '../../database/database-identity.js';
import { Database, type Transaction } from '../../database/database.js';
import type { TableDue } from '../../database/dead-rows.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { AccountsList } from '../accounts/accounts-list.js';
import type { AccountView } from '../accounts/accounts.view.js';
import { AccountActs } from '../acts/account-acts.js';
import type { Actor } from '../acts/actor.js';
import { ReportsService } from '../reports/reports.service.js';
import { Stats } from '../stats/stats.service.js';
import type { StatsView } from '../stats/stats.view.js';
import { RestoreActs } from './restore-acts.js';
import { Vacuum } from './vacuum.js';

/** At the server's machine. */
const OPERATOR: Actor = { userId: null, ipAddress: undefined };
const PAGE = 100;
/** An operator has no session. */
const NO_SESSION = '00000000-0000-0000-0000-000000000000';

/**
 * What `npm run admin` can do, and administrators by the API, each by the same code. The command names people by e-mail address,
 * username or id. Each act has its entry in the audit log.
 */
@Injectable()
export class Operator {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly account: AccountService,
    private readonly auth: AuthService,
    private readonly sessions: Sessions,
    private readonly acts: AccountActs,
    private readonly accountsList: AccountsList,
    private readonly reports: ReportsService,
    private readonly stats: Stats,
    private readonly audit: Audit,
    private readonly cleaning: Vacuum,
    private readonly restoreActs: RestoreActs,
    private readonly configuration: Configuration,
  ) {}

  async grantRole(who: string, role: string): Promise<void> {
    const known = SERVER_ROLES.find((name) => name === role.toUpperCase());
    if (known === undefined) throw new Error(`the role must be one of ${SERVER_ROLES.join(', ')}`);
    await this.acts.grantRole(OPERATOR, await this.idOf(who), known);
  }

  /** By username, a page at a time. */
  async *list(search: string | undefined): AsyncGenerator<AccountView> {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await this.accountsList.list({
        limit: PAGE,
        ...(search === undefined ? {} : { search }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield* page.items;
      cursor = page.nextCursor;
    }
  }

  /** A code by which the account's owner sets a new password; it is kept as a hash. @throws DomainError NOT_FOUND, FORBIDDEN */
  async resetPassword(
    who: string,
    actor = OPERATOR,
    reason?: string,
  ): Promise<{ code: string; expiresAt: Date; email: string }> {
    const userId = await this.idOf(who);
    return this.database.transaction(async (transaction) => {
      const { email } = await this.acts.lockTarget(transaction, actor, userId, 'ADMIN');
      if (email === null)
        throw new DomainError('FORBIDDEN', {
          message: 'The account has no e-mail address: it does not log in by a password.',
        });
      const { code, expiresAt } = await this.auth.issueResetCode(transaction, userId);
      await this.acts.record(transaction, actor, 'user.reset_password', userId, reason);
      return { code, expiresAt, email };
    });
  }

  /** @param until null: a ban */
  async suspend(who: string, until: Date | null, reason: string): Promise<void> {
    if (reason.trim() === '' || [...reason].length > MAX_REASON_LENGTH)
      throw invalidField('reason', `reason must have 1 to ${MAX_REASON_LENGTH} characters`);
    await this.acts.suspend(OPERATOR, await this.idOf(who), until, reason);
  }

  async restore(who: string): Promise<void> {
    await this.acts.restore(OPERATOR, await this.idOf(who));
  }

  /** @returns how many */
  async endSessions(who: string): Promise<number> {
    return this.acts.endSessions(OPERATOR, await this.idOf(who));
  }

  /** Everybody has to log in again. @returns how many */
  async endAllSessions(actor = OPERATOR, reason?: string): Promise<number> {
    return this.database.transaction(async (transaction) => {
      const count = await this.sessions.endAllOfEverybody(transaction);
      await this.recordOfServer(transaction, actor, 'server.end_sessions', reason, { sessions: count });
      return count;
    });
  }

  /** For good. @throws DomainError NOT_FOUND, FORBIDDEN */
  async deleteUser(who: string, actor = OPERATOR, reason?: string): Promise<void> {
    const userId = await this.idOf(who);
    const lockTarget = async (transaction: Transaction): Promise<void> => {
      await this.acts.lockTarget(transaction, actor, userId, 'ADMIN');
    };
    // Nothing is prepared for who may not, and it is looked at again in the transaction that deletes.
    await this.database.transaction(lockTarget);
    await this.account.delete({ userId, sessionId: NO_SESSION }, undefined, undefined, {
      before: lockTarget,
      after: async (transaction) => {
        await this.sessions.raiseEndings(transaction);
        await this.acts.record(transaction, actor, 'user.delete', userId, reason);
      },
    });
  }

  /** Everything that is stored of somebody, as the text of one JSON object, piece by piece. @throws DomainError NOT_FOUND, FORBIDDEN */
  async exportUser(who: string, actor = OPERATOR): Promise<AsyncGenerator<string>> {
    const userId = await this.idOf(who);
    await this.database.transaction(async (transaction) => {
      await this.acts.lockTarget(transaction, actor, userId, 'ADMIN');
      await this.acts.record(transaction, actor, 'user.export', userId, undefined);
    });
    return this.account.export({ userId, sessionId: NO_SESSION });
  }

  count(): Promise<StatsView> {
    return this.stats.get();
  }

  /** Forgets what is due, which servers do by themselves every hour, and writes down that it was asked for. */
  async forgetWhatIsDue(actor = OPERATOR, reason?: string): Promise<void> {
    await this.sessions.deleteExpired();
    await this.auth.deleteExpired();
    await this.reports.forgetOld();
    await this.database.transaction((transaction) => this.recordOfServer(transaction, actor, 'server.vacuum', reason));
  }

  /** Forgets what is due, and begins to clean the tables that it answers. */
  async vacuum(actor: Actor, reason: string | undefined): Promise<TableDue[]> {
    await this.forgetWhatIsDue(actor, reason);
    return this.cleaning.begin();
  }

  /** Makes this database another one to every client (`renewIdentity`). The command does it without a server's services, which would send what must not be sent. */
  async afterRestore({ userId: actorId, ipAddress: ip }: Actor, reason: string | undefined): Promise<void> {
    await renewIdentity(this.configuration.databaseUrl ?? '', async (client) => {
      await this.restoreActs.run(client);
      await this.audit.recordRestore(client, { actorId, reason, ip });
    });
  }

  private recordOfServer(
    transaction: Transaction,
    { userId: actorId, ipAddress }: Actor,
    action: AuditAction,
    reason: string | undefined,
    details?: Record<string, number>,
  ): Promise<void> {
    return this.audit.record(transaction, {
      actorId,
      action,
      targetType: 'server',
      targetId: null,
      reason,
      ip: ipAddress,
      details,
    });
  }

  private async idOf(who: string): Promise<string> {
    const name = who.toLowerCase();
    if (UUID_PATTERN.test(name)) return name;
    const account = await this.accounts.credentialsOf(name.includes('@') ? { email: name } : { username: name });
    if (account === null) throw new Error(`there is nobody called ${who}`);
    return account.userId;
  }
}
