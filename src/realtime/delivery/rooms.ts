import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import type { DomainEvents } from '../../events/domain-events.js';
import type { ChatServer, ChatSocket } from '../engine/sockets/chat-socket.js';
import { type RecoveryAdapter, recoveryAdapterOf, type Restored } from '../engine/recovery/recovery-adapter.js';
import { room } from './room-names.js';

/** Why a session ended, and the suspension, where that did. */
export type SessionEnd = Pick<DomainEvents['session.ended'], 'code' | 'suspension'>;

/** What happened to a user while a connection of it was being set up and could not be in its rooms yet. */
export interface Setup {
  readonly userId: string;
  /** When it began: `performance.now()`. */
  readonly since: number;
  readonly joined: Set<string>;
  readonly left: Set<string>;
  /** With why they ended. */
  readonly endedSessions: Map<string, SessionEnd>;
  /** It cannot be said any more which rooms are its: to be let in it must be read anew. */
  isOutdated: boolean;
}

/**
 * Which sockets receive the events of which conversation.
 *
 * Guarantee: from the moment a socket is placed it is in the rooms of exactly the conversations its user is a member of,
 * also when membership changed between reading the list and placing the socket.
 */
@Injectable()
export class Rooms {
  private server: ChatServer | undefined;
  private readonly setups = new Map<string, Set<Setup>>();
  /** All of them, the oldest first. */
  private readonly bySince = new Set<Setup>();

  attach(server: ChatServer): void {
    this.server = server;
  }

  /** To be called before the list of conversations is read, and ended by `place` or `abandon`. */
  begin(userId: string): Setup {
    const since = performance.now();
    const setup: Setup = {
      userId,
      since,
      joined: new Set(),
      left: new Set(),
      endedSessions: new Map(),
      isOutdated: false,
    };
    this.bySince.add(setup);
    const setups = this.setups.get(userId) ?? new Set();
    setups.add(setup);
    this.setups.set(userId, setups);
    return setup;
  }

  abandon(setup: Setup): void {
    const setups = this.setups.get(setup.userId);
    setups?.delete(setup);
    this.bySince.delete(setup);
    if (setups?.size === 0) this.setups.delete(setup.userId);
  }

  /**
   * Puts a connected socket into its rooms.
   * @param former those it was in before it was lost: what it showed, and still may, it shows again.
   */
  place(socket: ChatSocket, setup: Setup, conversationIds: readonly string[], former: readonly string[] = []): void {
    this.abandon(setup);
    const { userId, sessionId } = socket.data.principal;
    const current = new Set([...conversationIds, ...setup.joined].filter((id) => !setup.left.has(id)));
    const rooms = [room.user(userId), room.session(sessionId), ...[...current].map(room.conversation)];
    if (former.length > 0) {
      const open = new Set([...current].map(room.open));
      rooms.push(...former.filter((name) => open.has(name)));
    }
    void socket.join(rooms.map((name) => this.sharedName(name)));
  }

  /** A room's name as the adapter has it already, so that of equal texts only one is kept. */
  private sharedName(name: string): string {
    return this.adapter()?.nameOf(name) ?? name;
  }

  /**
   * Those of these users who have a connection. Receivers of an event are looked up here first: nothing is read or made
   * for who is not connected.
   */
  connectedAmong(userIds: readonly string[]): string[] {
    const adapter = this.adapter();
    return userIds.filter((userId) => adapter?.rooms.has(room.user(userId)) === true);
  }

  /** The same with those whose connection was lost and may come back to what it missed. */
  awaitedAmong(userIds: readonly string[]): string[] {
    const adapter = this.adapter();
    return userIds.filter((userId) => adapter?.isAwaited(room.user(userId)) === true);
  }

  /** The members of a conversation who have a connection. */
  connectedMembers(conversationId: string): string[] {
    return [...(this.adapter()?.userIdsIn(room.conversation(conversationId)) ?? [])];
  }

  /** The same with those who lost one and may come back. */
  awaitedMembers(conversationId: string): string[] {
    const adapter = this.adapter();
    if (adapter === undefined) return [];
    const name = room.conversation(conversationId);
    const connected = adapter.userIdsIn(name);
    for (const userId of adapter.lostUserIdsIn(name)) connected.add(userId);
    return [...connected];
  }

  /** Whether anybody is connected here, or about to be. */
  hasConnections(): boolean {
    return (this.server?.sockets.sockets.size ?? 0) > 0 || this.setups.size > 0;
  }

  /** Since when the oldest connection is being let in that still is: what was read for it may be as old (`performance.now()`). */
  get lettingInSince(): number | undefined {
    const [oldest] = this.bySince;
    return oldest?.since;
  }

  /** Everybody who has a connection, who lost one and may come back to it, or whose connection is being let in. */
  awaitedUserIds(): string[] {
    const userIds = new Set(this.setups.keys());
    for (const { data } of this.server?.sockets.sockets.values() ?? [])
      if (data.principal !== undefined) userIds.add(data.principal.userId);
    for (const userId of this.adapter()?.lostUserIds() ?? []) userIds.add(userId);
    return [...userIds];
  }

  /** The sessions that have a connection. One may be there twice: of an account that was deleted, and of the one after it. */
  connectedSessions(): Principal[] {
    const sessions = new Map<string, Principal>();
    for (const { data } of this.server?.sockets.sockets.values() ?? [])
      if (data.principal !== undefined) {
        const { userId, sessionId } = data.principal;
        sessions.set(`${sessionId} ${userId}`, { userId, sessionId });
      }
    return [...sessions.values()];
  }

  /** Whether an event of this conversation, or about these users, can concern anybody here: connected, lost or being let in. */
  concerns(conversationId: string | undefined, userIds: readonly string[]): boolean {
    const adapter = this.adapter();
    if (conversationId !== undefined && adapter?.isAwaited(room.conversation(conversationId)) === true) return true;
    return userIds.some((id) => this.setups.has(id) || adapter?.isAwaited(room.user(id)) === true);
  }

  /**
   * Whether a connection of the user is in the conversation's room although it should not be, or the other way round; or may be, for
   * it is still being let in.
   */
  mayDisagree(userId: string, conversationId: string, isMember: boolean): boolean {
    return this.setups.has(userId) || this.disagrees(userId, conversationId, isMember);
  }

  /** The same of connections that have been let in. */
  disagrees(userId: string, conversationId: string, isMember: boolean): boolean {
    const adapter = this.adapter();
    const members = adapter?.rooms.get(room.conversation(conversationId));
    for (const id of adapter?.rooms.get(room.user(userId)) ?? [])
      if ((members?.has(id) === true) !== isMember) return true;
    return false;
  }

  joinConversation(userIds: readonly string[], conversationId: string): void {
    // Those in no room at all would be everybody.
    if (userIds.length === 0) return;
    this.forgetLost(userIds);
    for (const userId of userIds) {
      for (const setup of this.setups.get(userId) ?? []) {
        setup.joined.add(conversationId);
        setup.left.delete(conversationId);
      }
    }
    this.server?.in(userIds.map(room.user)).socketsJoin(room.conversation(conversationId));
  }

  leaveConversation(userId: string, conversationId: string): void {
    this.forgetLost([userId]);
    for (const setup of this.setups.get(userId) ?? []) {
      setup.left.add(conversationId);
      setup.joined.delete(conversationId);
    }
    this.server?.in(room.user(userId)).socketsLeave([room.conversation(conversationId), room.open(conversationId)]);
  }

  endSessions(userId: string, sessionIds: readonly string[], end: SessionEnd): void {
    this.forgetLost([userId]);
    for (const setup of this.setups.get(userId) ?? []) {
      for (const sessionId of sessionIds) setup.endedSessions.set(sessionId, end);
    }
  }

  /** What changed for these users is not known: their connections that are being let in, or are lost, do not come in. */
  outdate(userIds: readonly string[]): void {
    this.forgetLost(userIds);
    for (const userId of userIds) for (const setup of this.setups.get(userId) ?? []) setup.isOutdated = true;
  }

  /** Sends a socket that was lost what it missed. Returns whether that was all. */
  replay(socket: ChatSocket, restored: Restored | undefined): boolean {
    return restored !== undefined && this.adapter()?.replay(socket, restored) === true;
  }

  /** Lost connections of these users do not come back to what they missed: what they may receive has changed. */
  forgetLost(userIds: readonly string[]): void {
    this.adapter()?.forget(userIds);
  }

  private adapter(): RecoveryAdapter | undefined {
    return recoveryAdapterOf(this.server);
  }
}
