import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { UUID_PATTERN } from '../../common/identifier.js';
import type { Connection } from '../../realtime/commands/connection.js';
import type { Admission } from '../../realtime/connections/admission.js';
import { Connections } from '../../realtime/connections/connections.js';
import { Admissions } from '../../realtime/connections/admissions.js';
import { room } from '../../realtime/delivery/room-names.js';
import type { ConnectionOptions, ConnectionState } from '../../realtime/engine/sockets/chat-socket.js';
import { type VirtualPeer, type VirtualSocket, VirtualSockets } from '../../realtime/engine/sockets/virtual-socket.js';
import type { ServerPayload } from '../../realtime/protocol/server-events.js';

/** A client of an older dialect, as commands see it. It is in its rooms by a virtual socket. */
export class VirtualConnection implements Connection {
  readonly takesPlainHttp = true;

  constructor(
    readonly socket: VirtualSocket,
    private readonly connections: Connections,
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

  setOpen(conversationId: string, isOpen: boolean): void {
    if (isOpen) this.socket.join(room.open(conversationId));
    else this.socket.leave(room.open(conversationId));
    this.attentionChanged();
  }

  setActive(isActive: boolean): void {
    this.socket.data.isActive = isActive;
    this.attentionChanged();
  }

  /**
   * Shows all the conversations it is in, as a client does that has no word for showing one: it receives who types there. Which one
   * is looked at it does not say, so for notifications it is none.
   */
  openAll(): void {
    this.socket.data.showsAll = true;
    this.socket.join([...this.socket.rooms].filter((name) => UUID_PATTERN.test(name)).map(room.open));
    this.attentionChanged();
  }

  private attentionChanged(): void {
    this.connections.attentionChanged(this.socket.asChatSocket());
  }

  /** The event is its answer, also where the message was deleted meanwhile: as one that has nothing in it any more. */
  repeated({ message, conversation }: ServerPayload<'message:new'>): void {
    if (!this.socket.data.echo) return;
    const emptied = { ...message, deletedAt: null, content: message.content ?? '' };
    const payload = { message: message.deletedAt === null ? message : emptied, conversation };
    this.socket.deliver({ event: 'message:new', payload });
  }

  renewed(expiresAt: number): void {
    // Nobody would forget the timer of a socket that is gone by now.
    if (this.socket.isRemoved) return;
    this.socket.data.expiresAt = expiresAt;
    this.connections.renewed(this.socket.asChatSocket());
  }
}

/** Brings clients of older dialects into the rooms they belong in, and out of them. */
@Injectable()
export class VirtualConnections {
  constructor(
    private readonly admissions: Admissions,
    private readonly connections: Connections,
    private readonly sockets: VirtualSockets,
  ) {}

  /** The access token of a browser's cookie; undefined from a page that may not use it. */
  cookieToken(headers: IncomingHttpHeaders): string | undefined {
    return this.admissions.cookieToken(headers);
  }

  /**
   * Lets a client in by its token. From then on its peer receives events, until `close`.
   * @param isThere whether the client still is, after the database was asked.
   * @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, UNAVAILABLE, RATE_LIMITED, OVERLOADED
   */
  async open(
    token: unknown,
    { ipAddressKey, ...options }: ConnectionOptions & { ipAddressKey: string },
    peer: VirtualPeer,
    isThere: () => boolean,
  ): Promise<VirtualConnection> {
    const { state, admission } = await this.admissions.admit(token, options, ipAddressKey);
    if (!isThere()) {
      this.admissions.abandon(admission);
      throw new DomainError('UNAVAILABLE');
    }
    return this.adopt(state, admission, peer);
  }

  /** Puts somebody who was let in already into its rooms. @throws DomainError UNAUTHORIZED: its session ended meanwhile. */
  adopt(state: ConnectionState, admission: Admission, peer: VirtualPeer): VirtualConnection {
    const socket = this.sockets.add(state, peer);
    if (!this.connections.admit(socket.asChatSocket(), admission)) {
      socket.remove();
      throw new DomainError('UNAUTHORIZED');
    }
    return new VirtualConnection(socket, this.connections);
  }

  /** The client is gone, or is to be. Once for each that was opened. */
  close({ socket }: VirtualConnection): void {
    socket.remove();
    this.connections.remove(socket.asChatSocket());
  }
}
