import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { foldText } from '../../common/text/fold-text.js';
import { newId } from '../../common/identifier.js';
import { Database, type SqlExecutor, type Transaction, violatedConstraint } from '../../database/database.js';
import { derivedUsername, isReserved } from '../usernames.js';
import { OWN_USER_COLUMNS, type OwnUserRow, type OwnUserView, ownUserView } from '../users.view.js';

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

/** What a trusted issuer says of a user. */
export interface ExternalProfile {
  name?: string | undefined;
  picture?: string | undefined;
  /** Lower case, verified by the issuer. */
  email?: string | undefined;
}

const MAX_ATTEMPTS = 10;

/** What auth needs of users: making them, and finding them by what they log in with. */
@Injectable()
export class Accounts {
  constructor(private readonly database: Database) {}

  /**
   * Makes a user within the caller's transaction. Two callers at once with one address or one username: one wins.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN
   */
  async create(transaction: Transaction, account: NewAccount): Promise<OwnUserView> {
    if (account.username !== undefined && isReserved(account.username)) throw new DomainError('USERNAME_TAKEN');
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const row = await insert(transaction, account, account.username ?? derivedUsername(account.email, attempt));
      if (row !== undefined) return ownUserView(row);
      const taken = await transaction.query('SELECT 1 FROM users WHERE email = $1', [account.email]);
      if (taken.length > 0) throw new DomainError('EMAIL_TAKEN');
      if (account.username !== undefined) break;
    }
    throw new DomainError('USERNAME_TAKEN');
  }

  /**
   * A username for somebody who is not yet to be a user: the one that is wished for, or one derived from the address.
   * Nothing is held: it may be taken when that somebody comes back.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN
   */
  async freeUsername({ email, username }: { email: string; username: string | undefined }): Promise<string> {
    const taken = await this.database.query('SELECT 1 FROM users WHERE email = $1', [email]);
    if (taken.length > 0) throw new DomainError('EMAIL_TAKEN');
    if (username !== undefined && isReserved(username)) throw new DomainError('USERNAME_TAKEN');
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const wished = username ?? derivedUsername(email, attempt);
      const others = await this.database.query('SELECT 1 FROM users WHERE username = $1', [wished]);
      if (others.length === 0) return wished;
      if (username !== undefined) break;
    }
    throw new DomainError('USERNAME_TAKEN');
  }

  /**
   * `create` for who was answered with a username before: where somebody else has it by now, it is one like it.
   * @throws DomainError EMAIL_TAKEN
   */
  async createProved(transaction: Transaction, account: NewAccount & { username: string }): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const username = attempt === 0 ? account.username : derivedUsername(`${account.username}@`, attempt);
      if ((await insert(transaction, account, username)) !== undefined) return;
    }
    throw new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 });
  }

  /** By exactly one of the two, in lower case; null where there is nobody. */
  async credentialsOf(by: { email: string } | { username: string }): Promise<Credentials | null> {
    const [column, value] = 'email' in by ? ['email', by.email] : ['username', by.username];
    const [row] = await this.database.query<Credentials>(
      `SELECT id AS "userId", password_hash AS "passwordHash"
       FROM users WHERE ${column} = $1 AND deleted_at IS NULL`,
      [value],
    );
    return row ?? null;
  }

  /** Makes a user for somebody whom a trusted issuer vouches for: without a password, and its address only if it is free. */
  async createExternal(transaction: Transaction, { name, picture, email }: ExternalProfile): Promise<string> {
    const taken = email === undefined ? [] : await transaction.query('SELECT 1 FROM users WHERE email = $1', [email]);
    const own = email !== undefined && taken.length === 0 ? email : null;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const username = derivedUsername(`${name ?? own?.split('@')[0] ?? 'user'}@`, attempt);
      const [row] = await transaction.query<{ id: string }>(
        `INSERT INTO users (id, email, email_verified_at, username, display_name, avatar_url, folded_name)
         VALUES ($1, $2, CASE WHEN $2::text IS NULL THEN NULL ELSE now() END, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING RETURNING id`,
        [newId(), own, username, name ?? username, picture ?? null, foldText(name ?? username)],
      );
      if (row !== undefined) return row.id;
    }
    throw new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 });
  }

  async credentialsOfUser(userId: string): Promise<Credentials | null> {
    const [row] = await this.database.query<Credentials>(
      `SELECT id AS "userId", password_hash AS "passwordHash"
       FROM users WHERE id = $1 AND deleted_at IS NULL`,
      [userId],
    );
    return row ?? null;
  }

  /** Waits for whoever changes it at this moment, and keeps it as it is until the caller's transaction ends. */
  async isStillPassword(transaction: Transaction, { userId, passwordHash }: Credentials): Promise<boolean> {
    const rows = await transaction.query(
      'SELECT 1 FROM users WHERE id = $1 AND password_hash = $2 AND deleted_at IS NULL FOR SHARE',
      [userId, passwordHash],
    );
    return rows.length > 0;
  }

  async setPassword(executor: SqlExecutor, userId: string, passwordHash: string): Promise<void> {
    await executor.query('UPDATE users SET password_hash = $2 WHERE id = $1 AND deleted_at IS NULL', [
      userId,
      passwordHash,
    ]);
  }

  /** Keeps everybody else from changing this user until the transaction ends; false where there is none any more. */
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
         avatar_id = NULL, avatar_url = NULL, password_hash = NULL, deleted_at = now()
       WHERE id = $1`,
      [userId],
    );
  }
}

/** Undefined where the username is taken: waits for whoever is taking it at this moment, and harms no transaction. */
async function insert(
  transaction: Transaction,
  account: NewAccount,
  username: string,
): Promise<OwnUserRow | undefined> {
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
        account.displayName ?? username,
        account.passwordHash,
        account.createdAt ?? null,
        foldText(account.displayName ?? username),
      ],
    );
    return row;
  } catch (error) {
    throw violatedConstraint(error) === 'users_email_key' ? new DomainError('EMAIL_TAKEN') : error;
  }
}
