import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ended } from '../bounded.js';

export type Direction = 'toServer' | 'toClient';
const DIRECTIONS: readonly Direction[] = ['toServer', 'toClient'];

/** What one direction does with what passes. */
interface Behaviour {
  isHeld: boolean;
  delayMs: number;
  /** Undefined: as fast as it goes. */
  bytesPerSecond: number | undefined;
}

/** Bytes that wait in one direction of one connection; beyond it the sender is not read, as with a full window. */
const MAX_WAITING_BYTES = 256 * 1024;
const THROTTLE_STEP_MS = 20;

/**
 * The network between a client and a server of this machine, in each direction apart: it is cut, it holds everything back
 * without a word (as a black hole does, until the connection is given up or the hole is gone), it is slow, or narrow. What it holds
 * back it never loses: it passes it on in its order once it is healed, as TCP does.
 */
export class NetworkLink {
  private readonly pipes = new Set<Pipe>();
  private readonly behaviours: Record<Direction, Behaviour> = { toServer: whole(), toClient: whole() };
  private isRefusing = false;

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  static async start(target: { host: string; port: number }): Promise<NetworkLink> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new NetworkLink(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The same address by way of this link. */
  urlOf(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.port);
    return changed.href;
  }

  /** Every connection is reset; new ones come to be. */
  cut(): void {
    for (const { source, target } of this.pipes) {
      reset(source);
      reset(target);
    }
  }

  /** Every connection is reset, and each new one too. */
  refuse(): void {
    this.isRefusing = true;
    this.cut();
  }

  hold(...directions: Direction[]): void {
    for (const direction of directions) this.behaviours[direction].isHeld = true;
  }

  delay(milliseconds: number): void {
    for (const direction of DIRECTIONS) this.behaviours[direction].delayMs = milliseconds;
  }

  throttle(bytesPerSecond: number): void {
    for (const direction of DIRECTIONS) this.behaviours[direction].bytesPerSecond = bytesPerSecond;
  }

  heal(): void {
    this.isRefusing = false;
    for (const direction of DIRECTIONS) Object.assign(this.behaviours[direction], whole());
    for (const pipe of this.pipes) pipe.pump();
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await ended('a network link', closed);
  }

  private accept(near: Socket): void {
    near.on('error', () => undefined);
    if (this.isRefusing) return void near.resetAndDestroy();
    const far = connect({ ...this.target, noDelay: true });
    far.on('error', () => undefined);
    for (const [source, target, direction] of [
      [near, far, 'toServer'],
      [far, near, 'toClient'],
    ] as const) {
      const pipe = new Pipe(source, target, this.behaviours[direction]);
      this.pipes.add(pipe);
      source.once('close', () => this.pipes.delete(pipe));
    }
  }
}

/** A socket that is about to end cannot be reset, and would stay open for good. */
function reset(socket: Socket): void {
  if (socket.writableEnded || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}

const whole = (): Behaviour => ({ isHeld: false, delayMs: 0, bytesPerSecond: undefined });

/** One direction of one connection. */
class Pipe {
  private readonly waiting: { bytes: Buffer; dueAt: number }[] = [];
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private hasEnded = false;

  constructor(
    readonly source: Socket,
    readonly target: Socket,
    private readonly behaviour: Behaviour,
  ) {
    source.on('data', (bytes: Buffer) => {
      this.waiting.push({ bytes, dueAt: performance.now() + behaviour.delayMs });
      this.waitingBytes += bytes.length;
      if (this.waitingBytes > MAX_WAITING_BYTES) source.pause();
      this.pump();
    });
    source.once('close', () => {
      this.hasEnded = true;
      this.pump();
    });
    target.on('drain', () => this.pump());
    target.once('close', () => {
      clearTimeout(this.timer);
      source.destroy();
    });
  }

  /** Passes on what is due. */
  pump(): void {
    clearTimeout(this.timer);
    if (this.behaviour.isHeld || this.target.destroyed) return;
    let room = Math.ceil(((this.behaviour.bytesPerSecond ?? Number.POSITIVE_INFINITY) * THROTTLE_STEP_MS) / 1_000);
    for (let next = this.waiting[0]; next !== undefined && room > 0; next = this.waiting[0]) {
      const wait = next.dueAt - performance.now();
      if (wait > 0) return this.later(wait);
      if (this.target.writableNeedDrain) return;
      const bytes = next.bytes.subarray(0, Math.min(room, next.bytes.length));
      next.bytes = next.bytes.subarray(bytes.length);
      if (next.bytes.length === 0) this.waiting.shift();
      room -= bytes.length;
      this.waitingBytes -= bytes.length;
      this.target.write(bytes);
    }
    if (this.waiting.length > 0) return this.later(THROTTLE_STEP_MS);
    if (this.hasEnded) return void this.target.end();
    this.source.resume();
  }

  private later(milliseconds: number): void {
    this.timer = setTimeout(() => this.pump(), milliseconds).unref();
  }
}
