import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TIMINGS } from '../../../src/config/timings.js';
import { Database } from '../../../src/database/database.js';
import { UsersService } from '../../../src/users/users.service.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';

describe('the presence of people who do not know each other', () => {
  let story: Story;
  let [ada, eve]: [Person, Person] = [] as never;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false, timings: { ...TIMINGS, presenceGraceMs: 200 } });
  });
  beforeEach(async () => {
    [ada, eve] = await Promise.all([story.person('ada'), story.person('eve')]);
  });
  afterAll(() => story.close());

  /** A presence is stored a moment after the connection is ready. */
  const present = (person: Person): Promise<void> =>
    until('the presence is stored', async () => {
      const rows = await story.app.get(Database).query('SELECT 1 FROM presences WHERE user_id = $1', [person.id]);
      return rows.length > 0;
    });
  const of = (person: Person) => (payload: Anything) => payload.userId === person.id;
  /** What `viewer` is shown of `person`, wherever it meets it. */
  const shown = async (viewer: Person, person: Person, conversationId: string): Promise<unknown[]> => {
    const device = await viewer.device();
    const inConversation = (conversation: Anything): Anything =>
      conversation.members.find(({ user }: Anything) => user.id === person.id).user;
    const users = [
      await viewer.must('GET', `/users/${person.id}`),
      (await viewer.must('GET', `/users?search=${person.username}`)).items[0],
      inConversation(await viewer.must('GET', `/conversations/${conversationId}`)),
      inConversation((await viewer.must('GET', '/conversations')).items[0]),
      inConversation(await viewer.must('POST', '/conversations', { userId: person.id })),
      inConversation((await viewer.must('GET', '/sync')).conversations[0]),
      inConversation((await device.must('join_conversation', { conversationId })).conversation),
    ];
    device.socket.close();
    return [...new Set(users.map(({ isOnline, lastSeenAt }) => isOnline ?? lastSeenAt))];
  };

  it('is not shown by opening a conversation or by writing into it, but once the other has answered', async () => {
    const eves = await eve.device();
    const conversationId = await eve.directConversation(ada);
    const listed = (await eves.next('conversation:new')).conversation.members.map(({ user }: Anything) => user);
    expect(listed.map(({ id }: Anything) => id).sort()).toEqual([ada.id, eve.id].sort());
    for (const user of listed) expect(user).not.toHaveProperty('isOnline');
    const adas = await ada.device();
    for (const person of [ada, eve]) await present(person);
    expect(await shown(eve, ada, conversationId)).toEqual([undefined]);
    expect(await shown(ada, eve, conversationId)).toEqual([undefined]);

    await eve.send(conversationId, 'hello?');
    // A sender shows itself, and nobody else.
    expect(await adas.next('presence:update', of(eve))).toMatchObject({ isOnline: true });
    expect(await shown(ada, eve, conversationId)).toEqual([true]);
    expect(await shown(eve, ada, conversationId)).toEqual([undefined]);
    adas.socket.close();
    const later = await ada.device();
    await present(ada);
    expect(await shown(eve, ada, conversationId)).toEqual([undefined]);
    expect(eves.all('presence:update')).toEqual([]);

    await later.must('send_message', { conversationId, content: 'hello' });
    expect(await eves.next('presence:update', of(ada))).toMatchObject({ isOnline: true });
    expect(await shown(eve, ada, conversationId)).toEqual([true]);
    later.socket.close();
    expect(await eves.next('presence:update', ({ isOnline }) => !isOnline)).toMatchObject({ userId: ada.id });
  });

  it('is not shown as it was behind what it became', async () => {
    const [adas, eves] = [await ada.device(), await eve.device()];
    await present(eve);
    const conversationId = await eve.directConversation(ada);
    const users = story.app.get(UsersService);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const read = users.viewsFor.bind(users);
    let isRead = false;
    const reading = jest.spyOn(users, 'viewsFor').mockImplementation(async (viewerIds, userIds, shared) => {
      const views = await read(viewerIds, userIds, shared);
      if (isRead || userIds.join() !== eve.id) return views;
      isRead = true;
      await released;
      return views;
    });
    try {
      await eve.send(conversationId, 'hello?');
      await until('her presence is read', () => isRead);
      eves.socket.close();
      expect(await adas.next('presence:update', of(eve))).toMatchObject({ isOnline: false });
      release();
      expect(await adas.next('presence:update', of(eve))).toMatchObject({ isOnline: false });
    } finally {
      release();
      reading.mockRestore();
    }
  });

  it('is shown once they are friends', async () => {
    const eves = await eve.device();
    const conversationId = await eve.directConversation(ada);
    const friend = await story.person('friend');
    await ada.befriend(friend);
    await ada.device();
    // It is stored a moment after she is connected.
    await until('she is online', async () => (await friend.must('GET', `/users/${ada.id}`)).isOnline === true);
    expect(await shown(eve, ada, conversationId)).toEqual([undefined]);
    await ada.befriend(eve);
    expect((await eves.next('friend:request_accepted')).user).toMatchObject({ isOnline: true });
    expect(await shown(eve, ada, conversationId)).toEqual([true]);
    const mine = (await eves.next('conversation:updated')).conversation.members;
    expect(mine.find(({ user }: Anything) => user.id === ada.id).user.isOnline).toBe(true);
  });
});
