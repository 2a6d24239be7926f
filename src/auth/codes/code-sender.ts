import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { Lifecycle } from '../../common/stopping/lifecycle.js';
import { Mailer } from '../../mail/mailer.js';
import { Accounts } from '../../users/accounts/accounts.js';
import { codeMail } from './code-mails.js';
import { GuessLimits } from './guess-limits.js';
import { CODE_MINUTES, type CodePurpose, type IssuedCode, OneTimeCodes } from './one-time-codes.js';
import { PendingRegistrations } from '../accounts/pending-registrations.js';
import { Sessions } from '../sessions/sessions.js';

/** Messages that may be on their way at once. */
const MAX_CONCURRENT = 500;

/**
 * Mails codes, behind the answer to whoever asked: what is answered, and how soon, says nothing of whether there is such
 * an account, whether it was sent too many, or whether mail works. That the log says. A process that is to end waits for those
 * that are on their way as for every other work that it accepted.
 */
@Injectable()
export class CodeSender {
  private readonly logger = new Logger(CodeSender.name);
  private underWay = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly codes: OneTimeCodes,
    private readonly registrations: PendingRegistrations,
    private readonly limits: GuessLimits,
    private readonly mailer: Mailer,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** A new code for whom this e-mail address belongs to, or who registered with it, if there is anybody with use for it. */
  request(email: string, purpose: CodePurpose, ipAddress: string | undefined): void {
    this.inBackground(async () => {
      const issued = await (purpose === 'VERIFY_EMAIL' ? this.again(email, ipAddress) : this.reset(email, ipAddress));
      if (issued !== undefined) await this.mailer.send(codeMail(email, purpose, issued.code, CODE_MINUTES));
    });
  }

  /** Whether one more code may be mailed to who registers from there. Counts it. */
  async mayMail(email: string, ipAddress: string | undefined): Promise<boolean> {
    try {
      await this.limits.countCode(`VERIFY_EMAIL:${email}`, { ipAddress, isKnownIpAddress: false });
      return true;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  /** Mails a code that was issued already. */
  send(email: string, purpose: CodePurpose, code: string): void {
    this.inBackground(() => this.mailer.send(codeMail(email, purpose, code, CODE_MINUTES)));
  }

  private async again(email: string, ipAddress: string | undefined): Promise<IssuedCode | undefined> {
    return (await this.mayMail(email, ipAddress)) ? this.registrations.renewCode(email, ipAddress) : undefined;
  }

  private async reset(email: string, ipAddress: string | undefined): Promise<IssuedCode | undefined> {
    const account = await this.accounts.credentialsOf({ email });
    const isKnownIpAddress = await this.sessions.isKnownIpAddress(account?.userId, ipAddress);
    await this.limits.countCode(`RESET_PASSWORD:${email}`, { ipAddress, isKnownIpAddress });
    // A password would let in a trusted issuer's user whom the issuer has removed: only an operator's code sets one.
    if (account === null || account.passwordHash === null) return undefined;
    return this.codes.issue(account.userId, 'RESET_PASSWORD', ipAddress);
  }

  private inBackground(work: () => Promise<void>): void {
    if (this.underWay >= MAX_CONCURRENT) {
      this.logger.error('too many messages are on their way: one was not sent');
      return;
    }
    this.underWay += 1;
    // It was accepted: a process that ends sends it before, within the time that it has.
    this.lifecycle.begin();
    // Not in this turn: the answer goes first.
    setImmediate(() => {
      work()
        .catch((error: unknown) => {
          if (!(error instanceof DomainError)) this.logger.error(`a code was not mailed: ${(error as Error).message}`);
        })
        .finally(() => {
          this.underWay -= 1;
          this.lifecycle.done();
        });
    });
  }
}
