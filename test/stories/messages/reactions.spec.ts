import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { type Anything, type Device, type Person, type Story, startStory } from '../../support/story.js';
import { refusal } from '../attacks/shapes.js';

let story: Story;
beforeAll(async () => {
  story = await startStory({ rateLimits: false });
});
afterAll(() => story.close());

describe('reactions', () => {
  it('are one for people who see the same emoji, however their keyboards spell it', async () => {
    const [ada, bob, cyd] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.group('Hearts', bob, cyd);
    const { id: messageId } = await ada.send(conversationId, 'look');
    const bobs = await bob.device();
    await ada.must('PUT', `/messages/${messageId}/reactions/${encodeURIComponent('❤')}`);
    await bobs.must('react', { messageId, emoji: '❤\ufe0f' });
    const { reactions } = await cyd.must('PUT', `/messages/${messageId}/reactions/${encodeURIComponent('❤\ufe0e')}`);
    expect(reactions).toEqual([{ emoji: '❤\ufe0f', count: 3, mine: true }]);
    await bobs.must('react', { messageId, emoji: '❤', remove: true });
    await cyd.must('DELETE', `/messages/${messageId}/reactions/${encodeURIComponent('❤\ufe0f')}`);
    expect((await bob.must('GET', `/messages/${messageId}`)).reactions).toEqual([
      { emoji: '❤\ufe0f', count: 1, mine: false },
    ]);
    const toned = await bobs.must('react', { messageId, emoji: '👍\ufe0f🏽' });
    const flag = await bobs.must('react', { messageId, emoji: '🏳\u200d🌈' });
    expect([toned, flag].map(({ message }) => message.reactions.at(-1).emoji)).toEqual(['👍🏽', '🏳\ufe0f\u200d🌈']);
    expect((await bobs.ask('react', { messageId, emoji: '❤❤' })).error.code).toBe('VALIDATION_FAILED');
  });

  it('of before are counted with the others, can be taken back, and clients receive that', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const { id: messageId } = await ada.send(conversationId, 'old');
    await bob.must('PUT', `/messages/${messageId}/reactions/${encodeURIComponent('❤\ufe0f')}`);
    const before = await ada.must('GET', `/messages/${messageId}`);
    const { cursor } = await ada.must('GET', '/sync');
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    await database.query(
      `INSERT INTO message_reactions (message_id, conversation_id, user_id, emoji)
       SELECT m.id, m.conversation_id, t.id, $3 FROM messages m, unnest($2::uuid[]) AS t(id) WHERE m.id = $1`,
      [messageId, [ada.id, bob.id], '❤'],
    );
    await database.query(await readFile('prisma/migrations/20261126020100_reaction_spelling/migration.sql', 'utf8'));
    await database.end();

    const { pages } = await ada.sync(cursor);
    const answered = pages.flatMap(({ messages }: Anything) => messages).find(({ id }: Anything) => id === messageId);
    expect(answered).toMatchObject({
      version: before.version + 1,
      reactions: [{ emoji: '❤\ufe0f', count: 2, mine: true }],
    });
    await ada.must('DELETE', `/messages/${messageId}/reactions/${encodeURIComponent('❤')}`);
    const left = await bob.must('DELETE', `/messages/${messageId}/reactions/${encodeURIComponent('❤\ufe0f')}`);
    expect(left.reactions).toEqual([]);
  });
});

describe('react', () => {
  let ada: Person;
  let [adas, bobs, eves]: [Device, Device, Device] = [] as never;
  let conversationId: string;
  beforeAll(async () => {
    const [bob, eve] = await Promise.all([story.person('bob'), story.person('eve')]);
    ada = await story.person('ada');
    conversationId = await ada.directConversation(bob);
    [adas, bobs, eves] = await Promise.all([ada.device(), bob.device(), eve.device()]);
  });

  const sent = async (content: string): Promise<Anything> =>
    (await adas.must('send_message', { conversationId, content })).message;

  it('adds and takes back once each, as each viewer sees it', async () => {
    const message = await sent('react to me');
    const ofThis = (received: Anything): boolean => received.message.id === message.id;
    const answer = await bobs.ask('react', { messageId: message.id, emoji: '❤️' });
    const changed = { ...message, linkPreview: null };
    const seen = (mine: boolean): object => ({ ...changed, version: 2, reactions: [{ emoji: '❤️', count: 1, mine }] });
    expect(answer).toEqual({ ok: true, data: { message: seen(true) } });
    expect(await bobs.next('message:updated', ofThis)).toEqual({ message: seen(true) });
    expect(await adas.next('message:updated', ofThis)).toEqual({ message: seen(false) });
    expect(await bobs.must('react', { messageId: message.id, emoji: '❤️', remove: false })).toEqual(answer.data);
    const bare = await bobs.must('react', { messageId: message.id, emoji: '❤️', remove: true });
    expect(bare).toEqual({ message: { ...changed, version: 3 } });
    expect(await adas.next('message:updated', ofThis)).toEqual(bare);
    expect(await bobs.must('react', { messageId: message.id, emoji: '❤️', remove: true })).toEqual(bare);
    await sent('marker of the reaction');
    await adas.next('message:new', (received) => received.message.content === 'marker of the reaction');
    expect(adas.all('message:updated').filter(ofThis)).toHaveLength(2);
  });

  it('counts twenty people who react and take back at once', async () => {
    const people = await Promise.all(Array.from({ length: 20 }, () => story.person()));
    const group = await ada.group('Crowd', ...people);
    const message = await ada.send(group, 'all at once');
    const path = `/messages/${message.id}/reactions/${encodeURIComponent('🎉')}`;
    await Promise.all(people.flatMap((person) => [person.must('PUT', path), person.must('PUT', path)]));
    expect((await ada.must('GET', `/messages/${message.id}`)).reactions).toEqual([
      { emoji: '🎉', count: 20, mine: false },
    ]);
    await Promise.all(
      people.slice(0, 15).flatMap((person) => [person.must('DELETE', path), person.must('DELETE', path)]),
    );
    const { reactions, version } = await (people[19] as Person).must('GET', `/messages/${message.id}`);
    expect([reactions, version]).toEqual([[{ emoji: '🎉', count: 5, mine: true }], 36]);
  });

  it('takes one emoji or a name, thirty different ones, and nothing on what is deleted', async () => {
    const message = await sent('many');
    for (const emoji of ['', 'a b', '👍👍', 'NAME', 'x'.repeat(33), 'a\0', '👍'.repeat(40), '<b>', 5, null]) {
      expect([emoji, await adas.ask('react', { messageId: message.id, emoji })]).toEqual([
        emoji,
        refusal('VALIDATION_FAILED', ['emoji']),
      ]);
    }
    expect(await adas.ask('react', { messageId: message.id, emoji: '👍', remove: 'yes' })).toEqual(
      refusal('VALIDATION_FAILED', ['remove']),
    );
    const emojis = ['👩‍👩‍👧‍👦', '🇵🇹', '👍🏽', '1️⃣', '+1', ...Array.from({ length: 25 }, (_, index) => `name_${index}`)];
    for (const emoji of emojis) await adas.must('react', { messageId: message.id, emoji });
    expect(await adas.ask('react', { messageId: message.id, emoji: 'one_more' })).toEqual(
      refusal('TOO_MANY_REACTIONS'),
    );
    const { message: full } = await bobs.must('react', { messageId: message.id, emoji: '👍🏽' });
    expect(full.reactions).toEqual(
      emojis.map((emoji) => ({ emoji, count: emoji === '👍🏽' ? 2 : 1, mine: emoji === '👍🏽' })),
    );
    expect(await eves.ask('react', { messageId: message.id, emoji: '👍' })).toEqual(refusal('NOT_FOUND'));
    await adas.must('delete_message', { messageId: message.id });
    expect(await adas.ask('react', { messageId: message.id, emoji: '👍' })).toEqual(refusal('MESSAGE_DELETED'));
  });
});
