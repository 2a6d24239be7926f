import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { CatchUp } from '../../src/cluster/catch-up/catch-up.js';
import type { CatchUpRepository } from '../../src/cluster/catch-up/catch-up.repository.js';
import { Cluster } from '../../src/cluster/cluster.js';
import { type BusListener, ClusterBus } from '../../src/cluster/bus/cluster-bus.js';
import { IpcClusterBus } from '../../src/cluster/bus/ipc-cluster-bus.js';
import { RedisClusterBus } from '../../src/cluster/bus/redis-cluster-bus.js';
import { decodeFrame, encodeFrame, type Operation } from '../../src/cluster/bus/frame.js';
import type { UnsettledWrites } from '../../src/cluster/unsettled-writes.js';
import { newId } from '../../src/common/identifier.js';
import { Lifecycle } from '../../src/common/stopping/lifecycle.js';
import type { Configuration } from '../../src/config/configuration.js';
import { TIMINGS } from '../../src/config/timings.js';
import type { EventBus } from '../../src/events/event-bus.js';
import type { UnsettledSends } from '../../src/messages/sending/unsettled-sends.js';
import { Degradation } from '../../src/observability/degradation.js';
import type { Metrics } from '../../src/observability/metrics.js';
import type { MessageRelay } from '../../src/realtime/delivery/relays/message-relay.js';
import type { MembershipRelay } from '../../src/realtime/delivery/relays/membership-relay.js';
import type { Standstill } from '../../src/realtime/connections/standstill.js';
import type { PresenceTracker } from '../../src/realtime/ephemeral/presence-tracker.js';
import { type Network, NETWORKS } from '../support/processes/buses.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { sideBySide } from '../support/processes/side-by-side.js';
import { until } from '../support/story.js';
import { startTcpProxy } from '../support/servers/tcp-proxy.js';

const TIMEOUT_MS = 120_000;

/** A network, and what has begun on it. */
interface Joined {
  readonly name: string;
  network: Network;
  readonly ends: (() => Promise<void>)[];
}

/** A process whose rooms concern everything, and what it received. */
function clusterOver(
  bus: ClusterBus,
  database: Pick<CatchUp, 'run'> &
    Partial<Pick<CatchUp, 'closeEnded'>> &
    Pick<CatchUpRepository, 'snapshot' | 'livingNodeIds'>,
  timings: Pick<Configuration['timings'], 'clusterHeartbeatMs' | 'clusterCatchUpMs'> = TIMINGS,
  { lifecycle = new Lifecycle(), sends = { isEmpty: true }, writes = { isEmpty: true } } = {},
): { cluster: Cluster; received: string[]; publish(name: string, event: unknown): void; isUp(): boolean } {
  const degradation = new Degradation();
  const received: string[] = [];
  let publish: (name: string, event: unknown) => void = () => undefined;
  const cluster = new Cluster(
    bus,
    { stop: () => undefined, closeEnded: () => Promise.resolve(), ...database } as unknown as CatchUp,
    database as unknown as CatchUpRepository,
    {
      forwardTo: (forward: typeof publish) => (publish = forward),
      subscribeToAll: () => undefined,
      receive: (_: string, event: unknown) => received.push(JSON.stringify(event)),
    } as unknown as EventBus,
    { passOver: () => undefined } as unknown as MessageRelay,
    { concerns: () => true } as unknown as MembershipRelay,
    { nodeId: newId(), end: () => Promise.resolve() } as unknown as PresenceTracker,
    degradation,
    lifecycle,
    sends as UnsettledSends,
    writes as UnsettledWrites,
    { repairWith: () => undefined } as unknown as Standstill,
    { gauge: () => undefined, counter: () => undefined } as unknown as Metrics,
    { redisUrl: 'redis://somewhere', timings: { ...TIMINGS, ...timings } } as Configuration,
  );
  const isUp = (): boolean => degradation.isUp('redis') === true;
  return { cluster, received, publish: (name, event) => publish(name, event), isUp };
}

describe('a bus', () => {
  const joined = NETWORKS.map(([name]): Joined => ({ name, network: undefined as never, ends: [] }));
  /** A test for each network. */
  const overEach = (title: string, test: (joined: Joined) => Promise<void>): void =>
    // oxlint-disable-next-line jest/expect-expect -- what is passed on asserts
    it.each(joined)(
      `over $name ${title}`,
      sideBySide(joined, async (one) => {
        try {
          await test(one);
        } finally {
          for (const end of one.ends.splice(0)) await end();
        }
      }),
      TIMEOUT_MS,
    );

  beforeAll(async () => {
    Logger.overrideLogger(false);
    for (const [index, [, open]] of NETWORKS.entries()) (joined[index] as Joined).network = await open();
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const { network } of joined) await network?.close();
  }, TIMEOUT_MS);

  /** One process's bus, and what came of it. */
  async function member({ network, ends }: Joined): Promise<{ bus: ClusterBus; frames: string[]; states: string[] }> {
    const bus = network.bus();
    const [frames, states]: [string[], string[]] = [[], []];
    ends.push(() => bus.stop());
    await bus.start({
      received: (frame) => frames.push(frame),
      connected: () => states.push('connected'),
      disconnected: () => states.push('disconnected'),
    });
    await until('it is connected', () => states.includes('connected'));
    // It may be connected a moment before it receives: until its own comes back to it.
    await until('it receives itself', () => {
      bus.publish('begin');
      return frames.includes('begin');
    });
    frames.length = 0;
    return { bus, frames, states };
  }
  const without = (frames: readonly string[]): string[] => frames.filter((frame) => frame !== 'begin');

  overEach('carries each frame once and in order to everybody, its sender among them', async (joined) => {
    const members = [await member(joined), await member(joined), await member(joined)];
    const sent = Array.from({ length: 300 }, (_unused, index) => `frame ${index} ${'x'.repeat(index * 7)}`);
    for (const frame of sent) members[0]?.bus.publish(frame);
    for (const { frames } of members) {
      await until('all is there', () => without(frames).length >= sent.length);
      expect(without(frames)).toEqual(sent);
    }
  });

  overEach('keeps the order of each sender where several send at once', async (joined) => {
    const members = [await member(joined), await member(joined)];
    for (let index = 0; index < 200; index += 1)
      for (const [from, { bus }] of members.entries()) bus.publish(`${from} ${index}`);
    for (const { frames } of members) {
      await until('all is there', () => without(frames).length >= 400);
      for (const from of members.keys())
        expect(without(frames).filter((frame) => frame.startsWith(`${from} `))).toEqual(
          Array.from({ length: 200 }, (_unused, index) => `${from} ${index}`),
        );
    }
  });

  overEach('carries any text unchanged, and much of it', async (joined) => {
    const [one, other] = [await member(joined), await member(joined)];
    const texts = ['a\nb\tc', 'ä€😀\u2028\0', '', `${'€'.repeat(700_000)}\n`];
    for (const text of texts) one.bus.publish(text);
    await until('all is there', () => without(other.frames).length >= texts.length);
    expect(without(other.frames)).toEqual(texts);
  });

  overEach(
    'neither waits nor throws while it is away, drops what is published then, and carries again afterwards',
    async (joined) => {
      const [one, other] = [await member(joined), await member(joined)];
      await joined.network.cut();
      await until('it is known', () => [one, other].every(({ states }) => states.at(-1) === 'disconnected'));
      const large = 'x'.repeat(1024 * 1024);
      for (let index = 0; index < 64; index += 1) one.bus.publish(large);
      await joined.network.mend();
      await until('it is back', () => [one, other].every(({ states }) => states.at(-1) === 'connected'));
      await until('it carries', () => {
        one.bus.publish('afterwards');
        return one.frames.includes('afterwards') && other.frames.includes('afterwards');
      });
      expect(other.frames).not.toContain(large);
    },
  );

  overEach('is quiet before its start and after its stop', async (joined) => {
    const early = joined.network.bus();
    early.publish('too early');
    joined.ends.push(() => early.stop());
    const [one, other] = [await member(joined), await member(joined)];
    await other.bus.stop();
    one.bus.publish('too late');
    other.bus.publish('from nobody');
    await until('it has come', () => one.frames.includes('too late'));
    expect([one, other].map(({ frames }) => without(frames))).toEqual([['too late'], []]);
    await other.bus.stop();
  });

  describe('and what a process makes of it', () => {
    interface Process extends ReturnType<typeof clusterOver> {
      readonly catchUps: number;
    }

    /** A process whose database is always caught up with. */
    async function process(
      { network, ends }: Joined,
      unfinished?: Parameters<typeof clusterOver>[3],
    ): Promise<Process> {
      let catchUps = 0;
      const made = clusterOver(
        network.bus(),
        {
          run: () => {
            catchUps += 1;
            return Promise.resolve('1:1:');
          },
          snapshot: () => Promise.resolve('1:1:'),
          livingNodeIds: () => Promise.resolve([]),
        },
        { clusterHeartbeatMs: 500, clusterCatchUpMs: 500 },
        unfinished,
      );
      ends.push(() => made.cluster.onApplicationShutdown());
      await made.cluster.onApplicationBootstrap();
      await until('the bus is up', made.isUp);
      return Object.defineProperty(made, 'catchUps', { get: () => catchUps }) as Process;
    }
    const typing = (text: string): unknown => ({ conversationId: newId(), userId: text, isTyping: true });
    const frame = (nodeId: string, number: number): string =>
      encodeFrame({ nodeId, number, isLast: false, operations: [operation(`${nodeId} ${number}`)] });
    const operation = (text: string): Operation => ({
      name: 'typing.changed',
      conversationId: newId(),
      userIds: [],
      seq: undefined,
      payload: JSON.stringify(typing(text)),
    });
    const has = (one: Process, text: string): boolean => one.received.some((event) => event.includes(`"${text}"`));
    /** All that was in doubt is certain again. */
    const isCalm = async (one: Process): Promise<void> => {
      let before = -1;
      await until('it is certain of everything', async () => {
        const isSame = before === one.catchUps;
        before = one.catchUps;
        await new Promise((resolve) => setTimeout(resolve, 400));
        return isSame && before === one.catchUps;
      });
    };

    overEach('says at its end that all has come, but not where something may still be committed', async (joined) => {
      const { frames, bus } = await member(joined);
      const isAnnounced = (): boolean => frames.some((text) => decodeFrame(text)?.isLast === true);
      const running = new Lifecycle();
      running.begin();
      const cut = new Lifecycle();
      cut.cutRequests();
      const unfinished = [
        { lifecycle: running },
        { lifecycle: cut },
        { sends: { isEmpty: false } },
        { writes: { isEmpty: false } },
      ];
      for (const [index, what] of unfinished.entries()) {
        const one = await process(joined, what);
        one.publish('typing.changed', typing(`of ${index}`));
        await one.cluster.onApplicationShutdown();
        await until('what it published is there', () => frames.some((text) => text.includes(`"of ${index}"`)));
      }
      bus.publish('afterwards');
      await until('all is there', () => frames.includes('afterwards'));
      expect(isAnnounced()).toBe(false);
      const one = await process(joined);
      await one.cluster.onApplicationShutdown();
      await until('it is announced', isAnnounced);
    });

    overEach('is delivered to others, in order, and not to itself', async (joined) => {
      const [one, other] = [await process(joined), await process(joined)];
      // Known to each other: what comes of a process that is new may begin with a gap.
      await until('it receives the other', () => {
        one.publish('typing.changed', typing('probe'));
        return has(other, 'probe');
      });
      await isCalm(other);
      other.received.length = 0;
      for (let index = 0; index < 50; index += 1) one.publish('typing.changed', typing(`number ${index}`));
      await until('all is there', () => has(other, 'number 49'));
      expect(other.received.flatMap((event) => /number \d+/.exec(event)?.[0] ?? [])).toEqual(
        Array.from({ length: 50 }, (_unused, index) => `number ${index}`),
      );
      expect(one.received).toEqual([]);
    });

    overEach(
      'is a gap where a number is missing, where a process begins anew, and where a frame cannot be read',
      async (joined) => {
        const [one, { bus }] = [await process(joined), await member(joined)];
        const nodeId = newId();
        await isCalm(one);
        bus.publish(frame(nodeId, 1));
        bus.publish(frame(nodeId, 2));
        await until('both are there', () => has(one, `${nodeId} 2`));
        const before = one.catchUps;
        // What comes again is not delivered again; what is behind a gap is read from the database.
        bus.publish(frame(nodeId, 2));
        bus.publish(frame(nodeId, 4));
        await until('the gap is seen', () => one.catchUps > before);
        expect(one.received.filter((event) => event.includes(nodeId))).toHaveLength(2);
        let number = 4;
        await until('it goes on', () => {
          number += 1;
          bus.publish(frame(nodeId, number));
          return one.received.filter((event) => event.includes(nodeId)).length > 2;
        });
        await isCalm(one);
        for (const strange of [frame(newId(), 7), 'parley99 somebody 1 -', 'nonsense']) {
          const calm = one.catchUps;
          bus.publish(strange);
          await until('it is seen', () => one.catchUps > calm);
          await isCalm(one);
        }
      },
    );

    overEach(
      'says that it is away, asks the database meanwhile, and counts on what it could not send',
      async (joined) => {
        const [one, other] = [await process(joined), await process(joined)];
        await isCalm(other);
        await joined.network.cut();
        const before = other.catchUps;
        one.publish('typing.changed', typing('lost'));
        await until('it is announced', () => !one.isUp() && !other.isUp());
        await until('the database is asked, and asked again', () => other.catchUps > before + 1);
        await joined.network.mend();
        await until('it is up', () => one.isUp() && other.isUp());
        await until('it is there', () => {
          one.publish('typing.changed', typing('found'));
          return has(other, 'found');
        });
        expect(has(other, 'lost')).toBe(false);
      },
    );
  });
});

describe('a process whose clock is stopped', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('has read whatever was still under way when a bus that carries too slowly was cut off', async () => {
    const now = (): number => Math.round(performance.now());
    const [slowerFrom, cutAt, end] = [10_000, 45_000, 60_000].map((time) => now() + time) as [number, number, number];
    let isCut = false;
    let underWay: { sentAt: number; dueAt: number; frame: string }[] = [];
    let listener: BusListener | undefined;
    const bus: ClusterBus = {
      start: (of) => {
        listener = of;
        queueMicrotask(() => of.connected());
        return Promise.resolve();
      },
      // Each second it is half a second later.
      publish: (frame) => {
        const delayMs = isCut ? 5 : Math.max(5, (now() - slowerFrom) / 2);
        underWay.push({ sentAt: now(), dueAt: now() + delayMs, frame });
      },
      stop: () => Promise.resolve(),
    };
    const runs: { since: number; until: number }[] = [];
    const snapshot = (): Promise<string> => Promise.resolve(`${now()}:${now()}:`);
    const { cluster } = clusterOver(bus, {
      run: (since) => {
        runs.push({ since: Number(since.split(':')[1]), until: now() });
        return snapshot();
      },
      snapshot,
      livingNodeIds: () => Promise.resolve(['east']),
    });
    const started = cluster.onApplicationBootstrap();
    const lost: number[] = [];
    for (let number = 1; now() < end; number += 1) {
      bus.publish(encodeFrame({ nodeId: 'east', number, isLast: false, operations: [] }));
      if (!isCut && now() >= cutAt) {
        lost.push(...underWay.map(({ sentAt }) => sentAt));
        underWay = [];
        listener?.disconnected();
        isCut = true;
        listener?.connected();
      }
      await jest.advanceTimersByTimeAsync(250);
      const due = underWay.filter(({ dueAt }) => dueAt <= now());
      underWay = underWay.filter((one) => !due.includes(one));
      for (const { frame } of due) listener?.received(frame);
    }
    await started;
    const isRead = (time: number): boolean => runs.some(({ since, until }) => since <= time && time <= until);
    expect(lost.length).toBeGreaterThan(40);
    expect(lost.filter((time) => !isRead(time))).toEqual([]);
    const stopped = cluster.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(250);
    await stopped;
  });

  it.each([
    ['goes on asking for what one stores that is not received', ['east', 'west'], true],
    ['is certain where all that have a lease are received', ['east'], false],
  ])('%s, whoever has none beside them', async (_, leases, isAsking) => {
    let catchUps = 0;
    let listener: BusListener | undefined;
    const { cluster } = clusterOver(
      {
        start: (of) => {
          listener = of;
          queueMicrotask(() => of.connected());
          return Promise.resolve();
        },
        publish: (frame) => queueMicrotask(() => listener?.received(frame)),
        stop: () => Promise.resolve(),
      },
      {
        run: () => {
          catchUps += 1;
          return Promise.resolve('1:1:');
        },
        snapshot: () => Promise.resolve('1:1:'),
        livingNodeIds: () => Promise.resolve(leases),
      },
    );
    const started = cluster.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(1);
    await started;
    for (let number = 1; number <= 20; number += 1) {
      // An operator's command is on the bus, and has no lease.
      for (const nodeId of ['east', 'operator'])
        listener?.received(encodeFrame({ nodeId, number, isLast: false, operations: [] }));
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(catchUps > 5).toBe(isAsking);
    const stopped = cluster.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(1_000);
    await stopped;
  });

  it('closes what has ended while the bus is away, though catching up takes long', async () => {
    let closings = 0;
    const nothing = (): Promise<void> => Promise.resolve();
    const { cluster } = clusterOver(
      { start: nothing, publish: () => undefined, stop: nothing },
      {
        run: async () => {
          await new Promise((resolve) => setTimeout(resolve, 30_000));
          return '1:1:';
        },
        closeEnded: () => {
          closings += 1;
          return nothing();
        },
        snapshot: () => Promise.resolve('1:1:'),
        livingNodeIds: () => Promise.resolve([]),
      },
    );
    const started = cluster.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(20_500);
    await started;
    expect(closings).toBe(10);
    const stopped = cluster.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(60_000);
    await stopped;
  });
});

/** What judges how long a frame takes; all else goes on. */
function stopClocks(): void {
  jest.useFakeTimers({
    doNotFake: [
      'Date',
      'hrtime',
      'nextTick',
      'queueMicrotask',
      'setImmediate',
      'setTimeout',
      'clearImmediate',
      'clearTimeout',
    ],
  });
}

describe('the bus of workers', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('drops what the first process does not take in time, with the connection, and nothing before', async () => {
    stopClocks();
    const directory = mkdtempSync(join(tmpdir(), 'parley-bus-'));
    const sockets: Socket[] = [];
    const hub = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => hub.listen(join(directory, 'hub'), resolve));
    const bus = new IpcClusterBus(join(directory, 'hub'));
    const states: string[] = [];
    try {
      await bus.start({
        received: () => undefined,
        connected: () => states.push('connected'),
        disconnected: () => states.push('disconnected'),
      });
      await until('it is connected', () => states.length === 1);
      bus.publish('x'.repeat(1024 * 1024));
      jest.advanceTimersByTime(2_000);
      await new Promise(setImmediate);
      expect(states).toEqual(['connected']);
      jest.advanceTimersByTime(500);
      await until('it has connected anew', () => states.length === 3);
      expect(states).toEqual(['connected', 'disconnected', 'connected']);
      // What was dropped is no more under way.
      jest.advanceTimersByTime(5_000);
      await new Promise(setImmediate);
      expect(states).toHaveLength(3);
    } finally {
      await bus.stop();
      for (const socket of sockets) socket.destroy();
      hub.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

onlyWith(describe, 'redis-server')('the bus over Redis', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it(
    'publishes by another connection where Redis does not answer in time on the one it has',
    async () => {
      stopClocks();
      const redis = await RedisServer.start();
      const proxy = await startTcpProxy({ host: '127.0.0.1', port: redis.port });
      const bus = new RedisClusterBus(`redis://127.0.0.1:${proxy.port}`, 'parley:test');
      const frames: string[] = [];
      await bus.start({
        received: (frame) => frames.push(frame),
        connected: () => undefined,
        disconnected: () => undefined,
      });
      const carries = (frame: string): Promise<void> =>
        until(`${frame} comes`, () => {
          bus.publish(frame);
          return frames.includes(frame);
        });
      try {
        await carries('one');
        proxy.stallThose('PUBLISH');
        bus.publish('lost');
        jest.advanceTimersByTime(2_500);
        await carries('other');
      } finally {
        await bus.stop();
        await proxy.close();
        await redis.kill();
      }
      expect(frames).toContain('other');
    },
    TIMEOUT_MS,
  );
});
