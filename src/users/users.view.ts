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
}

/** A user as it sees itself. */
export class OwnUserView extends UserView {
  /** Null for users that came from a trusted issuer without an address. @example "ada@example.com" */
  email!: string | null;
}

/** The columns that a `UserView` is made of. */
export interface UserRow {
  id: string;
  username: string;
  displayName: string;
  avatarUrl: string | null;
  createdAt: Date;
  deletedAt?: Date | null;
}

/** The columns of a `UserRow` and an `OwnUserRow`, for statements on `users`. */
export const USER_COLUMNS = `users.id, users.username, users.display_name AS "displayName",
  users.avatar_url AS "avatarUrl", users.created_at AS "createdAt", users.deleted_at AS "deletedAt"`;

export interface OwnUserRow extends UserRow {
  email: string | null;
}

export const OWN_USER_COLUMNS = `${USER_COLUMNS}, users.email`;

/** Of a deleted user nothing is told but that it was there. */
export function userView(row: UserRow): UserView {
  const createdAt = row.createdAt.toISOString();
  if (row.deletedAt)
    return { id: row.id, username: DELETED_USERNAME, displayName: 'Deleted user', avatarUrl: null, createdAt };
  return {
    id: row.id,
    username: row.username,
    displayName: row.displayName,
    avatarUrl: row.avatarUrl,
    createdAt,
  };
}

export function ownUserView(row: OwnUserRow): OwnUserView {
  return { ...userView(row), email: row.email };
}
