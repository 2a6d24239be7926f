import { createClient } from '@parley/client';
import { ports } from './ports';
import { deviceName, serverUrl } from './server';

/** The one client of this app: tokens, connection, outbox, cache and sync are its business. */
export const client = createClient({ url: serverUrl, deviceName, ...ports });
