import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ChatClient, type OutgoingMessage, createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { FakeConnectivity, FakeSockets } from '../support/fake-ports.js';
import { rejection, settled, VirtualClock } from '../support/virtual-clock.js';
import { Chance, ME, ModelServer } from '../sync/model-server.js';

const CONVERSATION = 'c0';

/** A client that has logged in at a server which answers requests; on its connection only what a test answers. */
async function loggedIn(): Promise<{ client: ChatClient; sockets: FakeSockets; clock: VirtualClock }> {
  const server = new ModelServer(new Chance(1));
  for (let count = 0; count < 3; count += 1) server.send(CONVERSATION, 'u1');
  const fetch: Fetch = (address) => {
    const tokens = { accessToken: 'access', refreshToken: 'refresh', expiresIn: 900, user: { id: ME } };
    const body = address.includes('/auth/') ? tokens : server.conversation(CONVERSATION);
    const text = () => Promise.resolve(JSON.stringify(body));
    return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
  };
  const { client, sockets, clock } = made(fetch);
  await client.login({ username: 'me', password: 'a long password' });
  await settled();
  sockets.last.welcome(ME);
  await client.conversations.openDirect('u1');
  await settled();
  return { client, sockets, clock };
}

function made(fetch: Fetch = () => Promise.reject(new TypeError('fetch failed'))) {
  const [sockets, clock] = [new FakeSockets(), new VirtualClock()];
  const storage = memoryStorage({ strict: true });
  const ports = { storage, tokens: memoryTokens(), socket: sockets.factory, clock, fetch };
  return { client: createClient({ url: 'https://chat.example', ...ports }), sockets, clock };
}

describe('a client', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('marks nothing as read that is not written yet', async () => {
    const { client } = await loggedIn();
    await client.markRead(CONVERSATION, 1_000_000);
    await settled();
    expect(client.outbox.items.map(({ command }) => command)).toMatchObject([{ type: 'read', seq: 3 }]);
    expect(client.conversations.items[0]?.me).toMatchObject({ lastReadSeq: 3, unreadCount: 0 });
    await client.close();
  });

  it('tries to connect at once where its user does something and the server had too many connections', async () => {
    const { client, sockets, clock } = await loggedIn();
    const refuse = async (): Promise<void> => {
      sockets.last.end('TOO_MANY_CONNECTIONS', false);
      await settled();
      expect(client.connection.getSnapshot().status).toBe('waiting');
      await clock.advance(60_000);
    };
    await refuse();
    const { length } = sockets.opened;
    void client.markRead(CONVERSATION);
    await clock.advance(60_000);
    expect(sockets.opened).toHaveLength(length);
    client.send({ conversationId: CONVERSATION, content: 'hello' });
    await clock.advance(1_000);
    expect(sockets.opened).toHaveLength(length + 1);
    sockets.last.welcome(ME);
    await settled();
    await refuse();
    client.setActive(true);
    await clock.advance(1_000);
    expect(sockets.opened).toHaveLength(length + 2);
    await client.close();
  });

  it('takes no content that is not a text, and sends what is typed after it', async () => {
    const { client } = await loggedIn();
    const odd = [10n, 7, {}, Symbol('text'), ['text']] as unknown as string[];
    const [message] = client.messages(CONVERSATION).getSnapshot().items;
    for (const content of odd) {
      expect(() => client.send({ conversationId: CONVERSATION, content })).toThrow(TypeError);
      expect(() =>
        client.edit(message ?? { conversationId: CONVERSATION, id: 'c0-1', clientId: null }, content),
      ).toThrow(TypeError);
    }
    await client.send({ conversationId: CONVERSATION, content: 'text' }).stored;
    expect(client.outbox.items).toHaveLength(1);
    await client.close();
  });

  it('closes while the application brings no token', async () => {
    const { client } = made();
    await client.ready;
    client.useToken(() => new Promise(() => undefined)).catch(() => undefined);
    await settled();
    await client.close();
    expect(client.connection.getSnapshot().status).toBe('ended');
  });

  it('closes whole where a subscriber throws', async () => {
    const report = jest.spyOn(console, 'error').mockReturnValue(undefined);
    const { client, sockets, clock } = await loggedIn();
    const fail = (): void => {
      throw new Error('a fault of the application');
    };
    for (const observable of [client.connection, client.conversations, client.outbox]) observable.subscribe(fail);
    await client.send({ conversationId: CONVERSATION, content: 'hello' }).stored;
    await client.close();
    expect(report).toHaveBeenCalled();
    expect(sockets.open).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('says what became of a message without a session to whoever waits for it, and ends no process otherwise', async () => {
    const { client } = made();
    await client.ready;
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    client.send({ conversationId: CONVERSATION, content: 'ignored' });
    const { stored } = client.send({ conversationId: CONVERSATION, content: 'awaited' });
    await expect(stored).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' });
    await client.close();
    const late = client.send({ conversationId: CONVERSATION, content: 'after the end' });
    expect(await rejection(late.stored)).toMatchObject({ code: 'ABORTED' });
    await settled();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('ends no process by the result of a call that nobody waits for', async () => {
    const { client } = made();
    await client.ready;
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    const message = { conversationId: CONVERSATION, id: 'm1', clientId: null };
    const unsent = { conversationId: CONVERSATION, id: null, clientId: 'k1' };
    const ignored: (() => unknown)[] = [
      () => client.edit(message, 'text'),
      () => client.edit(unsent, 'text'),
      () => client.delete(message),
      () => client.delete(unsent),
      () => client.react(message, '👍'),
      () => client.markRead(CONVERSATION, 1),
      () => client.typing(CONVERSATION, true),
      () => client.upload(new Blob(['x'])),
      () => client.outbox.edit('k1', 'text'),
      () => client.outbox.drop('k1'),
      () => client.outbox.retry('k1'),
      () => client.conversations.leave(CONVERSATION),
      () => client.conversations.openDirect('u1'),
      () => client.friends.request('u1'),
      () => client.friends.remove('u1'),
      () => client.users.fetch('u1'),
      () => client.messages(CONVERSATION).loadOlder(),
      () => client.logout(),
    ];
    for (const call of ignored) call();
    await settled();
    await client.close();
    await settled();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it.each([[new Blob(['x'])], [null], [{ name: 'a', mimeType: 'text/plain', size: 1 }]])(
    'refuses at once an attachment that is neither a file nor a source: %p',
    async (attachment) => {
      const { client } = await loggedIn();
      const attachments = [attachment] as unknown as NonNullable<OutgoingMessage['attachments']>;
      expect(() => client.send({ conversationId: CONVERSATION, attachments })).toThrow(
        expect.objectContaining({ code: 'VALIDATION_FAILED' }),
      );
      expect(client.outbox.items).toEqual([]);
      await client.close();
    },
  );

  it('opens a conversation whose older messages are asked for', async () => {
    const { client } = await loggedIn();
    const messages = client.messages(CONVERSATION);
    expect(messages.getSnapshot().isLoading).toBe(false);
    const loaded = messages.loadOlder();
    await settled();
    expect(messages.getSnapshot().isLoading).toBe(true);
    await client.close();
    await loaded;
  });
});

describe('a log-out', () => {
  /** A server that can be reached or not, and what it was asked. */
  function network() {
    const state = { isReachable: true, isExpired: false, asked: [] as string[] };
    const fetch: Fetch = (address, { headers, body }) => {
      if (!state.isReachable) return new Promise(() => undefined);
      const path = address.replace('https://chat.example', '');
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
