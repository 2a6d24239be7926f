import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import { RateLimiter } from '../limits/rate-limiter.js';
import { Mailer } from '../mail/mailer.js';
import { Accounts } from '../users/accounts.js';
import { codeMail } from './code-mails.js';
import { CODE_MINUTES, type CodePurpose, OneTimeCodes } from './one-time-codes.js';

/** Messages that may be on their way at once. */
const MOST_UNDER_WAY = 500;

/**
 * Mails codes, behind the answer to whoever asked: what is answered, and how soon, says nothing of whether there is such
 * an account, whether it was sent too many, or whether mail works. That the log says.
 */
@Injectable()
export class CodeSender {
  private readonly logger = new Logger(CodeSender.name);
  private underWay = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly codes: OneTimeCodes,
    private readonly limiter: RateLimiter,
    private readonly mailer: Mailer,
  ) {}

  /** A new code for the account of this address, if there is one that has use for it. */
  request(email: string, purpose: CodePurpose): void {
    this.inBackground(async () => {
      await this.limiter.consume('codesByAccount', `${purpose}:${email}`);
      const account = await this.accounts.credentialsOf({ email });
      if (account === null || (purpose === 'VERIFY_EMAIL' && account.isVerified)) return;
      const { code } = await this.codes.issue(account.userId, purpose);
      await this.mailer.send(codeMail(email, purpose, code, CODE_MINUTES));
    });
  }

  /** Mails a code that was issued already. */
  send(email: string, purpose: CodePurpose, code: string): void {
    this.inBackground(() => this.mailer.send(codeMail(email, purpose, code, CODE_MINUTES)));
  }

  private inBackground(work: () => Promise<void>): void {
    if (this.underWay >= MOST_UNDER_WAY) {
      this.logger.error('too many messages are on their way: one was not sent');
      return;
    }
    this.underWay += 1;
    // Not in this turn: the answer goes first.
    setImmediate(() => {
      work()
        .catch((error: unknown) => {
          if (!(error instanceof DomainError)) this.logger.error(`a code was not mailed: ${(error as Error).message}`);
        })
        .finally(() => (this.underWay -= 1));
    });
  }
}
