import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { TIMINGS } from '../../../src/config/timings.js';
import { type Anything, type Device, type Person, startStory, type Story, until } from '../../support/story.js';

describe('a profile that changes', () => {
  let story: Story;
  let [ada, friend, partner, member, opener, outsider]: [Person, Person, Person, Person, Person, Person] = [] as never;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false, timings: { ...TIMINGS, presenceGraceMs: 300 } });
  });
  beforeEach(async () => {
    const people = await Promise.all(
      ['ada', 'friend', 'partner', 'member', 'opener', 'outsider'].map((name) => story.person(name)),
    );
    [ada, friend, partner, member, opener, outsider] = people as [Person, Person, Person, Person, Person, Person];
    await ada.befriend(friend);
    await ada.send(await ada.directConversation(partner), 'hello');
    await ada.group('Both', member);
    await opener.directConversation(ada);
  });
  afterAll(() => story.close());

  const cursorOf = async (person: Person): Promise<string> => (await person.must('GET', '/sync')).cursor;
  const synced = async (person: Person, cursor: string, limit = 100): Promise<Anything[]> =>
    (await person.sync(cursor, limit)).pages.flatMap(({ users }) => users);
  const of = (person: Person) => (payload: Anything) => payload.user.id === person.id;
  const named = (device: Device): string[] => device.all('user:updated').map(({ user }) => user.displayName);

  it('is emitted to friends, partners, members of groups and its own devices, and synced by all who meet it', async () => {
    const others = [friend, partner, member, opener, outsider];
    const adas = await ada.device();
    const devices = await Promise.all(others.map((person) => person.device()));
    // Ready is who is connected; that she is online is stored a moment later.
    await until('Ada is online', async () => (await friend.must('GET', `/users/${ada.id}`)).isOnline === true);
    const [ownCursor, ...cursors] = await Promise.all([ada, ...others].map(cursorOf));
    await ada.must('PATCH', '/users/me', { displayName: 'Countess' });

    for (const device of devices.slice(0, 3)) {
      const { user } = await device.next('user:updated', of(ada));
      expect(user).toMatchObject({ id: ada.id, username: ada.username, displayName: 'Countess', isOnline: true });
      expect(user).not.toHaveProperty('email');
    }
    expect((await adas.next('user:updated')).user).toMatchObject({ displayName: 'Countess', email: ada.email });
    for (const [index, person] of [friend, partner, member, opener].entries()) {
      const users = await synced(person, cursors[index] ?? '');
      expect(users).toEqual([await person.must('GET', `/users/${ada.id}`)]);
    }
    expect(await synced(ada, ownCursor ?? '')).toEqual([await ada.must('GET', '/users/me')]);
    expect(await synced(outsider, cursors[4] ?? '')).toEqual([]);

    // A user who only opened a conversation is not sent live what would show it that she is there.
    await ada.must('PATCH', '/users/me', { displayName: 'Lovelace' });
    await devices[0]?.next('user:updated', ({ user }) => user.displayName === 'Lovelace');
    // Behind whatever was sent to them.
    for (const device of devices.slice(3)) await device.must('sync', {});
    expect([...named(devices[3] as Device), ...named(devices[4] as Device)]).toEqual([]);
  });

  it('emits nothing where nothing changed, and nothing of who comes and goes', async () => {
    const friends = await friend.device();
    await ada.must('PATCH', '/users/me', { displayName: 'Once' });
    await friends.next('user:updated');
    const cursor = await cursorOf(friend);
    await ada.must('PATCH', '/users/me', { displayName: 'Once' });
    const adas = await ada.device();
    await friends.next('presence:update', ({ isOnline }) => isOnline);
    adas.socket.close();
    await friends.next('presence:update', ({ isOnline }) => !isOnline);
    await ada.must('PATCH', '/users/me', { displayName: 'Twice' });
    await friends.next('user:updated');
    expect(named(friends)).toEqual(['Once', 'Twice']);
    expect((await synced(friend, cursor)).map(({ displayName }) => displayName)).toEqual(['Twice']);
    expect(await synced(friend, await cursorOf(friend))).toEqual([]);
  });

  it('is synced once each, however small the pages are', async () => {
    const group = await ada.group('Many', friend, partner, member, opener, outsider);
    const cursor = await cursorOf(ada);
    const others = [friend, partner, member, opener, outsider];
    for (const person of others) {
      await person.must('PATCH', '/users/me', { displayName: `${person.username} anew` });
      await person.send(group, `${person.username} says`);
    }
    for (const limit of [1, 2, 3, 100]) {
      const { pages } = await ada.sync(cursor, limit);
      const users = pages.flatMap(({ users }) => users);
      expect(users.map(({ displayName }: Anything) => displayName).sort()).toEqual(
        others.map(({ username }) => `${username} anew`).sort(),
      );
      const messages = pages.flatMap((page) => page.messages).map(({ content }: Anything) => content);
      expect(messages).toEqual(others.map(({ username }) => `${username} says`));
    }
  });

  it('is not emitted live in groups above a hundred members, but synced', async () => {
    const [loner, reader] = await Promise.all([story.person('loner'), story.person('reader')]);
    const group = await loner.group('Crowd', reader);
    const outside = new pg.Client({ connectionString: story.databaseUrl });
    await outside.connect();
    await outside.query(
      `WITH crowd AS (
         INSERT INTO users (id, username, display_name)
         SELECT gen_random_uuid(), 'crowd' || n, 'Crowd' FROM generate_series(1, 100) AS n RETURNING id
       ) INSERT INTO conversation_members (conversation_id, user_id) SELECT $1, id FROM crowd`,
      [group],
    );
    await outside.end();
    const readers = await reader.device();
    const cursor = await cursorOf(reader);
    await loner.must('PATCH', '/users/me', { displayName: 'One of many' });
    const marker = await loner.send(group, 'marker');
    await readers.next('message:new', ({ message }) => message.id === marker.id);
    expect(named(readers)).toEqual([]);
    expect((await synced(reader, cursor)).map(({ displayName }) => displayName)).toEqual(['One of many']);
  });

  it('ends with the account, also for those it once shared a group with', async () => {
    const left = (await member.must('GET', '/conversations')).items[0].id;
    const words = await ada.send(left, 'remember me');
    await ada.must('POST', `/conversations/${left}/leave`);
    const others = [friend, partner, member];
    const devices = await Promise.all(others.map((person) => person.device()));
    const cursors = await Promise.all(others.map(cursorOf));
    await ada.must('DELETE', '/users/me');
    for (const [index, device] of devices.entries()) {
      const profile = { id: ada.id, username: 'deleted', displayName: 'Deleted user', avatarUrl: null };
      const deleted = { ...profile, isOnline: false, lastSeenAt: null };
      expect((await device.next('user:updated', of(ada))).user).toEqual({ ...deleted, createdAt: expect.any(String) });
      const users = await synced(others[index] as Person, cursors[index] ?? '');
      expect(users).toEqual([{ ...deleted, createdAt: expect.any(String) }]);
    }
    expect((await member.history(left)).find(({ id }) => id === words.id)).toMatchObject({ senderId: ada.id });
  });
});
