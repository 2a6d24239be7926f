import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../common/async/background-loop.js';
import { Periodic } from '../common/async/periodic.js';
import { EventBus } from '../events/event-bus.js';
import { CatchUp } from './catch-up/catch-up.js';
import { CatchUpRepository } from './catch-up/catch-up.repository.js';

/** Longer than a statement may take: when it fails, the snapshot before the last one is from before it. */
const SNAPSHOT_MS = 15_000;

/** What Cluster is among several: a process that is alone reads what it committed without knowing. */
@Injectable()
export class SingleProcess implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SingleProcess.name);
  /** The last two; undefined until there are as many. */
  private former: string | undefined;
  private latest: string | undefined;
  private readonly snapshots = new Periodic(
    SNAPSHOT_MS,
    async () => {
      const snapshot = await this.repository.snapshot();
      [this.former, this.latest] = [this.latest, snapshot];
    },
    ({ message }) => this.logger.debug(`no snapshot was taken: ${message}`),
  );
  private readonly catchingUp = new BackgroundLoop(
    async () => {
      const since = this.former ?? this.latest;
      if (since !== undefined) await this.catchUp.run(since, true);
      return undefined;
    },
    ({ message }) => this.logger.warn(`what was committed cannot be read at the moment: ${message}`),
  );

  constructor(
    private readonly repository: CatchUpRepository,
    private readonly catchUp: CatchUp,
    events: EventBus,
  ) {
    events.subscribe('write.unsettled', () => this.catchingUp.start());
  }

  onApplicationBootstrap(): void {
    this.snapshots.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.snapshots.stop(), this.catchingUp.stop()]);
  }
}
