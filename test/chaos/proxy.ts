import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  near: Socket;
  far: Socket;
  /** Something that came from the far side was thrown away. */
  lost: boolean;
}

/** A network between two parties that can be cut, stalled, or made to lose what comes back. */
export class Proxy {
  private readonly links = new Set<Link>();
  private readonly waiting = new Set<Socket>();
  private isStalled = false;
  private losesAnswers = false;

  private constructor(
    private readonly server: Server,
    private readonly port: () => number,
  ) {}

  /** @param port where to; asked at each connection. */
  static async start(port: () => number): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: false });
    const proxy = new Proxy(server, port);
    server.on('connection', (near) => proxy.accept(near));
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return proxy;
  }

  get boundTo(): AddressInfo {
    return this.server.address() as AddressInfo;
  }

  /** Every connection ends at once, without a word. */
  cut(): void {
    for (const link of this.links) destroy(link);
    for (const near of this.waiting) near.destroy();
  }

  /** Nothing passes, in neither direction, without a word to anybody. */
  stall(): void {
    this.isStalled = true;
    for (const { near, far } of this.links) {
      near.pause();
      far.pause();
    }
  }

  /** What is asked arrives; what is answered does not. */
  loseAnswers(): void {
    this.losesAnswers = true;
  }

  /** Everything passes again. A connection that lost something is of no use any more and ends. */
  heal(): void {
    this.isStalled = false;
    this.losesAnswers = false;
    for (const link of this.links) {
      if (link.lost) destroy(link);
      else {
        link.near.resume();
        link.far.resume();
      }
    }
    for (const near of this.waiting) this.open(near);
    this.waiting.clear();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(near: Socket): void {
    near.on('error', () => undefined);
    if (!this.isStalled) return this.open(near);
    near.pause();
    this.waiting.add(near);
    near.once('close', () => this.waiting.delete(near));
  }

  private open(near: Socket): void {
    if (near.destroyed) return;
    const far = connect({ host: '127.0.0.1', port: this.port() });
    const link: Link = { near, far, lost: false };
    this.links.add(link);
    near.setNoDelay(true);
    far.setNoDelay(true);
    far.on('error', () => undefined);
    near.on('data', (chunk) => void (far.write(chunk) || this.wait(near, far)));
    far.on('data', (chunk) => {
      if (this.losesAnswers) link.lost = true;
      // Once something is missing, what follows it would be taken for something else.
      if (!link.lost && !near.write(chunk)) this.wait(far, near);
    });
    for (const side of [near, far]) {
      side.once('close', () => {
        this.links.delete(link);
        destroy(link);
      });
    }
    if (!this.isStalled) near.resume();
  }

  private wait(source: Socket, target: Socket): void {
    source.pause();
    target.once('drain', () => {
      if (!this.isStalled) source.resume();
    });
  }
}

function destroy({ near, far }: Link): void {
  if (!near.destroyed) near.resetAndDestroy();
  if (!far.destroyed) far.resetAndDestroy();
}
