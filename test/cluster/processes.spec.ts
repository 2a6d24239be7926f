import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../src/config/timings.js';
import { EventBus } from '../../src/events/event-bus.js';
import { Broadcaster } from '../../src/realtime/delivery/broadcaster.js';
import { Rooms } from '../../src/realtime/delivery/rooms.js';
import { content, deviceAt, watchOrder } from '../support/processes/cluster.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { type Anything, Device, Person, request, startStory, type Story, until } from '../support/story.js';

onlyWith(describe, 'redis-server')('two processes with one database and one Redis', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let east: Story;
  let west: Story;
  /** Registered in the east, and connected there. */
  let ada: Person;
  /** Registered in the east, and connected in the west. */
  let grace: Person;
  let adas: Device;
  let graces: Device;
  let direct: string;

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    const timings = { ...TIMINGS, clusterHeartbeatMs: 500, clusterCatchUpMs: 500, presenceGraceMs: 300 };
    const shared = { databaseUrl: database.url, redisUrl: redis.url, rateLimits: false, timings };
    east = await startStory(shared);
    west = await startStory(shared);
    [ada, grace] = [await east.person('ada'), await east.person('grace')];
    [adas, graces] = [await deviceAt(east, ada), await deviceAt(west, grace)];
  });
  afterAll(async () => {
    for (const device of [adas, graces]) device.socket.close();
    await Promise.all([east.close(), west.close()]);
    await Promise.all([redis.kill(), database.drop()]);
  });

  const haveStatus = async (status: string): Promise<boolean> => {
    const states = await Promise.all([east, west].map(({ url }) => request(url, 'GET', '/health/ready')));
    return states.every(({ body }) => body.status === status);
  };

  it('are ready, and say that they reach each other', async () => {
    // A start does not wait for Redis for ever.
    await until('both have joined', () => haveStatus('ok'));
    for (const { url } of [east, west]) {
      const answer = await (await fetch(`${url}/health/ready`)).json();
      expect(answer).toMatchObject({ status: 'ok', checks: { redis: 'up' } });
    }
  });

  it('deliver friend requests, what comes of them, and the conversation', async () => {
    const { id } = await ada.must('POST', '/friends/requests', { userId: grace.id });
    expect((await graces.next('friend:request_sent')).request.id).toBe(id);
    const { conversation } = await grace.must('POST', `/friends/requests/${id}/accept`);
    direct = conversation.id;
    await adas.next('friend:request_accepted');
    expect((await graces.next('conversation:new')).conversation.id).toBe(direct);
    expect((await adas.next('conversation:new')).conversation.id).toBe(direct);
  });

  it('show each other who is online', async () => {
    // It is stored a moment after her connection is ready.
    await until('she is online', async () => (await ada.must('GET', `/users/${grace.id}`)).isOnline === true);
    const leaving = await deviceAt(west, grace);
    leaving.socket.close();
    const { isOnline } = await ada.must('GET', `/users/${grace.id}`);
    expect(isOnline).toBe(true);
    const mia = await east.person('mia');
    await mia.befriend(ada);
    const mias = await deviceAt(west, mia);
    expect(await adas.next('presence:update', ({ userId }) => userId === mia.id)).toMatchObject({ isOnline: true });
    mias.socket.close();
    expect(await adas.next('presence:update', ({ userId, isOnline }) => userId === mia.id && !isOnline)).toBeDefined();
  });

  it('deliver the first messages of a conversation also where both write to each other at the same moment', async () => {
    for (let round = 0; round < 6; round += 1) {
      const [one, other] = await Promise.all([east.person('one'), east.person('other')]);
      const devices = await Promise.all([east, west].flatMap((at) => [deviceAt(at, one), deviceAt(at, other)]));
      const [ones, , , others] = devices as [Device, Device, Device, Device];
      const answers = await Promise.all([
        ones.ask('send_message', { receiverId: other.id, content: 'from one' }),
        others.ask('send_message', { receiverId: one.id, content: 'from other' }),
      ]);
      const ids = answers.map(({ data }) => data.message.id);
      for (const device of devices) {
        for (const id of ids) await device.next('message:new', ({ message }) => message.id === id);
        const names = device.received
          .map(({ event }) => event)
          .filter((name) => /^(conversation|message):new$/.test(name));
        expect(names).toEqual(['conversation:new', 'message:new', 'message:new']);
        device.socket.close();
      }
    }
  });

  it('deliver every message once and in order, whichever of them stored it', async () => {
    const texts = Array.from({ length: 60 }, (_, index) => `line ${index}`);
    const swapped = [adas, graces].map((device) => watchOrder(device, direct));
    await Promise.all(
      texts.map((text, index) =>
        index % 2 === 0
          ? adas.must('send_message', { conversationId: direct, content: text })
          : graces.must('send_message', { conversationId: direct, content: text }),
      ),
    );
    for (const device of [adas, graces]) {
      const received = (): Anything[] =>
        device.all('message:new').filter(({ message }) => message.conversationId === direct);
      await until('all have come', () => received().length >= texts.length);
      expect(
        received()
          .map(({ message }) => message.content)
          .toSorted(),
      ).toEqual(texts.toSorted());
    }
    expect(swapped.map((found) => found())).toEqual([[], []]);
  });

  it('deliver edits, reactions, deletions, receipts and typing', async () => {
    const message = await ada.send(direct, 'first words');
    await graces.next('message:new', content('first words'));
    await ada.must('PATCH', `/messages/${message.id}`, { content: 'other words' });
    await graces.next('message:updated', content('other words'));
    await graces.must('mark_read', { conversationId: direct, seq: message.seq });
    await adas.next('receipt:read', ({ seq }) => seq === message.seq);
    await grace.must('PUT', `/messages/${message.id}/reactions/heart`);
    await adas.next('message:updated', ({ message: { reactions } }) => reactions[0]?.emoji === 'heart');
    await ada.must('DELETE', `/messages/${message.id}`);
    await graces.next('message:deleted');
    await adas.must('join_conversation', { conversationId: direct });
    await graces.must('typing', { conversationId: direct, isTyping: true });
    await adas.next('typing', ({ userId, isTyping }) => userId === grace.id && isTyping);
    await graces.must('send_message', { conversationId: direct, content: 'typed' });
    expect(await adas.next('typing', ({ userId, isTyping }) => userId === grace.id && !isTyping)).toBeDefined();
  });

  it('put who is added into a group in at once, and send who is removed nothing more', async () => {
    const group = await ada.group('Both sides');
    await ada.must('POST', `/conversations/${group}/members`, { memberIds: [grace.id] });
    await graces.next('conversation:new', ({ conversation }) => conversation.id === group);
    await ada.send(group, 'welcome');
    await graces.next('message:new', content('welcome'));
    await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
    await graces.next('conversation:removed', ({ conversationId }) => conversationId === group);
    await ada.send(group, 'without her');
    await ada.send(direct, 'the one behind it');
    await graces.next('message:new', content('the one behind it'));
    expect(graces.all('message:new').filter(content('without her'))).toEqual([]);
  });

  it('bring nobody else in where all who are concerned are in already', async () => {
    const [one, other, stranger] = await Promise.all([east.person(), east.person(), east.person()]);
    const [ones, others, strangers] = await Promise.all([
      deviceAt(east, one),
      deviceAt(east, other),
      deviceAt(east, stranger),
    ]);
    const id = await one.group('two of one process', other);
    await others.next('conversation:new', ({ conversation }) => conversation.id === id);
    const events = east.app.get(EventBus);
    events.receive('conversation.joined', { conversationId: id, userIds: [one.id, other.id] });
    await ones.must('send_message', { conversationId: id, content: 'between the two' });
    await others.next('message:new', content('between the two'));
    await one.must('POST', '/friends/requests', { userId: stranger.id });
    await strangers.next('friend:request_sent');
    expect(strangers.all('message:new')).toEqual([]);

    east.app.get(Rooms).joinConversation([], id);
    east.app.get(Broadcaster).closeSessions(one.id, [], 'LOGGED_OUT');
    await ones.must('send_message', { conversationId: id, content: 'still between the two' });
    await others.next('message:new', content('still between the two'));
    await other.must('POST', '/friends/requests', { userId: stranger.id });
    await strangers.next('friend:request_sent', ({ request: { senderId } }) => senderId === other.id);
    expect(strangers.all('message:new')).toEqual([]);
    expect(strangers.socket.connected).toBe(true);
    for (const device of [ones, others, strangers]) device.socket.close();
  });

  it('send nobody a conversation anew since a connection of its user is being let in, or opens it', async () => {
    const [one, other] = await Promise.all([east.person(), east.person()]);
    const id = await one.group('known to both', other);
    const [ones, others] = await Promise.all([deviceAt(east, one), deviceAt(east, other)]);
    const rooms = east.app.get(Rooms);
    const setup = rooms.begin(one.id);
    await ones.must('send_message', { conversationId: id, content: 'meanwhile' });
    await others.next('message:new', content('meanwhile'));
    rooms.abandon(setup);
    await Promise.all([
      ones.must('join_conversation', { conversationId: id }),
      ones.must('send_message', { conversationId: id, content: 'at once' }),
    ]);
    await others.next('message:new', content('at once'));
    for (const device of [ones, others]) {
      expect(device.all('conversation:new')).toEqual([]);
      device.socket.close();
    }
  });

  it('end a session everywhere that was ended on one of them', async () => {
    const other = await Person.login(west.url, grace.username);
    const device = await deviceAt(west, other);
    const { items } = await grace.must('GET', '/auth/sessions');
    const { id } = items.find(({ isCurrent, current }: Anything) => !(isCurrent ?? current));
    await grace.must('DELETE', `/auth/sessions/${id}`);
    expect(await device.next('session:ended')).toMatchObject({ code: 'SESSION_REVOKED' });
    await device.next('disconnect');
  });

  it('take a client id for the same message on any of them', async () => {
    const clientId = crypto.randomUUID();
    const send = (device: Device): Promise<Anything> =>
      device.must('send_message', { conversationId: direct, content: 'once', clientId });
    const second = await deviceAt(west, ada);
    const [one, other] = await Promise.all([send(adas), send(second)]);
    expect(one.message.id).toBe(other.message.id);
    await graces.next('message:new', content('once'));
    await ada.send(direct, 'behind once');
    await graces.next('message:new', content('behind once'));
    expect(graces.all('message:new').filter(content('once'))).toHaveLength(1);
    second.socket.close();
  });

  describe.each([
    ['killed', () => redis.kill(), () => redis.start()],
    ['stopped', () => redis.signal('SIGSTOP'), () => redis.signal('SIGCONT')],
  ] as const)('while Redis is %s', (_, takeAway, bringBack) => {
    let group: string;
    beforeAll(async () => {
      group = await ada.group('While it is away', grace);
      await graces.next('conversation:new', ({ conversation }) => conversation.id === group);
      await takeAway();
      await until('both have noticed', () => haveStatus('degraded'));
    });

    it('store and deliver as before on the same process, and on the other ones a little later', async () => {
      const neighbour = await deviceAt(east, grace);
      const texts = Array.from({ length: 20 }, () => crypto.randomUUID());
      for (const text of texts) await adas.must('send_message', { conversationId: direct, content: text });
      await graces.must('send_message', { conversationId: direct, content: `from ${group}` });
      for (const text of texts) await neighbour.next('message:new', content(text));
      for (const text of texts) await graces.next('message:new', content(text));
      await adas.next('message:new', content(`from ${group}`));
      neighbour.socket.close();
      expect((await fetch(`${east.url}/health/ready`)).status).toBe(200);
    });

    it('put who was removed out of the room, and who was added in', async () => {
      await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
      await graces.next('conversation:removed', ({ conversationId }) => conversationId === group);
      await ada.must('POST', `/conversations/${group}/members`, { memberIds: [grace.id] });
      const { conversation } = await graces.next('conversation:new', ({ conversation: { id } }) => id === group);
      expect(conversation.memberCount).toBe(2);
    });

    it('close the sockets of a session that was ended elsewhere', async () => {
      const other = await Person.login(west.url, grace.username);
      const device = await deviceAt(west, other);
      const { items } = await other.must('GET', '/auth/sessions');
      const { id } = items.find(({ isCurrent, current }: Anything) => isCurrent ?? current);
      await grace.must('DELETE', `/auth/sessions/${id}`);
      expect(await device.next('session:ended')).toEqual({ code: 'SESSION_REVOKED', retry: false });
      await device.next('disconnect');
      const another = await Person.login(east.url, grace.username);
      const left = await deviceAt(west, another);
      expect((await another.call('POST', '/auth/logout', { refreshToken: another.refreshToken })).status).toBe(204);
      expect(await left.next('session:ended')).toEqual({ code: 'LOGGED_OUT', retry: false });
      const leaver = await east.person('leaver');
      const forgotten = await deviceAt(west, leaver);
      expect((await leaver.call('DELETE', '/users/me', { password: 'correct horse' })).status).toBe(204);
      expect(await forgotten.next('session:ended')).toEqual({ code: 'ACCOUNT_DELETED', retry: false });
    });

    it('close the connections of who was suspended elsewhere, and say until when and why', async () => {
      const [moderator, nuisance] = [await east.person('moderator'), await west.person('nuisance')];
      await east.grant(moderator, 'MODERATOR');
      const device = await deviceAt(west, nuisance);
      await moderator.must('POST', `/admin/users/${nuisance.id}/ban`, { reason: 'loud' });
      expect(await device.next('session:ended')).toEqual({
        code: 'ACCOUNT_SUSPENDED',
        retry: false,
        until: null,
        reason: 'loud',
      });
      await device.next('disconnect');
    });

    it('deliver live again as soon as it is back', async () => {
      await bringBack();
      await until('both have joined', () => haveStatus('ok'));
      await ada.send(group, 'back again');
      await graces.next('message:new', content('back again'));
      await graces.must('send_message', { conversationId: direct, content: `west of ${group}` });
      await adas.next('message:new', content(`west of ${group}`));
      for (const device of [adas, graces]) {
        const ids = device.all('message:new').map(({ message }) => message.id);
        expect(ids).toHaveLength(new Set(ids).size);
      }
    });
  });
});
