import { Injectable } from '@nestjs/common';
import { newId } from '../common/identifier.js';
import { Database, type Transaction } from '../database/database.js';
import type { AuditEntry } from './audit-entry.js';

export interface AuditRow {
  id: string;
  at: Date;
  actorId: string | null;
  action: string;
  targetType: string;
  targetId: string | null;
  reason: string | null;
  ip: string | null;
  details: Record<string, unknown> | null;
}

/** What the entries of a list have in common; null: whatever there is. */
export interface AuditSelection {
  actorId: string | null;
  action: string | null;
  targetType: string | null;
  targetId: string | null;
  since: string | null;
  until: string | null;
}

@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async add(transaction: Transaction, entry: AuditEntry): Promise<void> {
    await transaction.query(
      `INSERT INTO audit_log (id, actor_id, action, target_type, target_id, reason, ip, details)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)`,
      [
        newId(),
        entry.actorId,
        entry.action,
        entry.targetType,
        entry.targetId,
        entry.reason ?? null,
        entry.ip ?? null,
        entry.details === undefined ? null : JSON.stringify(entry.details),
      ],
    );
  }

  /** Unless the same actor has one of the same act and target since then. */
  async addUnlessSince(since: Date, entry: AuditEntry): Promise<void> {
    await this.database.query(
      `INSERT INTO audit_log (id, actor_id, action, target_type, target_id, ip)
       SELECT $1, $2::uuid, $3::text, $4, $5::uuid, $6
       WHERE NOT EXISTS (SELECT 1 FROM audit_log WHERE actor_id = $2 AND action = $3 AND target_id = $5 AND at > $7)`,
      [newId(), entry.actorId, entry.action, entry.targetType, entry.targetId, entry.ip ?? null, since],
    );
  }

  /** The newest first. @param before the page begins below it and `beforeId`; null for the first page */
  list(
    { actorId, action, targetType, targetId, since, until }: AuditSelection,
    before: string | null,
    beforeId: string | null,
    limit: number,
  ): Promise<AuditRow[]> {
    return this.database.reads.query<AuditRow>(
      `SELECT id, at, actor_id AS "actorId", action, target_type AS "targetType", target_id AS "targetId", reason, ip, details
       FROM audit_log
       WHERE ($1::uuid IS NULL OR actor_id = $1) AND ($2::text IS NULL OR action = $2)
         AND ($3::text IS NULL OR target_type = $3) AND ($4::uuid IS NULL OR target_id = $4)
         AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
         AND ($7::timestamptz IS NULL OR (at, id) < ($7, $8::uuid))
       ORDER BY at DESC, id DESC LIMIT $9`,
      [actorId, action, targetType, targetId, since, until, before, beforeId, limit],
    );
  }
}
