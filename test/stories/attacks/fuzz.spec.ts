import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { Passwords } from '../../../src/auth/accounts/passwords.js';
import { ERRORS } from '../../../src/common/errors.js';
import { Frames } from '../../dialects/frames.js';
import { type Anything, type Answer, Device, type Person, startStory, type Story } from '../../support/story.js';

/** The same inputs at every run; another number looks elsewhere. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_126);
/** Inputs for each operation, and by it for each event. By hand more: FUZZ_RUNS=100. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 10);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

type Schema = Record<string, Anything>;
type Json = unknown;

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';
const CODES = new Set<string>(Object.keys(ERRORS));

function nested(depth: number): Json {
  let value: Json = 'x';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { content: value };
  return value;
}

/** Any that there is, but for halves of a surrogate pair. fast-check's own unit lists all of them first, which takes seconds. */
const CODE_POINT = fc
  .integer({ min: 0, max: 0x10_ffff - 0x800 })
  .map((number) => String.fromCodePoint(number < 0xd800 ? number : number + 0x800));

/** What no field takes, or not every one. */
const HOSTILE: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Json>(
      ...[true, false, 0, -0, -1, 1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e300, -1e300, 5e-324],
      ...[
        '',
        ' ',
        'x',
        'null',
        'NaN',
        '0',
        '-1',
        '1e309',
        '\0',
        'a\0b',
        '\ud800',
        '\udfff',
        'a\ud83d',
        '\u202e',
        '\u200b',
        'https://example.com/\0',
        'https://example.com/\ud800',
      ],
      ...['%', '%00', "'", '";--', '\\', '../../..', '${x}', '{{x}}', '2026-02-30T00:00:00Z', '2026-02-30', 'infinity'],
      ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'toLocaleString', 'key'],
      ...['__defineGetter__', '__lookupSetter__', 'isPrototypeOf', 'apply', 'arguments', 'caller', 'length', 'name'],
      ...['x'.repeat(300), 'x'.repeat(9_000), '😀'.repeat(5_000), '\u0301'.repeat(9_000), 'x'.repeat(70_000)],
      ...[NOBODY, NOBODY.toUpperCase(), `${NOBODY}\n`, `{${NOBODY}}`, '00000000-0000-0000-0000-000000000000'],
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Json>(
      ...[
        [],
        {},
        [null],
        [[]],
        [{}],
        ['x'],
        [NOBODY],
        [NOBODY, NOBODY],
        { length: 5 },
        { $ne: null },
        { toString: 'x' },
      ],
      ...[
        { constructor: null },
        JSON.parse('{"__proto__":null}'),
        JSON.parse('{"__proto__":{"x":1}}'),
        { ['then' as string]: 'x' },
      ],
      ...[nested(5), nested(50), Array.from({ length: 2_000 }, () => 'x'), Array.from({ length: 101 }, () => NOBODY)],
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: CODE_POINT, maxLength: 40 }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** What a schema describes, and things of this server where it asks for an id. */
function valid(
  schema: Schema,
  schemas: Record<string, Schema>,
  ids: fc.Arbitrary<string>,
  depth = 0,
): fc.Arbitrary<Json> {
  if (depth > 5) return fc.constant(null);
  const of = (part: Schema): fc.Arbitrary<Json> => valid(part, schemas, ids, depth + 1);
  if (typeof schema.$ref === 'string') return of(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  const several = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(several)) return fc.oneof(...several.map(of));
  if (Array.isArray(schema.allOf)) return of(schema.allOf[0]);
  if (Array.isArray(schema.enum)) return fc.constantFrom<Json>(...schema.enum);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object': {
      const properties = Object.entries<Schema>(schema.properties ?? {});
      return fc.record(Object.fromEntries(properties.map(([name, part]) => [name, of(part)])), {
        requiredKeys: schema.required ?? [],
      });
    }
    case 'array':
      return fc.array(of(schema.items ?? {}), { maxLength: 3 });
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 100, 100) });
    case 'boolean':
      return fc.boolean();
    default:
      if (schema.format === 'uuid') return ids;
      if (schema.format === 'date-time') return fc.constant('2030-01-01T00:00:00Z');
      return fc.constantFrom(...(schema.example === undefined ? [] : [schema.example]), 'a text', 'ada', '123456');
  }
}

/** A text as a part of an address. There is no way to write half of a surrogate pair there. */
function inAddress(text: string): string {
  return encodeURIComponent(text.slice(0, 1_000).replace(/\p{Surrogate}/gu, '\ufffd'));
}

/** Valid ones with one or several fields made hostile, or more of them than there may be; or something else entirely. */
function body(schema: Schema, schemas: Record<string, Schema>, ids: fc.Arbitrary<string>): fc.Arbitrary<Json> {
  const resolved = typeof schema.$ref === 'string' ? (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? schema) : schema;
  const names = Object.keys(resolved.properties ?? {});
  const fields = valid(schema, schemas, ids);
  if (names.length === 0) return fc.oneof(fields, HOSTILE);
  const spoilt = fc
    .tuple(
      fields,
      fc.uniqueArray(fc.tuple(fc.constantFrom(...names), HOSTILE), { maxLength: 3, selector: ([name]) => name }),
    )
    .map(([fine, changes]) => ({ ...(fine as object), ...Object.fromEntries(changes) }));
  // Each optional field as null, beside what is required.
  const nulls = fc
    .tuple(fields, fc.subarray(names, { minLength: 1 }))
    .map(([fine, nulled]) => ({ ...(fine as object), ...Object.fromEntries(nulled.map((name) => [name, null])) }));
  const more = fc.tuple(fields, HOSTILE).map(([fine, value]) => ({ ...(fine as object), unknownField: value }));
  return fc.oneof(
    { weight: 6, arbitrary: spoilt },
    { weight: 4, arbitrary: nulls },
    { weight: 2, arbitrary: more },
    { weight: 2, arbitrary: HOSTILE },
    { weight: 1, arbitrary: fields },
  );
}

describe('what nobody thought of', () => {
  let story: Story;
  /** What the server says of its own faults. */
  let faults: jest.SpiedFunction<Logger['error']>;
  let openApi: Anything;
  let asyncApi: Anything;
  let ada: Person;
  let bob: Person;
  let ids: fc.Arbitrary<string>;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    // Hundreds of passwords would only make it slower.
    const passwords = story.app.get(Passwords);
    passwords.hash = async (password) => password.normalize('NFC');
    passwords.verify = async (hash, password) => password.normalize('NFC') === hash;
    faults = jest.spyOn(Logger.prototype, 'error');
    // The documents of the built server: where sources are run as here, the schemas' fields are not known.
    openApi = JSON.parse(readFileSync('docs/openapi.json', 'utf8'));
    asyncApi = JSON.parse(readFileSync('docs/asyncapi.json', 'utf8'));
    await settle();
  });
  afterEach(() => expect(faults.mock.calls).toEqual([]));
  afterAll(() => story.close());

  /** People, and things of theirs to fuzz with. */
  async function settle(): Promise<void> {
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    const direct = await ada.directConversation(bob);
    const group = await ada.group('Group', bob);
    const message = await ada.send(direct, 'hello');
    await bob.must('POST', '/friends/requests', { userId: ada.id });
    ids = fc.constantFrom(direct, group, message.id, ada.id, bob.id, NOBODY);
  }
  async function stillThere(): Promise<void> {
    if ((await ada.call('GET', '/users/me')).status !== 200 || (await bob.call('GET', '/users/me')).status !== 200)
      await settle();
  }

  /** Every answer is one that a client can switch on. */
  function expectOrderly(input: unknown, { status, headers, body: answered }: Answer<Anything>): void {
    const shown = JSON.stringify(input).slice(0, 2_000);
    if (status >= 500) throw new Error(`${status} for ${shown}: ${JSON.stringify(answered)}`);
    if (status < 400) return;
    // The older dialects have errors of their own form, with the same codes.
    const isProblem = answered?.status === status && headers.get('content-type')?.includes('application/problem+json');
    if (!CODES.has(answered?.code) || !(isProblem || answered.success === false))
      throw new Error(`no error as documented but ${JSON.stringify(answered)} (${status}) for ${shown}`);
  }

  async function send(method: string, path: string, token: string | undefined, given: Json): Promise<Answer<Anything>> {
    const response = await fetch(story.url + path, {
      method,
      headers: {
        ...(given === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(given === undefined ? {} : { body: JSON.stringify(given) }),
    });
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Files and pages are none.
    }
    return { status: response.status, headers: response.headers, body: parsed };
  }

  it('takes null in an optional field for its absence, or refuses it', async () => {
    const [cy, dan] = await Promise.all([story.person('cy'), story.person('dan')]);
    const direct = await cy.directConversation(dan);
    const group = await cy.group('Group', dan);
    const name = `nulls_${Date.now()}`;
    const calls: [string, string, string | undefined, Json, number][] = [
      [
        'POST',
        '/auth/register',
        undefined,
        {
          email: `${name}@example.com`,
          password: 'correct horse',
          username: null,
          displayName: null,
          deviceName: null,
        },
        201,
      ],
      [
        'POST',
        '/auth/login',
        undefined,
        { email: cy.email, username: null, password: 'correct horse', deviceName: null },
        200,
      ],
      ['POST', '/auth/login', undefined, { email: null, username: null, password: 'correct horse' }, 400],
      ['POST', '/auth/refresh', undefined, { refreshToken: null }, 401],
      ['POST', '/conversations', cy.accessToken, { type: null, userId: dan.id }, 200],
      ['POST', '/conversations', cy.accessToken, { type: null, userId: null }, 400],
      [
        'POST',
        `/conversations/${direct}/messages`,
        cy.accessToken,
        { content: 'x', clientId: null, replyToId: null, attachmentIds: null, attachments: null },
        201,
      ],
      ['PATCH', `/conversations/${direct}/me`, cy.accessToken, { mutedUntil: null }, 200],
      ['PATCH', `/conversations/${direct}/me`, cy.accessToken, { pinned: null }, 400],
      ['PATCH', '/users/me', cy.accessToken, { avatarUrl: null }, 200],
      ['PATCH', `/conversations/${group}`, cy.accessToken, { title: null }, 400],
      ['PATCH', `/conversations/${group}`, cy.accessToken, { historyVisibility: null }, 400],
      ['PATCH', `/conversations/${group}`, cy.accessToken, { avatarUrl: null }, 200],
      ['PATCH', '/users/me', cy.accessToken, { username: null }, 400],
      ['DELETE', '/users/me', cy.accessToken, { password: null }, 400],
      ['GET', '/users/me', cy.accessToken, undefined, 200],
    ];
    for (const [method, path, token, given, status] of calls) {
      const answer = await send(method, path, token, given);
      expect([method, path, given, answer.status, answer.body]).toEqual([method, path, given, status, answer.body]);
    }
    const device = await cy.device();
    const { message } = await device.must('send_message', {
      conversationId: direct,
      content: 'x',
      clientId: null,
      replyToId: null,
    });
    expect((await device.must('sync', { cursor: null })).conversations).toHaveLength(2);
    expect((await device.ask('sync', { limit: null })).error.code).toBe('VALIDATION_FAILED');
    await device.must('react', { messageId: message.id, emoji: '+1', remove: null });
    expect(
      (await device.must('delete_message', { messageId: message.id, for: null })).message.deletedAt,
    ).not.toBeNull();
    device.socket.close();
  });

  /** One request to an operation. */
  function requestTo(path: string, operation: Anything): fc.Arbitrary<{ target: string; body: Json }> {
    const parameters: Anything[] = operation.parameters ?? [];
    const text = fc.oneof(
      { weight: 3, arbitrary: ids },
      HOSTILE.map((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'x'))),
    );
    const named = (place: string, value: fc.Arbitrary<string>): Record<string, fc.Arbitrary<string>> =>
      Object.fromEntries(parameters.filter((parameter) => parameter.in === place).map(({ name }) => [name, value]));
    const schema = operation.requestBody?.content?.['application/json']?.schema;
    return fc
      .record({
        path: fc.record(named('path', fc.oneof({ weight: 8, arbitrary: ids }, text))),
        query: fc.record(named('query', text), { requiredKeys: [] }),
        body:
          schema === undefined
            ? fc.oneof(fc.constant(undefined), HOSTILE)
            : body(schema, openApi.components.schemas, ids),
      })
      .map((given) => {
        const concrete = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => inAddress(given.path[name] ?? NOBODY));
        const query = Object.entries(given.query as Record<string, string>)
          .map(([name, value]) => `${name}=${inAddress(value)}`)
          .join('&');
        return { target: query === '' ? concrete : `${concrete}?${query}`, body: given.body };
      });
  }

  it('leaves every operation of the OpenAPI document with an answer and its code', async () => {
    const operations = Object.entries<Anything>(openApi.paths).flatMap(([path, methods]) =>
      Object.entries<Anything>(methods)
        .filter(([method]) => METHODS.includes(method))
        .map(([method, operation]) => ({ path, method: method.toUpperCase(), requests: requestTo(path, operation) })),
    );
    expect(operations.length).toBeGreaterThan(40);
    for (let round = 0; round < RUNS; round += 1) {
      for (const { path, method, requests } of operations) {
        const [given] = fc.sample(requests, { seed: SEED + round, numRuns: 1 });
        if (given === undefined) continue;
        const answer = await send(method, given.target, ada.accessToken, method === 'GET' ? undefined : given.body);
        expectOrderly([method, given.target, given.body], answer);
        if (/logout|users\/me|password|sessions/.test(path)) await stillThere();
      }
    }
    expect((await send('GET', '/health/ready', undefined, undefined)).status).toBe(200);
  }, 240_000);

  it('leaves every event of the AsyncAPI document with an acknowledgement and its code', async () => {
    const schemas = asyncApi.components.schemas;
    const events = Object.values<Anything>(asyncApi.operations)
      .filter(({ action }) => action === 'receive')
      .map(({ messages }) => messages[0].$ref.split('/').at(-1) as string);
    expect(events.length).toBeGreaterThan(10);
    let device: Device = await ada.device();
    for (const event of events) {
      const payload = asyncApi.components.messages[event].payload;
      const given = fc.sample(body(payload, schemas, ids), { seed: SEED, numRuns: RUNS * 3 });
      for (const input of given) {
        if (!device.socket.connected) device = await ada.device();
        const answer = await device.ask(event, input);
        const shown = `${event} ${JSON.stringify(input)?.slice(0, 2_000)}: ${JSON.stringify(answer)}`;
        const isOrderly = answer?.ok === true || (answer?.ok === false && CODES.has(answer.error?.code));
        if (!isOrderly || answer.error?.code === 'INTERNAL_ERROR') throw new Error(shown);
      }
      await stillThere();
    }
    device.socket.close();
  }, 240_000);

  async function connected(dialect: string): Promise<Device> {
    const device = new Device(story.url, { token: ada.accessToken, dialect });
    await device.next('connect');
    return device;
  }

  it('ends nothing but itself in an older dialect', async () => {
    const field = fc.constantFrom(
      ...[
        'token',
        'userId',
        'receiverId',
        'senderId',
        'otherUserId',
        'messageId',
        'message',
        'text',
        'content',
        'clientId',
      ],
      ...['limit', 'skip', 'before', 'cursor', 'isTyping', 'file', 'images', 'attachments', 'data', 'type'],
    );
    const payload = fc.oneof(
      fc.dictionary(field, fc.oneof(ids, HOSTILE), { maxKeys: 6, noNullPrototype: true }),
      HOSTILE,
    );
    const room = await ada.must('POST', '/msg/room', { otherUserId: bob.id });
    const events: Record<string, string[]> = {
      'direct-events': ['setUserId', 'sendMessage', 'typing', 'getChatHistory', 'messageRead', 'toString', 'unknown'],
      'namespaced-events': ['message:send', 'status:request', 'constructor', 'unknown'],
      frames: ['message', 'fetchChats', 'unReadMessages', 'messageList', 'authenticate', '__proto__', 'unknown'],
    };
    const inputs = (dialect: string, runs: number): [string, Json][] =>
      fc.sample(fc.tuple(fc.constantFrom(...(events[dialect] ?? [])), payload), { seed: SEED, numRuns: runs });
    for (const dialect of ['direct-events', 'namespaced-events']) {
      const given = inputs(dialect, RUNS * 5);
      let device = await connected(dialect);
      for (const [event, input] of given) {
        if (!device.socket.connected) device = await connected(dialect);
        device.socket.emit(event, input);
      }
      // It is ended once all of that was taken.
      device.socket.emit('message:send', {}, () => undefined);
      device.socket.close();
    }
    for (const path of ['/', '/users', '/rooms', `/room/${room.id}`]) {
      const given = inputs('frames', RUNS * 4).map(([event, input]) =>
        typeof input === 'object' && input !== null ? { event, ...input } : input,
      );
      // A few to a connection: some of them end it.
      while (given.length > 0) {
        const frames = await new Frames(`${story.url}${path}?token=${ada.accessToken}`).open();
        if (path === '/') frames.send({ event: 'authenticate', token: ada.accessToken });
        for (const input of given.splice(0, 10)) if (frames.socket.readyState === WebSocket.OPEN) frames.send(input);
        const isEnded = frames.closed.then(() => true);
        frames.socket.ping();
        await Promise.race([isEnded, new Promise((resolve) => frames.socket.once('pong', resolve))]);
        await stillThere();
        frames.socket.close();
        await frames.closed;
        expect([path, frames.received.filter((frame) => JSON.stringify(frame).includes('INTERNAL_ERROR'))]).toEqual([
          path,
          [],
        ]);
      }
    }
    const rest = [
      ['POST', '/msg/room'],
      ['GET', '/msg/rooms'],
      ['GET', `/msg/room/${NOBODY}/messages`],
      ['GET', '/api/chats'],
      ['POST', '/api/chats'],
    ] as const;
    for (const [method, path] of rest)
      for (const given of fc.sample(
        fc.oneof(payload, fc.dictionary(fc.constant('otherUserId'), fc.oneof(ids, HOSTILE))),
        { seed: SEED, numRuns: RUNS },
      ))
        expectOrderly(
          [method, path, given],
          await send(method, path, ada.accessToken, method === 'GET' ? undefined : given),
        );
    expect((await send('GET', '/health/ready', undefined, undefined)).status).toBe(200);
  }, 240_000);
});
