import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Configuration } from '../../config/configuration.js';
import { TokenBucket } from '../../limits/token-bucket.js';
import { domainErrorOf } from '../../http/problem.filter.js';
import type { ChatServer, ChatSocket } from './chat-socket.js';
import { HandshakeLimit } from '../connections/handshake-limit.js';
import { type Transport, writeOnceATurn } from './write-once-a-turn.js';
import { clientFileOf, serveClientFile } from './client-files.js';
import { BoundedWebSocket, MAX_BACKLOG, MAX_BACKLOG_BEFORE_AUTHENTICATION } from './bounded-web-socket.js';

/** What a packet that waits costs in memory beside its bytes. */
const PACKET_OVERHEAD = 256;
/** What may wait in the queues of all connections together, in bytes. */
const MAX_TOTAL_BACKLOG = 256 * 1024 * 1024;
const LOOK_MS = 500;

/** Engine.IO's own packets (pongs and the like) from a client: it answers one ping in 25 s. */
const MAX_ENGINE_PACKETS = { burst: 50, perSecond: 2 };
/** Requests of one long-polling session; it makes one for each batch of events in either direction. */
const MAX_POLLS = { burst: 300, perSecond: 50 };
/** How long a client whose connect was refused has to go by itself. */
const REFUSED_TIMEOUT_MS = 1_000;

interface WaitingPacket {
  data?: { length: number } | undefined;
  options?: { wsPreEncodedFrame?: readonly { length: number }[] } | undefined;
}

interface EnginePacket {
  type: string;
  data?: unknown;
}

/** The parts of an Engine.IO connection that its types keep to themselves. */
interface EngineConnection {
  readonly request: IncomingMessage;
  readonly transport: Transport & { readonly socket?: unknown };
  readonly writeBuffer: readonly WaitingPacket[];
  sendPacket(...parameters: unknown[]): void;
  close(discard?: boolean): void;
  on(event: 'packet', listener: (packet: EnginePacket) => void): void;
  on(event: 'upgrade', listener: (transport: Transport) => void): void;
  once(event: 'close', listener: () => void): void;
}

type EngineRequest = IncomingMessage & { _query?: Record<string, string> };

/**
 * Bounds what a Socket.IO connection may ask of this process and keep in its memory, from its first byte on:
 * - It carries one connect to the default namespace. One to another namespace is answered that there is none; a second
 *   one of either ends it. Engine.IO's own packets and the requests of long polling are counted.
 * - What waits for a client that does not read is bounded, and checked as it is queued; and so is what waits for all.
 * - One IP address has so many connections at most that have not been let in.
 */
@Injectable()
export class EngineGuard implements OnApplicationShutdown {
  private readonly logger = new Logger(EngineGuard.name);
  private readonly guarded = new Map<EngineConnection, GuardedConnection>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly handshakes: HandshakeLimit,
    private readonly configuration: Configuration,
  ) {}

  attach(server: ChatServer): void {
    const engine = server.engine as unknown as {
      clients: Record<string, EngineConnection | undefined>;
      use(handle: (request: EngineRequest, response: ServerResponse, next: (error?: Error) => void) => void): void;
      on(event: 'connection', listener: (connection: EngineConnection) => void): void;
    };
    engine.use((request, response, next) => {
      const clientFile = clientFileOf(request);
      if (clientFile !== undefined) {
        this.serve(clientFile, request, response);
        return;
      }
      const { sid } = request._query ?? {};
      const connection = sid === undefined || !Object.hasOwn(engine.clients, sid) ? undefined : engine.clients[sid];
      if (connection === undefined || this.guarded.get(connection)?.countRequest() !== false) next();
      else response.writeHead(429, { Connection: 'close' }).end();
    });
    engine.on('connection', (connection) => this.guard(connection));
    this.timer = setInterval(() => this.boundTotal(), LOOK_MS).unref();
  }

  /** The connection of this socket was let in. */
  admitted(socket: ChatSocket): void {
    this.guarded.get(connectionOf(socket))?.admitted(socket.data.principal.userId);
  }

  /** The connect of this socket was refused: its connection has no further use. */
  refused(socket: ChatSocket): void {
    const connection = connectionOf(socket);
    const timer = setTimeout(() => connection.close(), REFUSED_TIMEOUT_MS).unref();
    connection.once('close', () => clearTimeout(timer));
  }

  /** Reads nothing from this socket for so long; 0 does nothing. Long polling is slowed down by its limit of requests. */
  rest(socket: ChatSocket, milliseconds: number): void {
    webSocketOf(connectionOf(socket))?.rest(milliseconds);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
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
      this.logger.warn(`a connection of ${userId === undefined ? 'nobody' : `user ${userId}`} is ended: ${reason}`);
      if (reason === 'FLOODING' && userId !== undefined) void this.handshakes.flooded(userId);
    });
    this.guarded.set(connection, guarded);
    connection.once('close', () => {
      this.guarded.delete(connection);
      guarded.closed();
    });
  }

  /** Ends those that read least, until what is left is bearable. */
  private boundTotal(): void {
    let total = 0;
    const waiting: { guarded: GuardedConnection; bytes: number }[] = [];
    for (const guarded of this.guarded.values()) {
      const bytes = guarded.backlog();
      if (bytes === 0) continue;
      total += bytes;
      waiting.push({ guarded, bytes });
    }
    if (total <= MAX_TOTAL_BACKLOG) return;
    waiting.sort((one, other) => other.bytes - one.bytes);
    for (const { guarded, bytes } of waiting) {
      if (total <= MAX_TOTAL_BACKLOG) return;
      guarded.end('SLOW_CONSUMER');
      total -= bytes;
    }
  }
}

class GuardedConnection {
  private readonly enginePackets = new TokenBucket(MAX_ENGINE_PACKETS.burst, MAX_ENGINE_PACKETS.perSecond);
  private readonly polls = new TokenBucket(MAX_POLLS.burst, MAX_POLLS.perSecond);
  private userId: string | undefined;
  private connects = 0;
  private strayConnects = 0;
  private maxBacklog = MAX_BACKLOG_BEFORE_AUTHENTICATION;
  /** Which of the connection's buffers `bytes` counts: it begins a new one whenever it has written the last. */
  private buffer: readonly WaitingPacket[] | undefined;
  private bytes = 0;
  private isEnded = false;

  constructor(
    private readonly connection: EngineConnection,
    private readonly release: () => void,
    private readonly limited: boolean,
    private readonly report: (reason: 'SLOW_CONSUMER' | 'FLOODING', userId: string | undefined) => void,
  ) {
    const send = connection.sendPacket;
    connection.sendPacket = (...parameters) => {
      const before = this.queued();
      send.apply(connection, parameters);
      this.count(before);
    };
    connection.on('packet', (packet) => this.take(packet));
    connection.on('upgrade', (transport) => {
      writeOnceATurn(transport);
      this.boundWebSocket();
    });
  }

  admitted(userId: string): void {
    this.userId = userId;
    this.maxBacklog = MAX_BACKLOG;
    this.boundWebSocket();
    this.release();
  }

  closed(): void {
    this.release();
    const { endedBecause } = webSocketOf(this.connection) ?? {};
    if (endedBecause !== undefined && !this.isEnded) this.report(endedBecause, this.userId);
  }

  /** Bytes that wait for the client. */
  backlog(): number {
    return this.queued() + (webSocketOf(this.connection)?.bufferedAmount ?? 0);
  }

  /** False where the session makes more requests than any client does; it is ended. */
  countRequest(): boolean {
    if (!this.limited || this.polls.take()) return true;
    this.end('FLOODING');
    return false;
  }

  end(reason: 'SLOW_CONSUMER' | 'FLOODING'): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.report(reason, this.userId);
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
    if (typeof data !== 'string' || !data.startsWith(CONNECT)) return;
    if (isToDefaultNamespace(data)) this.connects += 1;
    else this.strayConnects += 1;
    if (this.connects > 1 || this.strayConnects > 1) this.end('FLOODING');
  }

  /** Bytes that wait in Engine.IO's own queue. */
  private queued(): number {
    return this.connection.writeBuffer === this.buffer ? this.bytes : 0;
  }

  private count(before: number): void {
    const { writeBuffer } = this.connection;
    const last = writeBuffer.at(-1);
    if (last === undefined) return;
    this.bytes = (writeBuffer === this.buffer ? this.bytes : 0) + sizeOf(last);
    this.buffer = writeBuffer;
    // One answer of any size may wait, but nothing after it.
    if (before + (webSocketOf(this.connection)?.bufferedAmount ?? 0) > this.maxBacklog) this.end('SLOW_CONSUMER');
  }

  private boundWebSocket(): void {
    const webSocket = webSocketOf(this.connection);
    if (webSocket !== undefined) webSocket.maxBacklog = this.maxBacklog;
  }
}

/** Socket.IO's packet type, and what follows it where it is not the default namespace. */
const CONNECT = '0';

function isToDefaultNamespace(packet: string): boolean {
  return packet[1] !== '/' || packet.length === 2 || packet[2] === ',';
}

function connectionOf(socket: ChatSocket): EngineConnection {
  return socket.conn as unknown as EngineConnection;
}

function webSocketOf({ transport }: EngineConnection): BoundedWebSocket | undefined {
  return transport.socket instanceof BoundedWebSocket ? transport.socket : undefined;
}

function sizeOf({ data, options }: WaitingPacket): number {
  let bytes = PACKET_OVERHEAD;
  if (options?.wsPreEncodedFrame !== undefined) for (const part of options.wsPreEncodedFrame) bytes += part.length;
  else bytes += data?.length ?? 0;
  return bytes;
}
