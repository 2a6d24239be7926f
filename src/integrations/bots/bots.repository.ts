import { Injectable } from '@nestjs/common';
import { LAST_ID } from '../../common/pagination.js';
import { Database, type Transaction } from '../../database/database.js';
import { EXPORT_PAGE } from '../../users/personal-data/personal-data.js';
import { type UserRow } from '../../views/users.view.js';
import { USER_COLUMNS } from '../../users/user-columns.js';

/** Which users are bots. */
@Injectable()
export class BotsRepository {
  constructor(private readonly database: Database) {}

  /** False where there are `max` of them: those who make one at the same moment wait for each other. */
  async add(transaction: Transaction, userId: string, madeBy: string, max: number): Promise<boolean> {
    await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended('parley bots', 0))`);
    const added = await transaction.query(
      `INSERT INTO bots (user_id, created_by)
       SELECT $1, $2 WHERE (
         SELECT count(*) FROM bots JOIN users ON users.id = bots.user_id WHERE users.deleted_at IS NULL
       ) < $3 RETURNING 1`,
      [userId, madeBy, max],
    );
    return added.length > 0;
  }

  async find(transaction: Transaction, userId: string): Promise<UserRow | undefined> {
    const [row] = await transaction.query<UserRow>(`SELECT ${USER_COLUMNS} FROM users WHERE id = $1`, [userId]);
    return row;
  }

  /** The newest first. @param before the page begins below this id; null for the first page */
  list(before: string | null, limit: number): Promise<UserRow[]> {
    return this.database.reads.query<UserRow>(
      `SELECT ${USER_COLUMNS} FROM bots JOIN users ON users.id = bots.user_id
       WHERE bots.user_id < $1 AND users.deleted_at IS NULL ORDER BY bots.user_id DESC LIMIT $2`,
      [before ?? LAST_ID, limit],
    );
  }

  /** With the account: it is no bot any more. */
  async remove(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query('DELETE FROM bots WHERE user_id = $1', [userId]);
  }

  /** A page of an export: those that an administrator made. */
  export(userId: string, after: string): Promise<{ id: string }[]> {
    return this.database.background.query<{ id: string }>(
      `SELECT user_id AS id, created_at AS "createdAt" FROM bots
       WHERE created_by = $1 AND user_id > $2 ORDER BY user_id LIMIT ${EXPORT_PAGE}`,
      [userId, after],
    );
  }
}
