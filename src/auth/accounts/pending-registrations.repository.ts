import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../../database/database.js';
import type { GuessBounds } from '../codes/one-time-codes.repository.js';

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

/** One whose code came back. */
export interface ProvedRegistration {
  id: string;
  email: string;
  codeHash: Buffer;
  /** All that the guess was counted for. */
  counted: readonly CountedRegistration[];
}

/** One that a guess was counted for, with the code that it had then. */
export interface CountedRegistration {
  id: string;
  hash: Buffer;
}

/** One that a guess may be compared with. */
export interface GuessedRegistration extends CountedRegistration {
  expiresAt: Date;
  /** Whether a right guess proves it, where that comes from. */
  isProvable: boolean;
}

/** Registrations for one e-mail address that may wait, of one IP address and of all. */
export interface WaitingBounds {
  perIpAddress: number;
  total: number;
}

@Injectable()
export class PendingRegistrationsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Beyond the bounds the oldest for that e-mail address go: first of the same IP address, then of all that are left, so that one
   * of another IP address goes only where as many wait as may. Those that no code can prove at the moment go before the others,
   * be they newer: who registers beyond what may be mailed makes nobody's code worthless. @param code null: none is mailed
   */
  async add(
    registration: PendingRegistration,
    requestedFrom: string,
    code: { hash: Buffer; expiresAt: Date } | null,
    expiresAt: Date,
    bounds: WaitingBounds,
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.query(
        `INSERT INTO pending_registrations
           (id, email, username, display_name, password_hash, requested_from, code_hash, code_expires_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          registration.id,
          registration.email,
          registration.username,
          registration.displayName,
          registration.passwordHash,
          requestedFrom,
          code?.hash ?? null,
          code?.expiresAt ?? null,
          registration.createdAt,
          expiresAt,
        ],
      );
      await transaction.query(
        `WITH of_address AS (
           SELECT id, created_at, requested_from, code_hash IS NOT NULL AND code_expires_at > $4 AS is_provable
           FROM pending_registrations WHERE email = $1
         ), ranked AS (
           SELECT *, row_number() OVER (PARTITION BY requested_from ORDER BY is_provable DESC, created_at DESC, id DESC) AS rank
           FROM of_address
         ), kept AS (
           SELECT id FROM ranked WHERE rank <= $2::int ORDER BY is_provable DESC, created_at DESC, id DESC LIMIT $3::int
         )
         DELETE FROM pending_registrations WHERE email = $1 AND id NOT IN (SELECT id FROM kept)`,
        [registration.email, bounds.perIpAddress, bounds.total, registration.createdAt],
      );
    });
  }

  /** Those that wait at an e-mail address, the newest first. */
  waitingAt(email: string, now: Date, limit: number): Promise<{ id: string; requestedFrom: string }[]> {
    return this.database.query<{ id: string; requestedFrom: string }>(
      `SELECT id, requested_from AS "requestedFrom" FROM pending_registrations
       WHERE email = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT $3`,
      [email, now, limit],
    );
  }

  async replaceCode(id: string, { hash, expiresAt }: { hash: Buffer; expiresAt: Date }): Promise<void> {
    await this.database.query(
      `UPDATE pending_registrations SET code_hash = $2, code_expires_at = $3, guesses = 0, guessers = '{}' WHERE id = $1`,
      [id, hash, expiresAt],
    );
  }

  /**
   * Counts a guess for all that wait at an e-mail address, and answers those that it may be compared with. Where one was
   * requested from where the guess comes from, only such can be proved there: that one's own code may be burnt or not mailed. So
   * it is where as many wait as may: that one may have had to go.
   */
  countGuess(
    email: string,
    guesserKey: string,
    now: Date,
    bounds: GuessBounds,
    maxWaiting: number,
  ): Promise<GuessedRegistration[]> {
    return this.database.query<GuessedRegistration>(
      `UPDATE pending_registrations SET
         guesses = guesses + CASE WHEN requested_from = $2 THEN 0 ELSE 1 END,
         guessers = guessers || jsonb_build_object($2::text, COALESCE((guessers ->> $2)::int, 0) + 1)
       WHERE email = $1 AND expires_at > $3 AND code_hash IS NOT NULL
         AND COALESCE((guessers ->> $2)::int, 0) < $4::int
         AND (requested_from = $2 OR guesses < $5::int)
       RETURNING id, code_hash AS hash, code_expires_at AS "expiresAt",
         requested_from = $2 OR (
           SELECT count(*) < $6::int AND bool_and(waiting.requested_from <> $2)
           FROM pending_registrations AS waiting WHERE waiting.email = $1 AND waiting.expires_at > $3
         ) AS "isProvable"`,
      [email, guesserKey, now, bounds.perIpAddress, bounds.byStrangers, maxWaiting],
    );
  }

  /** Of these very codes; of none that took the place of one. */
  async takeBackGuess(counted: readonly CountedRegistration[], guesserKey: string): Promise<void> {
    await this.database.query(
      `UPDATE pending_registrations SET
         guesses = guesses - CASE WHEN requested_from = $3 THEN 0 ELSE 1 END,
         guessers = guessers || jsonb_build_object($3::text, (guessers ->> $3)::int - 1)
       WHERE id = ANY($1::uuid[]) AND encode(code_hash, 'hex') = ANY($2::text[]) AND (guessers ->> $3)::int > 0`,
      [counted.map(({ id }) => id), counted.map(({ hash }) => hash.toString('hex')), guesserKey],
    );
  }

  /** Takes all of an e-mail address out. */
  async takeAllOf(
    transaction: Transaction,
    email: string,
  ): Promise<(PendingRegistration & { codeHash: Buffer | null })[]> {
    // In one order, so that two that are proved at once wait for each other and not in turn.
    await transaction.query('SELECT 1 FROM pending_registrations WHERE email = $1 ORDER BY id FOR UPDATE', [email]);
    return transaction.query<PendingRegistration & { codeHash: Buffer | null }>(
      `DELETE FROM pending_registrations WHERE email = $1
       RETURNING id, email, username, display_name AS "displayName", password_hash AS "passwordHash",
         created_at AS "createdAt", code_hash AS "codeHash"`,
      [email],
    );
  }

  /** The newest of those that go by this name: from this IP address, else from any. */
  async passwordHashOf(
    by: { email: string } | { username: string },
    requestedFrom: string,
    now: Date,
  ): Promise<string | null> {
    const [column, value] = 'email' in by ? ['email', by.email] : ['username', by.username];
    const [row] = await this.database.query<{ passwordHash: string }>(
      `SELECT password_hash AS "passwordHash" FROM pending_registrations
       WHERE ${column} = $1 AND expires_at > $3
       ORDER BY requested_from = $2 DESC, created_at DESC, id DESC LIMIT 1`,
      [value, requestedFrom, now],
    );
    return row?.passwordHash ?? null;
  }

  /** At most `limit` of them. @returns how many */
  async deleteExpired(now: Date, limit: number): Promise<number> {
    const rows = await this.database.query(
      `DELETE FROM pending_registrations WHERE id IN (
         SELECT id FROM pending_registrations WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING 1`,
      [now, limit],
    );
    return rows.length;
  }
}
