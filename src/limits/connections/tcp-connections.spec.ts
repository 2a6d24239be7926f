import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Configuration } from '../../config/configuration.js';
import type { WorkerPlace } from '../../config/worker-place.js';
import { TcpConnections } from './tcp-connections.js';

const MEGABYTE = 1024 * 1024;
const settings = { maxConnections: 100, trustedProxies: 0, rateLimits: true } as Configuration;

describe('TCP connections', () => {
  let server: Server;
  let connections: TcpConnections;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer((_, response) => response.end(Buffer.alloc(20 * MEGABYTE)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    connections.onApplicationShutdown();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function watch(bounds: ConstructorParameters<typeof TcpConnections>[1], worker?: WorkerPlace): void {
    connections = new TcpConnections({ ...settings, worker } as Configuration, bounds);
    connections.watch(server);
  }

  async function client(): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  /** The server's side of the next connection. */
  const accepted = async (): Promise<Socket> => (await once(server, 'connection'))[0] as Socket;

  it('ends one whose client takes nothing of its answer, and not one that takes it slowly', async () => {
    watch({ stallTimeoutMs: 3_000, lookMs: 20 });
    const stalledSide = accepted();
    const stalled = await client();
    stalled.pause();
    stalled.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const slowSide = accepted();
    const slow = await client();
    slow.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    let taken = 0;
    slow.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      slow.pause();
      setTimeout(() => slow.resume(), 20);
    });
    await once(await stalledSide, 'close');
    expect((await slowSide).destroyed).toBe(false);
    const before = taken;
    while (taken === before) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('ends one on which nothing is ever said', async () => {
    watch({ stallTimeoutMs: 100, lookMs: 20 });
    const side = accepted();
    await client();
    await once(await side, 'close');
  });

  it('ends those that have most waiting where too much waits in all together', async () => {
    watch({ maxTotalBacklog: 30 * MEGABYTE, lookMs: 20 });
    const sides: Socket[] = [];
    server.on('connection', (socket) => sides.push(socket));
    for (let n = 0; n < 3; n += 1) {
      const socket = await client();
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    }
    while (sides.filter(({ destroyed }) => destroyed).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sides.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
  });

  it('counts those of one IP address until they become WebSockets', async () => {
    watch({ maxPerIpAddress: 2 });
    server.on('upgrade', (_, socket) => {
      socket.resume().on('end', () => socket.destroy());
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    const [first] = [await client(), await client()];
    const third = await client();
    await once(third, 'close');
    first.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(first, 'data');
    const fourth = await client();
    fourth.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(fourth, 'data');
  });

  it('divides those of one IP address among workers', async () => {
    watch({ maxPerIpAddress: 4 }, { slot: 1, count: 2, directory: '', isAlone: false });
    const [first] = [await client(), await client()];
    const third = await client();
    third.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    // The server's answer, or the end.
    expect(
      await Promise.race([once(third, 'close').then(() => 'ended'), once(third, 'data').then(() => 'answered')]),
    ).toBe('ended');
    first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(first, 'data');
  });

  it('keeps none alive whose answer ends after the server began to close', async () => {
    watch({});
    server.keepAliveTimeout = 3_600_000;
    server.removeAllListeners('request').on('request', (_, response) => response.write('the beginning'));
    const requested = once(server, 'request');
    const side = accepted();
    const late = await client();
    late.resume();
    late.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [, response] = (await requested) as [unknown, ServerResponse];
    connections.beforeApplicationShutdown();
    const closed = once(server, 'close');
    server.close();
    response.end();
    await Promise.all([closed, once(await side, 'close')]);
  });
});
