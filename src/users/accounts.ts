import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import { newId } from '../common/identifier.js';
import { Database, type SqlExecutor, violatedConstraint } from '../database/database.js';
import { derivedUsername, isReserved } from './usernames.js';
import { OWN_USER_COLUMNS, type OwnUserRow, type OwnUserView, ownUserView } from './users.view.js';

export interface NewAccount {
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

const MOST_ATTEMPTS = 10;

/** What auth needs of users: making them, and finding them by what they log in with. */
@Injectable()
export class Accounts {
  constructor(private readonly database: Database) {}

  /**
   * Makes a user within the caller's transaction. Two callers at once with one address or one username: one wins.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN
   */
  async create(transaction: SqlExecutor, account: NewAccount): Promise<OwnUserView> {
    if (account.username !== undefined && isReserved(account.username)) throw new DomainError('USERNAME_TAKEN');
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const row = await insert(transaction, account, account.username ?? derivedUsername(account.email, attempt));
      if (row !== undefined) return ownUserView(row);
      const taken = await transaction.query('SELECT 1 FROM users WHERE email = $1', [account.email]);
      if (taken.length > 0) throw new DomainError('EMAIL_TAKEN');
      if (account.username !== undefined) break;
    }
    throw new DomainError('USERNAME_TAKEN');
  }

  /** By exactly one of the two, in lower case; null where there is nobody. */
  async credentialsOf(by: { email: string } | { username: string }): Promise<Credentials | null> {
    const [column, value] = 'email' in by ? ['email', by.email] : ['username', by.username];
    const [row] = await this.database.query<Credentials>(
      `SELECT id AS "userId", password_hash AS "passwordHash" FROM users WHERE ${column} = $1 AND deleted_at IS NULL`,
      [value],
    );
    return row ?? null;
  }
}

/** Undefined where the username is taken: waits for whoever is taking it at this moment, and harms no transaction. */
async function insert(
  transaction: SqlExecutor,
  account: NewAccount,
  username: string,
): Promise<OwnUserRow | undefined> {
  try {
    const [row] = await transaction.query<OwnUserRow>(
      `INSERT INTO users (id, email, username, display_name, password_hash) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (username) DO NOTHING
       RETURNING ${OWN_USER_COLUMNS}`,
      [newId(), account.email, username, account.displayName ?? username, account.passwordHash],
    );
    return row;
  } catch (error) {
    throw violatedConstraint(error) === 'users_email_key' ? new DomainError('EMAIL_TAKEN') : error;
  }
}
