import { describe, expect, it } from '@jest/globals';
import { createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { rejection, settled } from '../support/virtual-clock.js';
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
