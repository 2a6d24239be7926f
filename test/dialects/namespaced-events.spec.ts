import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io-client';
import { io as olderIo } from 'socket.io-client-4.5.4';
import { DomainError } from '../../src/common/errors.js';
import { TIMINGS } from '../../src/config/timings.js';
import { MessageSender } from '../../src/messages/sending/message-sender.js';
import { DialectAnnouncements } from '../../src/realtime/commands/dialect-announcements.js';
import { type Anything, Device, type Person, startStory, type Story, until } from '../support/story.js';
import { run } from './snippets.js';

describe('namespaced-events', () => {
  let story: Story;
  let ada: Person;
  let bob: Person;
  const opened: Device[] = [];
  beforeAll(async () => {
    // Its clients name no dialect.
    story = await startStory(
      { rateLimits: false, timings: { ...TIMINGS, presenceGraceMs: 300 } },
      { SOCKET_DIALECT: 'namespaced-events' },
    );
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
  });
  afterAll(async () => {
    for (const { socket } of opened) socket.close();
    await story.close();
  });

  const connect = (auth: object): Device => {
    const device = new Device(olderIo(story.url, { auth, forceNew: true, reconnection: false }) as unknown as Socket);
    opened.push(device);
    return device;
  };

  it('sends for nobody but who is logged in', async () => {
    const [device, cy] = [connect({ token: ada.accessToken }), await story.person()];
    const message = { recipientId: cy.id, content: 'Hello!' };
    const asBob = await device.ask('message:send', { ...message, senderId: bob.id });
    expect(asBob).toMatchObject({ success: false, code: 'FORBIDDEN' });
    expect(await device.ask('message:send', { ...message, senderId: ada.id })).toMatchObject({ success: true });
    device.socket.close();
  });

  it('runs the document’s example', async () => {
    const bobs = connect({ token: bob.accessToken });
    await bobs.next('users:online');
    const code = `
import { io } from "socket.io-client"

const socket = io("${story.url.replace('http', 'ws')}", {
  auth: {
    token: "${ada.accessToken}"
  }
})

// Listen for connection
socket.on("connect", () => {
  console.log("Connected to WebSocket server")
})

// Send a message
socket.emit("message:send", {
  recipientId: "${bob.id}",
  content: "Hello!",
  sessionId: "optional-session-id"
})

// Receive messages
socket.on("message:receive", (message) => {
  console.log("New message:", message)
})

// Listen for online status updates
socket.on("user:online", ({ userId }) => {
  console.log(\`User \${userId} is now online\`)
})

socket.on("user:offline", ({ userId }) => {
  console.log(\`User \${userId} is now offline\`)
})
`;
    const lines: unknown[][] = [];
    const [socket] = (await run(
      code,
      { io: olderIo, console: { log: (...words: unknown[]) => lines.push(words) } },
      'socket',
    )) as [Socket];
    const adas = new Device(socket);
    opened.push(adas);
    const shown = ({ id, username }: Person) => expect.objectContaining({ id, username });
    const received = await bobs.next('message:receive');
    expect(received).toEqual({
      ...{ id: expect.any(String), content: 'Hello!', senderId: ada.id, recipientId: bob.id },
      ...{ sessionId: 'optional-session-id', sender: shown(ada), recipient: shown(bob), createdAt: expect.any(String) },
    });
    expect(await adas.next('message:sent')).toEqual(received);
    bobs.socket.emit('message:send', { recipientId: ada.id, content: 'Hello to you' });
    await until('it is shown', () => lines.some(([word]) => word === 'New message:'));
    expect(lines[0]).toEqual(['Connected to WebSocket server']);
    expect(lines.find(([word]) => word === 'New message:')?.[1]).toMatchObject({
      content: 'Hello to you',
      sessionId: null,
    });
    await bobs.next('user:online', ({ userId }) => userId === ada.id);
    bobs.socket.emit('status:request');
    expect((await bobs.next('users:online')).userIds.toSorted()).toEqual([ada.id, bob.id].toSorted());
    socket.close();
    expect(await bobs.next('user:offline', ({ userId }) => userId === ada.id)).toEqual({ userId: ada.id });
  });

  it('says why somebody is kept out', async () => {
    for (const auth of [{}, { token: 'nonsense' }, { token: 5 }]) {
      const device = connect(auth);
      await device.next('connect_error');
      expect(device.connectError?.message).toMatch(/^Authentication error: ./);
    }
  });

  it('refuses what is wrong, and shows no stranger', async () => {
    const [cy, stranger] = await Promise.all([story.person(), story.person()]);
    const device = connect({ token: cy.accessToken });
    expect((await device.next('users:online')).userIds).not.toContain(stranger.id);
    const wrong: [string, unknown, string][] = [
      ['message:send', {}, 'VALIDATION_FAILED'],
      ['message:send', null, 'MALFORMED_FRAME'],
      ['message:send', { recipientId: bob.id }, 'VALIDATION_FAILED'],
      ['message:send', { recipientId: bob.id, content: ' ' }, 'VALIDATION_FAILED'],
      ['message:send', { recipientId: bob.id, content: 'x', sessionId: { a: 1 } }, 'VALIDATION_FAILED'],
      ['message:send', { recipientId: cy.id, content: 'x' }, 'CANNOT_MESSAGE_SELF'],
      ['message:send', { recipientId: randomUUID(), content: 'x' }, 'NOT_FOUND'],
    ];
    for (const [event, payload, code] of wrong) {
      device.socket.emit(event, payload);
      expect(await device.next('message:error')).toMatchObject({
        code,
        error: expect.any(String),
        message: expect.any(String),
      });
    }
    // Nothing of Parley's own words reaches it.
    await stranger.send(await stranger.directConversation(cy), 'hello');
    await device.next('message:receive');
    const words = new Set(device.received.map(({ event }) => event));
    for (const word of ['session:ready', 'message:new', 'conversation:new', 'exception'])
      expect(words).not.toContain(word);
  });

  it('sends a client that waits once for its message nothing else that fails before', async () => {
    const cy = await story.person();
    const device = connect({ token: cy.accessToken });
    await device.next('users:online');
    // As clients do that know typing: they stop it when they send.
    device.socket.emit('typing:stop', { recipientId: bob.id });
    device.socket.emit('send_message', { receiverId: bob.id, content: 'x' });
    device.socket.emit('constructor', {});
    device.socket.emit('message:send', { recipientId: bob.id, content: 'Hello!' });
    const { event, payload } = await device.nextOf(['message:sent', 'message:error']);
    expect([event, payload.content]).toEqual(['message:sent', 'Hello!']);
    for (const name of ['message:error', 'exception']) expect(device.all(name)).toEqual([]);
    // A client that asks is answered.
    expect(await device.ask('typing:stop', {})).toMatchObject({ success: false, code: 'UNKNOWN_EVENT' });
    expect(device.all('message:error')).toEqual([]);
  });

  it('passes a session id on with its own message alone', async () => {
    const [device, bobs] = [connect({ token: ada.accessToken }), connect({ token: bob.accessToken })];
    await Promise.all([device.next('users:online'), bobs.next('users:online')]);
    const clientId = randomUUID();
    await device.ask('message:send', { recipientId: bob.id, content: 'mine', sessionId: 'x1', clientId });
    await bobs.ask('message:send', { recipientId: ada.id, content: 'theirs', clientId });
    expect((await bobs.next('message:receive', ({ content }) => content === 'mine')).sessionId).toBe('x1');
    expect((await device.next('message:receive', ({ content }) => content === 'theirs')).sessionId).toBeNull();
  });

  it('announces a session id to other processes of a message alone that is stored, or may be', async () => {
    const device = connect({ token: ada.accessToken });
    await device.next('users:online');
    const announcing = jest.spyOn(story.app.get(DialectAnnouncements), 'announce');
    const storing = jest.spyOn(story.app.get(MessageSender), 'store');
    const send = (content: string, sessionId: string): Promise<Anything> =>
      device.ask('message:send', { recipientId: bob.id, content, sessionId });
    try {
      expect(await send('', 'refused')).toMatchObject({ success: false, code: 'VALIDATION_FAILED' });
      storing.mockRejectedValueOnce(new DomainError('UNAVAILABLE'));
      expect(await send('maybe stored', 'unknown')).toMatchObject({ success: false, code: 'UNAVAILABLE' });
      expect(await send('stored', 'known')).toMatchObject({ success: true });
      expect(announcing.mock.calls.map(([, , { note }]: Anything) => note)).toEqual(['unknown', 'known']);
      expect(await device.next('message:sent', ({ content }) => content === 'stored')).toMatchObject({
        sessionId: 'known',
      });
    } finally {
      for (const spy of [announcing, storing]) spy.mockRestore();
    }
  });

  it('sends once what is sent twice under one id', async () => {
    const [device, bobs] = [connect({ token: ada.accessToken }), connect({ token: bob.accessToken })];
    await bobs.next('users:online');
    const message = { recipientId: bob.id, content: 'once', clientId: randomUUID() };
    const answers = await Promise.all([device.ask('message:send', message), device.ask('message:send', message)]);
    expect(answers[0]).toEqual(answers[1]);
    await device.must('message:send', { recipientId: bob.id, content: 'then' }).catch(() => undefined);
    await bobs.next('message:receive', ({ content }) => content === 'then');
    expect(bobs.all('message:receive').filter(({ content }) => content === 'once')).toHaveLength(1);
  });

  it('answers a message that was deleted meanwhile without what it said', async () => {
    const device = connect({ token: ada.accessToken });
    await device.next('users:online');
    const message = { recipientId: bob.id, content: 'to be deleted', clientId: randomUUID() };
    device.socket.emit('message:send', message);
    const { id } = await device.next('message:sent', ({ content }) => content === 'to be deleted');
    await ada.must('DELETE', `/messages/${id}`);
    device.socket.emit('message:send', message);
    const answer = await device.nextOf(['message:sent', 'message:error']);
    expect([answer.event, answer.payload.id, answer.payload.content]).toEqual(['message:sent', id, '']);
  });
});
