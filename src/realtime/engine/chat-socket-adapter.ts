import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { ServerOptions } from 'socket.io';
import { domainErrorOf } from '../../common/errors.js';
import { HandshakeLimit } from '../../limits/connections/handshake-limit.js';
import { BoundedWebSocketServer } from './sockets/bounded-web-socket.js';
import type { ChatServer } from './sockets/chat-socket.js';
import { Configuration } from '../../config/configuration.js';
import { EngineGuard } from './engine-guard.js';
import { engineOf } from './internals.js';
import { RecoveryAdapter } from './recovery/recovery-adapter.js';
import { RECOVERY_WINDOW_MS } from './recovery/recovery-log.js';

/** A frame at the most, in bytes: the longest message, every character of it escaped, and room around it. */
const MAX_FRAME_BYTES = 128 * 1024;
/** How long a connection may be open that nobody was let in on: longer than a handshake waits for its turn and the database. */
const CONNECT_TIMEOUT_MS = 30_000;

/** Makes the Socket.IO server, bounded in everything that a client could have it keep. */
export class ChatSocketAdapter extends IoAdapter {
  constructor(
    private readonly app: INestApplicationContext,
    private readonly isAllowedOrigin: (origin: string | undefined) => boolean,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): ChatServer {
    const handshakes = this.app.get(HandshakeLimit);
    const server = super.createIOServer(port, {
      ...options,
      cors: { origin: (origin, allow) => allow(null, this.isAllowedOrigin(origin)), credentials: true },
      allowRequest: (request, decide) => {
        handshakes.admit(request).then(
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
    const { sessionPrefix } = this.app.get(Configuration);
    if (sessionPrefix !== undefined) nameSessions(server, sessionPrefix);
    return server;
  }

  /** Events do not go through Nest's stream of observables, which costs more than the message: `SocketConnections` listens. */
  override bindMessageHandlers(): void {}
}

/** The id of a session of long polling says in which process it lives, so that a balancer or a sibling finds it. */
function nameSessions(server: ChatServer, prefix: string): void {
  const engine = engineOf(server);
  const generateId = engine.generateId.bind(engine);
  engine.generateId = (request) => `${prefix}${generateId(request)}`;
}
