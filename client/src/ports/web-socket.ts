import type { Socket, SocketListeners, SocketOptions } from './network.js';

const HANDSHAKE_TIMEOUT_MS = 15_000;

/** What an Engine.IO packet begins with, and behind MESSAGE a Socket.IO one. */
const OPEN = '0';
const PING = '2';
const PONG = '3';
const CONNECT = '40';
const DISCONNECT = '41';
const EVENT = '42';
const ACKNOWLEDGEMENT = '43';
const CONNECT_ERROR = '44';

/**
 * Socket.IO (protocol 5 over Engine.IO 4) on a WebSocket of the platform, as far as Parley speaks it: JSON, one namespace,
 * no packets of bytes. It never reconnects and never keeps anything to send later, since retries have one owner.
 * `unreachable` is called in place of `failed` where no WebSocket came to be: something in between may not let it through, or
 * swallow it, where nothing was answered at all.
 */
export function openWebSocket(
  Native: new (url: string) => WebSocket,
  { url, auth }: SocketOptions,
  listeners: SocketListeners,
  unreachable: (isSilent: boolean) => void,
): Socket {
  const native = new Native(`${url.replace(/^http/i, 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const acknowledgements = new Map<number, (answer: unknown) => void>();
  let sequence = 0;
  let state: 'opening' | 'handshake' | 'connected' | 'done' = 'opening';
  let silenceMs = HANDSHAKE_TIMEOUT_MS;
  let isSilent = false;
  let timer: ReturnType<typeof setTimeout>;
  const platform = globalThis as Partial<EventTarget>;
  const end = (report: () => void): void => {
    if (state === 'done') return;
    state = 'done';
    clearTimeout(timer);
    platform.removeEventListener?.('offline', lost);
    native.close();
    report();
  };
  const lost = (): void => {
    const before = state;
    end(() => {
      if (before === 'connected') listeners.disconnected();
      else if (before === 'opening') unreachable(isSilent);
      else listeners.failed({});
    });
  };
  /** The server pings in time, or it is not there any more. */
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isSilent = true;
      lost();
    }, silenceMs);
  };
  /** What a packet means; throws for what is none. */
  const read = (packet: string): (() => void) | undefined => {
    if (packet.startsWith(OPEN)) {
      const { pingInterval, pingTimeout } = JSON.parse(packet.slice(1)) as {
        pingInterval: number;
        pingTimeout: number;
      };
      return () => {
        silenceMs = pingInterval + pingTimeout;
        state = 'handshake';
        native.send(CONNECT + JSON.stringify(auth));
      };
    }
    if (packet.startsWith(PING))
      return () => {
        watch();
        native.send(PONG);
      };
    if (packet.startsWith(CONNECT))
      return () => {
        state = 'connected';
        watch();
        listeners.connected();
      };
    if (packet.startsWith(DISCONNECT)) return lost;
    if (packet.startsWith(CONNECT_ERROR)) {
      const { data } = JSON.parse(packet.slice(2)) as { data: Record<string, unknown> };
      return () => end(() => listeners.failed({ data }));
    }
    const isEvent = packet.startsWith(EVENT);
    if (!isEvent && !packet.startsWith(ACKNOWLEDGEMENT)) return undefined;
    const start = packet.indexOf('[');
    const [first, second] = JSON.parse(packet.slice(start)) as unknown[];
    if (isEvent) return () => listeners.event(first as string, second);
    const id = Number(packet.slice(2, start));
    const acknowledge = acknowledgements.get(id);
    acknowledgements.delete(id);
    return () => acknowledge?.(first);
  };
  native.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (state === 'done') return;
    let react: (() => void) | undefined;
    try {
      react = read(data as string);
    } catch {
      // Not the protocol: this socket is of no use.
      return lost();
    }
    react?.();
  });
  native.addEventListener('error', lost);
  native.addEventListener('close', lost);
  // A socket whose network is gone would live on until a ping is missing.
  platform.addEventListener?.('offline', lost);
  watch();
  return {
    emit: (event, payload, acknowledge) => {
      if (state !== 'connected') return;
      if (acknowledge !== undefined) acknowledgements.set(sequence, acknowledge);
      native.send(`${EVENT}${acknowledge === undefined ? '' : sequence++}${JSON.stringify([event, payload])}`);
    },
    close: () => {
      if (state === 'connected') native.send(DISCONNECT);
      end(() => undefined);
    },
  };
}
