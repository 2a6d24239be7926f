import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeliveryTurns } from '../../../src/realtime/delivery/delivery-turns.js';
import { type Anything, type Device, type Person, startStory, type Story } from '../../support/story.js';

const ROUNDS = 15;

describe('who comes and goes', () => {
  let story: Story;
  let [ada, bob, eve]: [Person, Person, Person] = [] as never;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    // What is stored here arrives, however late: none of it is to be taken for lost, behind which order may break.
    story.app.get(DeliveryTurns, { strict: false }).sequencer.gapTimeoutMs = 60_000;
    [ada, bob, eve] = await Promise.all([story.person('ada'), story.person('bob'), story.person('eve')]);
  });
  afterAll(() => story.close());

  const seqsOf = (device: Device, conversationId: string): number[] =>
    device
      .all('message:new')
      .filter(({ message }) => message.conversationId === conversationId)
      .map(({ message }) => message.seq);
  const ofMessage =
    ({ id }: Anything) =>
    ({ message }: Anything): boolean =>
      message.id === id;

  it('receives every message in the order of sequence numbers, and none from a time without it', async () => {
    const conversationId = await ada.group('Door', bob, eve);
    const [adas, bobs, eves] = await Promise.all([ada.device(), bob.device(), eve.device()]);
    let isDone = false;
    const talk = async (device: Device): Promise<void> => {
      for (let index = 0; !isDone; index += 1) {
        const message = await device.must('send_message', { conversationId, content: `${index}` });
        // Changes travel with the messages, and must leave with them too.
        if (index % 5 === 0) await device.must('react', { messageId: message.message.id, emoji: '+1' });
      }
    };
    const talking = [talk(adas), talk(bobs), talk(bobs)];
    for (let round = 0; round < ROUNDS; round += 1) {
      await ada.must('DELETE', `/conversations/${conversationId}/members/${eve.id}`);
      await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [eve.id] });
    }
    isDone = true;
    await Promise.all(talking);
    const last = await ada.send(conversationId, 'last');
    for (const device of [adas, bobs, eves]) await device.next('message:new', ofMessage(last));

    for (const device of [adas, bobs]) {
      const seqs = seqsOf(device, conversationId);
      expect(seqs).toEqual(Array.from({ length: last.seq }, (_, index) => index + 1).slice(-seqs.length));
      expect(seqs.length).toBeGreaterThanOrEqual(last.seq - 1);
    }
    // What Eve saw of the group: from each time she was let in, all, until she was put out.
    let [visits, from, next] = [0, 0, 0];
    for (const { event, payload } of eves.received) {
      if (event === 'conversation:removed') next = -1;
      if (event === 'message:new') {
        const { seq, system } = payload.message;
        if (system?.type === 'MEMBERS_ADDED') [visits, from, next] = [visits + 1, seq, seq];
        expect([visits, seq]).toEqual([visits, next === 0 ? seq : next]);
        next = seq + 1;
      }
      if (event === 'message:updated') expect(payload.message.seq).toBeGreaterThanOrEqual(from);
    }
    expect(visits).toBe(ROUNDS);
  });

  it('receives nothing of what happens to messages it may not see', async () => {
    const conversationId = await ada.group('History', bob);
    const [bobs, eves] = await Promise.all([bob.device(), eve.device()]);
    const [edited, deleted, reacted] = await Promise.all(
      ['edited', 'deleted', 'reacted to'].map((content) => ada.send(conversationId, content)),
    );
    await bob.must('PUT', `/messages/${edited.id}/reactions/+1`);
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [eve.id] });
    await eves.next('conversation:new', ({ conversation }) => conversation.id === conversationId);
    const begun = eves.received.length;
    const change = async (content: string): Promise<void> => {
      await ada.must('PATCH', `/messages/${edited.id}`, { content });
      await bobs.next('message:updated', ({ message }) => message.content === content);
    };
    await change('changed');
    await ada.must('DELETE', `/messages/${deleted.id}`);
    await bobs.next('message:deleted', ofMessage(deleted));
    await bob.must('PUT', `/messages/${reacted.id}/reactions/+1`);
    await bobs.next('message:updated', ofMessage(reacted));
    await ada.send(conversationId, 'marker');
    await eves.next('message:new', ({ message }) => message.content === 'marker');
    expect(eves.received.slice(begun).filter(({ event }) => /^message:(updated|deleted)$/.test(event))).toEqual([]);

    // Bob reacted to it, and is no member any more.
    await bob.must('POST', `/conversations/${conversationId}/leave`);
    await bobs.next('conversation:removed');
    await ada.must('PATCH', `/messages/${edited.id}`, { content: 'changed again' });
    const direct = await ada.directConversation(bob);
    await ada.send(direct, 'marker');
    await bobs.next('message:new', ({ message }) => message.conversationId === direct);
    expect(bobs.all('message:updated').map(({ message }) => message.content)).not.toContain('changed again');
  });

  it('is changed by one user no more often than the limit says, but may always leave', async () => {
    const strict = await startStory({}, { LIMITS: JSON.stringify({ groupChanges: { burst: 4, perSeconds: 3_600 } }) });
    try {
      const [owner, member] = await Promise.all([strict.person(), strict.person()]);
      await owner.befriend(member);
      const groupId = await owner.group('Group', member);
      const path = `/conversations/${groupId}`;
      const changes: [string, string, object?][] = [
        ['PATCH', path, { title: 'Renamed' }],
        ['PATCH', `${path}/members/${member.id}`, { role: 'ADMIN' }],
        ['DELETE', `${path}/members/${member.id}`],
        ['POST', `${path}/members`, { memberIds: [member.id] }],
        ['POST', '/conversations', { type: 'GROUP', title: 'Another', memberIds: [] }],
      ];
      const codes: unknown[] = [];
      for (const change of changes) codes.push((await owner.call(...change)).body?.code);
      expect(codes).toEqual([undefined, undefined, undefined, 'RATE_LIMITED', 'RATE_LIMITED']);
      await owner.must('POST', `${path}/leave`);
    } finally {
      await strict.close();
    }
  });

  it('goes on receiving what it may see since the beginning', async () => {
    const conversationId = await ada.group('Open', bob);
    await ada.must('PATCH', `/conversations/${conversationId}`, { historyVisibility: 'FROM_START' });
    const first = await ada.send(conversationId, 'first');
    await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [eve.id] });
    const eves = await eve.device();
    await ada.must('PATCH', `/messages/${first.id}`, { content: 'edited' });
    expect((await eves.next('message:updated')).message.content).toBe('edited');
  });
});
