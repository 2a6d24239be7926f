import type { Socket, SocketFactory } from './network.js';
import { openWebSocket } from './web-socket.js';

type NativeWebSocket = new (url: string) => WebSocket;

/** A server that answers by HTTP does so sooner. */
const HTTP_TIMEOUT_MS = 10_000;

/**
 * Over the WebSocket of the platform. Where there is none (Node 20), or where something in between does not let it through,
 * Socket.IO's own client is loaded, which has long polling as well. Where nothing answered a WebSocket, the next try is long
 * polling's: the network may be gone, or something may swallow WebSockets.
 */
export function socketIoOver(Native: NativeWebSocket | undefined): SocketFactory {
  let wasSilent = false;
  return (options, listeners) => {
    let socket: Socket | undefined;
    let isDone = false;
    const controller = new AbortController();
    const load = (): void => {
      import('./socket-io-client.js').then(
        ({ openSocketIoClient }) => {
          if (!isDone) socket = openSocketIoClient(options, listeners);
        },
        (error: unknown) => fail(error),
      );
    };
    const fail = (error: unknown): void => {
      if (!isDone) listeners.failed({ message: String(error) });
    };
    /** A script that could not be loaded once some browsers do not load again: not before the network is there. */
    const loadWhereHttpIs = (): void => {
      const timer = setTimeout(() => controller.abort(), HTTP_TIMEOUT_MS);
      fetch(`${options.url}/socket.io/`, { method: 'HEAD', mode: 'no-cors', signal: controller.signal })
        .then(load, fail)
        .finally(() => clearTimeout(timer));
    };
    if (Native === undefined) load();
    else if (wasSilent) {
      wasSilent = false;
      loadWhereHttpIs();
    } else
      socket = openWebSocket(Native, options, listeners, (isSilent) => {
        wasSilent = isSilent;
        if (isSilent) listeners.failed({});
        else loadWhereHttpIs();
      });
    return {
      emit: (event, payload, acknowledge) => socket?.emit(event, payload, acknowledge),
      close: () => {
        isDone = true;
        controller.abort();
        socket?.close();
      },
    };
  };
}

let platform: { Native: NativeWebSocket | undefined; open: SocketFactory } | undefined;

export const socketIo: SocketFactory = (options, listeners) => {
  const Native = (globalThis as { WebSocket?: NativeWebSocket }).WebSocket;
  if (platform === undefined || platform.Native !== Native) platform = { Native, open: socketIoOver(Native) };
  return platform.open(options, listeners);
};
