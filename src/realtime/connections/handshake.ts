import { Injectable } from '@nestjs/common';
import { bearerToken } from '../../auth/tokens/access-token.strategy.js';
import { DomainError, domainErrorOf, type ErrorExtras } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { Metrics } from '../../observability/metrics.js';
import type { ChatSocket } from '../engine/sockets/chat-socket.js';
import type { Restored } from '../engine/recovery/recovery-adapter.js';
import { EngineGuard } from '../engine/engine-guard.js';
import type { Admission } from './admission.js';
import { Admissions, isPassing } from './admissions.js';
import { HandshakeLimit } from '../../limits/connections/handshake-limit.js';
import { type SocketDialect, SocketDialects } from './socket-dialects.js';

/** What Socket.IO sends with `connect_error`. */
export interface HandshakeError extends Error {
  data: { code: string } & ErrorExtras;
}

/**
 * Authenticates a connection before it exists (contract, section 6): a socket that is refused has joined nothing, and one
 * that is let in needs no further look into the database.
 */
@Injectable()
export class Handshake {
  private readonly admitted = new WeakMap<ChatSocket, { admission: Admission; dialect: SocketDialect }>();

  constructor(
    private readonly admissions: Admissions,
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
        this.guard.expire(socket);
      },
    );
  };

  /** What `middleware` read for this socket; once. */
  take(socket: ChatSocket): { admission: Admission; dialect: SocketDialect } | undefined {
    const admitted = this.admitted.get(socket);
    this.admitted.delete(socket);
    return admitted;
  }

  private async admit(socket: ChatSocket): Promise<void> {
    const { restored } = socket.data as { restored?: Restored };
    const { auth, query, headers } = socket.handshake;
    const dialect = this.dialects.choose(auth.dialect || query.dialect);
    if (dialect === undefined) throw new DomainError('UNKNOWN_DIALECT');
    const { state, admission } = await this.admissions
      .admit(
        this.tokenOf(socket),
        { echo: auth.echo !== false, canSync: dialect.canSync },
        this.limit.keyOf(socket.request),
        dialect.takesKeys ? { userId: auth.actAs ?? headers['x-act-as'] } : undefined,
      )
      .catch((error: unknown) => {
        const refusal = domainErrorOf(error);
        if (dialect.returnsOnlyWhenLost && isPassing(refusal)) socket.conn.close();
        throw withDialectMessage(refusal, dialect);
      });
    // A client that goes before it is connected never reaches the gateway.
    if (socket.conn.readyState !== 'open') {
      this.admissions.abandon(admission);
      throw new DomainError('UNAVAILABLE');
    }
    socket.conn.once('close', () => {
      const pending = this.take(socket);
      if (pending !== undefined) this.admissions.abandon(pending.admission);
    });
    // Nobody reads it again, and it may be as large as a frame.
    socket.handshake.auth = {};
    const isSame = isOf(restored, state.principal);
    socket.data = {
      ...state,
      isActive: auth.active !== false,
    };
    this.admitted.set(socket, { admission: { ...admission, restored: isSame ? restored : undefined }, dialect });
  }

  /** The first of: `auth.token`, Authorization header, `token` in the query, cookie (of allowed origins). */
  private tokenOf(socket: ChatSocket): unknown {
    const { auth, headers, query } = socket.handshake;
    // An empty one is none.
    return auth.token || bearerToken(headers.authorization) || query.token || this.admissions.cookieToken(headers);
  }
}

/** A session is not recovered by another one, even of the same user. */
function isOf(restored: Restored | undefined, { userId, sessionId }: Principal): boolean {
  return restored?.principal.userId === userId && restored.principal.sessionId === sessionId;
}

/** The same refusal in the words of a dialect. */
function withDialectMessage(error: DomainError, dialect: SocketDialect): DomainError {
  const { code, errors, retryAfterMs, suspension } = error;
  return new DomainError(code, {
    message: dialect.refusalMessage(error),
    cause: error,
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(suspension === undefined ? {} : { suspension }),
  });
}

/** What `connect_error` carries. */
function handshakeError({ code, message, extras }: DomainError): HandshakeError {
  return Object.assign(new Error(message), { data: { code, ...extras } });
}
