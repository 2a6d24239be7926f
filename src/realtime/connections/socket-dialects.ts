import { Injectable } from '@nestjs/common';
import type { DomainError } from '../../common/errors.js';
import { Configuration } from '../../config/configuration.js';
import type { VirtualSocket, ServerEvent } from './virtual-socket.js';

/** What one Socket.IO client of a dialect says and is told. */
export interface DialectSession {
  /**
   * An event of the client's. What it resolves with is its acknowledgement, where the client asked for one. Never rejects.
   * @param isAnswered whether the client asked for one.
   */
  heard(event: string, payload: unknown, isAnswered: boolean): Promise<unknown>;
  /** An event that is not even looked at: limits, or the server's end. */
  refused(event: string, error: DomainError, isAnswered: boolean): unknown;
  told(serverEvent: ServerEvent): void;
}

/** A vocabulary of Socket.IO other than Parley's own. */
export interface SocketDialect {
  readonly name: string;
  /** What `connect_error` says. Its `data.code` is always the error's code. */
  refusal(error: DomainError): string;
  /** A client was let in and is in its rooms. */
  open(connection: VirtualSocket, say: (event: string, payload: unknown) => void): DialectSession;
}

/** Parley's own vocabulary. */
export const PARLEY = 'parley';

/** The vocabularies that Socket.IO clients may choose from. Dialects say so themselves; nobody here knows them. */
@Injectable()
export class SocketDialects {
  private readonly known = new Map<string, SocketDialect>();

  constructor(private readonly configuration: Configuration) {}

  register(dialect: SocketDialect): void {
    this.known.set(dialect.name, dialect);
  }

  /** The vocabulary of a connection that asks for `chosen`: Parley's own is undefined, one that is not offered is null. */
  choose(chosen: unknown): SocketDialect | undefined | null {
    const name = chosen ?? this.configuration.socketDialect;
    if (name === PARLEY) return undefined;
    return (typeof name === 'string' && this.configuration.dialects.includes(name) && this.known.get(name)) || null;
  }
}
