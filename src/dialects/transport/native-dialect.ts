import type { IncomingHttpHeaders } from 'node:http';
import type { DomainError } from '../../common/errors.js';
import type { VirtualSocket, ServerEvent } from '../../realtime/connections/virtual-socket.js';
import type { CloseCode } from '../../realtime/protocol/close-reasons.js';
import type { Fields } from './fields.js';

/** What a client asked for when it opened its WebSocket. */
export interface NativeRequest {
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/** A WebSocket, as a dialect sees it. */
export interface NativeConnection {
  readonly request: NativeRequest;
  /** False once the client is gone. */
  readonly isOpen: boolean;
  /** Sends a frame; what cannot be sent any more is dropped. */
  send(frame: string): void;
  /** Lets it in as somebody. @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, UNAVAILABLE */
  admit(token: unknown, options: { echo: boolean }): Promise<VirtualSocket>;
  close(code: number, reason: string): void;
}

/** What one client of a native dialect says and is told. */
export interface NativeSession {
  /** Before any frame is looked at; frames wait for it. */
  begin?(): Promise<void>;
  heard(frame: Fields): Promise<void>;
  /** A frame that was not even looked at, or that failed. */
  refused(error: DomainError): void;
  told(serverEvent: ServerEvent): void;
  /** The close code that tells the client why. */
  closeCode(reason: CloseCode): number;
}

/** A vocabulary of native WebSockets. */
export interface NativeDialect {
  readonly name: string;
  /** Whether a path is its own. */
  owns(path: string): boolean;
  open(connection: NativeConnection): NativeSession;
}
