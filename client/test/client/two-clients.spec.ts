import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { fileStorage } from '../../src/storage/file.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { until } from '../support/clients.js';
import { FakeSockets } from '../support/fake-ports.js';
import { ME } from '../sync/model-server.js';

const fetch: Fetch = () => {
  const body = { accessToken: 'access', refreshToken: 'refresh', expiresIn: 900, user: { id: ME }, items: [] };
  const text = () => Promise.resolve(JSON.stringify(body));
  return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
};

it('of one account in one process, on one folder: a log-out of one leaves the other its session and what is typed there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-clients-'));
  const client = () =>
    createClient({
      url: 'https://chat.example',
      fetch,
      socket: new FakeSockets().factory,
      storage: fileStorage(folder),
    });
  const [one, other] = [client(), client()];
  for (const each of [one, other]) await each.login({ username: 'me', password: 'a long password' });
  await other.send({ conversationId: 'c0', content: 'before' }).stored;
  await one.logout();
  await until('it goes on', () => other.userId === ME && other.connection.getSnapshot().status === 'connecting');
  await other.send({ conversationId: 'c0', content: 'after' }).stored;
  await other.close();
  const next = client();
  await next.login({ username: 'me', password: 'a long password' });
  await until('both are there', () => next.outbox.items.length === 2);
  const texts = next.outbox.items.map(({ command }) => (command.type === 'send' ? command.content : undefined));
  expect(texts).toEqual(['before', 'after']);
  await next.close();
  await rm(folder, { recursive: true });
});

it('of one session in one process renew it once, whose refresh token would end it the second time', async () => {
  const tokens = memoryTokens();
  await tokens.save({ url: 'https://chat.example', userId: ME, accessToken: 'access', refreshToken: 'refresh' });
  const refreshes: string[] = [];
  const refusing: Fetch = (url, init) => {
    const isRefresh = url.endsWith('/auth/refresh');
    if (isRefresh) refreshes.push((JSON.parse(init.body as string) as { refreshToken: string }).refreshToken);
    const isRefused = !isRefresh && init.headers['authorization'] === 'Bearer access';
    const renewed = { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 };
    const body = isRefused ? { code: 'TOKEN_EXPIRED' } : isRefresh ? renewed : { items: [] };
    const text = () => Promise.resolve(JSON.stringify(body));
    return Promise.resolve({ status: isRefused ? 401 : 200, ok: !isRefused, headers: { get: () => null }, text });
  };
  const clients = [0, 1].map(() =>
    createClient({
      url: 'https://chat.example',
      fetch: refusing,
      tokens,
      socket: new FakeSockets().factory,
      storage: memoryStorage(),
    }),
  );
  for (const { ready } of clients) await ready;
  await Promise.all(clients.map((client) => client.http.request('/friends')));
  expect(refreshes).toEqual(['refresh']);
  for (const client of clients) await client.close();
});
