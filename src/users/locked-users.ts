import type { Transaction } from '../database/database.js';

/** SQL: a user, locked against deletion like those of `lockUsers`; no row where there is none. `id`: a placeholder. */
export function lockedUser(id: string): string {
  return `SELECT FROM users WHERE id = ${id} AND deleted_at IS NULL FOR KEY SHARE`;
}

/**
 * Keeps these users from being deleted until the caller's transaction ends, and answers their display names; those who
 * are not, or were deleted, are left out. Taken before any other lock of the transaction: who deletes an account holds
 * its user first as well, so neither ever waits for the other in turn.
 * @param alone also nobody else holds them meanwhile: who changes what stands between users waits for all who rely on it,
 *   and they for it.
 */
export async function lockUsers(
  transaction: Transaction,
  userIds: readonly string[],
  alone = false,
): Promise<ReadonlyMap<string, string>> {
  const rows = await transaction.query<{ id: string; displayName: string }>(
    `SELECT id, display_name AS "displayName" FROM users
     WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR ${alone ? 'UPDATE' : 'KEY SHARE'}`,
    [userIds],
  );
  return new Map(rows.map(({ id, displayName }) => [id, displayName]));
}
