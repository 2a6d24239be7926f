import { Injectable, Logger } from '@nestjs/common';
import { bearerToken } from '../auth/access-token.strategy.js';
import { Authenticator } from '../auth/authenticator.js';
import { SessionCookies } from '../auth/session-cookies.js';
import { Sessions } from '../auth/sessions.js';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import { Lifecycle } from '../common/lifecycle.js';
import { domainErrorOf } from '../common/problem.filter.js';
import { SyncService } from '../sync/sync.service.js';
import type { ChatSocket } from './chat-socket.js';
import { Rooms, type Setup } from './rooms.js';

/** Everything read about a connection before it is let in. */
export interface Admission {
  setup: Setup;
  conversationIds: readonly string[];
  syncCursor: string;
  /** Of a recovered connection: where the adapter stood when it restored it. */
  restoredAt: number | undefined;
}

/** What Socket.IO sends with `connect_error`. */
export interface HandshakeError extends Error {
  data: { code: string };
}

const LONGEST_TOKEN = 8192;
/** How long a connection may wait for the database. */
const LONGEST_WAIT_MS = 8_000;
const RETRY_MS = 200;

/**
 * Authenticates a connection before it exists (contract, section 6): a socket that is refused has joined nothing, and one
 * that is let in needs no further look into the database.
 */
@Injectable()
export class Handshake {
  private readonly logger = new Logger(Handshake.name);
  private readonly admissions = new WeakMap<ChatSocket, Admission>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly cookies: SessionCookies,
    private readonly sessions: Sessions,
    private readonly synchronisation: SyncService,
    private readonly rooms: Rooms,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
  ) {}

  /** The middleware for `io.use`. */
  readonly middleware = (socket: ChatSocket, next: (error?: HandshakeError) => void): void => {
    this.admit(socket).then(
      () => next(),
      (error: unknown) => next(handshakeError(domainErrorOf(error))),
    );
  };

  /** What `middleware` read for this socket; once. */
  take(socket: ChatSocket): Admission | undefined {
    const admission = this.admissions.get(socket);
    this.admissions.delete(socket);
    return admission;
  }

  private async admit(socket: ChatSocket): Promise<void> {
    if (this.lifecycle.isDraining) throw new DomainError('UNAVAILABLE');
    const { principal, expiresAt } = await this.authenticator.verify(this.tokenOf(socket));
    const setup = this.rooms.begin(principal.userId);
    try {
      const [isLive, { conversationIds, cursor }] = await this.patiently(() =>
        Promise.all([this.sessions.isLive(principal), this.synchronisation.present(principal.userId)]),
      );
      if (!isLive) throw new DomainError('UNAUTHORIZED');
      const { restoredAt } = socket.data as { restoredAt?: number };
      socket.data = { principal, expiresAt, echo: socket.handshake.auth.echo !== false };
      this.admissions.set(socket, { restoredAt, setup, conversationIds, syncCursor: cursor });
      // A client that goes before it is connected never reaches the gateway.
      socket.conn.once('close', () => {
        const pending = this.take(socket);
        if (pending !== undefined) this.rooms.abandon(pending.setup);
      });
    } catch (error) {
      this.rooms.abandon(setup);
      this.logger.debug(`a connection was refused: ${(error as Error).message}`);
      throw error;
    }
  }

  /** The first of: `auth.token`, Authorization header, `token` in the query, cookie (of allowed origins). */
  private tokenOf(socket: ChatSocket): string {
    const { auth, headers, query } = socket.handshake;
    const token: unknown =
      auth.token ?? bearerToken(headers.authorization) ?? query.token ?? this.cookies.accessTokenOfHandshake(headers);
    if (typeof token !== 'string' || token === '' || token.length > LONGEST_TOKEN)
      throw new DomainError('UNAUTHORIZED');
    return token.replace(/^Bearer +/i, '');
  }

  /**
   * Socket.IO's clients come back by themselves after a lost connection, but not after a refused one: so a database that
   * is away for a moment is waited for.
   */
  private async patiently<Result>(read: () => Promise<Result>): Promise<Result> {
    const deadline = this.clock.now() + LONGEST_WAIT_MS;
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

/** The first token found: `auth.token`, the Authorization header, the `token` query. */
function handshakeError({ code, message }: DomainError): HandshakeError {
  return Object.assign(new Error(message), { data: { code } });
}
