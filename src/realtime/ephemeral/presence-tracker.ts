import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SerialQueue } from '../../common/async/serial-queue.js';
import { BoundedMap } from '../../common/bounded-map.js';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import { MAX_LIVE_AUDIENCE } from '../../conversations/conversation-access.js';
import type { PresenceUpdate } from '../../events/domain-events.js';
import { EventBus } from '../../events/event-bus.js';
import { Attention } from '../../presence/attention.js';
import { SharedAttention } from '../../presence/shared-attention.js';
import { type PresenceChange, PresenceStore } from '../../presence/presence-store.js';
import { EndedSessions } from '../delivery/ended-sessions.js';
import { Broadcaster } from '../delivery/broadcaster.js';

/** What comes and goes in this time is stored and delivered together; the longer, the more there was to deliver the last time. */
const MIN_GATHER_MS = 40;
const MAX_GATHER_MS = 1_000;
/** Emitting to this many sockets makes the next time one millisecond longer. */
const DELIVERIES_PER_MS = 20;
/** Over how long those are shown to be gone who a process that died leaves behind, and how many at once at the least. */
const SPREAD_MS = 3_000;
const SPREAD_STEPS = 10;
const MIN_SPREAD_STEP = 20;
/** Users whose presence was delivered last is remembered. */
const MAX_REMEMBERED = 100_000;
/** Changes that are read and delivered at once. */
const MAX_CHANGES_A_STEP = 500;

interface Present {
  sockets: number;
  /** Runs while no socket is left. */
  grace: NodeJS.Timeout | undefined;
  lastSeenAt: Date;
}

/**
 * Knows who is connected to this process, and emits it to others when that changes (contract, section 3). What survives this
 * process is a lease that runs out by itself; a disconnect only makes it faster.
 */
@Injectable()
export class PresenceTracker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PresenceTracker.name);
  private readonly present = new Map<string, Present>();
  private readonly arriving = new Set<string>();
  private readonly departing = new Map<string, Date>();
  private gathering: NodeJS.Timeout | undefined;
  private losing: NodeJS.Timeout | undefined;
  private renewedAt = Number.NEGATIVE_INFINITY;
  /** Leases that have ended are left alone until then. */
  private sparesUntil = Number.NEGATIVE_INFINITY;
  private gatherMs = MIN_GATHER_MS;
  private timers: NodeJS.Timeout[] = [];
  /** Statements run one after the other, so that a departure never overtakes the arrival before it. */
  private readonly work = new SerialQueue();
  /** What is delivered is delivered in the order in which it happened, and over several turns of the event loop. */
  private readonly deliveries = new SerialQueue();
  private delivering: Promise<void> = Promise.resolve();
  private ending: Promise<void> | undefined;
  /** What a process that died leaves to be shown. */
  private readonly spread = new Map<NodeJS.Timeout, readonly PresenceChange[]>();
  /** The last change of each user that was delivered here. */
  private readonly delivered = new BoundedMap<string, { change: number; isOnline: boolean }>(MAX_REMEMBERED);
  /** The last change of each user that is stored, and that nobody was sent yet: with what follows, or the next renewal. */
  private readonly undelivered = new BoundedMap<string, PresenceChange>(MAX_REMEMBERED);

  constructor(
    private readonly store: PresenceStore,
    private readonly attention: Attention,
    private readonly sharedAttention: SharedAttention,
    private readonly events: EventBus,
    private readonly broadcaster: Broadcaster,
    private readonly endedSessions: EndedSessions,
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {}

  /** Of this process's lease. */
  get nodeId(): string {
    return this.store.nodeId;
  }

  private get renewMs(): number {
    return this.configuration.timings.presenceLeaseMs / 3;
  }

  onApplicationBootstrap(): void {
    this.events.subscribeToAll('presence.changed', ({ updates }) => {
      // What two processes say may arrive the other way round: what is older than what was delivered is delivered no more.
      const news = updates.filter((update) => this.isNews(update));
      for (const { userId, change, isOnline } of news) this.delivered.set(userId, { change, isOnline });
      this.delivering = this.deliveries.run(async () => {
        const count = await this.broadcaster.toPresenceAudiences(news);
        this.gatherMs = Math.min(MAX_GATHER_MS, Math.max(MIN_GATHER_MS, count / DELIVERIES_PER_MS));
      });
      return this.delivering;
    });
    // It holds nobody, and the lease would look like one of another server.
    if (this.configuration.isOperator === true) return;
    void this.enqueue(async () => {
      await this.renewLease();
      // Where there is no other process, whatever lease is there now belongs to one that died.
      await this.sweep(this.configuration.isAlone);
    });
    this.timers = [
      setInterval(() => this.renew(), this.renewMs).unref(),
      setInterval(() => {
        // Whom this process holds is not to be taken for gone with a process that died.
        this.renew();
        void this.enqueue(() => this.sweep(false));
      }, this.configuration.timings.presenceSweepMs).unref(),
    ];
  }

  /** One more connection of this user; each is followed by one `departed`. */
  arrived(userId: string): void {
    const known = this.present.get(userId);
    if (known !== undefined) {
      clearTimeout(known.grace);
      known.grace = undefined;
      known.sockets += 1;
      return;
    }
    this.present.set(userId, {
      sockets: 1,
      grace: undefined,
      lastSeenAt: new Date(this.clock.now()),
    });
    this.departing.delete(userId);
    this.arriving.add(userId);
    this.gather();
  }

  /** Answers whether that was the user's last connection to this process. */
  departed(userId: string): boolean {
    const known = this.present.get(userId);
    if (known === undefined || (known.sockets -= 1) > 0) return false;
    known.lastSeenAt = new Date(this.clock.now());
    known.grace = setTimeout(() => {
      this.present.delete(userId);
      this.departing.set(userId, known.lastSeenAt);
      this.gather();
    }, this.configuration.timings.presenceGraceMs).unref();
    return true;
  }

  /**
   * Renews the lease of this process. Where it was lost (with the database, or by a process that thought itself alone),
   * everybody who is here arrives again, and so does what they look at. What could not be stored when it happened is stored now.
   */
  renew(): void {
    void this.enqueue(async () => {
      if (!(await this.renewLease())) {
        // A process that stood still: who is gone, or was logged out meanwhile, is not to arrive.
        await this.endedSessions.close().catch(() => undefined);
        for (const [userId, { sockets, grace, lastSeenAt }] of this.present) {
          // What they look at went with the lease: the others would ring for what is looked at here.
          this.attention.changed(userId);
          if (sockets > 0) this.arriving.add(userId);
          else {
            // A user who comes back within its grace arrives again, too. What could not be stored of its arrival is not to be any
            // more, nor may what is stored already stay: nobody would end it.
            clearTimeout(grace);
            this.present.delete(userId);
            this.arriving.delete(userId);
            this.departing.set(userId, lastSeenAt);
          }
        }
        // By then the others have noticed, too.
        this.losing ??= setTimeout(() => {
          this.losing = undefined;
          void this.enqueue(() => this.loseUnheld());
        }, 1.5 * this.renewMs).unref();
      }
      await this.flush();
    });
  }

  /** Behind a time in which this process could not renew, the others could not either: they have one interval for it. */
  private async renewLease(): Promise<boolean> {
    const wasThere = await this.store.renew();
    const now = performance.now();
    if (this.isLate(now)) this.sparesUntil = now + this.renewMs;
    this.renewedAt = now;
    return wasThere;
  }

  /** As by an outage of the database, by which leases end of processes that live. */
  private isLate(now: number): boolean {
    return now - this.renewedAt > 2 * this.renewMs;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.end();
  }

  /** Everybody here is gone with this process, at once and without grace. What it publishes then is its last. Idempotent. */
  end(): Promise<void> {
    return (this.ending ??= this.departAll());
  }

  private async departAll(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.gathering);
    clearTimeout(this.losing);
    const spread = [...this.spread];
    this.spread.clear();
    for (const [timer, changes] of spread) {
      clearTimeout(timer);
      await this.enqueue(() => this.deliver(changes));
    }
    for (const [userId, { grace, lastSeenAt, sockets }] of this.present) {
      clearTimeout(grace);
      this.departing.set(userId, sockets > 0 ? new Date(this.clock.now()) : lastSeenAt);
    }
    this.present.clear();
    this.arriving.clear();
    await this.enqueue(async () => {
      await this.flush();
      while (this.undelivered.size > 0) await this.deliver([]);
      // Else the others would go on looking for what a process that is not received stores.
      await this.store.leave();
    });
  }

  private async sweep(alone: boolean): Promise<void> {
    const now = performance.now();
    if (!alone && (now < this.sparesUntil || this.isLate(now))) return;
    const { changes, lostProcesses } = await this.store.sweep(alone);
    if (lostProcesses > 0) {
      this.events.publish('process.lost', { count: lostProcesses });
      this.sharedAttention.processLost();
    }
    const step = Math.max(MIN_SPREAD_STEP, Math.ceil(changes.length / SPREAD_STEPS));
    for (let start = step; start < changes.length; start += step) {
      const some = changes.slice(start, start + step);
      const timer = setTimeout(
        () => {
          this.spread.delete(timer);
          void this.enqueue(() => this.deliver(some));
        },
        (start / step) * (SPREAD_MS / SPREAD_STEPS),
      ).unref();
      this.spread.set(timer, some);
    }
    await this.deliver(changes.slice(0, step));
  }

  private gather(): void {
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      void this.enqueue(() => this.flush());
    }, this.gatherMs).unref();
  }

  private async flush(): Promise<void> {
    await this.flushArrivals();
    await this.flushDepartures();
    await this.deliver([]);
  }

  private async flushArrivals(): Promise<void> {
    const userIds = [...this.arriving];
    this.arriving.clear();
    if (userIds.length === 0) return;
    const changes = await this.store.arrive(userIds).catch((error: unknown) => {
      // For the next renewal; whoever has gone meanwhile need not have come.
      for (const userId of userIds) if (this.present.has(userId)) this.arriving.add(userId);
      throw error;
    });
    this.noteUndelivered(changes.filter((change) => !this.isKnownOnline(change)));
  }

  /** Whether what a crash of the database took away is only stored again: it is noted and shown to nobody. */
  private isKnownOnline({ userId, change }: PresenceChange): boolean {
    const known = this.delivered.get(userId);
    if (known?.isOnline !== true || known.change !== change - 1) return false;
    this.delivered.set(userId, { change, isOnline: true });
    return true;
  }

  /**
   * A crash of the database takes away who was online where, and with it who was so on a process that died meanwhile: of those who
   * were shown online here, and whom nobody holds any more, somebody must say that they are gone.
   */
  private async loseUnheld(): Promise<void> {
    const known = [...this.delivered]
      .filter(([userId, { isOnline }]) => isOnline && !this.present.has(userId))
      .map(([userId, { change }]) => ({ userId, change }));
    for (let start = 0; start < known.length; start += MAX_CHANGES_A_STEP)
      await this.deliver(await this.store.lose(known.slice(start, start + MAX_CHANGES_A_STEP)));
  }

  private async flushDepartures(): Promise<void> {
    const departures = [...this.departing].map(([userId, lastSeenAt]) => ({ userId, lastSeenAt }));
    this.departing.clear();
    if (departures.length === 0) return;
    const changes = await this.store.depart(departures).catch((error: unknown) => {
      // Nothing else would end these presences as long as this process lives: for the next renewal.
      for (const { userId, lastSeenAt } of departures)
        if (!this.present.has(userId)) this.departing.set(userId, lastSeenAt);
      throw error;
    });
    this.noteUndelivered(changes);
  }

  /**
   * Who has come or gone since a snapshot of the database, as other processes stored it, and whose event may not have arrived
   * here. What was delivered already is not delivered again.
   */
  async deliverMissing(snapshot: string): Promise<void> {
    for (let after: string | undefined; ; ) {
      const changes = await this.store.changedSince(snapshot, after, MAX_CHANGES_A_STEP);
      const updates = await this.updatesOf(changes.filter((change) => this.isNews(change)));
      if (updates.length > 0) {
        this.events.receive('presence.changed', { updates });
        await this.delivering;
      }
      after = changes.at(-1)?.userId;
      if (changes.length < MAX_CHANGES_A_STEP) return;
    }
  }

  private isNews({ userId, change }: { userId: string; change: number }): boolean {
    return change > (this.delivered.get(userId)?.change ?? 0);
  }

  /** To be delivered; of each user the last one. */
  private noteUndelivered(changes: readonly PresenceChange[]): void {
    for (const change of changes)
      if (change.change > (this.undelivered.get(change.userId)?.change ?? 0))
        this.undelivered.set(change.userId, change);
  }

  /** Part of `work` alone, in steps between which leases are renewed. What could not be delivered before goes with it. */
  private async deliver(changes: readonly PresenceChange[]): Promise<void> {
    this.noteUndelivered(changes);
    const step = [...this.undelivered.values()].slice(0, MAX_CHANGES_A_STEP);
    if (step.length === 0) return;
    // Where it fails, others are next the next time.
    for (const { userId } of step) this.undelivered.delete(userId);
    // Also what this process found by itself meanwhile: the others have not.
    const updates = await this.updatesOf(step).catch((error: unknown) => {
      this.noteUndelivered(step);
      throw error;
    });
    this.events.publish('presence.changed', { updates });
    await this.delivering;
    if (this.undelivered.size > 0) void this.enqueue(() => this.deliver([]));
  }

  /** With whom each is shown to. */
  private async updatesOf(changes: readonly PresenceChange[]): Promise<PresenceUpdate[]> {
    if (changes.length === 0) return [];
    const audiences = await this.store.audiences(
      changes.map(({ userId }) => userId),
      MAX_LIVE_AUDIENCE,
    );
    const byUser = new Map(audiences.map((audience) => [audience.userId, audience]));
    const everyone = this.configuration.presenceAudience === 'everyone';
    return changes.flatMap(({ userId, isOnline, lastSeenAt, change }) => {
      const audience = byUser.get(userId);
      const update = { userId, isOnline, lastSeenAt: lastSeenAt?.toISOString() ?? null, change };
      return audience === undefined ? [] : [{ ...update, audience: { ...audience, everyone } }];
    });
  }

  /** Never rejects. */
  private enqueue(statement: () => Promise<void>): Promise<void> {
    return this.work.run(statement).catch((error: unknown) => {
      // The next renewal stores it.
      this.logger.warn(`presence is not stored at the moment: ${(error as Error).message}`);
    });
  }
}
