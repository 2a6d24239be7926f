import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import { Clock } from '../../common/clock.js';
import { DomainError, invalidField } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { Database, type Transaction } from '../../database/database.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { AccountActs, type Announce } from '../acts/account-acts.js';
import { type Actor, requireMayAct, requireModerator } from '../acts/actor.js';
import { MessageActs } from '../acts/message-acts.js';
import type { ResolveReportDto } from './dto/reports.dto.js';
import { type ListedReportRow, ReportsRepository } from './reports.repository.js';
import { ReportsService } from './reports.service.js';

/** Decides reports: what is done, the reports that it settles and the entries in the audit log are one transaction. */
@Injectable()
export class ReportResolutions {
  constructor(
    private readonly database: Database,
    private readonly reports: ReportsService,
    private readonly repository: ReportsRepository,
    private readonly accounts: Accounts,
    private readonly accountActs: AccountActs,
    private readonly messageActs: MessageActs,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * What acts settles all open reports of the same; a dismissal this one alone. A suspended user is shown the category of the
   * report and nothing of what its reporter or the moderator wrote.
   * @throws DomainError NOT_FOUND, FORBIDDEN, REPORT_RESOLVED, VALIDATION_FAILED (`action`, `until`)
   */
  async resolve(
    { userId }: Principal,
    ipAddress: string | undefined,
    id: string,
    resolution: ResolveReportDto,
  ): Promise<void> {
    const actor = { userId, ipAddress };
    const report = await this.reports.find(userId, id);
    const until = this.checked(report, resolution);
    const announce = await this.database.transaction(async (transaction) => {
      // Users first, as in every act.
      const ids = report.targetUserId === null ? [userId] : [userId, report.targetUserId];
      const standings = await this.accounts.lockStandings(transaction, ...ids);
      const standing = standings.get(userId);
      requireModerator(standing, this.clock.now());
      const target = report.targetUserId === null ? undefined : standings.get(report.targetUserId);
      // Also of a dismissal: no moderator decides about another. Of a user who has gone, all but acts upon it is decided.
      const needsTarget = resolution.action === 'suspend_user' || resolution.action === 'ban_user';
      if (target !== undefined || needsTarget) requireMayAct(actor, standing, target, this.clock.now());
      if (!(await this.repository.lockOpen(transaction, id))) throw new DomainError('REPORT_RESOLVED');
      const after = await this.act(transaction, actor, report, resolution, until);
      await this.settle(transaction, actor, report, resolution);
      return after;
    });
    announce?.();
  }

  /** What fits this report. Answers the end of a suspension. */
  private checked(report: ListedReportRow, { action, until }: ResolveReportDto): Date | null {
    if (action === 'delete_message' && report.targetType !== 'message')
      throw invalidField('action', 'only a report of a message can be resolved by deleting it');
    if ((action === 'suspend_user' || action === 'ban_user') && report.targetUserId === null)
      throw invalidField('action', 'a report of a group is about no single user');
    if ((action === 'suspend_user') !== (until !== undefined))
      throw invalidField('until', 'until is required with suspend_user, and with nothing else');
    const end = until === undefined ? null : new Date(until);
    this.accountActs.requireFuture(end);
    return end;
  }

  private async act(
    transaction: Transaction,
    actor: Actor,
    report: ListedReportRow,
    { action }: ResolveReportDto,
    until: Date | null,
  ): Promise<Announce | undefined> {
    switch (action) {
      case 'dismiss':
        return undefined;
      case 'delete_message':
        return this.messageActs.deleteWithin(transaction, actor, report.targetId, report.reason);
      case 'suspend_user':
      case 'ban_user':
        return this.accountActs.suspendWithin(transaction, actor, report.targetUserId ?? '', until, report.reason);
    }
  }

  private async settle(
    transaction: Transaction,
    { userId, ipAddress }: Actor,
    report: ListedReportRow,
    { action, note }: ResolveReportDto,
  ): Promise<void> {
    const isDismissed = action === 'dismiss';
    const others = isDismissed ? [] : await this.repository.lockOthers(transaction, report);
    await this.repository.resolve(transaction, [report.id, ...others], {
      status: isDismissed ? 'DISMISSED' : 'RESOLVED',
      by: userId ?? '',
      action,
      note: note ?? null,
      at: new Date(this.clock.now()),
    });
    await this.audit.record(transaction, {
      actorId: userId,
      action: isDismissed ? 'report.dismiss' : 'report.resolve',
      targetType: 'report',
      targetId: report.id,
      reason: note,
      ip: ipAddress,
      details: { action, settled: others.length + 1 },
    });
  }
}
