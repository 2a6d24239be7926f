import { Injectable } from '@nestjs/common';
import { DomainError } from '../../../common/errors.js';
import { newId } from '../../../common/identifier.js';
import type { CloseCode } from '../../protocol/close-reasons.js';
import type { ServerEvent, ServerEventName } from '../../protocol/server-events.js';
import type { ChatServer, ChatSocket, ConnectionState } from './chat-socket.js';

/** The client behind a virtual socket. */
export interface VirtualPeer {
  /** In the order in which Parley's own clients receive events. Must not throw. */
  deliver(event: ServerEvent): void;
  /** The server ends the connection. `undefined`: it has sent why before, or there is nobody to send it to. */
  ended(code: CloseCode | undefined): void;
}

interface Packet {
  data?: unknown;
}

/**
 * A member of rooms that is no Socket.IO client of Parley's own dialect. To the adapter it is a socket like any other, so
 * it is joined, left, sent to and ended by the very calls that do it to all, on this process and from others. It does not
 * take what the adapter has encoded for the others, but the event itself, which its peer encodes.
 */
export class VirtualSocket {
  /** Where the adapter writes what it encoded. */
  readonly client = { writeToEngine: (): undefined => undefined };
  private reason: CloseCode | undefined;
  private removed = false;

  constructor(
    readonly id: string,
    readonly data: ConnectionState,
    private readonly server: ChatServer,
    private readonly peer: VirtualPeer,
  ) {
    server.sockets.sockets.set(id, this.asChatSocket());
    this.join(id);
  }

  /** Typed as what it is taken for: it has all that the server and its adapter ask of a socket here. */
  asChatSocket(): ChatSocket {
    return this as unknown as ChatSocket;
  }

  get isRemoved(): boolean {
    return this.removed;
  }

  get rooms(): Set<string> {
    return this.adapter.socketRooms(this.id) ?? new Set();
  }

  join(rooms: string | readonly string[]): void {
    if (!this.isRemoved) void this.adapter.addAll(this.id, new Set(typeof rooms === 'string' ? [rooms] : rooms));
  }

  leave(name: string): void {
    void this.adapter.del(this.id, name);
  }

  /** The adapter calls it with what it is about to write, not encoded. */
  notifyOutgoingListeners({ data }: Packet): void {
    if (Array.isArray(data)) this.deliver({ event: data[0], payload: data[1] });
  }

  emit(event: ServerEventName, payload: object): boolean {
    this.deliver({ event, payload } as ServerEvent);
    return true;
  }

  deliver(event: ServerEvent): void {
    if (this.isRemoved) return;
    // The peer gets it with the end itself, which follows.
    if (event.event === 'session:ended') this.reason = event.payload.code;
    else this.peer.deliver(event);
  }

  disconnect(): void {
    if (!this.isRemoved) this.peer.ended(this.reason);
  }

  /** Out of all rooms: from here on it receives nothing. */
  remove(): void {
    this.removed = true;
    this.adapter.delAll(this.id);
    this.server.sockets.sockets.delete(this.id);
  }

  private get adapter(): ChatServer['sockets']['adapter'] {
    return this.server.sockets.adapter;
  }
}

/** Makes virtual sockets of the server's own namespace. */
@Injectable()
export class VirtualSockets {
  private server: ChatServer | undefined;

  attach(server: ChatServer): void {
    this.server = server;
  }

  /** @throws DomainError UNAVAILABLE before the server is up. */
  add(data: ConnectionState, peer: VirtualPeer): VirtualSocket {
    if (this.server === undefined) throw new DomainError('UNAVAILABLE');
    return new VirtualSocket(`virtual-${newId()}`, data, this.server, peer);
  }
}
