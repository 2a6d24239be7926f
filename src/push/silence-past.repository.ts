import type { AfterRestore } from '../database/database-identity.js';

/** After a restore: what was written before has rung, or waited when the backup was made. No device rings for it again. */
export const silencePast: AfterRestore = async (client) => {
  await client.query('DELETE FROM push_notices');
  await client.query('DELETE FROM push_tickets');
  await client.query(
    'UPDATE push_devices SET follows_from = now(), due_at = NULL, leased_until = NULL, lease_id = NULL',
  );
};
