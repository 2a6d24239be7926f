import { Injectable } from '@nestjs/common';
import { newId } from '../../common/identifier.js';
import type { ServerRole } from '../../common/access/server-role.js';
import { foldText } from '../../common/text/fold-text.js';
import { Database, type SqlExecutor, type Transaction, violatedConstraint } from '../../database/database.js';
import { SUSPENSION_COLUMNS, type SuspensionRow } from './suspension.js';
import { type OwnUserRow } from '../../views/users.view.js';
import { OWN_USER_COLUMNS } from '../user-columns.js';

/** Somebody whose e-mail address is proved, or needs no proof. */
export interface NewAccount {
  /** Where it was given to somebody already. */
  id?: string;
  createdAt?: Date;
  /** Lower case. */
  email: string;
  passwordHash: string;
  /** Lower case; derived from the e-mail address where there is none. */
  username?: string | undefined;
  /** The username where there is none. */
  displayName?: string | undefined;
}

export interface Credentials {
  userId: string;
  /** Null for users that can only come from a trusted issuer. */
  passwordHash: string | null;
}

/** What decides whether one may act upon another. */
export interface Standing extends SuspensionRow {
  id: string;
  role: ServerRole;
  email: string | null;
}

/** What users log in with, and their beginning and end. */
@Injectable()
export class AccountsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Undefined where the username is taken, 'emailTaken' where the e-mail address is: waits for whoever is taking it at this
   * moment. A username that is taken harms no transaction.
   */
  async add(
    transaction: Transaction,
    account: NewAccount,
    username: string,
  ): Promise<OwnUserRow | 'emailTaken' | undefined> {
    const displayName = account.displayName ?? username;
    try {
      const [row] = await transaction.query<OwnUserRow>(
        `INSERT INTO users (id, email, username, display_name, password_hash, email_verified_at, created_at, folded_name)
         VALUES ($1, $2, $3, $4, $5, now(), COALESCE($6, now()), $7)
         ON CONFLICT (username) DO NOTHING
         RETURNING ${OWN_USER_COLUMNS}`,
        [
          account.id ?? newId(),
          account.email,
          username,
          displayName,
          account.passwordHash,
          account.createdAt ?? null,
          foldText(displayName),
        ],
      );
      return row;
    } catch (error) {
      if (violatedConstraint(error) === 'users_email_key') return 'emailTaken';
      throw error;
    }
  }

  /** Without a password. Undefined where the username or the e-mail address is taken. */
  async addExternal(
    transaction: Transaction,
    user: { email: string | null; username: string; displayName: string; avatarUrl: string | null },
  ): Promise<string | undefined> {
    const [row] = await transaction.query<{ id: string }>(
      `INSERT INTO users (id, email, email_verified_at, username, display_name, avatar_url, folded_name)
       VALUES ($1, $2, CASE WHEN $2::text IS NULL THEN NULL ELSE now() END, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING RETURNING id`,
      [newId(), user.email, user.username, user.displayName, user.avatarUrl, foldText(user.displayName)],
    );
    return row?.id;
  }

  async isEmailTaken(email: string, executor: SqlExecutor = this.database): Promise<boolean> {
    return (await executor.query('SELECT 1 FROM users WHERE email = $1', [email])).length > 0;
  }

  async isUsernameTaken(username: string): Promise<boolean> {
    return (await this.database.query('SELECT 1 FROM users WHERE username = $1', [username])).length > 0;
  }

  async credentialsOf(by: { email: string } | { username: string }): Promise<Credentials | null> {
    const [column, value] = 'email' in by ? ['email', by.email] : ['username', by.username];
    const [row] = await this.database.query<Credentials>(
      `SELECT id AS "userId", password_hash AS "passwordHash"
       FROM users WHERE ${column} = $1 AND deleted_at IS NULL`,
      [value],
    );
    return row ?? null;
  }

  async credentialsOfUser(userId: string): Promise<Credentials | null> {
    const [row] = await this.database.query<Credentials>(
      `SELECT id AS "userId", password_hash AS "passwordHash"
       FROM users WHERE id = $1 AND deleted_at IS NULL`,
      [userId],
    );
    return row ?? null;
  }

  async roleOf(userId: string): Promise<ServerRole | undefined> {
    const [row] = await this.database.query<{ role: ServerRole }>(
      'SELECT role FROM users WHERE id = $1 AND deleted_at IS NULL',
      [userId],
    );
    return row?.role;
  }

  /**
   * Keeps the password, and whether the account is suspended, as they are until the transaction ends. Undefined where the
   * password is another one.
   */
  async holdPassword(
    transaction: Transaction,
    { userId, passwordHash }: Credentials,
  ): Promise<SuspensionRow | undefined> {
    const [row] = await transaction.query<SuspensionRow>(
      `SELECT ${SUSPENSION_COLUMNS} FROM users WHERE id = $1 AND password_hash = $2 AND deleted_at IS NULL FOR SHARE`,
      [userId, passwordHash],
    );
    return row;
  }

  /** Keeps them as they are until the transaction ends, but those that were deleted; the lower id is locked first. */
  holdSuspensions(transaction: Transaction, userIds: readonly string[]): Promise<SuspensionRow[]> {
    return transaction.query<SuspensionRow>(
      `SELECT ${SUSPENSION_COLUMNS} FROM users WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR SHARE`,
      [userIds],
    );
  }

  /** Those among these users who are suspended, or were. */
  suspensionsOf(userIds: readonly string[]): Promise<(SuspensionRow & { id: string })[]> {
    return this.database.query<SuspensionRow & { id: string }>(
      `SELECT users.id, ${SUSPENSION_COLUMNS} FROM users WHERE id = ANY ($1::uuid[]) AND suspended_at IS NOT NULL`,
      [userIds],
    );
  }

  async deletedAmong(userIds: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT id FROM users WHERE id = ANY ($1::uuid[]) AND deleted_at IS NOT NULL',
      [userIds],
    );
    return rows.map(({ id }) => id);
  }

  async setSuspension(transaction: Transaction, userId: string, suspension: SuspensionRow): Promise<void> {
    await transaction.query(
      'UPDATE users SET suspended_at = $2, suspended_until = $3, suspension_reason = $4 WHERE id = $1',
      [userId, suspension.suspendedAt, suspension.suspendedUntil, suspension.suspensionReason],
    );
  }

  async setRole(transaction: Transaction, userId: string, role: ServerRole): Promise<void> {
    await transaction.query('UPDATE users SET role = $2::user_role WHERE id = $1', [userId, role]);
  }

  /**
   * Locks these users until the transaction ends, against everything that opens or keeps a session too, and answers what an
   * act of one upon another goes by; those who are not, or were deleted, are left out.
   */
  lockStandings(transaction: Transaction, userIds: readonly string[]): Promise<Standing[]> {
    return transaction.query<Standing>(
      `SELECT users.id, users.role, users.email, ${SUSPENSION_COLUMNS} FROM users
       WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
      [userIds],
    );
  }

  /** @param current the hash that it replaces, and no other; without it whatever there is. False where it replaced none */
  async setPassword(executor: SqlExecutor, userId: string, passwordHash: string, current?: string): Promise<boolean> {
    const rows = await executor.query(
      `UPDATE users SET password_hash = $2
       WHERE id = $1 AND deleted_at IS NULL AND ($3::text IS NULL OR password_hash = $3) RETURNING id`,
      [userId, passwordHash, current ?? null],
    );
    return rows.length > 0;
  }

  /** False where there is none any more. */
  async lock(transaction: Transaction, userId: string): Promise<boolean> {
    const rows = await transaction.query('SELECT 1 FROM users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE', [
      userId,
    ]);
    return rows.length > 0;
  }

  /** Leaves of a user what others' rows refer to: its id, and when it came and went. */
  async anonymise(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query(
      `UPDATE users SET email = NULL, email_verified_at = NULL, username = 'deleted-' || id, display_name = 'Deleted user', folded_name = NULL,
         avatar_id = NULL, avatar_url = NULL, password_hash = NULL, role = 'USER', suspension_reason = NULL, deleted_at = now()
       WHERE id = $1`,
      [userId],
    );
  }
}
