import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { freePort } from '../../support/servers/free-port.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { Person, until } from '../../support/story.js';
import { WebhookReceiver } from '../../support/servers/webhook-receiver.js';

const KILLS = 4;
const MESSAGES = 20;

describe('a server that is killed while it sends webhooks', () => {
  let database: TestDatabase;
  let hook: WebhookReceiver;
  let server: ServerProcess | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
    hook = await WebhookReceiver.start();
  });
  afterAll(async () => {
    await server?.kill();
    await hook.close();
    await database.drop();
  });

  it('loses none, and repeats under the same id what was under way', async () => {
    const settings = {
      DATABASE_URL: database.url,
      // One for all of them, so that people find the next one.
      PORT: `${await freePort()}`,
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
      RATE_LIMITS: 'off',
    };
    server = await ServerProcess.start(settings);
    const { url } = server;
    const [root, ada, bob] = (await Promise.all(['root', 'ada', 'bob'].map((name) => Person.register(url, name)))) as [
      Person,
      Person,
      Person,
    ];
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`UPDATE users SET role = 'ADMIN' WHERE id = $1`, [root.id]);
    await client.end();
    const events = ['message.created', 'message.updated', 'member.joined'];
    hook.secret = (await root.must('POST', '/admin/webhooks', { url: hook.url, events })).secret;
    // Each takes a moment, so that kills hit them.
    hook.answer = (response) => void setTimeout(() => response.writeHead(200).end(), 30);
    const stored: string[] = [];
    const edited: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const conversationId = await ada.directConversation(bob);
      for (let count = 0; count < MESSAGES; count += 1) {
        const { id } = await ada.send(conversationId, `${kill}/${count}`, { clientId: randomUUID() });
        stored.push(id);
        if (count % 5 === 0) {
          await ada.must('PATCH', `/messages/${id}`, { content: `${kill}/${count}!` });
          edited.push(id);
        }
      }
      // Sooner or later after the last acknowledgement: before it is planned, while it is sent, when all is done.
      await new Promise((resolve) => setTimeout(resolve, kill * 60));
      await server.kill();
      server = await ServerProcess.start(settings);
    }
    const received = (type: string): Set<string> => new Set(hook.ofType(type).map(({ data }) => data.message.id));
    await until(
      'all are received',
      () => received('message.created').size === stored.length && received('message.updated').size === edited.length,
    );
    expect([...received('message.created')].sort()).toEqual(stored.sort());
    // The same event has the same id, however often it came.
    const idOf = new Map<string, string>();
    for (const { id, type, data } of hook.received) {
      const event = `${type} ${data.message.id}`;
      expect(idOf.get(event) ?? id).toBe(id);
      idOf.set(event, id);
    }
    expect(hook.forged).toBe(0);
  }, 300_000);
});
