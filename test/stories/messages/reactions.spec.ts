import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { type Anything, type Story, startStory } from '../../support/story.js';

let story: Story;
beforeAll(async () => {
  story = await startStory({ rateLimits: false });
});
afterAll(() => story.close());

describe('reactions', () => {
  it('are one for people who see the same emoji, however their keyboards spell it', async () => {
    const [ada, bob, cyd] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.group('Hearts', bob, cyd);
    const { id: messageId } = await ada.say(conversationId, 'look');
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
    const { id: messageId } = await ada.say(conversationId, 'old');
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
