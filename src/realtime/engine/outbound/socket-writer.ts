import { Injectable } from '@nestjs/common';
import type { ChatSocket } from '../sockets/chat-socket.js';
import { EVENT, internalsOfAdapter, internalsOfSocket, type WriteOptions } from '../internals.js';

interface Encoded {
  packets: string[];
  options: WriteOptions;
}

/**
 * Writes events to single Socket.IO clients, past rooms and past what the adapter keeps for a recovery: those of dialects
 * that offer none, and the end of a connection. What several clients are written is encoded once.
 */
@Injectable()
export class SocketWriter {
  /** By payload, and then by the event's name. */
  private readonly encoded = new WeakMap<object, Map<string, Encoded>>();

  write(socket: ChatSocket, event: string, payload: unknown): void {
    if (!socket.connected) return;
    const { packets, options } =
      typeof payload === 'object' && payload !== null
        ? this.encodedOnce(socket, event, payload)
        : encode(socket, event, payload);
    internalsOfSocket(socket).client.writeToEngine(packets, { ...options });
  }

  private encodedOnce(socket: ChatSocket, event: string, payload: object): Encoded {
    const byEvent = this.encoded.get(payload) ?? new Map<string, Encoded>();
    const encoded = byEvent.get(event) ?? encode(socket, event, payload);
    this.encoded.set(payload, byEvent.set(event, encoded));
    return encoded;
  }
}

function encode({ nsp }: ChatSocket, event: string, payload: unknown): Encoded {
  const options: WriteOptions = { preEncoded: true };
  const packet = { type: EVENT, nsp: nsp.name, data: [event, payload] };
  return { packets: internalsOfAdapter(nsp.adapter)._encode(packet, options), options };
}
