import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { foldText } from '../common/text/fold-text.js';
import { Database } from '../database/database.js';

const BATCH = 500;

/** Folds the names that were stored before names were folded, or past this server. Any process may, at any time. */
@Injectable()
export class FoldedNames implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(FoldedNames.name);
  private pass: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly database: Database) {}

  onApplicationBootstrap(): void {
    // Searched as they were until the next start.
    this.pass = this.foldAll().catch((error: Error) => this.logger.warn(`names are not folded yet: ${error.message}`));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.pass;
  }

  private async foldAll(): Promise<void> {
    for (let after = '00000000-0000-0000-0000-000000000000'; !this.stopped; ) {
      const rows = await this.database.background.query<{ id: string; displayName: string }>(
        `SELECT id, display_name AS "displayName" FROM users
         WHERE folded_name IS NULL AND deleted_at IS NULL AND id > $1 ORDER BY id LIMIT ${BATCH}`,
        [after],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      // A user that changes its name at this moment folds it itself.
      await this.database.background.query(
        `UPDATE users SET folded_name = folded.name
         FROM unnest($1::uuid[], $2::text[]) AS folded(id, name) WHERE users.id = folded.id AND users.folded_name IS NULL`,
        [rows.map(({ id }) => id), rows.map(({ displayName }) => foldText(displayName))],
      );
      after = last.id;
    }
  }
}
