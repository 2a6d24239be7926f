import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationAccess } from '../../../src/conversations/conversation-access.js';
import { holdMessages } from '../../support/clients/held-messages.js';
import { SyncService } from '../../../src/sync/sync.service.js';
import { Device, type Person, startStory, type Story, until } from '../../support/story.js';

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
    await ada.send(conversationId, '0');
    const { questions } = await unannounced(() => ada.send(conversationId, 'unannounced'));
    for (let index = 1; index <= 5; index += 1) {
      await ada.send(conversationId, `${index}`);
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
    await ada.send(group, 'for all');
    await eves.next('message:new', ({ message }) => message.content === 'for all');
    const { questions, announce } = await unannounced(() =>
      ada.must('DELETE', `/conversations/${group}/members/${eve.id}`),
    );
    for (let index = 1; index <= 5; index += 1) {
      await ada.send(group, `${index}`);
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
    await ada.send(group, 'for all');
    await eves.next('message:new', ({ message }) => message.content === 'for all');
    const [, one, two, back] = await holdMessages(story, 4, async () => {
      await ada.must('DELETE', `/conversations/${group}/members/${eve.id}`);
      await ada.send(group, 'one');
      await ada.send(group, 'two');
      await ada.must('POST', `/conversations/${group}/members`, { memberIds: [eve.id] });
    });
    one?.();
    await graces.next('message:new', ({ message }) => message.content === 'one');
    two?.();
    back?.();
    await ada.send(group, 'for all again');
    for (const device of [graces, eves])
      await device.next('message:new', ({ message }) => message.content === 'for all again');
    expect([textsOf(graces), textsOf(eves)]).toEqual([
      ['for all', 'one', 'two', 'for all again'],
      ['for all', 'for all again'],
    ]);
    for (const device of [graces, eves]) device.socket.close();
  });

  /** Adds somebody behind a message whose event is lost, while the question who is a member fails once, as where the database fails over. */
  const addWithoutAnswer = async (owner: Person, group: string, added: Person): Promise<void> => {
    const [, adding] = await holdMessages(story, 2, async () => {
      await owner.send(group, 'lost');
      await owner.must('POST', `/conversations/${group}/members`, { memberIds: [added.id] });
    });
    const access = story.app.get(ConversationAccess, { strict: false });
    const membersAmong = access.membersAmong.bind(access);
    const failed = new Promise<void>((resolve) => {
      access.membersAmong = () => {
        access.membersAmong = membersAmong;
        resolve();
        return Promise.reject(new Error('the database is away'));
      };
    });
    adding?.();
    await failed;
  };

  it('who was added behind it comes back where the database cannot say that it was', async () => {
    const [ada, grace, bob] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('With bob', grace);
    const bobs = await bob.device();
    await ada.send(group, 'without bob');
    await addWithoutAnswer(ada, group, bob);
    expect(await bobs.next('session:ended')).toMatchObject({ code: 'UNAVAILABLE', retry: true });
    const again = await bob.device();
    await ada.send(group, 'with bob');
    await again.next('message:new', ({ message }) => message.content === 'with bob');
    for (const device of [bobs, again]) device.socket.close();
  });

  it('nor is a connection of its let in that has read what it is in before', async () => {
    const [ada, grace, bob] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('With bob', grace);
    await ada.send(group, 'without bob');
    const service = story.app.get(SyncService, { strict: false });
    const present = service.present.bind(service);
    let letIn = (): void => undefined;
    const isLetIn = new Promise<void>((resolve) => (letIn = resolve));
    const isRead = new Promise<void>((resolve) => {
      service.present = async (userId) => {
        service.present = present;
        const read = await present(userId);
        resolve();
        await isLetIn;
        return read;
      };
    });
    const bobs = new Device(story.url, { token: bob.accessToken });
    await isRead;
    await addWithoutAnswer(ada, group, bob);
    letIn();
    expect(await bobs.next('session:ended')).toMatchObject({ code: 'UNAVAILABLE', retry: true });
    bobs.socket.close();
  });

  it('who comes while it is asked who is there is asked to sync for what was changed', async () => {
    const [ada, ...others] = await Promise.all(Array.from({ length: 4 }, () => story.person()));
    if (ada === undefined) throw new Error('four were made');
    const group = await ada.group('All come at once', ...others);
    const { id } = await ada.send(group, 'before');
    const access = story.app.get(ConversationAccess, { strict: false });
    const audience = access.audience.bind(access);
    const devices: Device[] = [];
    const waiting = [...others];
    access.audience = async (...parameters) => {
      const answer = await audience(...parameters);
      const next = waiting.shift();
      if (next !== undefined) devices.push(await next.device());
      return answer;
    };
    try {
      await ada.must('PATCH', `/messages/${id}`, { content: 'after' });
      await until('all have come', () => devices.length === 3);
      const [first, second, last] = devices;
      for (const device of [first, second])
        await device?.next('message:updated', ({ message }) => message.content === 'after');
      await last?.next('sync:needed');
      expect(last?.all('message:updated')).toEqual([]);
    } finally {
      access.audience = audience;
      for (const device of devices) device.socket.close();
    }
  });
});
