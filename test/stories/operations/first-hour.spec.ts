import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story } from '../../support/story.js';

describe('the first hour', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it('two people register, become friends and talk, live', async () => {
    const [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    const [adasPhone, bobsPhone] = await Promise.all([ada.device(), bob.device()]);

    const request = await ada.must('POST', '/friends/requests', { userId: bob.id });
    expect(await bobsPhone.next('friend:request_sent')).toMatchObject({
      request: { id: request.id },
      user: { id: ada.id },
    });

    const accepted = await bob.must('POST', `/friends/requests/${request.id}/accept`);
    expect(accepted).toMatchObject({ request: { status: 'ACCEPTED' }, friend: { id: ada.id } });
    const conversationId = accepted.conversation.id;
    expect((await adasPhone.next('friend:request_accepted')).user.id).toBe(bob.id);
    expect((await bobsPhone.next('friend:request_accepted')).user.id).toBe(ada.id);
    expect((await adasPhone.next('conversation:new')).conversation.id).toBe(conversationId);

    const { message } = await adasPhone.must('send_message', { conversationId, content: 'Hello, Bob' });
    expect(message).toMatchObject({
      seq: 1,
      content: 'Hello, Bob',
      senderId: ada.id,
      conversationId,
      kind: 'TEXT',
      version: 1,
    });

    // Nobody joined the conversation's room by hand: all sockets of all members receive it, the sending one included.
    for (const phone of [adasPhone, bobsPhone]) {
      expect(await phone.next('message:new')).toEqual({
        message,
        conversation: { id: conversationId, lastMessage: 'Hello, Bob', lastMessageAt: message.createdAt, lastSeq: 1 },
      });
    }

    expect(await bob.must('GET', `/conversations/${conversationId}`)).toMatchObject({
      lastMessage: 'Hello, Bob',
      lastMessageBy: ada.id,
      lastMessageKind: 'TEXT',
      me: { unreadCount: 1, lastReadSeq: 0 },
    });
    expect(await bobsPhone.must('join_conversation', conversationId)).toMatchObject({
      conversation: { id: conversationId },
    });
    expect(await bobsPhone.must('mark_read', { conversationId, seq: 1 })).toEqual({ lastReadSeq: 1 });
    expect(await adasPhone.next('receipt:read')).toMatchObject({ conversationId, userId: bob.id, seq: 1 });
    expect((await bob.must('GET', '/conversations')).items[0].me.unreadCount).toBe(0);
    expect(await bob.history(conversationId)).toEqual([message]);
  });

  it('acknowledges before it announces, and spares a client that asked not to receive its own', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [loud, quiet, bobs] = [await ada.device(), await ada.device({ echo: false }), await bob.device()];

    const order: string[] = [];
    loud.socket.on('message:new', () => order.push('event'));
    // By callback: a promise would settle a moment after the next event.
    loud.socket.emit('send_message', { conversationId, content: 'one' }, () => order.push('acknowledgement'));
    await loud.next('message:new');
    expect(order).toEqual(['acknowledgement', 'event']);
    // The quiet one receives what its sibling sends…
    expect((await quiet.next('message:new')).message.content).toBe('one');

    await quiet.must('send_message', { conversationId, content: 'two' });
    await loud.must('send_message', { conversationId, content: 'three' });
    // …and not what it sends itself: the message behind it is the next it receives.
    expect((await quiet.next('message:new')).message.content).toBe('three');
    expect((await bobs.next('message:new', ({ message }) => message.content === 'two')).message.seq).toBe(2);
  });

  it('sends to a person instead of a conversation', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    const sent = await Promise.all([
      adas.must('send_message', { receiverId: bob.id, content: 'a' }),
      bobs.must('send_message', { receiverId: ada.id, content: 'b' }),
    ]);
    expect(new Set(sent.map(({ message }) => message.conversationId)).size).toBe(1);
    expect(sent.map(({ message }) => message.seq).sort()).toEqual([1, 2]);
    expect((await bobs.next('message:new', ({ message }) => message.content === 'a')).message.senderId).toBe(ada.id);
  });
});
