import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { BoundedLogger } from '../../../common/bounded-logger.js';
import { DomainError, domainErrorOf } from '../../../common/errors.js';
import { Lifecycle } from '../../../common/stopping/lifecycle.js';
import { Configuration } from '../../../config/configuration.js';
import { EventGate } from '../../../realtime/commands/event-gate.js';
import { MAX_ENDS_LOGGED } from '../../../realtime/engine/engine-guard.js';
import { type HadEnded, Standstill } from '../../../realtime/connections/standstill.js';
import { HandshakeLimit } from '../../../limits/connections/handshake-limit.js';
import {
  type BoundedWebSocket,
  BoundedWebSocketServer,
  type EndReason,
  type RawData,
} from '../../../realtime/engine/sockets/bounded-web-socket.js';
import { MAX_OUTBOUND_BYTES, OutboundQueue, OutboundQueues } from '../../../realtime/engine/outbound/outbound-queue.js';
import type { ConnectionOptions } from '../../../realtime/engine/sockets/chat-socket.js';
import type { VirtualPeer } from '../../../realtime/engine/sockets/virtual-socket.js';
import type { CloseCode } from '../../../realtime/protocol/close-reasons.js';
import { parsedFrame } from '../fields.js';
import { InboundQueue } from './inbound-queue.js';
import type { NativeClient, NativeDialect, NativeRequest, NativeSession } from './native-dialect.js';
import { type VirtualConnection, VirtualConnections } from '../virtual-connections.js';

/** A frame at the most, in bytes; one that is a little larger is answered, one that is much larger ends its connection. */
const MAX_FRAME_BYTES = 64 * 1024;
const MAX_READ_BYTES = 2 * MAX_FRAME_BYTES;
/** As the main gateway: asked so often whether it is there, and given so long to answer. */
const PING_MS = 25_000;
const PONG_MS = 20_000;
/** Frames that wait for the ones before them; beyond it the client is not read any further until there is room. */
const MAX_QUEUED = 64;
/** Frames that are answered before it is known who it is. */
const MAX_FRAMES_BEFORE_AUTHENTICATION = 20;
/** How long a client may take to answer a close. */
const CLOSE_TIMEOUT_MS = 1_000;
const SOCKET_IO_PATH = '/socket.io/';
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN = 1013;

/**
 * Native WebSockets on the server's own port. Upgrades on Socket.IO's path are left to it; those on a path that is no
 * dialect's are answered 404.
 */
@Injectable()
export class NativeTransport implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(NativeTransport.name);
  private readonly ends = new BoundedLogger(NativeTransport.name, MAX_ENDS_LOGGED);
  private readonly server = new BoundedWebSocketServer({
    noServer: true,
    maxPayload: MAX_READ_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  private readonly dialects: NativeDialect[] = [];
  private readonly clients = new Set<NativeConnection>();
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly connections: VirtualConnections,
    private readonly handshakes: HandshakeLimit,
    private readonly queues: OutboundQueues,
    private readonly lifecycle: Lifecycle,
    private readonly standstill: Standstill,
    private readonly configuration: Configuration,
  ) {}

  register(dialect: NativeDialect): void {
    this.dialects.push(dialect);
  }

  onApplicationBootstrap(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.upgrade(request, socket, head),
    );
    this.heartbeat = setInterval(() => {
      for (const client of this.clients) client.beat();
    }, PING_MS).unref();
  }

  /** Those who are not let in yet are in no room, and so receive nothing when the gateway closes all. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.heartbeat);
    for (const client of this.clients) client.end('SERVER_SHUTDOWN');
    await Promise.all([...this.clients].map((client) => client.waitUntilClosed(CLOSE_TIMEOUT_MS)));
  }

  onApplicationShutdown(): void {
    for (const client of this.clients) client.cut();
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = pathOf(request);
    if (path.startsWith(SOCKET_IO_PATH)) return;
    const dialect = this.dialects.find((known) => known.owns(path));
    // Nobody else listens before it is a WebSocket.
    socket.on('error', () => undefined);
    if (dialect === undefined) return refuse(socket, '404 Not Found');
    if (this.lifecycle.refusesConnections) return refuse(socket, '503 Service Unavailable');
    this.handshakes
      .admit(request)
      .then(
        () => this.accept(dialect, request, socket, head),
        () => refuse(socket, '429 Too Many Requests'),
      )
      .catch((error: unknown) => {
        this.logger.error('a WebSocket could not be opened', String(error));
        socket.destroy();
      });
  }

  private accept(dialect: NativeDialect, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      const [, query = ''] = /^[^?]*\?(.*)$/s.exec(request.url ?? '') ?? [];
      const asked = { path: pathOf(request), query: new URLSearchParams(query), headers: request.headers };
      webSocket.on('error', (error) => this.logger.debug(`a WebSocket failed: ${error.message}`));
      const release = this.handshakes.open(request);
      if (release === undefined) {
        webSocket.terminate();
        return;
      }
      const ipAddressKey = this.handshakes.keyOf(request);
      const client = new NativeConnection(webSocket, asked, this.connections, this.inbound(), {
        ipAddressKey,
        release,
      });
      this.clients.add(client);
      this.queues.add(client.outbound);
      webSocket.once('close', () => {
        this.clients.delete(client);
        this.queues.remove(client.outbound);
        release();
        const { userId, endReason } = client;
        if (endReason === undefined) return;
        const name = userId === undefined ? 'nobody' : `user ${userId}`;
        this.ends.warn(`a connection of ${name} is ended: ${endReason}`);
        if (endReason === 'FLOODING' && userId !== undefined) void this.handshakes.flooded(userId);
      });
      // A failed network, of which `ws` says no more than that the connection is closed.
      socket.once('error', () => client.lost());
      client.begin(dialect);
    });
  }

  private inbound(): InboundQueue {
    return new InboundQueue(new EventGate(this.configuration.eventLimit), this.lifecycle, this.standstill);
  }
}

function refuse(socket: Duplex, status: string): void {
  // A client that does not take the answer, or does not close its side, would stay for ever.
  const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** As it was sent: Socket.IO looks at it so, and one request must not be both of ours. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

class NativeConnection implements NativeClient {
  readonly outbound: OutboundQueue;
  private session: NativeSession | undefined;
  private connection: VirtualConnection | undefined;
  private waiting = 0;
  private deadline: NodeJS.Timeout | undefined;
  private framesBeforeAuthentication = 0;
  private reason: EndReason | undefined;
  /** Whether its dialect has closed it, as it does where it refuses the client. */
  private isRefused = false;
  /** Whether the server has ended it, for any reason. */
  private isSentAway = false;

  constructor(
    private readonly socket: BoundedWebSocket,
    readonly request: NativeRequest,
    private readonly connections: VirtualConnections,
    private readonly inbound: InboundQueue,
    private readonly arrival: { ipAddressKey: string; release: () => void },
  ) {
    this.outbound = new OutboundQueue(
      () => socket.bufferedAmount,
      (atOnce) => (atOnce || this.connection === undefined ? socket.cut('SLOW_CONSUMER') : this.end('SLOW_CONSUMER')),
    );
    socket.outbound = this.outbound;
  }

  /** Undefined before it is let in. */
  get userId(): string | undefined {
    return this.connection?.principal.userId;
  }

  /** Why it was ended by a bound, where it was. */
  get endReason(): EndReason | undefined {
    return this.reason ?? this.socket.endReason;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  begin(dialect: NativeDialect): void {
    const session = dialect.open(this);
    this.session = session;
    this.socket.on('message', (text) => this.read(session, text));
    this.socket.on('pong', () => clearTimeout(this.deadline));
    this.socket.once('close', () => {
      clearTimeout(this.deadline);
      if (this.connection !== undefined) this.connections.close(this.connection);
    });
    if (session.begin !== undefined) this.take(session, () => session.begin?.());
  }

  send(frame: string): void {
    if (this.isOpen) this.socket.send(frame);
  }

  deliver(send: () => void | Promise<void>): void {
    this.outbound.deliver(send, () => this.end('UNAVAILABLE'));
  }

  answer<Answer>(send: () => Promise<Answer>): Promise<Answer | undefined> {
    return this.isOpen ? this.outbound.answer(send) : Promise.resolve(undefined);
  }

  async admit(token: unknown, options: ConnectionOptions): Promise<VirtualConnection> {
    if (this.connection !== undefined) throw new DomainError('UNAUTHORIZED');
    const { ipAddressKey, release } = this.arrival;
    const peer: VirtualPeer = {
      deliver: (event) => this.session?.deliver(event),
      ended: (code = 'UNAVAILABLE') => this.end(code),
    };
    const connection = await this.connections.open(token, { ...options, ipAddressKey }, peer, () => !this.isSentAway);
    this.connection = connection;
    this.outbound.maxBytes = MAX_OUTBOUND_BYTES;
    this.socket.isAdmitted = true;
    release();
    // One that has gone meanwhile is let in all the same, for what it sent before; its `close` has been.
    if (this.socket.readyState === this.socket.CLOSED) this.connections.close(connection);
    return connection;
  }

  close(code: number, reason: string): void {
    this.isRefused = true;
    this.sendClose(code, reason);
  }

  end(reason: CloseCode): void {
    if (reason === 'FLOODING' || reason === 'SLOW_CONSUMER') this.reason = reason;
    this.sendClose(closeCodeOf(reason, this.session), reason);
  }

  cut(): void {
    this.socket.terminate();
  }

  /** Its network failed: before its close, as where it does not answer. */
  lost(): void {
    if (this.connection !== undefined && !this.isSentAway) this.connection.socket.data.isSilent = true;
  }

  /** Asks whether the client is there. One that is not being read cannot answer. */
  beat(): void {
    if (!this.isOpen || this.socket.isPaused) return;
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      // Its answer may wait among what is not read. The next beat asks again.
      if (this.socket.isPaused) return;
      if (this.connection !== undefined) this.connection.socket.data.isSilent = true;
      this.cut();
    }, PONG_MS).unref();
    this.socket.ping();
  }

  /** Resolves once the client is gone, or after `timeoutMs`. */
  async waitUntilClosed(timeoutMs: number): Promise<void> {
    if (this.socket.readyState === this.socket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** False where its end has refused what waits. What a client sent that has gone, or that was sent away, is done. */
  private isServed(hadEnded: HadEnded | undefined): boolean {
    if (this.isOpen) return true;
    if (this.connection === undefined) return !this.isSentAway && this.endReason === undefined;
    // One that had closed by itself could not be ended with its session.
    const isEnded = this.connection.isEnded || hadEnded?.(this.connection.principal) === true;
    return !isEnded && this.endReason === undefined && !this.isRefused;
  }

  private sendClose(code: number, reason: string): void {
    this.isSentAway = true;
    this.socket.close(code, reason);
    // A client that does not answer a close is not waited for.
    setTimeout(() => this.cut(), CLOSE_TIMEOUT_MS).unref();
  }

  private read(session: NativeSession, bytes: RawData): void {
    if (!this.isOpen) return;
    const text = Buffer.isBuffer(bytes) ? bytes : Buffer.concat(Array.isArray(bytes) ? bytes : [Buffer.from(bytes)]);
    this.take(session, () => {
      if (text.length > MAX_FRAME_BYTES) throw new DomainError('PAYLOAD_TOO_LARGE');
      return session.handle(parsedFrame(text.toString()));
    });
  }

  private take(session: NativeSession, work: () => Promise<void> | undefined): void {
    const refusal = this.inbound.push(async (hadEnded) => {
      try {
        if (!this.isServed(hadEnded)) return;
        // Counted here, and not as they come: a client may send more behind its token.
        if (this.connection === undefined && (this.framesBeforeAuthentication += 1) > MAX_FRAMES_BEFORE_AUTHENTICATION)
          return this.end('FLOODING');
        await work();
      } catch (error) {
        session.refuse(domainErrorOf(error));
      } finally {
        this.waiting -= 1;
        if (this.waiting < MAX_QUEUED / 2) this.socket.resume();
      }
    });
    if (refusal !== undefined) {
      session.refuse(refusal);
      this.socket.rest(this.inbound.restMs);
      if (this.inbound.isFlooded) this.end('FLOODING');
      return;
    }
    this.waiting += 1;
    if (this.waiting >= MAX_QUEUED) this.socket.pause();
  }
}

function closeCodeOf(reason: CloseCode, session: NativeSession | undefined): number {
  if (reason === 'SERVER_SHUTDOWN') return GOING_AWAY;
  if (reason === 'UNAVAILABLE') return TRY_AGAIN;
  // No fault of the token, which is what a dialect's own codes are about.
  if (reason === 'FLOODING' || reason === 'SLOW_CONSUMER' || reason === 'TOO_MANY_CONNECTIONS') return POLICY_VIOLATION;
  return session?.closeCode(reason) ?? POLICY_VIOLATION;
}
