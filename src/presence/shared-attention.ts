import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Periodic } from '../common/async/periodic.js';
import { SerialQueue } from '../common/async/serial-queue.js';
import { BoundedLogger } from '../common/bounded-logger.js';
import { Configuration } from '../config/configuration.js';
import { Attention, type Shown } from './attention.js';
import { AttentionRepository } from './attention.repository.js';

/** What changes within this time is written together. */
const GATHER_MS = 150;
/** After a write that failed. */
const RETRY_MS = 3_000;
const SWEEP_MS = 60_000;
/** A process without push leaves what died to those with it for so many sweeps. */
const SWEEPS_WITHOUT_PUSH = 10;
/** Conversations that one user's connections of a process may be known to show. */
const MAX_SHOWN = 500;

/**
 * What users look at, at all processes that are one server. Where there is one alone nothing is written and nothing read.
 * It may be some tenths of a second old.
 */
@Injectable()
export class SharedAttention implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SharedAttention.name);
  private readonly failures = new BoundedLogger(SharedAttention.name, 6);
  private readonly isShared: boolean;
  private readonly changed = new Set<string>();
  private gathering: NodeJS.Timeout | undefined;
  private isStopped = false;
  private sweeps = 0;
  private readonly writes = new SerialQueue();
  private readonly sweep = new Periodic(
    SWEEP_MS,
    () => this.sweepNow(),
    ({ message }) => this.logger.warn(`what died stays for now: ${message}`),
  );

  constructor(
    private readonly attention: Attention,
    private readonly repository: AttentionRepository,
    configuration: Configuration,
  ) {
    this.isShared = configuration.isOneOfSeveral;
    if (!this.isShared) return;
    attention.onChange((userId) => {
      this.changed.add(userId);
      this.gather();
    });
  }

  onApplicationBootstrap(): void {
    if (this.isShared) this.sweep.startLater();
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.gathering);
    this.isStopped = true;
    // What is left ends with the lease of this process.
    await Promise.all([this.sweep.stop(), this.writes.run(() => undefined)]);
  }

  /** A process died: nobody looks at anything there. */
  processLost(): void {
    if (this.isShared) this.sweep.soon();
  }

  /** What these users look at, wherever they are connected. */
  async of(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly Shown[]>> {
    const others = this.isShared ? await this.repository.ofOthers(userIds) : [];
    const shown = new Map<string, Shown[]>();
    for (const one of [...userIds.map((userId) => this.attention.of(userId)), ...others]) {
      if (one === undefined) continue;
      const known = shown.get(one.userId);
      if (known === undefined) shown.set(one.userId, [one]);
      else known.push(one);
    }
    return shown;
  }

  /** What was not shown to somebody since a process that died said that they look is decided about again. */
  private async sweepNow(): Promise<void> {
    this.sweeps += 1;
    if (!this.attention.isLossFollowed && this.sweeps % SWEEPS_WITHOUT_PUSH !== 0) return;
    for (const userId of await this.repository.sweep()) this.attention.lost(userId);
  }

  /** What changes until then is written together. Where something waits already, it is written with that. */
  private gather(afterMs = GATHER_MS): void {
    if (this.isStopped) return;
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      void this.writes.run(() => this.write());
    }, afterMs).unref();
  }

  /** Never rejects. */
  private async write(): Promise<void> {
    const userIds = [...this.changed];
    this.changed.clear();
    const shown = userIds.flatMap((userId) => {
      const one = this.attention.of(userId);
      return one === undefined ? [] : [{ ...one, conversationIds: one.conversationIds.slice(0, MAX_SHOWN) }];
    });
    try {
      await this.repository.write(userIds, shown);
    } catch (error) {
      for (const userId of userIds) this.changed.add(userId);
      this.failures.warn(
        `what users look at is not known to other processes at the moment: ${(error as Error).message}`,
      );
      this.gather(RETRY_MS);
    }
  }
}
