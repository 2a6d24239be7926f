import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../test/support/servers/free-port.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/databases/postgres.js';
import { ServerProcess } from '../../../test/support/processes/process.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { Clients, firstConversationOf, live, textsOf, until } from '../support/clients.js';

describe('what the user typed', () => {
  let database: TestDatabase;
  let environment: Record<string, string>;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    environment = { DATABASE_URL: database.url, RATE_LIMITS: 'off', PORT: `${await freePort()}` };
    server = await ServerProcess.start(environment);
  });

  afterAll(async () => {
    await server.kill();
    await database.drop();
  });

  it('is sent once and in order while the server is killed again and again, and the app as well', async () => {
    const clients = new Clients(server.url);
    const [storage, tokens] = [memoryStorage(), memoryTokens()];
    const grace = await clients.registered();
    let ada = await clients.registered({ storage, tokens });
    ada.send({ receiverId: grace.userId as string, content: 'message 0' });
    const conversationId = await firstConversationOf(grace);
    const expected = ['message 0'];
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 20; count += 1) {
        const content = `message ${expected.length}`;
        expected.push(content);
        const { stored } = ada.send({ conversationId, content });
        if (count === 8) void server.kill();
        if (count === 19) await stored;
      }
      // The app ends while its messages are on their way, and starts again before the server does.
      await ada.close();
      await server.kill();
      ada = clients.make({ storage, tokens });
      await ada.ready;
      ada.messages(conversationId).open();
      server = await ServerProcess.start(environment);
    }
    // Nobody taps.
    await live(ada);
    await until('nothing waits', () => ada.outbox.items.length === 0);
    grace.messages(conversationId).open();
    await until('all arrive', () => grace.conversations.items[0]?.lastSeq === expected.length);
    for (const client of [ada, grace]) {
      while (client.messages(conversationId).hasOlder) await client.messages(conversationId).loadOlder();
      await until('all are shown', () => textsOf(client, conversationId).length >= expected.length);
      expect(textsOf(client, conversationId)).toEqual(expected);
    }
    await clients.close();
  }, 300_000);
});
