import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startStory, type Story } from '../../support/story.js';

let story: Story;
beforeAll(async () => {
  story = await startStory({ rateLimits: false });
});
afterAll(() => story.close());

it('a client that moves its cursor on while it listens is answered only what it missed, in some hundred bytes', async () => {
  const [ada, bob] = [await story.person('ada'), await story.person('bob')];
  const conversationId = await ada.directConversation(bob);
  const device = await bob.device();
  const [{ syncCursor }] = device.all('session:ready');
  const send = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number += 1) await ada.send(conversationId, `message ${number}`);
  };

  await send(152);
  await device.next('message:new', ({ message }) => message.content === 'message 151');
  const { cursor } = await bob.sync(syncCursor);
  const idle = await device.must('sync', { cursor });
  expect(idle).toMatchObject({ hasMore: false, messages: [], conversations: [] });
  expect(JSON.stringify(idle).length).toBeLessThan(700);

  device.drop();
  await send(11);
  const shown = async (from: string): Promise<number> =>
    (await bob.sync(from)).pages.reduce((sum, { messages }) => sum + messages.length, 0);
  expect(await shown(idle.cursor)).toBe(11);
  // From where the connection began, all that was received live comes again.
  expect(await shown(syncCursor)).toBe(163);
});
