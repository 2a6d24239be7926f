import type { RestoreExecutor } from '../database/database-identity.js';

/** Who says that a backup was restored; nulls are an operator at the server's machine. */
export interface RestoreEntry {
  actorId: string | null;
  reason: string | null;
  ip: string | null;
}

/** Within the transaction that gives the database a new identity, which is no transaction of the server's pools. */
export async function recordRestore(client: RestoreExecutor, { actorId, reason, ip }: RestoreEntry): Promise<void> {
  await client.query(
    `INSERT INTO audit_log (id, actor_id, action, target_type, reason, ip)
     VALUES (gen_random_uuid(), $1, 'server.after_restore', 'server', $2, $3)`,
    [actorId, reason, ip],
  );
}
