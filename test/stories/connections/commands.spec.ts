import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Sessions } from '../../../src/auth/sessions/sessions.js';
import { AccessTokens } from '../../../src/auth/tokens/access-token.js';
import { ConversationAccess } from '../../../src/conversations/conversation-access.js';
import { Lifecycle } from '../../../src/common/stopping/lifecycle.js';
import { DomainError } from '../../../src/common/errors.js';
import { ReadGate } from '../../../src/limits/reads/read-gate.js';
import { WriteGate } from '../../../src/limits/writes/write-gate.js';
import { MessageChanges } from '../../../src/messages/changes/message-changes.js';
import { ChatCommands } from '../../../src/realtime/commands/chat-commands.js';
import { ChatQueries } from '../../../src/realtime/commands/chat-queries.js';
import { Connections } from '../../../src/realtime/connections/connections.js';
import { Standstill } from '../../../src/realtime/connections/standstill.js';
import { RecoveryLog } from '../../../src/realtime/engine/recovery/recovery-log.js';
import { olderDevice } from '../../dialects/clients.js';
import { WAIT_TIMEOUT_MS } from '../../support/bounded.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { Clock } from '../../../src/common/clock.js';
import { type Anything, Device, type Person, request, startStory, type Story, until } from '../../support/story.js';
import { A_TIME, directShape, memberShape, messageShape, refusal, socketError, userShape } from '../attacks/shapes.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

describe('commands over a socket', () => {
  let story: Story;
  let [ada, bob, eve]: [Person, Person, Person] = [] as never;
  let [adas, bobs, eves]: [Device, Device, Device] = [] as never;
  let conversationId: string;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob, eve] = await Promise.all([story.person('ada'), story.person('bob'), story.person('eve')]);
    conversationId = await ada.directConversation(bob);
    [adas, bobs, eves] = await Promise.all([ada.device(), bob.device(), eve.device()]);
  });
  afterAll(() => story.close());

  /** As if the server's clock went wrong by `milliseconds` for as long as `work` takes. */
  async function at<Result>(milliseconds: number, work: () => Promise<Result> | Result): Promise<Result> {
    const clock = story.app.get(Clock);
    clock.now = () => Date.now() + milliseconds;
    try {
      return await work();
    } finally {
      clock.now = Clock.prototype.now;
    }
  }

  function hold(): { released: Promise<void>; release: () => void } {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    return { released, release };
  }

  const sent = async (content: string, more: object = {}): Promise<Anything> =>
    (await adas.must('send_message', { conversationId, content, ...more })).message;

  it('keeps nothing for a recovery of the failures that it reports', async () => {
    const device = await (await story.person()).device();
    const kept = jest.spyOn(RecoveryLog.prototype, 'nextOffset');
    device.socket.emit('no_such_event', {});
    await device.next('exception', ({ event }) => event === 'no_such_event');
    expect(kept).not.toHaveBeenCalled();
    kept.mockRestore();
  });

  it('asks for nothing past the gates of its user, also where it is refused', async () => {
    const [reading, writing] = [ReadGate, WriteGate].map((gate) => jest.spyOn(story.app.get(gate), 'run'));
    const readingLittle = jest.spyOn(story.app.get(ReadGate), 'runSmall');
    const usersOf = (spy: typeof reading | typeof readingLittle): unknown[] | undefined =>
      spy?.mock.calls.map(([user]) => user.userId);
    try {
      const refused = { conversationId, content: '', clientId: randomUUID() };
      expect(await adas.ask('send_message', refused)).toEqual(refusal('VALIDATION_FAILED', ['content']));
      expect(usersOf(writing)).toEqual([ada.id]);

      const reads = story.app.get(ChatQueries);
      const principal = { userId: bob.id, sessionId: NOBODY };
      expect(await reads.findDirect(principal, NOBODY)).toBeUndefined();
      expect(await reads.unread(principal, NOBODY)).toBe(0);
      await expect(reads.message(principal, NOBODY)).rejects.toThrow('Not found.');
      await expect(reads.user(principal, NOBODY)).rejects.toThrow('Not found.');
      for (const spy of [reading, readingLittle]) expect(usersOf(spy)).toEqual([bob.id, bob.id]);
    } finally {
      for (const spy of [reading, readingLittle, writing]) spy?.mockRestore();
    }
  });

  describe('what waits for its turn', () => {
    /** Holds the first deletion, with others and what a client of `dialect` asks for behind it. */
    async function queued(end: (person: Person, device: Device) => Promise<unknown>): Promise<string[]> {
      const person = await story.person('queued');
      const device = await person.device();
      const conversation = await person.directConversation(bob);
      const messages: Anything[] = [];
      for (const content of ['one', 'two', 'three']) messages.push(await person.send(conversation, content));
      const changes = story.app.get(MessageChanges);
      const held = hold();
      const deleting = jest.spyOn(changes, 'deleteForEveryone').mockImplementationOnce(async (...deletion) => {
        await held.released;
        return changes.deleteForEveryone(...deletion);
      });
      const running = jest.spyOn(story.app.get(ChatCommands), 'run');
      for (const { id: messageId } of messages) device.socket.emit('delete_message', { messageId });
      device.socket.emit('send_message', { conversationId: conversation, content: 'four' });
      await until('all have come', () => running.mock.calls.length === messages.length + 1);
      await until('the first one is under way', () => deleting.mock.calls.length === 1);
      await end(person, device);
      held.release();
      const answers = (await Promise.all(running.mock.results.map(({ value }) => value))) as Anything[];
      deleting.mockRestore();
      running.mockRestore();
      return answers.map((answer) => (answer.ok ? 'done' : answer.error.code));
    }

    it('is refused where the session of the connection has ended', async () => {
      const answers = await queued(async (person, device) => {
        expect((await person.call('POST', '/auth/logout-all')).status).toBe(204);
        await device.next('session:ended');
      });
      expect(answers).toEqual(['done', 'UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED']);
    });

    it('is done where the connection is merely lost', async () => {
      const answers = await queued(async (person, device) => {
        const removing = jest.spyOn(story.app.get(Connections), 'remove');
        device.socket.io.engine.close();
        const isRemoved = (): boolean =>
          removing.mock.calls.some(([socket]) => socket.data.principal.userId === person.id);
        await until('the server knows', isRemoved);
        removing.mockRestore();
      });
      expect(answers).toEqual(['done', 'done', 'done', 'done']);
    });

    it.each<[string, string[], (person: Person) => Promise<unknown>]>([
      ['is done where its client has gone', ['send_message'], async () => undefined],
      ['is not where its session has ended', [], (person) => person.call('POST', '/auth/logout-all')],
    ])('for the repair of a standstill %s by then', async (_, done, end) => {
      const person = await story.person('gone');
      const device = await person.device();
      const running = jest.spyOn(story.app.get(ChatCommands), 'run');
      const removing = jest.spyOn(story.app.get(Connections), 'remove');
      const repairing = holdCalls(story.app, Sessions, 'endedAmong');
      try {
        Object.assign(story.app.get(Standstill), { ranAt: Number.NEGATIVE_INFINITY });
        device.socket.emit('send_message', { receiverId: bob.id, content: 'before the end' });
        device.socket.close();
        await until('the server knows', () =>
          removing.mock.calls.some(([{ data }]) => data.principal.userId === person.id),
        );
        expect(repairing.count).toBeGreaterThan(0);
        await end(person);
        repairing.release();
        await story.app.get(Lifecycle).idle(WAIT_TIMEOUT_MS);
        expect(running.mock.calls.map(([name]) => name)).toEqual(done);
      } finally {
        repairing.release();
        for (const spy of [running, removing]) spy.mockRestore();
      }
    });

    it('is bounded in bytes for all connections of a user', async () => {
      const person = await story.person('queued');
      const [device, other] = [await person.device(), await person.device()];
      const { id: messageId } = await person.send(await person.directConversation(bob), 'one');
      const changes = story.app.get(MessageChanges);
      const held = hold();
      const deleting = jest.spyOn(changes, 'deleteForEveryone').mockImplementationOnce(async (...deletion) => {
        await held.released;
        return changes.deleteForEveryone(...deletion);
      });
      try {
        const deleted = device.socket.emitWithAck('delete_message', { messageId });
        // Refused, but maybe a repeat of what was sent before: that is known once its turn has come.
        const tooLong = { conversationId, content: 'x'.repeat(120_000), clientId: randomUUID() };
        const answers = Array.from({ length: 80 }, () => device.socket.emitWithAck('send_message', tooLong));
        const isRefused = (answer: Anything): boolean => answer.error?.code === 'OVERLOADED';
        expect(isRefused(await answers.at(-1))).toBe(true);
        expect(isRefused(await other.socket.emitWithAck('send_message', tooLong))).toBe(true);
        held.release();
        expect((await deleted).ok).toBe(true);
        expect((await Promise.all(answers)).filter(isRefused).length).toBeLessThan(20);
        expect((await other.socket.emitWithAck('send_message', tooLong)).error.code).toBe('VALIDATION_FAILED');
      } finally {
        held.release();
        deleting.mockRestore();
      }
    });

    it('is refused in older dialects, too', async () => {
      const person = await story.person('queued');
      const older = olderDevice(person, 'direct-events');
      await older.next('connect');
      const reads = story.app.get(ChatQueries);
      const held = hold();
      const asking = jest.spyOn(reads, 'openDirect').mockImplementation(async () => {
        await held.released;
        throw new DomainError('NOT_FOUND');
      });
      for (const { id: receiverId } of [bob, eve]) older.socket.emit('typing', { receiverId });
      await until('the first one is under way', () => asking.mock.calls.length === 1);
      expect((await person.call('POST', '/auth/logout-all')).status).toBe(204);
      await older.next('disconnect');
      held.release();
      await story.app.get(Lifecycle).idle(WAIT_TIMEOUT_MS);
      expect(asking).toHaveBeenCalledTimes(1);
      asking.mockRestore();
    });
  });

  describe('join_conversation and leave_conversation', () => {
    it('answer the conversation, also to a bare id, and nothing', async () => {
      const opened = await ada.directConversation(eve);
      const conversation = directShape({
        id: opened,
        // Eve is here, but has never written to Ada: Ada is not shown that.
        members: expect.arrayContaining([memberShape(userShape(ada)), memberShape(userShape(eve))]),
      });
      for (const payload of [{ conversationId: opened }, opened, opened.toUpperCase()]) {
        const answer = await adas.ask('join_conversation', payload);
        expect(answer).toEqual({ ok: true, data: { conversation } });
        expect(answer.data.conversation.members).toHaveLength(2);
        expect(await adas.ask('leave_conversation', payload)).toEqual({ ok: true, data: {} });
      }
    });

    it('open a conversation to members alone; leaving what one never had open is no fault', async () => {
      expect(await eves.ask('join_conversation', { conversationId })).toEqual(refusal('NOT_FOUND'));
      expect(await eves.ask('join_conversation', { conversationId: NOBODY })).toEqual(refusal('NOT_FOUND'));
      expect(await eves.ask('leave_conversation', { conversationId: NOBODY })).toEqual({ ok: true, data: {} });
    });
  });

  describe('send_message', () => {
    it('answers what every member then receives, to the letter', async () => {
      const clientId = randomUUID();
      const answer = await adas.ask('send_message', { conversationId, content: ' Hello\n', clientId });
      const message = messageShape(ada, conversationId, ' Hello\n', { clientId });
      const conversation = {
        id: conversationId,
        lastMessage: ' Hello\n',
        lastMessageAt: A_TIME,
        lastSeq: expect.any(Number),
      };
      expect(answer).toEqual({ ok: true, data: { message, conversation } });
      expect(answer.data.conversation).toMatchObject({
        lastSeq: answer.data.message.seq,
        lastMessageAt: answer.data.message.createdAt,
      });
      for (const device of [adas, bobs]) {
        expect(await device.next('message:new', (received) => received.message.clientId === clientId)).toEqual(
          answer.data,
        );
      }
      expect(await bob.must('GET', `/messages/${answer.data.message.id}`)).toEqual(answer.data.message);
    });

    it('finds or creates the direct conversation with a receiver', async () => {
      const fay = await story.person('fay');
      const fays = await fay.device();
      const { message } = await adas.must('send_message', { receiverId: fay.id.toUpperCase(), content: 'first' });
      expect(message).toEqual(messageShape(ada, message.conversationId, 'first', { seq: 1 }));
      expect((await fays.next('conversation:new')).conversation.id).toBe(message.conversationId);
      expect((await fays.next('message:new')).message).toEqual(message);
      const { message: answer } = await fays.must('send_message', { receiverId: ada.id, content: 'second' });
      expect([answer.conversationId, answer.seq]).toEqual([message.conversationId, 2]);
    });

    it.each([
      ['an unknown conversation', () => ({ conversationId: NOBODY, content: 'x' }), refusal('NOT_FOUND')],
      ['an unknown receiver', () => ({ receiverId: NOBODY, content: 'x' }), refusal('NOT_FOUND')],
      ['oneself', () => ({ receiverId: ada.id, content: 'x' }), refusal('CANNOT_MESSAGE_SELF')],
      ['two places', () => ({ conversationId, receiverId: bob.id, content: 'x' }), ['conversationId']],
      ['no place', () => ({ content: 'x' }), ['conversationId']],
      ['no content', () => ({ conversationId }), ['content']],
      ['no id of a place', () => ({ conversationId: 'general', content: 'x' }), ['conversationId']],
      ['a client id that is none', () => ({ conversationId, content: 'x', clientId: '1' }), ['clientId']],
      ['an attachment', () => ({ conversationId, content: 'x', attachmentIds: [NOBODY] }), ['attachmentIds']],
      ['a reply to nothing', () => ({ conversationId, content: 'x', replyToId: NOBODY }), ['replyToId']],
      ['another sender', () => ({ conversationId, content: 'x', senderId: bob.id }), ['senderId']],
      [
        'several faults',
        () => ({ conversationId: 5, content: 7, clientId: {} }),
        ['conversationId', 'content', 'clientId'],
      ],
    ])('refuses %s', async (_, payload, expected) => {
      expect(await adas.ask('send_message', payload())).toEqual(
        Array.isArray(expected) ? refusal('VALIDATION_FAILED', expected) : expected,
      );
    });

    it('takes exactly what is null for what is left out', async () => {
      const message = await sent('nulls', { clientId: null, replyToId: null, attachmentIds: null });
      expect(message).toEqual(messageShape(ada, conversationId, 'nulls'));
      expect((await sent('empty list', { attachmentIds: [] })).content).toBe('empty list');
    });

    it.each([
      ['8,000 characters', 'x'.repeat(8_000)],
      ['8,000 astral characters', '😀'.repeat(8_000)],
      ['8,000 characters that JSON escapes', '\u0001'.repeat(7_999) + 'x'],
      ['one character', '.'],
      ['a joined emoji', '👩‍👩‍👧‍👦'],
      ['right-to-left and combining text', 'שלום e\u0301'],
      ['what looks like SQL and markup', `'; DROP TABLE messages; -- <script>$1\\`],
    ])('stores %s as it is', async (_, content) => {
      const message = await sent(content);
      expect(message.content).toBe(content);
      expect((await ada.must('GET', `/messages/${message.id}`)).content).toBe(content);
      const { lastMessage } = await ada.must('GET', `/conversations/${conversationId}`);
      expect(lastMessage).toBe(Array.from(content).slice(0, 200).join(''));
    });

    it.each([
      ['8,001 characters', 'x'.repeat(8_001)],
      ['8,001 astral characters', '😀'.repeat(8_001)],
      ['nothing', ''],
      ['blanks', ' \n\t\u00a0\u2003'],
      ['NUL', 'a\0b'],
      ['half of a surrogate pair', 'a\ud83d'],
      ['the other half', '\ude00a'],
    ])('refuses %s over both doors, and in edits', async (_, content) => {
      const expected = refusal('VALIDATION_FAILED', ['content']);
      const message = await sent('to be edited');
      expect(await adas.ask('send_message', { conversationId, content })).toEqual(expected);
      expect(await adas.ask('edit_message', { messageId: message.id, content })).toEqual(expected);
      expect((await ada.call('POST', `/conversations/${conversationId}/messages`, { content })).body.errors).toEqual({
        content: expect.any(Array),
      });
      expect((await ada.call('PATCH', `/messages/${message.id}`, { content })).status).toBe(400);
    });
  });

  describe('edit_message', () => {
    it('answers the message as all then receive it; the same text again changes nothing', async () => {
      const message = await sent('before');
      const expected = { ...message, content: 'after', version: 2, editedAt: A_TIME, linkPreview: null };
      const answer = await adas.ask('edit_message', { messageId: message.id, content: 'after' });
      expect(answer).toEqual({ ok: true, data: { message: expected } });
      for (const device of [adas, bobs]) {
        expect(await device.next('message:updated', (received) => received.message.id === message.id)).toEqual(
          answer.data,
        );
      }
      expect(await adas.must('edit_message', { messageId: message.id, content: 'after' })).toEqual(answer.data);
      await sent('marker of the edit');
      await bobs.next('message:new', (received) => received.message.content === 'marker of the edit');
      expect(bobs.all('message:updated').filter((received) => received.message.id === message.id)).toHaveLength(1);
    });

    it('is refused for others’ messages, deleted ones, old ones, unknown ones and strangers', async () => {
      const message = await sent('mine');
      const edit = { messageId: message.id, content: 'x' };
      expect(await bobs.ask('edit_message', edit)).toEqual(refusal('FORBIDDEN'));
      expect(await eves.ask('edit_message', edit)).toEqual(refusal('NOT_FOUND'));
      expect(await adas.ask('edit_message', { ...edit, messageId: NOBODY })).toEqual(refusal('NOT_FOUND'));
      expect(await adas.ask('edit_message', { messageId: message.id })).toEqual(
        refusal('VALIDATION_FAILED', ['content']),
      );
      expect((await at(14 * 60_000, () => adas.ask('edit_message', edit))).ok).toBe(true);
      const late = await at(15 * 60_000 + 1_000, () => adas.ask('edit_message', { ...edit, content: 'late' }));
      expect(late).toEqual(refusal('EDIT_WINDOW_CLOSED'));
      await adas.must('delete_message', { messageId: message.id });
      expect(await adas.ask('edit_message', edit)).toEqual(refusal('MESSAGE_DELETED'));
    });
  });

  describe('delete_message', () => {
    it('answers the tombstone as all then receive it; again changes nothing', async () => {
      const message = await sent('gone', { replyToId: (await sent('stays')).id });
      await bobs.must('react', { messageId: message.id, emoji: '👍' });
      const answer = await adas.ask('delete_message', { messageId: message.id });
      const tombstone = {
        ...message,
        content: null,
        replyTo: null,
        reactions: [],
        version: 3,
        deletedAt: A_TIME,
        linkPreview: null,
      };
      expect(answer).toEqual({ ok: true, data: { message: tombstone } });
      for (const device of [adas, bobs]) {
        expect(await device.next('message:deleted', (received) => received.message.id === message.id)).toEqual(
          answer.data,
        );
      }
      expect(await adas.must('delete_message', { messageId: message.id, for: 'everyone' })).toEqual(answer.data);
      expect(await bob.must('GET', `/messages/${message.id}`)).toEqual(answer.data.message);
      expect((await bob.must('GET', `/conversations/${conversationId}`)).lastMessage).toBeNull();
      await sent('marker of the tombstone');
      await bobs.next('message:new', (received) => received.message.content === 'marker of the tombstone');
      expect(bobs.all('message:deleted').filter((received) => received.message.id === message.id)).toHaveLength(1);
    });

    it.each([
      ['an edit', 'message:updated', (id: string) => adas.must('edit_message', { messageId: id, content: 'edited' })],
      ['a deletion for everyone', 'message:deleted', (id: string) => adas.must('delete_message', { messageId: id })],
    ])('for me alone is not undone by %s that is delivered behind it', async (_, event, change) => {
      const message = await sent('for bob to hide');
      await bobs.next('message:new', (received) => received.message.id === message.id);
      const access = story.app.get(ConversationAccess);
      let release = (): void => undefined;
      const isHidden = new Promise<void>((resolve) => (release = resolve));
      access.audience = async (...given) => {
        const audience = await ConversationAccess.prototype.audience.apply(access, given);
        await isHidden;
        return audience;
      };
      let hidden: Anything;
      try {
        await change(message.id);
        ({ message: hidden } = await bobs.must('delete_message', { messageId: message.id, for: 'me' }));
      } finally {
        release();
        access.audience = ConversationAccess.prototype.audience;
      }
      await adas.next(event, (received) => received.message.id === message.id);
      await sent('marker of what is delivered behind it');
      await bobs.next(
        'message:new',
        (received) => received.message.content === 'marker of what is delivered behind it',
      );
      const seen = [...bobs.all('message:updated'), ...bobs.all('message:deleted')].map((received) => received.message);
      expect(seen.filter(({ id }) => id === message.id)).toEqual([hidden]);
      expect(hidden).toMatchObject({ version: message.version + 1, hiddenAt: A_TIME });
    });

    it('for me alone empties it for all of my devices and for nobody else', async () => {
      const second = await bob.device();
      const message = await sent('not for bob');
      const { message: hidden } = await bobs.must('delete_message', { messageId: message.id, for: 'me' });
      expect(hidden).toEqual({
        ...message,
        content: null,
        deletedAt: A_TIME,
        hiddenAt: hidden.deletedAt,
        linkPreview: null,
      });
      for (const device of [bobs, second]) {
        const received = await device.next('message:deleted', (received) => received.message.id === message.id);
        expect(received).toEqual({ message: hidden });
      }
      expect(await bob.must('GET', `/messages/${message.id}`)).toEqual(hidden);
      expect((await bob.history(conversationId)).find(({ id }) => id === message.id)).toEqual(hidden);
      expect((await bob.must('GET', `/conversations/${conversationId}`)).lastMessage).toBeNull();
      expect(
        (await bob.must('GET', '/conversations')).items.find(({ id }: Anything) => id === conversationId).lastMessage,
      ).toBeNull();

      expect(await ada.must('GET', `/messages/${message.id}`)).toEqual(message);
      expect((await ada.must('GET', `/conversations/${conversationId}`)).lastMessage).toBe('not for bob');
      await sent('marker of what is hidden');
      await adas.next('message:new', (received) => received.message.content === 'marker of what is hidden');
      expect(adas.all('message:deleted').filter((received) => received.message.id === message.id)).toEqual([]);

      // What is deleted for everyone afterwards stays hidden from who had hidden it.
      await adas.must('delete_message', { messageId: message.id });
      const { message: deleted } = await bobs.next(
        'message:deleted',
        (received) => received.message.id === message.id && received.message.version > message.version,
      );
      expect(deleted.hiddenAt).toBe(hidden.hiddenAt);
      expect(await bob.must('GET', `/messages/${message.id}`)).toEqual(deleted);
      expect(await ada.must('GET', `/messages/${message.id}`)).not.toHaveProperty('hiddenAt');
      second.socket.close();
    });

    it('is refused for others’ messages, unknown ones, strangers and another scope', async () => {
      const message = await sent('mine');
      expect(await bobs.ask('delete_message', { messageId: message.id })).toEqual(refusal('FORBIDDEN'));
      for (const scope of ['everyone', 'me'] as const) {
        const payload = { messageId: message.id, for: scope };
        expect(await eves.ask('delete_message', payload)).toEqual(refusal('NOT_FOUND'));
        expect(await adas.ask('delete_message', { ...payload, messageId: NOBODY })).toEqual(refusal('NOT_FOUND'));
      }
      expect(await adas.ask('delete_message', { messageId: message.id, for: 'nobody' })).toEqual(
        refusal('VALIDATION_FAILED', ['for']),
      );
    });
  });

  describe('mark_read and mark_delivered', () => {
    it('answer the cursor and emit it, forward only and never beyond the end', async () => {
      // Before it has answered, Ada would not be shown what Bob has read.
      await bob.send(conversationId, 'yes?');
      const { seq } = await sent('to be read');
      const receipt = { conversationId, userId: bob.id, seq, at: A_TIME };
      expect(await bobs.ask('mark_delivered', { conversationId, seq })).toEqual({
        ok: true,
        data: { lastDeliveredSeq: seq },
      });
      for (const device of [adas, bobs]) {
        expect(await device.next('receipt:delivered', (received) => received.seq === seq)).toEqual(receipt);
      }
      expect(await bobs.ask('mark_read', { conversationId, seq: seq + 1_000 })).toEqual({
        ok: true,
        data: { lastReadSeq: seq },
      });
      for (const device of [adas, bobs]) {
        expect(await device.next('receipt:read', (received) => received.seq === seq)).toEqual(receipt);
      }
      expect(await bobs.must('mark_read', { conversationId, seq: 0 })).toEqual({ lastReadSeq: seq });
      expect(await bobs.must('mark_delivered', { conversationId, seq: 1 })).toEqual({ lastDeliveredSeq: seq });
      expect(await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 1 })).toEqual({ lastReadSeq: seq });
    });

    it.each([-1, 1.5, 2 ** 31, Number.MAX_SAFE_INTEGER, '3', null, true, [1]])('refuse %p', async (seq) => {
      for (const event of ['mark_read', 'mark_delivered']) {
        expect(await adas.ask(event, { conversationId, seq })).toEqual(refusal('VALIDATION_FAILED', ['seq']));
        expect(await eves.ask(event, { conversationId, seq: 1 })).toEqual(refusal('NOT_FOUND'));
      }
    });
  });

  it('typing answers nothing, to members alone', async () => {
    await bobs.must('join_conversation', { conversationId });
    expect(await adas.ask('typing', { conversationId, isTyping: true })).toEqual({ ok: true, data: {} });
    expect(await bobs.next('typing')).toEqual({ conversationId, userId: ada.id, isTyping: true });
    expect(await adas.ask('typing', { conversationId, isTyping: false })).toEqual({ ok: true, data: {} });
    expect(await bobs.next('typing')).toEqual({ conversationId, userId: ada.id, isTyping: false });
    expect(await eves.ask('typing', { conversationId, isTyping: true })).toEqual(refusal('NOT_FOUND'));
    expect(await adas.ask('typing', { conversationId })).toEqual(refusal('VALIDATION_FAILED', ['isTyping']));
    expect(await adas.ask('typing', { conversationId, isTyping: 'yes' })).toEqual(
      refusal('VALIDATION_FAILED', ['isTyping']),
    );
    expect(adas.all('typing')).toEqual([]);
  });

  it('authenticate renews with a token of the same session alone', async () => {
    const { body } = await request(story.url, 'POST', '/auth/refresh', { refreshToken: ada.refreshToken });
    ada.refreshToken = body.refreshToken;
    expect(await adas.ask('authenticate', { token: body.accessToken })).toEqual({
      ok: true,
      data: { expiresAt: A_TIME },
    });

    const login = await request(story.url, 'POST', '/auth/login', { email: ada.email, password: 'correct horse' });
    const expired = await at(-3_600_000, () => {
      const { sid } = JSON.parse(Buffer.from(body.accessToken.split('.')[1], 'base64url').toString());
      return story.app.get(AccessTokens).issue({ userId: ada.id, sessionId: sid }).accessToken;
    });
    for (const [token, code] of [
      [bob.accessToken, 'UNAUTHORIZED'],
      [login.body.accessToken, 'UNAUTHORIZED'],
      [body.refreshToken, 'UNAUTHORIZED'],
      ['', 'UNAUTHORIZED'],
      [expired, 'TOKEN_EXPIRED'],
    ]) {
      expect([token, await adas.ask('authenticate', { token })]).toEqual([token, refusal(code as string)]);
    }
    expect(await adas.ask('authenticate', { token: 5 })).toEqual(refusal('VALIDATION_FAILED', ['token']));
    expect((await sent('still here')).senderId).toBe(ada.id);
  });

  it.each([
    ['join_conversation', {}, ['conversationId']],
    ['leave_conversation', { conversationId: 'x' }, ['conversationId']],
    ['send_message', { content: '' }, ['conversationId', 'content']],
    ['edit_message', {}, ['messageId', 'content']],
    ['delete_message', { messageId: 1 }, ['messageId']],
    ['react', { messageId: NOBODY }, ['emoji']],
    ['mark_read', { conversationId: NOBODY }, ['seq']],
    ['mark_delivered', { conversationId: NOBODY, seq: 'x' }, ['seq']],
    ['typing', { conversationId: NOBODY, isTyping: true, more: 1 }, ['more']],
    ['authenticate', {}, ['token']],
    ['sync', { limit: 0 }, ['limit']],
    ['set_active', {}, ['active']],
  ])('%s without a callback fails as an exception', async (event, payload, fields) => {
    expect(await adas.ask(event, payload)).toEqual(refusal('VALIDATION_FAILED', fields));
    adas.socket.emit(event, payload);
    expect(await adas.next('exception')).toEqual({ ...socketError('VALIDATION_FAILED', fields), event });
  });

  it.each(['send_message', 'edit_message', 'delete_message', 'sync'])(
    '%s refuses bytes as anything else that is no object',
    async (event) => {
      expect(await adas.ask(event, Buffer.from('{}') as never)).toEqual(refusal('VALIDATION_FAILED', ['']));
    },
  );

  it('without a callback, what succeeds says nothing but its event', async () => {
    const before = adas.all('exception').length;
    adas.socket.emit('send_message', { conversationId, content: 'quietly' });
    await adas.next('message:new', (received) => received.message.content === 'quietly');
    await adas.must('leave_conversation', conversationId);
    expect(adas.all('exception')).toHaveLength(before);
  });
});
