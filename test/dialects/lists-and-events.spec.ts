import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChatQueries } from '../../src/realtime/commands/chat-queries.js';
import { type Anything, type Person, startStory, type Story, until } from '../support/story.js';
import { olderDevice } from './clients.js';
import { Frames } from './frames.js';

/** A client that replaces what it shows by a list must not lose by that what came while the list was read. */
describe('what comes to a client of an older dialect while its list is read', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let conversationId: string;
  const opened: { socket: { close(): unknown } }[] = [];
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
    conversationId = await ada.directConversation(bob);
    await ada.send(conversationId, 'first');
  });
  afterAll(async () => {
    for (const { socket } of opened) socket.close();
    await story.close();
  });

  /** Has `comes` come behind a read of `name` that `ask` leads to, and before it is answered. */
  async function during(name: keyof ChatQueries, ask: () => unknown, comes: () => Promise<unknown>): Promise<void> {
    const reads = story.app.get(ChatQueries);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let isRead = false;
    const original = (reads[name] as (...given: unknown[]) => Promise<unknown>).bind(reads);
    Object.assign(reads, {
      [name]: async (...given: unknown[]) => {
        const answer = await original(...given);
        isRead = true;
        await released;
        return answer;
      },
    });
    try {
      ask();
      await until('it is read', () => isRead);
      await comes();
    } finally {
      Reflect.deleteProperty(reads, name);
      release();
    }
  }

  /** Resolves once the message has been sent to all that are there. */
  async function message(content: string): Promise<void> {
    const other = await bob.device();
    await ada.send(conversationId, content);
    await other.next('message:new', (received) => received.message.content === content);
    other.socket.close();
  }

  const frames = async (path: string): Promise<Frames> => {
    const made = new Frames(story.url + path);
    opened.push(made);
    return made.open();
  };

  it('is sent behind the list of rooms', async () => {
    let rooms: Frames | undefined;
    await during(
      'directConversations',
      async () => (rooms = await frames(`/rooms?token=${bob.accessToken}`)),
      () => message('behind the rooms'),
    );
    await rooms?.type('ROOM_UPDATE');
    expect(rooms?.received.map(({ type }) => type)).toEqual(['ROOMS_LIST', 'ROOM_UPDATE']);
  });

  it('is sent behind the list of users', async () => {
    let users: Frames | undefined;
    await during(
      'directory',
      async () => (users = await frames(`/users?token=${bob.accessToken}`)),
      async () => {
        const other = await bob.device();
        const adas = await ada.device();
        await other.next('presence:update', ({ userId, isOnline }) => userId === ada.id && isOnline);
        for (const { socket } of [other, adas]) socket.close();
      },
    );
    await users?.type('USER_STATUS');
    expect(users?.received.slice(0, 2).map(({ type }) => type)).toEqual(['ALL_USERS', 'USER_STATUS']);
  });

  it.each([
    ['listWritten', 'fetchChats'],
    ['listWritten', 'unReadMessages'],
    ['directConversations', 'messageList'],
  ] as const)('is sent behind the answer of ws-events: %s, %s', async (read, event) => {
    const bobs = await frames('/');
    bobs.send({ event: 'authenticate', token: bob.accessToken });
    await bobs.event('userStatus', ({ userId }) => userId === bob.id);
    const content = `behind ${event}`;
    await during(
      read,
      () => bobs.send({ event, receiverId: ada.id }),
      () => message(content),
    );
    await bobs.event('message', (data) => data.message === content);
    const order = bobs.received.map((frame) => frame.event).filter((name) => [event, 'message'].includes(name));
    expect(order).toEqual([event, 'message']);
  });

  it('is sent behind the history of direct-events', async () => {
    const bobs = olderDevice(bob, 'direct-events');
    opened.push(bobs);
    await bobs.next('connect');
    const order: string[] = [];
    bobs.socket.onAny((event: string) => order.push(event));
    await during(
      'listWritten',
      () => bobs.socket.emit('getChatHistory', { otherUserId: ada.id }),
      () => message('behind the history'),
    );
    await bobs.next('receiveMessage', ({ text }) => text === 'behind the history');
    expect(order.filter((event) => ['chatHistory', 'receiveMessage'].includes(event))).toEqual([
      'chatHistory',
      'receiveMessage',
    ]);
  });

  it('is sent behind who is online in namespaced-events', async () => {
    const cy = await story.person();
    await cy.send(await cy.directConversation(bob), 'hello');
    const bobs = olderDevice(bob, 'namespaced-events');
    opened.push(bobs);
    await bobs.next('users:online');
    const order: string[] = [];
    // That others go offline, whose tests are over, may come at any time.
    bobs.socket.onAny((event: string, payload: Anything) => {
      if (event === 'users:online' || payload.userId === cy.id) order.push(event);
    });
    await during(
      'online',
      () => bobs.socket.emit('status:request'),
      async () => {
        const other = await bob.device();
        const cys = await cy.device();
        await other.next('presence:update', ({ userId, isOnline }) => userId === cy.id && isOnline);
        for (const { socket } of [other, cys]) socket.close();
      },
    );
    await bobs.next('user:online', ({ userId }) => userId === cy.id);
    expect(order).toEqual(['users:online', 'user:online']);
  });
});
