import { Logger } from '@nestjs/common';
import { type RawData, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { TokenBucket } from '../../../limits/rates/token-bucket.js';
import { OutboundQueue } from '../outbound/outbound-queue.js';

/** Pings and pongs a client sends of its own accord: at once, and a second. Clients ping every few seconds at most. */
const MAX_CONTROL_FRAMES = { burst: 100, perSecond: 5 };
/** Messages before it is known who it is, or after the server has closed: a few, and all that was on its way. */
const MAX_USELESS_MESSAGES = 1_000;
/** How long a client may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 2_000;
/** In pieces of a message, or of what the network delivers: beyond any client that does not cut its bytes small on purpose. */
const MAX_FRAGMENTS = 1_024;

export type { RawData };

const logger = new Logger('BoundedWebSocket');

/** Why the server ended a connection, where it did so by itself. */
export type EndReason = 'SLOW_CONSUMER' | 'FLOODING';

/**
 * A WebSocket that keeps no more than its bound in memory for a client that does not read, from its first byte on.
 *
 * Pings are answered one at a time, the latest last, which RFC 6455 (5.5.3) allows: a client that does not read its pongs
 * has one waiting, not millions. Beyond `MAX_CONTROL_FRAMES` and `MAX_USELESS_MESSAGES` a client is terminated.
 */
export class BoundedWebSocket extends WebSocket {
  /** The bound of what `send` is given. Undefined where Engine.IO writes to it, whose own queue is bounded. */
  outbound: OutboundQueue | undefined = new OutboundQueue(
    () => this.bufferedAmount,
    () => this.cut('SLOW_CONSUMER'),
  );
  /** Whether what it sends is of use: set once it is known who it is. */
  isAdmitted = false;
  private readonly controlFrames = new TokenBucket(MAX_CONTROL_FRAMES.burst, MAX_CONTROL_FRAMES.perSecond);
  private uselessMessages = 0;
  private isPonging = false;
  private latestPing: Buffer | undefined;
  private resting: NodeJS.Timeout | undefined;
  private reason: EndReason | undefined;

  constructor(...parameters: unknown[]) {
    super(...(parameters as ConstructorParameters<typeof WebSocket>));
    this.on('ping', (payload: Buffer) => {
      if (this.countControlFrame()) this.answerPing(payload);
    });
    this.on('pong', () => this.countControlFrame());
    this.on('message', () => this.countMessage());
  }

  /** Why it was cut, where it was. */
  get endReason(): EndReason | undefined {
    return this.reason;
  }

  /** Its overloads differ in where the callback stands, which does not matter here. */
  override send(...parameters: [data: unknown, ...more: unknown[]]): void {
    if (this.outbound?.mayWrite() === false) return;
    (super.send as (...given: unknown[]) => void).apply(this, parameters);
  }

  /** Ends it without a close frame, which would wait behind all that is not read, and takes nothing more from it. */
  cut(reason: EndReason): void {
    if (this.reason !== undefined || this.readyState === WebSocket.CLOSED) return;
    this.reason = reason;
    logger.debug(`a connection is ended: ${reason}`);
    this.terminate();
  }

  /** Reads nothing for so long; 0 does nothing. What the client goes on sending fills the network's buffers, then its own. */
  rest(milliseconds: number): void {
    if (this.resting !== undefined || milliseconds === 0) return;
    this.pause();
    this.resting = setTimeout(() => {
      this.resting = undefined;
      this.resume();
    }, milliseconds).unref();
  }

  override resume(): void {
    if (this.resting === undefined) super.resume();
  }

  private countControlFrame(): boolean {
    if (this.controlFrames.take()) return true;
    this.cut('FLOODING');
    return false;
  }

  private countMessage(): void {
    if (this.isAdmitted && this.readyState === WebSocket.OPEN) return;
    if ((this.uselessMessages += 1) > MAX_USELESS_MESSAGES) this.cut('FLOODING');
  }

  private answerPing(payload: Buffer): void {
    if (this.isPonging) {
      this.latestPing = payload;
      return;
    }
    if (this.readyState !== WebSocket.OPEN) return;
    this.isPonging = true;
    this.pong(payload, false, () => {
      this.isPonging = false;
      const { latestPing } = this;
      this.latestPing = undefined;
      if (latestPing !== undefined) this.answerPing(latestPing);
    });
  }
}

/** Accepts WebSockets that are bounded. */
export class BoundedWebSocketServer extends WebSocketServer<typeof BoundedWebSocket> {
  constructor(options: ServerOptions<typeof BoundedWebSocket>) {
    super({
      ...options,
      WebSocket: BoundedWebSocket,
      autoPong: false,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_FRAGMENTS,
      ...({ closeTimeout: CLOSE_TIMEOUT_MS } as object),
    });
  }
}
