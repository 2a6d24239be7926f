import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { decodeCursor, isTimeText, isUuidText, type Page, pageOf } from '../common/pagination.js';
import type { Principal } from '../common/access/principal.js';
import type { RestoreExecutor } from '../database/database-identity.js';
import { Database, type Transaction } from '../database/database.js';
import { plainIpAddress } from '../limits/ip-address-key.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditRepository, type AuditRow, type AuditSelection } from './audit.repository.js';
import { type AuditEntryView, auditEntryView } from './audit.view.js';
import { recordRestore } from './restore-entry.repository.js';
import { csvHeader, csvLine } from './csv.js';
import type { AuditExportQuery, AuditFilter, AuditFormat, AuditQuery } from './dto/audit.dto.js';

/** Entries that an export reads at once. */
const EXPORT_PAGE = 500;
const READ_INTERVAL_MS = 3_600_000;

/** What those who run the server did. Entries are added and read; the database refuses to change or remove one. */
@Injectable()
export class Audit {
  constructor(
    private readonly repository: AuditRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Within the transaction of the act: there is no act without its entry, and no entry without its act. */
  record(transaction: Transaction, entry: AuditEntry): Promise<void> {
    return this.repository.add(transaction, plain(entry));
  }

  /** What was read, before it is shown: one entry an hour of each reader and target. */
  recordRead(entry: Pick<AuditEntry, 'actorId' | 'action' | 'targetType' | 'targetId' | 'ip'>): Promise<void> {
    return this.repository.addUnlessSince(new Date(this.clock.now() - READ_INTERVAL_MS), plain(entry));
  }

  /** The same within the transaction that gives the database a new identity. */
  recordRestore(client: RestoreExecutor, entry: Pick<AuditEntry, 'actorId' | 'reason' | 'ip'>): Promise<void> {
    const { actorId, reason = null, ip } = entry;
    return recordRestore(client, { actorId, reason, ip: ip === undefined || ip === null ? null : plainIpAddress(ip) });
  }

  /** The newest first. */
  async list({ cursor, limit, ...selection }: AuditQuery): Promise<Page<AuditEntryView>> {
    const [at, id] = decodeCursor<[string, string]>(cursor, [isTimeText, isUuidText]) ?? [null, null];
    const rows = await this.repository.list(selected(selection), at, id, limit + 1);
    return pageOf(rows, limit, (row) => [row.at.toISOString(), row.id], auditEntryView);
  }

  /** All of a selection as a file, the newest first, line by line; it has an entry of its own. */
  async export(
    { userId }: Principal,
    { format, ...filter }: AuditExportQuery,
    ip: string | undefined,
  ): Promise<AsyncGenerator<string>> {
    await this.database.transaction((transaction) =>
      this.record(transaction, {
        actorId: userId,
        action: 'audit.export',
        targetType: 'server',
        targetId: null,
        ip,
        details: { format, ...filter },
      }),
    );
    return this.lines(format, selected(filter));
  }

  /** A page at a time, each behind what was taken of the one before. */
  private async *lines(format: AuditFormat, selection: AuditSelection): AsyncGenerator<string> {
    if (format === 'csv') yield csvHeader();
    for (let last: AuditRow | undefined, isFirst = true; isFirst || last !== undefined; isFirst = false) {
      const rows = await this.repository.list(selection, last?.at.toISOString() ?? null, last?.id ?? null, EXPORT_PAGE);
      const views = rows.map(auditEntryView);
      if (views.length > 0)
        yield views.map((view) => (format === 'csv' ? csvLine(view) : `${JSON.stringify(view)}\n`)).join('');
      last = rows.length === EXPORT_PAGE ? rows.at(-1) : undefined;
    }
  }
}

function plain(entry: AuditEntry): AuditEntry {
  return { ...entry, ip: entry.ip === undefined || entry.ip === null ? null : plainIpAddress(entry.ip) };
}

function selected(filter: AuditFilter): AuditSelection {
  return {
    actorId: filter.actorId ?? null,
    action: filter.action ?? null,
    targetType: filter.targetType ?? null,
    targetId: filter.targetId ?? null,
    since: filter.since ?? null,
    until: filter.until ?? null,
  };
}
