import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type Anything, type Person, startStory, type Story } from '../../support/story.js';

const NOT_FOUND = { status: 404, body: { code: 'NOT_FOUND' } };
const CANNOT_MESSAGE = { status: 403, body: { code: 'CANNOT_MESSAGE' } };
const RATE_LIMITED = { status: 429, body: { code: 'RATE_LIMITED' } };

describe('people who do not know each other', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: true });
  });
  afterAll(() => story.close());

  const crowd = (count: number): Promise<Person[]> =>
    Promise.all(Array.from({ length: count }, () => story.person('stranger')));
  const opened = (person: Person, other: Person): Promise<Answer<Anything>> =>
    person.call('POST', '/conversations', { userId: other.id });
  const statuses = (answers: readonly Answer<Anything>[]): number[] => answers.map(({ status }) => status).sort();

  it('are written to by one user twenty an hour, by whichever door, and no more', async () => {
    const [ada] = (await crowd(1)) as [Person];
    const others = await crowd(26);
    const device = await ada.device();
    const waits: number[] = [];
    let reached = 0;
    for (const [index, other] of others.entries()) {
      if (index % 4 === 3) {
        const answer = await device.ask('send_message', { receiverId: other.id, content: 'hello' });
        if (answer.ok) reached += 1;
        else waits.push(answer.error.retryAfterMs);
        continue;
      }
      const doors = [
        () => opened(ada, other),
        () => ada.call('POST', '/friends/requests', { userId: other.id }),
        () => ada.call('POST', '/conversations', { type: 'GROUP', title: 'x', memberIds: [other.id] }),
      ];
      const answer = await doors[index % 4]?.();
      if (answer?.status === 201) reached += 1;
      else {
        expect(answer).toMatchObject(RATE_LIMITED);
        waits.push(Number(answer?.headers.get('retry-after')) * 1_000);
      }
    }
    expect(reached).toBe(20);
    expect(waits).toHaveLength(6);
    for (const wait of waits) {
      expect(wait).toBeGreaterThan(60_000);
      expect(wait).toBeLessThanOrEqual(3_600_000);
    }
    // Whom it wrote to already it goes on writing to.
    expect(await opened(ada, others[0] as Person)).toMatchObject({ status: 200 });
  });

  it('are counted one by one in a group, all or none of them', async () => {
    const [ada] = (await crowd(1)) as [Person];
    const others = await crowd(30);
    const ids = others.map(({ id }) => id);
    const group = (memberIds: string[]): Promise<Answer<Anything>> =>
      ada.call('POST', '/conversations', { type: 'GROUP', title: 'Everybody', memberIds });
    expect(await group(ids)).toMatchObject(RATE_LIMITED);
    const { status, body } = await group(ids.slice(0, 12));
    expect(status).toBe(201);
    const add = (memberIds: string[]): Promise<Answer<Anything>> =>
      ada.call('POST', `/conversations/${body.id}/members`, { memberIds });
    expect(await add(ids.slice(12, 21))).toMatchObject(RATE_LIMITED);
    // What was refused took nothing.
    expect((await add(ids.slice(12, 20))).status).toBe(201);
    expect(await add(ids.slice(20, 21))).toMatchObject(RATE_LIMITED);
    expect((await ada.must('GET', `/conversations/${body.id}`)).members).toHaveLength(21);
  });

  it('cost nothing once they are friends or have answered', async () => {
    const [ada, ...others] = (await crowd(24)) as [Person, ...Person[]];
    const [friend, answering, ...strangers] = others as [Person, Person, ...Person[]];
    await friend.befriend(ada);
    const conversationId = await answering.directConversation(ada);
    await answering.send(conversationId, 'hello');
    expect(statuses(await Promise.all(strangers.slice(0, 20).map((other) => opened(ada, other))))).toEqual(
      Array.from({ length: 20 }, () => 201),
    );
    expect(await opened(ada, strangers[20] as Person)).toMatchObject(RATE_LIMITED);
    const memberIds = [friend.id, answering.id];
    for (let index = 0; index < 5; index += 1)
      await ada.must('POST', '/conversations', { type: 'GROUP', title: 'Known', memberIds });
    expect((await ada.call('POST', '/friends/requests', { userId: answering.id })).status).toBe(201);
    // And once they have answered, those who were strangers are none any more.
    const first = strangers[0] as Person;
    const known = await first.directConversation(ada);
    await first.send(known, 'yes?');
    expect((await ada.call('POST', '/friends/requests', { userId: first.id })).status).toBe(201);
  });

  it('are reached no more often by asking all at once', async () => {
    const [ada] = (await crowd(1)) as [Person];
    const others = await crowd(40);
    const answers = await Promise.all(others.map((other) => opened(ada, other)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  it('are put back into a group they left by their friends alone, but by anybody who removed them', async () => {
    const [ada, bob, cy] = (await crowd(3)) as [Person, Person, Person];
    await bob.befriend(cy);
    const groupId = await ada.group('Sticky', bob, cy);
    await ada.must('PATCH', `/conversations/${groupId}/members/${bob.id}`, { role: 'ADMIN' });
    const add = (person: Person, memberId: string): Promise<Answer<Anything>> =>
      person.call('POST', `/conversations/${groupId}/members`, { memberIds: [memberId] });
    await ada.must('DELETE', `/conversations/${groupId}/members/${cy.id}`);
    expect((await add(ada, cy.id)).status).toBe(201);
    for (let round = 0; round < 3; round += 1) {
      await cy.must('POST', `/conversations/${groupId}/leave`);
      expect(await add(ada, cy.id)).toMatchObject(CANNOT_MESSAGE);
      expect((await add(bob, cy.id)).status).toBe(201);
    }
  });

  describe('across a block', () => {
    it('are added by the blocked one to nothing, by itself or by an admin it made', async () => {
      const [ada, mallory, puppet] = (await crowd(3)) as [Person, Person, Person];
      const groupId = await mallory.group('Trap', puppet);
      await mallory.must('PATCH', `/conversations/${groupId}/members/${puppet.id}`, { role: 'ADMIN' });
      await ada.must('POST', '/blocks', { userId: mallory.id });
      const add = (person: Person): Promise<Answer<Anything>> =>
        person.call('POST', `/conversations/${groupId}/members`, { memberIds: [ada.id] });
      const create = { type: 'GROUP', title: 'Again', memberIds: [ada.id] };
      expect(await mallory.call('POST', '/conversations', create)).toMatchObject(NOT_FOUND);
      expect(await add(mallory)).toMatchObject(NOT_FOUND);
      expect(await add(puppet)).toMatchObject(CANNOT_MESSAGE);
      // Also where it is only a member by now of the group that it made.
      await mallory.must('PATCH', `/conversations/${groupId}/members/${puppet.id}`, { role: 'OWNER' });
      await puppet.must('PATCH', `/conversations/${groupId}/members/${mallory.id}`, { role: 'MEMBER' });
      expect(await add(puppet)).toMatchObject(CANNOT_MESSAGE);
      // Nor the other way round: who blocks does not add whom it blocked.
      const own = await ada.group('Own');
      expect(await ada.call('POST', `/conversations/${own}/members`, { memberIds: [mallory.id] })).toMatchObject(
        NOT_FOUND,
      );
      // In somebody else's group two may meet.
      await mallory.must('POST', `/conversations/${groupId}/leave`);
      expect((await add(puppet)).status).toBe(201);
    });

    it('are not added while the block is being made', async () => {
      for (let round = 0; round < 15; round += 1) {
        const [ada, mallory, puppet] = (await crowd(3)) as [Person, Person, Person];
        const groupId = await mallory.group('Trap', puppet);
        await mallory.must('PATCH', `/conversations/${groupId}/members/${puppet.id}`, { role: 'ADMIN' });
        let isBlocked = false;
        const late: string[] = [];
        const attempts = [
          () => mallory.call('POST', `/conversations/${groupId}/members`, { memberIds: [ada.id] }),
          () => puppet.call('POST', `/conversations/${groupId}/members`, { memberIds: [ada.id] }),
          () => mallory.call('POST', '/conversations', { type: 'GROUP', title: 'x', memberIds: [ada.id] }),
          () => mallory.call('POST', '/conversations', { userId: ada.id }),
        ];
        const adas = await ada.device();
        const attacks = attempts.map(async (attempt, index) => {
          // Each begins somewhere within the making of the block.
          for (let turn = 0; turn < index + (round % 4); turn += 1) await new Promise(setImmediate);
          const began = isBlocked;
          const { status } = await attempt();
          if (began && status < 300) late.push(String(index));
        });
        await ada.must('POST', '/blocks', { userId: mallory.id });
        isBlocked = true;
        const [before] = await Promise.all([conversationsOf(ada), ...attacks]);
        expect(late).toEqual([]);
        // Nothing that was made by then was still on its way: what there was when the block was answered is all there is.
        expect(await conversationsOf(ada)).toEqual(before);
        adas.socket.close();
      }
    });
  });

  it('are not added to groups where the policy asks for friends', async () => {
    const strict = await startStory({ rateLimits: false, messagingPolicy: 'friends' });
    const [ada, friend, stranger] = await Promise.all([strict.person(), strict.person(), strict.person()]);
    await ada.befriend(friend);
    const create = (memberIds: string[]): Promise<Answer<Anything>> =>
      ada.call('POST', '/conversations', { type: 'GROUP', title: 'Friends', memberIds });
    const { status, body } = await create([friend.id]);
    expect(status).toBe(201);
    expect(await create([friend.id, stranger.id])).toMatchObject(CANNOT_MESSAGE);
    const add = { memberIds: [stranger.id] };
    expect(await ada.call('POST', `/conversations/${body.id}/members`, add)).toMatchObject(CANNOT_MESSAGE);
    await strict.close();
  });
});

/** The ids of all there are. */
async function conversationsOf(person: Person): Promise<string[]> {
  return (await person.must('GET', '/conversations?limit=100')).items.map(({ id }: Anything) => id).sort();
}
