import { Injectable } from '@nestjs/common';
import { Configuration } from '../../config/configuration.js';
import { Attention, type AttentionLevel } from '../../presence/attention.js';
import { room } from '../delivery/room-names.js';
import type { ChatSocket } from '../engine/sockets/chat-socket.js';

/**
 * The open connections of each user on this process, and at most so many.
 *
 * Beyond that the oldest connection of the session that has most of them is one too many. So a device that opens more and
 * more, or somebody with a stolen token, displaces itself and none of the user's other devices; and a device that lost
 * its network without a word is not kept out by what it left behind.
 */
@Injectable()
export class UserConnections {
  private readonly byUser = new Map<string, Set<ChatSocket>>();

  constructor(
    private readonly configuration: Configuration,
    attention: Attention,
  ) {
    attention.register((userId, conversationId) => this.attentionOf(userId, conversationId));
  }

  private attentionOf(userId: string, conversationId: string | undefined): AttentionLevel {
    const shown = conversationId === undefined ? undefined : room.open(conversationId);
    let level: AttentionLevel = 'none';
    for (const { data, rooms } of this.byUser.get(userId) ?? []) {
      if (!data.isActive) continue;
      if (shown !== undefined && rooms.has(shown)) return 'looking';
      level = 'elsewhere';
    }
    return level;
  }

  /** Returns the connection that is one too many, which is counted no longer and has to be ended. */
  add(socket: ChatSocket): ChatSocket | undefined {
    const { userId } = socket.data.principal;
    const own = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, own.add(socket));
    if (own.size <= this.configuration.maxConnectionsPerUser) return undefined;
    const surplus = oldestOfLargestSession(own);
    own.delete(surplus);
    return surplus;
  }

  remove(socket: ChatSocket): void {
    const { userId } = socket.data.principal;
    const own = this.byUser.get(userId);
    own?.delete(socket);
    if (own?.size === 0) this.byUser.delete(userId);
  }
}

/** Sets keep the oldest first. */
function oldestOfLargestSession(sockets: ReadonlySet<ChatSocket>): ChatSocket {
  const bySession = new Map<string, ChatSocket[]>();
  for (const socket of sockets) {
    const { sessionId } = socket.data.principal;
    const session = bySession.get(sessionId);
    if (session === undefined) bySession.set(sessionId, [socket]);
    else session.push(socket);
  }
  const [largest] = [...bySession.values()].sort((one, other) => other.length - one.length);
  return largest?.[0] as ChatSocket;
}
