import type { Socket } from 'socket.io';
import { Adapter, type BroadcastOptions, type Room, type Session } from 'socket.io-adapter';
import type { Principal } from '../../../common/access/principal.js';
import type { ServerEvent } from '../../protocol/server-events.js';
import type { ChatServer, ChatSocket, ConnectionState } from '../sockets/chat-socket.js';
import { EVENT, type EventPacket, internalsOfAdapter, internalsOfSocket, type WriteOptions } from '../internals.js';
import { LostSessions } from './lost-sessions.js';
import { RECOVERY_WINDOW_MS, RecoveryLog } from './recovery-log.js';
import { VirtualSocket } from '../sockets/virtual-socket.js';
import { writeNow } from '../outbound/write-once-a-turn.js';

/** Deliveries before the event loop gets its turn. */
const DELIVERIES_A_TURN = 2_048;
/** Sockets written to before the event loop gets its turn. */
const SOCKETS_A_TURN = 256;

/** What is kept of a lost connection that came back, until it is known who it is. */
export interface Restored {
  /** The number of the first entry of the recovery log that it has not been sent. */
  from: number;
  principal: Principal;
  rooms: readonly string[];
  /** From which it was let in the first time. */
  snapshot: string | undefined;
  /** Whether what it may receive has changed while it was let in. */
  lost: { readonly hasChanged: boolean };
}

/** An event on its way to some rooms. */
export interface RoomEvent {
  name: string;
  payload: object;
  rooms: readonly Room[];
  except: readonly Room[];
}

interface Encoded {
  event: ServerEvent;
  packets: string[];
  options: WriteOptions;
}

type PersistedSession = Parameters<Adapter['persistSession']>[0];

/**
 * Socket.IO's recovery of a lost connection, after its own adapter, but: what is kept is bounded in bytes; nothing is
 * replayed before the token of the connection was looked at, and only to the session that lost it; and `forget` is called when
 * what a user may receive has changed. Recovery goes by the rooms a connection had when it was lost, so whoever joined,
 * left or was logged out meanwhile is not recovered, and syncs. What nobody is there to receive is not even encoded.
 */
export class RecoveryAdapter extends Adapter {
  /** Events handed to connections so far. */
  deliveries = 0;
  private readonly log = new RecoveryLog();
  private readonly lost = new LostSessions<PersistedSession>();
  private readonly names = new Map<Room, Room>();
  private readonly expiring: NodeJS.Timeout;

  constructor(namespace: ConstructorParameters<typeof Adapter>[0]) {
    super(namespace);
    this.on('create-room', (name: Room) => this.names.set(name, name));
    this.on('delete-room', (name: Room) => this.names.delete(name));
    this.expiring = setInterval(() => {
      this.log.expire();
      this.lost.expire();
    }, RECOVERY_WINDOW_MS).unref();
  }

  override close(): void {
    clearInterval(this.expiring);
  }

  /** Bytes kept for connections that may come back. */
  get keptBytes(): number {
    return this.log.bytes;
  }

  /** The name of a room that somebody is in, the very text that is kept for it. */
  nameOf(room: Room): Room | undefined {
    return this.names.get(room);
  }

  /** Whether a connection is in the room, or was and may come back. */
  isAwaited(room: Room): boolean {
    return this.rooms.has(room) || this.lost.isAwaited(room);
  }

  private isAnyAwaited(rooms: ReadonlySet<Room>): boolean {
    for (const name of rooms) if (this.isAwaited(name)) return true;
    return false;
  }

  /** The users whose connections are in a room. */
  userIdsIn(room: Room): Set<string> {
    const userIds = new Set<string>();
    for (const id of this.rooms.get(room) ?? []) {
      const socket = this.nsp.sockets.get(id) as { data: ConnectionState } | undefined;
      if (socket !== undefined) userIds.add(socket.data.principal.userId);
    }
    return userIds;
  }

  /** Those whose lost connections were in a room, and may come back to it. */
  lostUserIdsIn(room: Room): string[] {
    return this.lost.userIdsIn(room);
  }

  /** The connections in a room, and those that were lost in it and may come back, with the snapshot each was let in from. */
  *snapshotsIn(room: Room): Iterable<{ connectionId: string; snapshot: string | undefined }> {
    for (const connectionId of this.rooms.get(room) ?? []) {
      const socket = this.nsp.sockets.get(connectionId) as { data: ConnectionState } | undefined;
      yield { connectionId, snapshot: socket?.data.snapshot };
    }
    for (const { sid, data } of this.lost.sessionsIn(room))
      yield { connectionId: sid, snapshot: (data as ConnectionState).snapshot };
  }

  /** Those who lost a connection and may come back to it. */
  lostUserIds(): Iterable<string> {
    return this.lost.userIds();
  }

  private readonly internals = internalsOfAdapter(this);

  override persistSession(session: PersistedSession): void {
    const { principal } = session.data as Partial<ConnectionState>;
    // A namespace that is not ours, or a socket that nobody was let in on.
    if (principal === undefined) return;
    // In no room: its dialect has its own place in rooms, and its own way to ask for what it missed.
    if (session.rooms.length === 0) return;
    this.lost.add({ pid: session.pid, userId: principal.userId, rooms: new Set(session.rooms), session });
  }

  override async restoreSession(pid: string, offset: string): Promise<Session> {
    const lost = this.lost.take(pid);
    const from = typeof offset === 'string' ? this.log.after(offset) : undefined;
    // Typed as a session, but null is how the base class says that there is none.
    if (lost === undefined || from === undefined) return null as unknown as Session;
    if (this.log.missed(from, lost.rooms) === undefined) return null as unknown as Session;
    const { principal, snapshot } = lost.session.data as ConnectionState;
    const restored: Restored = { from, principal, rooms: lost.session.rooms, snapshot, lost };
    // Nobody has looked at its token yet: it is in no room and receives nothing until that is done.
    return { ...lost.session, rooms: [], missedPackets: [], data: { restored } };
  }

  /**
   * Sends a connection that was let in, and is in its rooms, what it missed: while it was away, and while it was let in.
   * False where that is not known any more, or where it is in a room by now that it was not in: it has not been sent why.
   */
  replay(socket: ChatSocket, { from, rooms, lost }: Restored): boolean {
    if (lost.hasChanged) return false;
    const former = new Set(rooms);
    for (const name of socket.rooms) if (!former.has(name)) return false;
    // Not what it has left meanwhile.
    const missed = this.log.missed(from, new Set(rooms.filter((name) => socket.rooms.has(name))));
    if (missed === undefined) return false;
    const { client } = internalsOfSocket(socket);
    for (const packet of missed) client.writeToEngine([packet], { preEncoded: true });
    return true;
  }

  override broadcast(packet: EventPacket & { id?: number }, opts: BroadcastOptions): void {
    if (opts.rooms.size > 0 && !this.isAnyAwaited(opts.rooms)) return;
    const { volatile, compress } = opts.flags ?? {};
    const options: WriteOptions = { preEncoded: true };
    if (volatile !== undefined) options.volatile = volatile;
    if (compress !== undefined) options.compress = compress;
    packet.nsp = this.nsp.name;
    const isKept = packet.type === EVENT && packet.id === undefined && volatile === undefined;
    // The client names the last one it has when it comes back.
    if (isKept) packet.data.push(this.log.nextOffset());
    const packets = this.internals._encode(packet, options);
    if (isKept) this.keep(packets, options, { rooms: opts.rooms, except: opts.except ?? new Set() });
    this.internals.apply(opts, (socket) => {
      this.deliveries += 1;
      const { client, notifyOutgoingListeners } = internalsOfSocket(socket);
      notifyOutgoingListeners?.call(socket, packet);
      client.writeToEngine(packets, options);
    });
  }

  /**
   * Sends events that differ from one receiver to the next and are not kept: whoever is lost before it has them is not
   * recovered, and syncs. One call for all of one change.
   * @param gapRooms the rooms of those who receive them, and of those who would, were they connected
   */
  broadcastUnkept(events: readonly Omit<RoomEvent, 'except'>[], gapRooms: readonly Room[]): void {
    const missedIn = gapRooms.filter((room) => this.isAwaited(room));
    if (missedIn.length > 0) this.log.keepGap(missedIn);
    for (const { name, payload, rooms } of events) {
      const named = rooms.filter((room) => this.rooms.has(room));
      // To no room at all would be to everybody.
      if (named.length === 0) continue;
      const packet = { type: EVENT, nsp: this.nsp.name, data: [name, payload] };
      for (const room of named) this.deliveries += this.rooms.get(room)?.size ?? 0;
      super.broadcast(packet, { rooms: new Set(named), except: new Set() });
    }
  }

  private keep(
    [packet]: readonly string[],
    { wsPreEncodedFrame }: WriteOptions,
    audience: { rooms: Set<Room>; except: Set<Room> },
  ): void {
    if (packet === undefined) return;
    // As every WebSocket is sent it, behind the 4 by which Engine.IO marks a message.
    const frame = wsPreEncodedFrame?.[1];
    this.log.keep(
      frame === undefined ? { bytes: Buffer.from(packet), start: 0 } : { bytes: frame, start: 1 },
      audience,
    );
  }

  /**
   * Sends many events, each to its own rooms. A socket that several of them reach is written to once: where thousands
   * come online in a moment, that is most of what it costs. Many sockets are written to over several turns of the event
   * loop, so that messages pass in between; hence only for events that may reach a client late, and twice after a
   * recovery. Answers how many deliveries that were.
   */
  async broadcastTogether(events: readonly RoomEvent[]): Promise<number> {
    const bySocket = new Map<Socket, Encoded[]>();
    const sent: { encoded: Encoded; audience: { rooms: Set<Room>; except: Set<Room> } }[] = [];
    let deliveries = 0;
    let nextTurn = DELIVERIES_A_TURN;
    let kept = 0;
    const keep = (some: typeof sent): void => {
      for (const { encoded, audience } of some) this.keep(encoded.packets, encoded.options, audience);
    };
    const yieldTurn = async (): Promise<void> => {
      // A client that comes back in between is replayed what it was not there for.
      keep(sent.slice(kept));
      kept = sent.length;
      await new Promise(setImmediate);
    };
    for (const { name, payload, rooms, except } of events) {
      const named = rooms.filter((room) => this.isAwaited(room)).map((room) => this.names.get(room) ?? room);
      // To no room at all would be to everybody.
      if (rooms.length > 0 && named.length === 0) continue;
      const audience = { rooms: new Set(named), except: new Set(except) };
      const encoded: Encoded = {
        event: { event: name, payload } as ServerEvent,
        packets: [],
        options: { preEncoded: true },
      };
      encoded.packets = this.internals._encode(
        { type: EVENT, nsp: this.nsp.name, data: [name, payload] },
        encoded.options,
      );
      this.internals.apply(audience, (socket) => {
        deliveries += 1;
        const own = bySocket.get(socket);
        if (own === undefined) bySocket.set(socket, [encoded]);
        else own.push(encoded);
      });
      sent.push({ encoded, audience });
      if (deliveries < nextTurn) continue;
      nextTurn = deliveries + DELIVERIES_A_TURN;
      await yieldTurn();
    }
    let written = 0;
    for (const [socket, encoded] of bySocket) {
      writeTogether(socket, encoded);
      if ((written += 1) % SOCKETS_A_TURN === 0) await yieldTurn();
    }
    this.deliveries += deliveries;
    // Kept behind it all: who is lost in between is replayed all of it, and whoever has it already sees the same twice.
    keep(sent);
    return deliveries;
  }

  /** The lost connections of these users are not recovered: what they may receive has changed. */
  forget(userIds: readonly string[]): void {
    if (this.lost.size === 0) return;
    for (const userId of userIds) this.lost.forget(userId);
  }
}

/** Where frames are put together; the same again as long as the system takes what is written at once. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** As one piece where the transport takes frames that are made already, else one by one. */
function writeTogether(socket: Socket | VirtualSocket, encoded: readonly Encoded[]): void {
  if (socket instanceof VirtualSocket) {
    for (const { event } of encoded) socket.deliver(event);
    return;
  }
  const { conn, client } = internalsOfSocket(socket);
  const frames = encoded.flatMap(({ options }) => options.wsPreEncodedFrame ?? []);
  if (encoded.length === 1 || conn.transport.name !== 'websocket' || frames.length < encoded.length) {
    for (const { packets, options } of encoded) client.writeToEngine(packets, { ...options });
    return;
  }
  const length = frames.reduce((sum, frame) => sum + frame.length, 0);
  if (length > scratch.length) scratch = Buffer.allocUnsafeSlow(length);
  let end = 0;
  for (const frame of frames) end += frame.copy(scratch, end);
  conn.write('', { wsPreEncodedFrame: [scratch.subarray(0, length)] });
  writeNow(conn.transport);
  // Some of it waits, and must not be written over.
  if (conn.writeBuffer.length > 0 || conn.transport.socket?.bufferedAmount !== 0)
    scratch = Buffer.allocUnsafeSlow(64 * 1024);
}

/** The server's adapter; undefined before the server is up. */
export function recoveryAdapterOf(server: ChatServer | undefined): RecoveryAdapter | undefined {
  const adapter: unknown = server?.sockets.adapter;
  return adapter instanceof RecoveryAdapter ? adapter : undefined;
}
