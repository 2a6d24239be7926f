import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import type { ChatServer, ChatSocket } from '../engine/chat-socket.js';
import { Connections } from './connections.js';
import { type DialectPeer, VirtualSocket, type RoomAdapter } from './virtual-socket.js';
import { type Admission, Handshake } from './handshake.js';
import type { ConnectionState } from '../engine/chat-socket.js';

/** Makes clients of other vocabularies members of the rooms they belong in. */
@Injectable()
export class VirtualConnections {
  private server: ChatServer | undefined;

  constructor(
    private readonly handshake: Handshake,
    private readonly connections: Connections,
  ) {}

  attach(server: ChatServer): void {
    this.server = server;
  }

  /** The access token of a browser's cookie; undefined from a page that may not use it. */
  cookieToken(headers: IncomingHttpHeaders): string | undefined {
    return this.handshake.cookieToken(headers);
  }

  /**
   * Lets a client in by its token. From then on its peer is told, until `close`.
   * @param echo false: it is not told of the messages it sends itself.
   * @param isThere whether the client still is, after the database was asked.
   * @throws DomainError UNAUTHORIZED, TOKEN_EXPIRED, UNAVAILABLE, RATE_LIMITED, OVERLOADED
   */
  async open(
    token: unknown,
    { echo, ipAddressKey }: { echo: boolean; ipAddressKey: string },
    peer: DialectPeer,
    isThere: () => boolean,
  ): Promise<VirtualSocket> {
    const { state, admission } = await this.handshake.admitted(token, echo, ipAddressKey);
    if (!isThere()) {
      this.handshake.abandon(admission);
      throw new DomainError('UNAVAILABLE');
    }
    return this.adopt(state, admission, peer);
  }

  /** Puts somebody who was let in already into its rooms. @throws DomainError UNAUTHORIZED: its session ended meanwhile. */
  adopt(state: ConnectionState, admission: Admission, peer: DialectPeer): VirtualSocket {
    const { server } = this;
    if (server === undefined) throw new DomainError('UNAVAILABLE');
    const socket = new VirtualSocket(`dialect-${newId()}`, state, roomAdapterOf(server), peer, (renewed) =>
      this.connections.renewed(asSocket(renewed)),
    );
    server.sockets.sockets.set(socket.id, asSocket(socket));
    socket.join(socket.id);
    if (!this.connections.admit(asSocket(socket), admission)) {
      this.remove(socket);
      throw new DomainError('UNAUTHORIZED');
    }
    return socket;
  }

  /** The client is gone, or is to be. Once for each that was opened. */
  close(socket: VirtualSocket): void {
    this.remove(socket);
    this.connections.remove(asSocket(socket));
  }

  private remove(socket: VirtualSocket): void {
    socket.over();
    this.server?.sockets.sockets.delete(socket.id);
  }
}

/** Typed as what it is taken for: it has all that the server and its adapter ask of a socket here. */
function asSocket(socket: VirtualSocket): ChatSocket {
  return socket as unknown as ChatSocket;
}

function roomAdapterOf(server: ChatServer): RoomAdapter {
  return server.sockets.adapter;
}
