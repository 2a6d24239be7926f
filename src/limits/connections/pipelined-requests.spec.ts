import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { boundPipelinedRequests, MAX_PIPELINED_REQUESTS } from './pipelined-requests.js';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('requests that do not wait for answers', () => {
  let server: Server;
  let client: Socket;
  let waiting: ServerResponse[];
  let received: string;

  beforeEach(async () => {
    waiting = [];
    received = '';
    server = createServer((_, response) => waiting.push(response));
    boundPipelinedRequests(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    client.on('data', (bytes) => (received += String(bytes)));
  });
  afterEach(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  };

  it('end their connection beyond sixteen, and none of the others that came with them is handled', async () => {
    client.write(GET.repeat(600));
    await once(client, 'close');
    expect(waiting).toHaveLength(1);
  });

  it('are answered up to sixteen, again and again on the same connection', async () => {
    for (let round = 1; round <= 3; round += 1) {
      client.write(GET.repeat(MAX_PIPELINED_REQUESTS));
      for (let answered = 0; answered < MAX_PIPELINED_REQUESTS; answered += 1) {
        await until(() => waiting.length > 0);
        waiting.shift()?.end('answered');
      }
      await until(() => received.split('answered').length - 1 === round * MAX_PIPELINED_REQUESTS);
    }
    expect(client.destroyed).toBe(false);
  });

  it('are handled one after the other, each once the answers before it are sent', async () => {
    let arrived = 0;
    server.on('request', () => (arrived += 1));
    client.write(GET.repeat(3));
    await until(() => arrived === 3);
    expect(waiting).toHaveLength(1);
    waiting[0]?.end('first');
    await until(() => waiting.length === 2);
    await until(() => received.includes('first'));
    expect(waiting).toHaveLength(2);
    waiting[1]?.end('second');
    await until(() => waiting.length === 3 && received.includes('second'));
  });

  it('that wait are not handled any more once their client is gone', async () => {
    let arrived = 0;
    server.on('request', () => (arrived += 1));
    client.write(GET.repeat(3));
    await until(() => arrived === 3);
    const closed = once(waiting[0] as ServerResponse, 'close');
    client.destroy();
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).toHaveLength(1);
  });

  it('are bounded also for what took the place of other listeners', async () => {
    const late = createServer();
    boundPipelinedRequests(late);
    let handled = 0;
    late.removeAllListeners('request').on('request', () => (handled += 1));
    late.listen(0, '127.0.0.1');
    await once(late, 'listening');
    const other = connect((late.address() as AddressInfo).port, '127.0.0.1');
    other.on('error', () => undefined);
    other.write(GET.repeat(600));
    await once(other, 'close');
    expect(handled).toBe(1);
    await new Promise((resolve) => late.close(resolve));
  });
});
