import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { ChatCommands } from '../commands/chat-commands.js';
import type { Connection } from '../commands/connection.js';
import { Broadcaster } from '../delivery/broadcaster.js';
import { room } from '../delivery/room-names.js';
import { Rooms } from '../delivery/rooms.js';
import { SocketWriter } from '../engine/outbound/socket-writer.js';
import type { ChatSocket } from '../engine/sockets/chat-socket.js';
import { type Acknowledgement, failure } from '../protocol/acknowledgement.js';
import { CLIENT_EVENTS, type ClientEventName } from '../protocol/client-events.js';
import { Connections } from './connections.js';
import { type AdmittedSocket, type DialectSession, type SocketDialect, SocketDialects } from './socket-dialects.js';

/** How much of an unknown event's name is sent back. */
const MAX_EVENT_NAME_LENGTH = 64;

export const PARLEY = 'parley';

/** Parley's own dialect (docs/asyncapi.json). Its sockets are in their rooms themselves, so that an event is encoded once for all. */
@Injectable()
export class ParleyDialect implements SocketDialect, OnModuleInit {
  readonly name = PARLEY;
  readonly isDefault = true;
  readonly canSync = true;
  readonly takesKeys = true;

  constructor(
    private readonly clock: Clock,
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly connections: Connections,
    private readonly commands: ChatCommands,
    private readonly dialects: SocketDialects,
    private readonly writer: SocketWriter,
  ) {}

  onModuleInit(): void {
    this.dialects.register(this);
  }

  refusalMessage({ message }: DomainError): string {
    return message;
  }

  open({ socket, admission }: AdmittedSocket): DialectSession | undefined {
    if (!this.connections.admit(socket, admission)) return undefined;
    const recovered = this.rooms.replay(socket, admission.restored);
    // What it was sent, or missed, is counted from when it was let in first.
    if (recovered) socket.data.snapshot = admission.restored?.snapshot;
    const { userId, sessionId } = socket.data.principal;
    this.broadcaster.toSocket(socket, 'session:ready', {
      userId,
      sessionId,
      serverTime: new Date(this.clock.now()).toISOString(),
      syncCursor: admission.syncCursor,
      recovered,
    });
    return new ParleySession(socket, this.commands, this.connections, this.writer);
  }
}

class ParleySession implements DialectSession, Connection {
  constructor(
    private readonly socket: ChatSocket,
    private readonly commands: ChatCommands,
    private readonly connections: Connections,
    private readonly writer: SocketWriter,
  ) {}

  get id(): string {
    return this.socket.id;
  }

  get principal(): Connection['principal'] {
    return this.socket.data.principal;
  }

  get isEnded(): boolean {
    return this.socket.data.isEnded === true;
  }

  get scopes(): Connection['scopes'] {
    return this.socket.data.scopes;
  }

  handle(event: string, payload: unknown, isAnswered: boolean): Promise<Acknowledgement> {
    if (!isClientEvent(event)) return Promise.resolve(this.refuse(event, new DomainError('UNKNOWN_EVENT'), isAnswered));
    const answer = this.commands.run(event, this, payload);
    return isAnswered ? answer : answer.then((result) => this.reportUnanswered(event, result));
  }

  refuse(event: string, error: DomainError, isAnswered: boolean): Acknowledgement {
    const refusal = failure(error);
    return isAnswered ? refusal : this.reportUnanswered(event, refusal);
  }

  close(): void {
    this.connections.remove(this.socket);
  }

  setOpen(conversationId: string, isOpen: boolean): void {
    // A socket that is gone by now would stay in the room for good.
    if (isOpen && this.socket.connected) void this.socket.join(room.open(conversationId));
    if (!isOpen) void this.socket.leave(room.open(conversationId));
    this.connections.attentionChanged(this.socket);
  }

  setActive(isActive: boolean): void {
    this.socket.data.isActive = isActive;
    this.connections.attentionChanged(this.socket);
  }

  renewed(expiresAt: number): void {
    // What the timer of a socket that is gone by now sends would reach the one that its client recovered: it has the same id.
    if (!this.socket.connected) return;
    this.socket.data.expiresAt = expiresAt;
    this.connections.renewed(this.socket);
  }

  /**
   * A client that asked for no acknowledgement learns of a failure all the same. Past what is kept for a recovery: that
   * would be filled by whoever asks for what there is not.
   */
  private reportUnanswered(event: string, result: Acknowledgement): Acknowledgement {
    if (!result.ok)
      this.writer.write(this.socket, 'exception', {
        ...result.error,
        event: event.slice(0, MAX_EVENT_NAME_LENGTH),
      });
    return result;
  }
}

function isClientEvent(event: string): event is ClientEventName {
  return Object.hasOwn(CLIENT_EVENTS, event);
}
