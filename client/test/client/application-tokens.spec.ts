import { describe, expect, it } from '@jest/globals';
import { createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { rejection, settled } from '../support/virtual-clock.js';
import { Chance, ME, ModelServer, noChanges } from '../sync/model-server.js';
import { made } from './fake-server.js';

describe('a client', () => {
  describe('that is given the tokens of the application', () => {
    const users: Fetch = (_, { headers }) => {
      const id = headers['authorization']?.replace('Bearer token of ', '');
      const text = () => Promise.resolve(JSON.stringify({ id }));
      return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
    };
    const bring = (user: string) => () => Promise.resolve(`token of ${user}`);
    const never = (): Promise<string> => new Promise(() => undefined);

    it('is the user’s whose token is brought, also where it was another one’s before, in this run or an earlier one', async () => {
      const { client, ports } = made(users);
      await client.useToken(bring('ada'));
      expect(client.userId).toBe('ada');
      await client.useToken(bring('grace'));
      expect([client.userId, (await ports.tokens.load())?.accessToken]).toEqual(['grace', 'token of grace']);
      await client.close();
      const next = createClient(ports);
      await next.ready;
      expect(next.userId).toBe('grace');
      await next.useToken(bring('ada'));
      expect(next.userId).toBe('ada');
      await next.close();
    });

    it('is the last user’s where the server cannot be asked', async () => {
      const { client, ports } = made(users);
      await client.useToken(bring('ada'));
      await client.close();
      for (const fetch of [() => Promise.reject(new TypeError('no network')), never as unknown as Fetch]) {
        const next = createClient({ ...ports, fetch });
        const used = next.useToken(bring('grace'));
        await ports.clock.advance(5_000);
        await used;
        expect(next.userId).toBe('ada');
        await next.close();
      }
    });

    /** Who is connected as the first user of a server, and has seen its conversation. */
    async function connected(fetch: Fetch) {
      const parts = made(fetch);
      const server = new ModelServer(new Chance(1));
      server.send('c0', 'u1');
      await parts.client.useToken(bring(ME));
      await settled();
      parts.sockets.last.welcome(ME);
      await settled();
      const data = { ...noChanges(), conversations: [server.conversation('c0')] };
      parts.sockets.last.answer('sync', { ok: true, data });
      await settled();
      expect(parts.client.connection.getSnapshot().status).toBe('live');
      return parts;
    }

    it('sends nothing more as the last user where the server cannot be asked whose the next token is', async () => {
      let isReachable = true;
      const { client, sockets, clock } = await connected((url, init) =>
        isReachable ? users(url, init) : Promise.reject(new TypeError('no network')),
      );
      isReachable = false;
      const used = client.useToken(bring('grace'));
      await clock.advance(100);
      await used;
      await settled();
      expect(sockets.opened.map(({ options, isClosed }) => [options.auth, isClosed])).toEqual([
        [{ token: `token of ${ME}`, echo: false }, true],
        [{ token: 'token of grace', echo: false }, false],
      ]);
      sockets.last.welcome('grace');
      await clock.advance(1_000);
      expect(client.userId).toBe('grace');
      await client.close();
    });

    it('asks nothing as the next user of what the last one looks at', async () => {
      const requests: string[] = [];
      let identify = (): void => undefined;
      const { client } = await connected((url, init) => {
        const [path, by] = [url.replace('https://chat.example', ''), init.headers['authorization']];
        requests.push(`${path} ${by ?? ''}`);
        if (path !== '/users/me' || by !== 'Bearer token of grace') return users(url, init);
        return new Promise((resolve) => (identify = () => resolve(users(url, init))));
      });
      const used = client.useToken(bring('grace'));
      await settled();
      expect(requests.splice(0).at(-1)).toBe('/users/me Bearer token of grace');
      client.messages('c0').open();
      await settled();
      expect(requests).toEqual([]);
      identify();
      await used;
      expect(client.userId).toBe('grace');
      await client.close();
    });

    it('takes the later of two providers for both, also where the first never answers', async () => {
      const { client } = made(users);
      const first = client.useToken(never);
      await settled();
      await Promise.all([first, client.useToken(bring('ada')), client.useToken(bring('grace'))]);
      expect(client.userId).toBe('grace');
      await client.close();
    });

    it('asks the provider again that once did not answer', async () => {
      const { client, sockets, clock } = made(users);
      await client.useToken(bring('ada'));
      await settled();
      let asked = 0;
      // Logged in, with a provider that hangs.
      await client.useToken(() => {
        asked += 1;
        return asked === 2 ? never() : bring('ada')();
      });
      await settled();
      sockets.last.listeners.failed({ data: { code: 'TOKEN_EXPIRED' } });
      await clock.advance(60_000);
      expect(asked).toBe(2);
      expect(client.connection.getSnapshot().status).toBe('connecting');
      await client.close();
    });

    it.each(['', undefined, 42, {}])('is nobody’s, and asks no server, where %j is brought', async (brought) => {
      let requests = 0;
      const { client } = made((url, init) => {
        requests += 1;
        return users(url, init);
      });
      const error = await rejection(client.useToken(() => Promise.resolve(brought as string)));
      expect(error).toMatchObject({ code: 'VALIDATION_FAILED', isTransient: false });
      expect([client.userId, requests]).toEqual([undefined, 0]);
      await client.close();
    });

    it('asks again where none is brought to a user who is known, and refuses nothing for it', async () => {
      const { client } = made((url, init) =>
        url.endsWith('/users/me')
          ? users(url, init)
          : Promise.resolve({
              status: 401,
              ok: false,
              headers: { get: () => null },
              text: () => Promise.resolve('{}'),
            }),
      );
      await client.useToken(async ({ isRefused }) => (isRefused ? '' : bring('ada')()));
      expect(await rejection(client.http.request('/friends'))).toMatchObject({ code: 'NETWORK', isTransient: true });
      await client.close();
    });

    it('asks the server for its account also where tokens of the application were tried before in vain', async () => {
      const requests: string[] = [];
      const { client, sockets } = made((url) => {
        const path = url.replace('https://chat.example', '').split('?', 1)[0] ?? '';
        requests.push(path);
        const body = { accessToken: 'access', refreshToken: 'refresh', expiresIn: 900, user: { id: ME }, items: [] };
        const text = () => Promise.resolve(JSON.stringify(body));
        return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
      });
      await client.ready;
      expect(await rejection(client.useToken(() => Promise.reject(new Error('no issuer'))))).toMatchObject({
        code: 'NETWORK',
      });
      await client.login({ username: 'me', password: 'a long password' });
      await settled();
      sockets.last.welcome(ME);
      await settled();
      const server = new ModelServer(new Chance(1));
      server.send('c0', 'u1');
      const data = { ...noChanges(), conversations: [server.conversation('c0')] };
      sockets.last.answer('sync', { ok: true, data });
      await settled();
      client.messages('c0').open();
      await settled();
      expect(requests).toContain('/conversations/c0/messages');
      await client.close();
    });

    it('is nobody’s where its user has logged out meanwhile', async () => {
      const { client } = made(users);
      await client.ready;
      const used = rejection(client.useToken(bring('ada')));
      await client.logout();
      expect(await used).toMatchObject({ code: 'ABORTED' });
      expect(await rejection(client.http.request('/friends'))).toMatchObject({ code: 'NOT_LOGGED_IN' });
      await client.close();
    });

    it('is nobody’s where it was closed meanwhile', async () => {
      const { client } = made(users);
      await client.ready;
      let bringIt = (_: string): void => undefined;
      const used = rejection(client.useToken(() => new Promise((resolve) => (bringIt = resolve))));
      await settled();
      await client.close();
      bringIt('token of ada');
      expect(await used).toMatchObject({ code: 'ABORTED' });
      expect(client.userId).toBeUndefined();
    });
  });
});
