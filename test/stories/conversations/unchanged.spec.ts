import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DomainEvents } from '../../../src/events/domain-events.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { type Device, type Person, startStory, type Story } from '../../support/story.js';

describe('what changes nothing', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let groupId: string;
  let published: (keyof DomainEvents)[];
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    const device = await bob.device();
    groupId = await ada.group('Group', bob);
    await ada.directConversation(bob);
    // They are delivered to nobody who connects from here on.
    await device.next('message:new', ({ message }) => message.conversationId === groupId);
    for (const type of ['GROUP', 'DIRECT'])
      await device.next('conversation:new', ({ conversation }) => conversation.type === type);
    device.socket.close();
    for (const name of ['messages.created', 'conversation.changed', 'user.changed'] as const)
      story.app.get(EventBus).subscribe(name, () => void published.push(name));
  });
  afterAll(() => story.close());

  /** Calls, and answers what came of it: events within the server, to a device, and in sync. */
  const outcome = async (person: Person, path: string, body: object, awaited?: string): Promise<unknown[]> => {
    const { cursor } = await person.must('GET', '/sync');
    const devices = await Promise.all([ada.device(), bob.device()]);
    const received = (): string[] =>
      devices
        .flatMap((device: Device) => device.received.map(({ event }) => event))
        .filter((event) => /conv|mess/.test(event));
    published = [];
    await person.must('PATCH', path, body);
    const { pages } = await person.sync(cursor);
    if (awaited !== undefined) await devices[person === ada ? 0 : 1]?.next(awaited);
    // Whatever was to be sent before this was sent before this.
    const marker = await ada.send(await ada.directConversation(bob), 'marker');
    for (const device of devices) await device.next('message:new', ({ message }) => message.id === marker.id);
    for (const device of devices) device.socket.close();
    return [
      published.filter((name) => name !== 'messages.created').length,
      // But for the marker itself.
      received().length - devices.length,
      pages.flatMap(({ conversations, messages }) => [...conversations, ...messages]).length,
    ];
  };

  it.each<[string, object]>([
    ['the title it has', { title: 'Group' }],
    ['the picture it has', { avatarUrl: null }],
    ['the history it has', { historyVisibility: 'FROM_JOIN' }],
    ['nothing at all', {}],
    ['all that it has', { title: 'Group', avatarUrl: null, historyVisibility: 'FROM_JOIN' }],
  ])('is emitted to nobody: a group is given %s', async (_, body) => {
    const { lastSeq } = await ada.must('GET', `/conversations/${groupId}`);
    expect(await outcome(ada, `/conversations/${groupId}`, body)).toEqual([0, 0, 0]);
    expect((await ada.must('GET', `/conversations/${groupId}`)).lastSeq).toBe(lastSeq);
  });

  it('is no renaming: a group that keeps its title and changes otherwise', async () => {
    await ada.must('PATCH', `/conversations/${groupId}`, { title: 'Group', historyVisibility: 'FROM_START' });
    const [message] = (await ada.history(groupId)).slice(-1);
    expect(message.content).toBe(`${ada.username} changed the group`);
    await ada.must('PATCH', `/conversations/${groupId}`, { title: 'Renamed', historyVisibility: 'FROM_JOIN' });
    const [renamed] = (await ada.history(groupId)).slice(-1);
    expect(renamed.content).toBe(`${ada.username} named the group "Renamed"`);
    await ada.must('PATCH', `/conversations/${groupId}`, { title: 'Group' });
  });

  it('is emitted to nobody: settings, a role and a name as they are', async () => {
    const path = `/conversations/${groupId}/me`;
    const settings = { mutedUntil: '2099-01-01T00:00:00.000Z', archived: true, pinned: true };
    const device = await bob.device();
    const before = await bob.must('PATCH', path, settings);
    // It is delivered to nobody who connects from here on.
    await device.next('conversation:updated', ({ conversation }) => conversation.me.archivedAt !== null);
    device.socket.close();
    expect(await outcome(bob, path, settings)).toEqual([0, 0, 0]);
    expect(await outcome(bob, path, {})).toEqual([0, 0, 0]);
    expect((await bob.must('GET', `/conversations/${groupId}`)).me).toEqual(before.me);
    expect(await outcome(ada, `/conversations/${groupId}/members/${bob.id}`, { role: 'MEMBER' })).toEqual([0, 0, 0]);
    expect(await outcome(bob, '/users/me', { displayName: bob.username, avatarUrl: null })).toEqual([0, 0, 0]);
    expect(await outcome(bob, '/users/me', { displayName: 'Another' })).toEqual([1, 0, 0]);
    expect(await outcome(bob, path, { archived: false }, 'conversation:updated')).toEqual([1, 1, 1]);
  });

  it('does not lose a setting that another device changes at the same time', async () => {
    const path = `/conversations/${groupId}/me`;
    for (let round = 0; round < 10; round += 1) {
      const value = round % 2 === 0;
      await Promise.all([
        bob.must('PATCH', path, { archived: value }),
        bob.must('PATCH', path, { pinned: value }),
        bob.must('PATCH', path, { mutedUntil: value ? '2099-01-01T00:00:00.000Z' : null }),
      ]);
      const { me } = await bob.must('GET', `/conversations/${groupId}`);
      expect([me.archivedAt !== null, me.pinnedAt !== null, me.mutedUntil !== null]).toEqual([value, value, value]);
    }
  });

  it('is not taken for something: numbers and flags of events are numbers and flags', async () => {
    const device = await ada.device();
    for (const limit of ['1', '', true, null, [1], {}, 1.5, '0x10'])
      expect([limit, await device.ask('sync', { limit })]).toEqual([
        limit,
        {
          ok: false,
          error: expect.objectContaining({ code: 'VALIDATION_FAILED', errors: { limit: expect.any(Array) } }),
        },
      ]);
    expect((await device.ask('sync', { limit: 1 })).ok).toBe(true);
    expect((await device.ask('sync', null)).ok).toBe(true);
    expect((await device.socket.emitWithAck('sync')).ok).toBe(true);
    for (const event of ['mark_read', 'mark_delivered'])
      for (const seq of ['1', true, null, [1], 1.5])
        expect((await device.ask(event, { conversationId: groupId, seq })).error?.errors).toHaveProperty('seq');
    for (const isTyping of ['true', 1, null, 'false'])
      expect((await device.ask('typing', { conversationId: groupId, isTyping })).error?.errors).toHaveProperty(
        'isTyping',
      );
    const { id } = await ada.send(groupId, 'react to this');
    for (const remove of ['true', 1, 'false'])
      expect((await device.ask('react', { messageId: id, emoji: '+1', remove })).error?.errors).toHaveProperty(
        'remove',
      );
    for (const limit of ['1e1', '0x10', ' 5', '5%20', '', 'true', '%2B5'])
      expect([limit, (await ada.call('GET', `/conversations?limit=${limit}`)).status]).toEqual([limit, 400]);
    expect((await ada.must('GET', '/conversations?limit=1')).items).toHaveLength(1);
    device.socket.close();
  });
});
