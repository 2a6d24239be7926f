import type { Socket, SocketFactory } from './network.js';
import { openWebSocket } from './web-socket.js';

type NativeWebSocket = new (url: string) => WebSocket;

/**
 * Over the WebSocket of the platform. Where there is none (Node 20), or where something in between does not let it through,
 * Socket.IO's own client is loaded, which has long polling as well.
 */
export function socketIoOver(Native: NativeWebSocket | undefined): SocketFactory {
  return (options, listeners) => {
    let socket: Socket | undefined;
    let isDone = false;
    const load = (reachable: Promise<unknown>): void => {
      // A script that could not be loaded once some browsers do not load again: not before the network is there.
      reachable
        .then(() => import('./socket-io-client.js'))
        .then(
          ({ openSocketIoClient }) => {
            if (!isDone) socket = openSocketIoClient(options, listeners);
          },
          (error: unknown) => {
            if (!isDone) listeners.failed({ message: String(error) });
          },
        );
    };
    if (Native === undefined) load(Promise.resolve());
    else
      socket = openWebSocket(Native, options, listeners, () =>
        load(fetch(`${options.url}/socket.io/`, { method: 'HEAD', mode: 'no-cors' })),
      );
    return {
      emit: (event, payload, acknowledge) => socket?.emit(event, payload, acknowledge),
      close: () => {
        isDone = true;
        socket?.close();
      },
    };
  };
}

export const socketIo: SocketFactory = (options, listeners) =>
  socketIoOver((globalThis as { WebSocket?: NativeWebSocket }).WebSocket)(options, listeners);
