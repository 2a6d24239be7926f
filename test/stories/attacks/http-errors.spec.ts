import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { type Anything, type Person, request, startStory, type Story } from '../../support/story.js';
import { problem } from './shapes.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

interface Operation {
  method: string;
  path: string;
  isPublic: boolean;
  /** One of an older dialect, whose errors have a shape of their own. */
  hasOwnErrors: boolean;
}

function refusalOf({ hasOwnErrors }: Operation, status: number, code: string): object {
  if (!hasOwnErrors) return problem(status, code);
  return { success: false, error: expect.any(String), message: expect.any(String), code };
}

/** Every operation of the document that is checked in, which another test holds to the code. */
function operations(): Operation[] {
  const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as { paths: Anything };
  return Object.entries<Anything>(paths).flatMap(([path, methods]) =>
    Object.entries<Anything>(methods).map(([method, { security, responses }]) => ({
      method: method.toUpperCase(),
      path,
      isPublic: !security.some((scheme: object) => 'bearer' in scheme),
      hasOwnErrors: responses.default !== undefined,
    })),
  );
}

describe('errors over HTTP', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let conversationId: string;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    conversationId = await ada.directConversation(bob);
  });
  afterAll(() => story.close());

  /** A request that no client library would send. */
  async function raw(
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; headers: Headers; body: Anything }> {
    const response = await fetch(story.url + path, {
      ...init,
      headers: { authorization: `Bearer ${ada.accessToken}`, ...(init.headers as Record<string, string>) },
    });
    return { status: response.status, headers: response.headers, body: await response.json().catch(() => undefined) };
  }

  const posted = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Anything> =>
    raw(`/conversations/${conversationId}/messages`, {
      method: 'POST',
      body: body as string,
      headers: { 'content-type': 'application/json', ...headers },
    });

  it('are problems to the letter, with an id that the answer carries as well', async () => {
    const { status, headers, body } = await raw('/users/nobody');
    expect([status, body]).toEqual([404, problem(404, 'NOT_FOUND')]);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(headers.get('x-request-id')).toBe(body.requestId);
    expect(headers.get('x-powered-by')).toBeNull();
    const { body: other } = await raw('/users/nobody');
    expect(other.requestId).not.toBe(body.requestId);
  });

  it('name each wrong field, and every unknown one', async () => {
    const { status, body } = await ada.call('POST', `/conversations/${conversationId}/messages`, {
      content: '',
      clientId: 7,
      colour: 'red',
    });
    expect([status, body]).toEqual([400, problem(400, 'VALIDATION_FAILED', ['content', 'clientId', 'colour'])]);
    const group = await ada.call('POST', '/conversations', { type: 'GROUP', title: 'x', memberIds: ['x', bob.id] });
    expect([group.status, group.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(Object.keys(group.body.errors)).toEqual([expect.stringMatching(/^memberIds/)]);
  });

  it.each<[string, () => Promise<Anything>, number, string]>([
    ['malformed JSON', () => posted('{"content":'), 400, 'MALFORMED_JSON'],
    ['JSON that is no object', () => posted('"text"'), 400, 'VALIDATION_FAILED'],
    ['a number', () => posted('5'), 400, 'VALIDATION_FAILED'],
    ['null where a body is needed', () => posted('null'), 400, 'VALIDATION_FAILED'],
    ['an array', () => posted('[]'), 400, 'VALIDATION_FAILED'],
    ['no body', () => raw(`/conversations/${conversationId}/messages`, { method: 'POST' }), 400, 'VALIDATION_FAILED'],
    [
      'a form',
      () => posted('content=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'UNSUPPORTED_MEDIA',
    ],
    ['text', () => posted('{"content":"x"}', { 'content-type': 'text/plain' }), 415, 'UNSUPPORTED_MEDIA'],
    [
      'another character set',
      () => posted('{"content":"x"}', { 'content-type': 'application/json; charset=latin7' }),
      415,
      'UNSUPPORTED_MEDIA',
    ],
    [
      'an unknown encoding',
      () => posted('{"content":"x"}', { 'content-encoding': 'snappy' }),
      415,
      'UNSUPPORTED_MEDIA',
    ],
    ['a broken encoding', () => posted('{"content":"x"}', { 'content-encoding': 'gzip' }), 400, 'VALIDATION_FAILED'],
    ['a body too large', () => posted(JSON.stringify({ content: 'x'.repeat(200_000) })), 413, 'PAYLOAD_TOO_LARGE'],
    ['__proto__', () => posted('{"content":"x","__proto__":{"isAdmin":true}}'), 400, 'MALFORMED_JSON'],
    ['bad percent-encoding', () => raw('/users/%E0%A4%A'), 400, 'VALIDATION_FAILED'],
    [
      'bad percent-encoding of an emoji',
      () => raw(`/messages/${NOBODY}/reactions/%FF`, { method: 'PUT' }),
      400,
      'VALIDATION_FAILED',
    ],
    ['NUL in a path', () => raw('/users/%00'), 404, 'NOT_FOUND'],
    ['an unknown route', () => raw('/nowhere'), 404, 'NOT_FOUND'],
    ['an unknown method', () => raw('/users/me', { method: 'PUT' }), 404, 'NOT_FOUND'],
    ['a path up and out', () => raw('/conversations/..%2f..%2fetc%2fpasswd'), 404, 'NOT_FOUND'],
  ])('answer %s', async (_, call, status, code) => {
    const answer = await call();
    expect([answer.status, answer.body?.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toEqual(problem(status, code, answer.body.errors && Object.keys(answer.body.errors)));
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
  });

  it.each(['\0', '\ud800', '\n', '\u0085'])('refuse the URL of a picture with %j in it', async (character) => {
    const groupId = await ada.group('Pictures');
    for (const path of [`/conversations/${groupId}`, '/users/me']) {
      const { status, body } = await ada.call('PATCH', path, { avatarUrl: `https://example.com/${character}` });
      expect([path, status, Object.keys(body.errors ?? {})]).toEqual([path, 400, ['avatarUrl']]);
    }
  });

  it('take null for no body where none is needed', async () => {
    const [cy, dan] = [await story.person(), await story.person()];
    const group = await cy.group('Left', dan);
    const send = (person: Person, method: string, path: string): Promise<Anything> =>
      raw(path, {
        method,
        body: 'null',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${person.accessToken}` },
      });
    const statuses = [
      await send(dan, 'POST', `/conversations/${group}/leave`),
      await send(dan, 'PATCH', '/users/me'),
      await send(cy, 'POST', '/auth/logout'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([204, 200, 204]);
  });

  it.each([500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 6_000, 12_000])(
    'refuse what is nested %p deep, in a field or beside them',
    async (depth) => {
      for (const body of [
        `{"content":${'['.repeat(depth)}${']'.repeat(depth)}}`,
        `{"content":"x","more":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`,
      ]) {
        const answer = await posted(body);
        // Which of the two it is depends on how deep the parser can go.
        expect([answer.status, answer.body.code]).toEqual([
          400,
          expect.stringMatching(/^(VALIDATION_FAILED|MALFORMED_JSON)$/),
        ]);
      }
    },
  );

  it('nothing of what was refused is stored', async () => {
    expect(await ada.history(conversationId)).toEqual([]);
  });

  const LISTS = [
    '/conversations',
    '/friends',
    '/friends/requests',
    '/blocks',
    '/users?search=a',
    '/messages/search?q=a',
  ];
  const with_ = (path: string, query: string): string => path + (path.includes('?') ? '&' : '?') + query;

  it.each([
    '0',
    '-1',
    '101',
    'NaN',
    '1e99',
    'Infinity',
    '1.5',
    'x',
    '',
    '%00',
    '1&limit=2',
    '[]',
    '999999999999999999999',
  ])('refuse a limit of %s on every list', async (limit) => {
    for (const list of [...LISTS, '/conversations/ID/messages']) {
      const path = with_(list.replace('ID', conversationId), `limit=${limit}`);
      const { status, body } = await ada.call('GET', path);
      expect([path, status, Object.keys(body.errors ?? {})]).toEqual([path, 400, ['limit']]);
    }
  });

  it.each([
    'x',
    '%00',
    'W10',
    'e30',
    'bnVsbA',
    'x'.repeat(600),
    ...[
      [],
      [1, 2],
      ['2026-01-01T00:00:00.000Z', 'x'],
      ['1999-99-99T00:00:00.000Z', NOBODY],
      [null, null],
      ["' OR 1=1 --"],
      [{}],
      ['a\0b'],
    ].map((key) => Buffer.from(JSON.stringify(key)).toString('base64url')),
  ])('refuse or take a cursor of %.30s on every list, and never break', async (cursor) => {
    for (const list of LISTS) {
      const path = with_(list, `cursor=${cursor}`);
      const { status, body } = await ada.call('GET', path);
      // Users are paged by username, so that any short text is a place to go on from.
      if (status === 200 && list.startsWith('/users')) continue;
      expect([path, status, Object.keys(body.errors ?? {})]).toEqual([path, 400, ['cursor']]);
    }
  });

  it.each(['-1', '1.5', 'NaN', 'x', '', '2147483648', '1e400', '[1]', '%00'])(
    'refuse a position of %s in the history',
    async (position) => {
      for (const field of ['before', 'after', 'around']) {
        const { status, body } = await ada.call(
          'GET',
          `/conversations/${conversationId}/messages?${field}=${position}`,
        );
        expect([field, status, Object.keys(body.errors ?? {})]).toEqual([field, 400, [field]]);
      }
    },
  );

  it('refuse two positions at once, and unknown parameters', async () => {
    for (const query of ['before=1&after=2', 'around=1&before=3', 'after=1&around=1', 'page=2', 'limit=5&offset=3']) {
      const { status, body } = await ada.call('GET', `/conversations/${conversationId}/messages?${query}`);
      expect([query, status, body.code]).toEqual([query, 400, 'VALIDATION_FAILED']);
    }
  });

  describe('on every operation of the OpenAPI document', () => {
    const closed = operations().filter(({ isPublic }) => !isPublic);

    it('the document has operations, and few of them are public', () => {
      expect(closed.length).toBeGreaterThan(30);
      expect(
        operations()
          .filter(({ isPublic }) => isPublic)
          .map(({ path }) => path)
          .filter((path) => !/^\/(health|metrics)/.test(path))
          .sort(),
      ).toEqual([
        // By the signature in its address, and what everybody may see.
        '/attachments/{id}/{variant}',
        ...['forgot-password', 'login', 'refresh', 'register', 'resend-otp', 'reset-password', 'verify-otp'].map(
          (name) => `/auth/${name}`,
        ),
        '/avatars/{id}',
        // What browsers need to be notified: half of a pair of keys.
        '/push/web-key',
      ]);
    });

    it.each(closed)('$method $path is closed without a token, and with a wrong one', async (operation) => {
      const { method, path } = operation;
      const concrete = path.replaceAll(/\{\w+\}/g, NOBODY);
      const body = method === 'GET' ? undefined : { anything: 1 };
      for (const token of [undefined, 'x', 'a.b.c', `${ada.accessToken}x`, ada.refreshToken]) {
        const answer = await request(story.url, method, concrete, body, token);
        expect([answer.status, answer.body]).toEqual([401, refusalOf(operation, 401, 'UNAUTHORIZED')]);
        expect(answer.headers.get('www-authenticate')).toBe(operation.hasOwnErrors ? null : 'Bearer');
      }
    });

    // A device is put under an id that its owner makes up: there is none that was never used.
    const named = closed.filter(
      ({ method, path }) => path.includes('{') && `${method} ${path}` !== 'PUT /devices/{deviceId}',
    );
    it.each(named)('$method $path answers an id that is none, or was never used, with 404', async (operation) => {
      const { method, path } = operation;
      const valid: Record<string, object> = {
        'POST /conversations/{id}/members': { memberIds: [bob.id] },
        'POST /conversations/{id}/messages': { content: 'x' },
        'POST /conversations/{id}/read': { seq: 1 },
        'PATCH /conversations/{id}': { title: 'x' },
        'PATCH /conversations/{id}/me': { pinned: true },
        'PATCH /conversations/{id}/members/{userId}': { role: 'ADMIN' },
        'PATCH /messages/{id}': { content: 'x' },
      };
      for (const id of [NOBODY, 'x', '1', `${NOBODY}0`, `{${NOBODY}}`, '%20', `${NOBODY}%0a`, "'--", 'me%00']) {
        if (path === '/conversations/{id}' && id === 'x') continue;
        const concrete = path.replace('{emoji}', '+1').replaceAll(/\{\w+\}/g, id);
        const answer = await ada.call(method, concrete, valid[`${method} ${path}`]);
        expect([concrete, answer.status, answer.body]).toEqual([concrete, 404, refusalOf(operation, 404, 'NOT_FOUND')]);
      }
    });
  });
});

describe('errors for a page of another origin', () => {
  const ORIGIN = 'https://app.example.com';
  let story: Story;
  let ada: Person;
  beforeAll(async () => {
    story = await startStory({ corsOrigins: [ORIGIN] }, { LIMITS: '{ "http": { "burst": 40, "points": 1 } }' });
    ada = await story.person('ada');
  });
  afterAll(() => story.close());

  const get = (path: string): Promise<Response> =>
    fetch(story.url + path, { headers: { origin: ORIGIN, authorization: `Bearer ${ada.accessToken}` } });
  const exposed = (answer: Response): string[] =>
    (answer.headers.get('access-control-expose-headers') ?? '').split(',').map((name) => name.trim().toLowerCase());

  it('show all that a client reads: the id of the request, when to come back, what a file is called', async () => {
    const answer = await get('/users/me');
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(exposed(answer)).toEqual(
      expect.arrayContaining(['retry-after', 'x-request-id', 'content-range', 'content-disposition', 'etag']),
    );
  });

  it('say when to come back in the body and in a header that the page may read, also where every request is refused', async () => {
    for (;;) {
      const answer = await get('/users/me');
      const body = (await answer.json()) as Anything;
      if (answer.status === 200) continue;
      expect(body).toEqual(problem(429, 'RATE_LIMITED'));
      expect(body.message).toBe(body.detail);
      expect(body.retryAfterMs).toBeGreaterThan(0);
      expect(answer.headers.get('retry-after')).toBe(String(Math.ceil(body.retryAfterMs / 1_000)));
      expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(exposed(answer)).toContain('retry-after');
      return;
    }
  });
});
