import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Socket } from 'socket.io-client';
import { io as olderIo } from 'socket.io-client-4.5.4';
import { TIMINGS } from '../../src/config/timings.js';
import { Database } from '../../src/database/database.js';
import { browserPath, startBrowser } from '../support/clients/browser.js';
import { type Anything, Device, type Person, request, startStory, type Story } from '../support/story.js';
import { run } from './snippets.js';
import { olderDevice } from './clients.js';

const DIALECT = 'direct-events';

describe('direct-events', () => {
  let story: Story;
  let ada: Person;
  let bob: Person;
  const opened: Device[] = [];
  beforeAll(async () => {
    story = await startStory({ rateLimits: false, timings: { ...TIMINGS, presenceGraceMs: 300 } });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
  });
  afterAll(async () => {
    for (const { socket } of opened) socket.close();
    await story.close();
  });

  const connect = async (person: Person): Promise<Device> => {
    const device = olderDevice(person, DIALECT);
    opened.push(device);
    await device.next('connect');
    return device;
  };
  const shownMessage = (from: Person, to: Person, text: string): Anything => {
    const shown = ({ id, username }: Person): Anything => ({
      _id: id,
      id,
      username,
      displayName: username,
      avatarUrl: null,
    });
    return {
      ...{ _id: expect.any(String), id: expect.any(String), senderId: from.id, receiverId: to.id, text, file: null },
      ...{ isRead: false, createdAt: expect.any(String), updatedAt: expect.any(String) },
      ...{ sender: shown(from), receiver: shown(to) },
    };
  };

  it('is the document’s own session, as written', async () => {
    // Strangers are not shown what somebody has read before it answers.
    await ada.befriend(bob);
    const [adas, bobs] = [await connect(ada), await connect(bob)];
    adas.socket.emit('setUserId', ada.id);
    adas.socket.emit('sendMessage', { senderId: ada.id, receiverId: bob.id, text: 'Hello!', file: null });
    const received = await bobs.next('receiveMessage');
    expect(received).toEqual(shownMessage(ada, bob, 'Hello!'));
    expect(await adas.next('messageSent')).toEqual(received);
    expect(received._id).toBe(received.id);

    bobs.socket.emit('typing', { receiverId: ada.id, isTyping: true });
    expect(await adas.next('userTyping')).toEqual({ userId: bob.id, isTyping: true });
    bobs.socket.emit('typing', { receiverId: ada.id, isTyping: false });
    expect(await adas.next('userTyping')).toEqual({ userId: bob.id, isTyping: false });

    bobs.socket.emit('messageRead', { messageId: received._id });
    expect(await adas.next('messageRead')).toEqual({
      messageId: received._id,
      readerId: bob.id,
      readAt: expect.any(String),
    });

    adas.socket.emit('getChatHistory', { userId1: ada.id, userId2: bob.id, limit: 50, skip: 0 });
    expect(await adas.next('chatHistory')).toEqual([{ ...received, isRead: true }]);
    adas.socket.emit('getChatHistory', { otherUserId: bob.id });
    expect(await adas.next('chatHistory')).toHaveLength(1);
  });

  it('says that what somebody answers was read, once', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const [cys, dans] = [await connect(cy), await connect(dan)];
    const sendText = async (device: Device, receiver: Person, text: string): Promise<Anything> => {
      device.socket.emit('sendMessage', { receiverId: receiver.id, text });
      return device.next('messageSent', (message) => message.text === text);
    };
    await sendText(cys, dan, 'one');
    const two = await sendText(cys, dan, 'two');
    // Strangers: until it answers, nobody is shown what it read.
    const answer = await sendText(dans, cy, 'answer');
    const readBy = { readerId: dan.id, readAt: expect.any(String) };
    expect(await cys.next('messageRead')).toEqual({ ...readBy, messageId: two._id, readAt: answer.createdAt });
    const three = await sendText(cys, dan, 'three');
    dans.socket.emit('messageRead', { messageId: three._id });
    expect(await cys.next('messageRead')).toEqual({ ...readBy, messageId: three._id });
    for (const text of ['again', 'and again']) await sendText(dans, cy, text);
    await cys.next('receiveMessage', (message) => message.text === 'and again');
    expect(cys.all('messageRead').map(({ messageId }) => messageId)).toEqual([two._id, three._id]);
  });

  it.each([10_001, 1_000_000, '10001', -1, 'x'])('passes over at most 10,000 messages, not %p', async (skip) => {
    const device = await connect(ada);
    const ask = (skip: unknown): Promise<Anything> =>
      new Promise((answered) =>
        device.socket.emit('getChatHistory', { otherUserId: bob.id, limit: 1, skip }, answered),
      );
    expect(await ask(skip)).toMatchObject({ success: false, code: 'VALIDATION_FAILED' });
    expect(await ask(10_000)).toMatchObject({ success: true, messages: [] });
  });

  it('says who comes and goes, once for all devices', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const early = await connect(dan);
    await cy.send(await cy.directConversation(dan), 'hello');
    const ofCy = ({ userId }: Anything): boolean => userId === cy.id;
    // Shown to dan from its first message on.
    expect(await early.next('userOnline', ofCy)).toEqual({ userId: cy.id, isOnline: false });
    const dans = await connect(dan);
    const [one, two] = [await connect(cy), await connect(cy)];
    expect(await dans.next('userOnline', ofCy)).toEqual({ userId: cy.id, isOnline: true });
    one.socket.close();
    two.socket.close();
    expect(await dans.next('userOnline', ofCy)).toEqual({ userId: cy.id, isOnline: false });
    expect(dans.all('userOnline')).toHaveLength(2);
  });

  it('shows who types also where the two never wrote', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const [cys, dans] = [await connect(cy), await connect(dan)];
    cys.socket.emit('typing', { receiverId: dan.id, isTyping: true });
    expect(await dans.next('userTyping')).toEqual({ userId: cy.id, isTyping: true });
    await dan.must('POST', '/blocks', { userId: ada.id });
    const adas = await connect(ada);
    adas.socket.emit('typing', { receiverId: dan.id, isTyping: true });
    expect((await adas.next('exception')).code).toBe('CANNOT_MESSAGE');
  });

  it('lets in by token alone, wherever it is, and says otherwise why not', async () => {
    const open = async (options: Anything): Promise<Device> => {
      const device = new Device(
        olderIo(story.url, {
          transports: ['websocket'],
          forceNew: true,
          reconnection: false,
          ...options,
        }) as unknown as Socket,
      );
      opened.push(device);
      await device.nextOf(['connect', 'connect_error']);
      return device;
    };
    const token = ada.accessToken;
    for (const options of [
      { query: { dialect: DIALECT }, auth: { token } },
      { query: { dialect: DIALECT }, auth: { token: `Bearer ${token}` } },
      { query: { dialect: DIALECT, token } },
      { auth: { dialect: DIALECT, token } },
      { query: { dialect: DIALECT }, extraHeaders: { authorization: `Bearer ${token}` } },
      { query: { dialect: DIALECT }, extraHeaders: { cookie: `accessToken=${token}` } },
      { query: { dialect: DIALECT }, transports: ['polling'], auth: { token } },
    ])
      expect((await open(options)).socket.connected).toBe(true);
    for (const options of [
      { query: { dialect: DIALECT } },
      { query: { dialect: DIALECT }, auth: { token: 'nonsense' } },
      {
        query: { dialect: DIALECT },
        extraHeaders: { cookie: `accessToken=${token}`, origin: 'https://evil.example.com' },
      },
    ]) {
      const { connectError } = await open(options);
      expect(connectError?.message).toMatch(/^Unauthorized/);
      expect(connectError?.data).toEqual({ code: 'UNAUTHORIZED' });
    }
    const unknown = await open({ query: { dialect: 'nonsense' }, auth: { token } });
    expect(unknown.connectError?.data).toEqual({ code: 'UNKNOWN_DIALECT' });
  });

  it('speaks for nobody but who is logged in', async () => {
    const cy = await story.person();
    const device = await connect(ada);
    const refused = async (code: string, word = 'exception'): Promise<void> => {
      expect(await device.next(word)).toMatchObject({ error: expect.any(String), code });
    };
    device.socket.emit('setUserId', bob.id);
    await refused('FORBIDDEN');
    device.socket.emit('sendMessage', { senderId: bob.id, receiverId: cy.id, text: 'as bob' });
    await refused('FORBIDDEN', 'messageError');
    device.socket.emit('getChatHistory', { userId1: bob.id, userId2: cy.id });
    await refused('FORBIDDEN');
    device.socket.emit('getChatHistory', { userId1: ada.id, userId2: ada.id });
    await refused('FORBIDDEN');
    const secret = await bob.send(await bob.directConversation(cy), 'secret');
    device.socket.emit('messageRead', { messageId: secret.id });
    await refused('NOT_FOUND');
    expect(await device.ask('messageRead', { messageId: secret.id })).toMatchObject({
      success: false,
      code: 'NOT_FOUND',
    });
    expect(await device.ask('nonsense', {})).toMatchObject({ success: false, code: 'UNKNOWN_EVENT' });
    expect(device.all('messageError')).toHaveLength(1);
    for (const payload of [
      null,
      5,
      [],
      'x',
      { receiverId: 5 },
      { receiverId: cy.id },
      { receiverId: cy.id, text: { a: 1 } },
    ]) {
      device.socket.emit('sendMessage', payload);
      expect(['VALIDATION_FAILED', 'MALFORMED_FRAME']).toContain((await device.next('messageError')).code);
    }
    // It works all the same.
    device.socket.emit('sendMessage', { receiverId: cy.id, text: 'as myself' });
    await device.next('messageSent');
  });

  it('sends a client that waits once for its message nothing else that fails before', async () => {
    const cy = await story.person();
    const device = await connect(cy);
    device.socket.emit('stopTyping', { receiverId: bob.id });
    device.socket.emit('joinRoom', 'a room');
    device.socket.emit('typing', { receiverId: 'nobody', isTyping: false });
    device.socket.emit('getChatHistory', { otherUserId: 'nobody' });
    device.socket.emit('sendMessage', { receiverId: bob.id, text: 'Hello!' });
    const { event, payload } = await device.nextOf(['messageSent', 'messageError']);
    expect([event, payload.text]).toEqual(['messageSent', 'Hello!']);
    expect(device.all('messageError')).toEqual([]);
    expect(device.all('exception').map(({ event: of, code }) => [of, code])).toEqual([
      ['typing', 'VALIDATION_FAILED'],
      ['getChatHistory', 'VALIDATION_FAILED'],
    ]);
  });

  it('answers also an event whose name is a number, and survives thousands', async () => {
    const limited = await startStory();
    try {
      const [cy, dan] = await Promise.all([limited.person(), limited.person()]);
      const device = olderDevice(cy, DIALECT);
      opened.push(device);
      await device.next('connect');
      expect((await device.ask(7 as unknown as string, {})).code).toBe('UNKNOWN_EVENT');
      const own = await dan.device();
      for (const { socket } of [device, own])
        for (let n = 0; n < 6_000; n += 1) socket.emit(7 as unknown as string, {});
      // Several: what may be sent again after the first ones is not enough for all.
      for (let n = 0; n < 20; n += 1) device.socket.emit('sendMessage', { receiverId: dan.id, text: 'too much' });
      await device.next('messageError', ({ code }) => code === 'RATE_LIMITED' || code === 'OVERLOADED');
      await own.next('exception', ({ code }) => code === 'RATE_LIMITED' || code === 'OVERLOADED');
      expect((await (await limited.person()).call('GET', '/users/me')).status).toBe(200);
    } finally {
      await limited.close();
    }
  });

  it('carries files of any kind, by address or upload', async () => {
    const cy = await story.person();
    const device = await connect(cy);
    const sendText = async (file: unknown): Promise<Anything> => {
      device.socket.emit('sendMessage', { receiverId: bob.id, text: '', file });
      return (await device.next('messageSent')).file;
    };
    const file = { url: 'https://files.example.com/a.pdf', type: 'document', name: 'a.pdf', size: 12 };
    expect(await sendText(file)).toEqual(file);
    expect(await sendText({ ...file, type: 'video' })).toEqual({ ...file, type: 'video' });
    const upload = await cy.mustUpload(Buffer.from('notes'), 'notes.txt');
    expect(await sendText({ url: upload.url })).toEqual({
      url: upload.url,
      type: 'document',
      name: 'notes.txt',
      size: 5,
    });
    const whole = await cy.mustUpload(Buffer.from('more'), 'more.txt');
    expect(await sendText(`${story.url}${whole.url}`)).toMatchObject({ url: whole.url, name: 'more.txt', size: 4 });
    // What a message carries by now, or another has uploaded, is forwarded as the URL that it is.
    const others = await bob.mustUpload(Buffer.from('his'), 'his.txt');
    for (const url of [`${story.url}${whole.url}`, `${story.url}${others.url}`])
      expect(await sendText({ url, name: 'again.txt' })).toMatchObject({ url, name: 'again.txt' });
    for (const url of [whole.url, 'javascript:alert(1)']) {
      device.socket.emit('sendMessage', { receiverId: bob.id, text: '', file: { url } });
      expect((await device.next('messageError')).code).toBe('VALIDATION_FAILED');
    }
  });

  it('answers over REST as the document says', async () => {
    const [cy, dan, stranger] = await Promise.all([story.person(), story.person(), story.person()]);
    const device = await connect(cy);
    for (const text of ['one', 'two', 'three']) {
      device.socket.emit('sendMessage', { receiverId: dan.id, text });
      await device.next('messageSent');
    }
    const texts = (messages: Anything[]): string[] => messages.map(({ text }) => text);
    const history = await dan.must('GET', `/api/chats/history/${cy.id}?limit=2&skip=0`);
    expect(Object.keys(history)).toEqual(['success', 'messages', 'hasMore']);
    expect([history.success, texts(history.messages), history.hasMore]).toEqual([true, ['two', 'three'], true]);
    expect(history.messages[0]).toEqual(shownMessage(cy, dan, 'two'));
    const rest = await dan.must('GET', `/api/chats/history/${cy.id}?limit=2&skip=2`);
    expect([texts(rest.messages), rest.hasMore]).toEqual([['one'], false]);
    expect(await dan.must('GET', `/api/chats/history/${stranger.id}`)).toEqual({
      success: true,
      messages: [],
      hasMore: false,
    });

    const mine = await dan.must('GET', '/api/chats/my-chats');
    expect([mine.success, texts(mine.chats)]).toEqual([true, ['three', 'two', 'one']]);
    const { success, conversations } = await dan.must('GET', '/api/chats/conversations');
    expect([success, conversations.length]).toEqual([true, 1]);
    expect(conversations[0]).toMatchObject({ user: { _id: cy.id }, lastMessage: { text: 'three' }, unreadCount: 3 });

    const [, , last] = history.messages.length === 2 ? [0, 0, history.messages[1]] : [];
    const refusals: [Person, string, number, string][] = [
      [dan, last._id, 403, 'FORBIDDEN'],
      [stranger, last._id, 404, 'NOT_FOUND'],
      [cy, randomUUID(), 404, 'NOT_FOUND'],
      [cy, 'nonsense', 404, 'NOT_FOUND'],
    ];
    for (const [person, id, status, code] of refusals) {
      const answer = await person.call('DELETE', `/api/chats/${id}`);
      expect([answer.status, answer.body]).toEqual([
        status,
        { success: false, code, error: expect.any(String), message: expect.any(String) },
      ]);
    }
    const deleted = await cy.call('DELETE', `/api/chats/${last._id}`);
    expect([deleted.status, deleted.body]).toEqual([200, { success: true }]);
    expect(texts((await dan.must('GET', '/api/chats/my-chats')).chats)).toEqual(['two', 'one']);
    for (const path of ['my-chats', 'conversations', `history/${cy.id}`])
      expect((await request(story.url, 'GET', `/api/chats/${path}`)).status).toBe(401);
    const readWithin = jest.spyOn(story.app.get(Database).reads, 'readWithin');
    expect((await dan.must('GET', '/api/chats/my-chats?skip=2000')).chats).toEqual([]);
    expect(readWithin).toHaveBeenCalledWith(2_000, expect.any(Function));
    readWithin.mockRestore();
    for (const query of ['limit=0', 'limit=x', 'skip=-1', 'skip=2001', 'limit=101', 'nonsense=1'])
      expect((await dan.call('GET', `/api/chats/my-chats?${query}`)).body).toMatchObject({
        success: false,
        code: 'VALIDATION_FAILED',
      });
  });
});

// The documents' examples name no dialect: their server has one.
describe('direct-events as the dialect of a server', () => {
  let story: Story;
  let ada: Person;
  let bob: Person;
  let bobs: Device;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false }, { SOCKET_DIALECT: DIALECT });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    bobs = olderDevice(bob, DIALECT);
    await bobs.next('connect');
  });
  afterAll(async () => {
    bobs.socket.close();
    await story.close();
  });

  it('runs the React example', async () => {
    const code = `
import { io } from 'socket.io-client';

const socket = io('${story.url}?token=${ada.accessToken}');

useEffect(() => {
  socket.on('connect', () => {
    socket.emit('setUserId', userId);
  });
  
  socket.on('receiveMessage', (data) => {
    setMessages(prev => [...prev, data]);
  });
  
  return () => socket.disconnect();
}, []);

const sendMessage = (receiverId, text) => {
  socket.emit('sendMessage', {
    senderId: userId,
    receiverId,
    text
  });
};
`;
    const ends: (() => void)[] = [];
    let messages: Anything[] = [];
    let received: (() => void) | undefined;
    const [send] = (await run(
      code,
      {
        io: olderIo,
        userId: ada.id,
        useEffect: (effect: () => () => void) => ends.push(effect()),
        setMessages: (change: (before: Anything[]) => Anything[]) => {
          messages = change(messages);
          received?.();
        },
      },
      'sendMessage',
    )) as [(receiverId: string, text: string) => void];
    send(bob.id, 'from React');
    expect(await bobs.next('receiveMessage')).toMatchObject({ senderId: ada.id, text: 'from React' });
    const answered = new Promise<void>((resolve) => (received = resolve));
    bobs.socket.emit('sendMessage', { senderId: bob.id, receiverId: ada.id, text: 'to React' });
    await answered;
    expect(messages).toMatchObject([{ senderId: bob.id, text: 'to React' }]);
    for (const end of ends) end();
  });

  (browserPath === undefined ? describe.skip : describe)('in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startBrowser();
    });
    afterAll(() => browser.close());

    it('runs the HTML example', async () => {
      const page = await browser.newPage();
      const client = join(
        dirname(createRequire(import.meta.url).resolve('socket.io-client-4.5.4/package.json')),
        'dist/socket.io.min.js',
      );
      await page.route('https://cdn.socket.io/4.5.4/socket.io.min.js', (route) =>
        route.fulfill({ contentType: 'text/javascript', body: readFileSync(client, 'utf8') }),
      );
      const html = `<!doctype html><ul id="list"></ul>
<script>
  const currentUserId = '${ada.id}';
  const displayMessage = (data) => document.getElementById('list').append(data.text);
</script>
<script src="https://cdn.socket.io/4.5.4/socket.io.min.js"></script>
<script>
  const socket = io('${story.url}?token=${ada.accessToken}');
  
  socket.on('connect', () => {
    socket.emit('setUserId', currentUserId);
  });
  
  socket.on('receiveMessage', (data) => {
    displayMessage(data);
  });
  
  function sendMessage(receiverId, text) {
    socket.emit('sendMessage', {
      senderId: currentUserId,
      receiverId: receiverId,
      text: text
    });
  }
</script>`;
      await page.route(`${story.url}/example.html`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
      await page.goto(`${story.url}/example.html`);
      await page.evaluate(`sendMessage('${bob.id}', 'from HTML')`);
      expect(await bobs.next('receiveMessage')).toMatchObject({ senderId: ada.id, text: 'from HTML' });
      bobs.socket.emit('sendMessage', { senderId: bob.id, receiverId: ada.id, text: 'to HTML' });
      await page.locator('#list', { hasText: 'to HTML' }).waitFor();
      await page.close();
    });

    it('has the test page, which does what the document says', async () => {
      const open = async (person: Person): Promise<Page> => {
        const page = await browser.newPage();
        const failures: string[] = [];
        page.on('pageerror', (error) => failures.push(error.message));
        page.on('requestfailed', (failed) => failures.push(failed.url()));
        await page.goto(`${story.url}/compat/direct-events.html`);
        await page.fill('#token', person.accessToken);
        await page.fill('#userId', person.id);
        await page.click('#connect');
        await page.locator('#status[data-state=connected]').waitFor();
        expect(failures).toEqual([]);
        return page;
      };
      const cy = await story.person('cy');
      await ada.befriend(cy);
      const [adas, cys] = [await open(ada), await open(cy)];
      await adas.fill('#receiverId', cy.id);
      await adas.fill('#message', 'through the page');
      await adas.click('#send');
      await cys.locator('#messages li', { hasText: 'through the page' }).waitFor();
      await adas.locator('#messages li.own', { hasText: 'through the page' }).waitFor();
      await cys.fill('#receiverId', ada.id);
      // It is shown for some seconds alone.
      const typing = adas.locator('#typing', { hasText: 'is typing' }).waitFor();
      await cys.fill('#message', 'typing');
      await typing;
      await cys.click('#read');
      await adas.locator('#log', { hasText: 'messageRead' }).waitFor();
      await adas.reload();
      await adas.fill('#token', ada.accessToken);
      await adas.fill('#userId', ada.id);
      await adas.click('#connect');
      await adas.locator('#status[data-state=connected]').waitFor();
      await adas.fill('#receiverId', cy.id);
      await adas.click('#history');
      await adas.locator('#messages li.own', { hasText: 'through the page' }).waitFor();
      await adas.fill('#token', 'nonsense');
      await adas.click('#connect');
      await adas.locator('#status[data-state=refused]', { hasText: 'Unauthorized' }).waitFor();
    });
  });
});
