import { Injectable } from '@nestjs/common';
import type { SuspensionDetails } from '../../common/errors.js';
import { isVisibleIn } from '../../common/snapshot.js';
import type { PresenceUpdate } from '../../events/domain-events.js';
import type { ChatServer, ChatSocket } from '../engine/sockets/chat-socket.js';
import { CLOSE_REASONS, type CloseCode } from '../protocol/close-reasons.js';
import type { ServerEventName, ServerPayload, ServerToClientEvents } from '../protocol/server-events.js';
import { recoveryAdapterOf } from '../engine/recovery/recovery-adapter.js';
import { SocketWriter } from '../engine/outbound/socket-writer.js';
import { room } from './room-names.js';

const LOOK_MS = 10;
/** How often some are sent away, and within which time each of them is to come back. */
const SEND_AWAY_STEP_MS = 100;
const MAX_RETRY_AFTER_MS = 1_000;
/** Over how long many clients are asked to sync, and in how many steps. */
export const SYNC_SPREAD_MS = 2_000;
const SYNC_STEPS = 20;

/** The only place that sends anything to clients unasked. Before the server is up it sends into the void. */
@Injectable()
export class Broadcaster {
  private server: ChatServer | undefined;

  constructor(private readonly writer: SocketWriter) {}

  attach(server: ChatServer): void {
    this.server = server;
  }

  /** To every socket of every member, but for the sockets and users excepted. Encoded once. */
  toConversation<Name extends ServerEventName>(
    conversationId: string,
    name: Name,
    payload: ServerPayload<Name>,
    except: { connectionIds?: readonly string[]; userIds?: readonly string[] } = {},
  ): void {
    if (this.server === undefined) return;
    let audience = this.server.to(room.conversation(conversationId));
    if (except.connectionIds !== undefined && except.connectionIds.length > 0)
      audience = audience.except([...except.connectionIds]);
    if (except.userIds !== undefined && except.userIds.length > 0)
      audience = audience.except(except.userIds.map(room.user));
    audience.emit(name, ...parameters<Name>(payload));
  }

  /**
   * Connections in a conversation that were let in from a snapshot of the database that saw this transaction; also those that were
   * lost, and may come back to what they missed.
   */
  connectionsAhead(conversationId: string, xid: bigint): string[] {
    const ids: string[] = [];
    for (const { connectionId, isAhead } of this.connectionsOf(conversationId, xid))
      if (isAhead) ids.push(connectionId);
    return ids;
  }

  /** Whether there are others in it. */
  hasConnectionsBehind(conversationId: string, xid: bigint): boolean {
    for (const { isAhead } of this.connectionsOf(conversationId, xid)) if (!isAhead) return true;
    return false;
  }

  /** One after the other: to know of one may be enough, of thousands. */
  private *connectionsOf(conversationId: string, xid: bigint): Iterable<{ connectionId: string; isAhead: boolean }> {
    const found = recoveryAdapterOf(this.server)?.snapshotsIn(room.conversation(conversationId)) ?? [];
    // Those who came at the same moment, as all do behind an outage, came from the same snapshot.
    const known = new Map<string, boolean>();
    for (const { connectionId, snapshot } of found) {
      const isAhead = snapshot !== undefined && (known.get(snapshot) ?? isVisibleIn(snapshot, xid));
      if (snapshot !== undefined) known.set(snapshot, isAhead);
      yield { connectionId, isAhead };
    }
  }

  /** To those sockets that have the conversation open. */
  toOpenConversation<Name extends ServerEventName>(
    conversationId: string,
    name: Name,
    payload: ServerPayload<Name>,
    exceptUserIds: readonly string[],
  ): void {
    this.server
      ?.to(room.open(conversationId))
      .except(exceptUserIds.map(room.user))
      .emit(name, ...parameters<Name>(payload));
  }

  /** To every socket of these users, but for the connection excepted. Encoded once. */
  toUsers<Name extends ServerEventName>(
    userIds: readonly string[],
    name: Name,
    payload: ServerPayload<Name>,
    exceptConnectionIds: readonly string[] = [],
  ): void {
    if (this.server === undefined || userIds.length === 0) return;
    let audience = this.server.to(userIds.map(room.user));
    if (exceptConnectionIds.length > 0) audience = audience.except([...exceptConnectionIds]);
    audience.emit(name, ...parameters<Name>(payload));
  }

  /**
   * To every socket of each of these users, each something of its own: for views, which differ from one member to the
   * next. Nothing of it is kept for lost connections: who misses it is not recovered, and syncs.
   * @param missedBy the conversation whose members receive it, where it is all of them
   */
  toEach<Name extends ServerEventName>(
    name: Name,
    payloads: readonly { userId: string; payload: ServerPayload<Name> }[],
    missedBy?: string,
  ): void {
    const gapRooms =
      missedBy === undefined ? payloads.map(({ userId }) => room.user(userId)) : [room.conversation(missedBy)];
    recoveryAdapterOf(this.server)?.broadcastUnkept(
      payloads.map(({ userId, payload }) => ({ name, payload, rooms: [room.user(userId)] })),
      gapRooms,
    );
  }

  /** Connections that are lost in this conversation are not recovered: something is about to be sent to those who are there. */
  keepGap(conversationId: string): void {
    recoveryAdapterOf(this.server)?.broadcastUnkept([], [room.conversation(conversationId)]);
  }

  /** Changes of presence, each to everybody who is shown that user's. Returns how many deliveries that were. */
  async toPresenceAudiences(updates: readonly PresenceUpdate[]): Promise<number> {
    const events = updates.flatMap(({ audience, userId, isOnline, lastSeenAt }) => {
      const payload = { userId, isOnline, lastSeenAt };
      const addressees = presenceAddressees(userId, audience);
      return addressees === undefined ? [] : [{ name: 'presence:update', payload, ...addressees }];
    });
    return (await recoveryAdapterOf(this.server)?.broadcastTogether(events)) ?? 0;
  }

  /** To everybody who is shown this user's presence. Encoded once. */
  toPresenceAudience<Name extends ServerEventName>(
    userId: string,
    audience: PresenceUpdate['audience'],
    name: Name,
    payload: ServerPayload<Name>,
  ): void {
    const addressees = presenceAddressees(userId, audience);
    if (addressees === undefined) return;
    this.server
      ?.to(addressees.rooms)
      .except(addressees.except)
      .emit(name, ...parameters<Name>(payload));
  }

  /** @param spread whether they are asked over a while and not at once */
  askToSync(userIds: readonly string[], spread: boolean): void {
    if (!spread || userIds.length <= SYNC_STEPS) return this.toUsers(userIds, 'sync:needed', {});
    for (let step = 0; step < SYNC_STEPS; step += 1) {
      const some = userIds.filter((_, index) => index % SYNC_STEPS === step);
      setTimeout(() => this.toUsers(some, 'sync:needed', {}), (step * SYNC_SPREAD_MS) / SYNC_STEPS).unref();
    }
  }

  /**
   * Ends the connections of members of these conversations whose dialect cannot sync: they come back, and fetch what they
   * missed, not all at the same moment where they go by that.
   * @param userIds of these alone
   */
  endUnsyncable(conversationIds: readonly string[], userIds?: readonly string[]): void {
    const { server } = this;
    for (const conversationId of conversationIds)
      for (const id of [...(server?.sockets.adapter.rooms.get(room.conversation(conversationId)) ?? [])]) {
        const socket = server?.sockets.sockets.get(id);
        if (socket?.data.canSync !== false) continue;
        if (userIds === undefined || userIds.includes(socket.data.principal?.userId ?? ''))
          this.sendOneAway(socket, 'UNAVAILABLE');
      }
  }

  /** These members missed something of the conversation: they are asked to sync, and come back for it where they cannot. */
  askForMissed(conversationId: string, userIds: readonly string[]): void {
    this.toUsers(userIds, 'sync:needed', {});
    if (userIds.length > 0) this.endUnsyncable([conversationId], userIds);
  }

  /** Ends the connections of these users: they come back to what the database says of them, not all at the same moment. */
  endUsers(userIds: readonly string[]): void {
    const { server } = this;
    for (const userId of userIds)
      for (const id of [...(server?.sockets.adapter.rooms.get(room.user(userId)) ?? [])]) {
        const socket = server?.sockets.sockets.get(id);
        if (socket !== undefined) this.sendOneAway(socket, 'UNAVAILABLE');
      }
  }

  toSocket<Name extends ServerEventName>(socket: ChatSocket, name: Name, payload: ServerPayload<Name>): void {
    socket.emit(name, ...parameters<Name>(payload));
  }

  /**
   * Sends a Socket.IO client why its connection ends, whatever its dialect, and ends it.
   * @param asLost without Socket.IO's disconnect, from which its client does not come back by itself
   */
  closeConnection(socket: ChatSocket, code: CloseCode, asLost = false): void {
    this.writer.write(socket, 'session:ended', { code, ...CLOSE_REASONS[code] });
    if (asLost) socket.conn.close();
    else socket.disconnect(true);
  }

  /** Sends a socket why it is ended, and ends it. */
  close(socket: ChatSocket, code: CloseCode, suspension?: SuspensionDetails): void {
    this.toSocket(socket, 'session:ended', { code, ...CLOSE_REASONS[code], ...suspension });
    socket.disconnect(true);
  }

  /**
   * Sends all sockets of this process in these sessions of a user why they are ended, and ends them. Those of another user stay:
   * the session of a deleted account may be that of the account after it.
   */
  closeSessions(userId: string, sessionIds: readonly string[], code: CloseCode, suspension?: SuspensionDetails): void {
    const { server } = this;
    for (const sessionId of sessionIds)
      for (const id of [...(server?.sockets.adapter.rooms.get(room.session(sessionId)) ?? [])]) {
        const socket = server?.sockets.sockets.get(id);
        if (socket?.data.principal.userId !== userId) continue;
        socket.data.isEnded = true;
        this.close(socket, code, suspension);
      }
  }

  /** Whether anybody is connected to this process. */
  get hasSockets(): boolean {
    return (this.server?.sockets.sockets.size ?? 0) > 0;
  }

  /**
   * Sends the sockets of this process away one after the other, so that those who come back to other processes do not all come
   * at once. Resolves once all are sent away, after `overMs` at most.
   */
  async sendAway(code: CloseCode, overMs: number): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    // Those in rooms: clients of older dialects by their virtual sockets, and not by their own, which are in none.
    const sockets = [...server.sockets.adapter.sids.keys()].flatMap((id) => server.sockets.sockets.get(id) ?? []);
    const steps = Math.max(1, Math.floor(overMs / SEND_AWAY_STEP_MS));
    for (let step = 0; step < steps; step += 1) {
      const from = Math.floor((sockets.length * step) / steps);
      const to = Math.floor((sockets.length * (step + 1)) / steps);
      for (const socket of sockets.slice(from, to)) this.sendOneAway(socket, code);
      if (to === sockets.length) return;
      await new Promise((resolve) => setTimeout(resolve, SEND_AWAY_STEP_MS));
    }
  }

  private sendOneAway(socket: ChatSocket, code: CloseCode): void {
    const retryAfterMs = Math.floor(Math.random() * MAX_RETRY_AFTER_MS);
    this.toSocket(socket, 'session:ended', { code, ...CLOSE_REASONS[code], retryAfterMs });
    socket.disconnect(true);
  }

  /**
   * Sends every socket of this process why it is ended, and ends it. Resolves once all have taken what was on its way to them, or
   * after `timeoutMs`: closing the server itself would throw that away.
   */
  async closeAll(code: CloseCode, timeoutMs: number): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    server.local.emit('session:ended', { code, ...CLOSE_REASONS[code] });
    server.local.disconnectSockets(true);
    for (let waited = 0; server.engine.clientsCount > 0 && waited < timeoutMs; waited += LOOK_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Whether this connection asked not to receive the messages it sends. */
  isEchoOff(connectionId: string): boolean {
    return this.server?.sockets.sockets.get(connectionId)?.data.echo === false;
  }
}

/** The rooms of those who are shown a user's presence; undefined where nobody is. */
function presenceAddressees(
  userId: string,
  { conversationIds, friendIds, blockedIds, everyone }: PresenceUpdate['audience'],
): { rooms: string[]; except: string[] } | undefined {
  const rooms = everyone ? [] : [...conversationIds.map(room.conversation), ...friendIds.map(room.user)];
  // To no room at all would be to everybody.
  if (rooms.length === 0 && !everyone) return undefined;
  return { rooms, except: [userId, ...blockedIds].map(room.user) };
}

/** The compiler cannot see that a mapped type's one-parameter functions all take one parameter. */
function parameters<Name extends ServerEventName>(
  payload: ServerPayload<Name>,
): Parameters<ServerToClientEvents[Name]> {
  return [payload] as unknown as Parameters<ServerToClientEvents[Name]>;
}
