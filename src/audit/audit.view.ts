import { ApiProperty } from '@nestjs/swagger';
import type { AuditRow } from './audit.repository.js';

/** Something that a moderator, an administrator or an operator did (contract, section 9). */
export class AuditEntryView {
  id!: string;
  /** ISO 8601, UTC. */
  at!: string;
  /** Who did it; null for an operator at the server's machine. */
  actorId!: string | null;
  /** @example "user.suspend" */
  action!: string;
  /** @example "user" */
  targetType!: string;
  targetId!: string | null;
  /** In the actor's words. */
  reason!: string | null;
  /** The actor's IP address. */
  ip!: string | null;
  /** What else there is to say: the end of a suspension, the role that was granted. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  details!: Record<string, unknown> | null;
}

export function auditEntryView(row: AuditRow): AuditEntryView {
  const { id, at, actorId, action, targetType, targetId, reason, ip, details } = row;
  return { id, at: at.toISOString(), actorId, action, targetType, targetId, reason, ip, details };
}
