import { Injectable } from '@nestjs/common';
import { decodeCursor, isTimeText, isUuidText, type Page, pageOf } from '../common/pagination.js';
import type { Transaction } from '../database/database.js';
import { plainIpAddress } from '../limits/ip-address-key.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditRepository } from './audit.repository.js';
import { type AuditEntryView, auditEntryView } from './audit.view.js';
import type { AuditQuery } from './dto/audit.dto.js';

/** What those who run the server did. Entries are added and read; the database refuses to change or remove one. */
@Injectable()
export class Audit {
  constructor(private readonly repository: AuditRepository) {}

  /** Within the transaction of the act: there is no act without its entry, and no entry without its act. */
  record(transaction: Transaction, entry: AuditEntry): Promise<void> {
    return this.repository.add(transaction, {
      ...entry,
      ip: entry.ip === undefined || entry.ip === null ? null : plainIpAddress(entry.ip),
    });
  }

  /** The newest first. */
  async list({ cursor, limit, ...selection }: AuditQuery): Promise<Page<AuditEntryView>> {
    const [at, id] = decodeCursor<[string, string]>(cursor, [isTimeText, isUuidText]) ?? [null, null];
    const rows = await this.repository.list(
      {
        actorId: selection.actorId ?? null,
        action: selection.action ?? null,
        targetType: selection.targetType ?? null,
        targetId: selection.targetId ?? null,
        since: selection.since ?? null,
        until: selection.until ?? null,
      },
      at,
      id,
      limit + 1,
    );
    return pageOf(rows, limit, (row) => [row.at.toISOString(), row.id], auditEntryView);
  }
}
