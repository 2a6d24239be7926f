import { describe, expect, it } from '@jest/globals';
import { type ChatClient, createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { FakeConnectivity, FakeSockets } from '../support/fake-ports.js';
import { rejection, settled, VirtualClock } from '../support/virtual-clock.js';
import { ME } from '../sync/model-server.js';
import { answering, CONVERSATION, loggedIn, made } from './fake-server.js';

describe('a client', () => {
  it('leaves no session behind where a log-in finds no storage', async () => {
    const { client, ports } = made(
      answering({ '/auth/login': { accessToken: 'a', refreshToken: 'r', user: { id: ME } } }),
    );
    await client.ready;
    ports.storage.open = () => Promise.reject(new Error('there is none'));
    const { clear } = ports.tokens;
    ports.tokens.clear = () => Promise.reject(new Error('nor a store of the session'));
    const refused = rejection(client.login({ username: 'me', password: 'a long password' }));
    await ports.clock.advance(10_000);
    expect(await refused).toMatchObject({ code: 'STORAGE' });
    ports.tokens.clear = clear;
    expect(client.userId).toBeUndefined();
    expect((await ports.tokens.load())?.userId ?? '').toBe('');
    await client.close();
  });

  it('is logged in as who logged in last, whichever answer comes first, and not at all after a log-out', async () => {
    const answers: (() => void)[] = [];
    const ended: string[] = [];
    const fetch: Fetch = (url, { headers, body }) => {
      const respond = (answer: object) => ({
        status: 200,
        ok: true,
        headers: { get: () => null },
        text: () => Promise.resolve(JSON.stringify(answer)),
      });
      if (url.endsWith('/auth/logout')) ended.push(headers['authorization'] ?? '');
      if (!url.endsWith('/auth/login')) return Promise.resolve(respond({}));
      const id = (JSON.parse(body as string) as { username: string }).username;
      return new Promise((resolve) => {
        answers.push(() => resolve(respond({ accessToken: `of ${id}`, refreshToken: `r ${id}`, user: { id } })));
      });
    };
    const { client } = made(fetch);
    const logIn = (username: string) => client.login({ username, password: 'a long password' });
    const both = [logIn('ada'), logIn('grace')];
    await settled();
    for (const answer of answers.splice(0).reverse()) {
      answer();
      await settled();
    }
    await Promise.all(both);
    expect([client.userId, ended]).toEqual(['grace', ['Bearer of ada']]);
    const late = rejection(logIn('ada'));
    await settled();
    await client.logout();
    answers[0]?.();
    expect(await late).toMatchObject({ code: 'ABORTED' });
    await settled();
    expect([client.userId, ended]).toEqual([undefined, ['Bearer of ada', 'Bearer of grace', 'Bearer of ada']]);
    // Also where both are asked for at once.
    answers.length = 0;
    const [asked, left] = [rejection(logIn('ada')), client.logout()];
    await left;
    expect(await asked).toMatchObject({ code: 'ABORTED' });
    const registration = { username: 'ada', email: 'ada@example.com', password: 'a long password' };
    const [registered, leftAgain] = [rejection(client.register(registration)), client.logout()];
    await leftAgain;
    expect(await registered).toMatchObject({ code: 'ABORTED' });
    await settled();
    expect([client.userId, answers]).toEqual([undefined, []]);
    await client.close();
  });

  it('says of a log-in that it was given up for a later one, and not what that one failed by', async () => {
    const { client } = made((_, { body = '' }) => {
      const isRefused = (body as string).includes('wrong');
      const answer = isRefused
        ? { code: 'INVALID_CREDENTIALS', detail: 'Wrong.' }
        : { accessToken: 'a', refreshToken: 'r', user: { id: ME } };
      const text = () => Promise.resolve(JSON.stringify(answer));
      return Promise.resolve({ status: isRefused ? 401 : 200, ok: !isRefused, headers: { get: () => null }, text });
    });
    const logIn = (password: string) => rejection(client.login({ username: 'me', password }));
    const wrong = { code: 'INVALID_CREDENTIALS' };
    expect(await Promise.all([logIn('right'), logIn('wrong')])).toMatchObject([{ code: 'ABORTED' }, wrong]);
    const [first, left, last] = [logIn('right'), client.logout(), logIn('wrong')];
    await left;
    expect(await Promise.all([first, last])).toMatchObject([{ code: 'ABORTED' }, wrong]);
    expect(client.userId).toBeUndefined();
    await client.close();
  });

  it.each([
    ['logout', 'refuses everything'],
    ['close', 'refuses everything'],
    ['logout', 'does not answer'],
    ['close', 'does not answer'],
  ] as const)('does not wait for a storage without end: %s, where it %s', async (end, how) => {
    const { client, ports, clock } = await loggedIn();
    const { open } = ports.storage;
    await client.close();
    let isIll = false;
    ports.storage.open = async (name) => {
      const database = await open(name);
      const transaction = database.transaction.bind(database);
      const { close } = database;
      const never = <Result>(): Promise<Result> => new Promise(() => undefined);
      database.transaction = (mode, stores, work) => {
        if (!isIll || mode === 'readonly') return transaction(mode, stores, work);
        return how === 'does not answer' ? never() : Promise.reject(new Error('the disk is full'));
      };
      database.close = () => (isIll && how === 'does not answer' ? never() : close.call(database));
      return database;
    };
    const again = createClient(ports);
    await again.ready;
    isIll = true;
    void rejection(again.send({ conversationId: CONVERSATION, content: 'typed' }).stored);
    await clock.advance(10_000);
    expect(again.outbox.items).toMatchObject([{ lastError: { code: 'STORAGE' } }]);
    const ended = again[end]();
    await clock.advance(end === 'logout' ? 1_000 : 30_000);
    await ended;
    expect((await ports.tokens.load())?.userId ?? '').toBe(end === 'logout' ? '' : ME);
    isIll = false;
    if (end === 'close') return;
    await again.login({ username: 'me', password: 'a long password' });
    expect(again.userId).toBe(ME);
    await again.close();
  });

  it('is left, and its storage removed, where the session could not be read at the start and can be by then', async () => {
    const { client: earlier, ports, clock, asked } = await loggedIn();
    earlier.keepDraft(CONVERSATION, 'private');
    await settled();
    await earlier.close();
    asked.length = 0;
    const { load } = ports.tokens;
    ports.tokens.load = () => Promise.reject(new Error('locked'));
    const client = createClient(ports);
    ports.tokens.load = load;
    const left = client.logout();
    await clock.advance(1_000);
    await left;
    expect(asked).toEqual(['POST /auth/logout']);
    expect([client.userId, client.connection.getSnapshot(), await ports.tokens.load()]).toEqual([
      undefined,
      { status: 'ended' },
      undefined,
    ]);
    const database = await ports.storage.open(`chat.example:${ME}`);
    expect(await database.transaction('readonly', ['drafts'], (transaction) => transaction.range('drafts'))).toEqual(
      [],
    );
    await database.close();
    await client.close();
  });

  it('leaves alone who logs in behind a log-out of a session that could not be read', async () => {
    const { client: earlier, ports, clock } = await loggedIn();
    await earlier.close();
    const { load } = ports.tokens;
    ports.tokens.load = () => Promise.reject(new Error('locked'));
    const client = createClient(ports);
    await clock.advance(10_000);
    await client.logout();
    await client.login({ username: 'me', password: 'a long password' });
    ports.tokens.load = load;
    await clock.advance(120_000);
    expect([client.userId, (await ports.tokens.load())?.userId]).toEqual([ME, ME]);
    await client.close();
  });

  it('is left, and its storage removed, where the session cannot be removed from its store yet', async () => {
    const { client, ports } = await loggedIn();
    const { save, clear } = ports.tokens;
    const locked = (): Promise<never> => Promise.reject(new Error('locked'));
    Object.assign(ports.tokens, { save: locked, clear: locked });
    const left = client.logout();
    await ports.clock.advance(1_000);
    await left;
    expect([client.connection.getSnapshot().status, client.userId]).toEqual(['ended', undefined]);
    expect(await ports.tokens.load()).toMatchObject({ userId: ME });
    Object.assign(ports.tokens, { save, clear });
    await ports.clock.advance(60_000);
    expect((await ports.tokens.load())?.userId ?? '').toBe('');
    await client.close();
    const again = createClient(ports);
    await again.ready;
    expect([again.userId, again.conversations.items]).toEqual([undefined, []]);
    await again.close();
  });
});

describe('a log-out', () => {
  /** A server that can be reached or not, and what it was asked. */
  function network() {
    const state = { isReachable: true, isExpired: false, asked: [] as string[] };
    const fetch: Fetch = (url, { headers, body }) => {
      if (!state.isReachable) return new Promise(() => undefined);
      const path = url.replace('https://chat.example', '');
      const token = headers['authorization']?.replace('Bearer ', '') ?? '';
      state.asked.push(`${path} ${token}`.trim());
      const isRefused = state.isExpired && token === 'access';
      const isRefresh = path === '/auth/refresh';
      const spent = isRefresh ? (JSON.parse(body as string) as { refreshToken: string }).refreshToken : '';
      const tokens = { accessToken: `access${spent && ' after '}${spent}`, refreshToken: 'refresh', expiresIn: 900 };
      const answer = isRefused ? { code: 'TOKEN_EXPIRED' } : { ...tokens, user: { id: ME } };
      const status = isRefused ? 401 : 200;
      const text = () => Promise.resolve(JSON.stringify(answer));
      return Promise.resolve({ status, ok: !isRefused, headers: { get: () => null }, text });
    };
    return { state, fetch };
  }

  async function left(isClosed: boolean) {
    const { state, fetch } = network();
    const [tokens, clock, connectivity] = [memoryTokens(), new VirtualClock(), new FakeConnectivity()];
    const start = (): ChatClient => {
      const ports = { storage: memoryStorage(), tokens, socket: new FakeSockets().factory, clock, fetch, connectivity };
      return createClient({ url: 'https://chat.example', ...ports });
    };
    const client = start();
    await client.login({ username: 'me', password: 'a long password' });
    state.isReachable = false;
    let isOut = false;
    void client.logout().then(() => (isOut = true));
    await clock.advance(1_000);
    expect(isOut).toBe(true);
    expect(client.userId).toBeUndefined();
    expect(client.connection.getSnapshot()).toEqual({ status: 'ended' });
    expect(await tokens.load()).toMatchObject({ userId: '', accessToken: '' });
    if (isClosed) await client.close();
    state.asked.length = 0;
    return { state, tokens, clock, connectivity, client, start };
  }

  it('on a stalled network ends here within a second, and on the server when there is a network', async () => {
    const { state, tokens, clock, connectivity, client } = await left(false);
    await clock.advance(60_000);
    state.isReachable = true;
    connectivity.set(true);
    await clock.advance(60_000);
    expect(state.asked).toEqual(['/auth/logout access']);
    expect(await tokens.load()).toBeUndefined();
    await client.close();
    expect(clock.waiting).toBe(0);
  });

  it('that the server did not get before the app ended is repeated at the next start, with a token of its own', async () => {
    const { state, tokens, clock, start } = await left(true);
    Object.assign(state, { isReachable: true, isExpired: true });
    const again = start();
    await again.ready;
    expect(again.userId).toBeUndefined();
    await clock.advance(60_000);
    expect(state.asked).toEqual(['/auth/logout access', '/auth/refresh', '/auth/logout access after refresh']);
    expect(await tokens.load()).toBeUndefined();
    await again.close();
  });

  it.each([
    ['is finished by the next start, without a network too', false, 0],
    ['takes nothing from its user who has logged in again since', true, 1],
  ])('that the app ended in, before what it held was removed, %s', async (_, isBack, count) => {
    const { client, ports } = await loggedIn();
    await client.send({ conversationId: CONVERSATION, content: 'typed' }).stored;
    const { destroy } = ports.storage;
    ports.storage.destroy = () => new Promise(() => undefined);
    void client.logout();
    await ports.clock.advance(10_000);
    const left = await ports.tokens.load();
    expect(left).toMatchObject({ userId: '', revocations: [{ accessToken: 'access', userId: ME }] });
    if (isBack && left !== undefined)
      await ports.tokens.save({ ...left, userId: ME, accessToken: 'access 2', refreshToken: 'refresh 2' });
    ports.storage.destroy = destroy;
    const next = createClient({ ...ports, fetch: () => Promise.reject(new TypeError('no network')) });
    await next.ready;
    await ports.clock.advance(10_000);
    const database = await ports.storage.open(`chat.example:${ME}`);
    const rows = (name: 'outbox' | 'conversations') =>
      database.transaction('readonly', [name], (transaction) => transaction.range(name, { from: '0' }));
    expect([(await rows('outbox')).length, (await rows('conversations')).length]).toEqual([count, count]);
    await database.close();
    await next.close();
  });

  describe('of a browser that holds the session in cookies', () => {
    function tabs() {
      const state = { asked: [] as string[], isReachable: true };
      let marks = 0;
      const fetch: Fetch = (url) => {
        const path = url.replace('https://chat.example', '');
        state.asked.push(path);
        if (!state.isReachable) return Promise.reject(new TypeError('no network'));
        const mark = `cookie ${(marks += 1)}`;
        const body = { accessToken: mark, refreshToken: mark, expiresIn: 900, user: { id: ME } };
        const text = () => Promise.resolve(JSON.stringify(body));
        return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
      };
      const [tokens, clock] = [memoryTokens(), new VirtualClock()];
      const tab = (): ChatClient => {
        const ports = { storage: memoryStorage({ strict: true }), socket: new FakeSockets().factory };
        return createClient({ url: 'https://chat.example', ...ports, tokens, clock, fetch });
      };
      return { state, clock, first: tab(), second: tab() };
    }
    const credentials = { username: 'me', password: 'a long password' };

    it('is not repeated once somebody has logged in in another tab: the cookies are theirs', async () => {
      const { state, clock, first, second } = tabs();
      await first.login(credentials);
      state.isReachable = false;
      const left = first.logout();
      await clock.advance(10_000);
      await left;
      Object.assign(state, { isReachable: true, asked: [] });
      await second.login(credentials);
      await clock.advance(120_000);
      expect(state.asked).toContain('/auth/login');
      expect(state.asked).not.toContain('/auth/logout');
      await Promise.all([first.close(), second.close()]);
    });

    it('that nobody waits for comes before the log-in behind it', async () => {
      const { state, clock, first, second } = tabs();
      await first.login(credentials);
      state.asked.length = 0;
      void first.logout();
      await first.login(credentials);
      await clock.advance(120_000);
      expect(state.asked.filter((path) => path.startsWith('/auth/'))).toEqual(['/auth/logout', '/auth/login']);
      expect(first.userId).toBe(ME);
      await Promise.all([first.close(), second.close()]);
    });
  });

  it('is not needed before another user logs in: the session of the one before ends on the server all the same', async () => {
    const ended: string[] = [];
    const { client, ports, clock } = made((url, { headers, body }) => {
      if (url.endsWith('/auth/logout')) ended.push(headers['authorization'] ?? '');
      const id = url.endsWith('/auth/login') ? (JSON.parse(body as string) as { username: string }).username : ME;
      const answer = { accessToken: `of ${id}`, refreshToken: `r ${id}`, user: { id } };
      const text = () => Promise.resolve(JSON.stringify(answer));
      return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
    });
    for (const username of ['ada', 'ada', 'bob']) await client.login({ username, password: 'a long password' });
    await clock.advance(1_000);
    expect(ended).toEqual(['Bearer of ada']);
    expect(await ports.tokens.load()).toEqual({
      ...{ url: 'https://chat.example', userId: 'bob', accessToken: 'of bob', refreshToken: 'r bob' },
    });
    await client.close();
  });

  it('that waits for the server leaves the session of the next log-in alone', async () => {
    const { state, tokens, clock, client } = await left(false);
    await clock.advance(60_000);
    state.isReachable = true;
    const login = client.login({ username: 'me', password: 'a long password' });
    await clock.advance(60_000);
    await login;
    expect(state.asked.filter((one) => one.startsWith('/auth/logout'))).toEqual(['/auth/logout access']);
    expect(await tokens.load()).toMatchObject({ userId: ME, accessToken: 'access', refreshToken: 'refresh' });
    expect(client.userId).toBe(ME);
    await client.close();
  });
});
