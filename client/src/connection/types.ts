import type { ClientEvents, ServerEvents } from '../protocol/protocol.generated.js';
import type { Unsubscribe } from '../ports/environment.js';

export type ConnectionStatus =
  /** Suspended by the app, in the background, closed, or another tab owns the socket and does not say more. */
  | 'offline'
  | 'connecting'
  /** The handshake waits for a token, or a token for its refresh. */
  | 'authenticating'
  /** Connected; what was missed is being fetched. The outbox does not send yet. */
  | 'catching-up'
  /** The only state in which anything is sent. */
  | 'live'
  /** Not connected; the next try is at `retryAt`, or sooner on a hint. */
  | 'waiting'
  /** The account is suspended; tried again when that ends. */
  | 'suspended'
  /** No session: log in. What is in the outbox stays. */
  | 'ended';

export interface ConnectionSnapshot {
  readonly status: ConnectionStatus;
  /** With `waiting`: when the next try is, in the device's time. */
  readonly retryAt?: number;
  /** With `live`: how far the device's clock is ahead of the server's, which dates messages. Negative where it is behind. */
  readonly clockAheadMs?: number;
  /** With `ended` or `waiting`: the server's word for why. */
  readonly code?: string;
  /** With `suspended`. */
  readonly until?: string | null;
  readonly reason?: string | null;
}

/** A value that components can subscribe to; the snapshot is the same object until something changed. */
export interface Observable<Snapshot> {
  getSnapshot(): Snapshot;
  subscribe(listener: () => void): Unsubscribe;
}

export type ClientEventName = keyof ClientEvents;
export type ServerEventName = keyof ServerEvents;
export type ServerEvent = { [Name in ServerEventName]: { name: Name; payload: ServerEvents[Name] } }[ServerEventName];

export const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

export interface Connection extends Observable<ConnectionSnapshot> {
  /**
   * Emits one client event, once, and resolves with the acknowledgement's data. Rejects with a `ChatError`: the server's
   * code, or `NOT_CONNECTED` (nothing was sent), or `NETWORK`, `TIMEOUT` (it may have been done). Repeats nothing. Allowed
   * while `live`, and `sync` also while `catching-up`. The socket is given up for dead when a `sync` is not answered in time.
   */
  request<Name extends ClientEventName>(
    event: Name,
    payload: ClientEvents[Name]['payload'],
    timeoutMs?: number,
  ): Promise<ClientEvents[Name]['answer']>;
  /** Server events in the order in which they arrived. A listener must not throw; it is called in the same tick. */
  onEvent(listener: (event: ServerEvent) => void): Unsubscribe;
}

/**
 * What the connection runs between `session:ready` and `live`: fetches what was missed. It gets the signal of this very
 * socket. When it resolves, the connection is live; when it rejects, the socket is given up and tried again later.
 */
export type CatchUp = (ready: ServerEvents['session:ready'], signal: AbortSignal) => Promise<void>;
