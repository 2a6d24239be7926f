import { Logger } from '@nestjs/common';
import { BackgroundLoop } from '../../common/async/background-loop.js';
import { Batched } from '../../common/async/batcher.js';
import { StepSize } from '../../common/async/step-size.js';
import type { Clock } from '../../common/clock.js';
import { newId } from '../../common/identifier.js';
import type { Configuration } from '../../config/configuration.js';
import { attentionLevel } from '../../presence/attention.js';
import type { SharedAttention } from '../../presence/shared-attention.js';
import { MAX_AGE_HOURS } from '../planning/push-planning.repository.js';
import type { Push, PushProvider, PushResult, Verdict } from '../providers/push-provider.js';
import { Breaker } from './breaker.js';
import type { LeasedDevice } from './notice.js';
import type { PushQueueRepository, TurnEnd } from './push-queue.repository.js';
import { shortReason, Turn, type TurnRules } from './turn.js';

const MIN_REST_MS = 20;
/** The longest wait after a provider failed. */
const MAX_RETRY_MS = 5 * 60_000;
/**
 * The part that one host may have of all devices that are sent to at the same time, without those of other hosts: one that does not
 * answer leaves the rest to others, and so do several. Not less, since in most installations nearly all browsers are of one maker.
 */
const MAX_SHARE_OF_HOST = 3 / 4;
/**
 * While there is room for less than this part of all devices, more are taken only so often: what a turn is decided by is read for
 * all of its devices together, and is no less for one of them.
 */
const MIN_SHARE_OF_TURN = 1 / 4;
const MIN_TURN_INTERVAL_MS = 100;
/** So many users are refused one after the other for what may be about their devices alone: then it is about the host. */
const MIN_REFUSED_USERS = 3;
/** How long a device waits whose host is busy; about as long as a push service takes to answer. */
const BUSY_HOST_MS = 100;
/** How long a server that stops waits for what is with a provider. */
const END_TIMEOUT_MS = 3_000;
/**
 * A turn sends for a part of its lease: what it has begun by then, be it several requests one after the other, is answered and
 * noted before the lease ends. What is left has a turn of its own.
 */
const SENDING_SHARE_OF_LEASE = 4;
/** How long after a device was taken it is sent to without another look at whose it is. */
const MAX_UNCHECKED_MS = 500;
/** How much of the time it may take at most to measure what waits. */
const MEASURE_REST_TIMES = 50;
/** How often an operator is warned of the same. */
const ALARM_WINDOW_MS = 10 * 60_000;

/** What waits for a host, or for a provider. */
interface Host {
  /** What is sent to now. */
  readonly inFlight: Set<LeasedDevice>;
  failures: number;
  /** When the last of them was; this, and what follows, in milliseconds of `performance.now()`. */
  failedAt: number;
  /** Nothing is sent before. */
  pausedUntil: number;
  /** Why. */
  reason: string;
  /** Users that were refused, since somebody was not, for what may be about their devices alone; and how long they shall wait. */
  readonly refused: Map<string, number>;
}

/**
 * Sends by one provider. Each has a lane of its own with its own connections, so that a slow or dead one holds up no other;
 * within the lane of browsers the same is true of their makers' push services.
 */
export class PushLane {
  private readonly logger = new Logger('Push');
  private readonly loop = new BackgroundLoop(
    async () => {
      await this.measure();
      return this.turn();
    },
    ({ message }) => this.warn('database', `nothing is sent to ${this.platform} at the moment: ${message}`),
  );
  private readonly hosts = new Map<string, Host>();
  private readonly breaker = new Breaker();
  private readonly finishing: Batched<TurnEnd, void>;
  /** Devices of one turn. */
  private readonly turnSize: StepSize;
  /** Turns that are being decided about. */
  private deciding = 0;
  private readonly underWay = new Set<Promise<void>>();
  private readonly warned = new Map<string, number>();
  /** What this process has the lease of. */
  private readonly inFlight = new Set<LeasedDevice>();
  private backlog = { due: 0, oldestMs: 0 };
  private measuredAgainAt = 0;
  /** When devices were asked for last, in milliseconds of `performance.now()`. */
  private askedAt = Number.NEGATIVE_INFINITY;
  readonly counts = new Map<Verdict, number>();
  alarms = 0;
  /** Notifications that were given up since they had waited for a day. */
  expired = 0;

  constructor(
    private readonly provider: PushProvider,
    private readonly repository: PushQueueRepository,
    private readonly configuration: Configuration,
    private readonly attention: SharedAttention,
    private readonly clock: Clock,
  ) {
    this.turnSize = new StepSize(this.capacity);
    this.finishing = new Batched(async (ends) => {
      const { pushIdleDelayMs, pushReceiptMs } = configuration.timings;
      await repository.finish(together(ends), pushIdleDelayMs, pushReceiptMs);
      return ends.map(() => undefined);
    });
  }

  get platform(): PushProvider['platform'] {
    return this.provider.platform;
  }

  /** Devices that a notification waits to be sent to, and for how long the first one does; as it was a moment ago. */
  get waiting(): { due: number; oldestMs: number } {
    return this.backlog;
  }

  start(): void {
    this.loop.start();
  }

  /** Something may be due sooner than it was known. */
  wake(): void {
    this.loop.wake();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    // What is not answered by then is sent again by whoever comes next: under its tag, which takes its own place.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_TIMEOUT_MS);
    });
    await Promise.race([Promise.all(this.underWay), late]);
    clearTimeout(timer);
    this.provider.close();
  }

  /** Also while nothing is sent since the provider is away: that is when somebody wants to know. */
  private async measure(): Promise<void> {
    const began = performance.now();
    if (began < this.measuredAgainAt) return;
    try {
      this.backlog = await this.repository.backlog(this.platform);
    } catch (error) {
      // Sending does not need it: the numbers stay as they were.
      this.warn(
        'backlog',
        `what waits for ${this.platform} is not measured at the moment: ${(error as Error).message}`,
      );
    }
    const tookMs = performance.now() - began;
    this.measuredAgainAt = began + Math.max(this.configuration.timings.pushRestMs, tookMs * MEASURE_REST_TIMES);
  }

  /** Takes what is due and there is room for. Answers how long there is nothing to do. */
  private async turn(): Promise<number> {
    const { count, busyHosts } = this.room();
    const { pushLeaseMs, pushRestMs } = this.configuration.timings;
    if (count <= 0) return pushRestMs;
    // Smaller turns are one after the other: many at once would be as much to read, and hold the connections of all.
    if (this.deciding > 0 && this.turnSize.value < this.capacity) return MIN_REST_MS;
    const takenAt = performance.now();
    const restMs = this.askedAt + MIN_TURN_INTERVAL_MS - takenAt;
    if (restMs > 0 && (busyHosts.length > 0 || count < this.capacity * MIN_SHARE_OF_TURN)) return restMs;
    this.askedAt = takenAt;
    const size = Math.min(count, this.turnSize.value);
    const devices = await this.repository.take(this.platform, size, newId(), pushLeaseMs, busyHosts);
    if (devices.length === 0) {
      const nextMs = await this.repository.nextMs(this.platform);
      // Due, and held by somebody else, or of a host that is busy: looked at again when that may have ended.
      return nextMs === null
        ? pushRestMs
        : nextMs === 0
          ? MIN_REST_MS * 10
          : Math.min(pushRestMs, nextMs + MIN_REST_MS);
    }
    for (const device of devices) this.inFlight.add(device);
    const work = this.serve(devices, takenAt)
      .catch((error: unknown) => this.warn('turn', `a turn of ${this.platform} failed: ${(error as Error).message}`))
      .finally(() => {
        this.underWay.delete(work);
        for (const device of devices) this.leave(device);
        this.wake();
      });
    this.underWay.add(work);
    return 0;
  }

  /** @param takenAt when their lease was asked for, in milliseconds of `performance.now()` */
  private async serve(devices: readonly LeasedDevice[], takenAt: number): Promise<void> {
    const live: LeasedDevice[] = [];
    const held: LeasedDevice[] = [];
    const ended: Promise<void>[] = [];
    for (const device of devices) {
      const host = this.hostOf(this.provider.laneOf(device));
      if (!device.isLive) ended.push(this.finish(device, Turn.removed(device)));
      else if (this.pausedMs(host) > 0) held.push(device);
      else if (this.isBusy(device)) ended.push(this.finish(device, Turn.released(device, BUSY_HOST_MS)));
      else {
        // Counted one by one, so that no host has more of this turn than its share.
        host.inFlight.add(device);
        live.push(device);
      }
    }
    // Until the last of them has ended: what is sent to meanwhile has its place.
    const results = await Promise.allSettled([...ended, this.hold(held), this.decideAndSend(live, takenAt)]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** What they wait for is away, or refuses: they wait with it, and their owners may read why. */
  private async hold(devices: readonly LeasedDevice[]): Promise<void> {
    if (devices.length === 0) return;
    const hosts = devices.map((device) => this.hostOf(this.provider.laneOf(device)));
    const ids = devices.map(({ id }) => id);
    const entries = await this.repository.unexplained(
      ids,
      hosts.map(({ reason }) => reason),
    );
    await Promise.all(
      devices.map((device, index) =>
        this.finish(device, {
          ...Turn.released(device, this.pausedMs(hosts[index] as Host)),
          log: entries.filter(({ deviceId }) => deviceId === device.id).map((entry) => ({ ...entry, id: newId() })),
        }),
      ),
    );
  }

  private async decideAndSend(devices: readonly LeasedDevice[], takenAt: number): Promise<void> {
    if (devices.length === 0) return;
    const turns = await this.decide(devices);
    for (const { expired } of turns) this.expired += expired;
    if (this.provider.maxBatch > 1) await this.sendTogether(turns, takenAt);
    else await Promise.all(turns.map((turn) => this.sendAlone(turn, takenAt)));
  }

  private async decide(devices: readonly LeasedDevice[]): Promise<Turn[]> {
    this.deciding += 1;
    try {
      const turns = await this.turnsOf(devices);
      this.turnSize.succeeded();
      return turns;
    } catch (error) {
      this.turnSize.failed();
      await this.putOff(devices);
      throw error;
    } finally {
      this.deciding -= 1;
    }
  }

  /**
   * Devices that could not be decided about. One of them may be why, and the others come back at different times, in smaller turns,
   * so that they are soon without it; one that was alone waits for longer each time.
   */
  private async putOff(devices: readonly LeasedDevice[]): Promise<void> {
    const isAlone = devices.length === 1;
    await Promise.all(
      devices.map((device) => {
        const { attempts } = device;
        const end = isAlone
          ? Turn.released({ ...device, attempts: attempts + 1 }, this.retryMs(attempts))
          : Turn.released(device, this.retryMs(0) * Math.random());
        return this.finish(device, end);
      }),
    );
  }

  private async turnsOf(devices: readonly LeasedDevice[]): Promise<Turn[]> {
    const ids = devices.map(({ id }) => id);
    const userIds = [...new Set(devices.map(({ userId }) => userId))];
    const [notices, stale] = [await this.repository.notices(ids), await this.repository.stale(ids)];
    // Last: a message that comes in between is counted, and has a turn of its own, instead of being shown and never counted.
    const badges = await this.repository.badges(userIds);
    const rules = await this.rules(userIds);
    return devices.map(
      (device) =>
        new Turn(
          {
            device,
            notices: notices.filter(({ deviceId }) => deviceId === device.id),
            stale: device.platform === 'web' ? [] : stale.filter(({ deviceId }) => deviceId === device.id),
            badge: badges.get(device.userId)?.badge ?? 0,
            unmutedInMs: badges.get(device.userId)?.unmutedInMs ?? null,
          },
          rules,
        ),
    );
  }

  /** Several devices in one request. */
  private async sendTogether(all: readonly Turn[], takenAt: number): Promise<void> {
    // What is sent nothing is noted at once, and waits for no answer to the others.
    const idle = all.filter(({ parts }) => parts.length === 0);
    const noted = Promise.all(idle.map((turn) => this.finish(turn.device, turn.end([], true))));
    const turns = all.filter(({ parts }) => parts.length > 0);
    const ofTurns = turns.map(({ device, parts }) => parts.map(({ notification }) => ({ device, notification })));
    const pushes = ofTurns.flat();
    const results = new Map<Push, PushResult>();
    for (let from = 0; from < pushes.length; from += this.provider.maxBatch) {
      const next = pushes.slice(from, from + this.provider.maxBatch);
      const devices = next.map(({ device }) => device);
      await this.provider.ready(next.length);
      const held = await this.stillHeld(devices, takenAt);
      const going = next.filter(({ device }) => held.has(device));
      if (going.length === 0) break;
      for (const [index, result] of (await this.send(going)).entries()) results.set(going[index] as Push, result);
    }
    const isBelieved = this.judge([...results].map(([{ device }, result]) => ({ device, result })));
    await Promise.all(
      turns.map((turn, index) => {
        const answers = ofTurns[index]?.flatMap((push) => results.get(push) ?? []) ?? [];
        return this.finish(turn.device, turn.end(answers, isBelieved));
      }),
    );
    await noted;
  }

  /** One device, one notification after the other: the number of the last one is the one that stays. */
  private async sendAlone(turn: Turn, takenAt: number): Promise<void> {
    const { device } = turn;
    const results: PushResult[] = [];
    for (const { notification } of turn.parts) {
      if (results.length > 0 && !(await this.stillHeld([device], takenAt)).has(device)) break;
      const [result] = await this.send([{ device, notification }]);
      if (result === undefined) break;
      results.push(result);
      if (result.verdict !== 'sent' && result.verdict !== 'keep') break;
    }
    await this.finish(device, turn.end(results, this.judge(results.map((result) => ({ device, result })))));
  }

  /**
   * Devices that may be sent more of what was decided for them: none where the turn has taken its time, and none whose session
   * ended meanwhile, or that registered again, since the token may be another user's by now.
   */
  private async stillHeld(devices: readonly LeasedDevice[], takenAt: number): Promise<ReadonlySet<LeasedDevice>> {
    const ageMs = performance.now() - takenAt;
    if (ageMs > this.configuration.timings.pushLeaseMs / SENDING_SHARE_OF_LEASE) return new Set();
    if (ageMs <= MAX_UNCHECKED_MS) return new Set(devices);
    const ids = await this.repository.held(devices).catch((error: unknown) => {
      this.warn('held', `a turn of ${this.platform} is cut short: ${(error as Error).message}`);
      return new Set<string>();
    });
    return new Set(devices.filter(({ id }) => ids.has(id)));
  }

  private async send(pushes: readonly Push[]): Promise<PushResult[]> {
    if (pushes.length === 0) return [];
    const beganAt = performance.now();
    const results = await this.provider.send(pushes);
    for (const [index, result] of results.entries()) {
      const push = pushes[index];
      if (push !== undefined) this.noteResult(push.device, result, beganAt);
    }
    return results;
  }

  private noteResult(device: LeasedDevice, result: PushResult, beganAt: number): void {
    const { verdict } = result;
    const reason = shortReason(result.reason);
    this.counts.set(verdict, (this.counts.get(verdict) ?? 0) + 1);
    if (!this.provider.isConfigured) this.warn('keys', `devices are registered for ${this.platform}, and ${reason}`);
    const host = this.hostOf(this.provider.laneOf(device));
    if (verdict === 'sent') {
      host.failures = 0;
      host.refused.clear();
    }
    if (verdict !== 'again' && verdict !== 'alarm') return;
    const askedMs = this.askedOfHost(host, device, result);
    // What may be about devices alone anybody can bring about: an operator has to look once it is about the host.
    if (verdict === 'alarm' && (askedMs !== undefined || result.mayBeOfDevice !== true)) {
      this.alarms += 1;
      this.warn(
        reason,
        `${this.platform} refuses this server: ${reason}. Nothing is lost for a day; see docs/push.md`,
        'error',
      );
    }
    if (askedMs === undefined) return;
    // What was under way together failed together, be it a hundred of one request: that is one failure.
    if (beganAt >= host.failedAt) host.failures += 1;
    host.failedAt = performance.now();
    host.reason = reason;
    const waitMs = Math.max(askedMs, this.retryMs(Math.max(0, host.failures - 1)));
    host.pausedUntil = Math.max(host.pausedUntil, performance.now() + waitMs);
  }

  /** How long a refusal asks all of a host to wait; undefined where it is about one device alone. */
  private askedOfHost({ refused }: Host, { userId }: LeasedDevice, result: PushResult): number | undefined {
    const { retryAfterMs = 0, isOfDevice, mayBeOfDevice } = result;
    if (isOfDevice === true) return undefined;
    if (mayBeOfDevice !== true) return retryAfterMs;
    refused.set(userId, retryAfterMs);
    if (refused.size < MIN_REFUSED_USERS) return undefined;
    // No single device decides for how long.
    const askedMs = Math.min(...refused.values());
    refused.clear();
    return askedMs;
  }

  /** Whether tokens that are said to be none are believed to be. */
  private judge(results: readonly { device: LeasedDevice; result: PushResult }[]): boolean {
    const answers = results
      .filter(({ result: { verdict } }) => verdict !== 'again' && verdict !== 'alarm')
      .map(({ device: { id, userId }, result: { verdict } }) => ({
        deviceId: id,
        userId,
        isRemoval: verdict === 'remove',
      }));
    if (answers.length === 0) return !this.breaker.isTripped;
    const isBelieved = this.breaker.admit(answers);
    if (!isBelieved && answers.some(({ isRemoval }) => isRemoval)) {
      this.alarms += 1;
      this.warn(
        'breaker',
        `${this.platform} calls more than a fifth of the tokens none: none is removed, see docs/push.md`,
        'error',
      );
    }
    return isBelieved;
  }

  /** Never rejects. The device's place is another one's from here on, whatever the rest of its turn waits for. */
  private async finish(device: LeasedDevice, end: TurnEnd): Promise<void> {
    try {
      await this.finishing.get(end);
    } catch (error) {
      // Its lease ends by itself, and it is sent again: under the same tag, which takes the place of the first one.
      this.warn('finish', `what was sent to ${this.platform} could not be noted: ${(error as Error).message}`);
    }
    this.leave(device);
    this.wake();
  }

  private leave(device: LeasedDevice): void {
    this.inFlight.delete(device);
    this.hostOf(this.provider.laneOf(device)).inFlight.delete(device);
  }

  private hostOf(name: string): Host {
    const known = this.hosts.get(name);
    if (known !== undefined) return known;
    const host: Host = {
      inFlight: new Set(),
      failures: 0,
      failedAt: Number.NEGATIVE_INFINITY,
      pausedUntil: 0,
      reason: '',
      refused: new Map(),
    };
    // Those that are at rest are of no use any more.
    for (const [other, { inFlight, pausedUntil }] of this.hosts)
      if (this.hosts.size > 100 && inFlight.size === 0 && pausedUntil < performance.now()) this.hosts.delete(other);
    this.hosts.set(name, host);
    return host;
  }

  /** Devices that may be sent to at the same time. */
  private get capacity(): number {
    return this.provider.maxConcurrent * this.provider.maxBatch;
  }

  private pausedMs({ pausedUntil }: Host): number {
    return Math.max(0, pausedUntil - performance.now());
  }

  /** How many devices may be taken, so that none of a host is given back at once, and of which hosts none may be. */
  private room(): { count: number; busyHosts: string[] } {
    const room = this.capacity - this.inFlight.size;
    let count = this.provider.maxBatch > 1 ? Math.min(room, this.provider.maxBatch) : room;
    const busyHosts: string[] = [];
    for (const [name, host] of this.hosts) {
      if (name === this.platform || host.inFlight.size === 0) continue;
      const share = this.shareOf(host);
      const left = share - host.inFlight.size;
      // Until there is room for several again: else they were taken one by one.
      if (left < Math.min(share / 2, this.capacity * MIN_SHARE_OF_TURN)) busyHosts.push(name);
      else count = Math.min(count, left);
    }
    return { count, busyHosts };
  }

  private isBusy(device: LeasedDevice): boolean {
    const name = this.provider.laneOf(device);
    const host = this.hostOf(name);
    return name !== this.platform && host.inFlight.size >= this.shareOf(host);
  }

  /** To how many of its devices may be sent at the same time. */
  private shareOf(host: Host): number {
    let others = 0;
    for (const other of this.hosts.values()) if (other !== host) others += other.inFlight.size;
    return Math.ceil((this.capacity - others) * MAX_SHARE_OF_HOST);
  }

  private retryMs(failures: number): number {
    return Math.min(MAX_RETRY_MS, this.configuration.timings.pushRetryMs * 2 ** Math.min(failures, 20));
  }

  private async rules(userIds: readonly string[]): Promise<TurnRules> {
    const shown = await this.attention.of(userIds);
    const { pushElsewhereDelayMs, pushSoundWindowMs, pushClearDelayMs } = this.configuration.timings;
    return {
      now: this.clock.now(),
      maxAgeMs: MAX_AGE_HOURS * 3_600_000,
      elsewhereDelayMs: pushElsewhereDelayMs,
      soundWindowMs: pushSoundWindowMs,
      clearDelayMs: pushClearDelayMs,
      preview: this.configuration.push.preview,
      attentionOf: (userId, conversationId) => attentionLevel(shown.get(userId) ?? [], conversationId),
      retryMs: (attempts) => this.retryMs(attempts),
    };
  }

  /** One line for each thing that is wrong, and again after a while. @param level `error`: somebody has to look */
  private warn(about: string, message: string, level: 'warn' | 'error' = 'warn'): void {
    const now = performance.now();
    if (now - (this.warned.get(about) ?? Number.NEGATIVE_INFINITY) < ALARM_WINDOW_MS) return;
    if (this.warned.size > 100) this.warned.clear();
    this.warned.set(about, now);
    this.logger[level](message);
  }
}

function together(ends: readonly TurnEnd[]): TurnEnd {
  return {
    devices: ends.flatMap(({ devices }) => devices),
    notices: ends.flatMap(({ notices }) => notices),
    cleared: ends.flatMap(({ cleared }) => cleared),
    log: ends.flatMap(({ log }) => log),
    tickets: ends.flatMap(({ tickets }) => tickets),
  };
}
