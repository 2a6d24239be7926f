import { type IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { BoundedLogger } from '../../common/bounded-logger.js';
import { Lifecycle } from '../../common/stopping/lifecycle.js';
import { Configuration } from '../../config/configuration.js';
import { TokenBucket } from '../../limits/rates/token-bucket.js';
import { domainErrorOf } from '../../common/errors.js';
import { HandshakeLimit } from '../../limits/connections/handshake-limit.js';
import { BoundedWebSocket, type EndReason } from './sockets/bounded-web-socket.js';
import type { ChatServer, ChatSocket } from './sockets/chat-socket.js';
import { clientFileOf, serveClientFile } from './client-files.js';
import { connectionOf, type EngineConnection, type EnginePacket, engineOf, sizeOf } from './internals.js';
import { MAX_OUTBOUND_BYTES, OutboundQueue, OutboundQueues } from './outbound/outbound-queue.js';
import { writeOnceATurn } from './outbound/write-once-a-turn.js';

/**
 * Packets of a client that are no events: it answers one ping of Engine.IO in 25 s, and has nothing to acknowledge, as
 * the server never asks for that.
 */
const MAX_ENGINE_PACKETS = { burst: 50, perSecond: 2 };
/** Requests of one long-polling session; it makes one for each batch of events in either direction. */
const MAX_POLLS = { burst: 300, perSecond: 50 };
/** Connections whose end is logged, a minute: anybody can bring it about. */
export const MAX_ENDS_LOGGED = 60;
/** How long a client whose connection has no further use has to go by itself. */
const USELESS_TIMEOUT_MS = 1_000;
/** How long a client that reads too slowly has to read why it is ended. */
const SLOW_CONSUMER_TIMEOUT_MS = 5_000;

/**
 * Bounds what a Socket.IO connection may ask of this process and keep in its memory, from its first byte on:
 * - It carries one connect to the default namespace. One to another namespace is answered that there is none; a second
 *   one of either ends it. Packets that are no events and the requests of long polling are counted.
 * - What waits for a client that does not read is bounded by its outbound queue, and checked as it is queued.
 * - One IP address has so many connections at most that have not been let in.
 */
@Injectable()
export class EngineGuard {
  private readonly ends = new BoundedLogger(EngineGuard.name, MAX_ENDS_LOGGED);
  private readonly guarded = new Map<EngineConnection, GuardedConnection>();

  constructor(
    private readonly handshakes: HandshakeLimit,
    private readonly queues: OutboundQueues,
    private readonly lifecycle: Lifecycle,
    private readonly configuration: Configuration,
  ) {}

  attach(server: ChatServer): void {
    const engine = engineOf(server);
    engine.use((request, response, next) => {
      const clientFile = clientFileOf(request);
      // One that asks to upgrade has no response: what stands for it takes nothing, and only closes.
      if (clientFile !== undefined && response instanceof ServerResponse) {
        this.serve(clientFile, request, response);
        return;
      }
      const { sid } = request._query ?? {};
      // A balancer takes it to another process, and Socket.IO's own client tries again; a WebSocket is just closed.
      if (sid === undefined && this.lifecycle.refusesConnections) {
        response.writeHead(503, { 'Retry-After': 1, Connection: 'close' });
        response.end();
        return;
      }
      const connection = sid === undefined || !Object.hasOwn(engine.clients, sid) ? undefined : engine.clients[sid];
      if (connection === undefined || this.guarded.get(connection)?.countRequest() !== false) next();
      else {
        response.writeHead(429, { Connection: 'close' });
        response.end();
      }
    });
    engine.on('connection', (connection) => this.guard(connection));
  }

  /**
   * The connection of this socket was let in. Returns its outbound queue; undefined where it is gone already.
   * @param sendEnd sends the client that it is a SLOW_CONSUMER, and disconnects it
   */
  admitted(socket: ChatSocket, sendEnd: () => void): OutboundQueue | undefined {
    const guarded = this.guarded.get(connectionOf(socket));
    guarded?.admitted(socket.data.principal.userId, sendEnd);
    return guarded?.outbound;
  }

  /** The connect of this socket was refused, or it has left its namespace: its connection has no further use. */
  expire(socket: ChatSocket): void {
    if (socket.conn.readyState !== 'open') return;
    const connection = connectionOf(socket);
    const timer = setTimeout(() => connection.close(), USELESS_TIMEOUT_MS).unref();
    connection.once('close', () => clearTimeout(timer));
  }

  /** Reads nothing from this socket for so long; 0 does nothing. Long polling is slowed down by its limit of requests. */
  rest(socket: ChatSocket, milliseconds: number): void {
    webSocketOf(connectionOf(socket))?.rest(milliseconds);
  }

  private serve(clientFile: string, request: IncomingMessage, response: ServerResponse): void {
    this.handshakes
      .countRequest(request)
      .then(() => serveClientFile(clientFile, request, response))
      .catch((error: unknown) => {
        const { status, retryAfterMs = 0 } = domainErrorOf(error);
        response.writeHead(status, { 'Retry-After': Math.ceil(retryAfterMs / 1_000) }).end();
      });
  }

  private guard(connection: EngineConnection): void {
    writeOnceATurn(connection.transport);
    const release = this.handshakes.open(connection.request);
    if (release === undefined) {
      connection.close(true);
      webSocketOf(connection)?.terminate();
      return;
    }
    const guarded = new GuardedConnection(connection, release, this.configuration.rateLimits, (reason, userId) => {
      this.ends.warn(`a connection of ${userId === undefined ? 'nobody' : `user ${userId}`} is ended: ${reason}`);
      if (reason === 'FLOODING' && userId !== undefined) void this.handshakes.flooded(userId);
    });
    this.guarded.set(connection, guarded);
    this.queues.add(guarded.outbound);
    connection.once('close', () => {
      this.guarded.delete(connection);
      this.queues.remove(guarded.outbound);
      guarded.closed();
    });
  }
}

class GuardedConnection {
  readonly outbound: OutboundQueue;
  private readonly enginePackets = new TokenBucket(MAX_ENGINE_PACKETS.burst, MAX_ENGINE_PACKETS.perSecond);
  private readonly polls = new TokenBucket(MAX_POLLS.burst, MAX_POLLS.perSecond);
  private userId: string | undefined;
  private sendEnd: (() => void) | undefined;
  private connects = 0;
  private strayConnects = 0;
  /** Which of the connection's buffers `bytes` counts: it begins a new one whenever it has written the last. */
  private buffer: readonly unknown[] | undefined;
  private bytes = 0;
  private isEnded = false;
  private endTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: EngineConnection,
    private readonly release: () => void,
    private readonly limited: boolean,
    private readonly report: (reason: EndReason, userId: string | undefined) => void,
  ) {
    this.outbound = new OutboundQueue(
      () => this.queued() + (webSocketOf(connection)?.bufferedAmount ?? 0),
      (atOnce) => this.endSlowConsumer(atOnce),
    );
    const send = connection.sendPacket;
    connection.sendPacket = (...parameters) => {
      // Where nothing waits the transport takes it at once. What is sent after the end is why.
      if (connection.writeBuffer.length > 0 && !this.outbound.isEnded && !this.outbound.mayWrite()) return;
      send.apply(connection, parameters);
      this.count();
    };
    connection.on('packet', (packet) => this.take(packet));
    connection.on('upgrade', (transport) => {
      writeOnceATurn(transport);
      this.adoptWebSocket();
    });
    this.adoptWebSocket();
  }

  admitted(userId: string, sendEnd: () => void): void {
    this.userId = userId;
    this.sendEnd = sendEnd;
    this.outbound.maxBytes = MAX_OUTBOUND_BYTES;
    this.adoptWebSocket();
    this.release();
  }

  closed(): void {
    this.release();
    clearTimeout(this.endTimer);
    const { endReason } = webSocketOf(this.connection) ?? {};
    if (endReason !== undefined && !this.isEnded) this.report(endReason, this.userId);
  }

  /** False where the session makes more requests than any client does; it is ended. */
  countRequest(): boolean {
    if (!this.limited || this.polls.take()) return true;
    this.end('FLOODING');
    return false;
  }

  private end(reason: EndReason): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.report(reason, this.userId);
    this.cut(reason);
  }

  /** Sends it why, in place of what waited for it, where it is somebody's; it is cut where it does not read that soon. */
  private endSlowConsumer(atOnce: boolean): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.report('SLOW_CONSUMER', this.userId);
    if (atOnce || this.sendEnd === undefined) return this.cut('SLOW_CONSUMER');
    this.connection.writeBuffer.length = 0;
    this.bytes = 0;
    // What it goes on sending is of no use any more, and counted as such.
    const webSocket = webSocketOf(this.connection);
    if (webSocket !== undefined) webSocket.isAdmitted = false;
    this.endTimer = setTimeout(() => this.cut('SLOW_CONSUMER'), SLOW_CONSUMER_TIMEOUT_MS).unref();
    this.sendEnd();
  }

  private cut(reason: EndReason): void {
    const webSocket = webSocketOf(this.connection);
    this.connection.close(true);
    // A close frame would wait behind everything else that is not read, and the client could go on sending meanwhile.
    webSocket?.cut(reason);
  }

  private take({ type, data }: EnginePacket): void {
    if (type !== 'message') {
      if (!this.enginePackets.take()) this.end('FLOODING');
      return;
    }
    if (typeof data !== 'string' || EVENTS.has(data[0])) return;
    if (!data.startsWith(CONNECT)) {
      if (!this.enginePackets.take()) this.end('FLOODING');
      return;
    }
    if (isToDefaultNamespace(data)) this.connects += 1;
    else this.strayConnects += 1;
    if (this.connects > 1 || this.strayConnects > 1) this.end('FLOODING');
  }

  /** Bytes that wait in Engine.IO's own queue. */
  private queued(): number {
    return this.connection.writeBuffer === this.buffer ? this.bytes : 0;
  }

  private count(): void {
    const { writeBuffer } = this.connection;
    const last = writeBuffer.at(-1);
    if (last === undefined) return;
    this.bytes = this.queued() + sizeOf(last);
    this.buffer = writeBuffer;
  }

  /** What Engine.IO writes is counted here, before it is queued; frames made beforehand do not pass the WebSocket's `send`. */
  private adoptWebSocket(): void {
    const webSocket = webSocketOf(this.connection);
    if (webSocket === undefined) return;
    webSocket.outbound = undefined;
    webSocket.isAdmitted = this.userId !== undefined;
  }
}

/** Socket.IO's packet type, and what follows it where it is not the default namespace. */
const CONNECT = '0';
/** Those that `SocketConnections` counts: events, with bytes or without. */
const EVENTS: ReadonlySet<string | undefined> = new Set(['2', '5']);

function isToDefaultNamespace(packet: string): boolean {
  return packet[1] !== '/' || packet.length === 2 || packet[2] === ',';
}

function webSocketOf({ transport }: EngineConnection): BoundedWebSocket | undefined {
  return transport.socket instanceof BoundedWebSocket ? transport.socket : undefined;
}
