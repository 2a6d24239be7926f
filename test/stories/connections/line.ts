import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../support/servers/free-port.js';

/** The way from a server to its database, which a test may cut. */
export class Line {
  private readonly ends = new Set<Socket>();
  private listener: Server | undefined;

  private constructor(
    private readonly target: URL,
    /** The same database by way of this line. */
    readonly url: string,
    private readonly port: number,
  ) {}

  static async to(databaseUrl: string): Promise<Line> {
    const port = await freePort();
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${port}`;
    const line = new Line(new URL(databaseUrl), url.href, port);
    await line.mend();
    return line;
  }

  /** From here on connections are refused, and those there are have ended. */
  async cut(): Promise<void> {
    const { listener } = this;
    if (listener === undefined) return;
    this.listener = undefined;
    const closed = once(listener, 'close');
    listener.close();
    for (const end of this.ends) end.destroy();
    await closed;
  }

  async mend(): Promise<void> {
    this.listener = createServer((near) => {
      const far = connect(Number(this.target.port), this.target.hostname);
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.ends.add(end);
        end.on('error', () => undefined);
        end.on('close', () => {
          this.ends.delete(end);
          other.destroy();
        });
        end.pipe(other);
      }
    }).listen(this.port, '127.0.0.1');
    await once(this.listener, 'listening');
  }
}
