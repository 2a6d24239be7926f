import { DomainError, type SuspensionDetails } from '../../common/errors.js';

/** What a user's row says of its suspension. */
export interface SuspensionRow {
  /** Null: it never was, or it was lifted. */
  suspendedAt: Date | null;
  /** Null with `suspendedAt`: until it is lifted. */
  suspendedUntil: Date | null;
  suspensionReason: string | null;
}

/** The columns of a `SuspensionRow`, for statements on `users`. */
export const SUSPENSION_COLUMNS = `users.suspended_at AS "suspendedAt", users.suspended_until AS "suspendedUntil",
  users.suspension_reason AS "suspensionReason"`;

/** The suspension that holds at this moment; undefined where there is none, or its time is over. */
export function suspensionAt(row: SuspensionRow | undefined, now: number): SuspensionDetails | undefined {
  if (row === undefined || row.suspendedAt === null) return undefined;
  if (row.suspendedUntil !== null && row.suspendedUntil.getTime() <= now) return undefined;
  return { until: row.suspendedUntil?.toISOString() ?? null, reason: row.suspensionReason };
}

export function accountSuspended(suspension: SuspensionDetails): DomainError {
  return new DomainError('ACCOUNT_SUSPENDED', { message: 'The account is suspended.', suspension });
}
