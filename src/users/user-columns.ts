import { shownAvatar } from '../attachments/avatar.js';
import { isPresenceShown } from '../relations/relations.js';

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

export const OWN_USER_COLUMNS = `${USER_COLUMNS}, users.email`;
