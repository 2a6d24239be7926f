import { indexedDbStorage } from '@parley/client/storage/indexeddb';

/** In a browser the package's own defaults do, and the tabs share what they keep. */
export const ports = { storage: indexedDbStorage() };
