import { Injectable } from '@nestjs/common';
import { Database, type SqlExecutor, type Transaction } from '../../database/database.js';
import type { ExternalIdentity } from './trusted-issuers.js';

type Subject = Pick<ExternalIdentity, 'issuer' | 'subject'>;

/** A user whom a trusted issuer vouches for. */
export interface KnownIdentity {
  userId: string;
  /** Null while the session lives. */
  revokedAt: Date | null;
  /** The last of its ends that a new sign-in followed, or that of the account before; null where there was none. */
  endedAt: Date | null;
}

/** Which subjects of trusted issuers are which users, and until when their tokens are refused. */
@Injectable()
export class ExternalIdentitiesRepository {
  constructor(private readonly database: Database) {}

  /** One transaction at a time for this subject, on all nodes, until it ends. */
  async lock(transaction: Transaction, { issuer, subject }: Subject): Promise<void> {
    await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${issuer}\n${subject}`]);
  }

  async find(
    { issuer, subject }: Subject,
    sessionId: string,
    executor: SqlExecutor = this.database,
  ): Promise<KnownIdentity | undefined> {
    const [known] = await executor.query<KnownIdentity>(
      `SELECT i.user_id AS "userId", s.revoked_at AS "revokedAt", e.ended_at AS "endedAt"
       FROM foreign_identities i JOIN sessions s ON s.id = $3 AND s.user_id = i.user_id
       LEFT JOIN ended_identities e ON e.session_id = s.id
       WHERE i.issuer = $1 AND i.subject = $2`,
      [issuer, subject, sessionId],
      'external_identity',
    );
    return known;
  }

  async add(transaction: Transaction, { issuer, subject }: Subject, userId: string): Promise<void> {
    await transaction.query('INSERT INTO foreign_identities (issuer, subject, user_id) VALUES ($1, $2, $3)', [
      issuer,
      subject,
      userId,
    ]);
  }

  /** When the account behind this session was deleted. */
  async endOf(transaction: Transaction, sessionId: string): Promise<Date | undefined> {
    const [ended] = await transaction.query<{ endedAt: Date }>(
      'SELECT ended_at AS "endedAt" FROM ended_identities WHERE session_id = $1',
      [sessionId],
    );
    return ended?.endedAt;
  }

  /** Tokens of these sessions that were made until then are refused for good, whatever comes after. */
  async noteEnds(sessionIds: readonly string[], endedAt: Date, executor: SqlExecutor = this.database): Promise<void> {
    await executor.query(
      `INSERT INTO ended_identities AS known (session_id, ended_at) SELECT unnest($1::uuid[]), $2
       ON CONFLICT (session_id) DO UPDATE SET ended_at = GREATEST(known.ended_at, excluded.ended_at)`,
      [sessionIds, endedAt],
    );
  }

  /** @returns who the user was */
  takeAllOf(transaction: Transaction, userId: string): Promise<Subject[]> {
    return transaction.query<Subject>('DELETE FROM foreign_identities WHERE user_id = $1 RETURNING issuer, subject', [
      userId,
    ]);
  }

  /** When the newest token that is known of was used, which is ahead of now where its issuer's clock is. */
  async lastUseOf(transaction: Transaction, userId: string): Promise<Date | undefined> {
    const [latest] = await transaction.query<{ at: Date | null }>(
      'SELECT max(last_used_at) AS at FROM sessions WHERE user_id = $1',
      [userId],
    );
    return latest?.at ?? undefined;
  }

  /** All of an export: a user is one subject of one issuer. */
  export(userId: string): Promise<object[]> {
    return this.database.background.query<object>(
      'SELECT issuer, subject, created_at AS "createdAt" FROM foreign_identities WHERE user_id = $1',
      [userId],
    );
  }
}
