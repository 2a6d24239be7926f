import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { startStory, type Story } from '../../support/story.js';

/** The status of one raw request, so that its host and its version can be anything. */
async function statusOf(url: string, headers: readonly string[], version = '1.1'): Promise<number> {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()).on('error', () => undefined));
  socket.write(`GET /metrics HTTP/${version}\r\n${[...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  await ended;
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(received)?.[1]);
}

describe('who may read the metrics', () => {
  const token = 'a token for those who watch';
  let open: Story;
  let closed: Story;
  let behindProxy: Story;
  beforeAll(async () => {
    open = await startStory();
    closed = await startStory({ metricsToken: token });
    behindProxy = await startStory({ trustedProxies: 1 });
  });
  afterAll(() => Promise.all([open, closed, behindProxy].map((story) => story?.close())));

  it.each(['localhost', 'localhost:3000', 'LOCALHOST', '127.0.0.1', '127.0.0.1:9', '[::1]', '[::1]:3000'])(
    'is this machine where it calls itself %s',
    async (host) => {
      expect(await statusOf(open.url, [`Host: ${host}`])).toBe(200);
    },
  );

  it.each([
    'chat.example.com',
    'localhost.example.com',
    '127.0.0.1.example.com',
    'example.com@127.0.0.1',
    '127.0.0.1:x',
    '10.0.0.1',
    '::1',
    '[::2]',
    '0.0.0.0',
    '',
  ])('is nobody who came under the name of %j', async (host) => {
    expect(await statusOf(open.url, [`Host: ${host}`])).toBe(404);
  });

  it.each([
    'X-Forwarded-For: 203.0.113.7',
    'X-Forwarded-For:',
    'X-Forwarded-Host: chat.example.com',
    'X-Forwarded-Proto: https',
    'Forwarded: for=203.0.113.7',
    'X-Real-IP: 203.0.113.7',
    'Via: 1.1 proxy',
    'CF-Connecting-IP: 203.0.113.7',
    'True-Client-IP: 203.0.113.7',
    'X-Envoy-External-Address: 203.0.113.7',
    'X-Original-Forwarded-For: 203.0.113.7',
  ])('is nobody whose request was passed on by what says %s', async (header) => {
    expect(await statusOf(open.url, ['Host: localhost', header])).toBe(404);
  });

  it('is nobody who speaks HTTP/1.0, as nginx does by default to what it passes requests on to', async () => {
    expect(await statusOf(open.url, ['Host: 127.0.0.1:3000'], '1.0')).toBe(404);
    expect(await statusOf(open.url, [], '1.0')).toBe(404);
  });

  it('is nobody without the token where a proxy is configured', async () => {
    expect(await statusOf(behindProxy.url, ['Host: localhost'])).toBe(404);
  });

  it('is whoever has the token, from anywhere, and nobody else where there is one', async () => {
    const right = `Authorization: Bearer ${token}`;
    expect(await statusOf(closed.url, ['Host: chat.example.com', 'X-Forwarded-For: 203.0.113.7', right])).toBe(200);
    expect(await statusOf(closed.url, ['Host: localhost', right])).toBe(200);
    for (const wrong of [
      [],
      ['Authorization: Bearer'],
      ['Authorization: Bearer wrong'],
      [`Authorization: Bearer ${token}x`],
      [`Authorization: Bearer ${token.slice(0, -1)}`],
      [`Authorization: Basic ${token}`],
    ])
      expect([wrong, await statusOf(closed.url, ['Host: localhost', ...wrong])]).toEqual([wrong, 404]);
  });

  it('is nobody by a token where none is configured', async () => {
    expect(await statusOf(open.url, ['Host: chat.example.com', 'Authorization: Bearer undefined'])).toBe(404);
  });
});
