import { io, type Socket } from 'socket.io-client';
import type { SocketFactory } from './network.js';

const HANDSHAKE_TIMEOUT_MS = 15_000;

function isHandshake(text: unknown): boolean {
  try {
    return Array.isArray((JSON.parse(text as string) as { upgrades?: unknown } | null)?.upgrades);
  } catch {
    return false;
  }
}

/**
 * A first answer that was cut off, or is another program's, is a connection that failed: the library throws it where nobody
 * can catch it, which would end a Node process. In a browser this is XMLHttpRequest's.
 */
function failOnWrongAnswer({ io: { engine } }: Socket): void {
  // What the library keeps to itself. It can be derived from in its ES modules alone: CommonJS exports no transports.
  const transport = engine.transport as unknown as {
    onPacket(packet: { type: string; data?: unknown }): void;
    onError(reason: string): void;
  };
  const onPacket = transport.onPacket.bind(transport);
  transport.onPacket = (packet) => {
    if (packet.type === 'open' && !isHandshake(packet.data)) transport.onError('The first answer is none, or cut off.');
    else onPacket(packet);
  };
}

/**
 * Socket.IO's own client as a plain pipe: it never reconnects and never keeps anything to send later, since retries have
 * one owner. It is 13 kB, and speaks long polling; loaded where it is needed alone.
 */
export const openSocketIoClient: SocketFactory = ({ url, auth }, listeners) => {
  let socket: Socket | undefined;
  let isDone = false;
  const open = (transport: string, next?: string): void => {
    const opened = io(url, {
      auth,
      forceNew: true,
      reconnection: false,
      transports: [transport],
      timeout: HANDSHAKE_TIMEOUT_MS,
    });
    socket = opened;
    failOnWrongAnswer(opened);
    const once = (report: () => void): void => {
      if (isDone || socket !== opened) return;
      isDone = true;
      report();
      opened.close();
    };
    let isThrough = false;
    opened.io.on('open', () => {
      isThrough = true;
    });
    opened.on('connect', () => {
      if (!isDone) listeners.connected();
    });
    opened.on('connect_error', ({ data = {} }: Error & { data?: Record<string, unknown> }) => {
      if (isThrough || next === undefined) return once(() => listeners.failed({ data }));
      opened.close();
      if (!isDone) open(next);
    });
    opened.on('disconnect', () => once(() => listeners.disconnected()));
    opened.onAny((name: string, payload: unknown) => {
      if (!isDone) listeners.event(name, payload);
    });
  };
  // Without WebSocket in the platform, the library brings one (Node 20). Where there is one, it was tried.
  if ('WebSocket' in globalThis) open('polling');
  else open('websocket', 'polling');
  return {
    emit: (event, payload, acknowledge) => {
      if (isDone || socket?.connected !== true) return;
      if (acknowledge === undefined) socket.emit(event, payload);
      else socket.emit(event, payload, acknowledge);
    },
    close: () => {
      isDone = true;
      socket?.close();
    },
  };
};
