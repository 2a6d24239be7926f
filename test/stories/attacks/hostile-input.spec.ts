import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Socket as TcpSocket } from 'node:net';
import { RawWebSocket } from '../../support/clients/raw-web-socket.js';
import { Device, type Person, startStory, type Story, until } from '../../support/story.js';
import { CLIENT_EVENTS } from '../../../src/realtime/protocol/client-events.js';
import { olderDevice } from '../../dialects/clients.js';
import { refusal, socketError } from './shapes.js';

const EVENTS = Object.keys(CLIENT_EVENTS);

describe('hostile input over a socket', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let conversationId: string;
  beforeAll(async () => {
    story = await startStory();
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    conversationId = await ada.directConversation(bob);
  });
  afterAll(() => story.close());

  const deep = (): unknown => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 2_000; depth += 1) nested = depth % 2 === 0 ? [nested] : { content: nested };
    return nested;
  };
  /** What JSON can carry and no command takes. */
  const GARBAGE: [string, () => unknown][] = [
    ['nothing', () => undefined],
    ['null', () => null],
    ['an array', () => []],
    ['an array of payloads', () => [{ conversationId, content: 'x' }]],
    ['a string', () => 'x'],
    ['an empty string', () => ''],
    ['a number', () => 5],
    ['true', () => true],
    ['an empty object', () => ({})],
    ['bytes', () => Buffer.from('abc')],
    ['nested arrays and objects', deep],
    [
      'arrays for every field',
      () => ({ conversationId: [conversationId], messageId: [conversationId], content: ['x'] }),
    ],
    [
      'objects for every field',
      () => ({ conversationId: { $ne: '' }, messageId: {}, content: { length: 5 }, seq: {} }),
    ],
    ['__proto__', () => JSON.parse('{"__proto__":{"isAdmin":true,"conversationId":"x"},"content":"x"}')],
    ['constructor', () => ({ constructor: { prototype: { isAdmin: true } }, content: 'x' })],
    ['toString and its like', () => ({ toString: 'x', hasOwnProperty: 1, valueOf: null, ['then' as string]: 'x' })],
    [
      'a thousand fields',
      () => Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`field${index}`, index])),
    ],
  ];

  it.each(GARBAGE)('%s is refused by every command', async (_, payload) => {
    const adas = await ada.device();
    for (const event of EVENTS) {
      // Without a cursor sync begins from now: it needs nothing.
      if (event === 'sync' && [undefined, 'null', '{}'].includes(JSON.stringify(payload()))) continue;
      const answer = await adas.ask(event, payload());
      expect([event, answer]).toEqual([
        event,
        { ok: false, error: { code: 'VALIDATION_FAILED', message: expect.any(String), errors: expect.any(Object) } },
      ]);
      expect(Object.keys(answer.error.errors)).not.toEqual([]);
      adas.socket.emit(event, payload());
      expect(await adas.next('exception')).toEqual({ ...answer.error, event });
    }
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    adas.socket.close();
  });

  it('more parameters than a command takes change nothing', async () => {
    const adas = await ada.device();
    const answer = await adas.socket
      .timeout(5_000)
      .emitWithAck('send_message', { conversationId, content: 'first of many' }, { conversationId: 'x' }, 'more');
    expect(answer).toMatchObject({ ok: true, data: { message: { content: 'first of many' } } });
  });

  it.each([
    'no_such_event',
    'x'.repeat(5_000),
    'toString',
    '__proto__',
    'constructor',
    'message:new',
    'hasOwnProperty',
    '',
  ])('an unknown event is answered as one: %#', async (event) => {
    const adas = await ada.device();
    expect(await adas.ask(event, {})).toEqual(refusal('UNKNOWN_EVENT'));
    adas.socket.emit(event, {});
    expect(await adas.next('exception')).toEqual({ ...socketError('UNKNOWN_EVENT'), event: event.slice(0, 64) });
    expect((await adas.ask('leave_conversation', conversationId)).ok).toBe(true);
  });

  it('a payload of a megabyte ends its own connection and no other', async () => {
    const [adas, bobs] = await Promise.all([ada.device(), bob.device()]);
    adas.socket.emit('send_message', { conversationId, content: 'x'.repeat(1_048_576) });
    expect(await adas.next('disconnect')).toMatch(/^transport/);
    expect((await bobs.ask('leave_conversation', conversationId)).ok).toBe(true);
    expect((await (await ada.device()).ask('leave_conversation', conversationId)).ok).toBe(true);
  });

  it('the longest valid message is taken, however it is written', async () => {
    const adas = await ada.device();
    for (const content of ['\u0007'.repeat(7_999) + 'x', '😀'.repeat(8_000), '\\"'.repeat(4_000)]) {
      expect((await adas.must('send_message', { conversationId, content })).message.content).toBe(content);
    }
  });

  it.each([
    ['what is no packet', '4x{not json'],
    ['an unknown packet', '9'],
    ['a packet of another namespace', '42/admin,["send_message",{}]'],
    ['an event without a name', '42[]'],
    ['an event named by a number', '42[5,{}]'],
    ['an event named by an object', '42[{"a":1},{}]'],
    ['a reserved event', '42["disconnect"]'],
    ['an answer to nothing', '4399[{}]'],
    ['more bytes announced than come', '451-["send_message",{"_placeholder":true,"num":0}]'],
    ['a placeholder out of range', '451-["send_message",{"_placeholder":true,"num":99}]'],
    ['a huge number of attachments', '45999999999-["send_message",{}]'],
    ['a huge acknowledgement id', `42${'9'.repeat(400)}["leave_conversation","${'a'.repeat(8)}"]`],
  ])('%s harms nobody', async (_, frame) => {
    const [adas, bobs] = await Promise.all([ada.device(), bob.device()]);
    const transport = adas.socket.io.engine.transport as unknown as { ws: { send(text: string): void } };
    transport.ws.send(frame);
    transport.ws.send(frame);
    // Either it is ended, or it goes on: what it then asks is answered, or it is answered that it is gone.
    const rest = await Promise.race([
      adas.ask('leave_conversation', conversationId).catch(() => ({ ok: 'ended' })),
      adas.next('disconnect').then(() => ({ ok: 'ended' })),
    ]);
    expect([true, 'ended']).toContain(rest.ok);
    expect((await bobs.ask('leave_conversation', conversationId)).ok).toBe(true);
    expect((await bob.call('GET', '/users/me')).status).toBe(200);
    adas.socket.close();
    bobs.socket.close();
  });

  it('bytes that are no WebSocket frame end their connection alone', async () => {
    const bobs = await bob.device();
    const { port } = new URL(story.url);
    const line = new TcpSocket().connect(Number(port), '127.0.0.1');
    const ended = new Promise<void>((resolve) => line.on('close', () => resolve()).on('error', () => undefined));
    line.resume();
    line.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    line.write(Buffer.alloc(4_096, 0xff));
    await ended;
    expect((await bobs.ask('leave_conversation', conversationId)).ok).toBe(true);
  });

  it('ten thousand events in a burst are each answered, and nobody else waits for them', async () => {
    const [adas, bobs] = await Promise.all([ada.device(), bob.device()]);
    const answers = Promise.all(
      Array.from({ length: 10_000 }, (_, index) =>
        adas.ask(index % 2 === 0 ? 'leave_conversation' : 'no_such_event', conversationId),
      ),
    );
    // Asked in the midst of it.
    expect((await bobs.ask('send_message', { conversationId, content: 'calm' })).ok).toBe(true);
    const codes = new Map<string, number>();
    for (const answer of await answers) {
      const code = answer.ok ? 'ok' : answer.error.code;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code === 'RATE_LIMITED' || code === 'OVERLOADED') expect(answer.error.retryAfterMs).toBeGreaterThan(0);
    }
    expect([...codes.keys()].sort()).toEqual(expect.arrayContaining(['RATE_LIMITED', 'UNKNOWN_EVENT', 'ok']));
    expect([...codes.values()].reduce((sum, count) => sum + count)).toBe(10_000);
    expect(codes.get('ok')).toBeGreaterThan(500);
    expect((await bobs.ask('leave_conversation', conversationId)).ok).toBe(true);
  });

  it('who goes on when refused is sent away, and may come back', async () => {
    const adas = await ada.device();
    // Far more than the limit lets in, in portions, so that some are let in between.
    for (let portion = 0; adas.socket.connected && portion < 50; portion += 1) {
      for (let event = 0; event < 1_000; event += 1) adas.socket.emit('leave_conversation', conversationId);
      await bob.call('GET', '/users/me');
    }
    // It is read ever more slowly, so the end comes later than the flood.
    expect(await adas.next('session:ended')).toEqual({ code: 'FLOODING', retry: true, retryAfterMs: 5_000 });
    await adas.next('disconnect');
    expect((await (await ada.device()).ask('leave_conversation', conversationId)).ok).toBe(true);
  });

  it('who goes on when refused in an older dialect of Socket.IO loses its connection, from which alone its client comes back', async () => {
    const bobs = olderDevice(bob, 'direct-events', undefined, { reconnection: true, reconnectionDelay: 10 });
    await bobs.next('connect');
    for (let portion = 0; bobs.all('disconnect').length === 0 && portion < 50; portion += 1) {
      for (let event = 0; event < 1_000; event += 1) bobs.socket.emit('no_such_event');
      await ada.call('GET', '/users/me');
    }
    await bobs.next('disconnect');
    await bobs.next('connect');
    expect(bobs.all('session:ended')).toEqual([{ code: 'FLOODING', retry: true, retryAfterMs: 5_000 }]);
    bobs.socket.close();
  });

  it('leaves no trace in the conversation of all that was refused', async () => {
    const contents = (await bob.history(conversationId)).map(({ content }) => content.slice(0, 15));
    expect(contents.filter((content) => !/^(first of many|calm|\u0007|😀|\\")/u.test(content))).toEqual([]);
  });
});

describe('hostile handshakes', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it.each([
    ['a huge token', { token: 'x'.repeat(20_000) }],
    ['nested garbage', { token: [[{}]], toString: 1 }],
    ['an empty token', { token: '' }],
    ['a token that is only a scheme', { token: 'Bearer ' }],
  ])('%s is refused', async (_, auth) => {
    const device = new Device(story.url, auth);
    expect(await device.next('connect_error')).toEqual({ code: 'UNAUTHORIZED' });
    device.socket.close();
  });

  it('cannot fill the log: of connections that strangers bring to an end it names sixty a minute', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const flooded = async (path: string, frame: string, count: number): Promise<number> => {
      warn.mockClear();
      const raws = await Promise.all(Array.from({ length: 70 }, () => RawWebSocket.open(story.url, path)));
      for (const raw of raws) for (let time = 0; time < count; time += 1) raw.send(frame);
      await until('all of them are ended', () => raws.every(({ isClosed }) => isClosed));
      return warn.mock.calls.filter(([line]) => line === 'a connection of nobody is ended: FLOODING').length;
    };
    try {
      expect(await flooded('/socket.io/?EIO=4&transport=websocket', '40/elsewhere,{}', 2)).toBe(60);
      expect(await flooded('/', '{"event":"sendMessage"}', 30)).toBe(60);
    } finally {
      warn.mockRestore();
    }
  });
});
