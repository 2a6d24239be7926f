import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ServerProcess } from '../support/process.js';
import { until } from '../support/story.js';

interface Registered {
  user: { id: string };
  accessToken: string;
}

describe('the example for Expo', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await ServerProcess.start({ DATABASE_URL: database.url });
  });

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await server.kill();
    await database.drop();
  });

  async function post<Answer>(path: string, body: object, token = ''): Promise<Answer> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.ok).toBe(true);
    return (await response.json()) as Answer;
  }

  it('logs in, counts what is unread, and sends', async () => {
    const register = (username: string) =>
      post<Registered>('/auth/register', { username, email: `${username}@example.com`, password: 'correct horse' });
    const [ada, grace] = [await register('ada'), await register('grace')];
    const { id: requestId } = await post<{ id: string }>(
      '/friends/requests',
      { userId: ada.user.id },
      grace.accessToken,
    );
    const { conversation } = await post<{ conversation: { id: string } }>(
      `/friends/requests/${requestId}/accept`,
      {},
      ada.accessToken,
    );
    const conversationId = conversation.id;
    const friend = io(server.url, { auth: { token: grace.accessToken } });
    sockets.push(friend);
    await once(friend as never, 'session:ready');
    const say = (content: string) => friend.emitWithAck('send_message', { conversationId, content });

    // As Expo does it for names that begin so, at the build.
    process.env.EXPO_PUBLIC_PARLEY_URL = server.url;
    const chat = await import('../../examples/expo/chat.js');
    sockets.push(chat.socket);
    const ready = once(chat.socket as never, 'session:ready');
    await chat.logIn('ada', 'correct horse');
    await ready;

    let arrival = once(chat.socket as never, 'message:new');
    await say('one');
    await arrival;
    expect(chat.unread[conversationId]).toBe(1);

    // What was there before it was opened is shown.
    let shown: string[] = [];
    const stop = chat.watch(conversationId, (messages) => (shown = messages.map(({ content }) => content ?? '')));
    expect((await once(friend as never, 'receipt:read'))[0]).toMatchObject({ seq: 1 });
    expect(shown).toEqual(['one']);
    expect(chat.unread[conversationId]).toBe(0);
    const read = once(friend as never, 'receipt:read');
    arrival = once(chat.socket as never, 'message:new');
    await say('two');
    await arrival;
    expect(chat.unread[conversationId]).toBe(0);
    expect((await read)[0]).toMatchObject({ userId: ada.user.id, seq: 2 });

    const clientId = randomUUID();
    const received = once(friend as never, 'message:new');
    const sent = await chat.send(conversationId, 'three', clientId);
    expect(sent).toMatchObject({ ok: true, data: { message: { content: 'three', seq: 3 } } });
    expect(await chat.send(conversationId, 'three', clientId)).toEqual(sent);
    expect((await received)[0]).toMatchObject({ message: { content: 'three', clientId } });
    expect(chat.unread[conversationId]).toBe(0);

    // An answer is lost with the connection: sent again by itself, stored once, and what came meanwhile is shown.
    chat.socket.io.engine.close();
    const pending = chat.send(conversationId, 'four', randomUUID());
    await say('five');
    expect(await pending).toMatchObject({ ok: true });
    await until('everything is shown', () => shown.length === 5);
    expect(shown.toSorted()).toEqual(['five', 'four', 'one', 'three', 'two']);
    stop();
  });
});
