import type { Connectivity, Lifecycle, LifecycleState, Random } from '../../src/ports/environment.js';
import type { Socket, SocketFactory, SocketListeners, SocketOptions } from '../../src/ports/network.js';

/** A random source that a seed decides. */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const hex = (length: number): string => Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join('');
  return { number: next, uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}` };
}

export class FakeLifecycle implements Lifecycle {
  private state: LifecycleState = 'active';
  private readonly listeners = new Set<(state: LifecycleState) => void>();

  getState(): LifecycleState {
    return this.state;
  }

  subscribe(listener: (state: LifecycleState) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  set(state: LifecycleState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener(state);
  }
}

export class FakeConnectivity implements Connectivity {
  private online: boolean | undefined;
  private readonly listeners = new Set<(isOnline: boolean) => void>();

  isOnline(): boolean | undefined {
    return this.online;
  }

  subscribe(listener: (isOnline: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  set(isOnline: boolean): void {
    this.online = isOnline;
    for (const listener of [...this.listeners]) listener(isOnline);
  }
}

/** One socket as the client asked for it; the test is its server. */
export class FakeSocket implements Socket {
  readonly emitted: { event: string; payload: unknown; acknowledge: ((answer: unknown) => void) | undefined }[] = [];
  isClosed = false;

  constructor(
    readonly options: SocketOptions,
    readonly listeners: SocketListeners,
  ) {}

  emit(event: string, payload: unknown, acknowledge?: (answer: unknown) => void): void {
    this.emitted.push({ event, payload, acknowledge });
  }

  close(): void {
    this.isClosed = true;
  }

  welcome(userId = 'user'): void {
    this.listeners.connected();
    this.listeners.event('session:ready', {
      userId,
      sessionId: 'session',
      serverTime: '2026-11-26T12:00:00.000Z',
      syncCursor: 'cursor',
      recovered: false,
    });
  }

  end(code: string, retry: boolean, more: object = {}): void {
    this.listeners.event('session:ended', { code, retry, ...more });
    this.listeners.disconnected();
  }

  answer(event: string, answer: unknown): void {
    const index = this.emitted.findIndex((one) => one.event === event && one.acknowledge !== undefined);
    const [found] = index < 0 ? [] : this.emitted.splice(index, 1);
    if (found === undefined) throw new Error(`nobody asked ${event}`);
    found.acknowledge?.(answer);
  }
}

export class FakeSockets {
  readonly opened: FakeSocket[] = [];

  readonly factory: SocketFactory = (options, listeners) => {
    const socket = new FakeSocket(options, listeners);
    this.opened.push(socket);
    return socket;
  };

  get last(): FakeSocket {
    const socket = this.opened.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }

  get open(): FakeSocket[] {
    return this.opened.filter((socket) => !socket.isClosed);
  }
}
