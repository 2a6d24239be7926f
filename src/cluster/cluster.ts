import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Pause } from '../common/async/pause.js';
import { Lifecycle } from '../common/stopping/lifecycle.js';
import { Configuration } from '../config/configuration.js';
import { EventBus } from '../events/event-bus.js';
import { UnsettledSends } from '../messages/sending/unsettled-sends.js';
import { Degradation, type Part } from '../observability/degradation.js';
import { Metrics } from '../observability/metrics.js';
import { Standstill } from '../realtime/connections/standstill.js';
import { MembershipRelay } from '../realtime/delivery/relays/membership-relay.js';
import { MessageRelay } from '../realtime/delivery/relays/message-relay.js';
import { PresenceTracker } from '../realtime/ephemeral/presence-tracker.js';
import { CatchUp } from './catch-up/catch-up.js';
import { CatchUpRepository } from './catch-up/catch-up.repository.js';
import { ClusterBus } from './bus/cluster-bus.js';
import { framePauseMs } from './bus/frame-pause.js';
import { decodeFrame, encodeFrame, type Frame, type Operation } from './bus/frame.js';
import { isForEverybody, isKnown, operationsOf } from './bus/operations.js';
import { Peers } from './bus/peers.js';
import { older } from './snapshots.js';
import { UnsettledWrites } from './unsettled-writes.js';

/** Heartbeats of a process that did not come, after which it is stopped, dead or cut off. */
const MISSED_HEARTBEATS = 3;
/** After a gap, so that not all processes ask at the same moment. */
const MAX_JITTER_MS = 250;
/**
 * How long what was committed before a snapshot takes at the most until it has arrived, or its loss shows: until it is published,
 * 2 s to what carries it, 3 s from there, and until the next heartbeat. With as much again for processes that are slow.
 */
const SETTLING_MS = 12_000;
/** How long a start waits for the bus; without it the process begins alone, and reads what it misses. */
const START_TIMEOUT_MS = 2_000;
/** Operations of one frame; more are sent as several. */
const MAX_FRAME_CHARACTERS = 1024 * 1024;

/**
 * Makes several processes one server (docs/cluster.md): what one publishes the others receive over the bus, and what they may
 * have missed they read from the database.
 *
 * Guarantees: nothing here is waited for by a request; an event that is lost, or a bus that is away, delays the others'
 * clients and leaves nothing wrong: rooms, sessions and cursors are repaired, at the latest the timings
 * `clusterCatchUpMs` and `clusterHeartbeatMs` later.
 */
@Injectable()
export class Cluster implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Cluster.name);
  /** New with every start: what an earlier one published is another process's. The same as of its lease. */
  private readonly nodeId: string;
  private readonly peers: Peers;
  private readonly heartbeatMs: number;
  private readonly silenceMs: number;
  private readonly catchUpMs: number;
  private number = 0;
  private waiting: Operation[] = [];
  private isFlushing = false;
  private flushedAt = Number.NEGATIVE_INFINITY;
  private isConnected = false;
  /** Everything committed before it has arrived, or was read. */
  private reached: string | undefined;
  /** The same of a write that may have been committed without being published; undefined: of none. */
  private unsettledSince: string | undefined;
  private candidate: { snapshot: string; takenAt: number } | undefined;
  private isTakingSnapshot = false;
  private catchingUp: Promise<void> | undefined;
  private isDoubtful = false;
  private isClosing = false;
  private closedAt = Number.NEGATIVE_INFINITY;
  private caughtUpAt = Number.NEGATIVE_INFINITY;
  /** Between two times that the database is asked. */
  private readonly pause = new Pause();
  private heartbeat: NodeJS.Timeout | undefined;
  private tickedAt = performance.now();
  private isStopped = false;
  /** As readiness names it. */
  private readonly part: Part;
  /** How many others there have to be, where that is known. */
  private readonly expectedPeers: number;
  private joined: () => void = () => undefined;
  private gaps = 0;
  private catchUps = 0;
  private received = 0;

  constructor(
    private readonly bus: ClusterBus,
    private readonly catchUp: CatchUp,
    private readonly repository: CatchUpRepository,
    private readonly events: EventBus,
    private readonly relay: MessageRelay,
    private readonly members: MembershipRelay,
    private readonly presence: PresenceTracker,
    private readonly degradation: Degradation,
    private readonly lifecycle: Lifecycle,
    private readonly sends: UnsettledSends,
    private readonly writes: UnsettledWrites,
    standstill: Standstill,
    metrics: Metrics,
    configuration: Configuration,
  ) {
    const { redisUrl, worker, timings } = configuration;
    this.heartbeatMs = timings.clusterHeartbeatMs;
    this.silenceMs = MISSED_HEARTBEATS * this.heartbeatMs;
    this.catchUpMs = timings.clusterCatchUpMs;
    this.nodeId = presence.nodeId;
    this.peers = new Peers(this.nodeId, this.silenceMs);
    this.part = redisUrl === undefined ? 'workers' : 'redis';
    this.expectedPeers = redisUrl === undefined ? (worker?.count ?? 1) - 1 : 0;
    // Frames that waited may be lost with their connection, or be read behind what clients sent.
    standstill.repairWith((pausedMs) => this.repairMemberships(pausedMs));
    metrics.gauge(
      'parley_cluster_peers',
      'Other processes of this server that this one receives.',
      () => this.peers.count,
      'min',
    );
    metrics.gauge(
      'parley_cluster_bus_up',
      '1 where what this process publishes comes back to it.',
      () => (this.isBusUp() ? 1 : 0),
      'min',
    );
    metrics.counter('parley_cluster_events_received_total', 'Events of other processes.', () => this.received);
    metrics.counter(
      'parley_cluster_gaps_total',
      'Times when events of other processes may have been lost.',
      () => this.gaps,
    );
    metrics.counter(
      'parley_cluster_catch_ups_total',
      'Times when the database was asked for them.',
      () => this.catchUps,
    );
    metrics.gauge(
      'parley_cluster_catching_up',
      '1 while what this process may have missed is being read from the database, again and again until it is all there.',
      () => (this.catchingUp === undefined ? 0 : 1),
      'max',
    );
  }

  /** Subscribed, seen by itself, then the snapshot: what commits later is received, what committed before is read by whoever connects. */
  async onApplicationBootstrap(): Promise<void> {
    this.events.forwardTo((name, event) => this.publish(operationsOf(name, event)));
    this.events.subscribeToAll('write.unsettled', ({ since }) => {
      this.unsettledSince = older(since, this.unsettledSince ?? since);
      this.doubt('it is not known what became of a write');
    });
    const joined = new Promise<void>((resolve) => (this.joined = resolve));
    await this.bus.start({
      received: (frame) => this.receive(frame),
      connected: () => {
        this.isConnected = true;
        this.doubt('the subscription is new');
        this.pause.cutShort();
        this.send([], false);
      },
      disconnected: () => {
        this.isConnected = false;
        this.relay.arrival = 'read';
      },
    });
    this.heartbeat = setInterval(() => this.tick(), this.heartbeatMs).unref();
    await Promise.race([joined, new Promise((resolve) => setTimeout(resolve, START_TIMEOUT_MS).unref())]);
    this.reached = await this.repository.snapshot();
    this.isDoubtful = false;
    this.show();
  }

  async onApplicationShutdown(): Promise<void> {
    // The others are to be sent who is gone with this process.
    await this.presence.end();
    this.isStopped = true;
    clearInterval(this.heartbeat);
    this.pause.cutShort();
    this.catchUp.stop();
    await this.catchingUp;
    this.flush();
    // Without it the others read what was committed to the last, as behind a kill: what may still commit is not published. What
    // retention and sweeps have in hand is not waited for.
    if (this.lifecycle.hasFinished && this.sends.isEmpty && this.writes.isEmpty) this.send([], true);
    // What was written to the socket leaves in the next turn.
    await new Promise(setImmediate);
    await this.bus.stop();
  }

  // -- sending ---------------------------------------------------------------------------------------------------------
  /** All of one turn of the event loop in one frame, and all of a pause where one has just left. */
  private publish(operations: readonly Operation[]): void {
    this.waiting.push(...operations);
    if (this.isFlushing || this.waiting.length === 0) return;
    this.isFlushing = true;
    const pause = this.flushedAt + framePauseMs(this.peers.count) - performance.now();
    if (pause <= 0) setImmediate(() => this.flush());
    else setTimeout(() => this.flush(), pause).unref();
  }

  private flush(): void {
    this.isFlushing = false;
    this.flushedAt = performance.now();
    let operations: Operation[] = [];
    let size = 0;
    for (const operation of this.waiting) {
      if (size > 0 && size + operation.payload.length > MAX_FRAME_CHARACTERS) {
        this.send(operations, false);
        operations = [];
        size = 0;
      }
      operations.push(operation);
      size += operation.payload.length;
    }
    this.waiting = [];
    if (operations.length > 0) this.send(operations, false);
  }

  /** Numbered also where the bus is away: whoever receives the next one sees that this one is missing. */
  private send(operations: Operation[], isLast: boolean): void {
    this.number += 1;
    this.peers.sent(this.number, performance.now());
    this.bus.publish(encodeFrame({ nodeId: this.nodeId, number: this.number, isLast, operations }));
  }

  // -- receiving -------------------------------------------------------------------------------------------------------
  private receive(text: string): void {
    const frame = decodeFrame(text);
    if (frame === undefined) return this.doubt('a frame of another version');
    const reception = this.peers.receive(frame, performance.now());
    if (reception === 'own') return this.joined();
    if (reception === 'repeated') return;
    // What led here is read from the database, which is newer than a frame that may have waited for long.
    if (reception === 'gap') return this.doubt(`frames of ${frame.nodeId} are missing`);
    this.deliver(frame);
  }

  private deliver({ operations }: Frame): void {
    this.received += operations.length;
    for (const operation of operations) {
      const { name, conversationId, userIds, seq, payload } = operation;
      if (!isKnown(name)) {
        this.doubt(`an unknown event: ${String(name)}`);
        continue;
      }
      const isConcerned = isForEverybody(operation) || this.members.concerns(conversationId, userIds);
      if (!isConcerned) {
        if (seq !== undefined && conversationId !== undefined) this.relay.passOver(conversationId, seq);
        continue;
      }
      try {
        this.events.receive(name, JSON.parse(payload));
      } catch (error) {
        this.doubt(`an event that cannot be read: ${(error as Error).message}`);
      }
    }
  }

  // -- doubt -----------------------------------------------------------------------------------------------------------
  private tick(): void {
    const now = performance.now();
    const late = now - this.tickedAt - this.heartbeatMs;
    this.tickedAt = now;
    this.send([], false);
    if (late > this.silenceMs) this.doubt('this process stood still');
    // After a standstill everybody seems silent: they are asked again in the next round.
    else if (this.peers.forgetSilent(now)) this.doubt('a process fell silent');
    this.show();
    if (!this.isBusUp()) {
      this.doubt('the bus is away');
      this.closeEnded(now);
    }
    this.settle(now);
  }

  /**
   * Sessions that ended are not to wait for the next run: with many connections those are ten seconds apart, while this is one
   * statement by its keys.
   */
  private closeEnded(now: number): void {
    if (this.isClosing || this.isStopped || now - this.closedAt < this.catchUpMs) return;
    this.isClosing = true;
    this.closedAt = now;
    this.catchUp
      .closeEnded()
      .catch(({ message }: Error) => this.logger.debug(`ended sessions were not looked for: ${message}`))
      .finally(() => (this.isClosing = false));
  }

  /** A snapshot that was taken a while ago, with nothing lost since: everything before it has arrived. */
  private settle(now: number): void {
    if (this.isDoubtful || this.catchingUp !== undefined || this.isTakingSnapshot) return;
    if (this.candidate !== undefined && now - this.candidate.takenAt < SETTLING_MS) return;
    this.reached = this.candidate?.snapshot ?? this.reached;
    this.candidate = undefined;
    this.isTakingSnapshot = true;
    const doubts = this.gaps;
    this.repository
      .snapshot()
      .then(async (snapshot) => {
        // One that was never received either: its Redis may be another one.
        if (this.peers.miss(await this.repository.livingNodeIds())) this.doubt('a process is not received');
        else if (this.gaps === doubts) this.candidate = { snapshot, takenAt: performance.now() };
      })
      .catch(() => undefined)
      .finally(() => (this.isTakingSnapshot = false));
  }

  private doubt(reason: string): void {
    this.gaps += 1;
    this.candidate = undefined;
    if (!this.isDoubtful && this.isConnected) this.logger.log(`events may have been lost: ${reason}`);
    this.isDoubtful = true;
    if (this.isStopped || this.reached === undefined) return;
    // Where it goes on, or the bus is away, nothing is waited for: what is stored here is delivered here at once.
    if (this.catchingUp === undefined || !this.isBusUp()) this.relay.arrival = this.isBusUp() ? 'repaired' : 'read';
    this.catchingUp ??= this.catchUpUntilSure().finally(() => (this.catchingUp = undefined));
  }

  private async catchUpUntilSure(): Promise<void> {
    // Where one thing after another gives reason for doubt, as frames of another version do, they are looked into together:
    // what is lost meanwhile is half of the time later.
    const sinceLastMs = performance.now() - this.caughtUpAt;
    await this.pause.wait(Math.max(Math.random() * MAX_JITTER_MS, this.catchUpMs / 2 - sinceLastMs), {
      keepsAlive: false,
    });
    while (this.isDoubtful && !this.isStopped) {
      this.isDoubtful = false;
      const isBusUp = this.isBusUp();
      const began = performance.now();
      try {
        this.catchUps += 1;
        const reached = this.reached ?? (await this.repository.snapshot());
        const unsettled = this.unsettledSince;
        this.reached = await this.catchUp.run(older(reached, unsettled ?? reached), isBusUp);
        if (this.unsettledSince === unsettled) this.unsettledSince = undefined;
        // What a process stores that lives and of which nothing is received, only the database can say.
        if (this.peers.miss(await this.repository.livingNodeIds())) this.isDoubtful = true;
      } catch (error) {
        this.isDoubtful = true;
        this.logger.warn(`what others changed cannot be read at the moment: ${(error as Error).message}`);
      }
      this.caughtUpAt = performance.now();
      this.relay.arrival = this.isBusUp() ? 'live' : 'read';
      // What costs much is done less often.
      const rest = Math.max(this.catchUpMs, 4 * (performance.now() - began));
      if (this.isDoubtful || !this.isBusUp())
        await this.pause.wait(Math.min(rest, 5 * this.catchUpMs), { keepsAlive: false });
    }
  }

  /** After a shorter pause no frame is lost, and those that came before what clients sent are read before it. */
  private async repairMemberships(pausedMs: number): Promise<void> {
    if (pausedMs <= this.silenceMs || this.reached === undefined || this.isStopped) return;
    try {
      await this.catchUp.repairMemberships(older(this.reached, this.unsettledSince ?? this.reached));
    } finally {
      // A user who was let in by it may have missed something.
      this.doubt('this process stood still');
    }
  }

  private isBusUp(): boolean {
    return this.isConnected && this.peers.receivesItself(performance.now());
  }

  private show(): void {
    this.degradation.set(this.part, this.isBusUp() && this.peers.count >= this.expectedPeers);
  }
}
