import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { DirectConversationsService } from '../../../src/conversations/direct/direct-conversations.service.js';
import pg from 'pg';
import { type Anything, Device, request, startStory, type Story } from '../../support/story.js';

describe('sending', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  it('numbers densely and in one order for all, whoever sends at once', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => story.person()));
    const [owner, ...others] = people as [(typeof people)[0] & object, ...typeof people];
    const conversationId = await owner.group('Race', ...others);
    const devices = await Promise.all(people.map((person) => person.device()));
    const sent = await Promise.all(
      devices.flatMap((device, author) =>
        Array.from({ length: 25 }, (_, index) =>
          device.must('send_message', { conversationId, content: `${author} ${index}` }).then(({ message }) => message),
        ),
      ),
    );
    // The first number is the group's own SYSTEM message.
    const numbers = Array.from({ length: 200 }, (_, index) => index + 2);
    expect(sent.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(numbers);
    for (const device of devices) {
      await device.next('message:new', ({ message }) => message.seq === 201);
      const received = device.all('message:new').map(({ message }) => message);
      expect(received.filter(({ kind }) => kind === 'TEXT').map(({ seq }) => seq)).toEqual(numbers);
    }
    // Each author's own messages stand in the order it sent them.
    for (const author of devices.keys()) {
      const own = sent.filter(({ content }) => content.startsWith(`${author} `)).sort((a, b) => a.seq - b.seq);
      expect(own.map(({ content }) => content)).toEqual(Array.from({ length: 25 }, (_, index) => `${author} ${index}`));
    }
  });

  it('stores once what is sent many times, over every door, and emits it once', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const elsewhere = await ada.group('Elsewhere', bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    const clientId = randomUUID();
    const answers: Anything[] = await Promise.all([
      ...Array.from({ length: 10 }, (_, index) =>
        adas.must('send_message', { conversationId, content: `try ${index}`, clientId }).then(({ message }) => message),
      ),
      ...Array.from({ length: 10 }, (_, index) =>
        ada.send(conversationId, `rest ${index}`, { clientId: clientId.toUpperCase() }),
      ),
    ]);
    const [first] = answers;
    for (const answer of answers) expect(answer).toEqual(first);

    const { body } = await request(story.url, 'POST', '/auth/refresh', { refreshToken: ada.refreshToken });
    ada.accessToken = body.accessToken;
    expect(await ada.send(elsewhere, 'another place', { clientId })).toEqual(first);

    await bob.send(conversationId, 'marker');
    await bobs.next('message:new', ({ message }) => message.content === 'marker');
    expect(bobs.all('message:new').filter(({ message }) => message.clientId === clientId)).toHaveLength(1);
    expect(await ada.history(conversationId)).toHaveLength(2);
    expect(first.clientId).toBe(clientId);
  });

  it('answers a repeat with the stored message whatever else it says, also where that would be refused', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const adas = await ada.device();
    const clientId = randomUUID();
    const { message } = await adas.must('send_message', { conversationId, content: 'stored', clientId });
    const nobody = randomUUID();
    for (const repeat of [
      { conversationId },
      { conversationId, content: '' },
      { conversationId, content: 'x'.repeat(8_001) },
      { conversationId, content: 'x', replyToId: 'none' },
      { conversationId, content: 'x', unknown: 1 },
      { conversationId: 'general', content: 'x' },
      { conversationId, receiverId: bob.id, content: 'x' },
      { receiverId: nobody, content: 'x' },
      { receiverId: ada.id, content: 'x' },
    ]) {
      const again = await adas.ask('send_message', { ...repeat, clientId: clientId.toUpperCase() });
      expect([repeat, again.data?.message]).toEqual([repeat, message]);
      for (const other of [randomUUID(), undefined, 7, [clientId]])
        expect((await adas.ask('send_message', { ...repeat, clientId: other })).ok).toBe(false);
    }
    const path = `/conversations/${conversationId}/messages`;
    for (const body of [{}, { content: '' }, { content: 'x'.repeat(8_001) }, { content: 'x', unknown: 1 }]) {
      const again = await ada.call('POST', path, { ...body, clientId });
      expect([body, again.status, again.body]).toEqual([body, 201, message]);
      expect((await ada.call('POST', path, { ...body, clientId: randomUUID() })).status).toBe(400);
      // Another sender's.
      expect((await bob.call('POST', path, { ...body, clientId })).status).toBe(400);
    }
    expect((await ada.call('POST', '/conversations/general/messages', { content: 'x', clientId })).body).toEqual(
      message,
    );
    expect(await ada.history(conversationId)).toEqual([message]);
  });

  it('opens no conversation for a repeat that names somebody else', async () => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const adas = await ada.device();
    const clientId = randomUUID();
    const first = await adas.must('send_message', { receiverId: bob.id, content: 'stored', clientId });
    expect(await adas.must('send_message', { receiverId: cy.id, content: 'stored', clientId })).toEqual(first);
    expect((await ada.must('GET', '/conversations')).items.map(({ id }: Anything) => id)).toEqual([
      first.message.conversationId,
    ]);
  });

  it('answers the repeat of somebody who was removed with what it sent, and nothing that happened since', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.group('Answers', bob);
    const question = await ada.send(conversationId, 'question');
    const send = { content: 'answer', replyToId: question.id, clientId: randomUUID() };
    const first = await bob.send(conversationId, send.content, send);
    await ada.must('DELETE', `/conversations/${conversationId}/members/${bob.id}`);
    await ada.must('PATCH', `/messages/${question.id}`, { content: 'secret' });
    await ada.must('PUT', `/messages/${first.id}/reactions/${encodeURIComponent('👍')}`);
    const { id, seq } = question;
    const nothing = { senderId: null, kind: null, content: null, deletedAt: null, unavailable: true };
    const expected = { ...first, replyTo: { id, seq, ...nothing } };
    expect(await bob.send(conversationId, send.content, send)).toEqual(expected);
    const bobs = await bob.device();
    expect((await bobs.must('send_message', { conversationId, ...send, content: '' })).message).toEqual(expected);
    await ada.must('DELETE', `/messages/${first.id}`);
    expect(await bob.send(conversationId, send.content, send)).toMatchObject({ content: null, replyTo: null });
  });

  it('answers a repeat that is not valid although what it repeats is still being stored', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const adas = await ada.device();
    const clientId = randomUUID();
    const [first, again] = await Promise.all([
      adas.must('send_message', { conversationId, content: 'stored', clientId }),
      adas.must('send_message', { conversationId, content: '', clientId }),
    ]);
    expect(again).toEqual(first);
  });

  it('pages the history in every direction', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    for (let index = 1; index <= 25; index += 1) await ada.send(conversationId, `message ${index}`);
    const page = (query: string): Promise<Anything> =>
      ada.must('GET', `/conversations/${conversationId}/messages?${query}`);
    const numbers = (answer: Anything): number[] => answer.items.map(({ seq }: Anything) => seq);
    const newest = await page('limit=10');
    expect([numbers(newest)[0], numbers(newest).at(-1), newest.hasBefore, newest.hasAfter]).toEqual([
      16,
      25,
      true,
      false,
    ]);
    const before = await page('limit=10&before=6');
    expect([numbers(before), before.hasBefore, before.hasAfter]).toEqual([[1, 2, 3, 4, 5], false, true]);
    const after = await page('limit=3&after=20');
    expect([numbers(after), after.hasBefore, after.hasAfter]).toEqual([[21, 22, 23], true, true]);
    const around = await page('limit=5&around=10');
    expect([numbers(around), around.hasBefore, around.hasAfter]).toEqual([[8, 9, 10, 11, 12], true, true]);
    expect(numbers(await page('after=25'))).toEqual([]);
  });

  it('edits, deletes, reacts and replies, and every member receives it as it then reads it', async () => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.group('Changes', bob, cy);
    const [bobs, cys] = [await bob.device(), await cy.device()];
    const original = await ada.send(conversationId, 'first');

    const reply = await bob.send(conversationId, 'an answer', { replyToId: original.id });
    expect(reply.replyTo).toEqual({
      id: original.id,
      seq: original.seq,
      senderId: ada.id,
      kind: 'TEXT',
      content: 'first',
      deletedAt: null,
    });
    expect((await bobs.ask('edit_message', { messageId: original.id, content: 'no' })).error.code).toBe('FORBIDDEN');
    const edited = await ada.must('PATCH', `/messages/${original.id}`, { content: 'second' });
    expect(edited).toMatchObject({ content: 'second', version: 2, seq: original.seq, editedAt: expect.any(String) });
    expect((await bobs.next('message:updated')).message).toEqual(edited);
    expect((await bob.history(conversationId)).find(({ id }) => id === reply.id).replyTo.content).toBe('second');

    await bobs.must('react', { messageId: original.id, emoji: '👍' });
    await cys.must('react', { messageId: original.id, emoji: '👍' });
    const isLast = ({ message }: Anything): boolean => message.reactions[0]?.count === 2;
    for (const [person, device] of [
      [bob, bobs],
      [cy, cys],
    ] as const) {
      const { message } = await device.next('message:updated', isLast);
      expect(message.reactions).toEqual([{ emoji: '👍', count: 2, mine: true }]);
      expect(await person.must('GET', `/messages/${original.id}`)).toEqual(message);
    }
    expect((await ada.must('GET', `/messages/${original.id}`)).reactions).toEqual([
      { emoji: '👍', count: 2, mine: false },
    ]);

    const hidden = await cys.must('delete_message', { messageId: reply.id, for: 'me' });
    expect(hidden.message).toMatchObject({ content: null, replyTo: null, deletedAt: expect.any(String) });
    expect((await cys.next('message:deleted')).message).toEqual(hidden.message);
    expect((await bob.must('GET', `/messages/${reply.id}`)).content).toBe('an answer');

    const tombstone = await ada.must('DELETE', `/messages/${original.id}`);
    expect(tombstone).toMatchObject({ content: null, reactions: [], attachments: [], deletedAt: expect.any(String) });
    expect((await bobs.next('message:deleted')).message).toEqual(tombstone);
    expect(bobs.all('message:deleted')).toHaveLength(1);
    expect((await ada.call('PATCH', `/messages/${original.id}`, { content: 'x' })).body.code).toBe('MESSAGE_DELETED');
    expect((await bob.history(conversationId)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('finds words, parts of words and what was said a moment ago, in own conversations only', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const said = await ada.send(conversationId, 'The Lisbon itinerary costs 100% more, naïve Müller');
    await ada.send(conversationId, 'unrelated');
    const find = async (person: typeof ada, words: string): Promise<string[]> =>
      (await person.must('GET', `/messages/search?q=${encodeURIComponent(words)}`)).items.map(({ id }: Anything) => id);
    for (const words of ['lisbon', 'itinerary lisbon', 'itin', 'üll', 'mü', '100%', 'LISBON']) {
      expect([words, await find(bob, words)]).toEqual([words, [said.id]]);
    }
    for (const words of ['lisbonne', '1_0%', '%%', 'zzz']) expect([words, await find(bob, words)]).toEqual([words, []]);
    expect(await find(eve, 'lisbon')).toEqual([]);
    await ada.must('PATCH', `/messages/${said.id}`, { content: 'The Porto itinerary' });
    expect([await find(bob, 'lisbon'), await find(bob, 'porto')]).toEqual([[], [said.id]]);
    await ada.must('DELETE', `/messages/${said.id}`);
    expect(await find(bob, 'porto')).toEqual([]);
  });

  it('keeps strangers and former members out of everything', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.group('Private', bob);
    const message = await ada.send(conversationId, 'secret');
    const bobs = await bob.device();
    await ada.must('DELETE', `/conversations/${conversationId}/members/${bob.id}`);
    expect(await bobs.next('conversation:removed')).toEqual({ conversationId });
    for (const person of [bob, eve]) {
      const device = await person.device();
      for (const [method, path, body] of [
        ['GET', `/conversations/${conversationId}`],
        ['GET', `/conversations/${conversationId}/messages`],
        ['GET', `/conversations/${conversationId}/receipts`],
        ['POST', `/conversations/${conversationId}/messages`, { content: 'x' }],
        ['POST', `/conversations/${conversationId}/read`, { seq: 1 }],
        ['PATCH', `/conversations/${conversationId}`, { title: 'x' }],
        ['PATCH', `/conversations/${conversationId}/me`, { pinned: true }],
        ['POST', `/conversations/${conversationId}/members`, { memberIds: [person.id] }],
        ['POST', `/conversations/${conversationId}/leave`],
        ['GET', `/messages/${message.id}`],
        ['PATCH', `/messages/${message.id}`, { content: 'x' }],
        ['DELETE', `/messages/${message.id}`],
        ['PUT', `/messages/${message.id}/reactions/+1`],
        ['GET', `/messages/search?q=secret&conversationId=${conversationId}`],
      ] as const) {
        expect([method, path, (await person.call(method, path, body)).status]).toEqual([method, path, 404]);
      }
      for (const [event, payload] of [
        ['join_conversation', { conversationId }],
        ['send_message', { conversationId, content: 'x' }],
        ['mark_read', { conversationId, seq: 1 }],
        ['mark_delivered', { conversationId, seq: 1 }],
        ['typing', { conversationId, isTyping: true }],
        ['edit_message', { messageId: message.id, content: 'x' }],
        ['delete_message', { messageId: message.id }],
        ['react', { messageId: message.id, emoji: '👍' }],
      ] as const) {
        expect([event, (await device.ask(event, payload)).error.code]).toEqual([event, 'NOT_FOUND']);
      }
    }
    await ada.send(conversationId, 'still secret');
    await bobs.must('leave_conversation', conversationId);
    expect(bobs.all('message:new').map(({ message: received }) => received.content)).not.toContain('still secret');
  });

  it('lets nothing through a block, and shows nobody why', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.befriend(bob);
    const message = await ada.send(conversationId, 'before');
    const [adas, bobs] = [await ada.device(), await bob.device()];
    await bob.must('POST', '/blocks', { userId: ada.id });
    for (const device of [adas, bobs]) {
      expect((await device.ask('send_message', { conversationId, content: 'x' })).error.code).toBe('CANNOT_MESSAGE');
      expect((await device.ask('react', { messageId: message.id, emoji: '👍' })).error.code).toBe('CANNOT_MESSAGE');
    }
    expect((await adas.ask('send_message', { receiverId: bob.id, content: 'x' })).error.code).toBe('CANNOT_MESSAGE');
    expect((await ada.call('POST', '/friends/requests', { userId: bob.id })).status).toBe(404);
    await bobs.must('join_conversation', conversationId);
    await adas.must('typing', { conversationId, isTyping: true });
    await bob.must('DELETE', `/blocks/${ada.id}`);
    await adas.must('send_message', { conversationId, content: 'after' });
    await bobs.next('message:new', ({ message: received }) => received.content === 'after');
    expect(bobs.all('typing')).toEqual([]);
    expect(adas.all('friend:removed')).toEqual([]);
    expect(bobs.all('friend:removed')).toEqual([{ userId: ada.id }]);
  });

  it('answers what is sent again to somebody who blocked the sender meanwhile with what is stored', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const command = { receiverId: bob.id, content: 'x', clientId: randomUUID() };
    const { message } = await (await ada.device()).must('send_message', command);
    await bob.must('POST', '/blocks', { userId: ada.id });
    // Whatever this process remembers of the two is gone after a restart.
    const ids: Map<string, string> = Reflect.get(story.app.get(DirectConversationsService), 'ids');
    ids.clear();
    expect((await (await ada.device()).must('send_message', command)).message.id).toBe(message.id);
    expect((await ada.must('POST', '/conversations', { userId: bob.id })).id).toBe(message.conversationId);
    ids.clear();
    const other = await (await ada.device()).ask('send_message', { ...command, clientId: randomUUID() });
    expect(other.error.code).toBe('CANNOT_MESSAGE');
  });

  // stream-chat-react-native 2245
  it('stores and emits once what is sent again because its acknowledgement was lost', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const bobs = await bob.device();
    const messages = Array.from({ length: 10 }, (_, index) => ({
      ...{ conversationId, clientId: randomUUID(), content: `${index}` },
    }));
    for (const message of messages) {
      const losing = new Device(story.url, { token: ada.accessToken });
      await losing.next('session:ready');
      losing.socket.emit('send_message', message);
      await bobs.next('message:new', ({ message: { clientId } }) => clientId === message.clientId);
      losing.drop();
    }
    const device = await ada.device();
    for (const [index, message] of messages.entries()) {
      const stored = (await device.must('send_message', message)).message;
      expect([stored.seq, stored.clientId]).toEqual([index + 1, message.clientId]);
    }
    await ada.send(conversationId, 'marker');
    for (const each of [bobs, device]) await each.next('message:new', ({ message }) => message.content === 'marker');
    expect(bobs.all('message:new').map(({ message }) => message.seq)).toEqual(
      Array.from({ length: 11 }, (_, index) => index + 1),
    );
    expect(device.all('message:new')).toHaveLength(1);
  });

  // Of the tests of Complement, for Matrix.
  it('stores once what is repeated under another token, and in another session', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [device, bobs] = [await ada.device(), await bob.device()];
    const message = { conversationId, content: 'once', clientId: randomUUID() };
    const first = (await device.must('send_message', message)).message;
    const { body } = await request(story.url, 'POST', '/auth/refresh', { refreshToken: ada.refreshToken });
    await device.must('authenticate', { token: body.accessToken });
    expect((await device.must('send_message', message)).message).toEqual(first);
    const login = await request(story.url, 'POST', '/auth/login', { email: ada.email, password: 'correct horse' });
    const another = new Device(story.url, { token: login.body.accessToken });
    await another.next('session:ready');
    expect((await another.must('send_message', { ...message, content: 'other' })).message).toEqual(first);
    await ada.send(conversationId, 'marker');
    await bobs.next('message:new', ({ message: { content } }) => content === 'marker');
    expect(bobs.all('message:new')).toHaveLength(2);
    another.socket.close();
  });

  // wire-desktop 352
  it('orders by numbers, whatever the clocks of servers and clients show', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, '1');
    // The server that stored the first one had a clock a day ahead.
    const client = new pg.Client({ connectionString: story.databaseUrl });
    await client.connect();
    await client.query(
      `WITH m AS (UPDATE messages SET created_at = now() + interval '1 day' WHERE conversation_id = $1 RETURNING created_at)
       UPDATE conversations SET last_message_at = (SELECT created_at FROM m) WHERE id = $1`,
      [conversationId],
    );
    await client.end();
    for (const content of ['2', '3', '4']) await bob.send(conversationId, content);
    const history = await bob.history(conversationId);
    expect(history.map(({ content }) => content)).toEqual(['1', '2', '3', '4']);
    const times = history.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort());
    // No client has a say in it.
    const own = { content: 'x', createdAt: '2001-01-01T00:00:00.000Z' };
    const refused = await ada.call('POST', `/conversations/${conversationId}/messages`, own);
    expect(refused.body.code).toBe('VALIDATION_FAILED');
  });
});
