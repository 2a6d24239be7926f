import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { type BeforeApplicationShutdown, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Configuration } from '../../config/configuration.js';
import { ipAddressKey } from '../ip-address-key.js';
import { Counted } from './counted.js';

interface TcpBounds {
  /** Open connections of one IP address, those that became WebSockets aside; workers divide them among themselves. */
  maxPerIpAddress: number;
  /** How long a client may take nothing of what waits for it, or say nothing at all after it has connected. */
  stallTimeoutMs: number;
  /** What may wait in all connections together, in bytes. */
  maxTotalBacklog: number;
  lookMs: number;
}

/** A browser holds six connections; 2,000 are an office behind one IP address. */
const BOUNDS: TcpBounds = {
  maxPerIpAddress: 2_000,
  // No time that a setting of whole seconds gives to idle connections: it is known by it whose timeout a socket has.
  stallTimeoutMs: 30_001,
  maxTotalBacklog: 256 * 1024 * 1024,
  lookMs: 500,
};

/** How often connections that became idle are ended while the server closes. */
const CLOSING_LOOK_MS = 20;

/**
 * Bounds what clients hold of this process below HTTP and WebSockets: how many connections there are, of all and of one
 * IP address; answers that are not read; and connections on which nothing is ever said.
 */
export class TcpConnections implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(TcpConnections.name);
  private readonly connections = new Map<Socket, { since: number; release: () => void }>();
  private readonly stalling = new WeakSet<Socket>();
  private readonly byIpAddress: Counted;
  private timer: NodeJS.Timeout | undefined;
  private closing: NodeJS.Timeout | undefined;
  private server: Server | undefined;

  private readonly bounds: TcpBounds;

  constructor(
    private readonly configuration: Configuration,
    bounds: Partial<TcpBounds> = {},
  ) {
    this.bounds = { ...BOUNDS, ...bounds };
    // Behind a proxy all have its IP address; the proxy has to bound them.
    const isKnown = configuration.trustedProxies === 0 && configuration.rateLimits;
    const maxPerIpAddress = Math.ceil(this.bounds.maxPerIpAddress / (configuration.worker?.count ?? 1));
    this.byIpAddress = new Counted(isKnown ? maxPerIpAddress : Number.POSITIVE_INFINITY);
  }

  watch(server: Server): void {
    this.server = server;
    // Among workers what one of them does not take is dealt out again, and where none takes it, without end.
    if (this.configuration.worker === undefined) server.maxConnections = this.configuration.maxConnections;
    server.on('connection', (socket) => this.take(socket));
    // Counted from here on as what it became, until it is known whose it is.
    server.prependListener('upgrade', (_: IncomingMessage, socket: Socket) => this.connections.get(socket)?.release());
    this.timer = setInterval(() => this.look(), this.bounds.lookMs).unref();
  }

  /**
   * Closing the server ends the connections that are idle at that moment. One whose answer ends a moment later would be kept
   * alive for its next request, and the close would wait for it: KEEP_ALIVE_SECONDS, longer than anything waits for a stop.
   */
  beforeApplicationShutdown(): void {
    this.closing = setInterval(() => this.server?.closeIdleConnections(), CLOSING_LOOK_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    clearInterval(this.closing);
  }

  private take(socket: Socket): void {
    const isFull = this.connections.size >= this.configuration.maxConnections;
    const release = isFull ? undefined : this.byIpAddress.add(ipAddressKey(socket.remoteAddress));
    if (release === undefined) {
      socket.destroy();
      return;
    }
    this.connections.set(socket, { since: performance.now(), release });
    socket.once('close', () => {
      this.connections.delete(socket);
      release();
    });
    socket.on('timeout', () => {
      if (this.stalling.has(socket)) this.end(socket, 'takes nothing of what it is sent');
    });
  }

  private look(): void {
    const { stallTimeoutMs, maxTotalBacklog } = this.bounds;
    let total = 0;
    const waiting: Socket[] = [];
    const silentSince = performance.now() - stallTimeoutMs;
    for (const [socket, { since }] of this.connections) {
      const { writableLength } = socket;
      if (writableLength > 0) {
        total += writableLength;
        waiting.push(socket);
        if (!this.stalling.has(socket)) {
          this.stalling.add(socket);
          // The timeout begins anew whenever the client takes some of it.
          socket.setTimeout(stallTimeoutMs);
        }
      } else if (this.stalling.delete(socket)) {
        if (socket.timeout === stallTimeoutMs) socket.setTimeout(0);
      } else if (since < silentSince && socket.bytesRead === 0) this.end(socket, 'says nothing');
    }
    if (total <= maxTotalBacklog) return;
    waiting.sort((one, other) => other.writableLength - one.writableLength);
    for (const socket of waiting) {
      if (total <= maxTotalBacklog) return;
      total -= socket.writableLength;
      this.end(socket, 'has most waiting of too much that waits for all');
    }
  }

  private end(socket: Socket, reason: string): void {
    this.logger.debug(`a TCP connection of ${socket.remoteAddress ?? 'nobody'} ${reason} and is ended`);
    socket.destroy();
  }
}
