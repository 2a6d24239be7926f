import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect as connectSocket, type Socket } from 'node:net';
import { AttachmentLinks } from '../../src/attachments/serving/attachment-urls.js';
import { Sessions } from '../../src/auth/sessions/sessions.js';
import { Authenticator } from '../../src/auth/tokens/authenticator.js';
import { Lifecycle } from '../../src/common/stopping/lifecycle.js';
import { NativeTransport } from '../../src/dialects/transport/native/native-transport.js';
import { MessageSender } from '../../src/messages/sending/message-sender.js';
import { Attention } from '../../src/presence/attention.js';
import { ChatCommands } from '../../src/realtime/commands/chat-commands.js';
import { Connections } from '../../src/realtime/connections/connections.js';
import { Standstill } from '../../src/realtime/connections/standstill.js';
import { UserConnections } from '../../src/realtime/connections/user-connections.js';
import { TokenExpiry } from '../../src/realtime/connections/token-expiry.js';
import { WAIT_TIMEOUT_MS } from '../support/bounded.js';
import { Clock } from '../../src/common/clock.js';
import { DomainError } from '../../src/common/errors.js';
import { TIMINGS } from '../../src/config/timings.js';
import { HandshakeLimit } from '../../src/limits/connections/handshake-limit.js';
import { holdCalls } from '../support/clients/held-calls.js';
import { type Anything, type Person, request, startStory, type Story, until } from '../support/story.js';
import { Frames } from './frames.js';

type NativeConnection = NativeTransport['clients'] extends Set<infer Client> ? Client : never;

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

describe('ws-events', () => {
  let story: Story;
  let ada: Person;
  let bob: Person;
  const opened: Frames[] = [];
  beforeAll(async () => {
    story = await startStory({ rateLimits: false, timings: { ...TIMINGS, presenceGraceMs: 300 } });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
  });
  afterAll(async () => {
    for (const { socket } of opened) socket.terminate();
    await story.close();
  });

  const connect = (): Frames => {
    const frames = new Frames(`${story.url}/`);
    opened.push(frames);
    return frames;
  };
  const logIn = async (person: Person): Promise<Frames> => {
    const frames = connect();
    frames.send({ event: 'authenticate', token: person.accessToken });
    await frames.event('userStatus', ({ userId }) => userId === person.id);
    return frames;
  };

  /** The server's side of the only connection of a person. */
  const clientOf = (person: Person): NativeConnection => {
    const client = [...story.app.get(NativeTransport)['clients']].find(({ userId }) => userId === person.id);
    if (client === undefined) throw new Error('there is no such client');
    return client;
  };

  it('sends for nobody but who is logged in', async () => {
    const frames = await logIn(ada);
    frames.send({ event: 'message', senderId: bob.id, receiverId: bob.id, message: 'as bob' });
    expect((await frames.event('error')).data).toMatchObject({ code: 'FORBIDDEN' });
    const cy = await story.person();
    frames.send({ event: 'message', senderId: ada.id.toUpperCase(), receiverId: cy.id, message: 'as ada' });
    expect((await frames.event('message')).data).toMatchObject({ senderId: ada.id, message: 'as ada' });
    frames.socket.terminate();
  });

  it('is the document’s own session, as written', async () => {
    const [adas, bobs] = [connect(), await logIn(bob)];
    adas.send(`{ "event": "authenticate", "token": "${ada.accessToken}" }`);
    expect(await adas.event('userStatus')).toEqual({ event: 'userStatus', data: { userId: ada.id, isOnline: true } });
    adas.send(`{ "event": "fetchChats", "receiverId": "${bob.id}" }`);
    expect(await adas.event('noRoomFound')).toEqual({ event: 'noRoomFound' });
    adas.send(`{ "event": "unReadMessages", "receiverId": "${bob.id}" }`);
    expect(await adas.event('noUnreadMessages')).toEqual({ event: 'noUnreadMessages', data: [] });

    adas.send(`{ "event": "message", "receiverId": "${bob.id}", "message": "Hello!", "images": [] }`);
    const { data } = await bobs.event('message');
    expect(data).toEqual({
      id: expect.any(String),
      roomId: expect.any(String),
      senderId: ada.id,
      receiverId: bob.id,
      message: 'Hello!',
      images: [],
      isRead: false,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await adas.event('message')).toEqual({ event: 'message', data });

    bobs.send(`{ "event": "unReadMessages", "receiverId": "${ada.id}" }`);
    expect((await bobs.event('unReadMessages')).data).toEqual({ messages: [data], count: 1 });
    bobs.send({ event: 'messageList' });
    expect((await bobs.event('messageList')).data).toEqual([
      { user: expect.objectContaining({ id: ada.id, username: ada.username }), lastMessage: data, unreadCount: 1 },
    ]);
    // As it stood before, and then read.
    bobs.send(`{ "event": "fetchChats", "receiverId": "${ada.id}" }`);
    expect((await bobs.event('fetchChats')).data).toEqual([data]);
    bobs.send(`{ "event": "fetchChats", "receiverId": "${ada.id}" }`);
    expect((await bobs.event('fetchChats')).data).toEqual([{ ...data, isRead: true }]);
    bobs.send(`{ "event": "unReadMessages", "receiverId": "${ada.id}" }`);
    expect(await bobs.event('noUnreadMessages')).toEqual({ event: 'noUnreadMessages', data: [] });

    adas.socket.close();
    expect((await bobs.event('userStatus', ({ userId, isOnline }) => userId === ada.id && !isOnline)).data).toEqual({
      userId: ada.id,
      isOnline: false,
    });
  });

  it('handles what is sent the moment it is open, in its order', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const dans = await logIn(dan);
    const cys = connect();
    cys.send({ event: 'authenticate', token: cy.accessToken });
    for (let n = 0; n < 200; n += 1) cys.send({ event: 'message', receiverId: dan.id, message: `${n}` });
    for (let n = 0; n < 200; n += 1) expect((await dans.event('message')).data.message).toBe(`${n}`);
  });

  it('stores what a client sent before it closed, also in one piece with the close', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const [cys, dans] = [await logIn(cy), await logIn(dan)];
    const { _socket: network } = cys.socket as unknown as { _socket: Socket };
    network.cork();
    for (const message of ['one', 'two']) cys.send({ event: 'message', receiverId: dan.id, message });
    cys.socket.close();
    network.uncork();
    for (const message of ['one', 'two']) expect((await dans.event('message')).data.message).toBe(message);
  });

  it('stores what a client sent that was gone before its token was looked at, and keeps nothing of it', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const dans = await logIn(dan);
    const cys = connect();
    const verifying = holdCalls(story.app, Authenticator, 'verify');
    try {
      cys.send({ event: 'authenticate', token: cy.accessToken });
      for (const message of ['one', 'two']) cys.send({ event: 'message', receiverId: dan.id, message });
      await until('its token is looked at', () => verifying.count === 1);
      const clients = story.app.get(NativeTransport)['clients'];
      const client = [...clients].at(-1) as NativeConnection;
      cys.socket.close();
      await until('it is gone', () => !clients.has(client));
    } finally {
      verifying.release();
    }
    for (const message of ['one', 'two']) expect((await dans.event('message')).data.message).toBe(message);
    await story.app.get(Lifecycle).idle(WAIT_TIMEOUT_MS);
    expect(story.app.get(UserConnections)['byUser'].has(cy.id)).toBe(false);
  });

  it.each<[string, number, (client: NativeConnection, person: Person) => Promise<unknown>]>([
    ['is done where the client is sent away', 3, async (client) => client.end('UNAVAILABLE')],
    ['is done where the client is gone', 3, async (client) => client.cut()],
    ['is refused where the session has ended', 1, (_, person) => person.call('POST', '/auth/logout-all')],
    ['is refused where the client does not read', 1, async (client) => client.end('SLOW_CONSUMER')],
    ['is refused where the dialect has closed it', 1, async (client) => client.close(4401, 'UNAUTHORIZED')],
  ])('what waits for its turn %s', async (_, count, end) => {
    const person = await story.person();
    const frames = await logIn(person);
    const running = jest.spyOn(story.app.get(ChatCommands), 'run');
    const sending = holdCalls(story.app, MessageSender, 'store');
    try {
      for (const message of ['one', 'two', 'three']) frames.send({ event: 'message', receiverId: bob.id, message });
      frames.send({ event: 'nonsense' });
      await until('the first one is under way, and all have come', () => {
        return sending.count === 1 && clientOf(person)['waiting'] === 4;
      });
      await end(clientOf(person), person);
      await frames.closed;
      sending.release();
      await story.app.get(Lifecycle).idle(WAIT_TIMEOUT_MS);
      expect(running.mock.calls.map(([name]) => name)).toEqual(Array(count).fill('send_message'));
    } finally {
      sending.release();
      running.mockRestore();
    }
  });

  it.each<[string, number, (person: Person) => Promise<unknown>]>([
    ['is done where the client has gone', 1, async () => undefined],
    ['is refused where the session has ended', 0, (person) => person.call('POST', '/auth/logout-all')],
  ])('what waits for the repair of a standstill %s by then', async (_, count, end) => {
    const person = await story.person();
    const frames = await logIn(person);
    const clients = story.app.get(NativeTransport)['clients'];
    const client = clientOf(person);
    const running = jest.spyOn(story.app.get(ChatCommands), 'run');
    const repairing = holdCalls(story.app, Sessions, 'endedAmong');
    try {
      Object.assign(story.app.get(Standstill), { ranAt: Number.NEGATIVE_INFINITY });
      frames.send({ event: 'message', receiverId: bob.id, message: 'before the end' });
      frames.socket.close();
      await until('it is gone', () => !clients.has(client));
      expect(repairing.count).toBeGreaterThan(0);
      await end(person);
      repairing.release();
      await story.app.get(Lifecycle).idle(WAIT_TIMEOUT_MS);
      expect(running.mock.calls.map(([name]) => name)).toEqual(Array(count).fill('send_message'));
    } finally {
      repairing.release();
      running.mockRestore();
    }
  });

  it('is not taken for silent while it is not read, and is where it is read and does not answer', async () => {
    const person = await story.person();
    const frames = await logIn(person);
    frames.socket.pause();
    const client = clientOf(person);
    const scheduling = jest.spyOn(globalThis, 'setTimeout');
    client.beat();
    const [deadline] = scheduling.mock.calls.find(([, milliseconds]) => milliseconds === 20_000) ?? [];
    scheduling.mockRestore();
    client['socket'].pause();
    deadline?.();
    expect(client.isOpen).toBe(true);
    client['socket'].resume();
    deadline?.();
    expect(client.isOpen).toBe(false);
    frames.socket.terminate();
  });

  it('is taken for silent where its network fails, and not where it closes', async () => {
    const lost = jest.spyOn(story.app.get(Attention), 'lost');
    const people = [await story.person(), await story.person()] as const;
    const [failing, closing] = [await logIn(people[0]), await logIn(people[1])];
    closing.socket.close();
    (failing.socket as unknown as { _socket: Socket })._socket.resetAndDestroy();
    const clients = story.app.get(NativeTransport)['clients'];
    await until('both are gone', () => [...clients].every(({ userId }) => people.every(({ id }) => id !== userId)));
    const lostIds = lost.mock.calls.map(([userId]) => userId);
    expect(people.map(({ id }) => lostIds.includes(id))).toEqual([true, false]);
    lost.mockRestore();
  });

  it('lets nobody in but by a good token', async () => {
    const stranger = connect();
    for (const event of ['message', 'fetchChats', 'unReadMessages', 'messageList', 'nonsense']) {
      stranger.send({ event, receiverId: bob.id, message: 'x' });
      expect(await stranger.event('error')).toMatchObject({
        data: { code: 'UNAUTHENTICATED', message: expect.any(String) },
      });
    }
    for (const token of ['nonsense', '', null, 5, {}, undefined, `${ada.accessToken}x`]) {
      const other = connect();
      other.send({ event: 'authenticate', token });
      expect((await other.event('error')).data.code).toBe('UNAUTHORIZED');
      expect((await other.closed).code).toBe(4401);
    }
  });

  it('takes no token for a bad one whose user is to come back later', async () => {
    const limit = story.app.get(HandshakeLimit);
    limit.mayConnect = () => Promise.reject(new DomainError('RATE_LIMITED', { retryAfterMs: 5_000 }));
    try {
      const frames = connect();
      frames.send({ event: 'authenticate', token: ada.accessToken });
      expect((await frames.event('error')).data).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 5_000 });
      expect(await frames.closed).toEqual({ code: 1013, reason: 'RATE_LIMITED' });
    } finally {
      limit.mayConnect = HandshakeLimit.prototype.mayConnect;
    }
  });

  it('says on entering who of one’s own is there already', async () => {
    const [cy, dan, stranger] = await Promise.all([story.person(), story.person(), story.person()]);
    await dan.send(await cy.directConversation(dan), 'hello');
    await Promise.all([logIn(dan), logIn(stranger)]);
    await until('they are online', async () => (await cy.must('GET', `/users/${dan.id}`)).isOnline === true);
    const cys = await logIn(cy);
    await cys.event('userStatus', ({ userId, isOnline }) => userId === dan.id && isOnline);
    expect(cys.received.filter(({ event }) => event === 'userStatus').map(({ data }) => data.userId)).not.toContain(
      stranger.id,
    );
  });

  it('pages back, and takes images alone, by address or by upload', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const cys = await logIn(cy);
    const upload = await cy.mustUpload(Buffer.from('notes'), 'notes.txt');
    const images = ['http://files.example.com/a.png', 'https://files.example.com/b.png', upload.id];
    cys.send({ event: 'message', receiverId: dan.id, images });
    const first = (await cys.event('message')).data;
    expect(first).toMatchObject({ message: '', images: [upload.url, images[0], images[1]] });
    for (const message of ['two', 'three']) cys.send({ event: 'message', receiverId: dan.id, message });
    const third = await cys.event('message', ({ message }) => message === 'three');
    cys.send({ event: 'fetchChats', receiverId: dan.id, before: third.data.id, limit: 1 });
    expect((await cys.event('fetchChats')).data.map(({ message }: Anything) => message)).toEqual(['two']);
    for (const wrong of [['javascript:alert(1)'], ['ftp://x.example.com/a'], [5], 'x', [NOBODY], {}]) {
      cys.send({ event: 'message', receiverId: dan.id, message: 'x', images: wrong });
      expect((await cys.event('error')).data.code).toBe('VALIDATION_FAILED');
    }
    cys.send({ event: 'message', receiverId: dan.id, images: Array.from({ length: 11 }, () => images[0]) });
    expect((await cys.event('error')).data.errors).toEqual({
      images: ['images must contain no more than 10 elements'],
    });
  });

  it.each([
    ['no JSON', '{"event":', 'MALFORMED_FRAME'],
    ['nothing', '', 'MALFORMED_FRAME'],
    ['a list', '[]', 'MALFORMED_FRAME'],
    ['null', 'null', 'MALFORMED_FRAME'],
    ['a number', '7', 'MALFORMED_FRAME'],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00]), 'MALFORMED_FRAME'],
    ['no event', '{}', 'UNKNOWN_EVENT'],
    ['an event that is no text', '{"event":{"a":1}}', 'UNKNOWN_EVENT'],
    ['no receiver', '{"event":"message","message":"x"}', 'VALIDATION_FAILED'],
    ['a receiver that is none', '{"event":"message","receiverId":{"a":1},"message":"x"}', 'VALIDATION_FAILED'],
    ['a text that is none', `{"event":"message","receiverId":"${NOBODY}","message":{"a":1}}`, 'VALIDATION_FAILED'],
    [
      'a prototype',
      `{"event":"message","receiverId":"${NOBODY}","message":{"__proto__":{"a":1}}}`,
      'VALIDATION_FAILED',
    ],
    ['a receiver of nobody', `{"event":"message","receiverId":"${NOBODY}","message":"x"}`, 'NOT_FOUND'],
    ['a limit that is none', `{"event":"fetchChats","receiverId":"${NOBODY}","limit":-1}`, undefined],
    [
      'many levels',
      `{"event":"message","receiverId":"${NOBODY}","message":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      'VALIDATION_FAILED',
    ],
    [
      'too many bytes',
      `{"event":"message","receiverId":"${NOBODY}","message":"${'x'.repeat(70_000)}"}`,
      'PAYLOAD_TOO_LARGE',
    ],
  ])('answers %s, and goes on', async (_, frame, code) => {
    const frames = await logIn(ada);
    frames.send(frame);
    if (code === undefined) expect(await frames.event('noRoomFound')).toBeDefined();
    else expect((await frames.event('error')).data).toMatchObject({ code, message: expect.any(String) });
    frames.send({ event: 'messageList' });
    await frames.event('messageList');
  });

  it('passes over events that it does not know, so that a client takes none of them for its message', async () => {
    const frames = await logIn(ada);
    for (const event of ['ping', 'typing', 'onlineUsers', 'initiateCall', 'constructor'])
      frames.send({ event, receiverId: bob.id });
    frames.send({ event: 'message', receiverId: bob.id, message: 'Hello!' });
    const answer = await frames.next(({ event }) => event === 'message' || event === 'error');
    expect([answer.event, answer.data.message]).toEqual(['message', 'Hello!']);
    expect(frames.received.filter(({ event }) => event === 'error')).toEqual([]);
  });

  it('answers a message that was stored before with itself', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const cys = await logIn(cy);
    const message = { event: 'message', receiverId: dan.id, message: 'once', clientId: randomUUID() };
    cys.send(message);
    const first = await cys.event('message');
    cys.send(message);
    expect(await cys.event('message')).toEqual(first);
    expect((await dan.must('GET', '/api/chats/my-chats')).chats).toHaveLength(1);
  });

  it.each(['everyone', 'me'])(
    'answers a message that was deleted for %s meanwhile without what it said',
    async (whom) => {
      const [cy, dan] = await Promise.all([story.person(), story.person()]);
      const cys = await logIn(cy);
      const message = { event: 'message', receiverId: dan.id, message: 'once', clientId: randomUUID() };
      cys.send({ ...message, images: ['https://files.example.com/a.png'] });
      const { data } = await cys.event('message');
      await cy.must('DELETE', `/messages/${data.id}?for=${whom}`);
      cys.send(message);
      expect((await cys.event('message')).data).toEqual({ ...data, message: '', images: [] });
    },
  );

  it('passes over what was deleted, wherever it pages and counts, and over groups', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const [cys, dans] = [await logIn(cy), await logIn(dan)];
    const sent: Anything[] = [];
    for (let n = 0; n < 8; n += 1) {
      cys.send({ event: 'message', receiverId: dan.id, message: `${n}` });
      sent.push((await cys.event('message')).data);
    }
    for (const { id } of sent.slice(-3)) await cy.must('DELETE', `/messages/${id}`);
    await dan.must('DELETE', `/messages/${sent[4].id}?for=me`);
    await Promise.all(Array.from({ length: 3 }, (_, n) => dan.group(`Group ${n}`, cy)));
    dans.send({ event: 'unReadMessages', receiverId: cy.id });
    const unread = (await dans.event('unReadMessages')).data;
    expect([unread.count, unread.messages.map(({ message }: Anything) => message)]).toEqual([4, ['0', '1', '2', '3']]);
    dans.send({ event: 'messageList', limit: 1 });
    expect((await dans.event('messageList')).data).toMatchObject([
      { user: { id: cy.id }, lastMessage: { message: '3' } },
    ]);
    const texts = (messages: Anything[], field: string): string[] => messages.map((message) => message[field]);
    const page = (query: string): Promise<Anything> => dan.must('GET', `/api/chats/history/${cy.id}?${query}`);
    const [newest, older] = [await page('limit=2&skip=0'), await page('limit=2&skip=2')];
    expect([texts(newest.messages, 'text'), newest.hasMore]).toEqual([['2', '3'], true]);
    expect([texts(older.messages, 'text'), older.hasMore]).toEqual([['0', '1'], false]);
    const { rooms } = await dan.must('GET', '/msg/room');
    expect(rooms).toMatchObject([{ messages: [{ content: '3' }] }]);
    expect(texts(await dan.must('GET', `/msg/room/${rooms[0].id}/messages?limit=2`), 'content')).toEqual(['2', '3']);
    dans.send({ event: 'fetchChats', receiverId: cy.id, limit: 2 });
    expect(texts((await dans.event('fetchChats')).data, 'message')).toEqual(['2', '3']);
    dans.send({ event: 'messageList' });
    expect((await dans.event('messageList')).data).toMatchObject([{ unreadCount: 0 }]);
  });

  it('attaches an upload by the whole URL that a client made of its path, also by one that has expired', async () => {
    const [cy, frames] = [await story.person(), await logIn(ada)];
    const upload = (name: string): Promise<Anything> => ada.mustUpload(Buffer.from('notes'), name);
    const [fresh, old, forged] = [await upload('fresh.txt'), await upload('old.txt'), await upload('forged.txt')];
    jest.spyOn(story.app.get(Clock), 'now').mockReturnValueOnce(1_000_000);
    const expired = story.app.get(AttachmentLinks).urlOf(old.id, 'original');
    const wrong = `https://chat.example.com${forged.url.replace('signature=', 'signature=A')}`;
    const images = [`${story.url}${fresh.url}`, `https://chat.example.com${expired}`, wrong];
    frames.send({ event: 'message', receiverId: cy.id, images });
    const sent = await frames.event('message', (data) => data.receiverId === cy.id);
    expect(sent.data.images).toEqual([fresh.url, old.url, wrong]);
  });

  it('takes an address elsewhere for what it is, whatever its path', async () => {
    const frames = await logIn(ada);
    const images = [`https://files.example.com/attachments/${NOBODY}/a.png`];
    frames.send({ event: 'message', receiverId: bob.id, images });
    expect((await frames.event('message', (data) => data.images.length === 1)).data.images).toEqual(images);
  });

  it('ends one that sends far too much at once, and nobody else', async () => {
    const [huge, other] = [await logIn(ada), await logIn(bob)];
    huge.send('x'.repeat(200_000));
    expect((await huge.closed).code).toBe(1009);
    other.send({ event: 'messageList' });
    await other.event('messageList');
  });

  it('keeps no timer of a client that is gone before its newer token is known', async () => {
    const person = await story.person();
    const frames = await logIn(person);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const authenticator = story.app.get(Authenticator);
    const authenticating = jest.spyOn(authenticator, 'authenticate').mockImplementationOnce(async (token) => {
      await released;
      return authenticator.authenticate(token);
    });
    const removing = jest.spyOn(story.app.get(Connections), 'remove');
    const watching = jest.spyOn(story.app.get(TokenExpiry), 'watch');
    frames.send({ event: 'authenticate', token: person.accessToken });
    await until('it is being looked at', () => authenticating.mock.calls.length === 1);
    frames.socket.close();
    await until('it is gone', () => removing.mock.calls.some(([socket]) => socket.data.principal.userId === person.id));
    release();
    await story.app.get(Lifecycle).idle(WAIT_TIMEOUT_MS);
    expect(authenticating).toHaveBeenCalledTimes(2);
    expect(watching).not.toHaveBeenCalled();
    for (const spy of [authenticating, removing, watching]) spy.mockRestore();
  });

  it('ends with its session, and not with another', async () => {
    const cy = await story.person();
    const frames = await logIn(cy);
    const { body: again } = await request(story.url, 'POST', '/auth/login', {
      email: cy.email,
      password: 'correct horse',
    });
    const other = connect();
    other.send({ event: 'authenticate', token: again.accessToken });
    await other.event('userStatus');
    await cy.must('POST', '/auth/logout');
    expect(await frames.closed).toEqual({ code: 4401, reason: 'LOGGED_OUT' });
    other.send({ event: 'messageList' });
    await other.event('messageList');
  });
});

describe('ws-events with limits', () => {
  it('lives as long as its token, and longer with a new one', async () => {
    const story = await startStory({ accessTokenSeconds: 2 });
    try {
      // Time stands still, so that no token is over before it is used.
      const clock = story.app.get(Clock);
      const now = Math.floor(Date.now() / 1_000) * 1_000;
      clock.now = () => now;
      const ada = await story.person();
      clock.now = () => now + 60_000;
      const { body } = await request(story.url, 'POST', '/auth/refresh', { refreshToken: ada.refreshToken });
      clock.now = () => now;
      const [renewed, left] = [new Frames(`${story.url}/`), new Frames(`${story.url}/`)];
      for (const frames of [renewed, left]) {
        frames.send({ event: 'authenticate', token: ada.accessToken });
        if (frames === renewed) frames.send({ event: 'authenticate', token: body.accessToken });
        await frames.event('userStatus');
      }
      expect(await left.closed).toEqual({ code: 4401, reason: 'TOKEN_EXPIRED' });
      renewed.send({ event: 'messageList' });
      await renewed.event('messageList');
      // With the token of before it lives as long as that one.
      renewed.send({ event: 'authenticate', token: ada.accessToken });
      expect(await renewed.closed).toEqual({ code: 4401, reason: 'TOKEN_EXPIRED' });
    } finally {
      await story.close();
    }
  });

  it('is limited as any other connection', async () => {
    const story = await startStory();
    try {
      const ada = await story.person();
      const frames = await new Frames(`${story.url}/`).open();
      frames.send({ event: 'authenticate', token: ada.accessToken });
      await frames.event('userStatus');
      // Fewer at once than may wait, and more in a moment than may be.
      const answered = (): Anything[] => frames.received.filter(({ event }) => event === 'error');
      for (let round = 1; round <= 20 && !answered().some(({ data }) => data.code === 'RATE_LIMITED'); round += 1) {
        for (let n = 0; n < 500; n += 1) frames.send('{');
        await until('all are answered', () => answered().length === round * 500);
      }
      expect(answered().map(({ data }) => data)).toContainEqual(
        expect.objectContaining({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) }),
      );
      frames.socket.terminate();
    } finally {
      await story.close();
    }
  });

  it.each(['all', 'none'])(
    'answers each upgrade once, however its path is written, with DIALECTS=%s',
    async (dialects) => {
      const story = await startStory({}, { DIALECTS: dialects });
      try {
        const { port, hostname } = new URL(story.url);
        const upgrade = (path: string): Promise<string> =>
          new Promise((resolve) => {
            const socket = connectSocket(Number(port), hostname, () =>
              socket.write(
                `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
                  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
              ),
            );
            socket.once('data', (answer) => {
              resolve(answer.toString().slice(9, 12));
              socket.destroy();
            });
            socket.once('close', () => resolve('nothing'));
            socket.once('error', () => undefined);
          });
        const query = '?EIO=4&transport=websocket';
        expect(await upgrade(`/socket.io/${query}`)).toBe('101');
        for (const path of ['/socket.io/..', '/socket.io/../users', '/socket.io/%2e%2e'])
          expect([path, await upgrade(path + query)]).toEqual([path, '101']);
        for (const path of ['/x/../socket.io/', '/./socket.io/', '//y/socket.io/', '//users', '/nope'])
          expect([path, await upgrade(path + query)]).toEqual([path, '404']);
        expect((await (await story.person()).call('GET', '/users/me')).status).toBe(200);
      } finally {
        await story.close();
      }
    },
  );

  it('is not there where it is switched off, and neither is any other path', async () => {
    const story = await startStory({}, { DIALECTS: 'ws-rooms' });
    try {
      for (const path of ['/', '/nonsense', '/users/me', '/room', '/room/a/b', '/socket.io', '//', '/%']) {
        const frames = new Frames(story.url + path);
        const status = await new Promise((resolve) =>
          frames.socket.on('unexpected-response', (_, response) => resolve(response.statusCode)),
        );
        expect([path, status]).toEqual([path, 404]);
      }
      const device = await (await story.person()).device();
      expect(device.socket.connected).toBe(true);
    } finally {
      await story.close();
    }
  });
});
