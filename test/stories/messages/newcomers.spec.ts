import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationAccess } from '../../../src/conversations/conversation-access.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { DeliveryTurns } from '../../../src/realtime/delivery/delivery-turns.js';
import { holdMessages } from '../../support/clients/held-messages.js';
import { type Device, startStory, type Story, until } from '../../support/story.js';

describe('a message from before somebody joined', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  const textsOf = (device: Device): string[] =>
    device.all('message:new').flatMap(({ message }) => (message.kind === 'SYSTEM' ? [] : [message.content]));

  it('is not sent to it where it connects while a change of the message is being delivered', async () => {
    const [ada, grace, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('Not from its beginning', grace);
    const graces = await grace.device();
    const { id } = await ada.send(group, 'not for eve');
    await ada.must('POST', `/conversations/${group}/members`, { memberIds: [eve.id] });
    const access = story.app.get(ConversationAccess, { strict: false });
    const audience = access.audience.bind(access);
    let isAsked = false;
    let release = (): void => undefined;
    const isHere = new Promise<void>((resolve) => (release = resolve));
    access.audience = async (...parameters) => {
      isAsked = true;
      const found = await audience(...parameters);
      await isHere;
      return found;
    };
    try {
      await ada.must('PATCH', `/messages/${id}`, { content: 'still not for eve' });
      await until('it is asked who reads it', () => isAsked);
      const eves = await eve.device();
      access.audience = audience;
      release();
      await graces.next('message:updated', ({ message }) => message.id === id);
      await ada.send(group, 'for all');
      await eves.next('message:new', ({ message }) => message.content === 'for all');
      expect(eves.all('message:updated')).toEqual([]);
      for (const device of [graces, eves]) device.socket.close();
    } finally {
      access.audience = audience;
      release();
    }
  });

  it('is not sent to who was let in by what the database says, while it waited for one before it', async () => {
    const [ada, grace, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('Not from its beginning', grace);
    const [graces, eves] = [await grace.device(), await eve.device()];
    await ada.send(group, 'the first');
    await graces.next('message:new', ({ message }) => message.content === 'the first');
    const [one, other, joining] = await holdMessages(story, 3, async () => {
      await ada.send(group, 'one');
      await ada.send(group, 'not for eve');
      await ada.must('POST', `/conversations/${group}/members`, { memberIds: [eve.id] });
    });
    const firstSeq = (await eve.history(group)).at(-1)?.seq;
    other?.();
    story.app
      .get(EventBus, { strict: false })
      .receive('membership.found', { conversationId: group, joinedIds: [eve.id], leftIds: [], firstSeq });
    one?.();
    joining?.();
    await graces.next('message:new', ({ message }) => message.content === 'not for eve');
    await ada.send(group, 'for all');
    await eves.next('message:new', ({ message }) => message.content === 'for all');
    expect(textsOf(eves)).toEqual(['for all']);
    for (const device of [graces, eves]) device.socket.close();
  });

  it('is not sent to who joins behind it, and connects before it was its turn', async () => {
    const [ada, grace, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('Not from its beginning', grace);
    const graces = await grace.device();
    let release = (): void => undefined;
    const mayGo = new Promise<void>((resolve) => (release = resolve));
    story.app.get(DeliveryTurns, { strict: false }).sequencer.inTurn(group, () => mayGo);
    await ada.send(group, 'not for eve');
    await ada.must('POST', `/conversations/${group}/members`, { memberIds: [eve.id] });
    const eves = await eve.device();
    release();
    await graces.next('message:new', ({ message }) => message.content === 'not for eve');
    await ada.send(group, 'for all');
    await eves.next('message:new', ({ message }) => message.content === 'for all');
    expect(textsOf(eves)).toEqual(['for all']);
    for (const device of [graces, eves]) device.socket.close();
  });
});
