import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createClient } from '../../src/index.js';
import { rejection, settled } from '../support/virtual-clock.js';
import { ME } from '../sync/model-server.js';
import { answering, CONVERSATION, loggedIn, made } from './fake-server.js';

describe('a client', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('that is closed while a conversation is being opened leaves no timer behind', async () => {
    const { client: earlier, ports } = await loggedIn();
    await earlier.close();
    const client = createClient(ports);
    await client.ready;
    client.messages(CONVERSATION).open();
    await client.close();
    await settled();
    expect(ports.clock.waiting).toBe(0);
  });

  it('closes while the application brings no token', async () => {
    const { client } = made();
    await client.ready;
    client.useToken(() => new Promise(() => undefined)).catch(() => undefined);
    await settled();
    await client.close();
    expect(client.connection.getSnapshot().status).toBe('ended');
  });

  it('asks the server nothing any more once it was closed', async () => {
    const { client, asked } = await loggedIn();
    await client.close();
    asked.length = 0;
    const refused = [
      client.http.request('/users/me'),
      client.conversations.search('hello'),
      client.users.fetch('grace'),
      client.report({ targetType: 'user', targetId: 'grace', reason: 'SPAM' }),
      client.login({ email: 'ada@example.com', password: 'correct horse battery' }),
      client.useToken(async () => 'a token'),
    ];
    for (const answer of refused) expect(await rejection(answer)).toMatchObject({ code: 'ABORTED' });
    expect(asked).toEqual([]);
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

  it.each(['logout', 'close'] as const)('uploads no further after %s', async (leave) => {
    const signals: (AbortSignal | undefined)[] = [];
    const answers = answering({ '/auth/login': { accessToken: 'access', refreshToken: 'refresh', user: { id: ME } } });
    const { client } = made((url, init) => {
      if (!url.endsWith('/attachments')) return answers(url, init);
      signals.push(init.signal);
      return new Promise(() => undefined);
    });
    await client.login({ username: 'me', password: 'a long password' });
    const uploaded = rejection(client.upload(new Blob(['picture'])));
    await settled();
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
    await client[leave]();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    expect(await uploaded).toMatchObject({ code: 'ABORTED' });
    await client.close();
  });
});
