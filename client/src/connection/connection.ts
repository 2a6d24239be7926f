import type { SessionSource } from '../http/http.js';
import type { Clock, Connectivity, Lifecycle, Random, Timer, Unsubscribe } from '../ports/environment.js';
import type { Socket, SocketFactory } from '../ports/network.js';
import { defined } from '../protocol/defined.js';
import { ChatError } from '../protocol/errors.js';
import type { ClientEvents, ErrorCode, ServerEvents } from '../protocol/protocol.generated.js';
import { MIN_BACKOFF_MS } from './backoff.js';
import { backoffMs } from './jitter.js';
import { Listeners } from './listeners.js';
import {
  type CatchUp,
  type ClientEventName,
  type Connection,
  type ConnectionSnapshot,
  DEFAULT_REQUEST_TIMEOUT_MS,
  type ServerEvent,
} from './types.js';

/** From the handshake's success to `session:ready`. */
const READY_TIMEOUT_MS = 10_000;
/** A whole attempt up to there, whatever its socket says of itself. */
const ATTEMPT_TIMEOUT_MS = 30_000;
/** One whose socket has not opened by then may hang on the network before: a hint begins another one. */
const MIN_ATTEMPT_MS = 2_000;
/** `sync` is the probe as well: a socket that does not answer it is dead. On a slow network each attempt waits longer. */
const SYNC_TIMEOUT_MS = 3_000;
const MAX_SYNC_TIMEOUT_MS = 30_000;
/** How often a suspended account asks whether it still is, at the most and at the least. */
const MIN_SUSPENDED_MS = 60_000;
const MAX_SUSPENDED_MS = 300_000;
/** How often it does where the user does something: the suspension may have been lifted. */
const SUSPENDED_HINT_MS = 5_000;

export interface ConnectionPorts {
  url: string;
  clock: Clock;
  random: Random;
  socket: SocketFactory;
  connectivity: Connectivity;
  lifecycle: Lifecycle;
  session: Omit<SessionSource, 'userId'> & { end(code: string): Promise<void> };
  catchUp: CatchUp;
  /** The server's word for who this is. False: it is somebody else, this connection is not to be used. */
  identified: (ready: ServerEvents['session:ready']) => boolean;
  /** The connection looks live and may not be: something was not answered, the network has changed, the app is back. */
  doubted: () => void;
}

/** Why a connection ended or did not come to be. */
interface Failure {
  code: string;
  retryAfterMs?: number;
  until?: string | null;
  reason?: string | null;
  /** Come back only when somebody uses this device again. */
  isParked?: boolean;
}

interface Attempt {
  socket?: Socket;
  /** The session whose token it has. */
  readonly generation: number;
  token: string;
  /** Aborted when this attempt, or the connection it became, is over. */
  controller: AbortController;
  isReady: boolean;
  /** The server was reached: what is left is its answer. */
  isOpen?: true;
  ended?: { code: string; retry: boolean; retryAfterMs?: number; until?: string | null; reason?: string | null };
  timer: Timer | undefined;
}

interface Pending {
  reject: (error: ChatError) => void;
}

/**
 * One socket at a time, and the one owner of attempts. Each attempt is a new socket; whatever an older one still says is not
 * listened to.
 */
export class SocketConnection implements Connection {
  #snapshot: ConnectionSnapshot = { status: 'offline' };
  readonly #listeners = new Listeners();
  readonly #eventListeners = new Listeners<[event: ServerEvent]>();
  readonly #pending = new Set<Pending>();
  readonly #ends: Unsubscribe[];
  #attempt: Attempt | undefined;
  /** Failures since the connection was live last, or since a hint. */
  #failures = 0;
  /** The same token was refused: renewed once, then waits like any failure. */
  #hasRenewed = false;
  #syncTimeoutMs = SYNC_TIMEOUT_MS;
  #retry: { timer: Timer; dueAt: number; isServersTime: boolean } | undefined;
  #lastAttemptAt = Number.NEGATIVE_INFINITY;
  #isWanted = false;
  #isBackground: boolean;

  constructor(private readonly ports: ConnectionPorts) {
    this.#isBackground = ports.lifecycle.getState() === 'background';
    this.#ends = [
      ports.lifecycle.subscribe((state) => {
        if (state === 'background') this.#toBackground();
        else if (state === 'active') this.#toForeground();
      }),
      ports.connectivity.subscribe((isOnline) => {
        if (isOnline) this.nudge();
        // A change of network kills sockets without their noticing.
        else if (this.#snapshot.status === 'live') this.ports.doubted();
      }),
    ];
  }

  readonly getSnapshot = (): ConnectionSnapshot => this.#snapshot;

  readonly subscribe = this.#listeners.add;

  readonly onEvent = this.#eventListeners.add;

  /** Whether there should be a connection: there is a session, and this tab leads. */
  setWanted(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    this.#failures = 0;
    if (!isWanted) this.#abandon({ status: 'offline' });
    else if (!this.#isBackground) this.#start();
  }

  /** The session is over: nothing is tried until somebody logs in. */
  setEnded(code?: string): void {
    this.#isWanted = false;
    this.#abandon(defined({ status: 'ended' as const, code }));
  }

  /** A hint that now is a better moment: the user, the network. It can make a try sooner, and never forbids one. */
  nudge(): void {
    if (!this.#isWanted || this.#isBackground) return;
    this.#failures = 0;
    // It is of a session that was followed by another one, perhaps another user's.
    if (this.#attempt !== undefined && this.#isFormer(this.#attempt)) return this.#start();
    const { status } = this.#snapshot;
    if (status === 'live') this.ports.doubted();
    else if (status === 'waiting' || status === 'suspended') this.#retrySoon();
    else if (
      status === 'connecting' &&
      !this.#attempt?.isOpen &&
      this.ports.clock.elapsed() - this.#lastAttemptAt >= MIN_ATTEMPT_MS
    )
      this.#start();
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#isWanted = false;
    this.#abandon({ status: 'offline' });
  }

  request<Name extends ClientEventName>(
    event: Name,
    payload: ClientEvents[Name]['payload'],
    timeoutMs: number = event === 'sync' ? this.#syncTimeoutMs : DEFAULT_REQUEST_TIMEOUT_MS,
  ): Promise<ClientEvents[Name]['answer']> {
    const attempt = this.#attempt;
    const { status } = this.#snapshot;
    const isAllowed = status === 'live' || (status === 'catching-up' && (event === 'sync' || event === 'authenticate'));
    if (attempt?.socket === undefined || !isAllowed)
      return Promise.reject(new ChatError('NOT_CONNECTED', 'Nothing was sent: the connection is not live.'));
    const { socket } = attempt;
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        if (!this.#pending.delete(pending)) return;
        this.ports.clock.clearTimeout(timer);
        how();
      };
      const pending: Pending = { reject: (error) => settle(() => reject(error)) };
      this.#pending.add(pending);
      const timer = this.ports.clock.setTimeout(() => {
        pending.reject(new ChatError('TIMEOUT', 'The server did not answer in time.'));
        if (attempt !== this.#attempt) return;
        if (event !== 'sync') return this.ports.doubted();
        this.#syncTimeoutMs = Math.min(MAX_SYNC_TIMEOUT_MS, this.#syncTimeoutMs * 2);
        this.#lost(attempt, { code: 'TIMEOUT' });
      }, timeoutMs);
      socket.emit(event, payload, (answer) => {
        const error = errorOf(answer);
        if (event === 'sync' && error === undefined) this.#syncTimeoutMs = SYNC_TIMEOUT_MS;
        settle(() => {
          if (error !== undefined) reject(error);
          else resolve((answer as { data: ClientEvents[Name]['answer'] }).data);
        });
      });
    });
  }

  // Attempts

  #start(): void {
    this.#clearRetry();
    this.#end();
    this.#lastAttemptAt = this.ports.clock.elapsed();
    const attempt = this.#begin();
    this.#deadline(attempt, ATTEMPT_TIMEOUT_MS);
    this.ports.session.token().then(
      (token) => {
        if (attempt === this.#attempt) this.#open(attempt, token);
      },
      (error: unknown) => this.#refused(attempt, failureOf(error)),
    );
  }

  #begin(): Attempt {
    const { generation } = this.ports.session;
    this.#attempt = { generation, token: '', controller: new AbortController(), isReady: false, timer: undefined };
    this.#show({ status: 'authenticating' });
    return this.#attempt;
  }

  #open(attempt: Attempt, token: string): void {
    attempt.token = token;
    this.#show({ status: 'connecting' });
    const own = (work: () => void) => (): void => {
      if (attempt === this.#attempt) work();
    };
    try {
      attempt.socket = this.ports.socket(
        // What this connection sends itself, its acknowledgements bring.
        { url: this.ports.url, auth: { token, echo: false } },
        {
          connected: own(() => {
            attempt.isOpen = true;
            this.#deadline(attempt, READY_TIMEOUT_MS);
          }),
          failed: ({ data, code = data?.['code'] }) =>
            this.#refused(attempt, details(data, typeof code === 'string' ? code : 'NETWORK')),
          disconnected: own(() => this.#disconnected(attempt)),
          event: (name, payload) => {
            if (attempt === this.#attempt) this.#received(attempt, name, payload);
          },
        },
      );
    } catch {
      return this.#lost(attempt, { code: 'NETWORK' });
    }
    // It may have failed before it was handed over.
    if (attempt !== this.#attempt) attempt.socket.close();
  }

  #received(attempt: Attempt, name: string, payload: unknown): void {
    switch (name) {
      case 'session:ready':
        return this.#ready(attempt, payload as ServerEvents['session:ready']);
      case 'session:ended':
        attempt.ended = payload as NonNullable<Attempt['ended']>;
        return;
      case 'session:expiring':
        return this.#renew(attempt);
      default: {
        this.#eventListeners.call({ name, payload } as ServerEvent);
      }
    }
  }

  #ready(attempt: Attempt, ready: ServerEvents['session:ready']): void {
    if (attempt.isReady) return;
    // Whose the next session's tokens are it does not say.
    if (this.#isFormer(attempt)) return this.#start();
    // Whose account it is decides where everything is kept: nobody's is not guessed.
    const userId: unknown = (ready as Partial<typeof ready> | null)?.userId;
    if (typeof userId !== 'string' || userId === '') return this.#lost(attempt, { code: 'UNEXPECTED_ANSWER' });
    attempt.isReady = true;
    this.ports.clock.clearTimeout(attempt.timer);
    if (!this.ports.identified(ready)) return;
    this.#show({ status: 'catching-up' });
    const clockAheadMs = this.ports.clock.now() - Date.parse(ready.serverTime) || 0;
    this.ports.catchUp(ready, attempt.controller.signal).then(
      () => {
        if (attempt !== this.#attempt) return;
        this.#failures = 0;
        this.#hasRenewed = false;
        this.#show({ status: 'live', clockAheadMs });
      },
      (error: unknown) => this.#lost(attempt, failureOf(error)),
    );
  }

  /** In place, while the connection goes on; where it fails, the end of the token ends the connection, and the next has a new one. */
  #renew(attempt: Attempt): void {
    this.ports.session
      .renew(attempt.token)
      .then(async (token) => {
        if (attempt !== this.#attempt) return;
        await this.request('authenticate', { token });
        attempt.token = token;
      })
      .catch(() => undefined);
  }

  /** The handshake, or the token for it, was refused. */
  #refused(attempt: Attempt, failure: Failure): void {
    if (attempt !== this.#attempt) return;
    const { token } = attempt;
    if ((failure.code === 'TOKEN_EXPIRED' || failure.code === 'UNAUTHORIZED') && token !== '') {
      // Once at once; after that with the pauses of every attempt, but never not at all: the token may have ended since.
      this.#hasRenewed = !this.#hasRenewed;
      if (this.#hasRenewed) {
        this.#end();
        return this.#renewThenStart(token);
      }
    }
    this.#lost(attempt, failure);
  }

  #renewThenStart(refused: string): void {
    const waiting = this.#begin();
    this.ports.session.renew(refused).then(
      () => {
        if (waiting === this.#attempt) this.#start();
      },
      (error: unknown) => {
        this.#hasRenewed = false;
        this.#lost(waiting, failureOf(error));
      },
    );
  }

  #isFormer({ generation }: Attempt): boolean {
    return generation !== this.ports.session.generation;
  }

  #disconnected(attempt: Attempt): void {
    const { ended } = attempt;
    if (ended === undefined) return this.#lost(attempt, { code: 'NETWORK' });
    const failure = details({ ...ended }, ended.code);
    if (ended.code.includes('SUSPENDED')) return this.#lost(attempt, { ...failure, code: 'ACCOUNT_SUSPENDED' });
    if (ended.retry && ended.code === 'TOKEN_EXPIRED' && ended.retryAfterMs === undefined) {
      this.#end();
      return this.#renewThenStart(attempt.token);
    }
    // A former session's end is not that of the one that followed it.
    if (ended.retry || this.#isFormer(attempt)) return this.#lost(attempt, failure);
    // Coming back by itself would end another device of the same user.
    if (ended.code === 'TOO_MANY_CONNECTIONS') return this.#lost(attempt, { ...failure, isParked: true });
    this.#end();
    this.ports.session.end(ended.code).catch(() => undefined);
    this.setEnded(ended.code);
  }

  /** Whatever it was, this attempt is over; says when the next one is. */
  #lost(attempt: Attempt, failure: Failure): void {
    if (attempt !== this.#attempt) return;
    this.#end();
    if (!this.#isWanted || this.#isBackground) return this.#show({ status: 'offline' });
    const { code } = failure;
    if (code === 'NOT_LOGGED_IN' || code === 'REFRESH_TOKEN_INVALID' || code === 'REFRESH_TOKEN_REUSED')
      return this.setEnded(code);
    if (failure.isParked === true) return this.#show({ status: 'waiting', code });
    if (code === 'ACCOUNT_SUSPENDED') return this.#suspended(failure);
    const backoff = backoffMs(this.#failures + 1, this.ports.random);
    this.#failures += 1;
    // Spread over a little more than the server asked for: it has asked all of them.
    const asked = (failure.retryAfterMs ?? 0) * (1 + this.ports.random.number() / 4);
    this.#schedule(Math.max(backoff, asked), { status: 'waiting', code }, failure.retryAfterMs !== undefined);
  }

  #suspended({ until = null, reason = null, retryAfterMs }: Failure): void {
    const left = until === null ? MAX_SUSPENDED_MS : Date.parse(until) - this.ports.clock.now();
    // When it ends; where that is over by this device's clock, and it is not, now and then.
    const delay = retryAfterMs ?? Math.min(MAX_SUSPENDED_MS, left > 0 ? left + 1_000 : MIN_SUSPENDED_MS);
    const snapshot = { status: 'suspended', code: 'ACCOUNT_SUSPENDED', until, reason } as const;
    this.#schedule(delay, snapshot, retryAfterMs !== undefined);
  }

  #schedule(delay: number, snapshot: ConnectionSnapshot, isServersTime: boolean): void {
    const { clock } = this.ports;
    this.#clearRetry();
    const timer = clock.setTimeout(() => this.#start(), delay);
    this.#retry = { timer, dueAt: clock.elapsed() + delay, isServersTime };
    this.#show(snapshot.status === 'waiting' ? { ...snapshot, retryAt: clock.now() + delay } : snapshot);
  }

  /** At once, but not before the time that the server named, and no faster than the back-off begins. */
  #retrySoon(): void {
    const now = this.ports.clock.elapsed();
    const rest = this.#snapshot.status === 'suspended' ? SUSPENDED_HINT_MS : MIN_BACKOFF_MS;
    const earliest = this.#retry?.isServersTime === true ? this.#retry.dueAt : this.#lastAttemptAt + rest;
    if (earliest <= now) return this.#start();
    this.#schedule(earliest - now, this.#snapshot, this.#retry?.isServersTime === true);
  }

  #toBackground(): void {
    if (this.#isBackground) return;
    this.#isBackground = true;
    if (this.#isWanted) this.#abandon({ status: 'offline' });
  }

  #toForeground(): void {
    if (!this.#isBackground) return this.nudge();
    this.#isBackground = false;
    this.#failures = 0;
    if (this.#isWanted) this.#start();
  }

  #deadline(attempt: Attempt, delayMs: number): void {
    this.ports.clock.clearTimeout(attempt.timer);
    attempt.timer = this.ports.clock.setTimeout(() => this.#lost(attempt, { code: 'TIMEOUT' }), delayMs);
  }

  #abandon(snapshot: ConnectionSnapshot): void {
    this.#clearRetry();
    this.#end();
    this.#show(snapshot);
  }

  #clearRetry(): void {
    this.ports.clock.clearTimeout(this.#retry?.timer);
    this.#retry = undefined;
  }

  /** In this tick. */
  #end(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#attempt = undefined;
    this.ports.clock.clearTimeout(attempt.timer);
    attempt.socket?.close();
    attempt.controller.abort();
    for (const pending of [...this.#pending]) pending.reject(new ChatError('NETWORK', 'The connection was lost.'));
  }

  #show(snapshot: ConnectionSnapshot): void {
    if (JSON.stringify(snapshot) === JSON.stringify(this.#snapshot)) return;
    this.#snapshot = snapshot;
    this.#listeners.call();
  }
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof ChatError)) return { code: 'UNEXPECTED_ANSWER' };
  return details({ ...error }, error.code);
}

function details(data: Readonly<Record<string, unknown>> | undefined, code: string): Failure {
  const { retryAfterMs, until, reason } = data ?? {};
  const failure: Failure = { code };
  if (typeof retryAfterMs === 'number' && retryAfterMs >= 0) failure.retryAfterMs = retryAfterMs;
  if (typeof until === 'string') failure.until = until;
  if (typeof reason === 'string') failure.reason = reason;
  return failure;
}

/** Undefined for a success. */
function errorOf(answer: unknown): ChatError | undefined {
  const { ok, data, error } = (answer ?? {}) as { ok?: unknown; data?: unknown; error?: Record<string, unknown> };
  if (ok === true && typeof data === 'object' && data !== null) return undefined;
  if (ok !== false || typeof error?.['code'] !== 'string')
    return new ChatError('UNEXPECTED_ANSWER', 'The acknowledgement is not the server’s.');
  const { code, message, retryAfterMs } = error;
  return new ChatError(code as ErrorCode, typeof message === 'string' ? message : code, {
    ...error,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
  });
}
