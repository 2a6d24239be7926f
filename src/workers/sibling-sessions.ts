import { unlinkSync } from 'node:fs';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as send,
  type Server,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import process from 'node:process';
import { pipeline } from 'node:stream';
import type { WorkerPlace } from '../config/worker-place.js';
import type { PrimaryChannel } from './primary-channel.js';
import { socketPath, workerSocketName } from './socket-path.js';

const SOCKET_IO_PATH = '/socket.io/';
/** Whose connection a request came by, from one worker to another. */
const CLIENT_ADDRESS = 'x-parley-client-address';
/** What is about one connection, and not about what goes through it. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  CLIENT_ADDRESS,
]);
/** What is about what goes through, whatever `Connection` says: where a body ends, and whom it is for. */
const MESSAGE_HEADERS: ReadonlySet<string> = new Set(['content-length', 'host']);
/** What Engine.IO answers where it does not know a session: the client begins a new one. */
const UNKNOWN_SESSION = '{"code":1,"message":"Session ID unknown"}';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;
type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/**
 * Brings requests about a session of long polling to the worker that it lives in, whichever of them its connection came to: a
 * client's connections are dealt out in turn, and one of them carries requests about several sessions, and others.
 *
 * - A request for a poll goes on to that worker, by a socket in the workers' directory, and its answer back: the connection
 *   stays, and its next request may be about anything.
 * - A request to upgrade takes its connection along: from then on that is a WebSocket, which costs nothing twice.
 *
 * The IP address of the client is the same for either worker, so limits by IP address count it.
 */
export class SiblingSessions {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly entrance: Server;
  private readonly path: string;

  private constructor(
    private readonly httpServer: Server,
    private readonly place: WorkerPlace,
    private readonly channel: PrimaryChannel,
    private readonly sessionId: RegExp,
  ) {
    this.path = this.pathOf(place.slot);
    this.entrance = createServer((request, response) => this.take(request, response));
    // The others close these; one that was closed here in the moment of a request would lose it.
    Object.assign(this.entrance, { keepAliveTimeout: 0, requestTimeout: 0 });
  }

  /** To be called once everything else listens to the server's requests, and before those come. */
  static async join(
    server: Server,
    place: WorkerPlace,
    channel: PrimaryChannel,
    nodeName: string | undefined,
  ): Promise<SiblingSessions> {
    // As Configuration.sessionPrefix makes them.
    const sessionId = new RegExp(`[?&]sid=${nodeName === undefined ? '' : `${nodeName}\\.`}w(\\d{1,2})\\.`);
    const sessions = new SiblingSessions(server, place, channel, sessionId);
    sessions.intercept();
    await sessions.listen();
    return sessions;
  }

  close(): void {
    this.agent.destroy();
    this.entrance.close();
    this.entrance.closeAllConnections();
  }

  private async listen(): Promise<void> {
    removeFile(this.path);
    this.entrance.listen(this.path);
    await once(this.entrance, 'listening');
    // The directory is left empty by the last of them, also where the process that made it was killed.
    process.on('exit', () => removeFile(this.path));
    this.channel.onUpgrade((socket, head) => {
      socket.unshift(Buffer.from(head, 'latin1'));
      this.httpServer.emit('connection', socket);
    });
  }

  private intercept(): void {
    const { httpServer } = this;
    const requests = httpServer.listeners('request') as RequestListener[];
    const upgrades = httpServer.listeners('upgrade') as UpgradeListener[];
    httpServer.removeAllListeners('request').removeAllListeners('upgrade');
    httpServer.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const slot = this.siblingOf(request);
      if (slot === undefined) for (const listener of requests) listener.call(httpServer, request, response);
      else this.pass(slot, request, response);
    });
    httpServer.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const slot = this.siblingOf(request);
      if (slot === undefined) for (const listener of upgrades) listener.call(httpServer, request, socket, head);
      else this.channel.moveUpgrade(socket, slot, headOf(request) + head.toString('latin1'));
    });
  }

  /** The worker that a request is about, where it is another one. */
  private siblingOf({ url = '' }: IncomingMessage): number | undefined {
    if (!url.startsWith(SOCKET_IO_PATH)) return undefined;
    const slot = Number(this.sessionId.exec(url)?.[1]);
    return slot >= 1 && slot <= this.place.count && slot !== this.place.slot ? slot : undefined;
  }

  private pass(slot: number, request: IncomingMessage, response: ServerResponse): void {
    const { method, url } = request;
    const headers = [...withoutConnection(request.rawHeaders), CLIENT_ADDRESS, request.socket.remoteAddress ?? ''];
    // Without it Node would write the body of some methods bare onto the connection, where it is the next request.
    if (request.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
    const passed = send({ socketPath: this.pathOf(slot), agent: this.agent, method, path: url, headers });
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutConnection(answer.rawHeaders));
      // Where either end goes, so does the other.
      pipeline(answer, response, () => undefined);
    });
    passed.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(400, { 'Content-Type': 'application/json', Connection: 'close' }).end(UNKNOWN_SESSION);
    });
    response.on('close', () => passed.destroy());
    pipeline(request, passed, () => undefined);
  }

  /** A request that came to another worker. */
  private take(request: IncomingMessage, response: ServerResponse): void {
    const remoteAddress = request.headers[CLIENT_ADDRESS];
    Object.defineProperty(request.socket, 'remoteAddress', { value: remoteAddress, configurable: true });
    delete request.headers[CLIENT_ADDRESS];
    this.httpServer.emit('request', request, response);
  }

  private pathOf(slot: number): string {
    return socketPath(this.place.directory, workerSocketName(slot));
  }
}

/** A request as it came. Its parts were taken apart by Node, so none of them holds the end of a line. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2)
    head += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  return `${head}\r\n`;
}

function withoutConnection(rawHeaders: readonly string[]): string[] {
  const named = (
    rawHeaders.find((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'connection') ?? ''
  )
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return rawHeaders.filter((_, index) => {
    const name = (rawHeaders[index - (index % 2)] ?? '').toLowerCase();
    return MESSAGE_HEADERS.has(name) || !(CONNECTION_HEADERS.has(name) || named.includes(name));
  });
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there, or is no file.
  }
}
