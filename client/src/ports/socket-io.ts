import { io } from 'socket.io-client';
import type { SocketFactory } from './network.js';

const HANDSHAKE_TIMEOUT_MS = 15_000;

/**
 * Socket.IO as a plain pipe: it never reconnects and never keeps anything to send later, since retries have one owner.
 * WebSocket first, long polling where something in between does not let it through.
 */
export const socketIo: SocketFactory = ({ url, auth }, listeners) => {
  const socket = io(url, {
    auth,
    forceNew: true,
    reconnection: false,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    timeout: HANDSHAKE_TIMEOUT_MS,
  });
  let isDone = false;
  const once = (tell: () => void): void => {
    if (isDone) return;
    isDone = true;
    tell();
    socket.close();
  };
  socket.on('connect', () => {
    if (!isDone) listeners.connected();
  });
  socket.on('connect_error', (error: Error & { data?: Record<string, unknown> }) =>
    once(() => {
      const code = error.data?.['code'];
      listeners.failed({
        message: error.message,
        ...(typeof code === 'string' ? { code } : {}),
        ...(error.data === undefined ? {} : { data: error.data }),
      });
    }),
  );
  socket.on('disconnect', (reason) =>
    once(() => listeners.disconnected({ byServer: reason === 'io server disconnect', message: reason })),
  );
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
