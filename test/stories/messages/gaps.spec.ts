import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationAccess } from '../../../src/conversations/conversation-access.js';
import { holdMessages } from '../../support/held-messages.js';
import { type Device, startStory, type Story } from '../../support/story.js';

describe('behind a message whose event never comes', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  /**
   * Stores something without its event, which `announce` makes up for. `questions` answers how often it was asked from then on who
   * reads a message.
   */
  const unannounced = async (
    store: () => Promise<unknown>,
  ): Promise<{ questions: () => number; announce: () => void }> => {
    const lost = await holdMessages(story, 1, store);
    const access = story.app.get(ConversationAccess, { strict: false });
    const audience = access.audience.bind(access);
    let questions = 0;
    access.audience = (...parameters) => {
      questions += 1;
      return audience(...parameters);
    };
    return {
      questions: () => questions,
      announce: () => {
        for (const publish of lost) publish();
      },
    };
  };
  const textsOf = (device: Device): string[] =>
    device.all('message:new').flatMap(({ message }) => (message.kind === 'SYSTEM' ? [] : [message.content]));

  it('the database is asked once who reads what comes, and not for each message from then on', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const bobs = await bob.device();
    await ada.say(conversationId, '0');
    const { questions } = await unannounced(() => ada.say(conversationId, 'unannounced'));
    for (let index = 1; index <= 5; index += 1) {
      await ada.say(conversationId, `${index}`);
      await bobs.next('message:new', ({ message }) => message.content === `${index}`);
    }
    expect(textsOf(bobs)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(questions()).toBe(1);
    bobs.socket.close();
  });

  it('who was removed with it receives nothing, and is sent that once, also where the event comes late', async () => {
    const [ada, grace, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('Without eve', grace, eve);
    const [graces, eves] = [await grace.device(), await eve.device()];
    await ada.say(group, 'for all');
    await eves.next('message:new', ({ message }) => message.content === 'for all');
    const { questions, announce } = await unannounced(() =>
      ada.must('DELETE', `/conversations/${group}/members/${eve.id}`),
    );
    for (let index = 1; index <= 5; index += 1) {
      await ada.say(group, `${index}`);
      if (index === 3) announce();
      await graces.next('message:new', ({ message }) => message.content === `${index}`);
    }
    await eves.next('conversation:removed', ({ conversationId }) => conversationId === group);
    expect([textsOf(graces), textsOf(eves)]).toEqual([['for all', '1', '2', '3', '4', '5'], ['for all']]);
    expect(eves.all('conversation:removed')).toHaveLength(1);
    // Once behind the gap, and once of the removal that came late.
    expect(questions()).toBe(2);
    for (const device of [graces, eves]) device.socket.close();
  });

  it('who was removed with it and is back receives nothing of what was sent between', async () => {
    const [ada, grace, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('Without eve for a while', grace, eve);
    const [graces, eves] = [await grace.device(), await eve.device()];
    await ada.say(group, 'for all');
    await eves.next('message:new', ({ message }) => message.content === 'for all');
    const [, one, two, back] = await holdMessages(story, 4, async () => {
      await ada.must('DELETE', `/conversations/${group}/members/${eve.id}`);
      await ada.say(group, 'one');
      await ada.say(group, 'two');
      await ada.must('POST', `/conversations/${group}/members`, { memberIds: [eve.id] });
    });
    one?.();
    await graces.next('message:new', ({ message }) => message.content === 'one');
    two?.();
    back?.();
    await ada.say(group, 'for all again');
    for (const device of [graces, eves])
      await device.next('message:new', ({ message }) => message.content === 'for all again');
    expect([textsOf(graces), textsOf(eves)]).toEqual([
      ['for all', 'one', 'two', 'for all again'],
      ['for all', 'for all again'],
    ]);
    for (const device of [graces, eves]) device.socket.close();
  });
});
