import { Injectable } from '@nestjs/common';
import { BoundedLogger } from '../common/bounded-logger.js';
import { DomainError, invalidField } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { Configuration } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import { ipAddressKey } from '../limits/ip-address-key.js';
import { RateLimiter } from '../limits/rates/rate-limiter.js';
import { Accounts, type Credentials } from '../users/accounts/accounts.js';
import { ownUserView } from '../users/users.view.js';
import { AccessTokens } from './tokens/access-token.js';
import { CodeSender } from './codes/code-sender.js';
import type { KnownDevice } from './sessions/device-cookies.js';
import type { ChangePassword, Login, Registration, ResetPassword, VerifyCode } from './dto/auth.dto.js';
import { GuessLimits } from './codes/guess-limits.js';
import { type IssuedCode, OneTimeCodes } from './codes/one-time-codes.js';
import { Passwords } from './accounts/passwords.js';
import { PendingRegistrations } from './accounts/pending-registrations.js';
import { type OpenedSession, type RefreshOrigin, type SessionOrigin, Sessions } from './sessions/sessions.js';
import type { PendingRegistrationView, RegistrationView, TokensView } from './tokens/tokens.view.js';

/** Registration, login and passwords (contract, section 2). */
@Injectable()
export class AuthService {
  private readonly mustVerify: boolean;
  private readonly logins = new BoundedLogger('Logins', 600);
  private readonly failedLogins = new BoundedLogger('Logins', 60);

  constructor(
    configuration: Configuration,
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly passwords: Passwords,
    private readonly registrations: PendingRegistrations,
    private readonly codes: OneTimeCodes,
    private readonly guesses: GuessLimits,
    private readonly codeSender: CodeSender,
    private readonly limiter: RateLimiter,
  ) {
    this.mustVerify = configuration.emailVerification === 'required';
  }

  /**
   * Makes an account and logs it in; where e-mail addresses have to be verified, keeps a registration until its code comes back.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN, RATE_LIMITED, OVERLOADED
   */
  async register(registration: Registration, ip?: string): Promise<RegistrationView | PendingRegistrationView> {
    if (this.mustVerify) return this.registerPending(registration, ip);
    const { email, password, username, displayName, deviceName } = registration;
    const passwordHash = await this.passwords.hash(password, ip);
    const account = { email, passwordHash, username: username ?? undefined, displayName: displayName ?? undefined };
    const { user, opened } = await this.database.transaction(async (transaction) => {
      const user = await this.accounts.create(transaction, account);
      return {
        user,
        opened: await this.sessions.open(user.id, { deviceName: deviceName ?? undefined, ip }, transaction),
      };
    });
    return { user, ...this.tokensOf(opened) };
  }

  private async registerPending(
    { email, password, username, displayName }: Registration,
    ip?: string,
  ): Promise<PendingRegistrationView> {
    // Each mails somebody.
    await this.limiter.consume('codesByAddress', ipAddressKey(ip));
    const free = await this.accounts.freeUsername({ email, username: username ?? undefined });
    const passwordHash = await this.passwords.hash(password, ip);
    const mayMail = await this.codeSender.mayMail(email, ip);
    const { pending, issued } = await this.registrations.add(
      { email, username: free, displayName: displayName ?? free, passwordHash },
      ip,
      !mayMail,
    );
    if (mayMail) this.codeSender.send(email, 'VERIFY_EMAIL', issued.code);
    return {
      user: ownUserView({ ...pending, avatarUrl: null }),
      verification: { required: true, expiresAt: issued.expiresAt.toISOString() },
    };
  }

  /** Makes the account that this code was mailed for, and logs it in. @throws DomainError OTP_INVALID, OTP_EXPIRED, RATE_LIMITED */
  async verify({ email, otp, deviceName }: VerifyCode, ip?: string): Promise<TokensView> {
    const proved = await this.registrations.guess(email, otp, ip);
    const opened = await this.database
      .transaction(async (transaction) => {
        const account = await this.registrations.take(transaction, proved);
        if (account === undefined) throw new DomainError('OTP_INVALID');
        await this.accounts.createProved(transaction, account);
        return this.sessions.open(account.id, { deviceName: deviceName ?? undefined, ip }, transaction);
      })
      .catch((error: unknown) => {
        // Somebody else proved it meanwhile.
        throw error instanceof DomainError && error.code === 'EMAIL_TAKEN' ? new DomainError('OTP_INVALID') : error;
      });
    return this.tokensOf(opened);
  }

  /** A new code for who registered and is not verified yet. Answers the same for every e-mail address, at once. */
  resend(email: string, ip?: string): void {
    this.codeSender.request(email, 'VERIFY_EMAIL', ip);
  }

  /**
   * Answers for an unknown user what it answers for a wrong password, in the same time.
   * @param device of the browser that it comes from
   * @throws DomainError INVALID_CREDENTIALS, EMAIL_NOT_VERIFIED and ACCOUNT_SUSPENDED (only to who knows the password), RATE_LIMITED,
   *   OVERLOADED
   */
  async login(login: Login, ip?: string, device?: KnownDevice): Promise<TokensView> {
    const by = accountNamedBy(login);
    const account = await this.accounts.credentialsOf(by);
    const takeBack = await this.guesses.countLogin(account?.userId ?? `nobody called ${Object.values(by)[0]}`, {
      ipAddress: ip,
      deviceId: device !== undefined && device.userId === account?.userId ? device.deviceId : undefined,
      isKnownIpAddress: await this.sessions.isKnownIpAddress(account?.userId, ip),
    });
    const pendingHash = this.mustVerify ? await this.registrations.passwordHashOf(by, ip) : null;
    const isRight = await this.passwords.verify(
      account === null ? pendingHash : account.passwordHash,
      login.password,
      ip,
    );
    if (!isRight) {
      // Never what was typed: of an unknown account it may be anything, a password among it.
      this.failedLogins.log('a log-in failed', { userId: account?.userId ?? null, ipAddress: ip });
      throw new DomainError('INVALID_CREDENTIALS');
    }
    await takeBack();
    if (account === null) throw new DomainError('EMAIL_NOT_VERIFIED');
    const opened = await this.open(account, { deviceName: login.deviceName ?? undefined, ip });
    this.logins.log('logged in', { ...opened.principal, ipAddress: ip });
    return this.tokensOf(opened);
  }

  /** @throws DomainError REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED, ACCOUNT_SUSPENDED */
  async refresh(refreshToken: string, origin: RefreshOrigin = {}): Promise<TokensView> {
    return this.tokensOf(await this.sessions.rotate(refreshToken, origin));
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

  /** A code for a new password. Answers the same for every e-mail address, at once. */
  forgotPassword(email: string, ip?: string): void {
    this.codeSender.request(email, 'RESET_PASSWORD', ip);
  }

  /** For an operator, who hands it to the account's owner. */
  issueResetCode(transaction: Transaction, userId: string): Promise<IssuedCode> {
    return this.codes.issue(userId, 'RESET_PASSWORD', undefined, transaction);
  }

  /** Codes and registrations that are of no use any more. */
  async deleteExpired(): Promise<void> {
    await this.codes.deleteExpired();
    await this.registrations.deleteExpired();
  }

  /** Ends all sessions. @throws DomainError OTP_INVALID, OTP_EXPIRED, RATE_LIMITED, OVERLOADED */
  async resetPassword({ email, otp, newPassword }: ResetPassword, ip?: string): Promise<void> {
    const account = await this.accounts.credentialsOf({ email });
    const isKnownIpAddress = await this.sessions.isKnownIpAddress(account?.userId, ip);
    await this.codes.spend(account?.userId ?? null, 'RESET_PASSWORD', otp, { ipAddress: ip, isKnownIpAddress });
    if (account === null) throw new DomainError('OTP_INVALID');
    await this.replacePassword(account.userId, newPassword, null, ip, true);
  }

  /** Ends the other sessions. @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED */
  async changePassword(
    principal: Principal,
    { currentPassword, newPassword }: ChangePassword,
    ip?: string,
  ): Promise<void> {
    await this.confirmPassword(principal, currentPassword, ip);
    await this.replacePassword(principal.userId, newPassword, principal.sessionId, ip, false);
  }

  /** That it is the user who holds the session. @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED */
  async confirmPassword(principal: Principal, password: string, ip?: string): Promise<void> {
    const takeBack = await this.guesses.countConfirmation(principal);
    const credentials = await this.accounts.credentialsOfUser(principal.userId);
    if (!(await this.passwords.verify(credentials?.passwordHash ?? null, password, ip)))
      throw new DomainError('INVALID_CREDENTIALS');
    await takeBack();
  }

  private async replacePassword(
    userId: string,
    password: string,
    keptSessionId: string | null,
    ip: string | undefined,
    remembersIpAddress: boolean,
  ): Promise<void> {
    const passwordHash = await this.passwords.hash(password, ip);
    // Together: whoever logged in with the old password before this is ended, and nobody does after it.
    const ended = await this.database.transaction(async (transaction) => {
      await this.accounts.setPassword(transaction, userId, passwordHash);
      // A user who changes it has no use for a code that would change it again.
      await this.codes.discard(transaction, userId, 'RESET_PASSWORD');
      // A session that ends at once, so that the IP address is known: guesses from elsewhere keep nobody out there.
      if (remembersIpAddress) await this.sessions.open(userId, { ip }, transaction);
      return this.sessions.endAll(transaction, userId, keptSessionId);
    });
    this.sessions.announceEnd(userId, ended, 'PASSWORD_CHANGED');
  }

  /** A session for who gave the right password, unless that was changed, or the account suspended, meanwhile. */
  private open(credentials: Credentials, origin: SessionOrigin): Promise<OpenedSession> {
    return this.database.transaction(async (transaction) => {
      await this.accounts.holdUsable(transaction, credentials);
      return this.sessions.open(credentials.userId, origin, transaction);
    });
  }

  private tokensOf({ principal, refreshToken }: OpenedSession): TokensView {
    const { accessToken, expiresIn } = this.accessTokens.issue(principal);
    return { accessToken, refreshToken, expiresIn };
  }
}

function accountNamedBy({ email, username }: Login): { email: string } | { username: string } {
  if (email != null && username == null) return { email };
  if (username != null && email == null) return { username };
  throw invalidField('email', 'exactly one of email and username is required');
}
