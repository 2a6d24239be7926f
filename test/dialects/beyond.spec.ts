import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Mailbox } from '../support/servers/mailbox.js';
import { Device, type Person, request, startStory, type Story } from '../support/story.js';
import { Frames } from './frames.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

/** What public clients of each family do beyond their document, as docs/protocol/ says that it works here or does not. */
describe('clients of the older documents, beyond what those say', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  const opened: { socket: { close(): unknown } }[] = [];

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = [await story.person('ada'), await story.person('bob')];
  });
  afterAll(async () => {
    for (const { socket } of opened) socket.close();
    await story.close();
  });

  const frames = (path: string): Frames => {
    const made = new Frames(story.url + path);
    opened.push(made);
    return made;
  };
  const device = (auth: Record<string, unknown>, options?: Record<string, unknown>): Device => {
    const made = new Device(story.url, auth, options);
    opened.push(made);
    return made;
  };
  const statusOf = async (method: string, path: string, body?: unknown): Promise<number> =>
    (await ada.call(method, path, body)).status;

  describe('ws-events', () => {
    it('is asked for the list at the same time as the token, and names people as clients read them', async () => {
      await bob.send(await bob.directConversation(ada), 'before');
      const adas = frames('/');
      adas.send({ event: 'authenticate', token: ada.accessToken });
      adas.send({ event: 'messageList' });
      const { data } = await adas.next(({ event }) => event === 'messageList');
      expect(data).toMatchObject([
        { user: { id: bob.id, fullName: bob.username, profileImage: null }, lastMessage: { message: 'before' } },
      ]);
    });

    it('passes over groups, calls and presence lists that it does not have', async () => {
      const adas = frames('/');
      adas.send({ event: 'authenticate', token: ada.accessToken });
      for (const event of [
        'onlineUsers',
        'project',
        'groupMessage',
        'fetchGroupMessages',
        'initiateCall',
        'answerCall',
      ])
        adas.send({ event, receiverId: bob.id, groupId: '1', callId: '1' });
      adas.send({ event: 'fetchChats', receiverId: bob.id });
      // A list, as the document has it; clients that look for `data.chats` see none.
      expect((await adas.next(({ event }) => event === 'fetchChats')).data).toHaveLength(1);
      expect(adas.received.filter(({ event }) => event === 'error')).toEqual([]);
    });
  });

  describe('direct-events', () => {
    const connect = async (): Promise<Device> => {
      const made = device({ token: ada.accessToken, dialect: 'direct-events' });
      await made.next('connect');
      return made;
    };

    it('asks for history by the other side alone, and types without saying whether', async () => {
      const adas = await connect();
      adas.socket.emit('getChatHistory', { otherUserId: bob.id, limit: 50, skip: 0 });
      expect(await adas.next('chatHistory')).toEqual(expect.any(Array));
      expect(await adas.ask('typing', { receiverId: bob.id })).toEqual({ success: true });
    });

    it.each([
      ['join', 'ada'],
      ['userConnected', 'ada'],
      ['joinRoom', 'a room'],
      ['stopTyping', { receiverId: 'x' }],
      ['getMyChats', undefined],
      ['markAsRead', { messageId: 'x' }],
    ])('passes over %s', async (event, payload) => {
      const adas = await connect();
      adas.socket.emit(event, payload);
      expect(await adas.ask(event, payload)).toMatchObject({ success: false, code: 'UNKNOWN_EVENT' });
      expect(adas.received.map(({ event: name }) => name).filter((name) => /error|exception/i.test(name))).toEqual([]);
    });

    it.each<[unknown, string]>([
      [{ chatId: 'x' }, 'VALIDATION_FAILED'],
      [{ userId: 'x', receiverId: 'y' }, 'VALIDATION_FAILED'],
      [NOBODY, 'MALFORMED_FRAME'],
    ])('does not know whose history is asked for by %j', async (payload, code) => {
      const adas = await connect();
      adas.socket.emit('getChatHistory', payload);
      expect(await adas.next('exception')).toMatchObject({ event: 'getChatHistory', code });
    });

    it.each([
      ['message', { message: 'Hello!' }],
      ['content', { content: 'Hello!' }],
    ])('does not take the text of a message from %s', async (_, text) => {
      const adas = await connect();
      adas.socket.emit('sendMessage', { receiverId: bob.id, ...text });
      expect((await adas.next('messageError')).code).toBe('VALIDATION_FAILED');
    });

    it('lets nobody in by a user id alone, and has no other paths', async () => {
      const nobody = device({}, { query: { dialect: 'direct-events', userId: ada.id } });
      await nobody.next('connect_error');
      expect(nobody.connectError?.message).toMatch(/^Unauthorized/);
      expect((await ada.must('GET', '/api/chats/my-chats')).chats).toEqual(expect.any(Array));
      for (const path of ['/api/chats', '/api/chats/create-private'])
        expect(await statusOf('POST', path, { otherUserId: bob.id })).toBe(404);
    });
  });

  describe('ws-rooms', () => {
    it('registers, verifies with a field more, finds itself again by its cookie and refreshes by it', async () => {
      const mailbox = await Mailbox.open();
      const verifying = await startStory(
        { databaseUrl: story.databaseUrl },
        { SMTP_URL: mailbox.url, MAIL_FROM: 'Chat <chat@example.com>' },
      );
      try {
        const email = `cy_${randomUUID().slice(0, 8)}@example.com`;
        const post = (path: string, body: unknown, cookie = ''): Promise<Response> =>
          fetch(verifying.url + path, {
            method: 'POST',
            headers: { 'content-type': 'application/json', cookie },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
        expect((await post('/auth/register', { email, password: 'correct horse' })).status).toBe(201);
        const otp = await mailbox.nextCode(email);
        const verified = await post('/auth/verify-otp', { email, otp, verifyingFor: 'signup' });
        expect(verified.status).toBe(200);
        const cookie = verified.headers.getSetCookie().map((set) => set.split(';', 1)[0]);
        const profile = await fetch(`${verifying.url}/auth/profile`, { headers: { cookie: cookie.join('; ') } });
        expect([profile.status, await profile.json()]).toEqual([
          200,
          { user: { id: expect.any(String), email, createdAt: expect.any(String) } },
        ]);
        expect((await fetch(`${verifying.url}/auth/profile`)).status).toBe(401);
        expect((await post('/auth/refresh', undefined, cookie.join('; '))).status).toBe(200);
      } finally {
        await verifying.close();
        await mailbox.close();
      }
    });

    it('lists a room once there is a message to show', async () => {
      const cy = await story.person();
      const rooms = frames(`/rooms?token=${ada.accessToken}`);
      await rooms.next(({ type }) => type === 'ROOMS_LIST');
      const { id } = await cy.must('POST', '/msg/room', { otherUserId: ada.id });
      await cy.send(id, 'Hello!');
      const { data } = await rooms.next(({ type }) => type === 'ROOM_UPDATE');
      // Clients read the time of the last message without looking whether there is one.
      expect(data).toMatchObject({ roomId: id, lastMessage: { content: 'Hello!', createdAt: expect.any(String) } });
    });

    it('shows nobody the addresses of others', async () => {
      const { data } = await frames(`/users?token=${ada.accessToken}`).next(({ type }) => type === 'ALL_USERS');
      expect(Object.keys(data[0]).sort()).toEqual(['displayName', 'id', 'isOnline', 'username']);
    });

    it('cannot open a room by a number, nor reset a password in the old way', async () => {
      expect(await statusOf('POST', '/msg/room', { otherUserId: 7 })).toBe(400);
      expect(await statusOf('POST', '/auth/reset-password', { email: ada.email })).toBe(400);
      expect(await statusOf('POST', '/auth/set-new-password', { email: ada.email })).toBe(404);
    });
  });

  describe('namespaced-events', () => {
    const connect = async (person: Person): Promise<Device> => {
      const made = device({ token: person.accessToken, dialect: 'namespaced-events' });
      await made.next('connect');
      return made;
    };

    it('filters by a session id that both sides know, and shows a sender', async () => {
      const [adas, bobs] = [await connect(ada), await connect(bob)];
      adas.socket.emit('status:request');
      expect((await adas.next('users:online')).userIds).toContain(ada.id);
      adas.socket.emit('message:send', { content: 'Hi', recipientId: bob.id, sessionId: 'session-1' });
      expect(await bobs.next('message:receive')).toMatchObject({
        sessionId: 'session-1',
        sender: { id: ada.id, name: ada.username, image: null },
      });
    });

    it.each(['typing:start', 'typing:stop', 'message:read', 'message:delivered', 'conversation:join'])(
      'passes over %s',
      async (event) => {
        const adas = await connect(ada);
        adas.socket.emit(event, { recipientId: bob.id });
        expect(await adas.ask(event, {})).toMatchObject({ success: false, code: 'UNKNOWN_EVENT' });
        expect(adas.all('message:error')).toEqual([]);
      },
    );

    it.each([
      ['POST', '/api/sessions'],
      ['GET', '/api/sessions'],
      ['GET', '/api/sessions/1?page=1&limit=50'],
      ['GET', '/api/users'],
      ['POST', '/api/ai/chat'],
    ])('does not have the REST of the app around it: %s %s', async (method, path) => {
      expect(await statusOf(method, path, method === 'POST' ? {} : undefined)).toBe(404);
    });
  });

  describe('the document that Parley follows', () => {
    it('names a conversation by its bare id, and takes a new token before it connects again', async () => {
      const conversationId = await ada.directConversation(bob);
      const adas = device({ token: 'old' });
      await adas.next('connect_error');
      adas.socket.auth = { token: ada.accessToken };
      adas.socket.connect();
      await adas.next('session:ready');
      expect((await adas.must('join_conversation', conversationId)).conversation.id).toBe(conversationId);
    });

    it.each<[string, unknown[], string]>([
      ['typing_start', [{ conversationId: 'x' }], 'UNKNOWN_EVENT'],
      ['typing_stop', [{ conversationId: 'x' }], 'UNKNOWN_EVENT'],
      ['message_read', [{ conversationId: 'x' }], 'UNKNOWN_EVENT'],
      ['mark_as_read', [{ conversationId: 'x' }], 'UNKNOWN_EVENT'],
      ['typing', [{ conversationId: NOBODY }], 'VALIDATION_FAILED'],
      ['join_conversation', [{ conversation_id: NOBODY }], 'VALIDATION_FAILED'],
      ['send_message', [{ conversationId: NOBODY, content: 'Hi', messageType: 'text' }], 'VALIDATION_FAILED'],
      ['send_message', [{ conversationId: NOBODY, content: 'Hi', tempId: '1' }], 'VALIDATION_FAILED'],
      ['edit_message', [NOBODY, 'the text'], 'VALIDATION_FAILED'],
    ])('is sent by exception that %s %j is not understood', async (event, parameters, code) => {
      const adas = await ada.device();
      adas.socket.emit(event, ...parameters);
      expect(await adas.next('exception')).toMatchObject({ event, code });
    });

    it('has no prefix before its paths, and lets nobody in by a user id alone', async () => {
      const login = { email: ada.email, password: 'correct horse' };
      expect((await request(story.url, 'POST', '/auth/login', login)).status).toBe(200);
      expect((await request(story.url, 'POST', '/api/auth/login', login)).status).toBe(404);
      const nobody = device({}, { query: { userId: ada.id } });
      expect(await nobody.next('connect_error')).toEqual({ code: 'UNAUTHORIZED' });
    });
  });
});
