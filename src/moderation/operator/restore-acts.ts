import type { AfterRestore } from '../../database/database-identity.js';

/** What features that lie above this one do after a restore; bound in app.module. */
export class RestoreActs {
  constructor(readonly run: AfterRestore) {}
}
