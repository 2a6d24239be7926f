import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundLoop } from '../common/async/background-loop.js';
import { Periodic } from '../common/async/periodic.js';
import { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { CatchUpRepository } from './catch-up/catch-up.repository.js';
import { underWayBefore, xmaxOf } from './snapshots.js';

/** Longer than a statement may take: when it fails, the snapshot before the last one is from before it. */
const SNAPSHOT_MS = 15_000;
/** Behind a look for new ones: what the database was sent, and had not begun, begins meanwhile. */
const MIN_REST_MS = 1_000;
const MAX_REST_MS = 30_000;
/** While the database does not answer. */
const MAX_TRIAL_REST_MS = 3_000;
/** Between two looks while something is under way; a write that comes meanwhile waits for no more. */
const SETTLING_REST_MS = 3_000;
/** So long the database is given to end what it had under way: more than any statement or commit of a server takes. */
const MAX_SETTLING_MS = 300_000;
/** So long after the last of them the next one is the first. */
const CALM_MS = 60_000;

/**
 * Writes that failed since the database did not answer, though it may have committed them, or still does: nothing was
 * published of them, and nobody knows whom they concern. `write.unsettled` has every process read what was committed since a
 * snapshot from before them (CatchUp): at once, when the database answers again, and until all that it had under way then has
 * ended: not as long as a transaction of somebody else stays open, which ends nothing. Messages are found sooner: see UnsettledSends.
 */
@Injectable()
export class UnsettledWrites implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(UnsettledWrites.name);
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
  /** From before the first write that is not settled. */
  private since: string | undefined;
  /** For new ones, since the last time of calm. */
  private looks = 0;
  private settledAt = Number.NEGATIVE_INFINITY;
  /** How many there were, and how many of them when it was looked last. */
  private writes = 0;
  private seen = 0;
  /** The first transaction that begins after all that may be one of them, and when it was learnt. */
  private end: { xid: bigint; at: number } | undefined;
  /** Of those before it, what had not ended when it was looked last. */
  private underWay: string | undefined;
  private readonly loop = new BackgroundLoop(
    () => this.look(),
    ({ message }) => this.logger.debug(`what became of a write cannot be read at the moment: ${message}`),
    { minMs: MIN_REST_MS, maxMs: MAX_TRIAL_REST_MS },
  );

  constructor(
    database: Database,
    private readonly repository: CatchUpRepository,
    private readonly events: EventBus,
  ) {
    // Not those of `reads`, which only reads.
    database.onUnsettledWrite = () => this.begin();
    database.background.onUnsettledWrite = () => this.begin();
  }

  onApplicationBootstrap(): void {
    this.snapshots.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.snapshots.stop(), this.loop.stop()]);
  }

  /** Whether it is known what became of every write. */
  get isEmpty(): boolean {
    return this.since === undefined && this.end === undefined && this.seen === this.writes;
  }

  private begin(): void {
    if (this.since === undefined && performance.now() - this.settledAt > CALM_MS) this.looks = 0;
    const isFirst = this.since === undefined && this.looks === 0;
    this.since ??= this.former ?? this.latest;
    this.writes += 1;
    this.end = this.underWay = undefined;
    // The others' databases may answer.
    if (isFirst) this.publish();
    this.loop.start();
  }

  private publish(): void {
    if (this.since !== undefined) this.events.publish('write.unsettled', { since: this.since });
  }

  private async look(): Promise<number | undefined> {
    // Where one follows the other they are looked for together, less and less often.
    if (this.seen < this.writes && this.looks > 0) await this.loop.rest(this.restMs());
    const { writes } = this;
    const snapshot = await this.repository.snapshot();
    if (this.seen < this.writes) {
      this.looks += 1;
      this.seen = writes;
      this.publish();
      return MIN_REST_MS;
    }
    const now = performance.now();
    this.end ??= { xid: xmaxOf(snapshot), at: now };
    const underWay = underWayBefore(this.end.xid, snapshot);
    // As long as nothing of it ends there is nothing to read.
    if (underWay !== this.underWay) this.publish();
    this.underWay = underWay;
    if (underWay !== '' && now - this.end.at < MAX_SETTLING_MS) return SETTLING_REST_MS;
    this.since = this.end = this.underWay = undefined;
    this.settledAt = now;
    return undefined;
  }

  private restMs(): number {
    return Math.min(MAX_REST_MS, MIN_REST_MS * 2 ** Math.min(this.looks - 1, 10));
  }
}
