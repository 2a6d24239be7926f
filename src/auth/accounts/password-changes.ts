import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { Database, type Transaction } from '../../database/database.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { CodeSender } from '../codes/code-sender.js';
import { GuessLimits } from '../codes/guess-limits.js';
import { type IssuedCode, OneTimeCodes } from '../codes/one-time-codes.js';
import type { ChangePassword, ResetPassword } from '../dto/auth.dto.js';
import { Sessions } from '../sessions/sessions.js';
import { Passwords } from './passwords.js';

/** New passwords, by the present one or by a code (contract, section 2). */
@Injectable()
export class PasswordChanges {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly passwords: Passwords,
    private readonly codes: OneTimeCodes,
    private readonly guesses: GuessLimits,
    private readonly codeSender: CodeSender,
  ) {}

  /** A code for a new password. Answers the same for every e-mail address, at once. */
  requestCode(email: string, ip?: string): void {
    this.codeSender.request(email, 'RESET_PASSWORD', ip);
  }

  /** For an operator, who hands it to the account's owner. */
  issueCode(transaction: Transaction, userId: string): Promise<IssuedCode> {
    return this.codes.issueByOperator(transaction, userId, 'RESET_PASSWORD');
  }

  /** Ends all sessions. The code stays good where this fails, and no guess at it is counted. @throws DomainError OTP_INVALID, OTP_EXPIRED, OVERLOADED */
  async reset({ email, otp, newPassword }: ResetPassword, ip?: string): Promise<void> {
    const account = await this.accounts.credentialsOf({ email });
    const isKnownIpAddress = await this.sessions.isKnownIpAddress(account?.userId, ip);
    const guesser = { ipAddress: ip, isKnownIpAddress };
    const code = await this.codes.check(account?.userId ?? null, 'RESET_PASSWORD', otp, guesser);
    const { userId } = code;
    try {
      await this.replace(userId, newPassword, null, ip, async (transaction, passwordHash) => {
        // It was deleted meanwhile: nothing of who asks is to be kept.
        if (!(await this.accounts.setPassword(transaction, userId, passwordHash))) throw new DomainError('OTP_INVALID');
        await this.codes.spend(transaction, code);
        // A session that ends at once, so that the IP address is known: guesses from elsewhere keep nobody out there.
        await this.sessions.open(userId, { ip }, transaction);
      });
    } catch (error) {
      await this.codes.takeBackGuess(code, guesser);
      throw error;
    }
  }

  /** Ends the other sessions. @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED */
  async change(principal: Principal, { currentPassword, newPassword }: ChangePassword, ip?: string): Promise<void> {
    const { userId, sessionId } = principal;
    const current = await this.verified(principal, currentPassword, ip);
    await this.replace(userId, newPassword, sessionId, ip, async (transaction, passwordHash) => {
      // Another change came first: who knew the old password alone does not undo it.
      if (!(await this.accounts.setPassword(transaction, userId, passwordHash, current)))
        throw new DomainError('INVALID_CREDENTIALS');
      // A user who changes it has no use for a code that would change it again.
      await this.codes.discard(transaction, userId, 'RESET_PASSWORD');
    });
  }

  /** That it is the user who holds the session. @throws DomainError INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED */
  async confirm(principal: Principal, password: string, ip?: string): Promise<void> {
    await this.verified(principal, password, ip);
  }

  /** @returns the hash that the password fits */
  private async verified(principal: Principal, password: string, ip: string | undefined): Promise<string | undefined> {
    const takeBack = await this.guesses.countConfirmation(principal);
    let passwordHash: string | null;
    let isRight: boolean;
    try {
      passwordHash = (await this.accounts.credentialsOfUser(principal.userId))?.passwordHash ?? null;
      isRight = await this.passwords.verify(passwordHash, password, ip);
    } catch (error) {
      // Nothing was compared.
      await takeBack();
      throw error;
    }
    if (!isRight) throw new DomainError('INVALID_CREDENTIALS');
    await takeBack();
    return passwordHash ?? undefined;
  }

  /** @param set sets the new hash, or throws */
  private async replace(
    userId: string,
    password: string,
    keptSessionId: string | null,
    ip: string | undefined,
    set: (transaction: Transaction, passwordHash: string) => Promise<void>,
  ): Promise<void> {
    const passwordHash = await this.passwords.hash(password, ip);
    // Together: whoever logged in with the old password before this is ended, and nobody does after it.
    const ended = await this.database.transaction(async (transaction) => {
      await set(transaction, passwordHash);
      return this.sessions.endAll(transaction, userId, keptSessionId, 'PASSWORD_CHANGED');
    });
    this.sessions.announceEnd(userId, ended, 'PASSWORD_CHANGED');
  }

  /** Codes that are of no use any more. */
  deleteExpiredCodes(): Promise<void> {
    return this.codes.deleteExpired();
  }
}
