import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { type Anything, request, type Story, startStory } from '../../support/story.js';
import { DIALECTS } from '../../dialects/clients.js';

let story: Story;
beforeAll(async () => {
  story = await startStory({ rateLimits: false });
});
afterAll(() => story.close());

const NOTHING = ['\u200b', '\u2800', '\u3164', '\u202e', '\u00a0\u3000', '\u200b\u200d\ufe0f \u2060', '\u{e0041}'];

const register = (fields: Record<string, unknown>): Promise<Anything> =>
  request(story.url, 'POST', '/auth/register', { password: 'correct horse', ...fields });
const unique = (): string => randomUUID().slice(0, 8);

describe('text that shows nothing', () => {
  it('is no message, whichever way it comes', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const device = await ada.device();
    const { id: messageId } = await ada.send(conversationId, 'something');
    for (const content of NOTHING) {
      const refusals = [
        (await ada.call('POST', `/conversations/${conversationId}/messages`, { content })).body.code,
        (await ada.call('PATCH', `/messages/${messageId}`, { content })).body.code,
        (await device.ask('send_message', { conversationId, content })).error?.code,
        (await device.ask('send_message', { receiverId: bob.id, content, clientId: randomUUID() })).error?.code,
        (await device.ask('edit_message', { messageId, content })).error?.code,
      ];
      expect([content, refusals]).toEqual([content, Array.from({ length: 5 }, () => 'VALIDATION_FAILED')]);
    }
    expect(await bob.history(conversationId)).toHaveLength(1);
    for (const content of ['\u200bhidden start', 'می\u200cخواهم', '👨\u200d👩\u200d👧', '❤\ufe0f', '\u202eabc']) {
      expect((await device.must('send_message', { conversationId, content })).message.content).toBe(content);
    }
  });

  it.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))('is no message in %s', async (_, dialect) => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const client = await dialect.connect(ada);
    await client.send(bob, 'something');
    for (const content of NOTHING) await expect(client.send(bob, content)).rejects.toBeInstanceOf(Error);
    expect(await bob.history(await bob.directConversation(ada))).toHaveLength(1);
    await client.close();
  });

  it('is left out beside a file', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const { id } = await ada.mustUpload(Buffer.from('a plain text file'), 'a.txt');
    expect(await ada.send(conversationId, '\u3164', { attachmentIds: [id] })).toMatchObject({ content: '' });
  });

  it('is no name, no title and no name of a device', async () => {
    const ada = await story.person();
    const groupId = await ada.group('Group');
    for (const text of NOTHING) {
      const email = `${unique()}@example.com`;
      const login = { email: ada.email, password: 'correct horse' };
      const answers = [
        await register({ email, displayName: text }),
        await register({ email, deviceName: text }),
        await request(story.url, 'POST', '/auth/login', { ...login, deviceName: text }),
        await ada.call('PATCH', '/users/me', { displayName: text }),
        await ada.call('POST', '/conversations', { type: 'GROUP', title: text, memberIds: [] }),
        await ada.call('PATCH', `/conversations/${groupId}`, { title: text }),
        await ada.call('GET', `/messages/search?q=${encodeURIComponent(text)}`),
        await ada.call('GET', `/users?search=${encodeURIComponent(text)}`),
      ];
      expect([text, answers.map(({ body }) => body.code)]).toEqual([text, answers.map(() => 'VALIDATION_FAILED')]);
    }
  });
});

describe('names and titles', () => {
  it('are stored as people see them', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const seen = async (text: string): Promise<string[]> => {
      const groupId = await ada.group(text, bob);
      await ada.must('PATCH', `/conversations/${groupId}`, { title: 'another' });
      const { title } = await ada.must('PATCH', `/conversations/${groupId}`, { title: text });
      const { displayName } = await ada.must('PATCH', '/users/me', { displayName: text });
      const registered = await register({ email: `${unique()}@example.com`, displayName: text, deviceName: text });
      const { items } = await request(story.url, 'GET', '/auth/sessions', undefined, registered.body.accessToken).then(
        ({ body }) => (Array.isArray(body) ? { items: body } : body),
      );
      const answered = (await bob.must('GET', `/conversations/${groupId}`)).title;
      return [title, displayName, registered.body.user.displayName, items[0].deviceName, answered];
    };
    for (const [text, shown] of [
      ['\u202eA\u0308da\u200b  \u3164L.\u202c', 'Äda L.'],
      ['A\u200dda', 'Ada'],
      ['می\u200cخواهم', 'می\u200cخواهم'],
      ['👨\u200d👩\u200d👧 ❤\ufe0f', '👨\u200d👩\u200d👧 ❤\ufe0f'],
    ] as const) {
      expect([text, await seen(text)]).toEqual([text, Array.from({ length: 5 }, () => shown)]);
    }
  });

  it('hold no control characters and no line breaks', async () => {
    const ada = await story.person();
    for (const text of ['a\nb', 'a\u0000b', 'a\u0007b', 'a\u2028b']) {
      expect((await ada.call('PATCH', '/users/me', { displayName: text })).status).toBe(400);
      expect((await ada.call('POST', '/conversations', { type: 'GROUP', title: text, memberIds: [] })).status).toBe(
        400,
      );
    }
  });

  it('are usernames in ASCII letters alone, as documented', async () => {
    const { body: document } = await request(story.url, 'GET', '/docs-json');
    const { pattern } = document.components.schemas.Registration.properties.username;
    const name = unique();
    const names = [
      `NaN${name}`,
      `ada.${name}`,
      `A_-${name}`,
      `\u212aim${name}`,
      `\u017fam${name}`,
      `ａda${name}`,
      `a da${name}`,
      'ab',
      `é${name}`,
      `a\u200b${name}`,
      'a'.repeat(33),
    ];
    for (const username of names) {
      const { status, body } = await register({ email: `${unique()}@example.com`, username });
      const isDocumented = new RegExp(pattern).test(username);
      expect([username, status]).toEqual([username, isDocumented ? 201 : 400]);
      if (isDocumented) expect(body.user.username).toBe(username.toLowerCase());
    }
    expect(names.filter((username) => new RegExp(pattern).test(username))).toHaveLength(3);
  });
});

describe('an e-mail address that somebody registers', () => {
  it('is one account in all its spellings, and opens it in each', async () => {
    const local = `zo\u00eb${unique()}`;
    const { body } = await register({ email: `${local}@b\u00fccher.example` });
    expect(body.user.email).toBe(`${local}@b\u00fccher.example`);
    const spellings = [
      `${local.normalize('NFD')}@b\u00fccher.example`,
      `${local.toUpperCase()}@B\u00dcCHER.example`,
      `${local}@bu\u0308cher.example`,
      `${local}@xn--bcher-kva.example`,
      `${local}@b\u00fccher\uff0eexample`,
    ];
    for (const email of spellings) {
      expect([email, (await register({ email })).body.code]).toEqual([email, 'EMAIL_TAKEN']);
      const login = await request(story.url, 'POST', '/auth/login', { email, password: 'correct horse' });
      const me = await request(story.url, 'GET', '/users/me', undefined, login.body.accessToken);
      expect([email, me.body.id]).toEqual([email, body.user.id]);
    }
  });

  it('has nothing in it that nobody sees', async () => {
    for (const invisible of ['\u200b', '\u3164', '\u202e', '\u00ad', '\u2060', '\ufeff', '\u200d']) {
      for (const email of [`a${invisible}da@example.com`, `ada@exa${invisible}mple.com`]) {
        const { status, body } = await register({ email });
        expect([email, status, Object.keys(body.errors ?? {})]).toEqual([email, 400, ['email']]);
        const forgotten = await request(story.url, 'POST', '/auth/forgot-password', { email });
        expect(forgotten.status).toBe(400);
      }
    }
  });

  it('of before gets its one spelling, where nobody else has it', async () => {
    const [one, other, third] = [unique(), unique(), unique()];
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    // The oldest comes first, also where all come within one millisecond.
    let age = 0;
    const insert = (email: string): Promise<Anything> =>
      database.query(
        `INSERT INTO users (id, email, username, display_name, email_verified_at, created_at)
         VALUES (gen_random_uuid(), $1, $2, 'x', now(), now() + $3 * interval '1 s')`,
        [email, unique(), (age += 1)],
      );
    for (const email of [
      `e\u0301${one}@x.example`,
      `e\u0301${other}@x.example`,
      `\u00e9${other}@x.example`,
      `e\u0301\uff41${third}@x.example`,
      `\u00e9\uff41${third}@x.example`,
    ]) {
      await insert(email);
    }
    await database.query(
      await readFile('prisma/migrations/20261126020200_one_spelling_of_addresses/migration.sql', 'utf8'),
    );
    const { rows } = await database.query(
      `SELECT email FROM users WHERE email LIKE '%@x.example' ORDER BY created_at, email`,
    );
    await database.end();
    expect(rows.map(({ email }) => email).sort()).toEqual(
      [
        `\u00e9${one}@x.example`,
        `e\u0301${other}@x.example`,
        `\u00e9${other}@x.example`,
        `\u00e9a${third}@x.example`,
        `\u00e9\uff41${third}@x.example`,
      ].sort(),
    );
  });
});
