import type { Socket } from 'socket.io';
import { type Transport, writeNow } from './write-once-a-turn.js';
import { type BroadcastOptions, type Room, SessionAwareAdapter, type Session } from 'socket.io-adapter';
import { BoundedMap } from '../common/bounded-map.js';
import type { Principal } from '../common/principal.js';
import type { ChatSocket, ConnectionState } from './chat-socket.js';
import { DialectMember, type Telling } from './dialect-member.js';

/** Broadcasts kept for those who are about to come back; who missed more than this is brought up by sync. */
const MOST_PACKETS = 10_000;

/** Sockets written to before the event loop gets its turn. */
const SOCKETS_A_TURN = 256;

interface KeptPacket {
  id: string;
  opts: BroadcastOptions;
  data: unknown[];
  emittedAt: number;
}

interface EventPacket {
  type: number;
  nsp: string;
  data: unknown[];
}

/** What is kept of a lost connection that came back, until it is known who it is. */
export interface Restored {
  /** Where the adapter stood. */
  at: number;
  principal: Principal;
  rooms: readonly string[];
  missed: unknown[][];
}

/** An event on its way to some rooms. */
export interface RoomEvent {
  name: string;
  payload: object;
  rooms: readonly Room[];
  except: readonly Room[];
}

interface Encoded {
  telling: Telling;
  packets: string[];
  options: { preEncoded: true; wsPreEncodedFrame?: Buffer[] };
}

/** What the base class keeps to itself in its types. */
interface Inside {
  readonly packets: KeptPacket[];
  _encode(packet: EventPacket, options: Encoded['options']): string[];
  apply(options: BroadcastOptions, act: (socket: Socket) => void): void;
}

/** Socket.IO's number for an event. */
export const EVENT = 2;

type PersistedSession = Parameters<SessionAwareAdapter['persistSession']>[0];

/**
 * Socket.IO's own recovery of a lost connection, with three things changed: what it keeps is bounded; nothing is
 * replayed before the token of the connection was looked at, and only to the session that lost it; and it is told when
 * what a session may hear has changed. Recovery goes by the rooms a connection had when it was lost, so whoever joined,
 * left or was logged out meanwhile is not recovered, and syncs.
 */
export class RecoveryAdapter extends SessionAwareAdapter {
  private readonly recoverable = new BoundedMap<string, string>(MOST_PACKETS);
  /** How many packets were ever kept. */
  private kept = 0;
  private readonly names = new Map<Room, Room>();

  constructor(namespace: ConstructorParameters<typeof SessionAwareAdapter>[0]) {
    super(namespace);
    this.on('create-room', (name: Room) => this.names.set(name, name));
    this.on('delete-room', (name: Room) => this.names.delete(name));
  }

  /** The name of a room that somebody is in, the very text that is kept for it. */
  nameOf(room: Room): Room | undefined {
    return this.names.get(room);
  }

  /** Private in its types; there is no other way to bound what is kept, or to write several packets at once. */
  private get inside(): Inside {
    return this as unknown as Inside;
  }

  private get keptPackets(): KeptPacket[] {
    return this.inside.packets;
  }

  override persistSession(session: PersistedSession): void {
    const { principal, dialect } = session.data as Partial<ConnectionState>;
    // Of a namespace that is not ours, or of a socket that nobody was let in on.
    if (principal === undefined) return;
    // Rooms are kept by its double, which is gone; what it missed, its document has a way to ask for.
    if (dialect !== undefined) return;
    this.recoverable.set(session.pid, principal.userId);
    super.persistSession(session);
  }

  override async restoreSession(pid: string, offset: string): Promise<Session> {
    // Typed as a session, but null is how the base class says that there is none.
    if (!this.recoverable.delete(pid)) return null as unknown as Session;
    const at = this.kept;
    const session = (await super.restoreSession(pid, offset)) as Session | null;
    if (session === null) return null as unknown as Session;
    const { principal } = session.data as ConnectionState;
    const restored: Restored = {
      ...{ at, principal, rooms: session.rooms },
      missed: session.missedPackets,
    };
    // Nobody has looked at its token yet: it is in no room and told nothing until that is done.
    return { ...session, rooms: [], missedPackets: [], data: { restored } };
  }

  /**
   * Tells a connection that was let in, and is in its rooms, what it missed: while it was away, and while it was let in.
   * False where that is not known any more.
   */
  replay(socket: ChatSocket, { at, missed }: Restored): boolean {
    const since = this.kept - at;
    if (since > this.keptPackets.length) return false;
    const { rooms } = socket;
    const lately = since === 0 ? [] : this.keptPackets.slice(-since).filter(({ opts }) => isFor(rooms, opts));
    for (const data of [...missed, ...lately.map((packet) => packet.data)])
      (socket as unknown as { packet(packet: object): void }).packet({ type: EVENT, data });
    return true;
  }

  override broadcast(...parameters: Parameters<SessionAwareAdapter['broadcast']>): void {
    const { length } = this.keptPackets;
    super.broadcast(...parameters);
    const { keptPackets } = this;
    this.kept += keptPackets.length - length;
    this.dropOldest();
  }

  /**
   * Sends many events, each to its own rooms. A socket that several of them reach is written to once: where thousands
   * come online in a moment, that is most of what it costs. Many sockets are written to over several turns of the event
   * loop, so that messages pass in between; hence only for events that may reach a client late, and twice after a
   * recovery. Answers how many deliveries that were.
   */
  async broadcastTogether(events: readonly RoomEvent[]): Promise<number> {
    const bySocket = new Map<Socket, Encoded[]>();
    const sent: KeptPacket[] = [];
    let deliveries = 0;
    for (const { name, payload, rooms, except } of events) {
      // A room that nobody is in matters only to those who are away and may come back to it.
      const isAwaited = this.recoverable.size > 0;
      const named = rooms.flatMap((room) => this.names.get(room) ?? (isAwaited ? room : []));
      // To no room at all would be to everybody.
      if (rooms.length > 0 && named.length === 0) continue;
      const opts: BroadcastOptions = { rooms: new Set(named), except: new Set(except) };
      const data = [name, payload];
      const encoded: Encoded = {
        telling: { event: name, payload } as Telling,
        packets: [],
        options: { preEncoded: true },
      };
      encoded.packets = this.inside._encode({ type: EVENT, nsp: this.nsp.name, data }, encoded.options);
      this.inside.apply(opts, (socket) => {
        deliveries += 1;
        const own = bySocket.get(socket);
        if (own === undefined) bySocket.set(socket, [encoded]);
        else own.push(encoded);
      });
      const id = `together-${this.kept + sent.length}`;
      sent.push({ id, opts, data: [...data, id], emittedAt: Date.now() });
    }
    let written = 0;
    for (const [socket, encoded] of bySocket) {
      writeTogether(socket, encoded);
      if ((written += 1) % SOCKETS_A_TURN === 0) await new Promise(setImmediate);
    }
    // Kept only now: who is lost in between is replayed all of it, and whoever has it already sees the same twice.
    this.keptPackets.push(...sent);
    this.kept += sent.length;
    this.dropOldest();
    return deliveries;
  }

  private dropOldest(): void {
    const { keptPackets } = this;
    if (keptPackets.length > MOST_PACKETS * 2) keptPackets.splice(0, keptPackets.length - MOST_PACKETS);
  }

  /** The lost connections of these users are not recovered: what they may hear has changed. */
  forget(userIds: readonly string[]): void {
    if (this.recoverable.size === 0) return;
    const forgotten = new Set(userIds);
    for (const [pid, userId] of this.recoverable) if (forgotten.has(userId)) this.recoverable.delete(pid);
  }
}

/** Whether who is in these rooms is told; to no room at all is to everybody. */
function isFor(rooms: ReadonlySet<string>, opts: BroadcastOptions): boolean {
  const isNamed = opts.rooms.size === 0 || [...opts.rooms].some((name) => rooms.has(name));
  return isNamed && ![...(opts.except ?? [])].some((name) => rooms.has(name));
}

/** Where frames are put together; the same again as long as the system takes what is written at once. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** As one piece where the transport takes frames that are made already, else one by one. */
function writeTogether(socket: Socket | DialectMember, encoded: readonly Encoded[]): void {
  if (socket instanceof DialectMember) {
    for (const { telling } of encoded) socket.tell(telling);
    return;
  }
  const { conn, client } = socket as unknown as {
    conn: {
      transport: Transport;
      writeBuffer: readonly unknown[];
      write(packet: string, options: object): void;
    };
    client: { writeToEngine(packets: string[], options: object): void };
  };
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
