import { ApiProperty } from '@nestjs/swagger';
import { SessionView } from '../../auth/sessions/session.view.js';
import { SERVER_ROLES, type ServerRole } from '../../common/access/server-role.js';
import { suspensionAt } from '../../users/accounts/suspension.js';
import { UserView, userView } from '../../views/users.view.js';
import type { AccountDetailsRow, AccountRow } from './accounts.repository.js';

/** Why and until when an account may not be used. */
export class SuspensionView {
  /** Since when: ISO 8601, UTC. */
  since!: string;
  /** ISO 8601, UTC; null until it is lifted. */
  until!: string | null;
  /** As it is shown to the suspended. */
  reason!: string | null;
}

/** An account as moderators and administrators see it. */
export class AccountView extends UserView {
  /** Null for users that came from a trusted issuer without an e-mail address. @example "ada@example.com" */
  declare email: string | null;
  /** ISO 8601, UTC. */
  emailVerifiedAt!: string | null;
  @ApiProperty({ enum: SERVER_ROLES, enumName: 'ServerRole' })
  role!: ServerRole;
  /** Null where it may be used. */
  suspension!: SuspensionView | null;
  /** When it was deleted: ISO 8601, UTC. */
  deletedAt!: string | null;
}

/** The same with what belongs to it. */
export class AccountDetailsView extends AccountView {
  /** Sessions that live. */
  sessionCount!: number;
  /** The last used of them, at most 20. */
  sessions!: SessionView[];
  /** Devices that are registered for push. */
  deviceCount!: number;
  /** Open reports about it, its messages and direct conversations with it. */
  openReportCount!: number;
  /** When a session of it was used last, or its last connection ended: ISO 8601, UTC. */
  lastUsedAt!: string | null;
}

/** By it the owner of an account sets a new password, once. */
export class ResetCodeView {
  /** Twelve digits. @example "482913067254" */
  otp!: string;
  /** ISO 8601, UTC. */
  expiresAt!: string;
  /** With it, the account is named where the code is used. @example "ada@example.com" */
  email!: string;
}

export function resetCodeView(reset: { code: string; expiresAt: Date; email: string }): ResetCodeView {
  return { otp: reset.code, expiresAt: reset.expiresAt.toISOString(), email: reset.email };
}

export function accountView(row: AccountRow, now: number): AccountView {
  const suspension = suspensionAt(row, now);
  return {
    ...userView(row),
    email: row.email,
    emailVerifiedAt: row.emailVerifiedAt?.toISOString() ?? null,
    role: row.role,
    suspension:
      suspension === undefined || row.suspendedAt === null
        ? null
        : { since: row.suspendedAt.toISOString(), ...suspension },
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}

export function accountDetailsView(
  row: AccountRow,
  details: AccountDetailsRow,
  sessions: SessionView[],
  now: number,
): AccountDetailsView {
  return {
    ...accountView(row, now),
    sessionCount: details.sessionCount,
    sessions,
    deviceCount: details.deviceCount,
    openReportCount: details.openReportCount,
    lastUsedAt: details.lastUsedAt?.toISOString() ?? null,
  };
}
