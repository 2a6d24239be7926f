import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Periodic } from '../../common/async/periodic.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import { derivedKeys, type SecretKeys } from '../../config/secrets/secret-keys.js';
import type { SqlExecutor, Transaction } from '../../database/database.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import type { Guesser } from './guess-limits.js';
import { BY_OPERATOR, type CodePurpose, type IssuedCode, OneTimeCodesRepository } from './one-time-codes.repository.js';

export type { CodePurpose, IssuedCode } from './one-time-codes.repository.js';

/** For how long a code is good. */
export const CODE_MINUTES = 10;
/** Guesses after which a code is burnt for the IP address that made them. */
export const MAX_GUESSES_PER_IP_ADDRESS = 5;
/** The same for all IP addresses together that neither asked for it nor were used by its account before. */
export const MAX_GUESSES_BY_STRANGERS = 5;
export const GUESS_BOUNDS = { perIpAddress: MAX_GUESSES_PER_IP_ADDRESS, byStrangers: MAX_GUESSES_BY_STRANGERS };
const DIGITS = 6;
/** So many that guesses need not be counted: an operator's code has no IP address that it is good at while strangers burn it. */
const OPERATOR_DIGITS = 12;
const SWEEP_INTERVAL_MS = 3_600_000;
const NO_HASH = Buffer.alloc(32);

/** A code that somebody gave who may use it. */
export interface CheckedCode {
  readonly userId: string;
  readonly purpose: CodePurpose;
  readonly hash: Buffer;
}

/**
 * Six digits that prove that somebody reads an e-mail address (contract, section 2).
 *
 * Guarantees: drawn by the system's generator; kept only as a keyed hash; good for ten minutes, for one use, and for five
 * guesses of any one IP address, however many are made at once; a new one makes the one before worthless. Strangers' wrong
 * guesses burn it for strangers: not for the IP address that asked for it, nor for one that its account was used from. An
 * operator's has twelve digits; no guess burns it, and nobody's request replaces it while it is good.
 */
@Injectable()
export class OneTimeCodes implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(OneTimeCodes.name);
  private readonly keys: SecretKeys;
  private readonly sweep = new Periodic(
    SWEEP_INTERVAL_MS,
    () => this.deleteExpired(),
    ({ message }) => this.logger.warn(`expired codes were not deleted: ${message}`),
  );

  constructor(
    private readonly repository: OneTimeCodesRepository,
    private readonly clock: Clock,
    configuration: Configuration,
  ) {
    this.keys = derivedKeys(configuration, 'parley one-time code');
  }

  /** A new code for a subject, a user or a registration, that whoever draws it keeps. */
  draw(subjectId: string, purpose: CodePurpose, digits = DIGITS): IssuedCode {
    const code = randomInt(10 ** digits)
      .toString()
      .padStart(digits, '0');
    const expiresAt = new Date(this.clock.now() + CODE_MINUTES * 60_000);
    return { code, hash: this.hash(subjectId, purpose, code), expiresAt };
  }

  isRight(subjectId: string, purpose: CodePurpose, code: string, hash: Buffer): boolean {
    return this.keys.some((key) => timingSafeEqual(hash, this.hash(subjectId, purpose, code, key)));
  }

  /**
   * @param ipAddress of who asked for it
   * @returns undefined where an operator's code is good still, which stays
   */
  async issue(userId: string, purpose: CodePurpose, ipAddress: string | undefined): Promise<IssuedCode | undefined> {
    const issued = this.draw(userId, purpose);
    const origin = { createdAt: new Date(this.clock.now()), requestedFrom: ipAddressKey(ipAddress) };
    return (await this.repository.replace(userId, purpose, issued, origin)) ? issued : undefined;
  }

  async issueByOperator(transaction: Transaction, userId: string, purpose: CodePurpose): Promise<IssuedCode> {
    const issued = this.draw(userId, purpose, OPERATOR_DIGITS);
    const origin = { createdAt: new Date(this.clock.now()), requestedFrom: BY_OPERATOR };
    await this.repository.replace(userId, purpose, issued, origin, transaction);
    return issued;
  }

  /**
   * Counts a guess, and answers the code where it is right: good until it is spent. For nobody (`userId` null) it answers as for a
   * wrong code.
   * @throws DomainError OTP_INVALID; OTP_EXPIRED to who knows a code that was right.
   */
  async check(
    userId: string | null,
    purpose: CodePurpose,
    code: string,
    { ipAddress, isKnownIpAddress }: Guesser,
  ): Promise<CheckedCode> {
    // Counted before it is compared, so that of guesses made at once no more are looked at than may be.
    const row = await this.repository.countGuess(
      userId,
      purpose,
      { key: ipAddressKey(ipAddress), isKnown: isKnownIpAddress },
      GUESS_BOUNDS,
    );
    if (!this.isRight(userId ?? '', purpose, code, row?.hash ?? NO_HASH) || row === undefined || userId === null)
      throw new DomainError('OTP_INVALID');
    if (row.expiresAt.getTime() <= this.clock.now()) throw new DomainError('OTP_EXPIRED');
    return { userId, purpose, hash: row.hash };
  }

  /** For a right one that could not be used, so that trying again burns it for nobody. Where this fails the guess stays counted. */
  async takeBackGuess({ userId, purpose, hash }: CheckedCode, { ipAddress, isKnownIpAddress }: Guesser): Promise<void> {
    await this.repository
      .takeBackGuess(userId, purpose, hash, { key: ipAddressKey(ipAddress), isKnown: isKnownIpAddress })
      .catch((error: Error) => this.logger.warn(`a guess was not taken back: ${error.message}`));
  }

  /**
   * Spends a code with what it allows, in one transaction: where that fails it stays good, and of those who use it at once one alone
   * gets past this.
   * @throws DomainError OTP_INVALID where it was spent, or another took its place
   */
  async spend(transaction: Transaction, { userId, purpose, hash }: CheckedCode): Promise<void> {
    if (!(await this.repository.spend(transaction, userId, purpose, hash))) throw new DomainError('OTP_INVALID');
  }

  /** Makes a code worthless. */
  async discard(executor: SqlExecutor, userId: string, purpose: CodePurpose): Promise<void> {
    await this.repository.delete(executor, userId, purpose);
  }

  /** With the account. */
  async discardAll(executor: SqlExecutor, userId: string): Promise<void> {
    await this.repository.deleteAllOf(executor, userId);
  }

  /** Deletes codes that expired a day ago: until then who is late learns why. Any process may do it at any time. */
  async deleteExpired(): Promise<void> {
    await this.repository.deleteExpired(new Date(this.clock.now() - 24 * SWEEP_INTERVAL_MS));
  }

  onApplicationBootstrap(): void {
    this.sweep.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweep.stop();
  }

  private hash(subjectId: string, purpose: CodePurpose, code: string, key: Buffer = this.keys[0]): Buffer {
    return createHmac('sha256', key).update(`${subjectId}:${purpose}:${code}`).digest();
  }
}
