/** What a deleted user is shown as; nobody else may be called that. */
export const DELETED_USERNAME = 'deleted';

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

export interface OwnUserRow extends UserRow {
  email: string | null;
}

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
