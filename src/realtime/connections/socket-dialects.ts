import { Injectable } from '@nestjs/common';
import type { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import type { ChatSocket } from '../engine/sockets/chat-socket.js';
import type { OutboundQueue } from '../engine/outbound/outbound-queue.js';
import type { Admission } from './admission.js';

/** What a Socket.IO client was given when it was let in. */
export interface AdmittedSocket {
  readonly socket: ChatSocket;
  readonly admission: Admission;
  /** What waits for it. */
  readonly outbound: OutboundQueue;
}

/** One client: decodes what it sends, and encodes what it is answered. Never throws, never rejects. */
export interface DialectSession {
  /**
   * An event of the client's. Resolves with its acknowledgement.
   * @param isAnswered whether the client asked for one; where not, a failure is an event of the dialect's
   */
  handle(event: string, payload: unknown, isAnswered: boolean): Promise<unknown>;
  /** An event that is not even looked at, by limits or the server's end. Returns its acknowledgement. */
  refuse(event: string, error: DomainError, isAnswered: boolean): unknown;
  /** The client is gone. Once. */
  close(): void;
}

/**
 * A way of speaking over Socket.IO, chosen when a client connects. Parley's own is one of them; the older ones translate
 * (dialects/transport/socket-transport.ts).
 */
export interface SocketDialect {
  readonly name: string;
  /** Whether clients speak it that choose none, where the configuration does not say which. */
  readonly isDefault?: boolean;
  /** Whether its clients fetch by `sync` what they missed. */
  readonly canSync: boolean;
  /** Whether API keys may open connections that speak it: what it lets a client do has scopes. */
  readonly takesKeys?: boolean;
  /**
   * Whether its clients come back by themselves from a lost connection alone, and not from a refusal. Where the server cannot let
   * them in at the moment, they lose the connection instead.
   */
  readonly returnsOnlyWhenLost?: boolean;
  /** What `connect_error` says. Its `data.code` is always the error's code. */
  refusalMessage(error: DomainError): string;
  /** Brings a client that was let in into its rooms. Undefined where its session ended meanwhile: it was disconnected. */
  open(client: AdmittedSocket): DialectSession | undefined;
}

/** The dialects that Socket.IO clients may choose from. Each registers itself; nobody here knows them by name. */
@Injectable()
export class SocketDialects {
  private readonly byName = new Map<string, SocketDialect>();
  private default: SocketDialect | undefined;

  constructor(private readonly configuration: Configuration) {}

  register(dialect: SocketDialect): void {
    this.byName.set(dialect.name, dialect);
    if (dialect.isDefault) this.default = dialect;
  }

  /** The dialect of a connection that asks for `chosen`; undefined where there is none of that name. */
  choose(chosen: unknown): SocketDialect | undefined {
    const name = chosen || this.configuration.socketDialect;
    if (name === undefined) return this.default;
    return typeof name === 'string' ? this.byName.get(name) : undefined;
  }
}
