import { Injectable } from '@nestjs/common';
import { Database, type SqlExecutor, type Transaction } from '../../database/database.js';

export type CodePurpose = 'VERIFY_EMAIL' | 'RESET_PASSWORD';

/** Who asked for a code, in place of an IP address, where an operator makes it. */
export const BY_OPERATOR = 'operator';

export interface IssuedCode {
  /** Digits. */
  code: string;
  /** What may be stored of it. */
  hash: Buffer;
  expiresAt: Date;
}

/** Guesses that a code bears, from one IP address and from strangers together. */
export interface GuessBounds {
  perIpAddress: number;
  byStrangers: number;
}

/** The codes of users: one a user and purpose. */
@Injectable()
export class OneTimeCodesRepository {
  constructor(private readonly database: Database) {}

  /** In place of the one before. False where that is an operator's which is good still: another operator alone replaces it. */
  async replace(
    userId: string,
    purpose: CodePurpose,
    { hash, expiresAt }: IssuedCode,
    { createdAt, requestedFrom }: { createdAt: Date; requestedFrom: string },
    executor: SqlExecutor = this.database,
  ): Promise<boolean> {
    const replaced = await executor.query(
      `INSERT INTO one_time_codes (user_id, purpose, hash, created_at, expires_at, requested_from)
       VALUES ($1, $2::code_purpose, $3, $4, $5, $6)
       ON CONFLICT (user_id, purpose) DO UPDATE SET
         hash = excluded.hash, guesses = 0, guessers = '{}', created_at = excluded.created_at,
         expires_at = excluded.expires_at, requested_from = excluded.requested_from
       WHERE excluded.requested_from = $7 OR one_time_codes.requested_from IS DISTINCT FROM $7
         OR one_time_codes.expires_at <= excluded.created_at
       RETURNING 1`,
      [userId, purpose, hash, createdAt, expiresAt, requestedFrom, BY_OPERATOR],
    );
    return replaced.length > 0;
  }

  /**
   * Counts a guess, and answers what it is compared with; undefined where no more may be made, or there is no code. Guesses at an
   * operator's code are not counted.
   */
  async countGuess(
    userId: string | null,
    purpose: CodePurpose,
    guesser: { key: string; isKnown: boolean },
    bounds: GuessBounds,
  ): Promise<{ hash: Buffer; expiresAt: Date } | undefined> {
    const [row] = await this.database.query<{ hash: Buffer; expiresAt: Date }>(
      `UPDATE one_time_codes SET
         guesses = guesses + CASE WHEN $4 OR requested_from IN ($3, $7) THEN 0 ELSE 1 END,
         guessers = CASE WHEN requested_from = $7 THEN guessers
           ELSE guessers || jsonb_build_object($3::text, COALESCE((guessers ->> $3)::int, 0) + 1) END
       WHERE user_id = $1 AND purpose = $2::code_purpose
         AND (requested_from = $7 OR COALESCE((guessers ->> $3)::int, 0) < $5::int)
         AND ($4 OR requested_from IN ($3, $7) OR guesses < $6::int)
       RETURNING hash, expires_at AS "expiresAt"`,
      [userId, purpose, guesser.key, guesser.isKnown, bounds.perIpAddress, bounds.byStrangers, BY_OPERATOR],
    );
    return row;
  }

  /** Of this very code; of none that took its place. */
  async takeBackGuess(
    userId: string,
    purpose: CodePurpose,
    hash: Buffer,
    guesser: { key: string; isKnown: boolean },
  ): Promise<void> {
    await this.database.query(
      `UPDATE one_time_codes SET
         guesses = guesses - CASE WHEN $4 OR requested_from IS NOT DISTINCT FROM $3 THEN 0 ELSE 1 END,
         guessers = guessers || jsonb_build_object($3::text, (guessers ->> $3)::int - 1)
       WHERE user_id = $1 AND purpose = $2::code_purpose AND hash = $5 AND (guessers ->> $3)::int > 0`,
      [userId, purpose, guesser.key, guesser.isKnown, hash],
    );
  }

  /** False where it is not that code any more. */
  async spend(transaction: Transaction, userId: string, purpose: CodePurpose, hash: Buffer): Promise<boolean> {
    const spent = await transaction.query(
      'DELETE FROM one_time_codes WHERE user_id = $1 AND purpose = $2::code_purpose AND hash = $3 RETURNING 1',
      [userId, purpose, hash],
    );
    return spent.length > 0;
  }

  async delete(executor: SqlExecutor, userId: string, purpose: CodePurpose): Promise<void> {
    await executor.query('DELETE FROM one_time_codes WHERE user_id = $1 AND purpose = $2::code_purpose', [
      userId,
      purpose,
    ]);
  }

  async deleteAllOf(executor: SqlExecutor, userId: string): Promise<void> {
    await executor.query('DELETE FROM one_time_codes WHERE user_id = $1', [userId]);
  }

  async deleteExpired(before: Date): Promise<void> {
    await this.database.query('DELETE FROM one_time_codes WHERE expires_at <= $1', [before]);
  }
}
