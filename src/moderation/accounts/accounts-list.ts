import { Injectable } from '@nestjs/common';
import { Sessions } from '../../auth/sessions/sessions.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import { decodeCursor, isShortText, type Page, pageOf } from '../../common/pagination.js';
import { foldText } from '../../common/text/fold-text.js';
import { normalEmail } from '../../common/text/visible-text.js';
import { AccountsListRepository } from './accounts.repository.js';
import { type AccountDetailsView, accountDetailsView, type AccountView, accountView } from './accounts.view.js';
import type { AccountsQuery } from './dto/accounts.dto.js';

/** Sessions that are shown with an account. */
const MAX_SESSIONS_SHOWN = 20;

/** Accounts as those who run the server see them. */
@Injectable()
export class AccountsList {
  constructor(
    private readonly repository: AccountsListRepository,
    private readonly sessions: Sessions,
    private readonly clock: Clock,
  ) {}

  /** By username. */
  async list({ search, role, suspended, cursor, limit }: AccountsQuery): Promise<Page<AccountView>> {
    const [after] = decodeCursor<[string]>(cursor, [isShortText]) ?? [''];
    const now = this.clock.now();
    const rows = await this.repository.list(
      {
        // Of what folds to nothing there is nobody; it may still be an e-mail address.
        folded: search === undefined ? null : foldText(search),
        email: search === undefined ? null : (normalEmail(search) ?? search.toLowerCase()),
        id: search !== undefined && UUID_PATTERN.test(search) ? search.toLowerCase() : null,
        role: role ?? null,
        isSuspended: suspended ?? null,
      },
      after,
      limit + 1,
      new Date(now),
    );
    return pageOf(
      rows,
      limit,
      (row) => [row.username],
      (row) => accountView(row, now),
    );
  }

  /**
   * One, deleted or not, with what belongs to it. Nobody learns from its own account that it was reported.
   * @throws DomainError NOT_FOUND
   */
  async get(userId: string, readerId: string): Promise<AccountDetailsView> {
    const row = await this.repository.find(userId);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    const now = this.clock.now();
    const [details, { items }] = await Promise.all([
      this.repository.detailsOf(userId, new Date(now)),
      this.sessions.list({ userId, sessionId: '' }, { limit: MAX_SESSIONS_SHOWN }),
    ]);
    const shown = userId === readerId ? { ...details, openReportCount: 0 } : details;
    return accountDetailsView(row, shown, items, now);
  }
}
