import { type INestApplicationContext, Logger } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { ServerOptions } from 'socket.io';
import { DomainError } from '../../common/errors.js';
import { domainErrorOf } from '../../http/problem.filter.js';
import type { Lifecycle } from '../../common/lifecycle.js';
import type { Configuration } from '../../config/configuration.js';
import { Metrics } from '../../observability/metrics.js';
import { ChatGateway } from '../chat.gateway.js';
import type { ChatServer, ChatSocket } from './chat-socket.js';
import { DialectSockets } from '../connections/dialect-sockets.js';
import { BoundedWebSocketServer } from './bounded-web-socket.js';
import { EngineGuard } from './engine-guard.js';
import { EventGate } from '../commands/event-gate.js';
import { type Acknowledgement, failure } from '../protocol/acknowledgement.js';
import { CLOSE_REASONS } from '../protocol/close-reasons.js';
import { HandshakeLimit } from '../connections/handshake-limit.js';
import { RecoveryAdapter } from './recovery-adapter.js';
import { RECOVERY_WINDOW_MS } from './recovery-log.js';
import { socketEvent } from './socket-event.js';

/** A frame at the most, in bytes: the longest message, every character of it escaped, and room around it. */
const MAX_FRAME_BYTES = 128 * 1024;
/** How long a connection may be open that nobody was let in on: longer than a handshake waits for the database. */
const CONNECT_TIMEOUT_MS = 12_000;

type Handler = (socket: ChatSocket, payload: unknown) => Promise<Acknowledgement>;

/** Under which name `@SubscribeMessage` writes the event down on a method. */
const EVENT_NAME = 'message';

/**
 * Binds the gateway's handlers to sockets without Nest's stream of observables, which costs more than the message, and
 * answers every event: known or not, with a callback or without, well or badly.
 */
export class ChatSocketAdapter extends IoAdapter {
  private readonly log = new Logger(ChatSocketAdapter.name);
  private readonly handshakes: HandshakeLimit;
  private handlers: ReadonlyMap<string, Handler> | undefined;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly configuration: Configuration,
    private readonly lifecycle: Lifecycle,
    private readonly isAllowedOrigin: (origin: string | undefined) => boolean,
  ) {
    super(app);
    this.handshakes = app.get(HandshakeLimit);
  }

  override createIOServer(port: number, options?: ServerOptions): ChatServer {
    const server = super.createIOServer(port, {
      ...options,
      cors: { origin: (origin, allow) => allow(null, this.isAllowedOrigin(origin)), credentials: true },
      allowRequest: (request, decide) => {
        this.handshakes.admit(request).then(
          () => decide(null, true),
          (error: unknown) => decide(domainErrorOf(error).code, false),
        );
      },
      maxHttpBufferSize: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      httpCompression: false,
      serveClient: false,
      pingInterval: 25_000,
      pingTimeout: 20_000,
      connectTimeout: CONNECT_TIMEOUT_MS,
      wsEngine: BoundedWebSocketServer,
      adapter: RecoveryAdapter,
      connectionStateRecovery: { maxDisconnectionDuration: RECOVERY_WINDOW_MS, skipMiddlewares: false },
    } as ServerOptions) as ChatServer;
    this.app.get(EngineGuard).attach(server);
    return server;
  }

  /** What Nest binds for each socket anew is left aside: a dozen closures a socket would be kept for nothing. */
  override bindMessageHandlers(socket: ChatSocket): void {
    if (socket.data.dialect !== undefined) {
      this.app.get(DialectSockets).listen(socket);
      return;
    }
    const table = (this.handlers ??= handlersOf(this.app.get(ChatGateway)));
    const metrics = this.app.get(Metrics);
    const gate = new EventGate(this.configuration.eventLimit);
    const guard = this.app.get(EngineGuard);
    socket.onAny((name: unknown, ...parameters: unknown[]) => {
      // Socket.IO hands over what it had read already, also after it has disconnected the socket.
      if (!socket.connected) return;
      const { event, payload, acknowledge } = socketEvent<Acknowledgement>(name, parameters);
      const answer = (result: Acknowledgement): void => {
        if (acknowledge !== undefined) acknowledge(result);
        else if (!result.ok) socket.emit('exception', { ...result.error, event: event.slice(0, 64) });
      };
      const refusal = this.lifecycle.isDraining
        ? new DomainError('UNAVAILABLE', { retryAfterMs: 1_000 })
        : gate.enter();
      if (refusal !== undefined) {
        metrics.refusal('socket', refusal.code);
        answer(failure(refusal));
        if (gate.isFlooded) {
          void this.handshakes.flooded(socket.data.principal.userId);
          socket.emit('session:ended', { code: 'FLOODING', ...CLOSE_REASONS.FLOODING });
          socket.disconnect(true);
        } else guard.rest(socket, gate.restMs);
        return;
      }
      this.lifecycle.begin();
      this.handle(table.get(event), socket, payload)
        .then(answer)
        .finally(() => {
          gate.leave();
          this.lifecycle.done();
        })
        .catch((error: unknown) => this.log.error('an answer could not be sent', String(error)));
    });
  }

  private async handle(handler: Handler | undefined, socket: ChatSocket, payload: unknown): Promise<Acknowledgement> {
    if (handler === undefined) return failure(new DomainError('UNKNOWN_EVENT'));
    try {
      return await handler(socket, payload);
    } catch (error) {
      // ChatCommands never throws; this is what is left between it and the socket.
      this.log.error('an event handler failed', error instanceof Error ? error.stack : String(error));
      return failure(new DomainError('INTERNAL_ERROR'));
    }
  }
}

/** The gateway's methods by the event that `@SubscribeMessage` names. */
function handlersOf(gateway: ChatGateway): ReadonlyMap<string, Handler> {
  const handlers = new Map<string, Handler>();
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(ChatGateway.prototype))) {
    const event: unknown = typeof value === 'function' ? Reflect.getMetadata(EVENT_NAME, value as object) : undefined;
    if (typeof event === 'string') handlers.set(event, (value as Handler).bind(gateway));
  }
  return handlers;
}
