import { Injectable } from '@nestjs/common';
import { BoundedLogger } from '../common/bounded-logger.js';
import { DomainError, invalidField } from '../common/errors.js';
import type { Principal } from '../common/access/principal.js';
import { Configuration } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { Accounts, type Credentials } from '../users/accounts/accounts.js';
import { AccessTokens } from './tokens/access-token.js';
import type { KnownDevice } from './sessions/device-cookies.js';
import type { Login } from './dto/auth.dto.js';
import { GuessLimits } from './codes/guess-limits.js';
import { Passwords } from './accounts/passwords.js';
import { PendingRegistrations } from './accounts/pending-registrations.js';
import { type OpenedSession, type RefreshOrigin, type SessionOrigin, Sessions } from './sessions/sessions.js';
import type { TokensView } from './tokens/tokens.view.js';

/** Sessions: opened by a password, renewed, ended (contract, section 2). */
@Injectable()
export class AuthService {
  private readonly logins = new BoundedLogger('Logins', 600);
  private readonly failedLogins = new BoundedLogger('Logins', 60);

  constructor(
    private readonly configuration: Configuration,
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly passwords: Passwords,
    private readonly registrations: PendingRegistrations,
    private readonly guesses: GuessLimits,
  ) {}

  /**
   * Answers for an unknown user what it answers for a wrong password, in the same time.
   * @param device of the browser that it comes from
   * @throws DomainError INVALID_CREDENTIALS, EMAIL_NOT_VERIFIED and ACCOUNT_SUSPENDED (only to who knows the password), RATE_LIMITED,
   *   OVERLOADED
   */
  async login(login: Login, ip?: string, device?: KnownDevice): Promise<TokensView> {
    const by = accountNamedBy(login);
    const account = await this.accounts.credentialsOf(by);
    // By what was typed: counted by account, the limit of one of its names would show what the other is.
    const takeBack = await this.guesses.countLogin('email' in by ? `email ${by.email}` : `username ${by.username}`, {
      ipAddress: ip,
      deviceId: device !== undefined && device.userId === account?.userId ? device.deviceId : undefined,
      isKnownIpAddress: await this.sessions.isKnownIpAddress(account?.userId, ip),
    });
    const isRight = await this.isPasswordOf(by, account, login.password, ip).catch(async (error: unknown) => {
      // Nothing was compared.
      await takeBack();
      throw error;
    });
    if (!isRight) {
      // Never what was typed: of an unknown account it may be anything, a password among it.
      this.failedLogins.log('a log-in failed', { userId: account?.userId ?? null, ipAddress: ip });
      throw new DomainError('INVALID_CREDENTIALS');
    }
    await takeBack();
    if (account === null) throw new DomainError('EMAIL_NOT_VERIFIED');
    const opened = await this.open(account, { deviceName: login.deviceName ?? undefined, ip });
    this.logins.log('logged in', { ...opened.principal, ipAddress: ip });
    return this.accessTokens.pairOf(opened);
  }

  /** @throws DomainError REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED, ACCOUNT_SUSPENDED */
  async refresh(refreshToken: string, origin: RefreshOrigin = {}): Promise<TokensView> {
    return this.accessTokens.pairOf(await this.sessions.rotate(refreshToken, origin));
  }

  /** Whose session a refresh token is of; undefined where that has ended. */
  sessionOf(refreshToken: string): Promise<Principal | undefined> {
    return this.sessions.ofRefreshToken(refreshToken);
  }

  /** Ends the caller's session, its sockets with it. */
  async logout({ sessionId }: Principal): Promise<void> {
    await this.sessions.revoke([sessionId], 'LOGGED_OUT');
  }

  /** Ends all sessions of the caller. */
  async logoutAll({ userId }: Principal): Promise<void> {
    await this.sessions.revokeAll(userId, 'LOGGED_OUT');
  }

  /** Of an account, or of a registration that waits for its proof. @throws DomainError OVERLOADED */
  private async isPasswordOf(
    by: { email: string } | { username: string },
    account: Credentials | null,
    password: string,
    ip: string | undefined,
  ): Promise<boolean> {
    const pendingHash =
      this.configuration.emailVerification === 'required' ? await this.registrations.passwordHashOf(by, ip) : null;
    return this.passwords.verify(account === null ? pendingHash : account.passwordHash, password, ip);
  }

  /** A session for who gave the right password, unless that was changed, or the account suspended, meanwhile. */
  private async open(credentials: Credentials, origin: SessionOrigin): Promise<OpenedSession> {
    const { userId } = credentials;
    const { opened, ended } = await this.database.transaction(async (transaction) => {
      await this.accounts.holdUsable(transaction, credentials);
      const ended = await this.sessions.makeRoom(transaction, userId);
      return { opened: await this.sessions.open(userId, origin, transaction), ended };
    });
    this.sessions.announceEnd(userId, ended, 'SESSION_REVOKED');
    return opened;
  }
}

function accountNamedBy({ email, username }: Login): { email: string } | { username: string } {
  if (email != null && username == null) return { email };
  if (username != null && email == null) return { username };
  throw invalidField('email', 'exactly one of email and username is required');
}
