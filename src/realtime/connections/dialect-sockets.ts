import { Injectable } from '@nestjs/common';
import { Lifecycle } from '../../common/lifecycle.js';
import { Configuration } from '../../config/configuration.js';
import type { ChatSocket } from '../engine/chat-socket.js';
import { VirtualConnections } from './virtual-connections.js';
import { InboundQueue } from '../commands/inbound-queue.js';
import type { DialectPeer, VirtualSocket } from './virtual-socket.js';
import type { Admission } from './handshake.js';
import { HandshakeLimit } from './handshake-limit.js';
import { EngineGuard } from '../engine/engine-guard.js';
import { EVENT } from '../engine/recovery-adapter.js';
import { socketEvent } from '../engine/socket-event.js';
import type { DialectSession, SocketDialect } from './socket-dialects.js';

interface Speaking {
  connection: VirtualSocket;
  session: DialectSession;
}

interface Encoded {
  packets: unknown[];
  options: { preEncoded: true };
}

/** The parts of Socket.IO that its types keep to themselves. */
interface Inside {
  client: { writeToEngine(packets: unknown[], options: object): void };
  nsp: {
    name: string;
    adapter: { _encode(packet: object, options: object): unknown[]; delAll(id: string): void };
  };
}

/**
 * Socket.IO clients that speak a dialect. The socket itself is in no room and hears nothing of what Parley's own clients
 * are told; a double of it is in the rooms, and tells the dialect.
 */
@Injectable()
export class DialectSockets {
  private readonly speaking = new WeakMap<ChatSocket, Speaking>();
  /** By payload, which of one event is the same for all, and then by name: each is encoded once. */
  private readonly encoded = new WeakMap<object, Map<string, Encoded>>();

  constructor(
    private readonly connections: VirtualConnections,
    private readonly lifecycle: Lifecycle,
    private readonly configuration: Configuration,
    private readonly handshakes: HandshakeLimit,
    private readonly guard: EngineGuard,
  ) {}

  open(socket: ChatSocket, dialect: SocketDialect, admission: Admission): void {
    insideOf(socket).nsp.adapter.delAll(socket.id);
    let session: DialectSession | undefined;
    const peer: DialectPeer = {
      told: (serverEvent) => session?.told(serverEvent),
      ended: () => socket.disconnect(true),
    };
    const connection = this.adopted(socket, admission, peer);
    if (connection === undefined) return;
    session = dialect.open(connection, (event, payload) => this.say(socket, event, payload));
    this.speaking.set(socket, { connection, session });
  }

  /** From the client. */
  listen(socket: ChatSocket): void {
    const speaking = this.speaking.get(socket);
    if (speaking === undefined) return;
    const { session } = speaking;
    const inbound = new InboundQueue(this.configuration.eventLimit, this.lifecycle);
    socket.onAny((name: unknown, ...parameters: unknown[]) => {
      // Socket.IO hands over what it had read already, also after it has disconnected the socket.
      if (!socket.connected) return;
      const { event, payload, acknowledge } = socketEvent(name, parameters);
      const refusal = inbound.push(async () => {
        const answer = await session.heard(event, payload, acknowledge !== undefined);
        acknowledge?.(answer);
      });
      if (refusal === undefined) return;
      const answer = session.refused(event, refusal, acknowledge !== undefined);
      acknowledge?.(answer);
      this.guard.rest(socket, inbound.restMs);
      if (!inbound.isFlooded) return;
      void this.handshakes.flooded(socket.data.principal.userId);
      socket.disconnect(true);
    });
  }

  close(socket: ChatSocket): void {
    const speaking = this.speaking.get(socket);
    if (speaking === undefined) return;
    this.speaking.delete(socket);
    this.connections.close(speaking.connection);
  }

  /** Undefined where its session ended while it was let in. */
  private adopted(socket: ChatSocket, admission: Admission, peer: DialectPeer): VirtualSocket | undefined {
    try {
      return this.connections.adopt(socket.data, admission, peer);
    } catch {
      socket.disconnect(true);
      return undefined;
    }
  }

  /** Past the adapter, which would keep it for a recovery that is not offered. */
  private say(socket: ChatSocket, event: string, payload: unknown): void {
    const { client, nsp } = insideOf(socket);
    const encode = (): Encoded => {
      const options = { preEncoded: true as const };
      const packets = nsp.adapter._encode({ type: EVENT, nsp: nsp.name, data: [event, payload] }, options);
      return { packets, options };
    };
    if (!socket.connected) return;
    const { packets, options } =
      typeof payload === 'object' && payload !== null ? this.once(payload, event, encode) : encode();
    client.writeToEngine(packets, { ...options });
  }

  private once(payload: object, event: string, encode: () => Encoded): Encoded {
    const byEvent = this.encoded.get(payload) ?? new Map<string, Encoded>();
    const encoded = byEvent.get(event) ?? encode();
    this.encoded.set(payload, byEvent.set(event, encoded));
    return encoded;
  }
}

function insideOf(socket: ChatSocket): Inside {
  return socket as unknown as Inside;
}
