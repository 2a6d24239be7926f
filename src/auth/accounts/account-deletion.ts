import { Injectable, type OnModuleInit } from '@nestjs/common';
import { KeyedMutex } from '../../common/async/keyed-mutex.js';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { EventBus } from '../../events/event-bus.js';
import { Database, type Transaction } from '../../database/database.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { pagesById, PersonalData } from '../../users/personal-data/personal-data.js';
import { PasswordChanges } from './password-changes.js';
import { OneTimeCodes } from '../codes/one-time-codes.js';
import { Sessions } from '../sessions/sessions.js';

/** What else belongs into the transaction of a deletion, before and after all that is forgotten. */
interface Within {
  before?: (transaction: Transaction) => Promise<void>;
  after?: (transaction: Transaction) => Promise<void>;
}

/** A user's right to be forgotten (contract, section 3). */
@Injectable()
export class AccountDeletion implements OnModuleInit {
  /** By user: one deletion waits for the rows of its user, and the others for it, so that they hold no connection meanwhile. */
  private readonly turns = new KeyedMutex();

  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly passwords: PasswordChanges,
    private readonly sessions: Sessions,
    private readonly codes: OneTimeCodes,
    private readonly personalData: PersonalData,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'sessions',
      export: (userId) => pagesById((after) => this.sessions.export(userId, after)),
      erase: (transaction, userId) => this.eraseSessions(transaction, userId),
    });
  }

  /**
   * Forgets the caller: nothing personal is left, its sessions end, its friends are notified. Messages stay, under the name
   * of nobody. A crash in the middle leaves an account that can be deleted again.
   * @param password checked where it is given
   * @param within what else belongs into the transaction, before and after all that is forgotten
   * @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED; UNAUTHORIZED where it is deleted already
   */
  async delete(principal: Principal, password: string | undefined, ip?: string, within: Within = {}): Promise<void> {
    if (password !== undefined) await this.passwords.confirm(principal, password, ip);
    const announcements = await this.turns.run(principal.userId, () => this.erase(principal, within));
    for (const announce of announcements) announce();
    this.events.publish('user.changed', { userId: principal.userId, isDeleted: true });
  }

  private async erase(principal: Principal, within: Within): Promise<(() => void)[]> {
    for (const { prepare } of this.personalData.sources) await prepare?.(principal);
    return this.database.transaction(async (transaction) => {
      await within.before?.(transaction);
      if (!(await this.accounts.lock(transaction, principal.userId))) throw new DomainError('UNAUTHORIZED');
      const collected: (() => void)[] = [];
      for (const { erase } of this.personalData.sources) {
        const announce = await erase(transaction, principal.userId);
        if (announce !== undefined) collected.push(announce);
      }
      // Last: what the others wrote down they find by the name it still has.
      await this.accounts.anonymise(transaction, principal.userId);
      await within.after?.(transaction);
      return collected;
    });
  }

  private async eraseSessions(transaction: Transaction, userId: string): Promise<() => void> {
    const sessionIds = await this.sessions.deleteAllOf(transaction, userId);
    await this.codes.discardAll(transaction, userId);
    return () => this.sessions.announceEnd(userId, sessionIds, 'ACCOUNT_DELETED');
  }
}
