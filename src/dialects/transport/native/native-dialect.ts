import type { IncomingHttpHeaders } from 'node:http';
import type { DomainError } from '../../../common/errors.js';
import type { ConnectionOptions } from '../../../realtime/engine/sockets/chat-socket.js';
import type { CloseCode } from '../../../realtime/protocol/close-reasons.js';
import type { ServerEvent } from '../../../realtime/protocol/server-events.js';
import type { Fields } from '../fields.js';
import type { VirtualConnection } from '../virtual-connections.js';

/** What a client asked for when it opened its WebSocket. */
export interface NativeRequest {
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/** A WebSocket, as a dialect sees it. */
export interface NativeClient {
  readonly request: NativeRequest;
  /** False once the client is gone. */
  readonly isOpen: boolean;
  /** Sends a frame; what cannot be sent any more is dropped. */
  send(frame: string): void;
  /** Sends behind what was given before, although some of that must first be read. */
  deliver(send: () => void | Promise<void>): void;
  /** Reads and sends in the same place what the client asked for; throws what that throws. Undefined where it is gone. */
  answer<Answer>(send: () => Promise<Answer>): Promise<Answer | undefined>;
  /** Lets it in as somebody. @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, UNAVAILABLE */
  admit(token: unknown, options: ConnectionOptions): Promise<VirtualConnection>;
  close(code: number, reason: string): void;
}

/** One client: decodes its frames to commands, and encodes what it receives. */
export interface NativeSession {
  /** Before any frame is looked at; frames wait for it. */
  begin?(): Promise<void>;
  handle(frame: Fields): Promise<void>;
  /** A frame that was not even looked at, or that failed. */
  refuse(error: DomainError): void;
  /** An event in Parley's own words, to be sent in the dialect's, or not at all. Must not throw. */
  deliver(event: ServerEvent): void;
  /** The close code by which the client knows why. */
  closeCode(reason: CloseCode): number;
}

/** A dialect of native WebSockets. */
export interface NativeDialect {
  /** Whether a path is its own. */
  owns(path: string): boolean;
  open(client: NativeClient): NativeSession;
}
