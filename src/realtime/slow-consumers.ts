import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ChatServer, ChatSocket } from './chat-socket.js';

/** What may wait for one client to read it, in bytes. */
export const LARGEST_BACKLOG = 4 * 1024 * 1024;
const LOOK_MS = 500;

interface WaitingPacket {
  data?: { length: number } | undefined;
  options?: { wsPreEncodedFrame?: readonly { length: number }[] } | undefined;
}

/** The parts of a connection that its types keep to themselves. */
interface Transport {
  readonly socket?: { readonly bufferedAmount: number; terminate(): void };
}

/**
 * Ends connections whose clients do not read what they are sent, before it fills the memory of everybody. Such a client
 * cannot be told why; when it is back, sync brings what it missed.
 */
@Injectable()
export class SlowConsumers implements OnApplicationShutdown {
  private readonly logger = new Logger(SlowConsumers.name);
  private timer: NodeJS.Timeout | undefined;

  watch(server: ChatServer): void {
    this.timer = setInterval(() => {
      for (const socket of server.sockets.sockets.values()) if (backlogOf(socket) > LARGEST_BACKLOG) this.end(socket);
    }, LOOK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private end(socket: ChatSocket): void {
    this.logger.warn(`a connection of user ${socket.data.principal.userId} reads too slowly and is ended`);
    const { socket: stream } = socket.conn.transport as unknown as Transport;
    socket.conn.close(true);
    // A close frame would wait behind everything else that is not read.
    stream?.terminate();
  }
}

/** Bytes that wait for this client: in Engine.IO's own queue, and in the WebSocket. */
function backlogOf(socket: ChatSocket): number {
  const { writeBuffer, transport } = socket.conn as unknown as {
    writeBuffer: readonly WaitingPacket[];
    transport: Transport;
  };
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data, options } of writeBuffer) {
    if (options?.wsPreEncodedFrame !== undefined) for (const part of options.wsPreEncodedFrame) bytes += part.length;
    else bytes += data?.length ?? 0;
  }
  return bytes;
}
