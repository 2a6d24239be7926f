import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { Configuration } from '../../../src/config/configuration.js';
import { TIMINGS } from '../../../src/config/timings.js';
import { Database } from '../../../src/database/database.js';
import { PresenceTracker } from '../../../src/realtime/ephemeral/presence-tracker.js';
import { type Anything, Device, startStory, type Story, until } from '../../support/story.js';

describe('presence, typing and receipts', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  const of = (id: string) => (payload: Anything) => payload.userId === id;

  it('shows who is there to friends and partners, and to nobody else', async () => {
    const [ada, friend, partner, stranger, blocked] = await Promise.all(
      Array.from({ length: 5 }, () => story.person()),
    );
    if (!ada || !friend || !partner || !stranger || !blocked) throw new Error('five people were asked for');
    await ada.befriend(friend);
    // Partners are those she wrote to, not those who may have opened a conversation only to look.
    await ada.send(await ada.directConversation(partner), 'hello');
    await ada.send(await ada.directConversation(blocked), 'hello');
    await stranger.send(await stranger.directConversation(ada), 'hello?');
    await ada.must('POST', '/blocks', { userId: blocked.id });
    const [friends, partners, strangers, blockeds] = await Promise.all(
      [friend, partner, stranger, blocked].map((person) => person.device()),
    );
    if (!friends || !partners || !strangers || !blockeds) throw new Error('four devices were asked for');

    const adas = await ada.device();
    for (const device of [friends, partners]) {
      expect(await device.next('presence:update', of(ada.id))).toEqual({
        userId: ada.id,
        isOnline: true,
        lastSeenAt: null,
      });
    }
    for (const person of [friend, partner]) {
      expect(await person.must('GET', `/users/${ada.id}`)).toMatchObject({ isOnline: true, lastSeenAt: null });
    }
    expect((await friend.must('GET', '/friends')).items[0]).toMatchObject({ id: ada.id, isOnline: true });
    expect(await stranger.must('GET', `/users/${ada.id}`)).not.toHaveProperty('isOnline');
    expect(await ada.must('GET', `/users/${blocked.id}`)).not.toHaveProperty('isOnline');

    // A second device, and a drop shorter than the grace: nothing changes for anybody.
    const { timings } = story.app.get(Configuration);
    timings.presenceGraceMs = 600_000;
    const second = await ada.device();
    adas.socket.close();
    second.socket.close();
    const third = await ada.device();
    timings.presenceGraceMs = 300;
    // The clock goes on a minute as soon as she has left.
    const [clock, tracker] = [story.app.get(Clock), story.app.get(PresenceTracker)];
    const leftAt = Date.now();
    const departed = tracker.departed.bind(tracker);
    tracker.departed = (userId) => {
      clock.now = () => leftAt;
      const isLast = departed(userId);
      clock.now = () => leftAt + 60_000;
      return isLast;
    };
    third.socket.close();
    const gone = await friends.next('presence:update', of(ada.id));
    tracker.departed = departed;
    clock.now = Clock.prototype.now;
    timings.presenceGraceMs = TIMINGS.presenceGraceMs;
    // Of when she left, and not of when the grace was over.
    expect(gone).toEqual({ userId: ada.id, isOnline: false, lastSeenAt: new Date(leftAt).toISOString() });
    expect(friends.all('presence:update').filter(of(ada.id))).toHaveLength(2);
    expect(await friend.must('GET', `/users/${ada.id}`)).toMatchObject({
      isOnline: false,
      lastSeenAt: gone.lastSeenAt,
    });
    for (const device of [strangers, blockeds]) expect(device.all('presence:update').filter(of(ada.id))).toEqual([]);
  });

  it('is one for several processes, and ends with the last connection on any of them', async () => {
    // The grace is over as soon as they are both gone; the test before waits for a whole one.
    const timings = { ...TIMINGS, presenceGraceMs: 300 };
    const twin = await startStory({ databaseUrl: story.databaseUrl, rateLimits: false, timings });
    story.app.get(Configuration).timings.presenceGraceMs = timings.presenceGraceMs;
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.befriend(bob);
    const here = await ada.device();
    const there = new Device(twin.url, { token: ada.accessToken });
    await there.next('session:ready');
    const database = story.app.get(Database);
    const leases = async (): Promise<number> =>
      (await database.query('SELECT 1 FROM presences WHERE user_id = $1', [ada.id])).length;
    // Stored a moment after each connection: what is stored after the other has gone would begin anew.
    await until('both processes hold her', async () => (await leases()) === 2);
    expect(await bob.must('GET', `/users/${ada.id}`)).toMatchObject({ isOnline: true });
    here.socket.close();
    there.socket.close();
    await until('she is gone from both', async () => (await bob.must('GET', `/users/${ada.id}`)).isOnline === false);
    // Each lets her go by itself, a moment after the other.
    await until('neither holds her', async () => (await leases()) === 0);
    story.app.get(Configuration).timings.presenceGraceMs = TIMINGS.presenceGraceMs;
    await twin.close();
  });

  it('shows typing to those who have the conversation open, at most once in two seconds, until it stops', async () => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.group('Typing', bob, cy);
    const [adas, bobs, cys] = [await ada.device(), await bob.device(), await cy.device()];
    await bobs.must('join_conversation', conversationId);
    const { timings } = story.app.get(Configuration);
    // However long these take, they are within the time in which it is shown once, and it does not end meanwhile.
    Object.assign(timings, { typingThrottleMs: 3_600_000, typingExpiryMs: 3_600_000 });
    for (let index = 0; index < 20; index += 1) await adas.must('typing', { conversationId, isTyping: true });
    expect(await bobs.next('typing')).toEqual({ conversationId, userId: ada.id, isTyping: true });
    Object.assign(timings, { typingThrottleMs: TIMINGS.typingThrottleMs, typingExpiryMs: TIMINGS.typingExpiryMs });
    await adas.must('send_message', { conversationId, content: 'done' });
    expect(await bobs.next('typing')).toEqual({ conversationId, userId: ada.id, isTyping: false });
    expect(bobs.all('typing')).toHaveLength(2);

    expect(TIMINGS).toMatchObject({ typingThrottleMs: 2_000, typingExpiryMs: 6_000 });
    timings.typingExpiryMs = 300;
    await adas.must('typing', { conversationId, isTyping: true });
    await bobs.next('typing', ({ isTyping }) => isTyping);
    // It ends by itself.
    expect(await bobs.next('typing')).toEqual({ conversationId, userId: ada.id, isTyping: false });

    timings.typingExpiryMs = TIMINGS.typingExpiryMs;
    await bobs.must('leave_conversation', conversationId);
    await adas.must('typing', { conversationId, isTyping: true });
    await adas.must('send_message', { conversationId, content: 'marker' });
    await bobs.next('message:new', ({ message }) => message.content === 'marker');
    await cys.next('message:new', ({ message }) => message.content === 'marker');
    expect(bobs.all('typing')).toHaveLength(4);
    expect([cys.all('typing'), adas.all('typing')]).toEqual([[], []]);
  });

  it('stops typing when the typist is gone', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    await bobs.must('join_conversation', conversationId);
    // It does not end by itself here.
    story.app.get(Configuration).timings.typingExpiryMs = 3_600_000;
    await adas.must('typing', { conversationId, isTyping: true });
    await bobs.next('typing', ({ isTyping }) => isTyping);
    story.app.get(Configuration).timings.typingExpiryMs = TIMINGS.typingExpiryMs;
    adas.socket.close();
    expect(await bobs.next('typing', ({ isTyping }) => !isTyping)).toMatchObject({ conversationId, userId: ada.id });
  });

  it('moves cursors forward only, never beyond the end, and floods nobody', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.befriend(bob);
    for (let index = 0; index < 100; index += 1) await ada.send(conversationId, `${index}`);
    const [adas, bobs, others] = [await ada.device(), await bob.device(), await bob.device()];
    await Promise.all(
      Array.from({ length: 900 }, (_, index) => bobs.ask('mark_read', { conversationId, seq: (index % 90) + 1 })),
    );
    expect(await bobs.must('mark_read', { conversationId, seq: 5 })).toEqual({ lastReadSeq: 90 });
    expect(await bobs.must('mark_delivered', { conversationId, seq: 1_000_000 })).toEqual({ lastDeliveredSeq: 100 });
    await adas.next('receipt:delivered', ({ seq }) => seq === 100);
    const reads = adas.all('receipt:read').map(({ seq }) => seq);
    expect(reads.at(-1)).toBe(90);
    expect(reads).toEqual([...reads].sort((a, b) => a - b));
    expect(reads.length).toBeLessThan(60);

    // The unread number is the same everywhere.
    expect((await bob.must('GET', `/conversations/${conversationId}`)).me).toMatchObject({
      lastReadSeq: 90,
      unreadCount: 10,
    });
    expect((await bob.must('GET', '/sync')).conversations[0].me.unreadCount).toBe(10);
    expect((await others.must('join_conversation', conversationId)).conversation.me.unreadCount).toBe(10);
    expect((await others.next('receipt:read', ({ seq }) => seq === 90)).userId).toBe(bob.id);
    expect((await ada.must('GET', `/conversations/${conversationId}/receipts`)).items).toContainEqual({
      conversationId,
      userId: bob.id,
      lastReadSeq: 90,
      lastDeliveredSeq: 100,
    });
    for (const seq of [-1, 1.5, 'x', null, 1e12]) {
      expect((await bobs.ask('mark_read', { conversationId, seq })).error.code).toBe('VALIDATION_FAILED');
    }
  });

  // Rocket.Chat 11549 and 27145
  it('shows who lost all tabs without a word as gone', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    await ada.directConversation(bob);
    await ada.befriend(bob);
    const bobs = await bob.device();
    const of = ({ userId }: Anything): boolean => userId === ada.id;
    // Many tabs that die without a word, some in the middle of connecting.
    const tabs = await Promise.all(Array.from({ length: 6 }, () => ada.device()));
    expect(await bobs.next('presence:update', of)).toMatchObject({ isOnline: true });
    const { timings } = story.app.get(Configuration);
    // However long the new ones take to connect, she is not gone meanwhile.
    timings.presenceGraceMs = 3_600_000;
    const half = Array.from({ length: 6 }, () => new Device(story.url, { token: ada.accessToken }));
    for (const tab of tabs) tab.drop();
    await half[0]?.next('session:ready');
    timings.presenceGraceMs = TIMINGS.presenceGraceMs;
    for (const tab of half) tab.socket.close();
    expect(await bobs.next('presence:update', of)).toMatchObject({ isOnline: false, lastSeenAt: expect.any(String) });
    expect(await bob.must('GET', `/users/${ada.id}`)).toMatchObject({ isOnline: false });
  });
});
