import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DeliveryTurns } from '../../../src/realtime/delivery/delivery-turns.js';
import { type Anything, type Device, type Person, startStory, type Story } from '../../support/story.js';

describe('what a reply quotes', () => {
  let story: Story;
  let [ada, bob, cy]: [Person, Person, Person] = [] as never;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    // What is stored here arrives, however late: none of it is to be taken for lost, behind which order may break.
    story.app.get(DeliveryTurns, { strict: false }).sequencer.gapTimeoutMs = 60_000;
  });
  beforeEach(async () => {
    [ada, bob, cy] = await Promise.all([story.person('ada'), story.person('bob'), story.person('cy')]);
  });
  afterAll(() => story.close());

  /** The same reply, wherever a reader meets it. */
  const everywhere = async (reader: Person, device: Device, cursor: string, reply: Anything): Promise<Anything[]> => {
    const synced = (await reader.sync(cursor)).pages.flatMap(({ messages }) => messages);
    const history = await reader.history(reply.conversationId);
    const found = (await reader.must('GET', `/messages/search?q=${encodeURIComponent(reply.content)}`)).items;
    const asked = (await device.must('sync', { cursor, limit: 100 })).messages;
    const of = (messages: Anything[]): Anything => messages.find(({ id }) => id === reply.id).replyTo;
    return [
      of(synced),
      of(history),
      of(found),
      of(asked),
      (await reader.must('GET', `/messages/${reply.id}`)).replyTo,
      (await device.next('message:new', ({ message }) => message.id === reply.id)).message.replyTo,
    ];
  };

  it('is shown to members who may read it, and to one who joined later only that there was something', async () => {
    const conversationId = await ada.group('Codes', bob);
    const secret = await ada.send(conversationId, 'the code is 4711');
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [cy.id] });
    const [adas, bobs, cys] = await Promise.all([ada.device(), bob.device(), cy.device()]);
    const cursors = await Promise.all([ada, bob, cy].map(async (person) => (await person.must('GET', '/sync')).cursor));

    const doors = [
      async (content: string) => bob.send(conversationId, content, { replyToId: secret.id }),
      async (content: string) =>
        (await bobs.must('send_message', { conversationId, content, replyToId: secret.id })).message,
    ];
    for (const [index, send] of doors.entries()) {
      const reply = await send(`thanks${index}`);
      expect(reply.replyTo).toMatchObject({
        id: secret.id,
        content: expect.stringContaining('4711'),
        senderId: ada.id,
      });
      for (const replyTo of [
        ...(await everywhere(ada, adas, cursors[0] ?? '', reply)),
        ...(await everywhere(bob, bobs, cursors[1] ?? '', reply)),
      ])
        expect(replyTo).toEqual(reply.replyTo);
      const unavailable = {
        ...{ id: secret.id, seq: secret.seq, senderId: null, kind: null, content: null, deletedAt: null },
        unavailable: true,
      };
      for (const replyTo of await everywhere(cy, cys, cursors[2] ?? '', reply)) expect(replyTo).toEqual(unavailable);

      // Nor by what happens to either later.
      await ada.must('PATCH', `/messages/${secret.id}`, { content: `the code is 4711 ${index}` });
      await bob.must('PUT', `/messages/${reply.id}/reactions/+1`);
      expect((await adas.next('message:updated', ofMessage(reply))).message.replyTo.content).toContain('4711');
      expect((await cys.next('message:updated', ofMessage(reply))).message.replyTo).toEqual(unavailable);
      await cy.must('PUT', `/messages/${reply.id}/reactions/+1`);
      const reacted = (await cys.next('message:updated', ofMessage(reply))).message;
      expect(reacted).toMatchObject({ replyTo: unavailable, reactions: [{ emoji: '+1', count: 2, mine: true }] });
      expect((await cy.must('GET', `/messages/${reply.id}`)).replyTo).toEqual(unavailable);
    }
    expect(JSON.stringify(cys.received)).not.toContain('4711');
  });

  it('is empty for who deleted it for itself, also for the one that replies', async () => {
    const conversationId = await ada.group('Regrets', bob, cy);
    const said = await ada.send(conversationId, 'never mind');
    await Promise.all([bob, cy].map((person) => person.must('DELETE', `/messages/${said.id}?for=me`)));
    const [adas, bobs, cys, silent] = await Promise.all([
      ada.device(),
      bob.device(),
      cy.device(),
      bob.device({ echo: false }),
    ]);
    const [adasCursor, bobsCursor, cysCursor] = await Promise.all(
      [ada, bob, cy].map(async (person) => (await person.must('GET', '/sync')).cursor),
    );
    const { message: reply } = await silent.must('send_message', {
      ...{ conversationId, content: 'what was it', replyToId: said.id },
    });
    const gone = { id: said.id, seq: said.seq, senderId: ada.id, kind: 'TEXT', content: null };
    expect(reply.replyTo).toEqual({ ...gone, deletedAt: expect.any(String) });
    for (const replyTo of await everywhere(ada, adas, adasCursor, reply)) {
      expect(replyTo).toEqual({ ...gone, content: 'never mind', deletedAt: null });
    }
    for (const replyTo of [
      ...(await everywhere(bob, bobs, bobsCursor, reply)),
      ...(await everywhere(cy, cys, cysCursor, reply)),
    ])
      expect(replyTo).toEqual({ ...gone, deletedAt: expect.any(String) });
    await bob.must('PATCH', `/messages/${reply.id}`, { content: 'what was that' });
    expect((await adas.next('message:updated', ofMessage(reply))).message.replyTo.content).toBe('never mind');
    for (const device of [bobs, cys])
      expect((await device.next('message:updated', ofMessage(reply))).message.replyTo.content).toBeNull();
    // Behind whatever was sent to it.
    await silent.must('sync', {});
    expect(silent.all('message:new')).toEqual([]);
  });

  it('reaches nobody twice and nobody who left, while members come and go and messages are quoted', async () => {
    const conversationId = await ada.group('Door', bob, cy);
    const first = await ada.send(conversationId, 'first');
    await cy.must('DELETE', `/messages/${first.id}?for=me`);
    const cys = await cy.device();
    let isDone = false;
    const talk = async (person: Person): Promise<void> => {
      const device = await person.device();
      for (let index = 0; !isDone; index += 1)
        await device.must('send_message', { conversationId, content: `${index}`, replyToId: first.id });
    };
    const talking = [talk(ada), talk(bob)];
    for (let round = 0; round < 15; round += 1) {
      await ada.must('DELETE', `/conversations/${conversationId}/members/${cy.id}`);
      await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [cy.id] });
    }
    isDone = true;
    await Promise.all(talking);
    const last = await ada.send(conversationId, 'last');
    await cys.next('message:new', ofMessage(last));
    let [isMember, next] = [true, 0];
    for (const { event, payload } of cys.received) {
      if (event === 'conversation:removed') [isMember, next] = [false, 0];
      if (event !== 'message:new') continue;
      if (payload.message.system?.type === 'MEMBERS_ADDED') isMember = true;
      expect(isMember).toBe(true);
      if (next !== 0) expect(payload.message.seq).toBe(next);
      next = payload.message.seq + 1;
      expect(payload.message.replyTo?.content ?? null).toBeNull();
    }
  });
});

const ofMessage =
  ({ id }: Anything) =>
  ({ message }: Anything): boolean =>
    message.id === id;
