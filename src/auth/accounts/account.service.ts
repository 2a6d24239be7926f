import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { EventBus } from '../../events/event-bus.js';
import { Database, type Transaction } from '../../database/database.js';
import { HeavyQueries } from '../../limits/reads/heavy-queries.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { pagesById, PersonalData } from '../../users/personal-data/personal-data.js';
import { UsersService } from '../../users/users.service.js';
import { PasswordChanges } from './password-changes.js';
import { OneTimeCodes } from '../codes/one-time-codes.js';
import { Sessions } from '../sessions/sessions.js';

/** A user's right to a copy of everything, and to be forgotten (contract, section 3). */
@Injectable()
export class AccountService implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly users: UsersService,
    private readonly accounts: Accounts,
    private readonly passwords: PasswordChanges,
    private readonly sessions: Sessions,
    private readonly codes: OneTimeCodes,
    private readonly personalData: PersonalData,
    private readonly heavyQueries: HeavyQueries,
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
   * Everything that is stored of the caller, as the text of one JSON object, piece by piece. Read page by page and not as
   * of one moment.
   */
  async export(principal: Principal): Promise<AsyncGenerator<string>> {
    return this.pieces(principal, await this.users.requireOwn(principal));
  }

  private async *pieces(principal: Principal, profile: object): AsyncGenerator<string> {
    yield `{"exportedAt":${JSON.stringify(new Date(this.clock.now()).toISOString())},"profile":${JSON.stringify(profile)}`;
    for (const { name, export: pages } of this.personalData.sources) {
      yield `,${JSON.stringify(name)}:[`;
      let isFirst = true;
      for await (const page of this.inTurns(principal.userId, pages(principal.userId))) {
        yield `${isFirst ? '' : ','}${page.map((item) => JSON.stringify(item)).join(',')}`;
        isFirst = false;
      }
      yield ']';
    }
    yield '}\n';
  }

  /** Each page is read in its turn: who takes them slowly holds nothing meanwhile. */
  private async *inTurns<Page>(userId: string, pages: AsyncIterable<Page>): AsyncGenerator<Page> {
    const iterator = pages[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.heavyQueries.runInBackground(userId, () => iterator.next());
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  /**
   * Forgets the caller: nothing personal is left, its sessions end, its friends are notified. Messages stay, under the name
   * of nobody. A crash in the middle leaves an account that can be deleted again.
   * @param password checked where it is given
   * @param within what else belongs into the transaction, before and after all that is forgotten
   * @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED; UNAUTHORIZED where it is deleted already
   */
  async delete(
    principal: Principal,
    password: string | undefined,
    ip?: string,
    within: {
      before?: (transaction: Transaction) => Promise<void>;
      after?: (transaction: Transaction) => Promise<void>;
    } = {},
  ): Promise<void> {
    if (password !== undefined) await this.passwords.confirm(principal, password, ip);
    for (const { prepare } of this.personalData.sources) await prepare?.(principal);
    const announcements = await this.database.transaction(async (transaction) => {
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
    for (const announce of announcements) announce();
    this.events.publish('user.changed', { userId: principal.userId, isDeleted: true });
  }

  private async eraseSessions(transaction: Transaction, userId: string): Promise<() => void> {
    const sessionIds = await this.sessions.deleteAllOf(transaction, userId);
    await this.codes.discardAll(transaction, userId);
    return () => this.sessions.announceEnd(userId, sessionIds, 'ACCOUNT_DELETED');
  }
}
