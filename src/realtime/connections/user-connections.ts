import { Injectable } from '@nestjs/common';
import { Configuration } from '../../config/configuration.js';
import { Attention } from '../../presence/attention.js';
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
    private readonly attention: Attention,
  ) {
    attention.readBy((userId) => this.shownTo(userId));
  }

  /** The conversations that the user's active connections show; undefined where none is active. */
  private shownTo(userId: string): readonly string[] | undefined {
    const active = [...(this.byUser.get(userId) ?? [])].filter(({ data }) => data.isActive);
    if (active.length === 0) return undefined;
    const saying = active.filter(({ data }) => data.showsAll !== true);
    return saying.flatMap(({ rooms }) => [...rooms].flatMap((name) => room.openIdOf(name) ?? []));
  }

  /** What somebody looks at on this connection is something else now. */
  attentionChanged({ data }: ChatSocket): void {
    this.attention.changed(data.principal.userId);
  }

  /** Returns the connection that is one too many, which is counted no longer and has to be ended. */
  add(socket: ChatSocket): ChatSocket | undefined {
    const { userId } = socket.data.principal;
    const own = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, own.add(socket));
    this.attention.changed(userId);
    if (own.size <= this.configuration.maxConnectionsPerUser) return undefined;
    const surplus = oldestOfLargestSession(own);
    own.delete(surplus);
    return surplus;
  }

  remove(socket: ChatSocket): void {
    const { isActive, isSilent, principal } = socket.data;
    const { userId } = principal;
    const own = this.byUser.get(userId);
    own?.delete(socket);
    if (own?.size === 0) this.byUser.delete(userId);
    this.attention.changed(userId);
    if (isActive && isSilent === true) this.attention.lost(userId);
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
