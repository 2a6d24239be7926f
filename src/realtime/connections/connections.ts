import { Injectable } from '@nestjs/common';
import { Broadcaster } from '../delivery/broadcaster.js';
import type { ChatSocket } from '../engine/sockets/chat-socket.js';
import type { Admission } from './admission.js';
import { PresenceTracker } from '../ephemeral/presence-tracker.js';
import { Newcomers } from '../delivery/newcomers.js';
import { Rooms } from '../delivery/rooms.js';
import { TokenExpiry } from './token-expiry.js';
import { Typing } from '../ephemeral/typing.js';
import { UserConnections } from './user-connections.js';

/** Brings connections in and sees them off, the same for every dialect. */
@Injectable()
export class Connections {
  constructor(
    private readonly rooms: Rooms,
    private readonly broadcaster: Broadcaster,
    private readonly tokenExpiry: TokenExpiry,
    private readonly presence: PresenceTracker,
    private readonly typing: Typing,
    private readonly userConnections: UserConnections,
    private readonly newcomers: Newcomers,
  ) {}

  /** Into its rooms. False where its session ended while it was let in, or it must be read anew: it is sent why, and disconnected. */
  admit(socket: ChatSocket, { setup, conversationIds, joined, restored }: Admission): boolean {
    const { userId, sessionId } = socket.data.principal;
    const end = setup.endedSessions.get(sessionId);
    if (end !== undefined) {
      this.rooms.abandon(setup);
      this.broadcaster.close(socket, end.code, end.suspension);
      return false;
    }
    if (setup.isOutdated) {
      this.rooms.abandon(setup);
      this.broadcaster.close(socket, 'UNAVAILABLE');
      return false;
    }
    for (const { conversationId, seq } of joined) this.newcomers.note(conversationId, seq);
    this.rooms.place(socket, setup, conversationIds, restored?.rooms);
    this.tokenExpiry.watch(socket);
    this.presence.arrived(userId);
    const surplus = this.userConnections.add(socket);
    if (surplus !== undefined) this.broadcaster.close(surplus, 'TOO_MANY_CONNECTIONS');
    return true;
  }

  /** What somebody looks at on this connection is something else now. */
  attentionChanged(socket: ChatSocket): void {
    this.userConnections.attentionChanged(socket);
  }

  renewed(socket: ChatSocket): void {
    this.tokenExpiry.watch(socket);
  }

  /** Once for each that was welcomed. */
  remove(socket: ChatSocket): void {
    this.tokenExpiry.forget(socket);
    this.userConnections.remove(socket);
    const { userId } = socket.data.principal;
    if (this.presence.departed(userId)) this.typing.gone(userId);
  }
}
