import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { ended } from '../bounded.js';

/** What a proxy does with what passes it. */
export interface TcpProxy {
  readonly port: number;
  /** Passes everything on, as at the beginning. */
  pass(): void;
  /** Accepts, takes everything in, and never answers. */
  stall(): void;
  /** The same to those connections of now that say this text from here on. */
  stallThose(text: string): void;
  /** Ends every connection, and each new one at once. */
  refuse(): void;
  /**
   * The next answer to a request that holds this text is lost: the request passes, and when the answer comes the connection
   * is ended instead, and every other one with it.
   */
  loseAnswerTo(text: string): Promise<void>;
  /** Once clients have sent so many bytes more, every connection is ended, in the middle of whatever that is. */
  breakAfter(bytes: number): Promise<void>;
  /** All that clients have sent through it. */
  readonly bytesFromClients: number;
  close(): Promise<void>;
}

/** Stands between a client and a server, both of this machine, and does to them what networks do. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  let mode: 'pass' | 'stall' | 'refuse' = 'pass';
  let armed: { text: string; lost(): void } | undefined;
  let stalling: { text: string; connections: ReadonlySet<Socket> } | undefined;
  let fuse: { bytes: number; blown(): void } | undefined;
  let bytesFromClients = 0;
  const sockets = new Set<Socket>();
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    const track = (socket: Socket): void => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    };
    track(client);
    if (mode === 'refuse') return void client.destroy();
    if (mode === 'stall') return void client.resume();
    const upstream = connect(target.port, target.host);
    track(upstream);
    let losing: (() => void) | undefined;
    /** What was lost while it stalled is lost: nothing passes here any more. */
    let isStalled = false;
    client.on('data', (bytes) => {
      isStalled ||= mode === 'stall';
      if (stalling?.connections.has(client) === true && bytes.includes(stalling.text)) isStalled = true;
      if (isStalled) return;
      if (armed !== undefined && bytes.includes(armed.text)) {
        losing = armed.lost;
        armed = undefined;
      }
      upstream.write(bytes);
      bytesFromClients += bytes.length;
      if (fuse === undefined) return;
      fuse.bytes -= bytes.length;
      if (fuse.bytes > 0) return;
      endAll();
      fuse.blown();
      fuse = undefined;
    });
    upstream.on('data', (bytes) => {
      isStalled ||= mode === 'stall';
      if (isStalled) return;
      if (losing === undefined) return void client.write(bytes);
      mode = 'refuse';
      endAll();
      losing();
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    pass: () => {
      mode = 'pass';
    },
    stall: () => {
      mode = 'stall';
    },
    stallThose: (text) => {
      stalling = { text, connections: new Set(sockets) };
    },
    refuse: () => {
      mode = 'refuse';
      endAll();
    },
    loseAnswerTo: (text) =>
      new Promise((resolve) => {
        armed = { text, lost: resolve };
      }),
    get bytesFromClients() {
      return bytesFromClients;
    },
    breakAfter: (bytes) =>
      new Promise((resolve) => {
        fuse = { bytes, blown: resolve };
      }),
    close: async () => {
      endAll();
      await ended('the proxy', new Promise((resolve) => server.close(resolve)));
    },
  };
}
