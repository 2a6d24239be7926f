import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Server, type Socket as ServerSocket } from 'socket.io';
import { WebSocket, WebSocketServer } from 'ws';
import type { Socket, SocketListeners } from '../../src/ports/network.js';
import { socketIoOver } from '../../src/ports/socket-io.js';

type Report = [what: string, ...details: unknown[]];

/** Everything a socket reports, in order; `next` waits for the next report. */
class Reports {
  private readonly reports: Report[] = [];
  private readonly waiters: ((report: Report) => void)[] = [];

  readonly listeners: SocketListeners = {
    connected: () => this.add(['connected']),
    failed: ({ data }) => this.add(['failed', data]),
    disconnected: () => this.add(['disconnected']),
    event: (name, payload) => this.add(['event', name, payload]),
  };

  next(): Promise<Report> {
    const report = this.reports.shift();
    return report === undefined ? new Promise((resolve) => this.waiters.push(resolve)) : Promise.resolve(report);
  }

  get left(): readonly Report[] {
    return this.reports;
  }

  private add(report: Report): void {
    const waiter = this.waiters.shift();
    if (waiter === undefined) this.reports.push(report);
    else waiter(report);
  }
}

/** A WebSocket whose server never answers. */
class Swallowed extends EventTarget {
  send(): void {}
  close(): void {}
}

const NATIVE = WebSocket as unknown as new (url: string) => globalThis.WebSocket;

describe.each([
  ['the platform’s WebSocket', NATIVE],
  ['Socket.IO’s own client', undefined],
])('a socket over %s', (_name, native) => {
  let http: HttpServer;
  let server: Server;
  let url: string;
  let reports: Reports;
  let socket: Socket | undefined;

  beforeEach(async () => {
    http = createHttpServer();
    server = new Server(http, { pingInterval: 200, pingTimeout: 20_000 });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    reports = new Reports();
  });

  afterEach(async () => {
    socket?.close();
    await server.close();
  });

  const open = (auth: Record<string, unknown> = { token: 'a "token"' }): Socket =>
    (socket = socketIoOver(native)({ url, auth }, reports.listeners));
  const accepted = (): Promise<ServerSocket> =>
    new Promise((resolve) => {
      server.once('connection', resolve);
    });

  it('hands over its auth, events in their order and the acknowledgement that belongs to each', async () => {
    const arriving = accepted();
    const own = open();
    const other = await arriving;
    expect(other.handshake.auth).toEqual({ token: 'a "token"' });
    expect(await reports.next()).toEqual(['connected']);
    other.emit('message:new', { text: '["42" 🦜\n]' });
    other.emit('typing');
    expect(await reports.next()).toEqual(['event', 'message:new', { text: '["42" 🦜\n]' }]);
    expect((await reports.next()).slice(0, 2)).toEqual(['event', 'typing']);
    const asked: unknown[] = [];
    const answers: ((answer: unknown) => void)[] = [];
    const everything = new Promise<void>((resolve) => {
      other.on('sync', (payload: unknown, acknowledge: (answer: unknown) => void) => {
        asked.push(payload);
        answers.push(acknowledge);
        if (answers.length === 12) resolve();
      });
    });
    const answered = Array.from(
      { length: 12 },
      (_, index) =>
        new Promise((resolve) => {
          own.emit('sync', { index }, resolve);
        }),
    );
    await everything;
    for (const [index, answer] of [...answers.entries()].reverse()) answer({ ok: true, data: { index } });
    expect(await Promise.all(answered)).toEqual(asked.map((data) => ({ ok: true, data })));
  });

  it('emits without an acknowledgement, and nothing before it is connected', async () => {
    const arriving = accepted();
    const own = open();
    own.emit('too-early', {});
    const other = await arriving;
    const received = new Promise<unknown[]>((resolve) => {
      other.onAny((...values: unknown[]) => resolve(values));
    });
    await reports.next();
    own.emit('typing', { isTyping: true });
    expect(await received).toEqual(['typing', { isTyping: true }]);
  });

  it('reports a refused handshake once, with the server’s code and details', async () => {
    server.use((_, next) => {
      next(Object.assign(new Error('No.'), { data: { code: 'TOKEN_EXPIRED', retryAfterMs: 5 } }));
    });
    open();
    expect(await reports.next()).toEqual(['failed', { code: 'TOKEN_EXPIRED', retryAfterMs: 5 }]);
    await new Promise((resolve) => http.close(resolve));
    expect(reports.left).toEqual([]);
  });

  it('reports the server’s disconnect after the event that explains it', async () => {
    const arriving = accepted();
    open();
    const other = await arriving;
    await reports.next();
    other.emit('session:ended', { code: 'X' });
    other.disconnect(true);
    expect(await reports.next()).toEqual(['event', 'session:ended', { code: 'X' }]);
    expect(await reports.next()).toEqual(['disconnected']);
  });

  it('reports a connection that breaks, and lives through pings until then', async () => {
    const arriving = accepted();
    open();
    const other = await arriving;
    await reports.next();
    let pongs = 0;
    await new Promise<void>((resolve) => {
      other.conn.on('heartbeat', () => {
        pongs += 1;
        if (pongs === 3) resolve();
      });
    });
    other.conn.transport.close();
    expect(await reports.next()).toEqual(['disconnected']);
  });

  it('closes in the same tick: the server is notified, and no listener is called any more', async () => {
    const arriving = accepted();
    const own = open();
    const other = await arriving;
    await reports.next();
    const reason = new Promise<string>((resolve) => {
      other.on('disconnect', resolve);
    });
    other.emit('typing', {});
    own.close();
    own.emit('typing', {});
    expect(await reason).toBe('client namespace disconnect');
    expect(reports.left).toEqual([]);
  });

  it('reports a server that is not there', async () => {
    await server.close();
    open();
    expect((await reports.next())[0]).toBe('failed');
  });
});

describe('a socket over the platform’s WebSocket', () => {
  const silent = async (work: (url: string, servers: WebSocketServer) => Promise<void>): Promise<void> => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => {
      sockets.once('listening', resolve);
    });
    try {
      await work(`http://127.0.0.1:${(sockets.address() as AddressInfo).port}`, sockets);
    } finally {
      for (const one of sockets.clients) one.terminate();
      await new Promise((resolve) => sockets.close(resolve));
    }
  };

  it('gives up a server that no longer pings', () =>
    silent(async (url, sockets) => {
      sockets.on('connection', (one) => {
        one.send('0{"sid":"a","pingInterval":20,"pingTimeout":20}');
        one.on('message', () => one.send('40{"sid":"b"}'));
      });
      const reports = new Reports();
      const socket = socketIoOver(NATIVE)({ url, auth: {} }, reports.listeners);
      expect(await reports.next()).toEqual(['connected']);
      expect(await reports.next()).toEqual(['disconnected']);
      socket.close();
    }));

  it.each(['0no json', '42no array', '43[', '44{', Buffer.from([1, 2])])('gives up one that answers %p', (packet) =>
    silent(async (url, sockets) => {
      sockets.on('connection', (one) => {
        one.send('0{"sid":"a","pingInterval":20000,"pingTimeout":20000}');
        one.on('message', () => {
          one.send('40{"sid":"b"}');
          one.send(packet);
        });
      });
      const reports = new Reports();
      const socket = socketIoOver(NATIVE)({ url, auth: {} }, reports.listeners);
      expect(await reports.next()).toEqual(['connected']);
      expect(await reports.next()).toEqual(['disconnected']);
      socket.close();
    }),
  );

  it.each([
    ['lets no WebSocket through', NATIVE],
    ['swallows what a WebSocket asks: at the second try', Swallowed as unknown as typeof NATIVE],
  ])('goes over long polling where something in between %s', async (_, native) => {
    const http = createHttpServer();
    const server = new Server(http, { transports: ['polling'] });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const arriving = new Promise<ServerSocket>((resolve) => {
      server.once('connection', resolve);
    });
    const reports = new Reports();
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const open = socketIoOver(native);
    if (native !== NATIVE) {
      // The wait for the first answer.
      const { setTimeout } = globalThis;
      jest.spyOn(globalThis, 'setTimeout').mockImplementationOnce((work) => setTimeout(work, 1));
      open({ url, auth: {} }, reports.listeners);
      expect(await reports.next()).toEqual(['failed', undefined]);
    }
    const socket = open({ url, auth: {} }, reports.listeners);
    try {
      const other = await arriving;
      expect(other.conn.transport.name).toBe('polling');
      expect(await reports.next()).toEqual(['connected']);
      other.emit('typing', { isTyping: true });
      expect(await reports.next()).toEqual(['event', 'typing', { isTyping: true }]);
      const closed = new Promise((resolve) => {
        other.conn.once('close', resolve);
      });
      socket.close();
      await closed;
    } finally {
      jest.restoreAllMocks();
      socket.close();
      await server.close();
    }
  });

  it.each([
    ['what says that HTTP gets through', NATIVE],
    ['a platform without a WebSocket', undefined],
  ])('ends nothing but the connection where the first answer to long polling is cut off: %s', async (_, native) => {
    const http = createHttpServer((request, response) => {
      const isPolling = request.url?.startsWith('/socket.io/') === true;
      response.writeHead(200, { 'content-type': 'text/plain' }).end(isPolling ? '0{"sid":"a","upgra' : '{}');
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const reports = new Reports();
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const socket = socketIoOver(native)({ url, auth: {} }, reports.listeners);
    expect(await reports.next()).toEqual(['failed', {}]);
    socket.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
});
