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
import type { RawData } from 'ws';
import { DomainError } from '../../common/errors.js';
import { Lifecycle } from '../../common/lifecycle.js';
import { domainErrorOf } from '../../http/problem.filter.js';
import { Configuration } from '../../config/configuration.js';
import { VirtualConnections } from '../../realtime/connections/virtual-connections.js';
import { InboundQueue } from '../../realtime/commands/inbound-queue.js';
import type { DialectPeer, VirtualSocket } from '../../realtime/connections/virtual-socket.js';
import type { CloseCode } from '../../realtime/protocol/close-reasons.js';
import { HandshakeLimit } from '../../realtime/connections/handshake-limit.js';
import {
  type BoundedWebSocket,
  BoundedWebSocketServer,
  MAX_BACKLOG,
} from '../../realtime/engine/bounded-web-socket.js';
import { parsedFrame } from './fields.js';
import type { NativeConnection, NativeDialect, NativeRequest, NativeSession } from './native-dialect.js';

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
/** How long a client may take to say good-bye. */
const GOODBYE_MS = 1_000;
const SOCKET_IO_PATH = '/socket.io/';
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/**
 * Native WebSockets on the server's own port. Upgrades on Socket.IO's path are left to it; those on a path that is no
 * dialect's are answered 404.
 */
@Injectable()
export class NativeTransport implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(NativeTransport.name);
  private readonly server = new BoundedWebSocketServer({
    noServer: true,
    maxPayload: MAX_READ_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  private readonly dialects: NativeDialect[] = [];
  private readonly clients = new Set<NativeClient>();
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly connections: VirtualConnections,
    private readonly handshakes: HandshakeLimit,
    private readonly lifecycle: Lifecycle,
    private readonly configuration: Configuration,
  ) {}

  register(dialect: NativeDialect): void {
    if (this.configuration.dialects.includes(dialect.name)) this.dialects.push(dialect);
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

  /** Those who are not let in yet are in no room, and so hear nothing of the gateway's good-bye. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.heartbeat);
    for (const client of this.clients) client.end('SERVER_SHUTDOWN');
    await Promise.all([...this.clients].map((client) => client.gone(GOODBYE_MS)));
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
    if (this.lifecycle.isDraining) return refuse(socket, '503 Service Unavailable');
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
      const client = new NativeClient(webSocket, asked, this.connections, this.inbound(), { ipAddressKey, release });
      this.clients.add(client);
      webSocket.once('close', () => {
        this.clients.delete(client);
        release();
        const { userId } = client;
        const endedBecause = client.hasFlooded ? 'FLOODING' : webSocket.endedBecause;
        if (endedBecause === undefined) return;
        const name = userId === undefined ? 'nobody' : `user ${userId}`;
        this.logger.warn(`a connection of ${name} is ended: ${endedBecause}`);
        if (endedBecause === 'FLOODING' && userId !== undefined) void this.handshakes.flooded(userId);
      });
      client.begin(dialect);
    });
  }

  private inbound(): InboundQueue {
    return new InboundQueue(this.configuration.eventLimit, this.lifecycle);
  }
}

function refuse(socket: Duplex, status: string): void {
  // A client that does not take the answer, or does not close its side, would stay for ever.
  const timer = setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** As it was sent: Socket.IO looks at it so, and one request must not be both of ours. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

class NativeClient implements NativeConnection, DialectPeer {
  private session: NativeSession | undefined;
  private member: VirtualSocket | undefined;
  private waiting = 0;
  private deadline: NodeJS.Timeout | undefined;
  private framesBeforeAuthentication = 0;
  /** Whether it was ended for that. */
  hasFlooded = false;

  constructor(
    private readonly socket: BoundedWebSocket,
    readonly request: NativeRequest,
    private readonly connections: VirtualConnections,
    private readonly inbound: InboundQueue,
    private readonly arrival: { ipAddressKey: string; release: () => void },
  ) {}

  /** Undefined before it is let in. */
  get userId(): string | undefined {
    return this.member?.principal.userId;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  begin(dialect: NativeDialect): void {
    const session = dialect.open(this);
    this.session = session;
    this.socket.on('message', (text) => this.heard(session, text));
    this.socket.on('pong', () => clearTimeout(this.deadline));
    this.socket.once('close', () => {
      clearTimeout(this.deadline);
      if (this.member !== undefined) this.connections.close(this.member);
    });
    if (session.begin !== undefined) this.take(session, () => session.begin?.());
  }

  send(frame: string): void {
    if (this.isOpen) this.socket.send(frame);
  }

  async admit(token: unknown, { echo }: { echo: boolean }): Promise<VirtualSocket> {
    if (this.member !== undefined) throw new DomainError('UNAUTHORIZED');
    const { ipAddressKey, release } = this.arrival;
    this.member = await this.connections.open(token, { echo, ipAddressKey }, this, () => this.isOpen);
    this.socket.maxBacklog = MAX_BACKLOG;
    release();
    return this.member;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
    // Who does not answer a close is not waited for.
    setTimeout(() => this.cut(), GOODBYE_MS).unref();
  }

  told(serverEvent: Parameters<DialectPeer['told']>[0]): void {
    this.session?.told(serverEvent);
  }

  ended(code: CloseCode | undefined): void {
    this.end(code ?? 'UNAVAILABLE');
  }

  end(reason: CloseCode): void {
    if (reason === 'FLOODING') this.hasFlooded = true;
    this.close(closeCodeOf(reason, this.session), reason);
  }

  cut(): void {
    this.socket.terminate();
  }

  /** Asks whether the client is there. One that is not being read cannot answer. */
  beat(): void {
    if (!this.isOpen || this.socket.isPaused) return;
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.cut(), PONG_MS).unref();
    this.socket.ping();
  }

  /** Resolves once the client is gone, or after `timeoutMs`. */
  async gone(timeoutMs: number): Promise<void> {
    if (this.socket.readyState === this.socket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private heard(session: NativeSession, bytes: RawData): void {
    if (!this.isOpen) return;
    const text = Buffer.isBuffer(bytes) ? bytes : Buffer.concat(Array.isArray(bytes) ? bytes : [Buffer.from(bytes)]);
    this.take(session, () => {
      if (text.length > MAX_FRAME_BYTES) throw new DomainError('PAYLOAD_TOO_LARGE');
      return session.heard(parsedFrame(text.toString()));
    });
  }

  private take(session: NativeSession, work: () => Promise<void> | undefined): void {
    const refusal = this.inbound.push(async () => {
      try {
        if (!this.isOpen) return;
        // Counted here, and not as they come: a client may send more behind its token.
        if (this.member === undefined && (this.framesBeforeAuthentication += 1) > MAX_FRAMES_BEFORE_AUTHENTICATION)
          return this.end('FLOODING');
        await work();
      } catch (error) {
        session.refused(domainErrorOf(error));
      } finally {
        this.waiting -= 1;
        if (this.waiting < MAX_QUEUED / 2) this.socket.resume();
      }
    });
    if (refusal !== undefined) {
      session.refused(refusal);
      this.socket.rest(this.inbound.restMs);
      if (this.inbound.isFlooded) this.end('FLOODING');
      return;
    }
    this.waiting += 1;
    if (this.waiting >= MAX_QUEUED) this.socket.pause();
  }
}

function closeCodeOf(reason: CloseCode, session: NativeSession | undefined): number {
  if (reason === 'SERVER_SHUTDOWN' || reason === 'UNAVAILABLE') return GOING_AWAY;
  if (reason === 'FLOODING' || reason === 'SLOW_CONSUMER') return POLICY_VIOLATION;
  return session?.closeCode(reason) ?? POLICY_VIOLATION;
}
