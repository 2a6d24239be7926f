import { UUID_PATTERN } from '../../common/identifier.js';
import type { Connection } from '../commands/chat-commands.js';
import type { ConnectionState } from '../engine/chat-socket.js';
import type { CloseCode } from '../protocol/close-reasons.js';
import type { ServerEventName, ServerPayload } from '../protocol/server-events.js';
import { room } from '../delivery/room-names.js';

/** Anything a member may be told of, in Parley's own words. */
export type ServerEvent = { [Name in ServerEventName]: { event: Name; payload: ServerPayload<Name> } }[ServerEventName];

/** One client that speaks otherwise. */
export interface DialectPeer {
  /** In the order in which Parley's own clients would be told. Must not throw. */
  told(serverEvent: ServerEvent): void;
  /** The server ends the connection. `undefined`: it has said why before, or there is nobody to say it to. */
  ended(code: CloseCode | undefined): void;
}

/** The parts of an adapter that rooms are made of. */
export interface RoomAdapter {
  addAll(id: string, rooms: Set<string>): void;
  del(id: string, room: string): void;
  delAll(id: string): void;
  socketRooms(id: string): Set<string> | undefined;
}

interface Packet {
  data?: unknown;
}

/**
 * A member of rooms that is no Socket.IO client of ours: to the adapter it is a socket like any other, so it is joined,
 * left, told and ended by the very calls that do it to all, on this process and from others. What the adapter has encoded
 * for the others it does not take; what was encoded it hands to its peer.
 */
export class VirtualSocket implements Connection {
  readonly takesPlainHttp = true;
  /** Where the adapter writes what it encoded. */
  readonly client = { writeToEngine: () => undefined };
  private reason: CloseCode | undefined;
  private isOver = false;

  constructor(
    readonly id: string,
    readonly data: ConnectionState,
    private readonly adapter: RoomAdapter,
    private readonly peer: DialectPeer,
    private readonly renew: (socket: VirtualSocket) => void,
  ) {}

  get principal(): ConnectionState['principal'] {
    return this.data.principal;
  }

  get rooms(): Set<string> {
    return this.adapter.socketRooms(this.id) ?? new Set();
  }

  join(rooms: string | readonly string[]): void {
    if (!this.isOver) this.adapter.addAll(this.id, new Set(typeof rooms === 'string' ? [rooms] : rooms));
  }

  leave(name: string): void {
    this.adapter.del(this.id, name);
  }

  /** The adapter's word before it writes: what it is about to write, not yet encoded. */
  notifyOutgoingListeners({ data }: Packet): void {
    if (Array.isArray(data)) this.tell({ event: data[0], payload: data[1] });
  }

  emit(event: ServerEventName, payload: object): boolean {
    this.tell({ event, payload } as ServerEvent);
    return true;
  }

  tell(serverEvent: ServerEvent): void {
    if (this.isOver) return;
    // Told to the peer with the end itself, which follows.
    if (serverEvent.event === 'session:ended') this.reason = serverEvent.payload.code;
    else this.peer.told(serverEvent);
  }

  disconnect(): void {
    if (!this.isOver) this.peer.ended(this.reason);
  }

  /** From here on it hears nothing. */
  over(): void {
    this.isOver = true;
    this.adapter.delAll(this.id);
  }

  setOpen(conversationId: string, isOpen: boolean): void {
    if (isOpen) this.join(room.open(conversationId));
    else this.leave(room.open(conversationId));
  }

  /** Shows all the conversations it is in, as a client does that has no word for showing one. */
  openAll(): void {
    this.join([...this.rooms].filter((name) => UUID_PATTERN.test(name)).map(room.open));
  }

  repeated(payload: ServerPayload<'message:new'>): void {
    if (this.data.echo) this.tell({ event: 'message:new', payload });
  }

  renewed(expiresAt: number): void {
    this.data.expiresAt = expiresAt;
    this.renew(this);
  }
}
