import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../common/async/background-loop.js';
import { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { CatchUpRepository } from './catch-up/catch-up.repository.js';

/** What the database still has under way when it answers again ends meanwhile. */
const SETTLING_MS = 1_000;

/**
 * Writes that failed since the database did not answer, though it may have committed them: nothing was published of them, and
 * nobody knows whom they concern. Once it answers again, `write.unsettled` has every process read what was committed (CatchUp).
 * Messages are found sooner: see UnsettledSends.
 */
@Injectable()
export class UnsettledWrites implements OnApplicationShutdown {
  private readonly logger = new Logger(UnsettledWrites.name);
  private readonly loop = new BackgroundLoop(
    () => this.settle(),
    ({ message }) => this.logger.warn(`what became of a write cannot be read at the moment: ${message}`),
  );

  constructor(
    database: Database,
    private readonly repository: CatchUpRepository,
    private readonly events: EventBus,
  ) {
    database.onUnsettledWrite = () => this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  private async settle(): Promise<undefined> {
    await this.repository.snapshot();
    await this.loop.rest(SETTLING_MS);
    if (!this.loop.isStopped) this.events.publish('write.unsettled', {});
  }
}
