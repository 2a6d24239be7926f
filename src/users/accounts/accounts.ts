import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError, type SuspensionDetails } from '../../common/errors.js';
import type { ServerRole } from '../../common/access/server-role.js';
import type { SqlExecutor, Transaction } from '../../database/database.js';
import { derivedUsername, isReserved } from '../usernames.js';
import { type OwnUserView, ownUserView } from '../../views/users.view.js';
import { AccountsRepository, type Credentials, type NewAccount, type Standing } from './accounts.repository.js';
import { accountSuspended, suspensionAt } from './suspension.js';

export type { Credentials, Standing } from './accounts.repository.js';

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
  constructor(
    private readonly repository: AccountsRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a user within the caller's transaction. Two callers at once with one e-mail address or one username: one wins.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN
   */
  async create(transaction: Transaction, account: NewAccount): Promise<OwnUserView> {
    if (account.username !== undefined && isReserved(account.username)) throw new DomainError('USERNAME_TAKEN');
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const row = await this.repository.add(
        transaction,
        account,
        account.username ?? derivedUsername(account.email, attempt),
      );
      if (row === 'emailTaken') throw new DomainError('EMAIL_TAKEN');
      if (row !== undefined) return ownUserView(row);
      if (await this.repository.isEmailTaken(account.email, transaction)) throw new DomainError('EMAIL_TAKEN');
      if (account.username !== undefined) break;
    }
    throw new DomainError('USERNAME_TAKEN');
  }

  /**
   * A username for somebody who is not yet to be a user: the one that is wished for, or one derived from the e-mail address.
   * Nothing is held: it may be taken when that somebody comes back.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN
   */
  async freeUsername({ email, username }: { email: string; username: string | undefined }): Promise<string> {
    if (await this.repository.isEmailTaken(email)) throw new DomainError('EMAIL_TAKEN');
    if (username !== undefined && isReserved(username)) throw new DomainError('USERNAME_TAKEN');
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const wished = username ?? derivedUsername(email, attempt);
      if (!(await this.repository.isUsernameTaken(wished))) return wished;
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
      const row = await this.repository.add(transaction, account, username);
      if (row === 'emailTaken') throw new DomainError('EMAIL_TAKEN');
      if (row !== undefined) return;
    }
    throw new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 });
  }

  /** By exactly one of the two, in lower case; null where there is nobody. */
  credentialsOf(by: { email: string } | { username: string }): Promise<Credentials | null> {
    return this.repository.credentialsOf(by);
  }

  /** Makes a user for somebody whom a trusted issuer vouches for: without a password, and its e-mail address only if it is free. */
  async createExternal(transaction: Transaction, { name, picture, email }: ExternalProfile): Promise<string> {
    const isFree = email !== undefined && !(await this.repository.isEmailTaken(email, transaction));
    const own = isFree ? email : null;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const username = derivedUsername(`${name ?? own?.split('@')[0] ?? 'user'}@`, attempt);
      const userId = await this.repository.addExternal(transaction, {
        email: own,
        username,
        displayName: name ?? username,
        avatarUrl: picture ?? null,
      });
      if (userId !== undefined) return userId;
    }
    throw new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 });
  }

  /** Makes a user that cannot log in, by any means. @throws DomainError USERNAME_TAKEN */
  async createWithoutLogin(transaction: Transaction, username: string, displayName: string): Promise<string> {
    if (isReserved(username)) throw new DomainError('USERNAME_TAKEN');
    const userId = await this.repository.addExternal(transaction, {
      email: null,
      username,
      displayName,
      avatarUrl: null,
    });
    if (userId === undefined) throw new DomainError('USERNAME_TAKEN');
    return userId;
  }

  credentialsOfUser(userId: string): Promise<Credentials | null> {
    return this.repository.credentialsOfUser(userId);
  }

  /**
   * That this is still the password, and the account may be used: waits for whoever changes either at this moment, and keeps
   * both as they are until the caller's transaction ends.
   * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_SUSPENDED
   */
  async holdUsable(transaction: Transaction, credentials: Credentials): Promise<void> {
    const row = await this.repository.holdPassword(transaction, credentials);
    if (row === undefined) throw new DomainError('INVALID_CREDENTIALS');
    this.refuse(suspensionAt(row, this.clock.now()));
  }

  /** The same of those who need no password. @throws DomainError ACCOUNT_SUSPENDED where any of them is */
  async holdUnsuspended(transaction: Transaction, ...userIds: readonly string[]): Promise<void> {
    const rows = await this.repository.holdSuspensions(transaction, userIds);
    for (const row of rows) this.refuse(suspensionAt(row, this.clock.now()));
    if (rows.length < new Set(userIds).size) throw new DomainError('UNAUTHORIZED');
  }

  /** For whoever lets a user in without a session of its own. @throws DomainError ACCOUNT_SUSPENDED */
  async requireUnsuspended(userId: string): Promise<void> {
    this.refuse((await this.suspensionsOf([userId])).get(userId));
  }

  /** The suspensions that hold now, by user. */
  async suspensionsOf(userIds: readonly string[]): Promise<ReadonlyMap<string, SuspensionDetails>> {
    const suspensions = new Map<string, SuspensionDetails>();
    for (const row of await this.repository.suspensionsOf(userIds)) {
      const suspension = suspensionAt(row, this.clock.now());
      if (suspension !== undefined) suspensions.set(row.id, suspension);
    }
    return suspensions;
  }

  /** Those among these whose account was deleted. */
  async deletedAmong(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    return userIds.length === 0 ? new Set() : new Set(await this.repository.deletedAmong(userIds));
  }

  /** From now on, under the lock of `lockStandings`. @param until null: until it is lifted */
  suspend(transaction: Transaction, userId: string, until: Date | null, reason: string): Promise<void> {
    return this.repository.setSuspension(transaction, userId, {
      suspendedAt: new Date(this.clock.now()),
      suspendedUntil: until,
      suspensionReason: reason,
    });
  }

  liftSuspension(transaction: Transaction, userId: string): Promise<void> {
    return this.repository.setSuspension(transaction, userId, {
      suspendedAt: null,
      suspendedUntil: null,
      suspensionReason: null,
    });
  }

  setRole(transaction: Transaction, userId: string, role: ServerRole): Promise<void> {
    return this.repository.setRole(transaction, userId, role);
  }

  /**
   * Locks these users until the transaction ends, the lower id first: before anything else that it locks. Nobody opens a session
   * of theirs meanwhile.
   */
  async lockStandings(transaction: Transaction, ...userIds: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    return new Map((await this.repository.lockStandings(transaction, userIds)).map((row) => [row.id, row]));
  }

  private refuse(suspension: SuspensionDetails | undefined): void {
    if (suspension !== undefined) throw accountSuspended(suspension);
  }

  /** The server's role of a user; undefined where there is none any more. */
  roleOf(userId: string): Promise<ServerRole | undefined> {
    return this.repository.roleOf(userId);
  }

  setPassword(executor: SqlExecutor, userId: string, passwordHash: string, current?: string): Promise<boolean> {
    return this.repository.setPassword(executor, userId, passwordHash, current);
  }

  /** Keeps everybody else from changing this user until the transaction ends; false where there is none any more. */
  lock(transaction: Transaction, userId: string): Promise<boolean> {
    return this.repository.lock(transaction, userId);
  }

  /** Leaves of a user what others' rows refer to: its id, and when it came and went. */
  anonymise(transaction: Transaction, userId: string): Promise<void> {
    return this.repository.anonymise(transaction, userId);
  }
}
