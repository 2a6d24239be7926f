import { Injectable } from '@nestjs/common';
import { SerialQueue } from '../../common/async/serial-queue.js';
import { DomainError } from '../../common/errors.js';
import {
  type AdmittedSocket,
  type DialectSession,
  type SocketDialect,
  SocketDialects,
} from '../../realtime/connections/socket-dialects.js';
import type { ChatSocket } from '../../realtime/engine/sockets/chat-socket.js';
import { SocketWriter } from '../../realtime/engine/outbound/socket-writer.js';
import type { CloseCode } from '../../realtime/protocol/close-reasons.js';
import type { ServerEvent } from '../../realtime/protocol/server-events.js';
import { type VirtualConnection, VirtualConnections } from './virtual-connections.js';

/** A Socket.IO client, as an older dialect sees it. */
export interface SocketClient {
  readonly connection: VirtualConnection;
  /** Sends an event; what cannot be sent any more is dropped. */
  emit(event: string, payload: unknown): void;
  /** Sends behind what was given before, although some of that must first be read. */
  deliver(send: () => void | Promise<void>): void;
  /** Reads and sends in the same place what the client asked for; throws what that throws. Undefined where it is gone. */
  answer<Answer>(send: () => Promise<Answer>): Promise<Answer | undefined>;
}

/** One client: decodes its events to commands, and encodes what it is answered and what it receives. */
export interface TranslatedSession extends Pick<DialectSession, 'handle' | 'refuse'> {
  /** An event in Parley's own words, to be sent in the dialect's, or not at all. Must not throw. */
  deliver(event: ServerEvent): void;
}

/** An older dialect of Socket.IO. */
export interface SocketTranslation extends Pick<SocketDialect, 'name' | 'canSync' | 'refusalMessage'> {
  /** A client was let in and is in its rooms. */
  open(client: SocketClient): TranslatedSession;
}

/**
 * Socket.IO clients that speak an older dialect. The socket itself is in no room and receives nothing of what Parley's
 * own clients do; a virtual socket is in the rooms, and its events are translated. What a client sends is handled in the
 * order in which it was sent.
 */
@Injectable()
export class SocketTransport {
  constructor(
    private readonly connections: VirtualConnections,
    private readonly dialects: SocketDialects,
    private readonly writer: SocketWriter,
  ) {}

  register(translation: SocketTranslation): void {
    this.dialects.register({
      name: translation.name,
      canSync: translation.canSync,
      returnsOnlyWhenLost: true,
      refusalMessage: (error) => translation.refusalMessage(error),
      open: (client) => this.open(client, translation),
    });
  }

  private open(
    { socket, admission, outbound }: AdmittedSocket,
    translation: SocketTranslation,
  ): DialectSession | undefined {
    socket.nsp.adapter.delAll(socket.id);
    let session: TranslatedSession | undefined;
    const connection = this.adopted(socket, admission, (event) => session?.deliver(event));
    if (connection === undefined) return undefined;
    session = translation.open({
      connection,
      emit: (event, payload) => this.writer.write(socket, event, payload),
      deliver: (send) => outbound.deliver(send, () => end(socket, 'UNAVAILABLE')),
      answer: (send) => outbound.answer(send),
    });
    return new OrderedSession(session, connection, () => this.connections.close(connection));
  }

  /** Undefined where its session ended while it was let in. */
  private adopted(
    socket: ChatSocket,
    admission: AdmittedSocket['admission'],
    deliver: (event: ServerEvent) => void,
  ): VirtualConnection | undefined {
    try {
      return this.connections.adopt(socket.data, admission, { deliver, ended: (code) => end(socket, code) });
    } catch {
      socket.disconnect(true);
      return undefined;
    }
  }
}

class OrderedSession implements DialectSession {
  private readonly inbound = new SerialQueue();

  constructor(
    private readonly session: TranslatedSession,
    private readonly connection: VirtualConnection,
    readonly close: () => void,
  ) {}

  handle(event: string, payload: unknown, isAnswered: boolean): Promise<unknown> {
    return this.inbound.run(async () =>
      this.connection.isEnded
        ? this.refuse(event, new DomainError('UNAUTHORIZED'), isAnswered)
        : this.session.handle(event, payload, isAnswered),
    );
  }

  refuse(event: string, error: DomainError, isAnswered: boolean): unknown {
    return this.session.refuse(event, error, isAnswered);
  }
}

/** Ends after which a client should come back with the token it has. */
const LOST: readonly (CloseCode | undefined)[] = ['UNAVAILABLE', 'SERVER_SHUTDOWN'];

/** A Socket.IO client comes back by itself where its connection is lost, but not where the server says that it is over. */
function end(socket: ChatSocket, code: CloseCode | undefined): void {
  if (LOST.includes(code)) socket.conn.close();
  else socket.disconnect(true);
}
