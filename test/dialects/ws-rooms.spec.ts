import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { Clock } from '../../src/common/clock.js';
import { ChatQueries } from '../../src/realtime/commands/chat-queries.js';
import { DeliveryTurns } from '../../src/realtime/delivery/delivery-turns.js';
import { holdCalls } from '../support/clients/held-calls.js';
import { type Anything, type Person, request, startStory, type Story, until } from '../support/story.js';
import { Frames } from './frames.js';
import { run } from './snippets.js';

describe('ws-rooms', () => {
  let story: Story;
  let ada: Person;
  let bob: Person;
  const opened: Frames[] = [];
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
  });
  afterAll(async () => {
    for (const { socket } of opened) socket.terminate();
    await story.close();
  });

  const connect = (path: string, headers: Record<string, string> = {}): Frames => {
    const frames = new Frames(story.url + path, headers);
    opened.push(frames);
    return frames;
  };
  const room = async (from: Person, to: Person): Promise<Anything> =>
    from.must('POST', '/msg/room', { otherUserId: to.id });

  it('sends for nobody but who is logged in', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const { id, token } = await room(cy, dan);
    const [frames, dans] = [connect(`/room/${id}?token=${token}`), connect(`/room/${id}?token=${dan.accessToken}`)];
    await Promise.all([frames.open(), dans.open()]);
    frames.send({ senderId: dan.id, content: 'as dan' });
    expect(await frames.type('ERROR')).toMatchObject({ code: 'FORBIDDEN' });
    frames.send({ senderId: cy.id, content: 'as cy' });
    expect((await dans.type('NEW_MESSAGE')).data).toMatchObject({ senderId: cy.id, content: 'as cy' });
  });

  it('is the document’s own session, as written', async () => {
    const [low, high] = [ada.id, bob.id].toSorted();
    const created = await ada.call('POST', '/msg/room', { otherUserId: bob.id });
    expect([created.status, created.body]).toEqual([
      201,
      { id: expect.any(String), user1Id: low, user2Id: high, createdAt: expect.any(String), token: expect.any(String) },
    ]);
    const { id, token } = created.body;
    expect((await bob.call('POST', '/msg/room', { otherUserId: ada.id })).body.id).toBe(id);
    const [adas, adasOther, bobs] = [
      connect(`/room/${id}?token=${token}`),
      connect(`/room/${id}?token=${token}`),
      connect(`/room/${id}?token=${bob.accessToken}`),
    ];
    await Promise.all([adasOther.open(), bobs.open()]);
    const [list, rooms] = [connect(`/users?token=${token}`), connect(`/rooms?token=${bob.accessToken}`)];
    expect((await rooms.type('ROOMS_LIST')).data).toMatchObject([{ id, user1Id: low, user2Id: high, messages: [] }]);
    const users = (await list.type('ALL_USERS')).data;
    const shownBob = users.find((user: Anything) => user.id === bob.id);
    expect(shownBob).toEqual({
      id: bob.id,
      username: bob.username,
      displayName: bob.username,
      isOnline: expect.any(Boolean),
    });
    expect(JSON.stringify(users)).not.toContain('@');

    adas.send(JSON.stringify({ content: 'Hello world' }));
    const message = await bobs.type('NEW_MESSAGE');
    expect(message).toEqual({
      type: 'NEW_MESSAGE',
      data: {
        id: expect.any(String),
        roomId: id,
        content: 'Hello world',
        senderId: ada.id,
        createdAt: expect.any(String),
      },
    });
    expect(await adasOther.type('NEW_MESSAGE')).toEqual(message);
    expect(await rooms.type('ROOM_UPDATE')).toEqual({
      type: 'ROOM_UPDATE',
      data: { roomId: id, lastMessage: message.data },
    });
    bobs.send({ content: 'Hello to you' });
    await adas.type('NEW_MESSAGE', ({ data }) => data.content === 'Hello to you');
    // Not the one that sent it.
    expect(adas.received.filter(({ type }) => type === 'NEW_MESSAGE').map(({ data }) => data.content)).toEqual([
      'Hello to you',
    ]);

    expect(await bob.must('GET', `/msg/room/${id}/messages`)).toEqual([
      message.data,
      {
        ...message.data,
        id: expect.any(String),
        content: 'Hello to you',
        senderId: bob.id,
        createdAt: expect.any(String),
      },
    ]);
    for (const path of ['/msg/room', '/msg/rooms']) {
      const answer = await ada.must('GET', path);
      expect(answer).toMatchObject({
        rooms: [{ id, messages: [{ content: 'Hello to you' }] }],
        token: expect.any(String),
      });
      expect((await request(story.url, 'GET', '/users/me', undefined, answer.token)).body.id).toBe(ada.id);
    }
  });

  it('runs the React example', async () => {
    const { id } = await room(ada, bob);
    const bobs = await connect(`/room/${id}?token=${bob.accessToken}`).open();
    const code = `
// 1. Fetch Rooms & Token
const res = await fetch('/msg/room');
const { rooms, token } = await res.json();

// 2. Connect to WebSocket
const ws = new WebSocket(\`${story.url.replace('http', 'ws')}/room/\${rooms[0].id}?token=\${token}\`);

ws.onopen = () => {
  console.log('Connected!');
  // 3. Send Message
  ws.send(JSON.stringify({ content: "Hello!" }));
};

ws.onmessage = (event) => {
  const msg = JSON.parse(event.data);
  if (msg.type === 'NEW_MESSAGE') {
    console.log('New message from others:', msg.data.content);
  }
};
`;
    const lines: string[] = [];
    let said = (): void => undefined;
    const [ws] = (await run(
      code,
      {
        WebSocket,
        // As a browser on the same origin does.
        fetch: (path: string) => fetch(story.url + path, { headers: { cookie: `accessToken=${ada.accessToken}` } }),
        console: {
          log: (...words: string[]) => {
            lines.push(words.join(' '));
            if (lines.length === 2) said();
          },
        },
      },
      'ws',
    )) as [WebSocket];
    expect((await bobs.type('NEW_MESSAGE', ({ data }) => data.content === 'Hello!')).data.senderId).toBe(ada.id);
    const received = new Promise<void>((resolve) => (said = resolve));
    bobs.send({ content: 'Hello, React' });
    await received;
    expect(lines).toEqual(['Connected!', 'New message from others: Hello, React']);
    ws.close();
  });

  it('never makes a token that outlives the one it was asked with', async () => {
    const expiryOf = (token: string): number =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).exp;
    const cy = await story.person();
    const clock = story.app.get(Clock);
    const begun = Date.now();
    let token = cy.accessToken;
    try {
      // As who found a token does: asks anew with what was answered, from just before it ends.
      for (const minutes of [0, 7, 14]) {
        clock.now = () => begun + minutes * 60_000;
        for (const path of ['/msg/room', '/msg/rooms']) {
          const { status, body } = await request(story.url, 'GET', path, undefined, token);
          expect([path, status, expiryOf(body.token)]).toEqual([path, 200, expiryOf(cy.accessToken)]);
          token = body.token;
        }
        const made = await request(story.url, 'POST', '/msg/room', { otherUserId: bob.id }, token);
        expect(expiryOf(made.body.token)).toBe(expiryOf(cy.accessToken));
        token = made.body.token;
      }
      const cookie = { cookie: `accessToken=${cy.accessToken}` };
      const byCookie = (await (await fetch(`${story.url}/msg/rooms`, { headers: cookie })).json()) as Anything;
      expect(expiryOf(byCookie.token)).toBe(expiryOf(cy.accessToken));
      clock.now = () => begun + 15 * 60_000 + 1_000;
      const { status, body } = await request(story.url, 'GET', '/msg/rooms', undefined, token);
      expect([status, body.code]).toEqual([401, 'TOKEN_EXPIRED']);
      expect((await connect(`/rooms?token=${token}`).closed).code).toBe(4002);
      // A browser keeps the cookie, and a newer token that is given beside it counts.
      expect((await connect('/rooms', cookie).closed).reason).toBe('TOKEN_EXPIRED');
      const { refreshToken } = cy;
      const { accessToken } = (await request(story.url, 'POST', '/auth/refresh', { refreshToken })).body;
      await connect(`/rooms?token=${accessToken}`, cookie).type('ROOMS_LIST');
    } finally {
      clock.now = Clock.prototype.now;
    }
  });

  it('says by its close codes why somebody is kept out', async () => {
    const { id } = await room(ada, bob);
    const stranger = await story.person();
    const group = await ada.group('Group', bob);
    const refused: [string, Record<string, string>, number][] = [
      [`/room/${id}`, {}, 4001],
      ['/users', {}, 4001],
      ['/rooms?token=', {}, 4001],
      [`/room/${id}?token=nonsense`, {}, 4002],
      ['/users', { authorization: 'Bearer nonsense' }, 4002],
      ['/users', { cookie: 'accessToken=nonsense' }, 4002],
      // A page of somebody else's may not use the cookie.
      ['/users', { cookie: `accessToken=${ada.accessToken}`, origin: 'https://evil.example.com' }, 4001],
      [`/room/${id}?token=${stranger.accessToken}`, {}, 4004],
      [`/room/${randomUUID()}?token=${ada.accessToken}`, {}, 4004],
      [`/room/nonsense?token=${ada.accessToken}`, {}, 4004],
      [`/room/${group}?token=${ada.accessToken}`, {}, 4004],
    ];
    for (const [path, headers, code] of refused)
      expect([path, (await connect(path, headers).closed).code]).toEqual([path, code]);
    // The cookie first, then the query, then the header.
    await connect('/users?token=nonsense', { cookie: `accessToken=${ada.accessToken}` }).type('ALL_USERS');
    await connect(`/users?token=${ada.accessToken}`, { authorization: 'Bearer nonsense' }).type('ALL_USERS');
    await connect('/users', { authorization: `Bearer ${ada.accessToken}` }).type('ALL_USERS');
    await connect('/users?token=', { authorization: `Bearer ${ada.accessToken}` }).type('ALL_USERS');
  });

  it('takes what is sent the moment it is open, and refuses what is wrong', async () => {
    const [cy, dan] = await Promise.all([story.person(), story.person()]);
    const { id } = await room(cy, dan);
    const dans = await connect(`/room/${id}?token=${dan.accessToken}`).open();
    const cys = connect(`/room/${id}?token=${cy.accessToken}`);
    for (let n = 0; n < 100; n += 1) cys.send({ content: `${n}` });
    for (let n = 0; n < 100; n += 1) expect((await dans.type('NEW_MESSAGE')).data.content).toBe(`${n}`);
    const wrong: [unknown, string][] = [
      ['{', 'MALFORMED_FRAME'],
      ['[]', 'MALFORMED_FRAME'],
      ['null', 'MALFORMED_FRAME'],
      [{}, 'VALIDATION_FAILED'],
      [{ content: '' }, 'VALIDATION_FAILED'],
      [{ content: 5 }, 'VALIDATION_FAILED'],
      [{ content: 'x'.repeat(8_001) }, 'VALIDATION_FAILED'],
      [{ content: 'x'.repeat(70_000) }, 'PAYLOAD_TOO_LARGE'],
    ];
    for (const [frame, code] of wrong) {
      cys.send(frame);
      expect(await cys.type('ERROR')).toMatchObject({ type: 'ERROR', code, message: expect.any(String) });
    }
    await dan.must('POST', '/blocks', { userId: cy.id });
    cys.send({ content: 'blocked' });
    expect((await cys.type('ERROR')).code).toBe('CANNOT_MESSAGE');
    await dan.must('POST', '/auth/logout');
    expect(await dans.closed).toEqual({ code: 4002, reason: 'LOGGED_OUT' });
  });

  it('brings once what was written while it was opened, also where its event comes behind it', async () => {
    const { id } = await room(ada, bob);
    const reads = holdCalls(story.app, ChatQueries, 'conversation');
    let release = (): void => undefined;
    const isShown = new Promise<void>((resolve) => (release = resolve));
    story.app.get(DeliveryTurns, { strict: false }).sequencer.inTurn(id, () => isShown);
    const bobs = connect(`/room/${id}?token=${bob.accessToken}`);
    try {
      await until('it is being opened', () => reads.count > 0);
      await ada.send(id, 'at this moment');
    } finally {
      reads.release();
    }
    expect((await bobs.type('NEW_MESSAGE')).data.content).toBe('at this moment');
    release();
    await ada.send(id, 'behind it');
    expect((await bobs.type('NEW_MESSAGE')).data.content).toBe('behind it');
  });

  it('brings in order what was written while it was opened, whether its page or its event brings it', async () => {
    const { id } = await room(ada, bob);
    const before = await connect(`/room/${id}?token=${bob.accessToken}`).open();
    await ada.send(id, 'the room is open');
    await before.type('NEW_MESSAGE');
    let deliver = (): void => undefined;
    const isDelivered = new Promise<void>((resolve) => (deliver = resolve));
    story.app.get(DeliveryTurns, { strict: false }).sequencer.inTurn(id, () => isDelivered);
    // Written before the room is opened; its event comes after that.
    await ada.send(id, 'first');
    const reads = holdCalls(story.app, ChatQueries, 'conversation');
    const bobs = connect(`/room/${id}?token=${bob.accessToken}`);
    try {
      await until('it is being opened', () => reads.count > 0);
      deliver();
      await ada.send(id, 'second');
      await ada.send(id, 'third');
      await before.type('NEW_MESSAGE', ({ data }) => data.content === 'third');
    } finally {
      reads.release();
    }
    await ada.send(id, 'fourth');
    await bobs.type('NEW_MESSAGE', ({ data }) => data.content === 'fourth');
    const contents = bobs.received.filter(({ type }) => type === 'NEW_MESSAGE').map(({ data }) => data.content);
    expect(contents).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('sends nothing of what was deleted while it was opened', async () => {
    const { id } = await room(ada, bob);
    const before = await connect(`/room/${id}?token=${bob.accessToken}`).open();
    await ada.send(id, 'the room is open');
    await before.type('NEW_MESSAGE');
    const reads = holdCalls(story.app, ChatQueries, 'conversation');
    const bobs = connect(`/room/${id}?token=${bob.accessToken}`);
    try {
      await until('it is being opened', () => reads.count > 0);
      await ada.send(id, 'stays');
      const { id: deleted } = await ada.send(id, 'goes');
      await before.type('NEW_MESSAGE', ({ data }) => data.content === 'goes');
      await ada.must('DELETE', `/messages/${deleted}`);
    } finally {
      reads.release();
    }
    await ada.send(id, 'last');
    await bobs.type('NEW_MESSAGE', ({ data }) => data.content === 'last');
    const contents = bobs.received.filter(({ type }) => type === 'NEW_MESSAGE').map(({ data }) => data.content);
    expect(contents).toEqual(['stays', 'last']);
  });

  it('hides what it should, and pages', async () => {
    const [cy, blocked] = await Promise.all([story.person(), story.person()]);
    await blocked.must('POST', '/blocks', { userId: cy.id });
    const users = connect(`/users?token=${cy.accessToken}`);
    const seen: string[] = [];
    for (let frame = await users.type('ALL_USERS'); ; frame = await users.type('ALL_USERS')) {
      seen.push(...frame.data.map(({ id }: Anything) => id));
      if (frame.nextCursor === null) break;
      users.send({ cursor: frame.nextCursor, limit: 2 });
    }
    expect(seen).toEqual(expect.arrayContaining([ada.id, bob.id]));
    expect(seen).not.toContain(cy.id);
    expect(seen).not.toContain(blocked.id);
    users.send({ cursor: 'nonsense' });
    expect((await users.type('ERROR')).code).toBe('VALIDATION_FAILED');
    users.send({ type: 'ping' });
    users.send({ cursor: 5 });
    // The first was passed over.
    expect((await users.type('ERROR')).errors).toEqual({ cursor: [expect.any(String)] });
    expect(users.received.filter(({ type }) => type === 'ERROR')).toHaveLength(2);
  });

  it('passes over frames of another kind, so that a client takes none of them for its message', async () => {
    const { id } = await room(ada, bob);
    const adas = connect(`/room/${id}?token=${ada.accessToken}`);
    const bobs = connect(`/room/${id}?token=${bob.accessToken}`);
    await bobs.open();
    for (const type of ['ping', 'TYPING', 'JOIN']) adas.send({ type });
    adas.send({ content: 'after them' });
    expect((await bobs.next(({ data }) => data?.content === 'after them')).type).toBe('NEW_MESSAGE');
    adas.send({ content: '' });
    await adas.type('ERROR');
    expect(adas.received.filter(({ type }) => type === 'ERROR')).toHaveLength(1);
  });

  it('answers over REST what the caller may see', async () => {
    const stranger = await story.person();
    const { id } = await room(ada, bob);
    const status = async (person: Person | undefined, method: string, path: string, body?: unknown): Promise<number> =>
      (await request(story.url, method, path, body, person?.accessToken)).status;
    expect(await status(ada, 'POST', '/msg/room', { otherUserId: randomUUID() })).toBe(404);
    expect(await status(ada, 'POST', '/msg/room', { otherUserId: ada.id })).toBe(400);
    expect(await status(ada, 'POST', '/msg/room', { otherUserId: 2 })).toBe(400);
    expect(await status(ada, 'POST', '/msg/room', {})).toBe(400);
    expect(await status(undefined, 'POST', '/msg/room', { otherUserId: bob.id })).toBe(401);
    expect(await status(undefined, 'GET', '/msg/room')).toBe(401);
    expect(await status(stranger, 'GET', `/msg/room/${id}/messages`)).toBe(404);
    expect(await status(undefined, 'GET', `/msg/room/${id}/messages`)).toBe(401);
    expect(await status(ada, 'GET', '/msg/room/nonsense/messages')).toBe(404);
    expect(await status(ada, 'GET', `/msg/room/${await ada.group('Group', bob)}/messages`)).toBe(404);
    expect(await status(ada, 'GET', '/msg/room?cursor=nonsense')).toBe(400);
    expect(await status(ada, 'GET', '/msg/room?cursor=a&cursor=b')).toBe(400);
    expect((await stranger.must('GET', '/msg/rooms')).rooms).toEqual([]);
  });
});
