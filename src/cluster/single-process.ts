import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../common/async/background-loop.js';
import { EventBus } from '../events/event-bus.js';
import { CatchUp } from './catch-up/catch-up.js';
import { older } from './snapshots.js';

/** While the database does not answer. */
const MAX_TRIAL_REST_MS = 3_000;

/** What Cluster is among several: a process that is alone reads what it committed without knowing. */
@Injectable()
export class SingleProcess implements OnApplicationShutdown {
  private readonly logger = new Logger(SingleProcess.name);
  /** The snapshot from which it is to be read. */
  private since: string | undefined;
  private readonly catchingUp = new BackgroundLoop(
    async () => {
      const { since } = this;
      if (since === undefined) return undefined;
      await this.catchUp.run(since, true);
      if (this.since === since) this.since = undefined;
      return undefined;
    },
    ({ message }) => this.logger.debug(`what was committed cannot be read at the moment: ${message}`),
    { minMs: 500, maxMs: MAX_TRIAL_REST_MS },
  );

  constructor(
    private readonly catchUp: CatchUp,
    events: EventBus,
  ) {
    events.subscribe('write.unsettled', ({ since }) => {
      this.since = this.since === undefined ? since : older(since, this.since);
      this.catchingUp.start();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.catchingUp.stop();
  }
}
