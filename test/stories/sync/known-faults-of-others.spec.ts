import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Configuration } from '../../../src/config/configuration.js';
import { TIMINGS } from '../../../src/config/timings.js';
import { type Anything, Device, type Person, request, startStory, type Story } from '../../support/story.js';

/** What users of other chats reported (the project and its number), and what Matrix's own test suite, Complement, watches for. */
describe('known faults of other chats', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  const pair = async (): Promise<[Person, Person, string]> => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    return [ada, bob, await ada.directConversation(bob)];
  };
  const collect = (pages: Anything[], kind: string): Anything[] => pages.flatMap((page) => page[kind]);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  // stream-chat-react-native 494, tindroid 158
  it('sync leaves no gap after a device wakes', async () => {
    const [ada, bob, conversationId] = await pair();
    const seen = new Set<number>();
    let { cursor } = await bob.must('GET', '/sync');
    for (let night = 0; night < 5; night += 1) {
      const device = new Device(story.url, { token: bob.accessToken });
      const ready = await device.next('session:ready');
      for (const { seq } of collect((await bob.sync(cursor, 7)).pages, 'messages')) seen.add(seq);
      cursor = ready.syncCursor;
      await ada.say(conversationId, 'awake');
      // Asleep in the middle of a word: whatever is sent now, nobody receives.
      const asleep = Promise.all(Array.from({ length: 20 }, (_, index) => ada.say(conversationId, `${index}`)));
      device.drop();
      await asleep;
      for (const { message } of device.all('message:new')) seen.add(message.seq);
    }
    for (const { seq } of collect((await bob.sync(cursor)).pages, 'messages')) seen.add(seq);
    expect([...seen].sort((a, b) => a - b)).toEqual(upTo(105));
  });

  // stream-chat-react-native 2245
  it('a message whose acknowledgement was lost is stored and delivered once', async () => {
    const [ada, bob, conversationId] = await pair();
    const bobs = await bob.device();
    const messages = Array.from({ length: 10 }, (_, index) => ({
      ...{ conversationId, clientId: randomUUID(), content: `${index}` },
    }));
    for (const message of messages) {
      const losing = new Device(story.url, { token: ada.accessToken });
      await losing.next('session:ready');
      losing.socket.emit('send_message', message);
      await bobs.next('message:new', ({ message: { clientId } }) => clientId === message.clientId);
      losing.drop();
    }
    const device = await ada.device();
    for (const [index, message] of messages.entries()) {
      const stored = (await device.must('send_message', message)).message;
      expect([stored.seq, stored.clientId]).toEqual([index + 1, message.clientId]);
    }
    await ada.say(conversationId, 'marker');
    for (const each of [bobs, device]) await each.next('message:new', ({ message }) => message.content === 'marker');
    expect(bobs.all('message:new').map(({ message }) => message.seq)).toEqual(upTo(11));
    expect(device.all('message:new')).toHaveLength(1);
  });

  // wire-desktop 352
  it('messages are ordered by their numbers, whatever the clocks of servers and clients show', async () => {
    const [ada, bob, conversationId] = await pair();
    await ada.say(conversationId, '1');
    // The server that stored the first one had a clock a day ahead.
    const client = new pg.Client({ connectionString: story.databaseUrl });
    await client.connect();
    await client.query(
      `WITH m AS (UPDATE messages SET created_at = now() + interval '1 day' WHERE conversation_id = $1 RETURNING created_at)
       UPDATE conversations SET last_message_at = (SELECT created_at FROM m) WHERE id = $1`,
      [conversationId],
    );
    await client.end();
    for (const content of ['2', '3', '4']) await bob.say(conversationId, content);
    const history = await bob.history(conversationId);
    expect(history.map(({ content }) => content)).toEqual(['1', '2', '3', '4']);
    const times = history.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort());
    // No client has a say in it.
    const own = { content: 'x', createdAt: '2001-01-01T00:00:00.000Z' };
    const refused = await ada.call('POST', `/conversations/${conversationId}/messages`, own);
    expect(refused.body.code).toBe('VALIDATION_FAILED');
  });

  // tinode/chat 221
  it('all devices of a user count the same messages as unread', async () => {
    const [ada, bob, conversationId] = await pair();
    const [adas, one, two] = [await ada.device(), await bob.device(), await bob.device()];
    const own = new Map([one, two].map((device) => [device, { lastSeq: 0, lastReadSeq: 0 }]));
    for (const [device, state] of own) {
      device.socket.on('message:new', ({ message }: Anything) => {
        state.lastSeq = Math.max(state.lastSeq, message.seq);
        if (message.senderId === bob.id) state.lastReadSeq = Math.max(state.lastReadSeq, message.seq);
      });
      device.socket.on('receipt:read', ({ userId, seq }: Anything) => {
        if (userId === bob.id) state.lastReadSeq = Math.max(state.lastReadSeq, seq);
      });
    }
    await Promise.all(
      upTo(60).map(async (index) => {
        await adas.must('send_message', { conversationId, content: `${index}` });
        if (index % 3 === 0) await one.must('mark_read', { conversationId, seq: index - 2 });
        if (index % 7 === 0) await two.must('mark_read', { conversationId, seq: index - 5 });
        if (index % 20 === 0) await two.must('send_message', { conversationId, content: 'answer' });
      }),
    );
    for (const content of ['x', 'y', 'z']) await adas.must('send_message', { conversationId, content });
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 65 });
    for (const device of own.keys()) await device.next('receipt:read', ({ seq }) => seq === 65);
    const { me, lastSeq } = await bob.must('GET', `/conversations/${conversationId}`);
    expect([lastSeq, me.unreadCount]).toEqual([66, 1]);
    for (const state of own.values()) expect(state).toEqual({ lastSeq, lastReadSeq: me.lastReadSeq });
  });

  // Rocket.Chat 11549, 27145
  it('a user whose tabs are all lost without a word is shown as offline', async () => {
    const [ada, bob] = await pair();
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

  // socket.io-redis-streams-adapter 26, socket.io 4880
  it('a connection that is back at once has missed nothing, by recovery or by sync', async () => {
    const [ada, bob, conversationId] = await pair();
    const device = new Device(
      story.url,
      { token: bob.accessToken },
      { reconnection: true, reconnectionDelay: 1, randomizationFactor: 0 },
    );
    let cursor: string = (await device.next('session:ready')).syncCursor;
    await ada.say(conversationId, 'first');
    await device.next('message:new');
    const synced: number[] = [];
    let recoveries = 0;
    for (let round = 0; round < 15; round += 1) {
      const sending = Promise.all([ada.say(conversationId, `${round} a`), ada.say(conversationId, `${round} b`)]);
      device.drop();
      const { recovered, syncCursor } = await device.next('session:ready');
      if (recovered) recoveries += 1;
      else {
        synced.push(...collect((await bob.sync(cursor)).pages, 'messages').map(({ seq }) => seq));
        cursor = syncCursor;
      }
      await sending;
      await ada.say(conversationId, `marker ${round}`);
      await device.next('message:new', ({ message }) => message.content === `marker ${round}`);
    }
    // What says that it recovered everything has; what does not leaves nothing that sync does not bring.
    expect(recoveries).toBeGreaterThan(0);
    const received = device.all('message:new').map(({ message }) => message.seq);
    expect(new Set(received).size).toBe(received.length);
    expect([...new Set([...received, ...synced])].sort((a, b) => a - b)).toEqual(upTo(46));
    device.socket.close();
  });

  it('a damaged cursor is answered with a reset, never with a part of what changed', async () => {
    const [ada, bob, conversationId] = await pair();
    const { cursor } = await bob.must('GET', '/sync');
    for (const content of ['1', '2', '3', '4']) await ada.say(conversationId, content);
    const half = (await bob.must('GET', `/sync?limit=2&cursor=${cursor}`)).cursor;
    const device = await bob.device();
    for (const [at, value] of [
      [1, '7:1:5'],
      [2, ada.id],
      [3, '999999999:999999999:'],
      [4, '999999999:999999999:'],
    ] as const) {
      const parts = JSON.parse(Buffer.from(half, 'base64url').toString());
      parts[at] = value;
      const forged = Buffer.from(JSON.stringify(parts)).toString('base64url');
      expect([at, await bob.must('GET', `/sync?cursor=${forged}`)]).toEqual([at, { reset: true }]);
      expect([at, await device.must('sync', { cursor: forged })]).toEqual([at, { reset: true }]);
    }
    expect(collect((await bob.sync(half)).pages, 'messages').length).toBeGreaterThan(0);
  });

  it('a message is stored once, also when it is repeated under another token or session', async () => {
    const [ada, bob, conversationId] = await pair();
    const [device, bobs] = [await ada.device(), await bob.device()];
    const message = { conversationId, content: 'once', clientId: randomUUID() };
    const first = (await device.must('send_message', message)).message;
    const { body } = await request(story.url, 'POST', '/auth/refresh', { refreshToken: ada.refreshToken });
    await device.must('authenticate', { token: body.accessToken });
    expect((await device.must('send_message', message)).message).toEqual(first);
    const login = await request(story.url, 'POST', '/auth/login', { email: ada.email, password: 'correct horse' });
    const another = new Device(story.url, { token: login.body.accessToken });
    await another.next('session:ready');
    expect((await another.must('send_message', { ...message, content: 'other' })).message).toEqual(first);
    await ada.say(conversationId, 'marker');
    await bobs.next('message:new', ({ message: { content } }) => content === 'marker');
    expect(bobs.all('message:new')).toHaveLength(2);
    another.socket.close();
  });

  it('sync brings 50 missed messages in pages of 20', async () => {
    const [ada, bob, conversationId] = await pair();
    const device = await bob.device();
    let { cursor } = await device.must('sync', {});
    for (const index of upTo(50)) await ada.say(conversationId, `${index}`);
    const seen: number[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await device.must('sync', { cursor, limit: 20 });
      expect(page.messages.length).toBeLessThanOrEqual(20);
      seen.push(...collect([page], 'messages').map(({ seq }) => seq));
      ({ cursor, hasMore } = page);
    }
    expect(seen).toEqual(upTo(50));
  });

  it('sync brings a membership that ended and began again as the last one alone', async () => {
    const [ada, bob] = await pair();
    // Who left is put back by its friends alone.
    await ada.befriend(bob);
    const conversationId = await ada.group('Door', bob);
    await ada.say(conversationId, 'first time');
    const { cursor } = await bob.must('GET', '/sync');
    for (let round = 0; round < 3; round += 1) {
      await bob.must('POST', `/conversations/${conversationId}/leave`);
      await ada.say(conversationId, 'unseen');
      await ada.must('POST', `/conversations/${conversationId}/members`, { memberIds: [bob.id] });
      await ada.say(conversationId, `seen ${round}`);
    }
    const { pages } = await bob.sync(cursor, 3);
    expect([collect(pages, 'conversations').length, collect(pages, 'leftConversationIds')]).toEqual([1, []]);
    const messages = collect(pages, 'messages');
    expect(messages).toEqual(await bob.history(conversationId));
    expect(messages.map(({ content }) => content).filter((content) => content.includes('seen'))).toEqual(['seen 2']);
    await bob.must('POST', `/conversations/${conversationId}/leave`);
    const after = (await bob.sync(cursor)).pages;
    expect([collect(after, 'conversations'), collect(after, 'leftConversationIds')]).toEqual([[], [conversationId]]);
    expect(collect(after, 'messages').filter((message) => message.conversationId === conversationId)).toEqual([]);
  });

  it('typing is emitted to no one who left the conversation', async () => {
    const [ada, bob, former] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.group('Private', bob, former);
    const [adas, bobs, formers] = [await ada.device(), await bob.device(), await former.device()];
    for (const device of [bobs, formers]) await device.must('join_conversation', conversationId);
    await ada.must('DELETE', `/conversations/${conversationId}/members/${former.id}`);
    await formers.next('conversation:removed');
    await adas.must('typing', { conversationId, isTyping: true });
    await bobs.next('typing');
    await adas.must('typing', { conversationId, isTyping: false });
    await bobs.next('typing');
    expect((await formers.ask('join_conversation', conversationId)).error.code).toBe('NOT_FOUND');
    expect(formers.all('typing')).toEqual([]);
  });

  it('a change of password ends the sockets of the other sessions', async () => {
    const [ada, bob, conversationId] = await pair();
    const { body } = await request(story.url, 'POST', '/auth/login', { email: ada.email, password: 'correct horse' });
    const [here, there] = [await ada.device(), new Device(story.url, { token: body.accessToken })];
    await there.next('session:ready');
    await ada.must('POST', '/auth/change-password', { currentPassword: 'correct horse', newPassword: 'another horse' });
    expect(await there.next('session:ended')).toMatchObject({ code: 'PASSWORD_CHANGED', retry: false });
    await there.next('disconnect');
    await bob.say(conversationId, 'after the change');
    await here.next('message:new');
    expect(there.all('message:new')).toEqual([]);
    const back = new Device(story.url, { token: body.accessToken });
    expect(await back.next('connect_error')).toMatchObject({ code: 'UNAUTHORIZED' });
    back.socket.close();
  });
});
