import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ServerProcess } from '../../support/processes/process.js';
import { Device, type Anything, type Answer, Person, until } from '../../support/story.js';
import { createTestDatabase } from '../../support/databases/postgres.js';

/** The longest message there may be, of characters that take four bytes each: 32 KB. */
const MAX_TEXT = '🌍'.repeat(8_000);
const textNumber = (n: number): string => `${n} ${'🌍'.repeat(7_990)}`;
const MAX_ANSWER_TEXT_BYTES = 512 * 1024;
/** Questions of one user that are answered at once. */
const AT_ONCE = 4;

describe('one user who asks for much', () => {
  let server: ServerProcess;
  let database: { url: string; drop(): Promise<void> };
  let greedy: Person;
  let conversationId: string;
  const devices: Device[] = [];

  const connected = async (person: Person): Promise<Device> => {
    const device = new Device(server.url, { token: person.accessToken });
    devices.push(device);
    await device.next('session:ready');
    return device;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await ServerProcess.start({
      DATABASE_URL: database.url,
      // Only what the test fills its conversation with, and how it asks, is not limited.
      LIMITS: '{ "messages": { "burst": 100000, "points": 100000 }, "events": { "burst": 100000 } }',
    });
    greedy = await Person.register(server.url, 'greedy');
    const other = await Person.register(server.url, 'other');
    conversationId = await greedy.directConversation(other);
    const device = await connected(greedy);
    // The largest messages, twenty at once: as many as the limit of messages lets anybody send.
    for (let first = 0; first < 100; first += 20)
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          device.must('send_message', { conversationId, content: textNumber(first + n) }),
        ),
      );
  });
  afterAll(async () => {
    for (const device of devices) device.socket.close();
    await server.stop();
    await database.drop();
  });

  const textOf = (items: Anything[]): number => items.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);

  it('is answered in pages of bounded size, and still reads everything once and in order', async () => {
    const newest = await greedy.must('GET', `/conversations/${conversationId}/messages?limit=100`);
    expect(newest).toMatchObject({ hasBefore: true, hasAfter: false });
    expect(newest.items.at(-1).seq).toBe(100);
    const seqs: number[] = [];
    for (let after = 0, hasAfter = true; hasAfter; ) {
      const page = await greedy.must('GET', `/conversations/${conversationId}/messages?limit=100&after=${after}`);
      expect(textOf(page.items)).toBeLessThan(MAX_ANSWER_TEXT_BYTES + 32_000);
      seqs.push(...page.items.map(({ seq }: Anything) => seq));
      ({ hasAfter } = page);
      after = seqs.at(-1) ?? 0;
    }
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const around = await greedy.must('GET', `/conversations/${conversationId}/messages?limit=100&around=50`);
    expect(around).toMatchObject({ hasBefore: true, hasAfter: true });
    expect(around.items.map(({ seq }: Anything) => seq)).toContain(50);
  });

  it('gets a sync in pages of bounded size, and everything once', async () => {
    const { cursor } = await greedy.must('GET', '/sync');
    const device = await connected(greedy);
    await Promise.all(
      Array.from({ length: 60 }, () => device.must('send_message', { conversationId, content: MAX_TEXT })),
    );
    const { pages } = await greedy.sync(cursor, 100);
    for (const { messages } of pages) expect(textOf(messages)).toBeLessThan(MAX_ANSWER_TEXT_BYTES + 32_000);
    expect(pages.flatMap(({ messages }) => messages.map(({ seq }: Anything) => seq))).toEqual(
      Array.from({ length: 60 }, (_, index) => 101 + index),
    );
  });

  it('is answered four questions at once, and others send and receive while these take long', async () => {
    const [ada, bob] = await Promise.all([Person.register(server.url, 'ada'), Person.register(server.url, 'bob')]);
    const talk = await ada.directConversation(bob);
    const [sender, receiver] = [await connected(ada), await connected(bob)];
    const eager = await Person.register(server.url, 'eager');
    const own = await eager.directConversation(bob);
    await eager.send(own, 'read again and again');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const held = async (): Promise<number> => {
      const { rows } = await client.query(
        `SELECT count(*)::integer AS count FROM pg_locks
         WHERE relation = 'message_reactions'::regclass AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return rows[0].count;
    };
    // Reading messages asks for their reactions, and sending one does not.
    await client.query('BEGIN; LOCK TABLE message_reactions IN ACCESS EXCLUSIVE MODE');
    const pages = Array.from({ length: 50 }, () => eager.call('GET', `/conversations/${own}/messages`));
    try {
      await until('its questions take long', async () => (await held()) === AT_ONCE);
      for (let sent = 1; sent <= 10; sent += 1) {
        const content = `${sent}`;
        await sender.must('send_message', { conversationId: talk, content });
        await receiver.next('message:new', ({ message }) => message.content === content);
      }
      expect(await held()).toBeLessThanOrEqual(AT_ONCE);
    } finally {
      await client.query('ROLLBACK');
      await client.end();
    }
    await Promise.all(pages);
    expect((await eager.history(own)).map(({ content }) => content)).toEqual(['read again and again']);
  });

  it('is refused with a time to come again once it asked for more than its share, and let in again', async () => {
    const device = await connected(greedy);
    const { cursor } = await greedy.must('GET', '/sync');
    const questions: Promise<Anything>[] = [
      ...Array.from({ length: 150 }, () => device.ask('sync', { cursor })),
      ...Array.from({ length: 150 }, () => device.ask('join_conversation', { conversationId })),
    ];
    const pages = Array.from({ length: 300 }, () =>
      greedy.call('GET', `/conversations/${conversationId}/messages?limit=100`),
    );
    const codes = new Set<string>();
    for (const answer of await Promise.all(questions)) {
      if (answer.ok) continue;
      codes.add(answer.error.code);
      expect(answer.error.retryAfterMs).toBeGreaterThan(0);
    }
    const refused = (await Promise.all(pages)).filter(({ status }: Answer) => status !== 200);
    for (const { status, headers } of refused) {
      expect(status).toBe(429);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect([...codes].filter((code) => code !== 'RATE_LIMITED')).toEqual([]);
    expect(refused.length).toBeGreaterThan(100);
    // And it is let in again.
    await expect(
      (async () => {
        for (;;) {
          const answer = await device.ask('join_conversation', { conversationId });
          if (answer.ok) return answer.data.conversation.id;
          await new Promise((resolve) => setTimeout(resolve, answer.error.retryAfterMs));
        }
      })(),
    ).resolves.toBe(conversationId);
  });
});
