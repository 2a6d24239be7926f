import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Configuration } from '../../../src/config/configuration.js';
import { Database } from '../../../src/database/database.js';
import { isConnectionFailure } from '../../../src/common/temporary-failures.js';
import { DatabaseProxy } from '../../support/servers/database-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { type Answer, type Anything, Device, Person, request, until } from '../../support/story.js';

describe('a connection that ends in the middle of a transaction', () => {
  let testDatabase: TestDatabase;
  let proxy: DatabaseProxy;
  let database: Database;
  let administrator: pg.Client;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    proxy = await DatabaseProxy.start(testDatabase.url);
    database = new Database(
      new Configuration({ ...Configuration.fromEnvironment({ DATABASE_URL: proxy.url, DATABASE_POOL_SIZE: '4' }) }),
    );
    administrator = new pg.Client({ connectionString: testDatabase.url });
    await administrator.connect();
  });
  afterAll(async () => {
    await database.onApplicationShutdown();
    await administrator.end();
    await proxy.stop();
    await testDatabase.drop();
  });

  const terminate = async (pid: number): Promise<void> => {
    await administrator.query('SELECT pg_terminate_backend($1)', [pid]);
    await until('the backend is gone', async () => {
      const { rowCount } = await administrator.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
      return rowCount === 0;
    });
  };
  const failures: [string, (pid: number) => Promise<void>][] = [
    ['is terminated', terminate],
    ['is reset by the network', async () => proxy.reset()],
  ];

  it.each(failures)('that %s fails as unavailable, and its place in the pool is free again', async (_, fail) => {
    // More often than the pool has places.
    for (let time = 0; time < 4; time += 1) {
      const work = database.transaction(async (transaction) => {
        const [row] = await transaction.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await fail(row?.pid ?? 0);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await transaction.query('SELECT 1');
      });
      await expect(work.catch((error: unknown) => isConnectionFailure(error))).resolves.toBe(true);
    }
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(database.pool.waitingCount).toBe(0);
  });
});

describe('a server whose database connections end all the time', () => {
  let testDatabase: TestDatabase;
  let proxy: DatabaseProxy;
  let server: ServerProcess;
  let administrator: pg.Client;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    proxy = await DatabaseProxy.start(testDatabase.url);
    server = await ServerProcess.start({ DATABASE_URL: proxy.url, RATE_LIMITS: 'off' });
    administrator = new pg.Client({ connectionString: testDatabase.url });
    await administrator.connect();
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    await administrator.end();
    await proxy.stop();
    await testDatabase.drop();
  });

  it('lives, and answers 503 with Retry-After to what it could not do', async () => {
    const [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    const conversationId = await ada.directConversation(bob);
    const answers: Answer<Anything>[] = [];
    const acknowledgements: Anything[] = [];
    let over = false;
    const keep = async (act: () => Promise<Answer<Anything>>): Promise<void> => {
      while (!over) answers.push(await act());
    };
    const work = [
      keep(() => ada.call('POST', '/friends/requests', { userId: bob.id })),
      keep(() => bob.call('GET', '/friends/requests?direction=received')),
      keep(() => ada.call('GET', '/friends')),
      keep(() => ada.call('GET', '/users/me')),
      keep(() => ada.call('PATCH', '/users/me', { displayName: 'Ada' })),
      keep(() => bob.call('POST', `/blocks/${ada.id}`)),
      keep(() => bob.call('DELETE', `/blocks/${ada.id}`)),
      keep(() => ada.call('POST', '/conversations', { type: 'GROUP', title: 'us', memberIds: [] })),
      keep(() => ada.call('POST', `/conversations/${conversationId}/messages`, { content: 'hello' })),
      keep(() => ada.call('GET', `/conversations/${conversationId}/messages`)),
      keep(() => ada.call('GET', '/sync')),
      keep(() => ada.call('GET', '/messages/search?q=hello')),
      (async () => {
        while (!over) {
          const device = new Device(server.url, { token: ada.accessToken });
          const { event } = await device.nextOf(['session:ready', 'connect_error']);
          if (event === 'session:ready') {
            for (let time = 0; time < 20 && !over; time += 1)
              acknowledgements.push(await device.ask('send_message', { conversationId, content: `${time}` }));
          }
          device.socket.close();
        }
      })(),
    ];
    for (let time = 0; time < 40; time += 1) {
      const before = answers.length;
      if (time % 2 === 0) proxy.reset();
      else
        await administrator.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'parley%' AND datname = current_database()`,
        );
      await until('more was answered', () => answers.length >= before + 15);
    }
    over = true;
    await Promise.all(work);
    const unavailable = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status === 500)).toEqual([]);
    expect(unavailable.length).toBeGreaterThan(0);
    for (const { headers, body } of unavailable) {
      expect(body.code).toBe('UNAVAILABLE');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const refused = acknowledgements.filter(({ ok }) => !ok).map(({ error }) => error.code);
    expect(refused.filter((code) => code !== 'UNAVAILABLE' && code !== 'CANNOT_MESSAGE')).toEqual([]);
    // With every connection new, everything works.
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
  });
});

describe('a server whose database does what it is asked, and does not answer', () => {
  let testDatabase: TestDatabase;
  let proxy: DatabaseProxy;
  let server: ServerProcess;
  let administrator: pg.Client;
  let [ada, bob]: [Person, Person] = [] as never;
  let [own, other]: [Device, Device] = [] as never;
  let conversationId: string;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    proxy = await DatabaseProxy.start(testDatabase.url);
    server = await ServerProcess.start({ DATABASE_URL: proxy.url, RATE_LIMITS: 'off' });
    administrator = new pg.Client({ connectionString: testDatabase.url });
    await administrator.connect();
    [ada, bob] = [await Person.register(server.url, 'ada'), await Person.register(server.url, 'bob')];
    conversationId = await ada.directConversation(bob);
    [own, other] = await Promise.all([ada.device(), bob.device()]);
  });
  afterAll(async () => {
    for (const person of [ada, bob]) person.disconnect();
    expect(await server.stop()).toBe(0);
    await administrator.end();
    await proxy.stop();
    await testDatabase.drop();
  });

  const send = (content: string, clientId: string = randomUUID()): Promise<Anything> =>
    own.ask('send_message', { conversationId, content, clientId });
  const isStored = async (content: string): Promise<boolean> =>
    (await administrator.query('SELECT FROM messages WHERE content = $1', [content])).rowCount === 1;
  const answerAgain = (): void => {
    proxy.unanswered = undefined;
    proxy.reset();
  };

  it.each(['repeated', 'not repeated'])(
    'delivers a message that it refused, and that is stored, once: %s',
    async (how) => {
      proxy.unanswered = new RegExp(how);
      const clientId = randomUUID();
      const refused = send(how, clientId);
      await until('it is stored', () => isStored(how));
      // Until the server gives it up.
      expect(await refused).toMatchObject({
        ok: false,
        error: { code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) },
      });
      answerAgain();
      if (how === 'repeated')
        expect(await Promise.all([send(how, clientId), send(how, clientId)])).toEqual([
          expect.objectContaining({ ok: true }),
          expect.objectContaining({ ok: true }),
        ]);
      for (const device of [own, other]) await device.next('message:new', ({ message }) => message.content === how);
      // Nothing of the first is under way any more.
      expect(await send(`behind ${how}`)).toMatchObject({ ok: true });
      for (const device of [own, other]) {
        await device.next('message:new', ({ message }) => message.content === `behind ${how}`);
        expect(device.all('message:new').filter(({ message }) => message.content === how)).toHaveLength(1);
      }
    },
  );

  it.each([
    ['a statement', /WITH former AS/, (id: string) => ada.call('PATCH', `/messages/${id}`, { content: 'changed' })],
    [
      'a transaction',
      /COMMIT/,
      (id: string) => ada.call('PUT', `/messages/${id}/reactions/${encodeURIComponent('👍')}`),
    ],
  ] as const)('asks everybody to sync where it cannot know whether %s was committed', async (_, unanswered, change) => {
    const { data } = await send('before a change');
    await other.next('message:new', ({ message }) => message.id === data.message.id);
    proxy.unanswered = unanswered;
    const changed = change(data.message.id);
    await until('it is committed', async () => {
      const { rowCount } = await administrator.query('SELECT FROM messages WHERE id = $1 AND version > 1', [
        data.message.id,
      ]);
      return rowCount === 1;
    });
    const asked = [own, other].map((device) => device.all('sync:needed').length);
    answerAgain();
    expect((await changed).status).toBe(503);
    await until('both are asked', () =>
      [own, other].every((device, index) => device.all('sync:needed').length > (asked[index] ?? 0)),
    );
  });

  it('puts out of a group, and disconnects, whom a change concerns of which it cannot know whether it was committed', async () => {
    const groupId = await ada.group('us', bob);
    await other.next('conversation:new', ({ conversation }) => conversation.id === groupId);
    const { body: session } = await request(server.url, 'POST', '/auth/login', {
      username: bob.username,
      password: 'correct horse',
    });
    const elsewhere = await bob.device({ token: session.accessToken });
    proxy.unanswered = /COMMIT|UPDATE sessions SET revoked_at/;
    const changes = [
      ada.call('DELETE', `/conversations/${groupId}/members/${bob.id}`),
      request(server.url, 'POST', '/auth/logout', undefined, session.accessToken),
    ];
    await until('both are committed', async () => {
      const { rowCount } = await administrator.query(
        `SELECT FROM conversation_members m, sessions s WHERE m.conversation_id = $1 AND m.user_id = $2 AND m.left_at IS NOT NULL
         AND s.user_id = $2 AND s.revoked_at IS NOT NULL`,
        [groupId, bob.id],
      );
      return rowCount === 1;
    });
    answerAgain();
    expect((await Promise.all(changes)).map(({ status }) => status)).toEqual([503, 503]);
    await other.next('conversation:removed', ({ conversationId: id }) => id === groupId);
    await elsewhere.next('session:ended', ({ code }) => code === 'LOGGED_OUT');
    const { id } = await ada.send(groupId, 'without bob');
    await own.next('message:new', ({ message }) => message.id === id);
    await send('behind it');
    await other.next('message:new', ({ message }) => message.content === 'behind it');
    expect(other.all('message:new').filter(({ message }) => message.id === id)).toEqual([]);
  });
});
