import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Periodic } from '../../common/async/periodic.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import type { Transaction } from '../../database/database.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import { GUESS_BOUNDS, type IssuedCode, OneTimeCodes } from '../codes/one-time-codes.js';
import {
  type NewRegistration,
  type PendingRegistration,
  PendingRegistrationsRepository,
  type ProvedRegistration,
} from './pending-registrations.repository.js';

/** For how long a registration waits for its proof. */
const PENDING_HOURS = 24;
/** Registrations for one e-mail address that wait, of one IP address and of all. Beyond that the oldest go, first those without a code. */
const MAX_PENDING = { perIpAddress: 3, total: 20 };
const SWEEP_INTERVAL_MS = 3_600_000;
const SWEEP_BATCH = 1_000;

/**
 * Registrations whose e-mail address is not proved yet. They are no users: nobody finds, befriends or writes to them.
 *
 * Guarantees: an e-mail address belongs to who proves it, so any number of registrations for it stand beside one another and
 * beside nothing of theirs is anybody's; a code proves the one registration that it was mailed with, and makes a user
 * with that password; where one was made from the guesser's IP address, or one of so many may have been, no other is proved;
 * all others for that e-mail address are gone then; none keeps a username from anybody; each goes by itself after a day.
 */
@Injectable()
export class PendingRegistrations implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PendingRegistrations.name);
  private readonly sweep = new Periodic(
    SWEEP_INTERVAL_MS,
    () => this.deleteExpired(),
    ({ message }) => this.logger.warn(`expired registrations were not deleted: ${message}`),
  );

  constructor(
    private readonly repository: PendingRegistrationsRepository,
    private readonly clock: Clock,
    private readonly codes: OneTimeCodes,
  ) {}

  /** Answers it with a code, which is good only where it is mailed: `withoutCode` where it will not be. */
  async add(
    registration: NewRegistration,
    ipAddress: string | undefined,
    withoutCode: boolean,
  ): Promise<{ pending: PendingRegistration; issued: IssuedCode }> {
    const now = this.clock.now();
    const pending: PendingRegistration = { ...registration, id: newId(), createdAt: new Date(now) };
    const issued = this.codes.draw(pending.id, 'VERIFY_EMAIL');
    await this.repository.add(
      pending,
      ipAddressKey(ipAddress),
      withoutCode ? null : issued,
      new Date(now + PENDING_HOURS * 3_600_000),
      MAX_PENDING,
    );
    return { pending, issued };
  }

  /**
   * A new code for the registration of whoever asks: the newest from its IP address. From elsewhere only where all
   * that wait came from one place, since among strangers' nobody knows which one is meant.
   * @returns undefined where there is none
   */
  async renewCode(email: string, ipAddress: string | undefined): Promise<IssuedCode | undefined> {
    const waiting = await this.repository.waitingAt(email, new Date(this.clock.now()), MAX_PENDING.total);
    const own = waiting.find(({ requestedFrom }) => requestedFrom === ipAddressKey(ipAddress));
    const isOfOne = new Set(waiting.map(({ requestedFrom }) => requestedFrom)).size === 1;
    const chosen = own ?? (isOfOne ? waiting[0] : undefined);
    if (chosen === undefined) return undefined;
    const issued = this.codes.draw(chosen.id, 'VERIFY_EMAIL');
    await this.repository.replaceCode(chosen.id, issued);
    return issued;
  }

  /**
   * The registration that a code was mailed with. The guess counts for all that wait at this e-mail address. From an IP
   * address that registered it proves none of another's: a code that a stranger had mailed reads like the owner's, and would
   * make an account with the stranger's password.
   * @throws DomainError OTP_INVALID; OTP_EXPIRED to who knows a code that was right
   */
  async guess(email: string, code: string, ipAddress: string | undefined): Promise<ProvedRegistration> {
    const now = new Date(this.clock.now());
    // Counted before it is compared, so that of guesses made at once no more are looked at than may be.
    const rows = await this.repository.countGuess(email, ipAddressKey(ipAddress), now, GUESS_BOUNDS, MAX_PENDING.total);
    const right = rows.filter(
      ({ id, hash, isProvable }) => this.codes.isRight(id, 'VERIFY_EMAIL', code, hash) && isProvable,
    );
    const proved = right.find(({ expiresAt }) => expiresAt > now);
    if (proved !== undefined) return { id: proved.id, email, codeHash: proved.hash, counted: rows };
    throw new DomainError(right.length > 0 ? 'OTP_EXPIRED' : 'OTP_INVALID');
  }

  /** For a right one that could not be used, so that trying again burns it for nobody. Where this fails the guess stays counted. */
  async takeBackGuess({ counted }: ProvedRegistration, ipAddress: string | undefined): Promise<void> {
    await this.repository
      .takeBackGuess(counted, ipAddressKey(ipAddress))
      .catch((error: Error) => this.logger.warn(`a guess was not taken back: ${error.message}`));
  }

  /** Takes it out, and all others of its e-mail address. Undefined where somebody did so meanwhile. */
  async take(
    transaction: Transaction,
    { id, email, codeHash }: ProvedRegistration,
  ): Promise<PendingRegistration | undefined> {
    const rows = await this.repository.takeAllOf(transaction, email);
    return rows.find((row) => row.id === id && row.codeHash?.equals(codeHash) === true);
  }

  /** The newest of those that go by this name: from the caller's IP address, else from any. */
  passwordHashOf(by: { email: string } | { username: string }, ipAddress: string | undefined): Promise<string | null> {
    return this.repository.passwordHashOf(by, ipAddressKey(ipAddress), new Date(this.clock.now()));
  }

  /** Deletes those that nobody proved in time. Any process may do it at any time. */
  async deleteExpired(): Promise<void> {
    for (let deleted = SWEEP_BATCH; deleted === SWEEP_BATCH && !this.sweep.isStopped; ) {
      deleted = await this.repository.deleteExpired(new Date(this.clock.now()), SWEEP_BATCH);
    }
  }

  onApplicationBootstrap(): void {
    this.sweep.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweep.stop();
  }
}
