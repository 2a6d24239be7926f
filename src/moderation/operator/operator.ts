import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import { AccountService } from '../../auth/accounts/account.service.js';
import { AuthService } from '../../auth/auth.service.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { DomainError } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { SERVER_ROLES } from '../../common/server-role.js';
import { Database } from '../../database/database.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { AccountsList } from '../accounts/accounts-list.js';
import type { AccountView } from '../accounts/accounts.view.js';
import { AccountActs } from '../acts/account-acts.js';
import type { Actor } from '../acts/actor.js';
import { ReportsService } from '../reports/reports.service.js';
import { Stats } from '../stats/stats.service.js';
import type { StatsView } from '../stats/stats.view.js';

const OPERATOR: Actor = { userId: null, ipAddress: undefined };
const PAGE = 100;
/** An operator has no session. */
const NO_SESSION = '00000000-0000-0000-0000-000000000000';

/** What `npm run admin` can do. People are named by e-mail address, username or id. Each act has its entry in the audit log. */
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

  /** A code by which the account's owner sets a new password. */
  async resetPassword(who: string): Promise<{ code: string; expiresAt: Date; email: string }> {
    const userId = await this.idOf(who);
    return this.database.transaction(async (transaction) => {
      const standing = (await this.accounts.lockStandings(transaction, userId)).get(userId);
      if (standing === undefined) throw new DomainError('NOT_FOUND');
      if (standing.email === null)
        throw new Error('this account has no e-mail address: it does not log in by a password');
      const { code, expiresAt } = await this.auth.issueResetCode(transaction, userId);
      await this.audit.record(transaction, {
        actorId: null,
        action: 'user.reset_password',
        targetType: 'user',
        targetId: userId,
      });
      return { code, expiresAt, email: standing.email };
    });
  }

  /** @param until null: a ban */
  async suspend(who: string, until: Date | null, reason: string): Promise<void> {
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
  async endAllSessions(): Promise<number> {
    return this.database.transaction(async (transaction) => {
      const count = await this.sessions.endAllOfEverybody(transaction);
      await this.audit.record(transaction, {
        actorId: null,
        action: 'server.end_sessions',
        targetType: 'server',
        targetId: null,
        details: { sessions: count },
      });
      return count;
    });
  }

  async deleteUser(who: string): Promise<void> {
    const userId = await this.idOf(who);
    await this.account.delete({ userId, sessionId: NO_SESSION }, undefined, undefined, async (transaction) => {
      await this.sessions.raiseEndings(transaction);
      await this.audit.record(transaction, {
        actorId: null,
        action: 'user.delete',
        targetType: 'user',
        targetId: userId,
      });
    });
  }

  /** Everything that is stored of somebody, as the text of one JSON object, piece by piece. */
  async exportUser(who: string): Promise<AsyncGenerator<string>> {
    const userId = await this.idOf(who);
    await this.database.transaction((transaction) =>
      this.audit.record(transaction, { actorId: null, action: 'user.export', targetType: 'user', targetId: userId }),
    );
    return this.account.export({ userId, sessionId: NO_SESSION });
  }

  count(): Promise<StatsView> {
    return this.stats.get();
  }

  /** Forgets what is due, which servers do by themselves every hour, and writes down that it was asked for. */
  async forgetWhatIsDue(): Promise<void> {
    await this.sessions.deleteExpired();
    await this.auth.deleteExpired();
    await this.reports.forgetOld();
    await this.database.transaction((transaction) =>
      this.audit.record(transaction, {
        actorId: null,
        action: 'server.vacuum',
        targetType: 'server',
        targetId: null,
      }),
    );
  }

  private async idOf(who: string): Promise<string> {
    const name = who.toLowerCase();
    if (UUID_PATTERN.test(name)) return name;
    const account = await this.accounts.credentialsOf(name.includes('@') ? { email: name } : { username: name });
    if (account === null) throw new Error(`there is nobody called ${who}`);
    return account.userId;
  }
}
