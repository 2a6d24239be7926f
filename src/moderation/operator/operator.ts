import { Injectable } from '@nestjs/common';
import { MAX_REASON_LENGTH } from '../../audit/audit-entry.js';
import { AccountDeletion } from '../../auth/accounts/account-deletion.js';
import { AccountExport } from '../../auth/accounts/account-export.js';
import { PasswordChanges } from '../../auth/accounts/password-changes.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { DomainError, invalidField } from '../../common/errors.js';
import { NIL_ID, UUID_PATTERN } from '../../common/identifier.js';
import { SERVER_ROLES } from '../../common/access/server-role.js';
import { normalEmail } from '../../common/text/visible-text.js';
import { Database, type Transaction } from '../../database/database.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { AccountsList } from '../accounts/accounts-list.js';
import type { AccountView } from '../accounts/accounts.view.js';
import { AccountActs } from '../acts/account-acts.js';
import { OPERATOR } from '../acts/actor.js';

const PAGE = 100;

/**
 * What `npm run admin` does to accounts, and administrators by the API, each by the same code. The command names people by e-mail
 * address, username or id. Each act has its entry in the audit log.
 */
@Injectable()
export class Operator {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly exports: AccountExport,
    private readonly deletion: AccountDeletion,
    private readonly passwords: PasswordChanges,
    private readonly sessions: Sessions,
    private readonly acts: AccountActs,
    private readonly accountsList: AccountsList,
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
      const { code, expiresAt } = await this.passwords.issueCode(transaction, userId);
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

  /** For good. @throws DomainError NOT_FOUND, FORBIDDEN */
  async deleteUser(who: string, actor = OPERATOR, reason?: string): Promise<void> {
    const userId = await this.idOf(who);
    const lockTarget = async (transaction: Transaction): Promise<void> => {
      await this.acts.lockTarget(transaction, actor, userId, 'ADMIN');
    };
    // Nothing is prepared for who may not, and it is looked at again in the transaction that deletes.
    await this.database.transaction(lockTarget);
    // An operator has no session.
    await this.deletion.delete({ userId, sessionId: NIL_ID }, undefined, undefined, {
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
    return this.exports.export({ userId, sessionId: NIL_ID });
  }

  private async idOf(who: string): Promise<string> {
    const name = who.toLowerCase();
    if (UUID_PATTERN.test(name)) return name;
    const account = await this.accounts.credentialsOf(
      name.includes('@') ? { email: normalEmail(who) ?? name } : { username: name },
    );
    if (account === null) throw new Error(`there is nobody called ${who}`);
    return account.userId;
  }
}
