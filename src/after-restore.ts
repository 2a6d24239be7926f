import type { AfterRestore } from './database/database-identity.js';
import { forgetPastDeliveries } from './integrations/webhooks/forgotten-past.repository.js';
import { silencePast } from './push/silence-past.repository.js';

/** What a restore asks of features: no phone rings, and no webhook is sent, for what happened before. */
export const afterRestore: AfterRestore = async (client) => {
  await silencePast(client);
  await forgetPastDeliveries(client);
};
