import { Injectable } from '@nestjs/common';
import type { Avatar } from '../attachments/avatar.js';
import { Database, type Transaction, violatedConstraint } from '../database/database.js';
import { areBlocked, contactsShownTo, isPresenceShown } from '../relations/relations.js';
import { type OwnUserRow, type UserRow } from '../views/users.view.js';
import { IS_ONLINE, OWN_USER_COLUMNS, PRESENCE_COLUMNS, presenceColumns, USER_COLUMNS } from './user-columns.js';

/** What is changed of a profile; undefined: nothing. */
export interface ProfileChanges {
  username?: string | undefined;
  displayName?: string | undefined;
  /** The display name as it is searched. */
  foldedName?: string | undefined;
  avatar?: Avatar | undefined;
}

/** Profiles, as they are read and changed. `everyone`: presence is shown to all. */
@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  async findOwn(userId: string): Promise<OwnUserRow | undefined> {
    const [row] = await this.database.query<OwnUserRow>(
      `SELECT ${OWN_USER_COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL`,
      [userId],
    );
    return row;
  }

  /** Locks the profile until the transaction ends. */
  async lockOwn(
    transaction: Transaction,
    userId: string,
  ): Promise<(OwnUserRow & { avatarId: string | null }) | undefined> {
    const [row] = await transaction.query<OwnUserRow & { avatarId: string | null }>(
      `SELECT ${OWN_USER_COLUMNS}, avatar_id AS "avatarId" FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`,
      [userId],
    );
    return row;
  }

  /** @returns the profile as it is then; 'taken' where somebody else has the username. */
  async change(
    transaction: Transaction,
    userId: string,
    { username, displayName, foldedName, avatar }: ProfileChanges,
  ): Promise<OwnUserRow | 'taken' | undefined> {
    try {
      const [row] = await transaction.query<OwnUserRow>(
        `UPDATE users SET
           username = COALESCE($2, username),
           display_name = COALESCE($3, display_name),
           folded_name = COALESCE($4, folded_name),
           avatar_id = CASE WHEN $5 THEN $6 ELSE avatar_id END,
           avatar_url = CASE WHEN $5 THEN $7 ELSE avatar_url END
         WHERE id = $1 AND deleted_at IS NULL
         RETURNING ${OWN_USER_COLUMNS}`,
        [
          userId,
          username ?? null,
          displayName ?? null,
          foldedName ?? null,
          avatar !== undefined,
          avatar?.avatarId ?? null,
          avatar?.avatarUrl ?? null,
        ],
      );
      return row;
    } catch (error) {
      if (violatedConstraint(error) === 'users_username_key') return 'taken';
      throw error;
    }
  }

  /** The other user who is called exactly so; none across a block, whoever set it. */
  findNamed(viewerId: string, username: string, everyone: boolean): Promise<UserRow[]> {
    return this.database.reads.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${presenceColumns('$1::uuid', '$3::boolean')} FROM users
       WHERE username = $2 AND id <> $1 AND deleted_at IS NULL
         AND NOT ${areBlocked('$1::uuid', 'users.id')}`,
      [viewerId, username, everyone],
      'users_named',
    );
  }

  /**
   * Others whose username or display name begins so, by username, but for the one who is called exactly so; none across a block,
   * whoever set it.
   * @param folded the beginning, as names are searched
   * @param after the username that the page begins after
   */
  search(
    viewerId: string,
    { beginning, folded }: { beginning: string; folded: string },
    after: string,
    limit: number,
    everyone: boolean,
  ): Promise<UserRow[]> {
    return this.database.reads.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${presenceColumns('$1::uuid', '$6::boolean')} FROM users
       WHERE (username LIKE $2 OR folded_name LIKE $2 OR (folded_name IS NULL AND lower(display_name) LIKE lower($3)))
         AND username > $4 AND username <> $7
         AND id <> $1 AND deleted_at IS NULL
         AND NOT ${areBlocked('$1::uuid', 'users.id')}
       ORDER BY username LIMIT $5`,
      [viewerId, prefixPattern(folded), prefixPattern(beginning), after, limit, everyone, folded],
    );
  }

  /** All others, by username; none across a block. */
  directory(viewerId: string, after: string, limit: number, everyone: boolean): Promise<UserRow[]> {
    return this.database.reads.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${presenceColumns('$1::uuid', '$4::boolean')} FROM users
       WHERE username > $2 AND id <> $1 AND deleted_at IS NULL
         AND NOT ${areBlocked('$1::uuid', 'users.id')}
       ORDER BY username LIMIT $3`,
      [viewerId, after, limit, everyone],
      'users_directory',
    );
  }

  /** The ids of all others who are online, where presence is shown to all; none across a block. */
  async online(viewerId: string, limit: number): Promise<string[]> {
    const rows = await this.database.reads.query<{ id: string }>(
      `SELECT users.id FROM users
       WHERE id IN (SELECT user_id FROM online_users) AND deleted_at IS NULL
         AND ${isPresenceShown('$1::uuid', 'users.id', 'true')}
       LIMIT $2`,
      [viewerId, limit],
      'users_online',
    );
    return rows.map(({ id }) => id);
  }

  /**
   * The ids of those who are online and whose presence the viewer is shown by what the two share, friends first. Each is
   * looked up by its key: this costs by whom the viewer meets, and not by how many are online.
   */
  async onlineContacts(viewerId: string, limit: number): Promise<string[]> {
    const rows = await this.database.reads.query<{ id: string }>(
      `SELECT users.id FROM (${contactsShownTo('$1::uuid')}) AS users
       WHERE ${IS_ONLINE} AND NOT ${areBlocked('$1::uuid', 'users.id')}
         AND EXISTS (SELECT 1 FROM users u WHERE u.id = users.id AND u.deleted_at IS NULL OFFSET 0)
       ORDER BY users.is_friend DESC LIMIT $2`,
      [viewerId, limit],
      'users_online_contacts',
    );
    return rows.map(({ id }) => id);
  }

  /** Undefined also where that user blocked the viewer; whom the viewer blocked is still shown. */
  async findShown(viewerId: string, userId: string, everyone: boolean): Promise<UserRow | undefined> {
    const [row] = await this.database.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${presenceColumns('$1::uuid', '$3::boolean')} FROM users
       WHERE id = $2 AND deleted_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM blocked_pairs b WHERE b.user_id = $2 AND b.other_id = $1 AND b.is_blocker)`,
      [viewerId, userId, everyone],
    );
    return row;
  }

  /** With the presence, for those who are shown it. */
  async findWithPresence(userId: string): Promise<UserRow | undefined> {
    const [row] = await this.database.query<UserRow>(
      `SELECT ${USER_COLUMNS}, ${PRESENCE_COLUMNS} FROM users WHERE id = $1`,
      [userId],
      'user_with_presence',
    );
    return row;
  }

  /** Deleted ones too; ids of nobody are left out. */
  byIds(userIds: readonly string[]): Promise<UserRow[]> {
    return this.database.query<UserRow>(
      `SELECT ${USER_COLUMNS} FROM users WHERE id = ANY ($1::uuid[])`,
      [userIds],
      'users_by_ids',
    );
  }

  /** Each user for each viewer, with the presence that this one is shown by what the two share. */
  forViewers(viewerIds: readonly string[], userIds: readonly string[]): Promise<(UserRow & { viewerId: string })[]> {
    return this.database.query<UserRow & { viewerId: string }>(
      `SELECT viewer.id AS "viewerId", ${USER_COLUMNS}, ${presenceColumns('viewer.id', '$3::boolean')}
       FROM users CROSS JOIN unnest($1::uuid[]) AS viewer(id) WHERE users.id = ANY ($2::uuid[])`,
      [viewerIds, userIds, false],
      'users_for_viewers',
    );
  }

  /** Each user once, with its presence, and the viewers across a block. */
  withHiddenFrom(
    viewerIds: readonly string[],
    userIds: readonly string[],
  ): Promise<(UserRow & { hiddenFrom: string[] })[]> {
    return this.database.query<UserRow & { hiddenFrom: string[] }>(
      `SELECT ${USER_COLUMNS}, (SELECT seen.at FROM last_seen seen WHERE seen.user_id = users.id) AS "lastSeenAt",
         ${IS_ONLINE} AS "isOnline",
         ARRAY(
           SELECT b.other_id::text FROM blocked_pairs b WHERE b.user_id = users.id AND b.other_id = ANY ($1::uuid[])
         ) AS "hiddenFrom"
       FROM users WHERE users.id = ANY ($2::uuid[])`,
      [viewerIds, userIds],
      'users_shared',
    );
  }

  /** How many of these users there are not, or not any more. */
  async countMissing(userIds: readonly string[]): Promise<number> {
    const [row] = await this.database.query<{ missing: number }>(
      `SELECT count(*) AS missing FROM unnest($1::uuid[]) AS wanted(id)
       WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = wanted.id AND deleted_at IS NULL)`,
      [userIds],
      'users_exist',
    );
    return row?.missing ?? userIds.length;
  }

  /** Users whose names are not folded yet, by id. */
  namesToFold(after: string, limit: number): Promise<{ id: string; displayName: string }[]> {
    return this.database.background.query<{ id: string; displayName: string }>(
      `SELECT id, display_name AS "displayName" FROM users
       WHERE folded_name IS NULL AND deleted_at IS NULL AND id > $1 ORDER BY id LIMIT $2`,
      [after, limit],
    );
  }

  async noteFolded(names: readonly { id: string; foldedName: string }[]): Promise<void> {
    // A user that changes its name at this moment folds it itself; of one that is deleted nothing is kept.
    await this.database.background.query(
      `UPDATE users SET folded_name = folded.name
       FROM unnest($1::uuid[], $2::text[]) AS folded(id, name)
       WHERE users.id = ANY ($1) AND users.id = folded.id AND users.folded_name IS NULL AND users.deleted_at IS NULL`,
      [names.map(({ id }) => id), names.map(({ foldedName }) => foldedName)],
    );
  }

  /** What an export says of when the user was there. */
  exportPresence(userId: string): Promise<object[]> {
    return this.database.background.query<object>(
      `SELECT l.at AS "lastSeenAt", u.email_verified_at AS "emailVerifiedAt", u.role
       FROM users u LEFT JOIN last_seen l ON l.user_id = u.id WHERE u.id = $1`,
      [userId],
    );
  }

  /** The last suspension, also one that has ended by itself; none where it was lifted. */
  exportSuspension(userId: string): Promise<object[]> {
    return this.database.background.query<object>(
      `SELECT suspended_at AS "suspendedAt", suspended_until AS until, suspension_reason AS reason
       FROM users WHERE id = $1 AND suspended_at IS NOT NULL`,
      [userId],
    );
  }

  /** For good: no later departure notes it again. */
  async forgetPresence(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query('DELETE FROM presences WHERE user_id = $1', [userId]);
    await transaction.query(
      `INSERT INTO last_seen (user_id, is_forgotten) VALUES ($1, true)
       ON CONFLICT (user_id) DO UPDATE SET at = NULL, is_forgotten = true`,
      [userId],
    );
  }
}

function prefixPattern(prefix: string): string {
  return `${prefix.replace(/[\\%_]/g, '\\$&')}%`;
}
