import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrimaryChannel } from './primary-channel.js';
import { SiblingSessions } from './sibling-sessions.js';

const SIBLINGS = '/socket.io/?EIO=4&transport=polling&sid=w2.session';

interface Received {
  line: string;
  body: string;
  remoteAddress: string | undefined;
}

describe('requests about a session of a sibling', () => {
  let directory: string;
  let received: Received[];
  let workers: { server: Server; sessions: SiblingSessions }[];

  const worker = async (slot: number): Promise<void> => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        received.push({
          line: `${slot} ${request.method} ${request.url}`,
          body,
          remoteAddress: request.socket.remoteAddress,
        });
        response.end(`for ${request.headers.authorization ?? 'nobody'}`);
      });
    });
    const channel = { onUpgrade: () => undefined } as unknown as PrimaryChannel;
    const place = { slot, count: 2, directory, isAlone: false };
    workers.push({ server, sessions: await SiblingSessions.join(server, place, channel, undefined) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'siblings-'));
    [received, workers] = [[], []];
    await worker(1);
    await worker(2);
  });

  afterEach(async () => {
    for (const { server, sessions } of workers) {
      sessions.close();
      server.close();
      server.closeAllConnections();
    }
    await rm(directory, { recursive: true });
  });

  /** What the first worker answers to it, until it ends the connection. */
  const answerTo = async (request: string): Promise<string> => {
    const listening = workers[0]?.server.address() as AddressInfo;
    const socket = connect(listening.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.write(request);
    await once(socket, 'close');
    return answer;
  };

  const hidden = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nx-parley-client-address: 127.0.0.99\r\n\r\n';

  it.each([
    [
      'in chunks',
      `Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ],
    [
      'whose length is named as the connection’s',
      `Connection: close, content-length\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    ],
  ])('go to it whole where they have a body %s, which is no request of its own', async (_, rest) => {
    await answerTo(`GET ${SIBLINGS} HTTP/1.1\r\nHost: x\r\n${rest}`);
    const answer = await answerTo(
      `GET ${SIBLINGS}2 HTTP/1.1\r\nHost: x\r\nAuthorization: ada\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain('for ada');
    expect(received).toEqual([
      { line: `2 GET ${SIBLINGS}`, body: hidden, remoteAddress: '127.0.0.1' },
      { line: `2 GET ${SIBLINGS}2`, body: '', remoteAddress: '127.0.0.1' },
    ]);
  });
});
