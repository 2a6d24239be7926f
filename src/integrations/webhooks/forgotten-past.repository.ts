import type { AfterRestore } from '../../database/database-identity.js';

/**
 * After a restore: what waited for webhooks when the backup was made was sent since, or is of no use any more. Since when they
 * failed then says nothing of now either.
 */
export const forgetPastDeliveries: AfterRestore = async (client) => {
  await client.query(
    `UPDATE webhook_deliveries SET next_at = NULL, lease_id = NULL, last_error = 'given up after a backup was restored'
     WHERE next_at IS NOT NULL`,
  );
  await client.query('DELETE FROM webhook_events');
  await client.query('UPDATE webhooks SET failing_since = NULL WHERE failing_since IS NOT NULL');
};
