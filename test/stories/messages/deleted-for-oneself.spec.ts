import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationReader } from '../../../src/conversations/reading/conversation-reader.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { startStory, type Story, until } from '../../support/story.js';

describe('a message that a user deleted for itself', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it('is sent to none of its devices behind that, also where it had to wait for its turn', async () => {
    const [ada, grace] = await Promise.all([story.person(), story.person()]);
    const group = await ada.group('A name', grace);
    const [adas, other, graces] = await Promise.all([ada.device(), ada.device(), grace.device()]);
    const reads = holdCalls(story.app, ConversationReader, 'viewsFor');
    try {
      await ada.must('PATCH', `/conversations/${group}`, { title: 'Another name' });
      await until('the new name is being read', () => reads.count > 0);
      const { message } = await adas.must('send_message', { conversationId: group, content: 'a slip' });
      await adas.must('delete_message', { messageId: message.id, for: 'me' });
      await other.next('message:deleted', (deleted) => deleted.message.id === message.id);
    } finally {
      reads.release();
    }
    await graces.next('message:new', ({ message }) => message.content === 'a slip');
    await grace.send(group, 'behind it');
    await other.next('message:new', ({ message }) => message.content === 'behind it');
    expect(other.all('message:new').filter(({ message }) => message.content === 'a slip')).toEqual([]);
    for (const device of [adas, other, graces]) device.socket.close();
  });
});
