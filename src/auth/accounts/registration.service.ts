import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { Database } from '../../database/database.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { ownUserView } from '../../views/users.view.js';
import { CodeSender } from '../codes/code-sender.js';
import type { Registration, VerifyCode } from '../dto/auth.dto.js';
import { Sessions } from '../sessions/sessions.js';
import { AccessTokens } from '../tokens/access-token.js';
import type { PendingRegistrationView, RegistrationView, TokensView } from '../tokens/tokens.view.js';
import { Passwords } from './passwords.js';
import { PendingRegistrations } from './pending-registrations.js';

/** New accounts, with or without a code that proves their e-mail address (contract, section 2). */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly configuration: Configuration,
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly passwords: Passwords,
    private readonly pending: PendingRegistrations,
    private readonly codeSender: CodeSender,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Makes an account and logs it in; where e-mail addresses have to be verified, keeps a registration until its code comes back.
   * @throws DomainError EMAIL_TAKEN, USERNAME_TAKEN, RATE_LIMITED, OVERLOADED
   */
  async register(registration: Registration, ip?: string): Promise<RegistrationView | PendingRegistrationView> {
    if (this.configuration.emailVerification === 'required') return this.registerPending(registration, ip);
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
    return { user, ...this.accessTokens.pairOf(opened) };
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
    const { pending, issued } = await this.pending.add(
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

  /**
   * Makes the account that this code was mailed for, and logs it in. The code stays good where this fails, and no guess at it is
   * counted.
   * @throws DomainError OTP_INVALID, OTP_EXPIRED, RATE_LIMITED
   */
  async verify({ email, otp, deviceName }: VerifyCode, ip?: string): Promise<TokensView> {
    const proved = await this.pending.guess(email, otp, ip);
    const opened = await this.database
      .transaction(async (transaction) => {
        const account = await this.pending.take(transaction, proved);
        if (account === undefined) throw new DomainError('OTP_INVALID');
        await this.accounts.createProved(transaction, account);
        return this.sessions.open(account.id, { deviceName: deviceName ?? undefined, ip }, transaction);
      })
      .catch(async (error: unknown) => {
        await this.pending.takeBackGuess(proved, ip);
        // Somebody else proved it meanwhile.
        throw error instanceof DomainError && error.code === 'EMAIL_TAKEN' ? new DomainError('OTP_INVALID') : error;
      });
    return this.accessTokens.pairOf(opened);
  }

  /** A new code for who registered and is not verified yet. Answers the same for every e-mail address, at once. */
  resend(email: string, ip?: string): void {
    this.codeSender.request(email, 'VERIFY_EMAIL', ip);
  }

  /** Registrations that nobody can finish any more. */
  deleteExpired(): Promise<void> {
    return this.pending.deleteExpired();
  }
}
