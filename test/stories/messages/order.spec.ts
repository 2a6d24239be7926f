import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DomainEvents } from '../../../src/events/domain-events.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { Audiences } from '../../../src/realtime/delivery/audiences.js';
import { DeliveryTurns } from '../../../src/realtime/delivery/delivery-turns.js';
import { picture } from '../../support/files.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { holdMessages } from '../../support/clients/held-messages.js';
import { type Anything, Device, type Person, startStory, type Story } from '../../support/story.js';

const ROUNDS = 12;

describe('what one connection sends', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  const pair = async (from = story): Promise<{ ada: Person; bob: Person; device: Device }> => {
    const [ada, bob] = await Promise.all([from.person(), from.person()]);
    return { ada, bob, device: await ada.device() };
  };
  /** Everything at once, none waiting for the answer to the one before. */
  const pipeline = async (device: Device, payloads: readonly object[]): Promise<Anything[]> =>
    (await Promise.all(payloads.map((payload) => device.must('send_message', payload)))).map(({ message }) => message);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

  it('is stored in its order where it opens the conversation itself', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { bob, device } = await pair();
      const sent = await pipeline(
        device,
        numbers(8).map((n) => ({ receiverId: bob.id, content: `${n}` })),
      );
      expect(sent.map(({ seq }) => seq)).toEqual(numbers(8).map((n) => n + 1));
      const [conversation] = (await bob.must('GET', '/conversations')).items;
      expect((await bob.history(conversation.id)).map(({ content }) => content)).toEqual(numbers(8).map(String));
    }
  });

  it('is stored in its order whichever way each message names the conversation, also by a server that just started', async () => {
    const { ada, bob } = await pair();
    const conversationId = await ada.directConversation(bob);
    for (let round = 0; round < 3; round += 1) {
      const restarted = await startStory({ databaseUrl: story.databaseUrl, rateLimits: false });
      const device = new Device(restarted.url, { token: ada.accessToken });
      await device.next('session:ready');
      const sent = await pipeline(
        device,
        numbers(10).map((n) => ({
          ...(n % 2 === 0 ? { receiverId: bob.id } : { conversationId }),
          content: `${round} ${n}`,
        })),
      );
      const seqs = sent.map(({ seq }) => seq);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      device.socket.close();
      await restarted.close();
    }
  });

  it('is stored in its order whatever it carries', async () => {
    const { ada, bob, device } = await pair();
    const conversationId = await ada.directConversation(bob);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id } = await ada.mustUpload(await picture(8, 8).png().toBuffer(), 'photo.png', 'image/png');
      const sent = await pipeline(device, [
        { conversationId, content: 'before' },
        { conversationId, content: 'photo', attachmentIds: [id] },
        { conversationId, content: 'after' },
        { receiverId: bob.id, content: 'after that' },
      ]);
      expect(sent.map(({ seq }) => seq)).toEqual(numbers(4).map((n) => round * 4 + n + 1));
    }
  });

  it('keeps its order around a send that is refused', async () => {
    const { bob, device } = await pair();
    const answers = await Promise.all([
      device.ask('send_message', { receiverId: bob.id, content: 'one' }),
      device.ask('send_message', { receiverId: '01890000-0000-7000-8000-000000000000', content: 'to nobody' }),
      device.ask('send_message', { receiverId: bob.id, content: 'two' }),
    ]);
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(answers[1].error.code).toBe('NOT_FOUND');
    expect([answers[0], answers[2]].map(({ data }) => data.message.seq)).toEqual([1, 2]);
  });

  it('reaches others in its order', async () => {
    const { bob, device } = await pair();
    const listening = await bob.device();
    await pipeline(
      device,
      numbers(30).map((n) => ({ receiverId: bob.id, content: `${n}` })),
    );
    await listening.next('message:new', ({ message }) => message.content === '29');
    expect(listening.all('message:new').map(({ message }) => message.content)).toEqual(numbers(30).map(String));
  });

  it.each([
    ['an edit', 'message:updated', 'edit_message', { content: 'second' }],
    ['a deletion', 'message:deleted', 'delete_message', {}],
  ] as const)('shows nobody what a message was before %s once that was sent', async (_, event, command, change) => {
    const { ada, bob, device } = await pair();
    const listening = await bob.device();
    const conversationId = await ada.directConversation(bob);
    const { id: messageId } = await ada.send(conversationId, 'first');
    const events = story.app.get(EventBus, { strict: false });
    const publish = events.publish.bind(events);
    let publishLate = (): void => undefined;
    // As a change that was read before the next one, and is published behind it.
    events.publish = (name, payload) => {
      if (name !== 'message.changed') return publish(name, payload);
      publishLate = () => publish('message.changed', payload as DomainEvents['message.changed']);
    };
    try {
      await listening.must('react', { messageId, emoji: '👍' });
    } finally {
      events.publish = publish;
    }
    await device.must(command, { messageId, ...change });
    await listening.next(event, ({ message }) => message.version === 3);
    publishLate();
    await ada.send(conversationId, 'behind it');
    await listening.next('message:new', ({ message }) => message.content === 'behind it');
    const seen = [...listening.all('message:updated'), ...listening.all('message:deleted')];
    expect(seen.map(({ message }) => message.version)).toEqual([3]);
    for (const connected of [device, listening]) connected.socket.close();
  });

  describe('deleted by another process than the one that stored it', () => {
    /** A message that is stored, deleted, and arrives only then; what its receiver is sent until the next message. */
    async function sentOfDeleted(gapTimeoutMs: number): Promise<[string, string | null][]> {
      const { ada, bob } = await pair();
      const listening = await bob.device();
      const conversationId = await ada.directConversation(bob);
      await ada.send(conversationId, 'before it');
      const { sequencer } = story.app.get(DeliveryTurns, { strict: false });
      const formerly = sequencer.gapTimeoutMs;
      sequencer.gapTimeoutMs = gapTimeoutMs;
      try {
        let stored: Anything;
        const late = await holdMessages(story, 1, async () => (stored = await ada.send(conversationId, 'secret')));
        await ada.must('DELETE', `/messages/${stored.id}`);
        for (const publish of late) publish();
      } finally {
        sequencer.gapTimeoutMs = formerly;
      }
      await ada.send(conversationId, 'behind it');
      await listening.next('message:new', ({ message }) => message.content === 'behind it');
      const sent = listening.received.filter(({ event }) => event === 'sync:needed' || event.startsWith('message:'));
      listening.socket.close();
      return sent.map(({ event, payload }) => [event, payload.message?.content ?? null]);
    }

    it('is sent before its deletion, where it arrives in time', async () => {
      expect(await sentOfDeleted(60_000)).toEqual([
        ['message:new', 'before it'],
        ['message:new', 'secret'],
        ['message:deleted', null],
        ['message:new', 'behind it'],
      ]);
    });

    it('is not sent behind its deletion: its readers are asked to sync', async () => {
      expect(await sentOfDeleted(0)).toEqual([
        ['message:new', 'before it'],
        ['message:deleted', null],
        ['sync:needed', null],
        ['message:new', 'behind it'],
      ]);
    });
  });

  it('is not held up by changes of one message: those that wait for their turn are sent as one', async () => {
    const { ada, bob } = await pair();
    const listening = await bob.device();
    const conversationId = await ada.directConversation(bob);
    const { id: messageId } = await ada.send(conversationId, 'react to this');
    await listening.next('message:new');
    const asked = holdCalls(story.app, Audiences, 'of');
    try {
      for (const emoji of ['1', '2', '3', '4', '5', '6'])
        await listening.must('react', { messageId, emoji: `name${emoji}` });
      await ada.send(conversationId, 'behind them');
    } finally {
      asked.release();
    }
    await listening.next('message:new', ({ message }) => message.content === 'behind them');
    const sent = listening.all('message:updated').map(({ message }) => [message.version, message.reactions.length]);
    expect(sent).toEqual([
      [2, 1],
      [7, 6],
    ]);
    listening.socket.close();
  });

  it('is shown deleted also where a change that does not say so was read behind the deletion', async () => {
    const { ada, bob } = await pair();
    const listening = await bob.device();
    const conversationId = await ada.directConversation(bob);
    const { id: messageId } = await ada.send(conversationId, 'delete this');
    await listening.next('message:new');
    const events = story.app.get(EventBus, { strict: false });
    const publish = events.publish.bind(events);
    const asked = holdCalls(story.app, Audiences, 'of');
    events.publish = (name, payload) => {
      publish(name, payload);
      if (name === 'message.changed') publish(name, { ...payload, deleted: false });
    };
    try {
      await listening.must('react', { messageId, emoji: '👍' });
      await ada.must('DELETE', `/messages/${messageId}`);
    } finally {
      events.publish = publish;
      asked.release();
    }
    await ada.send(conversationId, 'behind it');
    await listening.next('message:new', ({ message }) => message.content === 'behind it');
    const seen = listening.received.filter(({ event }) => event === 'message:updated' || event === 'message:deleted');
    expect(seen.map(({ event, payload }) => [event, payload.message.version])).toEqual([
      ['message:updated', 2],
      ['message:deleted', 3],
    ]);
    listening.socket.close();
  });

  describe('at once', () => {
    let ada: Person;
    let device: Device;
    let conversationId: string;
    beforeAll(async () => {
      const people = await pair();
      ({ ada, device } = people);
      conversationId = await ada.directConversation(people.bob);
    });
    const stored = async (messageId: string): Promise<Anything> => ada.must('GET', `/messages/${messageId}`);

    it('leaves the last text of two edits', async () => {
      for (let round = 0; round < 60; round += 1) {
        const { id } = await ada.send(conversationId, 'first');
        const edits = await Promise.all(
          ['second', 'third'].map((content) => device.must('edit_message', { messageId: id, content })),
        );
        expect(edits.map(({ message }) => message.content)).toEqual(['second', 'third']);
        expect(await stored(id)).toMatchObject({ content: 'third', version: 3 });
      }
    });

    it('leaves a reaction as it was asked for last, taken back or set again', async () => {
      const { id } = await ada.send(conversationId, 'react to this');
      for (let round = 0; round < 60; round += 1) {
        const removals = round % 2 === 0 ? [false, true] : [false, true, false];
        await Promise.all(removals.map((remove) => device.must('react', { messageId: id, emoji: '👍', remove })));
        expect((await stored(id)).reactions).toEqual(round % 2 === 0 ? [] : [{ emoji: '👍', count: 1, mine: true }]);
        await device.must('react', { messageId: id, emoji: '👍', remove: true });
      }
    });

    it('leaves what is deleted behind an edit deleted, and edits it no more', async () => {
      for (let round = 0; round < 20; round += 1) {
        const { id } = await ada.send(conversationId, 'first');
        const [edited, deleted, late] = await Promise.all([
          device.ask('edit_message', { messageId: id, content: 'second' }),
          device.ask('delete_message', { messageId: id }),
          device.ask('edit_message', { messageId: id, content: 'third' }),
        ]);
        expect(edited.data.message.content).toBe('second');
        expect(deleted.data.message.deletedAt).not.toBeNull();
        expect(late.error.code).toBe('MESSAGE_DELETED');
      }
    });

    it('stores a message behind the change before it', async () => {
      const { id } = await ada.send(conversationId, 'first');
      const order: string[] = [];
      await Promise.all([
        device.must('edit_message', { messageId: id, content: 'second' }).then(() => order.push('edited')),
        device.must('send_message', { conversationId, content: 'and then' }).then(() => order.push('sent')),
      ]);
      expect(order).toEqual(['edited', 'sent']);
    });

    it('leaves a conversation open or closed as it was asked for last, and shows who types accordingly', async () => {
      const bob = await story.person();
      const shared = await ada.directConversation(bob);
      const typing = await bob.device();
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([
          device.must('join_conversation', { conversationId: shared }),
          device.must('leave_conversation', { conversationId: shared }),
        ]);
      }
      await typing.must('typing', { conversationId: shared, isTyping: true });
      // Sent to the same connection afterwards, so whatever was sent before has come.
      await typing.must('send_message', { conversationId: shared, content: 'done' });
      await device.next('message:new', ({ message }) => message.content === 'done');
      expect(device.all('typing').filter((event) => event.conversationId === shared)).toEqual([]);

      await Promise.all([
        device.must('leave_conversation', { conversationId: shared }),
        device.must('join_conversation', { conversationId: shared }),
      ]);
      await typing.must('typing', { conversationId: shared, isTyping: true });
      await device.next('typing', (event) => event.conversationId === shared && event.isTyping);
    });
  });
});
