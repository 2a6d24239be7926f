import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Device, type Person, startStory, type Story } from '../../support/story.js';

describe('null where another field decides', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let device: Device;
  beforeAll(async () => {
    story = await startStory();
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
    device = await ada.device();
  });
  afterAll(() => story.close());

  it('is absence in a send, and is no place to send to', async () => {
    const first = await device.must('send_message', { conversationId: null, receiverId: bob.id, content: 'one' });
    const { conversationId } = first.message;
    const second = await device.must('send_message', { conversationId, receiverId: null, content: 'two' });
    expect(second.message.seq).toBe(2);
    for (const nowhere of [{ conversationId: null, receiverId: null }, { receiverId: null }, { conversationId: null }])
      expect((await device.ask('send_message', { ...nowhere, content: 'three' })).error.code).toBe('VALIDATION_FAILED');
  });

  it('is absence in a new conversation', async () => {
    const direct = { userId: bob.id, title: null, memberIds: null };
    expect((await ada.call('POST', '/conversations', direct)).status).toBe(200);
    const group = { type: 'GROUP', title: 'Trip', memberIds: [bob.id], userId: null };
    expect((await ada.call('POST', '/conversations', group)).status).toBe(201);
    for (const missing of [{ userId: null }, { ...group, title: null }, { ...group, memberIds: null }])
      expect((await ada.call('POST', '/conversations', missing)).body.code).toBe('VALIDATION_FAILED');
  });
});
