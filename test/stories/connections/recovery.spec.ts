import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Authenticator } from '../../../src/auth/tokens/authenticator.js';
import { ConversationReader } from '../../../src/conversations/reading/conversation-reader.js';
import { MessagesRepository } from '../../../src/messages/reading/messages.repository.js';
import { ChatCommands } from '../../../src/realtime/commands/chat-commands.js';
import { TokenExpiry } from '../../../src/realtime/connections/token-expiry.js';
import { Audiences } from '../../../src/realtime/delivery/audiences.js';
import { Broadcaster } from '../../../src/realtime/delivery/broadcaster.js';
import { DeliveryTurns } from '../../../src/realtime/delivery/delivery-turns.js';
import { SyncService } from '../../../src/sync/sync.service.js';
import { Frames } from '../../dialects/frames.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { type Anything, Device, type Person, request, startStory, type Story, until } from '../../support/story.js';

const EAGER = { reconnection: true, reconnectionDelay: 100, randomizationFactor: 0 };

describe('the recovery of a connection', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  const contents = (device: Device): string[] => device.all('message:new').map(({ message }) => message.content);
  const connected = async (person: Person): Promise<Device> => {
    const device = new Device(story.url, { token: person.accessToken }, EAGER);
    await device.next('session:ready');
    return device;
  };

  /** It comes back when it is asked to: what changes does so while it is away. */
  const lose = async (device: Device): Promise<void> => {
    device.socket.io.reconnection(false);
    device.drop();
    await device.next('disconnect');
  };

  it('has, once recovered, what was open and what was missed, of every kind and in order', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs] = [await ada.device(), await connected(bob)];
    await bobs.must('join_conversation', conversationId);
    const first = await ada.send(conversationId, 'first');
    await bobs.next('message:new');
    bobs.drop();
    await bobs.next('disconnect');
    await ada.send(conversationId, 'second');
    await ada.must('PATCH', `/messages/${first.id}`, { content: 'edited' });
    await ada.must('POST', `/conversations/${conversationId}/read`, { seq: 2 });
    await ada.must('POST', '/friends/requests', { userId: bob.id });
    expect((await bobs.next('session:ready')).recovered).toBe(true);
    for (const event of ['message:new', 'message:updated', 'friend:request_sent']) await bobs.next(event);
    expect(contents(bobs)).toEqual(['first', 'second']);
    // Still open: typing is shown without opening it again.
    await adas.must('typing', { conversationId, isTyping: true });
    expect(await bobs.next('typing')).toMatchObject({ userId: ada.id, isTyping: true });
    bobs.socket.close();
  });

  it('is not ended with a token by which the connection that was lost would have been renewed', async () => {
    const bob = await story.person();
    const bobs = await connected(bob);
    const commands = jest.spyOn(story.app.get(ChatCommands, { strict: false }), 'run');
    const held = holdCalls(story.app, Authenticator, 'authenticate');
    bobs.socket.emit('authenticate', { token: bob.accessToken });
    await until('its token is looked at', () => held.count === 1);
    bobs.drop();
    await bobs.next('disconnect');
    expect((await bobs.next('session:ready')).recovered).toBe(true);
    const watching = jest.spyOn(story.app.get(TokenExpiry, { strict: false }), 'watch');
    held.release();
    expect(await commands.mock.results[0]?.value).toMatchObject({ ok: true });
    expect(watching).not.toHaveBeenCalled();
    jest.restoreAllMocks();
    bobs.socket.close();
  });

  it('sends nobody what a lost connection missed but the session that lost it', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const { body: other } = await request(story.url, 'POST', '/auth/login', {
      email: bob.email,
      password: 'correct horse',
    });
    for (const token of [undefined, 'nonsense', eve.accessToken, other.accessToken]) {
      const lost = new Frames(`${story.url}/socket.io/?EIO=4&transport=websocket`);
      lost.send(`40${JSON.stringify({ token: bob.accessToken })}`);
      const { sid, pid } = (await lost.next((frame) => frame.pid !== undefined)) as { sid: string; pid: string };
      await ada.send(conversationId, 'received');
      const [, , offset] = await lost.next((frame) => frame[0] === 'message:new');
      expect([typeof sid, typeof pid, typeof offset]).toEqual(['string', 'string', 'string']);
      lost.socket.terminate();
      await lost.closed;
      await ada.send(conversationId, 'a secret');
      const thief = new Frames(`${story.url}/socket.io/?EIO=4&transport=websocket`);
      thief.send(`40${JSON.stringify({ token, pid, offset })}`);
      const answer = await thief.next((frame) => frame.message !== undefined || frame[0] === 'session:ready');
      if (Array.isArray(answer)) expect(answer[1].recovered).toBe(false);
      else expect(answer.data.code).toBe('UNAUTHORIZED');
      expect(JSON.stringify(thief.received)).not.toContain('a secret');
      thief.socket.terminate();
    }
  });

  it('receives events of exactly the conversations that are its user’s, whatever changed while it was away', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const [left, kept] = [await ada.group('Left', bob), await ada.group('Kept', bob)];
    const bobs = await connected(bob);
    // It comes back when it is asked to: what changes does so while it is away.
    bobs.socket.io.reconnection(false);
    const { cursor } = await bobs.must('sync', {});
    await bobs.must('join_conversation', left);
    for (let round = 0; round < 5; round += 1) {
      bobs.drop();
      await bobs.next('disconnect');
      const goes = round % 2 === 0;
      if (goes) await ada.must('DELETE', `/conversations/${left}/members/${bob.id}`);
      else await ada.must('POST', `/conversations/${left}/members`, { memberIds: [bob.id] });
      const joined = await ada.group(`Joined ${round}`, bob);
      bobs.socket.connect();
      expect((await bobs.next('session:ready')).recovered).toBe(false);
      await ada.send(left, `left ${round}`);
      await ada.send(joined, `joined ${round}`);
      await ada.send(kept, `kept ${round}`);
      await bobs.next('message:new', ({ message }) => message.content === `joined ${round}`);
      await bobs.next('message:new', ({ message }) => message.content === `kept ${round}`);
      if (!goes) await bobs.next('message:new', ({ message }) => message.content === `left ${round}`);
      expect([round, contents(bobs).includes(`left ${round}`)]).toEqual([round, !goes]);
    }
    const { pages } = await bob.sync(cursor);
    expect(pages.flatMap(({ leftConversationIds }) => leftConversationIds)).toEqual([left]);
    bobs.socket.close();
  });

  it('is not given back to who was brought into a conversation while it was being let in again', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const bobs = await connected(bob);
    await ada.send(conversationId, 'before');
    await bobs.next('message:new');
    await lose(bobs);
    const reads = holdCalls(story.app, SyncService, 'present');
    try {
      bobs.socket.connect();
      await until('it is being let in', () => reads.count > 0);
      const group = await ada.group('Made at this moment', bob);
      reads.release();
      expect((await bobs.next('session:ready')).recovered).toBe(false);
      await ada.send(group, 'behind');
      await bobs.next('message:new', ({ message }) => message.content === 'behind');
    } finally {
      reads.release();
      bobs.socket.close();
    }
  });

  it('is not given back to who was removed from a conversation while it was being let in again', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const group = await ada.group('Without bob', bob);
    const bobs = await connected(bob);
    await ada.send(group, 'first');
    await bobs.next('message:new', ({ message }) => message.content === 'first');
    await lose(bobs);
    const reads = holdCalls(story.app, SyncService, 'present');
    try {
      bobs.socket.connect();
      await until('it is being let in', () => reads.count > 0);
      await ada.must('DELETE', `/conversations/${group}/members/${bob.id}`);
    } finally {
      reads.release();
    }
    expect((await bobs.next('session:ready')).recovered).toBe(false);
    bobs.socket.close();
  });

  it('is not given back to who changed how it sees a conversation, by another way, while all of its devices were lost', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const bobs = await connected(bob);
    await ada.send(conversationId, 'before');
    await bobs.next('message:new');
    await lose(bobs);
    await bob.must('PATCH', `/conversations/${conversationId}/me`, { pinned: true });
    // Behind the view: who comes while it is being read is sent it.
    const { sequencer } = story.app.get(DeliveryTurns, { strict: false });
    await new Promise<void>((resolve) => sequencer.inTurn(conversationId, resolve));
    bobs.socket.connect();
    expect((await bobs.next('session:ready')).recovered).toBe(false);
    bobs.socket.close();
  });

  it('is not given back to who comes while it is being read how a group has changed', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const group = await ada.group('A name', bob);
    const bobs = await connected(bob);
    await ada.send(group, 'before');
    await bobs.next('message:new', ({ message }) => message.content === 'before');
    await lose(bobs);
    const reads = holdCalls(story.app, ConversationReader, 'viewsFor');
    try {
      await ada.must('PATCH', `/conversations/${group}`, { title: 'Another name' });
      await until('the new name is being read', () => reads.count > 0);
      bobs.socket.connect();
      expect((await bobs.next('session:ready')).recovered).toBe(false);
    } finally {
      reads.release();
      bobs.socket.close();
    }
  });

  it('is not given back to who would be sent again what was deleted meanwhile', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const group = await ada.group('Where something is deleted', bob);
    const [adas, bobs] = [await ada.device(), await connected(bob)];
    const { cursor } = await bobs.must('sync', {});
    await ada.send(group, 'before');
    await bobs.next('message:new', ({ message }) => message.content === 'before');
    await lose(bobs);
    const { id } = await ada.send(group, 'a slip');
    await ada.must('DELETE', `/messages/${id}`);
    await adas.next('message:deleted', ({ message }) => message.id === id);
    bobs.socket.connect();
    expect((await bobs.next('session:ready')).recovered).toBe(false);
    const { pages } = await bob.sync(cursor);
    const messages = pages.flatMap((page) => page.messages);
    expect(messages.find((message: Anything) => message.id === id)).toMatchObject({ content: null });
    await ada.send(group, 'behind');
    await bobs.next('message:new', ({ message }) => message.content === 'behind');
    expect(contents(bobs)).not.toContain('a slip');
    for (const device of [adas, bobs]) device.socket.close();
  });

  it.each<[string, () => object]>([
    [
      'it cannot be read',
      () => jest.spyOn(story.app.get(MessagesRepository), 'ownAndCommon').mockRejectedValueOnce(new Error('away')),
    ],
    [
      'it cannot be read to whom',
      () => jest.spyOn(story.app.get(Audiences), 'of').mockRejectedValueOnce(new Error('away')),
    ],
  ])('is not given back to who would be sent again what was deleted meanwhile, also where %s', async (_, fail) => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const group = await ada.group('Where something is deleted', bob);
    const [adas, bobs] = [await ada.device(), await connected(bob)];
    await lose(bobs);
    const { id } = await ada.send(group, 'a slip');
    await adas.next('message:new', ({ message }) => message.id === id);
    fail();
    await ada.call('DELETE', `/messages/${id}`);
    await adas.next('sync:needed');
    jest.restoreAllMocks();
    bobs.socket.connect();
    expect((await bobs.next('session:ready')).recovered).toBe(false);
    await ada.send(group, 'behind');
    await bobs.next('message:new', ({ message }) => message.content === 'behind');
    expect(contents(bobs)).not.toContain('a slip');
    for (const device of [adas, bobs]) device.socket.close();
  });

  it('brings whether somebody is online who wrote for the first time meanwhile', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const opened = await eve.directConversation(bob);
    const [bobs, eves] = [await connected(bob), await connected(eve)];
    await ada.group('Where ada sees her', eve);
    await until('eve is online', async () => (await ada.must('GET', `/users/${eve.id}`)).isOnline === true);
    await ada.send(conversationId, 'before');
    await bobs.next('message:new');
    await lose(bobs);
    await eve.send(opened, 'for the first time');
    bobs.socket.connect();
    await bobs.next('session:ready');
    expect(await bobs.next('presence:update', ({ userId }) => userId === eve.id)).toMatchObject({ isOnline: true });
    for (const device of [bobs, eves]) device.socket.close();
  });

  it('brings who came online while that was being sent to thousands', async () => {
    const [ada, bob, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const [adas, bobs] = [await ada.device(), await connected(bob)];
    await ada.send(await ada.directConversation(bob), 'before');
    await bobs.next('message:new');
    await lose(bobs);
    const audience = (friend: Person) => ({
      ...{ userId: eve.id, conversationIds: [], friendIds: [friend.id], blockedIds: [], everyone: false },
    });
    const update = { userId: eve.id, isOnline: true, lastSeenAt: null, change: 1 };
    const updates = Array.from({ length: 3_000 }, (_, index) => ({
      ...update,
      audience: audience(index === 0 ? bob : ada),
    }));
    // The next turn of the event loop, which what is sent waits for, comes when bob is back.
    const { setImmediate: original } = globalThis;
    let goOn: () => void = () => undefined;
    Object.assign(globalThis, { setImmediate: (work: () => void) => (goOn = work) });
    const sending = story.app.get(Broadcaster).toPresenceAudiences(updates);
    Object.assign(globalThis, { setImmediate: original });
    bobs.socket.connect();
    expect((await bobs.next('session:ready')).recovered).toBe(true);
    goOn();
    await sending;
    expect(await bobs.next('presence:update', ({ userId }) => userId === eve.id)).toMatchObject({ isOnline: true });
    for (const device of [adas, bobs]) device.socket.close();
  });

  it('is not given back to a session that was ended meanwhile', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const bobs = await connected(bob);
    await ada.send(conversationId, 'before');
    await bobs.next('message:new');
    await lose(bobs);
    await bob.must('POST', '/auth/logout');
    await ada.send(conversationId, 'secret');
    bobs.socket.connect();
    expect(await bobs.next('connect_error')).toEqual({ code: 'UNAUTHORIZED' });
    expect(contents(bobs)).toEqual(['before']);
    bobs.socket.close();
  });

  it('brings a client that slept everything, however long, and whatever it slept through', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const group = await ada.group('Group');
    const old = await ada.send(conversationId, 'old');
    const asleep = await bob.device();
    const { cursor } = await asleep.must('sync', {});
    asleep.drop();
    for (let index = 0; index < 150; index += 1) await ada.send(conversationId, `${index}`);
    await ada.must('PATCH', `/messages/${old.id}`, { content: 'edited' });
    await ada.must('POST', `/conversations/${group}/members`, { memberIds: [bob.id] });
    await ada.must('POST', '/friends/requests', { userId: bob.id });
    // A connection that is not the old one resumed: the server knows nothing of it any more.
    const awake = await bob.device();
    expect(awake.all('session:ready')).toEqual([expect.objectContaining({ recovered: false })]);
    const pages: Anything[] = [];
    for (let at = cursor, hasMore = true; hasMore; ) {
      const page = await awake.must('sync', { cursor: at, limit: 100 });
      pages.push(page);
      ({ cursor: at, hasMore } = page);
    }
    const missed = pages.flatMap(({ messages }) => messages);
    expect(missed.filter((message) => message.conversationId === conversationId)).toEqual([
      ...(await bob.history(conversationId, 'limit=100&after=0')),
      ...(await bob.history(conversationId, 'limit=100&after=100')),
    ]);
    expect(missed.filter((message) => message.conversationId === group)).toEqual(await bob.history(group));
    expect(pages.flatMap(({ friendRequests }) => friendRequests)).toHaveLength(1);
    expect(pages.flatMap(({ conversations }) => conversations.map(({ id }: Anything) => id)).sort()).toEqual(
      [conversationId, group].sort(),
    );
  });

  // socket.io-redis-streams-adapter 26, socket.io 4880
  it('misses nothing where a client is back at once: what is not recovered, sync brings', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const device = new Device(
      story.url,
      { token: bob.accessToken },
      { reconnection: true, reconnectionDelay: 1, randomizationFactor: 0 },
    );
    let cursor: string = (await device.next('session:ready')).syncCursor;
    await ada.send(conversationId, 'first');
    await device.next('message:new');
    const synced: number[] = [];
    let recoveries = 0;
    for (let round = 0; round < 15; round += 1) {
      const sending = Promise.all([ada.send(conversationId, `${round} a`), ada.send(conversationId, `${round} b`)]);
      device.drop();
      const { recovered, syncCursor } = await device.next('session:ready');
      if (recovered) recoveries += 1;
      else {
        synced.push(...(await bob.sync(cursor)).pages.flatMap(({ messages }) => messages).map(({ seq }) => seq));
        cursor = syncCursor;
      }
      await sending;
      await ada.send(conversationId, `marker ${round}`);
      await device.next('message:new', ({ message }) => message.content === `marker ${round}`);
    }
    // What says that it recovered everything has; what does not leaves nothing that sync does not bring.
    expect(recoveries).toBeGreaterThan(0);
    const received = device.all('message:new').map(({ message }) => message.seq);
    expect(new Set(received).size).toBe(received.length);
    expect([...new Set([...received, ...synced])].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 46 }, (_, index) => index + 1),
    );
    device.socket.close();
  });
});
