import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Database } from '../../../src/database/database.js';
import { type Answer, type Anything, type Person, request, startStory, type Story } from '../../support/story.js';
import { problem, refusal } from './shapes.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';
const PASSWORD = 'correct horse';

describe('an attacker who sends more fields than there are', () => {
  let story: Story;
  let [ada, bob, eve]: [Person, Person, Person] = [] as never;
  let group: string;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob, eve] = await Promise.all([story.person('ada'), story.person('bob'), story.person('eve')]);
    group = await ada.group('Crew', eve);
  });
  afterAll(() => story.close());

  const rows = (sql: string, ...parameters: string[]): Promise<Anything[]> =>
    story.app.get(Database).query(sql, parameters);

  const FIELDS: [string, unknown][] = [
    ['id', NOBODY],
    ['role', 'ADMIN'],
    ['roles', ['ADMIN']],
    ['isAdmin', true],
    ['createdAt', '1999-01-01T00:00:00.000Z'],
    ['created_at', '1999-01-01T00:00:00.000Z'],
    ['updatedAt', '1999-01-01T00:00:00.000Z'],
    ['deletedAt', null],
    ['passwordHash', '$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA'],
    ['password_hash', 'x'],
    ['emailVerifiedAt', '1999-01-01T00:00:00.000Z'],
    ['emailVerified', true],
    ['isOnline', true],
    ['sessions', { create: {} }],
  ];

  const refused = ({ status, body }: Answer<Anything>, field: string): void => {
    expect([field, status, body]).toEqual([field, 400, problem(400, 'VALIDATION_FAILED', [field])]);
  };

  it.each(FIELDS)('makes no account with %s', async (field, value) => {
    const username = `mallory_${randomUUID().slice(0, 8)}`;
    const email = `${username}@example.com`;
    refused(
      await request(story.url, 'POST', '/auth/register', { email, username, password: PASSWORD, [field]: value }),
      field,
    );
    expect(await rows('SELECT 1 FROM users WHERE email = $1', email)).toEqual([]);
  });

  it.each([...FIELDS, ['email', 'mine@example.com'], ['password', 'something else']] as [string, unknown][])(
    'changes nothing of its profile with %s',
    async (field, value) => {
      const before = await rows('SELECT * FROM users WHERE id = $1', eve.id);
      refused(await eve.call('PATCH', '/users/me', { [field]: value }), field);
      refused(await eve.call('PATCH', '/users/me', { displayName: 'Owned', [field]: value }), field);
      expect(await rows('SELECT * FROM users WHERE id = $1', eve.id)).toEqual(before);
    },
  );

  it.each([
    ...FIELDS,
    ['lastSeq', 1_000],
    ['ownerId', NOBODY],
    ['members', [{ userId: NOBODY, role: 'OWNER' }]],
    ['directKey', 'x'],
    ['me', { role: 'OWNER' }],
  ] as [string, unknown][])('makes and changes no conversation with %s', async (field, value) => {
    const before = [await eve.must('GET', '/conversations'), await bob.must('GET', '/conversations')];
    refused(await eve.call('POST', '/conversations', { userId: bob.id, [field]: value }), field);
    refused(
      await eve.call('POST', '/conversations', { type: 'GROUP', title: 'x', memberIds: [bob.id], [field]: value }),
      field,
    );
    refused(await ada.call('PATCH', `/conversations/${group}`, { title: 'Owned', [field]: value }), field);
    expect([await eve.must('GET', '/conversations'), await bob.must('GET', '/conversations')]).toEqual(before);
  });

  // The libraries take these for an object's own; the contract (section 1) refuses what it does not name all the same.
  it.each<[string, unknown]>([
    ['constructor', { prototype: { isAdmin: true } }],
    ['prototype', { isAdmin: true }],
    ['toString', 'x'],
    ['valueOf', null],
    ['hasOwnProperty', 1],
    ['then', 'x'],
    ['__defineGetter__', 'x'],
  ])('is refused %s as any unknown field', async (field, value) => {
    const username = `mallory_${randomUUID().slice(0, 8)}`;
    const account = { email: `${username}@example.com`, username, password: PASSWORD, [field]: value };
    const answers = await Promise.all([
      request(story.url, 'POST', '/auth/register', account),
      eve.call('PATCH', '/users/me', { displayName: 'Owned', [field]: value }),
      eve.call('POST', `/conversations/${group}/messages`, { content: 'x', [field]: value }),
      eve.call('PATCH', `/conversations/${group}/me`, { pinned: true, [field]: value }),
    ]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      answers.map(() => [400, problem(400, 'VALIDATION_FAILED', [field])]),
    );
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
  });

  it.each(['constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'is refused %s as any unknown field over a socket',
    async (field) => {
      const eves = await eve.device();
      for (const [event, payload] of [
        ['send_message', { conversationId: group, content: 'x' }],
        ['mark_read', { conversationId: group, seq: 1 }],
        ['typing', { conversationId: group, isTyping: false }],
      ] as const) {
        const answer = await eves.ask(event, { ...payload, [field]: { isAdmin: true } });
        expect([event, answer]).toEqual([event, refusal('VALIDATION_FAILED', [field])]);
      }
      eves.socket.close();
    },
  );

  it('takes no role, neither by its own settings nor by those of members', async () => {
    const before = await eve.must('GET', `/conversations/${group}`);
    for (const [field, value] of [
      ['role', 'OWNER'],
      ['userId', ada.id],
      ['lastReadSeq', 99],
      ['leftAt', null],
      ['joinedSeq', 0],
      ...FIELDS,
    ] as [string, unknown][]) {
      if (field === 'role' && value === 'ADMIN') continue;
      refused(await eve.call('PATCH', `/conversations/${group}/me`, { pinned: true, [field]: value }), field);
    }
    const itself = await eve.call('PATCH', `/conversations/${group}/members/${eve.id}`, { role: 'OWNER' });
    expect([itself.status, itself.body]).toEqual([403, problem(403, 'FORBIDDEN')]);
    const more = { role: 'ADMIN', userId: eve.id };
    refused(await ada.call('PATCH', `/conversations/${group}/members/${eve.id}`, more), 'userId');
    expect(await eve.must('GET', `/conversations/${group}`)).toEqual(before);
  });

  it('writes no message but its own, as it is', async () => {
    const before = await ada.history(group);
    for (const [field, value] of [
      ['senderId', ada.id],
      ['seq', 1],
      ['version', 9],
      ['kind', 'SYSTEM'],
      ['conversationId', NOBODY],
      ['createdAt', '1999-01-01T00:00:00.000Z'],
      ['editedAt', null],
      ['deletedAt', null],
      ['reactions', [{ emoji: 'x', count: 99, mine: true }]],
      ['id', NOBODY],
    ] as [string, unknown][]) {
      refused(await eve.call('POST', `/conversations/${group}/messages`, { content: 'x', [field]: value }), field);
    }
    expect(await ada.history(group)).toEqual(before);
  });

  it('asks and reads for nobody else', async () => {
    for (const [field, value] of [
      ['senderId', ada.id],
      ['status', 'ACCEPTED'],
      ['receiverId', ada.id],
    ]) {
      refused(
        await eve.call('POST', '/friends/requests', { userId: bob.id, [field as string]: value }),
        field as string,
      );
    }
    refused(await eve.call('POST', '/blocks', { userId: bob.id, blockerId: ada.id }), 'blockerId');
    refused(await eve.call('POST', `/conversations/${group}/read`, { seq: 1, userId: ada.id }), 'userId');
    expect((await bob.must('GET', '/friends/requests?direction=incoming')).items).toEqual([]);
    expect((await eve.must('GET', '/blocks')).items).toEqual([]);
  });

  it('is refused every field by calls that take none, once it may make them', async () => {
    const { id: messageId } = await eve.send(group, 'mine');
    const requested = await bob.must('POST', '/friends/requests', { userId: eve.id });
    const calls = [
      ['DELETE', `/messages/${messageId}`],
      ['PUT', `/messages/${messageId}/reactions/+1`],
      ['POST', `/friends/requests/${requested.id}/reject`],
      ['POST', `/friends/requests/${requested.id}/accept`],
      ['POST', `/conversations/${group}/leave`],
      ['DELETE', `/blocks/${bob.id}`],
    ] as const;
    for (const [method, path] of calls) {
      refused(await eve.call(method, path, { for: 'me' }), 'for');
      expect((await request(story.url, method, path, { for: 'me' })).status).toBe(401);
    }
    expect((await eve.call('POST', `/admin/users/${bob.id}/restore`, { for: 'me' })).status).toBe(404);
    expect(await eve.must('GET', `/messages/${messageId}`)).toMatchObject({ content: 'mine', reactions: [] });
    expect((await eve.must('GET', '/friends/requests?direction=incoming')).items).toHaveLength(1);
    await eve.must('PUT', `/messages/${messageId}/reactions/+1`, {});
    await eve.must('POST', `/friends/requests/${requested.id}/reject`, null);
    await eve.must('DELETE', `/messages/${messageId}`);
    // Many clients send it along, and must not stay logged in for that.
    await eve.must('POST', '/auth/logout', { refreshToken: eve.refreshToken });
  });
});
