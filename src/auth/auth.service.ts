import { Injectable } from '@nestjs/common';
import { DomainError, invalidField } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { Configuration } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { addressKey } from '../limits/address-key.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import { Accounts, type Credentials } from '../users/accounts.js';
import { AccessTokens } from './access-token.js';
import { CodeSender } from './code-sender.js';
import type { ChangePassword, Login, Registration, ResetPassword, VerifyCode } from './dto/auth.dto.js';
import { type CodePurpose, OneTimeCodes } from './one-time-codes.js';
import { Passwords } from './passwords.js';
import { type OpenedSession, type SessionOrigin, Sessions } from './sessions.js';
import type { PendingRegistrationView, RegistrationView, TokensView } from './tokens.view.js';

/** Registration, login and passwords (contract, section 2). */
@Injectable()
export class AuthService {
  private readonly mustVerify: boolean;

  constructor(
    configuration: Configuration,
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly passwords: Passwords,
    private readonly codes: OneTimeCodes,
    private readonly codeSender: CodeSender,
    private readonly limiter: RateLimiter,
  ) {
    this.mustVerify = configuration.emailVerification === 'required';
  }

  /**
   * Makes an account, and logs it in unless its address has to be verified first.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN, RATE_LIMITED, OVERLOADED
   */
  async register(
    { email, password, username, displayName, deviceName }: Registration,
    ip?: string,
  ): Promise<RegistrationView | PendingRegistrationView> {
    // Each mails somebody.
    if (this.mustVerify) await this.limiter.consume('codesByAddress', addressKey(ip));
    const passwordHash = await this.passwords.hash(password);
    const account = {
      email,
      passwordHash,
      isVerified: !this.mustVerify,
      username: username ?? undefined,
      displayName: displayName ?? undefined,
    };
    if (!this.mustVerify) {
      const { user, opened } = await this.database.transaction(async (transaction) => {
        const user = await this.accounts.create(transaction, account);
        return {
          user,
          opened: await this.sessions.open(user.id, { deviceName: deviceName ?? undefined, ip }, transaction),
        };
      });
      return { user, ...this.tokensOf(opened) };
    }
    const { user, issued } = await this.database.transaction(async (transaction) => {
      const user = await this.accounts.create(transaction, account);
      return { user, issued: await this.codes.issue(user.id, 'VERIFY_EMAIL', transaction) };
    });
    this.codeSender.send(email, 'VERIFY_EMAIL', issued.code);
    return { user, verification: { required: true, expiresAt: issued.expiresAt.toISOString() } };
  }

  /** @throws DomainError OTP_INVALID, OTP_EXPIRED, RATE_LIMITED */
  async verify({ email, otp, deviceName }: VerifyCode, ip?: string): Promise<TokensView> {
    const { userId } = await this.spend(email, 'VERIFY_EMAIL', otp);
    const opened = await this.database.transaction(async (transaction) => {
      if (!(await this.accounts.lock(transaction, userId))) throw new DomainError('OTP_INVALID');
      await this.accounts.setVerified(transaction, userId);
      return this.sessions.open(userId, { deviceName: deviceName ?? undefined, ip }, transaction);
    });
    return this.tokensOf(opened);
  }

  /** A new code for an account that is not verified yet. Answers the same for every address, at once. */
  resend(email: string): void {
    this.codeSender.request(email, 'VERIFY_EMAIL');
  }

  /**
   * Answers for an unknown user what it answers for a wrong password, in the same time.
   * @throws DomainError INVALID_CREDENTIALS, EMAIL_NOT_VERIFIED (only to who knows the password), RATE_LIMITED, OVERLOADED
   */
  async login(login: Login, ip?: string): Promise<TokensView> {
    const by = accountNamedBy(login);
    // By what was presented and not by whom it names: the limit must not tell that two names are one person.
    const account = 'email' in by ? by.email : by.username;
    const limitKey = (await this.sessions.isKnownAddress(account, ip)) ? `${account} from ${ip}` : account;
    // Counted before the guess, or guesses made at once would not be; given back where it was none.
    await this.limiter.consume('loginByAccount', limitKey);
    const credentials = await this.rightCredentials(await this.accounts.credentialsOf(by), login.password);
    if (credentials === null) throw new DomainError('INVALID_CREDENTIALS');
    await this.limiter.restore('loginByAccount', limitKey);
    if (this.mustVerify && !credentials.isVerified) throw new DomainError('EMAIL_NOT_VERIFIED');
    return this.tokensOf(await this.open(credentials, { deviceName: login.deviceName ?? undefined, ip }));
  }

  /** @throws DomainError REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED */
  async refresh(refreshToken: string, ip?: string): Promise<TokensView> {
    return this.tokensOf(await this.sessions.rotate(refreshToken, ip));
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

  /** A code for a new password. Answers the same for every address, at once. */
  forgotPassword(email: string): void {
    this.codeSender.request(email, 'RESET_PASSWORD');
  }

  /** Ends all sessions. @throws DomainError OTP_INVALID, OTP_EXPIRED, RATE_LIMITED, OVERLOADED */
  async resetPassword({ email, otp, newPassword }: ResetPassword, ip?: string): Promise<void> {
    const { userId } = await this.spend(email, 'RESET_PASSWORD', otp);
    await this.replacePassword(userId, newPassword, null, true, ip);
  }

  /** Ends the other sessions. @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED */
  async changePassword(principal: Principal, { currentPassword, newPassword }: ChangePassword): Promise<void> {
    await this.confirmPassword(principal, currentPassword);
    await this.replacePassword(principal.userId, newPassword, principal.sessionId, false);
  }

  /** That it is the user who holds the session. @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED */
  async confirmPassword({ userId }: Principal, password: string): Promise<void> {
    await this.limiter.consume('passwordConfirmations', userId);
    const credentials = await this.rightCredentials(await this.accounts.credentialsOfUser(userId), password);
    if (credentials === null) throw new DomainError('INVALID_CREDENTIALS');
    await this.limiter.restore('passwordConfirmations', userId);
  }

  private async replacePassword(
    userId: string,
    password: string,
    keptSessionId: string | null,
    verifies: boolean,
    ip?: string,
  ): Promise<void> {
    const passwordHash = await this.passwords.hash(password);
    // Together: whoever logged in with the old password before this is ended, and nobody does after it.
    const ended = await this.database.transaction(async (transaction) => {
      await this.accounts.setPassword(transaction, userId, passwordHash, verifies);
      // Whoever changes it has no use for a code that would change it again.
      await this.codes.discard(transaction, userId, 'RESET_PASSWORD');
      // A session that ends at once, so that the address is known: guesses from elsewhere keep nobody out there.
      if (ip !== undefined) await this.sessions.open(userId, { ip }, transaction);
      return this.sessions.endAll(transaction, userId, keptSessionId);
    });
    this.sessions.announceEnd(userId, ended, 'PASSWORD_CHANGED');
  }

  private async spend(email: string, purpose: CodePurpose, otp: string): Promise<Credentials> {
    const account = await this.accounts.credentialsOf({ email });
    await this.codes.spend(account?.userId ?? null, purpose, otp);
    if (account === null) throw new DomainError('OTP_INVALID');
    return account;
  }

  /** A session for who gave the right password, unless that was changed meanwhile. */
  private open(credentials: Credentials, origin: SessionOrigin): Promise<OpenedSession> {
    return this.database.transaction(async (transaction) => {
      if (!(await this.accounts.isStillPassword(transaction, credentials)))
        throw new DomainError('INVALID_CREDENTIALS');
      return this.sessions.open(credentials.userId, origin, transaction);
    });
  }

  private async rightCredentials(credentials: Credentials | null, password: string): Promise<Credentials | null> {
    const right = await this.passwords.verify(credentials?.passwordHash ?? null, password);
    return right ? credentials : null;
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
