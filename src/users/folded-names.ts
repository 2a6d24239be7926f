import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { NIL_ID } from '../common/identifier.js';
import { foldText } from '../common/text/fold-text.js';
import { UsersRepository } from './users.repository.js';

const BATCH = 500;

/** Folds the names that were stored before names were folded, or past this server. Any process may, at any time. */
@Injectable()
export class FoldedNames implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(FoldedNames.name);
  private pass: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly repository: UsersRepository) {}

  onApplicationBootstrap(): void {
    // Searched as they were until the next start.
    this.pass = this.foldAll().catch((error: Error) => this.logger.warn(`names are not folded yet: ${error.message}`));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.pass;
  }

  private async foldAll(): Promise<void> {
    for (let after = NIL_ID; !this.stopped; ) {
      const rows = await this.repository.namesToFold(after, BATCH);
      const last = rows.at(-1);
      if (last === undefined) return;
      await this.repository.noteFolded(rows.map(({ id, displayName }) => ({ id, foldedName: foldText(displayName) })));
      after = last.id;
    }
  }
}
