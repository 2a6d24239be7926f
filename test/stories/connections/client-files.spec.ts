import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story, until } from '../../support/story.js';
import { RawWebSocket } from '../../support/clients/raw-web-socket.js';

describe('what pages load from the server', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it.each(['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.msgpack.min.js', 'socket.io.js?v=1'])(
    "is Socket.IO's own client at /socket.io/%s, for pages of any origin",
    async (name) => {
      const response = await fetch(`${story.url}/socket.io/${name}`, { headers: { origin: 'https://page.example' } });
      const { headers } = response;
      expect(response.status).toBe(200);
      expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect(headers.get('content-encoding')).toBe('gzip');
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('public, max-age=3600');
      expect(await response.text()).toContain('Socket.IO v4');
      const again = await fetch(`${story.url}/socket.io/${name}`, {
        headers: { 'if-none-match': headers.get('etag') ?? '' },
      });
      expect([again.status, await again.text()]).toEqual([304, '']);
    },
  );

  it('is a map where one is asked for, and plain where nothing else is taken', async () => {
    const map = await fetch(`${story.url}/socket.io/socket.io.min.js.map`, {
      headers: { 'accept-encoding': 'identity' },
    });
    expect([map.status, map.headers.get('content-encoding')]).toEqual([200, null]);
    expect((await map.json()) as object).toMatchObject({ version: 3 });
    const head = await fetch(`${story.url}/socket.io/socket.io.js`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    ['gzip;q=0', null],
    ['br, gzip;q=0.000', null],
    ['xgzip-like', null],
    ['*', 'gzip'],
    ['*;q=0', null],
    ['br;q=1.0, GZIP;q=0.5', 'gzip'],
  ])('is compressed where that is accepted: %s', async (accepted, encoding) => {
    const url = `${story.url}/socket.io/socket.io.min.js`;
    const { headers } = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': accepted } });
    expect(headers.get('content-encoding')).toBe(encoding);
  });

  it.each([
    ['GET', 'socket.io.esm.js', 404],
    ['GET', '../package.json', 404],
    ['GET', 'socket.io.js/', 400],
    ['GET', 'package.json', 400],
    ['POST', 'socket.io.js', 400],
  ])('is nothing else: %s %s', async (method, name, status) => {
    expect((await fetch(`${story.url}/socket.io/${name}`, { method })).status).toBe(status);
  });

  it('outlives clients of namespaces that nobody made, who go without a word', async () => {
    const ada = await story.person();
    for (const namespace of ['/admin', '/constructor', '/__proto__', `/${'x'.repeat(1_000)}`]) {
      const raw = await RawWebSocket.open(story.url, '/socket.io/?EIO=4&transport=websocket');
      raw.send(`40${namespace},{"token":"${ada.accessToken}"}`);
      await until('it is answered that there is none', () => raw.text.includes('Invalid namespace'));
      raw.send(`42${namespace},["send_message",{}]`);
      raw.close();
    }
    expect((await ada.device()).socket.connected).toBe(true);
  });
});
