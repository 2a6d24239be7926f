import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import { Database, type Transaction } from '../../database/database.js';
import { ipAddressKey } from '../../limits/ip-address-key.js';
import {
  type IssuedCode,
  MAX_GUESSES_PER_IP_ADDRESS,
  MAX_GUESSES_BY_STRANGERS,
  OneTimeCodes,
} from '../codes/one-time-codes.js';

/** For how long a registration waits for its proof. */
const PENDING_HOURS = 24;
/** Registrations for one e-mail address that wait, of one network address and of all. Beyond that the oldest go. */
const MAX_PENDING_PER_IP_ADDRESS = 3;
const MAX_PENDING = 20;
const SWEEP_INTERVAL_MS = 3_600_000;
const SWEEP_BATCH = 1_000;

export interface NewRegistration {
  /** Lower case. */
  email: string;
  username: string;
  displayName: string;
  passwordHash: string;
}

export interface PendingRegistration extends NewRegistration {
  /** The user's, once there is one. */
  id: string;
  createdAt: Date;
}

/**
 * Registrations whose e-mail address is not proved yet. They are no users: nobody finds, befriends or writes to them.
 *
 * Guarantees: an address belongs to who proves it, so any number of registrations for it stand beside one another and
 * beside nothing of theirs is anybody's; a code proves the one registration that it was mailed with, and makes a user
 * with that password; all others for that address are gone then; none keeps a username from anybody; each goes by
 * itself after a day.
 */
@Injectable()
export class PendingRegistrations implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(PendingRegistrations.name);
  private sweep: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
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
    await this.database.transaction(async (transaction) => {
      await transaction.query(
        `INSERT INTO pending_registrations
           (id, email, username, display_name, password_hash, requested_from, code_hash, code_expires_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          pending.id,
          pending.email,
          pending.username,
          pending.displayName,
          pending.passwordHash,
          ipAddressKey(ipAddress),
          withoutCode ? null : issued.hash,
          withoutCode ? null : issued.expiresAt,
          pending.createdAt,
          new Date(now + PENDING_HOURS * 3_600_000),
        ],
      );
      await transaction.query(
        `DELETE FROM pending_registrations WHERE id IN (
           SELECT id FROM (
             SELECT id,
               row_number() OVER (PARTITION BY requested_from ORDER BY created_at DESC, id DESC) AS of_address,
               row_number() OVER (ORDER BY created_at DESC, id DESC) AS of_all
             FROM pending_registrations WHERE email = $1
           ) AS ranked WHERE of_address > ${MAX_PENDING_PER_IP_ADDRESS} OR of_all > ${MAX_PENDING}
         )`,
        [pending.email],
      );
    });
    return { pending, issued };
  }

  /**
   * A new code for the registration of whoever asks: the newest from its network address. From elsewhere only where all
   * that wait came from one place, since among strangers' nobody knows which one is meant.
   * @returns undefined where there is none
   */
  async renewCode(email: string, ipAddress: string | undefined): Promise<IssuedCode | undefined> {
    const waiting = await this.database.query<{ id: string; requestedFrom: string }>(
      `SELECT id, requested_from AS "requestedFrom" FROM pending_registrations
       WHERE email = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT ${MAX_PENDING}`,
      [email, new Date(this.clock.now())],
    );
    const own = waiting.find(({ requestedFrom }) => requestedFrom === ipAddressKey(ipAddress));
    const isOfOne = new Set(waiting.map(({ requestedFrom }) => requestedFrom)).size === 1;
    const chosen = own ?? (isOfOne ? waiting[0] : undefined);
    if (chosen === undefined) return undefined;
    const issued = this.codes.draw(chosen.id, 'VERIFY_EMAIL');
    await this.database.query(
      `UPDATE pending_registrations SET code_hash = $2, code_expires_at = $3, guesses = 0, guessers = '{}' WHERE id = $1`,
      [chosen.id, issued.hash, issued.expiresAt],
    );
    return issued;
  }

  /**
   * The registration that a code was mailed with. The guess counts for all that wait at this e-mail address.
   * @throws DomainError OTP_INVALID; OTP_EXPIRED to who knows a code that was right
   */
  async guess(email: string, code: string, ipAddress: string | undefined): Promise<ProvedRegistration> {
    const now = new Date(this.clock.now());
    // Counted before it is compared, so that of guesses made at once no more are looked at than may be.
    const rows = await this.database.query<{ id: string; hash: Buffer; expiresAt: Date }>(
      `UPDATE pending_registrations SET
         guesses = guesses + CASE WHEN requested_from = $2 THEN 0 ELSE 1 END,
         guessers = guessers || jsonb_build_object($2::text, COALESCE((guessers ->> $2)::int, 0) + 1)
       WHERE email = $1 AND expires_at > $3 AND code_hash IS NOT NULL
         AND COALESCE((guessers ->> $2)::int, 0) < ${MAX_GUESSES_PER_IP_ADDRESS}
         AND (requested_from = $2 OR guesses < ${MAX_GUESSES_BY_STRANGERS})
       RETURNING id, code_hash AS hash, code_expires_at AS "expiresAt"`,
      [email, ipAddressKey(ipAddress), now],
    );
    const right = rows.filter(({ id, hash }) => this.codes.isRight(id, 'VERIFY_EMAIL', code, hash));
    const proved = right.find(({ expiresAt }) => expiresAt > now);
    if (proved !== undefined) return { id: proved.id, email, codeHash: proved.hash };
    throw new DomainError(right.length > 0 ? 'OTP_EXPIRED' : 'OTP_INVALID');
  }

  /** Takes it out, and all others of its e-mail address. Undefined where somebody did so meanwhile. */
  async take(
    transaction: Transaction,
    { id, email, codeHash }: ProvedRegistration,
  ): Promise<PendingRegistration | undefined> {
    // In one order, so that two that are proved at once wait for each other and not in turn.
    await transaction.query('SELECT 1 FROM pending_registrations WHERE email = $1 ORDER BY id FOR UPDATE', [email]);
    const rows = await transaction.query<PendingRegistration & { codeHash: Buffer | null }>(
      `DELETE FROM pending_registrations WHERE email = $1
       RETURNING id, email, username, display_name AS "displayName", password_hash AS "passwordHash",
         created_at AS "createdAt", code_hash AS "codeHash"`,
      [email],
    );
    return rows.find((row) => row.id === id && row.codeHash?.equals(codeHash) === true);
  }

  /** The newest of those that go by this name: from the caller's network address, else from any. */
  async passwordHashOf(
    by: { email: string } | { username: string },
    ipAddress: string | undefined,
  ): Promise<string | null> {
    const [column, value] = 'email' in by ? ['email', by.email] : ['username', by.username];
    const [row] = await this.database.query<{ passwordHash: string }>(
      `SELECT password_hash AS "passwordHash" FROM pending_registrations
       WHERE ${column} = $1 AND expires_at > $3
       ORDER BY requested_from = $2 DESC, created_at DESC, id DESC LIMIT 1`,
      [value, ipAddressKey(ipAddress), new Date(this.clock.now())],
    );
    return row?.passwordHash ?? null;
  }

  /** Deletes those that nobody proved in time. Any process may do it at any time. */
  async deleteExpired(): Promise<void> {
    for (let deleted = SWEEP_BATCH; deleted === SWEEP_BATCH; ) {
      const rows = await this.database.query(
        `DELETE FROM pending_registrations WHERE id IN (
           SELECT id FROM pending_registrations WHERE expires_at <= $1 LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
         ) RETURNING 1`,
        [new Date(this.clock.now())],
      );
      deleted = rows.length;
    }
  }

  onApplicationBootstrap(): void {
    const sweep = (): void => {
      this.deleteExpired().catch((error: Error) =>
        this.logger.warn(`expired registrations were not deleted: ${error.message}`),
      );
    };
    this.sweep = setInterval(sweep, SWEEP_INTERVAL_MS).unref();
    sweep();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweep);
  }
}

/** One whose code came back. */
export interface ProvedRegistration {
  id: string;
  email: string;
  codeHash: Buffer;
}
