import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ServerProcess } from '../support/process.js';
import { request, until } from '../support/story.js';

describe('the example for Expo', () => {
  let database: TestDatabase;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await ServerProcess.start({ DATABASE_URL: database.url, ACCESS_TOKEN_SECONDS: '3' });
  });

  afterAll(async () => {
    await server.kill();
    await database.drop();
  });

  it('lives longer than its tokens', async () => {
    const account = { username: 'ada', email: 'ada@example.com', password: 'correct horse' };
    expect((await request(server.url, 'POST', '/auth/register', account)).status).toBe(201);
    process.env.EXPO_PUBLIC_PARLEY_URL = server.url;
    const chat = await import('../../examples/expo/chat.js');
    const ended: string[] = [];
    const expiries = new Set<string>();
    chat.socket.on('disconnect', (reason) => ended.push(reason));
    chat.socket.on('session:expiring', ({ expiresAt }: { expiresAt: string }) => expiries.add(expiresAt));
    await chat.logIn('ada', 'correct horse');
    await until('its third token is about to end', () => expiries.size >= 3);
    // Renewed in place; and where that could not be, it came back.
    await until('it is connected', () => chat.socket.connected);
    expect(ended.length).toBeLessThan(expiries.size - 1);
    chat.socket.disconnect();
  });
});
