import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BusListener, ClusterBus } from '../../../src/cluster/bus/cluster-bus.js';
import { IpcClusterBus } from '../../../src/cluster/bus/ipc-cluster-bus.js';
import { RedisClusterBus } from '../../../src/cluster/bus/redis-cluster-bus.js';
import { FrameHub } from '../../../src/workers/frame-hub.js';
import { socketPath } from '../../../src/workers/socket-path.js';
import { programPath } from './programs.js';
import { RedisServer } from '../servers/redis.js';

/** What joins buses, and can be taken away. */
export interface Network {
  /** As one more process is joined; not begun. */
  bus(): ClusterBus;
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** In the memory of one process: a bus for tests, as fast as any. */
class MemoryNetwork implements Network {
  private readonly listeners = new Set<BusListener>();
  private isUp = true;

  bus(): ClusterBus {
    return new MemoryClusterBus(this);
  }

  join(listener: BusListener): () => void {
    this.listeners.add(listener);
    if (this.isUp) setImmediate(() => listener.connected());
    return () => this.listeners.delete(listener);
  }

  carry(frame: string): void {
    if (!this.isUp) return;
    for (const listener of this.listeners) setImmediate(() => this.listeners.has(listener) && listener.received(frame));
  }

  async cut(): Promise<void> {
    this.isUp = false;
    for (const listener of this.listeners) listener.disconnected();
    return Promise.resolve();
  }

  async mend(): Promise<void> {
    this.isUp = true;
    for (const listener of this.listeners) setImmediate(() => listener.connected());
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.listeners.clear();
    return Promise.resolve();
  }
}

class MemoryClusterBus extends ClusterBus {
  private leave: (() => void) | undefined;

  constructor(private readonly network: MemoryNetwork) {
    super();
  }

  override async start(listener: BusListener): Promise<void> {
    this.leave = this.network.join(listener);
    return Promise.resolve();
  }

  override publish(frame: string): void {
    if (this.leave !== undefined) this.network.carry(frame);
  }

  override async stop(): Promise<void> {
    this.leave?.();
    this.leave = undefined;
    return Promise.resolve();
  }
}

async function workersNetwork(): Promise<Network> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bus-'));
  const path = socketPath(directory, 'frames');
  let hub: FrameHub | undefined = await FrameHub.listen(path);
  const cut = async (): Promise<void> => {
    await hub?.close();
    hub = undefined;
  };
  return {
    bus: () => new IpcClusterBus(path),
    cut,
    mend: async () => {
      hub = await FrameHub.listen(path);
    },
    close: async () => {
      await cut();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function redisNetwork(): Promise<Network> {
  const redis = await RedisServer.start();
  return {
    bus: () => new RedisClusterBus(redis.url, 'parley:test'),
    cut: () => redis.kill(),
    mend: () => redis.start(),
    close: () => redis.kill(),
  };
}

/** Every implementation of the bus that this machine can run. */
export const NETWORKS: readonly (readonly [string, () => Promise<Network>])[] = [
  ['memory', () => Promise.resolve(new MemoryNetwork())],
  ['workers', workersNetwork],
  ...(programPath('redis-server') === undefined ? [] : [['Redis', redisNetwork] as const]),
];
