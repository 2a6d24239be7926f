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
    expect(waiting).toHaveLength(MAX_PIPELINED_REQUESTS);
  });

  it('are answered up to sixteen, again and again on the same connection', async () => {
    for (let round = 1; round <= 3; round += 1) {
      client.write(GET.repeat(MAX_PIPELINED_REQUESTS));
      await until(() => waiting.length === MAX_PIPELINED_REQUESTS);
      for (const response of waiting.splice(0)) response.end('answered');
      await until(() => received.split('answered').length - 1 === round * MAX_PIPELINED_REQUESTS);
    }
    expect(client.destroyed).toBe(false);
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
    expect(handled).toBe(MAX_PIPELINED_REQUESTS);
    await new Promise((resolve) => late.close(resolve));
  });
});
