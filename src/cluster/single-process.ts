import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../common/async/background-loop.js';
import { Periodic } from '../common/async/periodic.js';
import { Configuration } from '../config/configuration.js';
import { EventBus } from '../events/event-bus.js';
import { CatchUp } from './catch-up/catch-up.js';
import { CatchUpRepository } from './catch-up/catch-up.repository.js';
import { older } from './snapshots.js';

/** While the database does not answer. */
const MAX_TRIAL_REST_MS = 3_000;

/**
 * What Cluster is among several: a process that is alone reads what it committed without knowing, and says so in the log
 * where it is not alone at its database.
 */
@Injectable()
export class SingleProcess implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SingleProcess.name);
  /** The snapshot from which it is to be read. */
  private since: string | undefined;
  private readonly catchingUp = new BackgroundLoop(
    async () => {
      const { since } = this;
      if (since === undefined) return undefined;
      // What becomes known meanwhile, also of the same snapshot, is read after it.
      this.since = undefined;
      try {
        await this.catchUp.run(since, true);
      } catch (error) {
        this.readFrom(since);
        throw error;
      }
      return undefined;
    },
    ({ message }) => this.logger.debug(`what was committed cannot be read at the moment: ${message}`),
    { minMs: 500, maxMs: MAX_TRIAL_REST_MS },
  );

  private isAloneAtDatabase = true;
  private readonly looking: Periodic;

  constructor(
    private readonly catchUp: CatchUp,
    private readonly repository: CatchUpRepository,
    events: EventBus,
    configuration: Configuration,
  ) {
    // By then the lease has ended that a process left which was killed before this one began.
    this.looking = new Periodic(
      2 * configuration.timings.presenceLeaseMs,
      () => this.lookForOthers(),
      ({ message }) => this.logger.debug(`it cannot be read who else uses the database: ${message}`),
    );
    events.subscribe('write.unsettled', ({ since }) => {
      this.readFrom(since);
      this.catchingUp.start();
    });
  }

  onApplicationBootstrap(): void {
    this.looking.startLater();
  }

  async onApplicationShutdown(): Promise<void> {
    this.catchUp.stop();
    await Promise.all([this.looking.stop(), this.catchingUp.stop()]);
  }

  private readFrom(since: string): void {
    this.since = this.since === undefined ? since : older(since, this.since);
  }

  private async lookForOthers(): Promise<void> {
    const isAlone = (await this.repository.livingNodeIds()).length <= 1;
    if (this.isAloneAtDatabase && !isAlone)
      this.logger.warn(
        'another process uses this database: neither delivers what the other stores until clients connect again. Give both the same REDIS_URL, or start one with WORKERS (docs/cluster.md)',
      );
    this.isAloneAtDatabase = isAlone;
  }
}
