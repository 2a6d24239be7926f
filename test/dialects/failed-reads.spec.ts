import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DomainError } from '../../src/common/errors.js';
import { Receipts } from '../../src/conversations/receipts.js';
import { DirectConversationsRepository } from '../../src/conversations/direct/direct-conversations.repository.js';
import { ChatQueries } from '../../src/realtime/commands/chat-queries.js';
import { Admissions } from '../../src/realtime/connections/admissions.js';
import { type Person, startStory, type Story } from '../support/story.js';
import { olderDevice } from './clients.js';
import { Frames } from './frames.js';

/** Clients of older dialects cannot sync: whoever would miss something must come back for it. */
describe('what cannot be read for clients of older dialects', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  const opened: { socket: { close(): unknown } }[] = [];
  let restore = (): void => undefined;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
    await ada.directConversation(bob);
  });
  afterEach(() => restore());
  afterAll(async () => {
    for (const { socket } of opened) socket.close();
    await story.close();
  });

  /** Has everything fail that is read to show a message or a list to a dialect, as where the database is not reached. */
  function failReads(): void {
    const fail = (): Promise<never> => Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    restore = replaceReads(fail, 'usersNamed', 'pairOf', 'directory', 'directConversations', 'online');
  }

  /** @returns puts back what was there */
  function replaceReads(read: () => Promise<never>, ...names: (keyof ChatQueries)[]): () => void {
    const reads = story.app.get(ChatQueries);
    for (const name of names) Object.assign(reads, { [name]: read });
    return () => {
      for (const name of names) Reflect.deleteProperty(reads, name);
    };
  }
  const frames = (path: string): Frames => {
    const made = new Frames(story.url + path);
    opened.push(made);
    return made;
  };

  it.each(['direct-events', 'namespaced-events'])('ends a connection of %s that misses a message', async (dialect) => {
    const bobs = olderDevice(bob, dialect);
    opened.push(bobs);
    await bobs.next('connect');
    // The list of who is online, where there is one, has been sent.
    if (dialect === 'namespaced-events') await bobs.next('users:online');
    failReads();
    await ada.send(await ada.directConversation(bob), 'missed');
    await bobs.next('disconnect');
    restore();
    const again = olderDevice(bob, dialect);
    opened.push(again);
    await again.next('connect');
    await ada.send(await ada.directConversation(bob), 'received');
    const { payload } = await again.nextOf(['receiveMessage', 'message:receive']);
    expect(payload.text ?? payload.content).toBe('received');
  });

  it('ends a native WebSocket that misses a message', async () => {
    const bobs = await frames('/').open();
    bobs.send({ event: 'authenticate', token: bob.accessToken });
    await bobs.event('userStatus', ({ userId }) => userId === bob.id);
    failReads();
    await ada.send(await ada.directConversation(bob), 'missed');
    expect(await bobs.closed).toEqual({ code: 1013, reason: 'UNAVAILABLE' });
  });

  it.each(['UNAVAILABLE', 'OVERLOADED', 'RATE_LIMITED', 'INTERNAL_ERROR'] as const)(
    'closes a connection that cannot be let in for a moment, %s, and its client comes back by itself',
    async (code) => {
      const admissions = story.app.get(Admissions, { strict: false });
      const refusing = jest.spyOn(admissions, 'admit').mockRejectedValueOnce(new DomainError(code));
      const bobs = olderDevice(bob, 'direct-events', undefined, { reconnection: true, reconnectionDelay: 10 });
      opened.push(bobs);
      await bobs.next('connect');
      expect(bobs.all('connect_error')).toEqual([]);
      expect(refusing).toHaveBeenCalledTimes(2);
      refusing.mockRestore();
    },
  );

  it('leaves a connection alone whose own limits refuse what is read for it', async () => {
    restore = replaceReads(() => Promise.reject(new DomainError('RATE_LIMITED', { retryAfterMs: 1_000 })), 'online');
    const bobs = olderDevice(bob, 'namespaced-events');
    opened.push(bobs);
    await bobs.next('connect');
    await ada.send(await ada.directConversation(bob), 'received all the same');
    const message = await bobs.next('message:receive', ({ content }) => content === 'received all the same');
    expect(message.senderId).toBe(ada.id);
    expect(bobs.all('users:online')).toEqual([]);
  });

  it.each([
    ['is not there', 'UNAVAILABLE', { code: 1013, reason: 'UNAVAILABLE' }],
    ['is beyond its limits', 'RATE_LIMITED', undefined],
  ] as const)(
    'does what a native client sent behind its token where the list of who is online %s',
    async (_, code, end) => {
      restore = replaceReads(() => Promise.reject(new DomainError(code, { retryAfterMs: 1_000 })), 'online');
      const adas = await ada.device();
      const bobs = await frames('/').open();
      bobs.send({ event: 'authenticate', token: bob.accessToken });
      bobs.send({ event: 'message', receiverId: ada.id, message: code });
      await adas.next('message:new', ({ message }) => message.content === code);
      if (end === undefined) await bobs.event('message', ({ message }) => message === code);
      else expect(await bobs.closed).toEqual(end);
      expect(bobs.received.filter(({ event }) => event === 'error')).toEqual([]);
      adas.socket.close();
    },
  );

  it.each(['UNAVAILABLE', 'RATE_LIMITED'] as const)(
    'answers with the list alone where what it shows cannot be marked as read for a moment: %s',
    async (code) => {
      await ada.send(await ada.directConversation(bob), 'in the list');
      const bobs = await frames('/').open();
      bobs.send({ event: 'authenticate', token: bob.accessToken });
      const marking = jest.spyOn(story.app.get(Receipts), 'move').mockRejectedValueOnce(new DomainError(code));
      for (const event of ['fetchChats', 'unReadMessages', 'fetchChats']) bobs.send({ event, receiverId: ada.id });
      await bobs.event('fetchChats');
      await bobs.event('unReadMessages');
      await bobs.event('fetchChats');
      // The second list marked it.
      bobs.send({ event: 'unReadMessages', receiverId: ada.id });
      await bobs.event('noUnreadMessages');
      expect(bobs.received.filter(({ event }) => event === 'error')).toEqual([]);
      marking.mockRestore();
    },
  );

  it('asks once whether a conversation is a group, which these clients are not sent', async () => {
    const groupId = await ada.group('Group', bob);
    const bobs = olderDevice(bob, 'direct-events');
    opened.push(bobs);
    await bobs.next('connect');
    await ada.send(groupId, 'first');
    await ada.send(await ada.directConversation(bob), 'behind the first');
    await bobs.next('receiveMessage', ({ text }) => text === 'behind the first');
    const asked = jest.spyOn(story.app.get(DirectConversationsRepository), 'findPair');
    for (const content of ['second', 'third']) await ada.send(groupId, content);
    await ada.send(await ada.directConversation(bob), 'between two');
    await bobs.next('receiveMessage', ({ text }) => text === 'between two');
    expect(asked.mock.calls).toEqual([]);
    asked.mockRestore();
  });

  it.each(['/users', '/rooms'])('closes %s of ws-rooms where its list cannot be read', async (path) => {
    failReads();
    expect((await frames(`${path}?token=${bob.accessToken}`).closed).code).toBe(1013);
  });
});
