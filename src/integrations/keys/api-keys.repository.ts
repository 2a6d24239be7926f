import { Injectable } from '@nestjs/common';
import type { KeyScope } from '../../common/access/key-scope.js';
import { EXPORT_PAGE } from '../../users/personal-data/personal-data.js';
import { LAST_ID } from '../../common/pagination.js';
import { Database, type Transaction } from '../../database/database.js';
import type { ServerRole } from '../../common/access/server-role.js';

/** A key as its administrators see it. */
export interface ApiKeyRow {
  id: string;
  name: string;
  scopes: KeyScope[];
  createdBy: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** What a request is let in by. */
export type FoundKey = Pick<ApiKeyRow, 'id' | 'scopes' | 'createdBy' | 'expiresAt' | 'lastUsedAt'>;

const COLUMNS = `id, name, scopes, created_by AS "createdBy", created_at AS "createdAt", expires_at AS "expiresAt",
  last_used_at AS "lastUsedAt"`;

/** API keys, which are kept by the hashes of their secrets. */
@Injectable()
export class ApiKeysRepository {
  constructor(private readonly database: Database) {}

  /** By the hash of its secret. Undefined where it has ended, or its maker is gone or no administrator any more. */
  async find(secretHash: Buffer, now: Date): Promise<FoundKey | undefined> {
    const [key] = await this.database.query<FoundKey>(
      `SELECT id, scopes, created_by AS "createdBy", expires_at AS "expiresAt", last_used_at AS "lastUsedAt"
       FROM api_keys WHERE secret_hash = $1 AND (expires_at IS NULL OR expires_at > $2)
         AND (SELECT u.role FROM users u WHERE u.id = api_keys.created_by AND u.deleted_at IS NULL) = 'ADMIN'`,
      [secretHash, now],
      'api_key_find',
    );
    return key;
  }

  /** Whom a key could act as. Undefined for nobody who is there. */
  async actor(userId: string): Promise<{ role: ServerRole; isBot: boolean } | undefined> {
    const [actor] = await this.database.query<{ role: ServerRole; isBot: boolean }>(
      `SELECT u.role, EXISTS (SELECT 1 FROM bots b WHERE b.user_id = u.id) AS "isBot"
       FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL`,
      [userId],
      'api_key_actor',
    );
    return actor;
  }

  /** Says once in `everyMs` that a key is in use. */
  async noteUse(id: string, now: Date, everyMs: number): Promise<void> {
    await this.database.background.query(
      `UPDATE api_keys SET last_used_at = $2
       WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - make_interval(secs => $3))`,
      [id, now, everyMs / 1_000],
    );
  }

  /** Holds a key as it is until the transaction ends: who revokes it waits. False where it is gone. */
  async hold(transaction: Transaction, id: string): Promise<boolean> {
    const rows = await transaction.query(
      `SELECT 1 FROM api_keys k WHERE k.id = $1
         AND (SELECT u.role FROM users u WHERE u.id = k.created_by) = 'ADMIN' FOR SHARE`,
      [id],
    );
    return rows.length > 0;
  }

  async noteSession(transaction: Transaction, id: string, sessionId: string): Promise<void> {
    await transaction.query(
      'INSERT INTO api_key_sessions (session_id, key_id) VALUES ($1, $2) ON CONFLICT (session_id) DO NOTHING',
      [sessionId, id],
    );
  }

  /** False where there are `max` of them: those who make one at the same moment wait for each other. */
  async add(
    transaction: Transaction,
    key: Omit<ApiKeyRow, 'lastUsedAt'>,
    secretHash: Buffer,
    max: number,
  ): Promise<boolean> {
    await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended('parley api keys', 0))`);
    const added = await transaction.query(
      `INSERT INTO api_keys (id, name, secret_hash, scopes, created_by, created_at, expires_at)
       SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM api_keys) < $8 RETURNING 1`,
      [key.id, key.name, secretHash, key.scopes, key.createdBy, key.createdAt, key.expiresAt, max],
    );
    return added.length > 0;
  }

  /** The newest first. @param before the page begins below this id; null for the first page */
  list(before: string | null, limit: number): Promise<ApiKeyRow[]> {
    return this.database.reads.query<ApiKeyRow>(
      `SELECT ${COLUMNS} FROM api_keys WHERE id < $1 ORDER BY id DESC LIMIT $2`,
      [before ?? LAST_ID, limit],
    );
  }

  /** Waits for who is opening a connection with it. @returns its name, undefined where there is none */
  async lockName(transaction: Transaction, id: string): Promise<string | undefined> {
    const [key] = await transaction.query<{ name: string }>('SELECT name FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
    return key?.name;
  }

  async sessionsOf(transaction: Transaction, id: string): Promise<string[]> {
    const rows = await transaction.query<{ id: string }>(
      'SELECT session_id AS id FROM api_key_sessions WHERE key_id = $1',
      [id],
    );
    return rows.map((row) => row.id);
  }

  /** Those of all keys that a user made. */
  async sessionsOfMaker(transaction: Transaction, makerId: string): Promise<string[]> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT s.session_id AS id FROM api_keys k JOIN api_key_sessions s ON s.key_id = k.id WHERE k.created_by = $1`,
      [makerId],
    );
    return rows.map((row) => row.id);
  }

  /** All that a user made; waits for who is opening a connection with one. @returns what they were */
  removeOfMaker(transaction: Transaction, makerId: string): Promise<{ id: string; name: string }[]> {
    return transaction.query<{ id: string; name: string }>(
      'DELETE FROM api_keys WHERE created_by = $1 RETURNING id, name',
      [makerId],
    );
  }

  async remove(transaction: Transaction, id: string): Promise<void> {
    await transaction.query('DELETE FROM api_keys WHERE id = $1', [id]);
  }

  /** A page of an export: those that an administrator made. */
  export(userId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT ${COLUMNS} FROM api_keys WHERE created_by = $1 AND id > $2 ORDER BY id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }
}
