import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { actorOf } from '../../auth/keys/key-guard.js';
import { KeyAccess, type KeyConnection } from '../../auth/keys/key-access.port.js';
import { MAX_TOKEN_LENGTH } from '../../auth/external/trusted-issuers.js';
import type { VerifiedAccess } from '../../auth/tokens/access-token.js';
import { withoutScheme } from '../../auth/tokens/access-token.strategy.js';
import { Authenticator } from '../../auth/tokens/authenticator.js';
import { SessionCookies } from '../../auth/sessions/session-cookies.js';
import { Sessions } from '../../auth/sessions/sessions.js';
import { Clock } from '../../common/clock.js';
import { DomainError, domainErrorOf, type ErrorCategory } from '../../common/errors.js';
import { Lifecycle } from '../../common/stopping/lifecycle.js';
import { KEY_PREFIX } from '../../common/access/key-scope.js';
import { HandshakeLimit } from '../../limits/connections/handshake-limit.js';
import { SyncService } from '../../sync/sync.service.js';
import { Rooms } from '../delivery/rooms.js';
import type { ConnectionOptions, ConnectionState } from '../engine/sockets/chat-socket.js';
import type { Admission } from './admission.js';

/** How long a connection may wait for the database. */
const ADMISSION_TIMEOUT_MS = 8_000;
const RETRY_MS = 200;
/** When to try again where this process is about to end: another one is there, or the next. */
const LEAVING_RETRY_MS = 500;
const PASSING: ReadonlySet<ErrorCategory> = new Set(['UNAVAILABLE', 'LIMITED', 'INTERNAL']);

/** Whether a refusal is no fault of the token: the same one is let in later. */
export function isPassing({ category }: DomainError): boolean {
  return PASSING.has(category);
}

/** Whom a token lets in, and what is read of it for that, whatever the connection speaks. */
@Injectable()
export class Admissions {
  private readonly logger = new Logger(Admissions.name);

  constructor(
    private readonly authenticator: Authenticator,
    private readonly keys: KeyAccess,
    private readonly cookies: SessionCookies,
    private readonly sessions: Sessions,
    private readonly synchronisation: SyncService,
    private readonly rooms: Rooms,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
    private readonly limit: HandshakeLimit,
  ) {}

  /** The access token of a browser's cookie; undefined from a page that may not use it. */
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
  async admit(
    given: unknown,
    options: ConnectionOptions,
    ipAddressKey: string,
    actor?: { userId: unknown },
  ): Promise<{ state: ConnectionState; admission: Admission }> {
    if (this.lifecycle.refusesConnections) throw new DomainError('UNAVAILABLE', { retryAfterMs: LEAVING_RETRY_MS });
    const token = tokenText(given);
    const deadline = this.clock.now() + ADMISSION_TIMEOUT_MS;
    return this.limit.verified(ipAddressKey, () => this.read(token, options, deadline, actor));
  }

  private async read(
    token: string,
    { echo, canSync }: ConnectionOptions,
    deadline: number,
    actor: { userId: unknown } | undefined,
  ): Promise<{ state: ConnectionState; admission: Admission }> {
    const access = await this.access(token, deadline, actor);
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

  private async access(
    token: string,
    deadline: number,
    actor: { userId: unknown } | undefined,
  ): Promise<VerifiedAccess | KeyConnection> {
    if (!token.startsWith(KEY_PREFIX))
      return this.authenticator.verify(token, (read) => this.untilDeadline(deadline, read));
    if (actor === undefined) throw new DomainError('UNAUTHORIZED');
    const actorId = actorOf(actor.userId, 'actAs');
    return this.untilDeadline(deadline, () => this.keys.connect(token, actorId));
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

function tokenText(given: unknown): string {
  if (typeof given !== 'string' || given === '' || given.length > MAX_TOKEN_LENGTH)
    throw new DomainError('UNAUTHORIZED');
  return withoutScheme(given);
}
