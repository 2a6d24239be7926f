import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { actorOf } from '../../auth/keys/key-guard.js';
import { KeyAccess, type KeyConnection } from '../../auth/keys/key-access.port.js';
import type { VerifiedAccess } from '../../auth/tokens/access-token.js';
import { bearerToken } from '../../auth/tokens/access-token.strategy.js';
import { Authenticator } from '../../auth/tokens/authenticator.js';
import { SessionCookies } from '../../auth/sessions/session-cookies.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { Clock } from '../../common/clock.js';
import { DomainError, domainErrorOf, type SuspensionDetails } from '../../common/errors.js';
import { Lifecycle } from '../../common/lifecycle.js';
import { KEY_PREFIX } from '../../common/key-scope.js';
import type { Principal } from '../../common/principal.js';
import { Metrics } from '../../observability/metrics.js';
import { SyncService } from '../../sync/sync.service.js';
import type { ChatSocket, ConnectionOptions, ConnectionState } from '../engine/sockets/chat-socket.js';
import type { Restored } from '../engine/recovery/recovery-adapter.js';
import { Rooms } from '../delivery/rooms.js';
import { EngineGuard } from '../engine/engine-guard.js';
import type { Admission } from './admission.js';
import { HandshakeLimit } from '../../limits/connections/handshake-limit.js';
import { type SocketDialect, SocketDialects } from './socket-dialects.js';

/** What Socket.IO sends with `connect_error`. */
export interface HandshakeError extends Error {
  data: { code: string; retryAfterMs?: number } & Partial<SuspensionDetails>;
}

const MAX_TOKEN_LENGTH = 8192;
/** How long a connection may wait for the database. */
const ADMISSION_TIMEOUT_MS = 8_000;
const RETRY_MS = 200;
/** When to try again where this process is about to end: another one is there, or the next. */
const LEAVING_RETRY_MS = 500;

/**
 * Authenticates a connection before it exists (contract, section 6): a socket that is refused has joined nothing, and one
 * that is let in needs no further look into the database.
 */
@Injectable()
export class Handshake {
  private readonly logger = new Logger(Handshake.name);
  private readonly admissions = new WeakMap<ChatSocket, { admission: Admission; dialect: SocketDialect }>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly keys: KeyAccess,
    private readonly cookies: SessionCookies,
    private readonly sessions: Sessions,
    private readonly synchronisation: SyncService,
    private readonly rooms: Rooms,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
    private readonly dialects: SocketDialects,
    private readonly limit: HandshakeLimit,
    private readonly guard: EngineGuard,
    private readonly metrics: Metrics,
  ) {}

  /** The middleware for `io.use`. */
  readonly middleware = (socket: ChatSocket, next: (error?: HandshakeError) => void): void => {
    this.admit(socket).then(
      () => next(),
      (error: unknown) => {
        this.metrics.refusal('handshake', domainErrorOf(error).code);
        next(handshakeError(domainErrorOf(error)));
        this.guard.refused(socket);
      },
    );
  };

  /** What `middleware` read for this socket; once. */
  take(socket: ChatSocket): { admission: Admission; dialect: SocketDialect } | undefined {
    const admitted = this.admissions.get(socket);
    this.admissions.delete(socket);
    return admitted;
  }

  cookieToken(headers: IncomingHttpHeaders): string | undefined {
    return this.cookies.accessTokenOfHandshake(headers);
  }

  /** Ends a connection that does not come to be. */
  abandon({ setup }: Admission): void {
    this.rooms.abandon(setup);
  }

  /**
   * Whom a token lets in, and all that was read of it. To be placed or abandoned.
   * @param actor whom an API key is to act as; keys are for our own dialect alone, whose events have scopes
   * @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, ACCOUNT_SUSPENDED, UNAVAILABLE; of API keys also FORBIDDEN, NOT_FOUND,
   *   VALIDATION_FAILED
   */
  async admitted(
    given: unknown,
    options: ConnectionOptions,
    ipAddressKey: string,
    actor?: { userId: unknown },
  ): Promise<{ state: ConnectionState; admission: Admission }> {
    if (this.lifecycle.refusesConnections) throw new DomainError('UNAVAILABLE', { retryAfterMs: LEAVING_RETRY_MS });
    const token = tokenText(given);
    const deadline = this.clock.now() + ADMISSION_TIMEOUT_MS;
    return this.limit.verified(ipAddressKey, () => this.verified(token, options, deadline, actor));
  }

  private async verified(
    token: string,
    { echo, canSync }: ConnectionOptions,
    deadline: number,
    actor: { userId: unknown } | undefined,
  ): Promise<{ state: ConnectionState; admission: Admission }> {
    const access = await this.access(token, actor);
    const { principal, expiresAt } = access;
    await this.limit.mayConnect(principal.userId);
    const setup = this.rooms.begin(principal.userId);
    try {
      const [{ conversationIds, joined, cursor, snapshot }] = await this.untilDeadline(deadline, () =>
        Promise.all([this.synchronisation.present(principal.userId), this.sessions.requireLive(principal)]),
      );
      return {
        state: {
          principal,
          expiresAt,
          echo,
          canSync,
          isActive: true,
          snapshot,
          ...('scopes' in access ? { scopes: access.scopes } : {}),
        },
        admission: { restored: undefined, setup, conversationIds, joined, syncCursor: cursor },
      };
    } catch (error) {
      this.rooms.abandon(setup);
      this.logger.debug(`a connection was refused: ${(error as Error).message}`);
      throw error;
    }
  }

  private access(token: string, actor: { userId: unknown } | undefined): Promise<VerifiedAccess | KeyConnection> {
    if (!token.startsWith(KEY_PREFIX)) return this.authenticator.verify(token);
    if (actor === undefined) throw new DomainError('UNAUTHORIZED');
    return this.keys.connect(token, actorOf(actor.userId));
  }

  private async admit(socket: ChatSocket): Promise<void> {
    const { restored } = socket.data as { restored?: Restored };
    const { auth, query, headers } = socket.handshake;
    const dialect = this.dialects.choose(auth.dialect ?? query.dialect);
    if (dialect === undefined) throw new DomainError('UNKNOWN_DIALECT');
    const { state, admission } = await this.admitted(
      this.tokenOf(socket),
      { echo: auth.echo !== false, canSync: dialect.canSync },
      this.limit.keyOf(socket.request),
      dialect.takesKeys ? { userId: auth.actAs ?? headers['x-act-as'] } : undefined,
    ).catch((error: unknown) => {
      const refusal = domainErrorOf(error);
      if (dialect.returnsOnlyWhenLost && refusal.code === 'UNAVAILABLE') socket.conn.close();
      throw withDialectMessage(refusal, dialect);
    });
    // A client that goes before it is connected never reaches the gateway.
    if (socket.conn.readyState !== 'open') {
      this.abandon(admission);
      throw new DomainError('UNAVAILABLE');
    }
    socket.conn.once('close', () => {
      const pending = this.take(socket);
      if (pending !== undefined) this.abandon(pending.admission);
    });
    const isSame = isOf(restored, state.principal);
    socket.data = {
      ...state,
      isActive: auth.active !== false,
    };
    this.admissions.set(socket, { admission: { ...admission, restored: isSame ? restored : undefined }, dialect });
  }

  /** The first of: `auth.token`, Authorization header, `token` in the query, cookie (of allowed origins). */
  private tokenOf(socket: ChatSocket): unknown {
    const { auth, headers, query } = socket.handshake;
    return auth.token ?? bearerToken(headers.authorization) ?? query.token ?? this.cookieToken(headers);
  }

  /**
   * Socket.IO's clients come back by themselves after a lost connection, but not after a refused one: so a database that
   * is away for a moment is waited for.
   */
  private async untilDeadline<Result>(deadline: number, read: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (domainErrorOf(error).code !== 'UNAVAILABLE' || this.clock.now() >= deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}

/** A session is not recovered by another one, even of the same user. */
function isOf(restored: Restored | undefined, { userId, sessionId }: Principal): boolean {
  return restored?.principal.userId === userId && restored.principal.sessionId === sessionId;
}

function tokenText(given: unknown): string {
  if (typeof given !== 'string' || given === '' || given.length > MAX_TOKEN_LENGTH)
    throw new DomainError('UNAUTHORIZED');
  return given.replace(/^Bearer +/i, '');
}

/** The same refusal in the words of a dialect. */
function withDialectMessage(error: DomainError, dialect: SocketDialect): DomainError {
  const { code, retryAfterMs, suspension } = error;
  return new DomainError(code, {
    message: dialect.refusalMessage(error),
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(suspension === undefined ? {} : { suspension }),
  });
}

/** What `connect_error` carries. */
function handshakeError({ code, message, retryAfterMs, suspension }: DomainError): HandshakeError {
  return Object.assign(new Error(message), {
    data: { code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), ...suspension },
  });
}
