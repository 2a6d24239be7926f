import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { type AttachmentRow, AttachmentsService } from '../../attachments/attachments.service.js';
import { Audit } from '../../audit/audit.js';
import { Periodic } from '../../common/async/periodic.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import { decodeCursor, isUuidText, type Page, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { Database } from '../../database/database.js';
import { lockUsers } from '../../users/locked-users.js';
import { pagesById, PersonalData } from '../../users/personal-data/personal-data.js';
import { UsersService } from '../../users/users.service.js';
import type { UserView } from '../../views/users.view.js';
import type { CreateReportDto, ReportsQuery } from './dto/reports.dto.js';
import { COPY_KEPT_DAYS, filesOf, type ReportCopy } from './report.js';
import { ReportCopies } from './report-copies.js';
import { type ListedReportRow, ReportsRepository } from './reports.repository.js';
import type { ReportReceiptView, ReportView, WholeReportView } from './reports.view.js';

const SWEEP_INTERVAL_MS = 3_600_000;
const SWEEP_BATCH = 500;
const DAY_MS = 24 * 3_600_000;

/** What users report, and what moderators read of it. */
@Injectable()
export class ReportsService implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ReportsService.name);
  private readonly sweep = new Periodic(
    SWEEP_INTERVAL_MS,
    () => this.forgetOld(),
    ({ message }) => this.logger.warn(`old reports were not forgotten: ${message}`),
  );

  constructor(
    private readonly database: Database,
    private readonly repository: ReportsRepository,
    private readonly copies: ReportCopies,
    private readonly attachments: AttachmentsService,
    private readonly users: UsersService,
    private readonly personalData: PersonalData,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'reports',
      export: (userId) => pagesById((after) => this.repository.export(userId, after)),
      // What was copied of others stays as long as the report does, and so does what was reported of this user: it is evidence.
      erase: async (transaction, userId) => {
        await this.repository.forgetWordsOf(transaction, userId);
        return undefined;
      },
    });
  }

  /**
   * Once per reporter and target: as long as the first is open, it is the answer to every later one.
   * @throws DomainError NOT_FOUND, CANNOT_REPORT_SELF, MESSAGE_DELETED, FORBIDDEN
   */
  async report(
    principal: Principal,
    { targetType, targetId, reason, comment }: CreateReportDto,
  ): Promise<{ receipt: ReportReceiptView; isNew: boolean }> {
    // Whatever became of what it is about.
    const open = await this.repository.findOpen(principal.userId, targetType, targetId);
    if (open !== undefined) return { receipt: receiptOf(open), isNew: false };
    const { targetUserId, conversationId, copy } = await this.copies.of(principal, targetType, targetId);
    const { id, createdAt, isNew } = await this.database.transaction(async (transaction) => {
      // A user who is deleted at this moment leaves no words behind.
      if ((await lockUsers(transaction, [principal.userId])).size === 0) throw new DomainError('UNAUTHORIZED');
      const report = {
        id: newId(),
        reporterId: principal.userId,
        targetType,
        targetId,
        targetUserId,
        conversationId,
        reason,
        comment: comment ?? null,
      };
      const added = await this.repository.add(transaction, report, copy);
      if (added.isNew) await this.attachments.keep(transaction, added.id, filesOf(copy));
      return added;
    });
    return { receipt: receiptOf({ id, createdAt }), isNew };
  }

  /** Those that are not about the reader: the oldest first of those that are open, else the newest first. */
  async list({ userId }: Principal, { status, targetUserId, cursor, limit }: ReportsQuery): Promise<Page<ReportView>> {
    const [after] = decodeCursor<[string]>(cursor, [isUuidText]) ?? [null];
    const selection = { status: status ?? null, targetUserId: targetUserId ?? null };
    const rows = await this.repository.list(userId, selection, after, limit + 1);
    const users = await this.users.viewsOf(rows.slice(0, limit).flatMap(concerned));
    return pageOf(
      rows,
      limit,
      (row) => [row.id],
      (row) => reportView(row, users),
    );
  }

  /** What others wrote is in it, so that who reads it is written down. @throws DomainError NOT_FOUND also for one about the reader */
  async read(reader: Principal, ip: string | undefined, id: string): Promise<WholeReportView> {
    const whole = await this.whole(reader, id);
    await this.recordRead(reader, ip, id);
    return whole;
  }

  /** @throws DomainError NOT_FOUND also for one about the reader */
  async whole({ userId }: Principal, id: string): Promise<WholeReportView> {
    const row = await this.find(userId, id);
    const users = await this.users.viewsOf(concerned(row));
    return { ...reportView(row, users), copy: row.copy === null ? null : await this.copies.view(id, row.copy) };
  }

  /** A file that the copy of a report keeps. @throws DomainError NOT_FOUND also of a report about the reader */
  async file(reader: Principal, ip: string | undefined, id: string, attachmentId: string): Promise<AttachmentRow> {
    const { copy } = await this.find(reader.userId, id);
    const file = copy === null ? undefined : (await this.attachments.keptBy(id)).get(attachmentId);
    if (file === undefined) throw new DomainError('NOT_FOUND');
    await this.recordRead(reader, ip, id);
    return file;
  }

  private recordRead({ userId }: Principal, ip: string | undefined, id: string): Promise<void> {
    return this.audit.recordRead({ actorId: userId, action: 'report.read', targetType: 'report', targetId: id, ip });
  }

  /** @throws DomainError NOT_FOUND also for one about the reader */
  async find(readerId: string, id: string): Promise<ListedReportRow & { copy: ReportCopy | null }> {
    const row = await this.repository.find(readerId, id);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return row;
  }

  /** Forgets copies with their files, and what reporters wrote, of reports that were resolved long ago. Any process may do it at any time. */
  async forgetOld(): Promise<number> {
    const before = new Date(this.clock.now() - COPY_KEPT_DAYS * DAY_MS);
    let total = 0;
    for (let forgotten = SWEEP_BATCH; forgotten === SWEEP_BATCH && !this.sweep.isStopped; total += forgotten)
      forgotten = await this.database.background.transaction(async (transaction) => {
        const ids = await this.repository.forget(transaction, before, SWEEP_BATCH);
        await this.attachments.giveUpKept(transaction, ids);
        return ids.length;
      });
    if (total > 0) this.attachments.sweep();
    return total;
  }

  onApplicationBootstrap(): void {
    this.sweep.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweep.stop();
  }
}

function receiptOf({ id, createdAt }: { id: string; createdAt: Date }): ReportReceiptView {
  return { id, status: 'OPEN', createdAt: createdAt.toISOString() };
}

function concerned({ reporterId, targetUserId, resolvedBy }: ListedReportRow): string[] {
  return [reporterId, targetUserId, resolvedBy].filter((id) => id !== null);
}

function reportView(row: ListedReportRow, users: ReadonlyMap<string, UserView>): ReportView {
  const { id, status, createdAt, targetType, targetId, reason, comment, conversationId, openReportCount } = row;
  const reporter = users.get(row.reporterId);
  if (reporter === undefined) throw new Error(`report ${id} has no reporter`);
  return {
    id,
    status,
    createdAt: createdAt.toISOString(),
    targetType,
    targetId,
    reason,
    comment,
    reporter,
    targetUser: (row.targetUserId === null ? undefined : users.get(row.targetUserId)) ?? null,
    conversationId,
    openReportCount,
    resolution:
      row.action === null || row.resolvedAt === null
        ? null
        : {
            action: row.action,
            note: row.note,
            at: row.resolvedAt.toISOString(),
            by: (row.resolvedBy === null ? undefined : users.get(row.resolvedBy)) ?? null,
          },
  };
}
