import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { type Anything, until } from '../story.js';

/** A notification as the device would get it, whatever provider brought it. */
export interface Delivered {
  /** The token, or a browser's endpoint. */
  address: string;
  title: string | undefined;
  body: string | undefined;
  /** Undefined where nothing is said of it. */
  badge: number | undefined;
  sound: boolean;
  tag: string | undefined;
  /** Nothing is shown. */
  quiet: boolean;
  /** With values as the client gets them. */
  data: Record<string, Anything>;
}

export interface Call {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** What a fake does with a call instead of answering it well. */
export type Misbehaviour =
  /** Says this instead. */
  | Reply
  /** Ends the connection without a word. */
  | 'cut'
  /** Says nothing until `release`. */
  | 'slow'
  /** Begins well and never ends, for as long as it is read. */
  | 'endless';

/** Where an answer without an end ends after all, so that a test that fails ends as well. */
const MAX_ENDLESS_BYTES = 256 * 1024 * 1024;

/**
 * What all fakes of providers have in common. Each keeps what it delivered, and what was wrong with what it was sent: a test
 * ends by looking at `faults`, which is never anything but empty.
 */
export abstract class FakeService {
  readonly delivered: Delivered[] = [];
  readonly faults: string[] = [];
  calls = 0;
  /** Of answers without an end, what was taken from the fake. */
  endlessBytes = 0;
  /** Decides about each call before it is looked at; undefined: it is answered well. */
  misbehave: (call: Call) => Misbehaviour | undefined = () => undefined;
  private readonly sockets = new Set<Socket>();
  private readonly held: (() => void)[] = [];
  protected server: Server | undefined;

  get url(): string {
    const address = this.server?.address();
    if (address == null || typeof address === 'string') throw new Error('the fake has not started');
    return `http://127.0.0.1:${address.port}`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      this.take(request, response).catch((error: Error) => this.faults.push(error.message));
    });
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.release();
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      if (this.server === undefined) resolve();
      else this.server.close(() => resolve());
    });
  }

  /** What was held is answered now. */
  release(): void {
    this.misbehave = () => undefined;
    for (const go of this.held.splice(0)) go();
  }

  of(address: string): Delivered[] {
    return this.delivered.filter((one) => one.address === address);
  }

  /** Waits until a device got so many, and answers them. */
  async arrived(address: string, count = 1): Promise<Delivered[]> {
    await until(`${count} notifications came to ${address}`, () => this.of(address).length >= count);
    return this.of(address);
  }

  protected abstract answer(call: Call): Reply | Promise<Reply>;

  protected fault(what: string): void {
    this.faults.push(what);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const call = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    this.calls += 1;
    const wrong = this.misbehave(call);
    if (wrong === 'cut') {
      request.socket.destroy();
      return;
    }
    if (wrong === 'slow') await new Promise<void>((resolve) => this.held.push(resolve));
    if (wrong === 'endless') {
      await this.endless(response);
      return;
    }
    const reply = typeof wrong === 'object' ? wrong : await this.answer(call);
    if (response.destroyed) return;
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
  }

  private async endless(response: ServerResponse): Promise<void> {
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const closed = new Promise<void>((resolve) => response.on('close', resolve));
    response.writeHead(200, { 'content-type': 'application/json' });
    while (!response.destroyed && this.endlessBytes < MAX_ENDLESS_BYTES) {
      this.endlessBytes += chunk.length;
      if (!response.write(chunk))
        await Promise.race([closed, new Promise<void>((resolve) => response.once('drain', resolve))]);
    }
    response.destroy();
  }
}
