import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many requests of one connection may wait for their answers. Browsers and proxies send one after the other. */
export const MAX_PIPELINED_REQUESTS = 16;

/**
 * Ends a connection that sends more requests than that without waiting for answers, and handles those within the bound one
 * after the other: an answer behind the first one would lie in memory, where nothing that bounds connections counts it, and
 * hold open the file that it is of.
 *
 * To be called before the server listens. What listens to its requests by then is called for those within the bound alone,
 * also where it has taken the place of other listeners.
 */
export function boundPipelinedRequests(server: Server): void {
  const underWay = new WeakMap<Socket, number>();
  const isWithinBound = ({ socket }: IncomingMessage, response: ServerResponse): boolean => {
    // Of what has been read already, requests go on to come after the end.
    if (socket.destroyed) return false;
    const count = (underWay.get(socket) ?? 0) + 1;
    if (count > MAX_PIPELINED_REQUESTS) {
      socket.destroy();
      return false;
    }
    underWay.set(socket, count);
    response.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
    return true;
  };
  server.once('listening', () => {
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (!isWithinBound(request, response)) return;
      const handle = (): void => {
        for (const listener of listeners) listener.call(server, request, response);
      };
      // An answer has its connection once those before it are sent. It is finished twice if it ends within that event.
      if (response.socket === null)
        response.once('socket', (socket: Socket) =>
          process.nextTick(() => {
            // Where writing the answer before was called off, because its client has gone.
            if (!socket.destroyed) handle();
          }),
        );
      else handle();
    });
  });
}
