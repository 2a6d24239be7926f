import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ended } from '../bounded.js';

/** A network between the server and its database that can be cut. */
export class DatabaseProxy {
  private readonly sockets = new Set<Socket>();
  /** Whether each new connection is reset at once; those that there are stay. */
  isRefusing = false;
  /** What a statement contains whose answer, and all behind it on its connection, does not come. */
  unanswered: RegExp | undefined;
  /** Connections that were made through it so far. */
  accepted = 0;

  private constructor(
    private readonly server: Server,
    /** The address of the database by way of this proxy. */
    readonly url: string,
  ) {}

  static async start(databaseUrl: string): Promise<DatabaseProxy> {
    const target = new URL(databaseUrl);
    const [host, port] = [target.hostname, Number(target.port || 5432)];
    const server = createServer((near) => {
      if (proxy.isRefusing) {
        near.on('error', () => undefined);
        near.resetAndDestroy();
        return;
      }
      proxy.accepted += 1;
      const far = connect(port, host);
      let isSilent = false;
      near.on('data', (chunk) => {
        if (proxy.unanswered?.test(chunk.toString('latin1')) === true) isSilent = true;
      });
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        proxy.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => {
          if (socket === near || !isSilent) other.write(chunk);
        });
        socket.on('end', () => other.end());
        socket.on('close', () => {
          proxy.sockets.delete(socket);
          other.destroy();
        });
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    target.hostname = '127.0.0.1';
    target.port = String((server.address() as AddressInfo).port);
    const proxy = new DatabaseProxy(server, target.href);
    return proxy;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.size / 2;
  }

  /** Every connection ends as by a reset of the network: ECONNRESET, without a word of the database. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.reset();
    await ended('the proxy of the database', closed);
  }
}
