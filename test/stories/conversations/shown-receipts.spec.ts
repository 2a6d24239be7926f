import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Anything, type Device, type Person, startStory, type Story } from '../../support/story.js';

describe('who is shown how far somebody has read', () => {
  let story: Story;
  let [ada, bob, cy]: [Person, Person, Person] = [] as never;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  beforeEach(async () => {
    [ada, bob, cy] = await Promise.all([story.person('ada'), story.person('bob'), story.person('cy')]);
  });
  afterAll(() => story.close());

  /** How far `reader` has read, as `viewer` is shown by every door, and what it was answered of it by sync. */
  const seen = async (viewer: Person, reader: Person, conversationId: string, cursor: string): Promise<unknown> => {
    const member = ({ members, items }: Anything): Anything =>
      (members ?? items).find(({ user, userId }: Anything) => (user?.id ?? userId) === reader.id);
    const device = await viewer.device();
    const views = [
      await viewer.must('GET', `/conversations/${conversationId}`),
      (await viewer.must('GET', '/conversations')).items.find(({ id }: Anything) => id === conversationId),
      await viewer.must('GET', `/conversations/${conversationId}/members`),
      await viewer.must('GET', `/conversations/${conversationId}/receipts`),
      (await viewer.must('GET', '/sync')).conversations.find(({ id }: Anything) => id === conversationId),
      (await device.must('join_conversation', conversationId)).conversation,
    ];
    device.socket.close();
    const synced = (await viewer.sync(cursor)).pages.flatMap(({ receipts }) => receipts);
    return {
      shown: [
        ...new Set(views.map(member).map(({ lastReadSeq, lastDeliveredSeq }) => `${lastReadSeq}/${lastDeliveredSeq}`)),
      ],
      synced: synced
        .filter((receipt) => receipt.conversationId === conversationId && receipt.userId === reader.id)
        .map(({ lastReadSeq }) => lastReadSeq),
    };
  };
  const cursorOf = async (person: Person): Promise<string> => (await person.must('GET', '/sync')).cursor;
  const receiptsOf = (device: Device, person: Person): string[] =>
    device.received
      .filter(({ event, payload }) => event.startsWith('receipt:') && payload.userId === person.id)
      .map(({ event, payload }) => `${event} ${payload.seq}`);
  /** Everything that was on its way to this device has come. */
  const settled = async (device: Device, sender: Person, conversationId: string): Promise<void> => {
    const marker = await sender.send(conversationId, 'marker');
    await device.next('message:new', ({ message }) => message.id === marker.id);
  };

  it('shows a stranger nothing until the other has answered', async () => {
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs, desk] = await Promise.all([ada.device(), bob.device(), bob.device()]);
    for (let index = 0; index < 3; index += 1) await ada.send(conversationId, `${index}`);
    const cursor = await cursorOf(ada);
    await bobs.must('mark_read', { conversationId, seq: 2 });
    await bobs.must('mark_delivered', { conversationId, seq: 3 });
    // Its own devices know.
    expect(await desk.next('receipt:delivered')).toMatchObject({ userId: bob.id, seq: 3 });
    await settled(adas, ada, conversationId);
    expect(receiptsOf(adas, bob)).toEqual([]);
    expect(await seen(ada, bob, conversationId, cursor)).toEqual({ shown: ['0/0'], synced: [] });

    const answer = await bob.send(conversationId, 'yes?');
    await adas.next('message:new', ({ message }) => message.id === answer.id);
    expect(await seen(ada, bob, conversationId, cursor)).toEqual({
      ...{ shown: [`${answer.seq}/${answer.seq}`], synced: [answer.seq] },
    });
    const next = await ada.send(conversationId, 'hello');
    await bobs.must('mark_read', { conversationId, seq: next.seq });
    expect(await adas.next('receipt:read')).toMatchObject({ userId: bob.id, seq: next.seq });
  });

  it('shows what was read before once they are friends, live and by sync', async () => {
    const conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, 'one');
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 1 });
    const cursor = await cursorOf(ada);
    const adas = await ada.device();
    await bob.befriend(ada);
    const { conversation } = await adas.next('conversation:updated');
    expect(conversation.members.find(({ user }: Anything) => user.id === bob.id).lastReadSeq).toBe(1);
    expect(await seen(ada, bob, conversationId, cursor)).toEqual({ shown: ['1/1'], synced: [1] });
  });

  it('shows nothing across a block, in a direct conversation and in a group, but goes on for others', async () => {
    const direct = await ada.befriend(bob);
    const group = await cy.group('Both', ada, bob);
    for (const person of [ada, bob]) {
      await person.send(direct, `hello from ${person.username}`);
      await person.send(group, `hello from ${person.username}`);
    }
    const [own, adasOwn] = [bob, ada].map(
      async (person) => (await person.history(group)).findLast(({ senderId }) => senderId === person.id).seq,
    );
    const [adas, bobs, cys] = await Promise.all([ada.device(), bob.device(), cy.device()]);
    await ada.send(direct, 'last words');
    const { seq } = await cy.send(group, 'last words');
    await bob.must('POST', '/blocks', { userId: ada.id });
    const [adasCursor, bobsCursor, cysCursor] = await Promise.all([ada, bob, cy].map(cursorOf));
    await bobs.must('mark_delivered', { conversationId: direct, seq: 3 });
    await bobs.must('mark_read', { conversationId: direct, seq: 3 });
    await bobs.must('mark_read', { conversationId: group, seq });
    await adas.must('mark_read', { conversationId: group, seq });
    expect(await cys.next('receipt:read', ({ userId }) => userId === bob.id)).toMatchObject({ seq });
    await cys.next('receipt:read', ({ userId }) => userId === ada.id);
    for (const device of [adas, bobs]) await settled(device, cy, group);
    expect(receiptsOf(adas, bob)).toEqual([]);
    expect(receiptsOf(bobs, ada)).toEqual([]);
    // Each is known to have read up to its own last message, and no further.
    expect(await seen(ada, bob, direct, adasCursor ?? '')).toEqual({ shown: ['2/2'], synced: [] });
    expect(await seen(ada, bob, group, adasCursor ?? '')).toEqual({ shown: [`${await own}/${await own}`], synced: [] });
    expect(await seen(bob, ada, group, bobsCursor ?? '')).toEqual({
      ...{ shown: [`${await adasOwn}/${await adasOwn}`], synced: [] },
    });
    expect(await seen(cy, bob, group, cysCursor ?? '')).toEqual({ shown: [`${seq}/${seq}`], synced: [seq] });

    // Typing neither.
    for (const device of [adas, bobs, cys]) {
      await device.must('join_conversation', group);
      if (device !== cys) await device.must('join_conversation', direct);
    }
    for (const conversationId of [direct, group]) {
      await bobs.must('typing', { conversationId, isTyping: true });
      await adas.must('typing', { conversationId, isTyping: true });
    }
    for (const person of [ada, bob]) await cys.next('typing', ({ userId }) => userId === person.id);
    for (const device of [adas, bobs]) await settled(device, cy, group);
    expect([...adas.all('typing'), ...bobs.all('typing')]).toEqual([]);

    // And when it is over, what was read meanwhile is shown.
    await bob.must('DELETE', `/blocks/${ada.id}`);
    expect(await seen(ada, bob, direct, adasCursor ?? '')).toEqual({ shown: ['3/3'], synced: [3] });
  });
});
