import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Configuration } from '../../../src/config/configuration.js';
import { TIMINGS } from '../../../src/config/timings.js';
import { type Anything, type Device, startStory, type Story, until } from '../../support/story.js';

describe('typing', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  const typings = (device: Device): boolean[] => device.all('typing').map(({ isTyping }) => isTyping);
  const send = async (from: Device, to: Device, conversationId: string): Promise<void> => {
    await from.must('send_message', { conversationId, content: 'marker' });
    await to.next('message:new', ({ message }) => message.content === 'marker');
  };

  it('is emitted once for a burst, however many come at the same moment', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    await bobs.must('join_conversation', conversationId);
    const { timings } = story.app.get(Configuration);
    timings.typingThrottleMs = 3_600_000;
    await Promise.all(Array.from({ length: 200 }, () => adas.must('typing', { conversationId, isTyping: true })));
    timings.typingThrottleMs = TIMINGS.typingThrottleMs;
    await adas.must('send_message', { conversationId, content: 'done' });
    await bobs.next('typing', ({ isTyping }) => !isTyping);
    expect(typings(bobs)).toEqual([true, false]);
  });

  it('never outlives the message that it came before', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    await bobs.must('join_conversation', conversationId);
    for (let round = 0; round < 20; round += 1) {
      const content = `round ${round}`;
      await Promise.all([
        adas.must('typing', { conversationId, isTyping: true }),
        adas.must('send_message', { conversationId, content }),
      ]);
      await bobs.next('message:new', ({ message }) => message.content === content);
    }
    // The first may have been shown before its message; whatever was, has ended.
    await adas.must('typing', { conversationId, isTyping: false });
    await send(adas, bobs, conversationId);
    const answered = typings(bobs);
    expect(answered.filter((isTyping) => isTyping).length).toBe(answered.filter((isTyping) => !isTyping).length);
    expect(answered.at(-1) ?? false).toBe(false);
  });

  it('is relayed at most once in two seconds, also to somebody who stops and starts all the time', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    await bobs.must('join_conversation', conversationId);
    const { timings } = story.app.get(Configuration);
    expect(timings.typingThrottleMs).toBe(2_000);
    const stopAndStart = async (): Promise<void> => {
      for (let index = 0; index < 300; index += 1)
        await adas.must('typing', { conversationId, isTyping: index % 2 === 0 });
    };
    // As long as it lasts she is shown once, and never again.
    timings.typingThrottleMs = 3_600_000;
    await stopAndStart();
    await send(adas, bobs, conversationId);
    await bobs.next('typing', ({ isTyping }) => !isTyping);
    expect(typings(bobs)).toEqual([true, false]);
    // The last word counts: it is shown once the time is over.
    timings.typingThrottleMs = 500;
    const other = await story.person();
    const elsewhere = await other.directConversation(bob);
    const others = await other.device();
    await bobs.must('join_conversation', elsewhere);
    for (const isTyping of [true, false, true]) await others.must('typing', { conversationId: elsewhere, isTyping });
    const shown = (): boolean[] =>
      bobs.all('typing').flatMap(({ userId, isTyping }) => (userId === other.id ? [isTyping] : []));
    await until('she is shown typing again', () => shown().length === 3);
    expect(shown()).toEqual([true, false, true]);
    timings.typingThrottleMs = TIMINGS.typingThrottleMs;
    await others.must('typing', { conversationId: elsewhere, isTyping: false });
  });

  it('ends with the typist’s connection, also while it is only about to be shown', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const bobs = await bob.device();
    await bobs.must('join_conversation', conversationId);
    const { timings } = story.app.get(Configuration);
    // Neither the time ends it here nor a message.
    timings.typingExpiryMs = 3_600_000;
    for (let round = 0; round < 5; round += 1) {
      const adas = await ada.device();
      adas.socket.emit('typing', { conversationId, isTyping: true });
      adas.drop();
    }
    // What was on its way when they dropped has come to nothing, or is shown, by the time that this is answered.
    await (await ada.device()).must('leave_conversation', conversationId);
    ada.disconnect();
    await until('nobody is shown typing', () => {
      const answered = typings(bobs);
      return answered.filter((isTyping) => isTyping).length === answered.filter((isTyping) => !isTyping).length;
    });
    timings.typingExpiryMs = TIMINGS.typingExpiryMs;
    await send(await ada.device(), bobs, conversationId);
    expect(typings(bobs).at(-1) ?? false).toBe(false);
  });

  it('is hidden across a block in a group, and from everybody who has not opened the conversation', async () => {
    const [ada, bob, cy, dee] = await Promise.all(Array.from({ length: 4 }, () => story.person()));
    if (!ada || !bob || !cy || !dee) throw new Error('four people were asked for');
    const conversationId = await ada.group('Group', bob, cy, dee);
    await bob.must('POST', '/blocks', { userId: ada.id });
    await ada.must('POST', '/blocks', { userId: cy.id });
    const [adas, bobs, cys, dees] = [await ada.device(), await bob.device(), await cy.device(), await dee.device()];
    const elsewhere = await dee.device();
    for (const device of [bobs, cys, dees]) await device.must('join_conversation', conversationId);
    await adas.must('typing', { conversationId, isTyping: true });
    await dees.next('typing');
    await send(adas, dees, conversationId);
    for (const device of [bobs, cys, elsewhere]) {
      await device.next('message:new', ({ message }) => message.content === 'marker');
      expect(typings(device)).toEqual([]);
    }
    await dees.next('typing', ({ isTyping }) => !isTyping);
  });

  it('is not shown in groups above a hundred members', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.group('Large', bob);
    const crowd = await Promise.all(Array.from({ length: 99 }, () => story.person()));
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: crowd.map(({ id }) => id) });
    const [adas, bobs] = [await ada.device(), await bob.device()];
    await bobs.must('join_conversation', conversationId);
    await adas.must('typing', { conversationId, isTyping: true });
    await bobs.must('mark_read', { conversationId, seq: 1 });
    await send(adas, bobs, conversationId);
    expect([typings(bobs), adas.all('receipt:read')]).toEqual([[], []]);
    const receipts: Anything[] = (await ada.must('GET', `/conversations/${conversationId}/receipts`)).items;
    expect(receipts.find(({ userId }) => userId === bob.id)).toMatchObject({ lastReadSeq: 1 });
  });

  it('is refused to strangers, and stays within the conversation', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const [one, other] = [await ada.directConversation(bob), await ada.group('Other', bob)];
    const [adas, bobs, eves] = [await ada.device(), await bob.device(), await eve.device()];
    await bobs.must('join_conversation', other);
    expect((await eves.ask('join_conversation', one)).error.code).toBe('NOT_FOUND');
    for (const isTyping of [true, false])
      expect((await eves.ask('typing', { conversationId: one, isTyping })).error.code).toBe('NOT_FOUND');
    await adas.must('typing', { conversationId: one, isTyping: true });
    await send(adas, bobs, one);
    expect([typings(bobs), typings(eves)]).toEqual([[], []]);
  });

  it('never reaches a member that was removed, however its joining and its removal meet', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.group('Door', bob, eve);
    const [bobs, eves] = await Promise.all([bob.device(), eve.device()]);
    await bobs.must('join_conversation', conversationId);
    for (let round = 0; round < 25; round += 1) {
      // Joining again and again, so that one of them meets the removal in each place there is.
      let isRemoved = false;
      const joining = (async () => {
        while (!isRemoved) await eves.ask('join_conversation', conversationId);
      })();
      for (let turn = 0; turn < round % 5; turn += 1) await new Promise(setImmediate);
      await ada.must('DELETE', `/conversations/${conversationId}/members/${eve.id}`);
      await eves.next('conversation:removed', (payload) => payload.conversationId === conversationId);
      isRemoved = true;
      await joining;
      expect((await eves.ask('join_conversation', conversationId)).error.code).toBe('NOT_FOUND');
      const begun = eves.received.length;
      // Said by another each time: one and the same is not shown so often.
      const typist = await story.person();
      await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [typist.id] });
      const typists = await typist.device();
      await typists.must('typing', { conversationId, isTyping: true });
      await bobs.next('typing', ({ userId }) => userId === typist.id);
      await eves.must('sync', { cursor: (await eve.must('GET', '/sync')).cursor });
      expect(eves.received.slice(begun).filter(({ event }) => event === 'typing')).toEqual([]);
      typists.socket.close();
      await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [eve.id] });
      await eves.next('conversation:new');
    }
  });

  it('reaches nobody after a join and a leave that were sent together', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.group('Quiet', bob);
    const [adas, bobs] = await Promise.all([ada.device(), bob.device()]);
    for (let round = 0; round < 5; round += 1) {
      const joined = bobs.ask('join_conversation', conversationId);
      await Promise.all([joined, bobs.must('leave_conversation', conversationId)]);
    }
    await adas.must('typing', { conversationId, isTyping: true });
    const marker = await ada.send(conversationId, 'marker');
    await bobs.next('message:new', ({ message }) => message.id === marker.id);
    expect(bobs.all('typing')).toEqual([]);
  });
});
