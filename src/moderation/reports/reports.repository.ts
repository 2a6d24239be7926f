import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../../database/database.js';
import { EXPORT_PAGE } from '../../users/personal-data/personal-data.js';
import type { ReportAction, ReportCopy, ReportReason, ReportStatus, ReportTarget } from './report.js';

export interface ReportRow {
  id: string;
  reporterId: string;
  targetType: ReportTarget;
  targetId: string;
  targetUserId: string | null;
  conversationId: string | null;
  reason: ReportReason;
  comment: string | null;
  status: ReportStatus;
  createdAt: Date;
  resolvedAt: Date | null;
  resolvedBy: string | null;
  action: ReportAction | null;
  note: string | null;
}

export interface ListedReportRow extends ReportRow {
  /** Open reports of the same, this one included. */
  openReportCount: number;
}

export type NewReport = Pick<
  ReportRow,
  'id' | 'reporterId' | 'targetType' | 'targetId' | 'targetUserId' | 'conversationId' | 'reason' | 'comment'
>;

const COLUMNS = `r.id, r.reporter_id AS "reporterId", r.target_type AS "targetType", r.target_id AS "targetId",
  r.target_user_id AS "targetUserId", r.conversation_id AS "conversationId", r.reason, r.comment, r.status,
  r.created_at AS "createdAt", r.resolved_at AS "resolvedAt", r.resolved_by AS "resolvedBy", r.action, r.note`;

const OPEN_COUNT = `(SELECT count(*) FROM reports o
  WHERE o.target_type = r.target_type AND o.target_id = r.target_id AND o.status = 'OPEN') AS "openReportCount"`;

/**
 * Reports that are not about the reader: who is reported is shown neither the report nor its reporter, whatever role it has. A
 * group's owner and admins are what a report of it is about.
 */
const NOT_ABOUT_READER = `r.target_user_id IS DISTINCT FROM $1::uuid AND NOT (r.target_type = 'conversation' AND EXISTS (
  SELECT 1 FROM conversation_members m
  WHERE m.conversation_id = r.target_id AND m.user_id = $1 AND m.left_at IS NULL AND m.role <> 'MEMBER'))`;

@Injectable()
export class ReportsRepository {
  constructor(private readonly database: Database) {}

  /** The open report of this reporter about this, by whichever of two callers at once made it; `isNew` where this one did. */
  async add(
    transaction: Transaction,
    report: NewReport,
    copy: ReportCopy,
  ): Promise<{ id: string; createdAt: Date; isNew: boolean }> {
    for (;;) {
      const [added] = await transaction.query<{ id: string; createdAt: Date }>(
        `INSERT INTO reports (id, reporter_id, target_type, target_id, target_user_id, conversation_id, reason, comment, copy)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb)
         ON CONFLICT (reporter_id, target_type, target_id) WHERE status = 'OPEN' DO NOTHING
         RETURNING id, created_at AS "createdAt"`,
        [
          report.id,
          report.reporterId,
          report.targetType,
          report.targetId,
          report.targetUserId,
          report.conversationId,
          report.reason,
          report.comment,
          JSON.stringify(copy),
        ],
      );
      if (added !== undefined) return { ...added, isNew: true };
      const known = await this.findOpen(report.reporterId, report.targetType, report.targetId, transaction);
      // Where it was resolved between the two statements, it is made anew.
      if (known !== undefined) return { ...known, isNew: false };
    }
  }

  async findOpen(
    reporterId: string,
    targetType: ReportTarget,
    targetId: string,
    executor: Transaction | Database = this.database,
  ): Promise<{ id: string; createdAt: Date } | undefined> {
    const [row] = await executor.query<{ id: string; createdAt: Date }>(
      `SELECT id, created_at AS "createdAt" FROM reports
       WHERE reporter_id = $1 AND target_type = $2 AND target_id = $3 AND status = 'OPEN'`,
      [reporterId, targetType, targetId],
    );
    return row;
  }

  /** Whether these two have, or had, a conversation of their own, or are in a group together. False of who was deleted. */
  async haveMet(userId: string, otherId: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT 1 FROM users u WHERE u.id = $2 AND u.deleted_at IS NULL AND (
         EXISTS (
           SELECT 1 FROM conversations c WHERE c.low_id = LEAST($1::uuid, u.id) AND c.high_id = GREATEST($1::uuid, u.id)
         ) OR EXISTS (
           SELECT 1 FROM conversation_members own
           CROSS JOIN LATERAL (
             SELECT 1 FROM conversation_members m
             WHERE m.conversation_id = own.conversation_id AND m.user_id = u.id AND m.left_at IS NULL OFFSET 0
           ) AS other
           WHERE own.user_id = $1 AND own.left_at IS NULL
         ))`,
      [userId, otherId],
      'report_have_met',
    );
    return rows.length > 0;
  }

  /** The oldest first of those that wait, the newest first of all others. @param after the id that the page begins after */
  list(
    readerId: string,
    { status, targetUserId }: { status: ReportStatus | null; targetUserId: string | null },
    after: string | null,
    limit: number,
  ): Promise<ListedReportRow[]> {
    const isQueue = status === 'OPEN';
    return this.database.reads.query<ListedReportRow>(
      `SELECT ${COLUMNS}, ${OPEN_COUNT} FROM reports r
       WHERE ${NOT_ABOUT_READER} AND ($2::text IS NULL OR r.status = $2) AND ($3::uuid IS NULL OR r.target_user_id = $3)
         AND ($4::uuid IS NULL OR r.id ${isQueue ? '>' : '<'} $4)
       ORDER BY r.id ${isQueue ? 'ASC' : 'DESC'} LIMIT $5`,
      [readerId, status, targetUserId, after, limit],
    );
  }

  async find(readerId: string, id: string): Promise<(ListedReportRow & { copy: ReportCopy | null }) | undefined> {
    const [row] = await this.database.reads.query<ListedReportRow & { copy: ReportCopy | null }>(
      `SELECT ${COLUMNS}, ${OPEN_COUNT}, r.copy FROM reports r WHERE ${NOT_ABOUT_READER} AND r.id = $2`,
      [readerId, id],
    );
    return row;
  }

  /** Whether it is open still, under its lock until the transaction ends. */
  async lockOpen(transaction: Transaction, id: string): Promise<boolean> {
    const rows = await transaction.query("SELECT 1 FROM reports WHERE id = $1 AND status = 'OPEN' FOR UPDATE", [id]);
    return rows.length > 0;
  }

  /** @returns how many it resolved */
  async resolve(
    transaction: Transaction,
    ids: readonly string[],
    resolution: { status: ReportStatus; by: string; action: ReportAction; note: string | null; at: Date },
  ): Promise<void> {
    await transaction.query(
      `UPDATE reports SET status = $2, resolved_by = $3, action = $4, note = $5, resolved_at = $6 WHERE id = ANY ($1::uuid[])`,
      [ids, resolution.status, resolution.by, resolution.action, resolution.note, resolution.at],
    );
  }

  /** The other open reports of the same, locked in the order of their ids. */
  async lockOthers(transaction: Transaction, { id, targetType, targetId }: ReportRow): Promise<string[]> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT id FROM reports WHERE target_type = $2 AND target_id = $3 AND status = 'OPEN' AND id <> $1
       ORDER BY id FOR UPDATE SKIP LOCKED`,
      [id, targetType, targetId],
    );
    return rows.map((row) => row.id);
  }

  /** Copies, and words of reporters, that are kept no longer; at most `limit`. @returns which */
  async forget(transaction: Transaction, resolvedBefore: Date, limit: number): Promise<string[]> {
    const rows = await transaction.query<{ id: string }>(
      `UPDATE reports SET copy = NULL, comment = NULL WHERE id IN (
         SELECT id FROM reports WHERE resolved_at < $1 AND copy IS NOT NULL LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING id`,
      [resolvedBefore, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** A page of an export: what the user reported, without what others wrote. */
  export(reporterId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT id, target_type AS "targetType", target_id AS "targetId", reason, comment, status, created_at AS "createdAt",
         resolved_at AS "resolvedAt"
       FROM reports WHERE reporter_id = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [reporterId, after],
    );
  }

  async forgetWordsOf(transaction: Transaction, reporterId: string): Promise<void> {
    await transaction.query('UPDATE reports SET comment = NULL WHERE reporter_id = $1 AND comment IS NOT NULL', [
      reporterId,
    ]);
  }
}
