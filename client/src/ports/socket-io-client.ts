import { io, NodeWebSocket, NodeXHR } from 'socket.io-client';
import type { SocketFactory } from './network.js';

const HANDSHAKE_TIMEOUT_MS = 15_000;

/**
 * A first answer that was cut off is a connection that failed: the library throws it where nobody can catch it, which would
 * end a Node process. In a browser this is XMLHttpRequest's.
 */
class Polling extends NodeXHR {
  protected override onPacket(packet: Parameters<InstanceType<typeof NodeXHR>['onPacket']>[0]): void {
    if (packet.type === 'open' && !isJson(packet.data)) this.onError('The first answer is cut off.', undefined);
    else super.onPacket(packet);
  }
}

function isJson(text: unknown): boolean {
  try {
    return JSON.parse(text as string) !== null;
  } catch {
    return false;
  }
}

/**
 * Socket.IO's own client as a plain pipe: it never reconnects and never keeps anything to send later, since retries have
 * one owner. It is 13 kB, and speaks long polling; loaded where it is needed alone.
 */
export const openSocketIoClient: SocketFactory = ({ url, auth }, listeners) => {
  const socket = io(url, {
    auth,
    forceNew: true,
    reconnection: false,
    // Without WebSocket in the platform, the library brings one (Node 20). Where there is one, it was tried.
    transports: 'WebSocket' in globalThis ? [Polling] : [NodeWebSocket, Polling],
    tryAllTransports: true,
    timeout: HANDSHAKE_TIMEOUT_MS,
  });
  let isDone = false;
  const once = (report: () => void): void => {
    if (isDone) return;
    isDone = true;
    report();
    socket.close();
  };
  socket.on('connect', () => {
    if (!isDone) listeners.connected();
  });
  socket.on('connect_error', ({ data = {} }: Error & { data?: Record<string, unknown> }) =>
    once(() => listeners.failed({ data })),
  );
  socket.on('disconnect', () => once(() => listeners.disconnected()));
  socket.onAny((name: string, payload: unknown) => {
    if (!isDone) listeners.event(name, payload);
  });
  return {
    emit: (event, payload, acknowledge) => {
      if (isDone || !socket.connected) return;
      if (acknowledge === undefined) socket.emit(event, payload);
      else socket.emit(event, payload, acknowledge);
    },
    close: () => {
      isDone = true;
      socket.close();
    },
  };
};
