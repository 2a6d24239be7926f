import type { Bytes } from './platform-types.js';

/** The part of the standard `fetch` that the client uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

export interface FetchInit {
  method: string;
  headers: Record<string, string>;
  body?: string | Bytes | Blob | FormData;
  signal?: AbortSignal;
  credentials?: 'include' | 'omit' | 'same-origin';
}

export interface FetchResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface SocketOptions {
  url: string;
  /** The handshake's `auth`. */
  auth: Readonly<Record<string, unknown>>;
}

/** Why a handshake failed: what the server said, or neither where it was not reached. */
export interface SocketFailure {
  /** The server's; without it the one in `data`. */
  code?: string;
  /** For whoever debugs a factory of their own. */
  message?: string;
  data?: Readonly<Record<string, unknown>>;
}

/** What a socket reports. After `close` it reports nothing more. */
export interface SocketListeners {
  /** The handshake succeeded. */
  connected(): void;
  /** The handshake was refused or the server not reached: this socket is done. */
  failed(failure: SocketFailure): void;
  /** A socket that was connected is no longer: it is done. */
  disconnected(): void;
  event(name: string, payload: unknown): void;
}

/**
 * One attempt and, if it succeeds, one connection; never a second one: whoever owns it decides about the next attempt.
 * It buffers nothing: `emit` on a socket that is not connected does nothing and its acknowledgement never comes.
 */
export interface Socket {
  emit(event: string, payload: unknown, acknowledge?: (answer: unknown) => void): void;
  /** In this very tick, without waiting for the network. */
  close(): void;
}

export type SocketFactory = (options: SocketOptions, listeners: SocketListeners) => Socket;
