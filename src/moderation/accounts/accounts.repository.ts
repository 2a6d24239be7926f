import { Injectable } from '@nestjs/common';
import type { ServerRole } from '../../common/access/server-role.js';
import { Database } from '../../database/database.js';
import { SUSPENSION_COLUMNS, type SuspensionRow } from '../../users/accounts/suspension.js';
import { type OwnUserRow } from '../../views/users.view.js';
import { OWN_USER_COLUMNS, PRESENCE_COLUMNS } from '../../users/user-columns.js';

export interface AccountRow extends OwnUserRow, SuspensionRow {
  emailVerifiedAt: Date | null;
  role: ServerRole;
}

export interface AccountDetailsRow {
  sessionCount: number;
  deviceCount: number;
  openReportCount: number;
  lastUsedAt: Date | null;
}

export interface AccountSelection {
  /** The beginning of a username or a display name, folded; null for all. */
  folded: string | null;
  /** A whole e-mail address, lower case. */
  email: string | null;
  id: string | null;
  role: ServerRole | null;
  isSuspended: boolean | null;
}

const ACCOUNT_COLUMNS = `${OWN_USER_COLUMNS}, ${PRESENCE_COLUMNS}, users.email_verified_at AS "emailVerifiedAt", users.role,
  ${SUSPENSION_COLUMNS}`;

const IS_SUSPENDED =
  'users.suspended_at IS NOT NULL AND (users.suspended_until IS NULL OR users.suspended_until > $8::timestamptz)';

/** Accounts as those who run the server see them. */
@Injectable()
export class AccountsListRepository {
  constructor(private readonly database: Database) {}

  /** By username. Deleted ones are left out. @param after the username that the page begins after */
  list(
    { folded, email, id, role, isSuspended }: AccountSelection,
    after: string,
    limit: number,
    now: Date,
  ): Promise<AccountRow[]> {
    return this.database.reads.query<AccountRow>(
      `SELECT ${ACCOUNT_COLUMNS} FROM users
       WHERE ($1::text IS NULL OR username LIKE $1 OR folded_name LIKE $1 OR email = $2::text OR id = $3::uuid)
         AND ($4::text IS NULL OR role::text = $4) AND ($5::boolean IS NULL OR (${IS_SUSPENDED}) = $5)
         AND username > $6 AND deleted_at IS NULL
       ORDER BY username LIMIT $7`,
      [folded === null ? null : prefixPattern(folded), email, id, role, isSuspended, after, limit, now],
    );
  }

  async find(userId: string): Promise<AccountRow | undefined> {
    const [row] = await this.database.reads.query<AccountRow>(`SELECT ${ACCOUNT_COLUMNS} FROM users WHERE id = $1`, [
      userId,
    ]);
    return row;
  }

  async detailsOf(userId: string, now: Date): Promise<AccountDetailsRow> {
    const [row] = await this.database.reads.query<AccountDetailsRow>(
      `SELECT
         (SELECT count(*) FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2) AS "sessionCount",
         GREATEST(
           (SELECT max(last_used_at) FROM sessions WHERE user_id = $1), (SELECT at FROM last_seen WHERE user_id = $1)
         ) AS "lastUsedAt",
         (SELECT count(*) FROM push_devices WHERE user_id = $1) AS "deviceCount",
         (SELECT count(*) FROM reports WHERE target_user_id = $1 AND status = 'OPEN') AS "openReportCount"`,
      [userId, now],
    );
    if (row === undefined) throw new Error('a SELECT without FROM answered nothing');
    return row;
  }
}

/** Of nothing nobody's name begins with it. */
function prefixPattern(prefix: string): string {
  if (prefix === '') return '';
  return `${prefix.replace(/[\\%_]/g, '\\$&')}%`;
}
