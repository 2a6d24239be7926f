import { Logger } from '@nestjs/common';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { TokenBucket } from '../../limits/token-bucket.js';

/** Bytes that may wait for a client to read them before it is known who it is: what a refusal needs, and room around it. */
export const MAX_BACKLOG_BEFORE_AUTHENTICATION = 64 * 1024;
/** The same for a client that is let in, in bytes. */
export const MAX_BACKLOG = 4 * 1024 * 1024;

/** Pings and pongs a client sends of its own accord: at once, and a second. Clients ping every few seconds at most. */
const MAX_CONTROL_FRAMES = { burst: 100, perSecond: 5 };
/** Messages before it is known who it is, or after the server has closed: a few, and all that was on its way. */
const MAX_USELESS_MESSAGES = 1_000;
/** How long a client may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 2_000;
/** In pieces of a message, or of what the network delivers: beyond any client that does not cut its bytes small on purpose. */
const MAX_FRAGMENTS = 1_024;

const logger = new Logger('BoundedWebSocket');

/**
 * A WebSocket that keeps no more than its bound in memory for a client that does not read, from its first byte on: it
 * is terminated as soon as more waits. Frames that are written past `send` (made beforehand for many connections) are
 * counted where they are queued.
 *
 * Pings are answered one at a time, the latest last, which RFC 6455 (5.5.3) allows: a client that does not read its pongs
 * has one waiting, not millions. Beyond `MAX_CONTROL_FRAMES` and `MAX_USELESS_MESSAGES` a client is terminated.
 */
export class BoundedWebSocket extends WebSocket {
  /** What may wait, in bytes. */
  maxBacklog = MAX_BACKLOG_BEFORE_AUTHENTICATION;
  private readonly controlFrames = new TokenBucket(MAX_CONTROL_FRAMES.burst, MAX_CONTROL_FRAMES.perSecond);
  private uselessMessages = 0;
  private isPonging = false;
  private latestPing: Buffer | undefined;
  private resting: NodeJS.Timeout | undefined;
  /** Why this server ended it, where it did. */
  private reason: 'SLOW_CONSUMER' | 'FLOODING' | undefined;

  constructor(...parameters: unknown[]) {
    super(...(parameters as ConstructorParameters<typeof WebSocket>));
    this.on('ping', (payload: Buffer) => {
      if (this.countControlFrame()) this.answerPing(payload);
    });
    this.on('pong', () => this.countControlFrame());
    this.on('message', () => this.countMessage());
  }

  get endedBecause(): 'SLOW_CONSUMER' | 'FLOODING' | undefined {
    return this.reason;
  }

  /** Its overloads differ in where the callback stands, which does not matter here. */
  override send(...parameters: [data: unknown, ...more: unknown[]]): void {
    // One frame of any size may wait, but nothing after it.
    if (this.bufferedAmount > this.maxBacklog) this.cut('SLOW_CONSUMER');
    (super.send as (...given: unknown[]) => void).apply(this, parameters);
  }

  /** Ends it without a close frame, which would wait behind all that is not read, and takes nothing more from it. */
  cut(reason: 'SLOW_CONSUMER' | 'FLOODING'): void {
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
    if (this.maxBacklog > MAX_BACKLOG_BEFORE_AUTHENTICATION && this.readyState === WebSocket.OPEN) return;
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
