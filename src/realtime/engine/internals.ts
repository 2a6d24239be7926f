import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'socket.io';
import type { Adapter, BroadcastOptions } from 'socket.io-adapter';
import type { ChatServer } from './sockets/chat-socket.js';

/*
 * The parts of Socket.IO, Engine.IO and ws that their types keep to themselves and that this server relies on, all of
 * them. engine-contract.spec.ts holds each against the installed version: an upgrade that changes one fails there.
 */

/** Socket.IO's number for an event. */
export const EVENT = 2;

export interface EventPacket {
  type: number;
  nsp: string;
  data: unknown[];
}

/** How a packet is written; the adapter adds the WebSocket frame that it makes of it. */
export interface WriteOptions {
  preEncoded: true;
  volatile?: boolean;
  compress?: boolean;
  wsPreEncodedFrame?: Buffer[];
}

/** The adapter's own way from a packet to sockets. */
export interface AdapterInternals {
  _encode(packet: EventPacket, options: WriteOptions): string[];
  apply(options: BroadcastOptions, act: (socket: Socket) => void): void;
}

export interface SocketInternals {
  readonly client: { writeToEngine(packets: string[], options: object): void };
  readonly conn: EngineConnection;
  notifyOutgoingListeners?(packet: object): void;
}

interface WaitingPacket {
  data?: { length: number } | undefined;
  options?: { wsPreEncodedFrame?: readonly { length: number }[] } | undefined;
}

export interface EnginePacket {
  type: string;
  data?: unknown;
}

/** A connection of Engine.IO. Its write buffer is a new one whenever the last was handed to the transport. */
export interface EngineConnection {
  readonly request: IncomingMessage;
  readonly transport: Transport & { readonly socket?: unknown };
  readonly writeBuffer: WaitingPacket[];
  sendPacket(...parameters: unknown[]): void;
  write(packet: string, options: object): void;
  close(discard?: boolean): void;
  on(event: 'packet', listener: (packet: EnginePacket) => void): void;
  on(event: 'upgrade', listener: (transport: Transport) => void): void;
  once(event: 'close', listener: () => void): void;
}

/** Engine.IO's WebSocket transport. `send` and `doClose` are its prototype's, and may be covered by an object's own. */
export interface Transport {
  readonly name: string;
  readonly socket?: { readonly _socket?: { cork(): void; uncork(): void } | null; readonly bufferedAmount: number };
  send(packets: unknown[]): void;
  doClose(done?: () => void): void;
  emit(event: 'drain'): boolean;
}

type EngineRequest = IncomingMessage & { _query?: Record<string, string> };

export interface Engine {
  clients: Record<string, EngineConnection | undefined>;
  /** Of a connection that is new. */
  generateId(request: IncomingMessage): string;
  use(handle: (request: EngineRequest, response: ServerResponse, next: (error?: Error) => void) => void): void;
  on(event: 'connection', listener: (connection: EngineConnection) => void): void;
}

export function engineOf(server: ChatServer): Engine {
  return server.engine as unknown as Engine;
}

export function internalsOfAdapter(adapter: Adapter): AdapterInternals {
  return adapter as unknown as AdapterInternals;
}

export function internalsOfSocket(socket: object): SocketInternals {
  return socket as unknown as SocketInternals;
}

export function connectionOf(socket: object): EngineConnection {
  return internalsOfSocket(socket).conn;
}

const PACKET_OVERHEAD_BYTES = 256;

/** What a packet that waits costs in memory, roughly. */
export function sizeOf({ data, options }: WaitingPacket): number {
  let bytes = PACKET_OVERHEAD_BYTES;
  if (options?.wsPreEncodedFrame !== undefined) for (const part of options.wsPreEncodedFrame) bytes += part.length;
  else bytes += data?.length ?? 0;
  return bytes;
}
