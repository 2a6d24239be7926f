import { shownAvatar } from '../attachments/avatar.js';
import { isPresenceShown } from '../relations/relations.js';
import { DELETED_USERNAME } from './usernames.js';

/** A user as others see it (contract, section 3). */
export class UserView {
  /** @example "0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11" */
  id!: string;
  /** @example "ada" */
  username!: string;
  /** @example "Ada Lovelace" */
  displayName!: string;
  avatarUrl!: string | null;
  /** ISO 8601, UTC. @example "2026-11-20T09:30:00.000Z" */
  createdAt!: string;
  /** Whether the user has a live connection; only for those whom its presence is shown to. */
  isOnline?: boolean;
  /** When it was online last before now: ISO 8601, UTC; only for those whom its presence is shown to. */
  lastSeenAt?: string | null;
  /** Only for oneself: null for users that came from a trusted issuer without an e-mail address. @example "ada@example.com" */
  email?: string | null;
}

/** A user as it sees itself. */
export class OwnUserView extends UserView {
  /** Null for users that came from a trusted issuer without an e-mail address. @example "ada@example.com" */
  declare email: string | null;
}

/** The columns that a `UserView` is made of. */
export interface UserRow {
  id: string;
  username: string;
  displayName: string;
  avatarUrl: string | null;
  createdAt: Date;
  deletedAt?: Date | null;
  /** Null where the viewer is not shown it. */
  isOnline?: boolean | null;
  lastSeenAt?: Date | null;
}

/** The columns of a `UserRow` and an `OwnUserRow`, for statements on `users`. */
export const USER_COLUMNS = `users.id, users.username, users.display_name AS "displayName",
  ${shownAvatar('users')} AS "avatarUrl", users.created_at AS "createdAt", users.deleted_at AS "deletedAt"`;

/** Looked up by its key (`OFFSET 0`), so that nobody's page reads all who are online. */
export const IS_ONLINE = 'EXISTS (SELECT 1 FROM online_users o WHERE o.user_id = users.id OFFSET 0)';

/**
 * Columns of a `UserRow` for its presence: null unless `viewer`, an SQL expression, is shown it (contract, section 3).
 * @param everyone an SQL expression: true skips the look at what the two share.
 */
export function presenceColumns(viewer: string, everyone: string): string {
  return `CASE WHEN ${isPresenceShown(viewer, 'users.id', everyone)}
    THEN ${IS_ONLINE} END AS "isOnline",
    (SELECT seen.at FROM last_seen seen WHERE seen.user_id = users.id) AS "lastSeenAt"`;
}

/** The same for whoever is shown it. */
export const PRESENCE_COLUMNS = `
  ${IS_ONLINE} AS "isOnline",
  (SELECT seen.at FROM last_seen seen WHERE seen.user_id = users.id) AS "lastSeenAt"`;

export interface OwnUserRow extends UserRow {
  email: string | null;
}

export const OWN_USER_COLUMNS = `${USER_COLUMNS}, users.email`;

/** A deleted user is shown only as having been there, and as offline: there is no other event for that they have gone. */
export function userView(row: UserRow): UserView {
  const createdAt = row.createdAt.toISOString();
  if (row.deletedAt)
    return {
      id: row.id,
      username: DELETED_USERNAME,
      displayName: 'Deleted user',
      avatarUrl: null,
      createdAt,
      isOnline: false,
      lastSeenAt: null,
    };
  return {
    id: row.id,
    username: row.username,
    displayName: row.displayName,
    avatarUrl: row.avatarUrl,
    createdAt,
    ...(typeof row.isOnline === 'boolean'
      ? { isOnline: row.isOnline, lastSeenAt: row.lastSeenAt?.toISOString() ?? null }
      : {}),
  };
}

export function ownUserView(row: OwnUserRow): OwnUserView {
  return { ...userView(row), email: row.email };
}
