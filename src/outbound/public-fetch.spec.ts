import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type FetchedBody, publicFetch, type PublicFetchOptions } from './public-fetch.js';
import { publicPost } from './public-post.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(started.address() as AddressInfo).port}`;
}

function get(url: string, changes: Partial<PublicFetchOptions> = {}): Promise<FetchedBody> {
  return publicFetch(url, {
    timeoutMs: 10_000,
    maxBytes: 1_000,
    truncate: true,
    maxRedirects: 3,
    accept: 'text/html',
    takes: (type) => type.startsWith('text/html'),
    allowedHosts: [],
    ...changes,
  });
}

describe('fetching what users name', () => {
  it('reaches no address that is not public, by number, by name or by another spelling', async () => {
    let requests = 0;
    const host = await serve((_, response) => {
      requests += 1;
      response.end();
    });
    const port = host.split(':')[1];
    for (const url of [
      'http://127.0.0.1/',
      'http://localhost/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://169.254.169.254/latest/meta-data/',
      `http://127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      'file:///etc/passwd',
      'http://user:secret@1.1.1.1/',
      'http://1.1.1.1:22/',
    ])
      await expect(get(url)).rejects.toThrow(/not public|port|protocol|credentials/);
    expect(requests).toBe(0);
  });

  it('follows no redirect inside, and not for ever', async () => {
    const host = await serve((request, response) => {
      const to = request.url === '/inside' ? 'http://localhost/' : '/again';
      response.writeHead(302, { location: to }).end();
    });
    const allowedHosts = [host];
    await expect(get(`http://${host}/inside`, { allowedHosts })).rejects.toThrow('not public');
    await expect(get(`http://${host}/`, { allowedHosts })).rejects.toThrow('too many redirects');
  });

  it('fails where the server goes on in another protocol', async () => {
    const host = await serve(() => undefined);
    server?.on('connection', (socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
    });
    await expect(get(`http://${host}/`, { allowedHosts: [host] })).rejects.toThrow('no answer');
    const posted = publicPost(new URL(`http://${host}/`), {
      headers: {},
      body: Buffer.from('{}'),
      timeoutMs: 10_000,
      isAllowed: true,
    });
    await expect(posted).rejects.toThrow('no answer');
  });

  it('answers the body, decoded and no longer than asked for, and where it came from', async () => {
    const host = await serve((request, response) => {
      if (request.url === '/') return void response.writeHead(301, { location: '/page' }).end();
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
      response.end(gzipSync('x'.repeat(5_000_000)));
    });
    const { body, url } = await get(`http://${host}/`, { allowedHosts: [host] });
    expect(url).toBe(`http://${host}/page`);
    expect(body.toString()).toBe('x'.repeat(1_000));
    await expect(get(`http://${host}/page`, { allowedHosts: [host], truncate: false })).rejects.toThrow('too large');
  });

  it('takes no other content, no error and no encoding that was not asked for', async () => {
    const host = await serve((request, response) => {
      const [, status, type, encoding] = (request.url ?? '').split('/').map(decodeURIComponent);
      response
        .writeHead(Number(status), { 'content-type': String(type), 'content-encoding': String(encoding) })
        .end('x');
    });
    for (const path of ['404/text%2Fhtml/identity', '200/image%2Fpng/identity', '200/text%2Fhtml/zstd'])
      await expect(get(`http://${host}/${path}`, { allowedHosts: [host] })).rejects.toThrow(
        /status 404|content type|encoding/,
      );
  });

  it('ends what never ends, before the headers and behind them', async () => {
    const host = await serve((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write('x');
    });
    for (const path of ['silent', 'trickle'])
      await expect(get(`http://${host}/${path}`, { allowedHosts: [host], timeoutMs: 200 })).rejects.toThrow(
        /too long|abort|timeout/i,
      );
  });
});
