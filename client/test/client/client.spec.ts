import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ChatClient, type OutgoingMessage, createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { FakeSockets } from '../support/fake-ports.js';
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
