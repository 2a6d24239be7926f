import { describe, expect, it } from '@jest/globals';
import { until } from '../../support/story.js';
import { rawHttpStory } from './raw-http.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

describe('an attacker against the HTTP server', () => {
  const attack = rawHttpStory();
  const { open, untilClosed, message, outline, JSON_TYPE, content, lengthOf } = attack;

  describe('with headers', () => {
    it.each([
      ['one of 64 KB', () => [`X-Long: ${'x'.repeat(65_536)}`]],
      ['500 of 128 bytes', () => Array.from({ length: 500 }, (_, index) => `X-${index}: ${'x'.repeat(120)}`)],
      ['a name of 64 KB', () => [`${'x'.repeat(65_536)}: x`]],
      ['a token of 64 KB', () => [`Cookie: accessToken=${'x'.repeat(65_536)}`]],
    ])('too large is refused: %s', async (_, headers) => {
      expect(outline(await untilClosed(message('GET /users/me HTTP/1.1', headers())))).toEqual([
        [431, 'HEADERS_TOO_LARGE'],
      ]);
    });

    it('takes five hundred small ones', async () => {
      const headers = Array.from({ length: 500 }, (_, index) => `X-${index}: x`);
      expect(outline(await untilClosed(message('GET /users/me HTTP/1.1', headers)))).toEqual([[200, undefined]]);
    });

    it('takes a path of 64 KB for too much as well', async () => {
      const answers = await untilClosed(message(`GET /users/${'x'.repeat(65_536)} HTTP/1.1`));
      expect(outline(answers)).toEqual([[431, 'HEADERS_TOO_LARGE']]);
    });

    it.each([
      ['NUL in a value', 'X-Evil: a\0b'],
      ['NUL in a name', 'X-\0Evil: b'],
      ['a carriage return alone in a value', 'X-Evil: a\rX-More: b'],
      ['a blank before the colon', 'X-Evil : b'],
      ['no colon', 'X-Evil'],
      ['no name', ': b'],
      ['a blank in the name', 'X Evil: b'],
      ['a control character in a value', 'X-Evil: a\x01b'],
    ])('that are none end the line: %s', async (_, header) => {
      expect(outline(await untilClosed(message('GET /users/me HTTP/1.1', [header])))).toEqual([
        [400, 'VALIDATION_FAILED'],
      ]);
    });

    it('needs a host, and no more than one', async () => {
      const none = await untilClosed(message('GET /users/me HTTP/1.1', [], '', { host: false }));
      expect(outline(none)).toEqual([[400, undefined]]);
      // Nothing is made of what it says: a second one, and one that is none, change no answer.
      for (const answers of [
        await untilClosed(message('GET /users/me HTTP/1.1', ['Host: evil.example'])),
        await untilClosed(message('GET /users/me HTTP/1.1', ["Host: '><script>"], '', { host: false })),
      ]) {
        expect(answers.map(({ status }) => status)).toEqual([200]);
        expect(answers[0]?.body).not.toMatch(/evil\.example|<script>/);
      }
    });

    it.each([
      ['a carriage return and a line', 'abcdefgh%0d%0aSet-Cookie: x=1'],
      ['markup', '<script>alert(1)</script>'],
      ['blanks', 'abc defgh ijk'],
      ['a text without end', 'x'.repeat(5_000)],
      ['bytes above ASCII', 'abcdefgh\xff\xfe'],
      ['__proto__', '__proto__"'],
    ])('is answered with a request id of the server’s own for %s', async (_, given) => {
      const [answer] = await untilClosed(message('GET /users/nobody HTTP/1.1', [`X-Request-Id: ${given}`]));
      expect(answer?.status).toBe(404);
      expect(answer?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer?.headers['set-cookie']).toBeUndefined();
    });

    it.each<[string, string[], number]>([
      ['an expectation that is none', ['Expect: the-unexpected'], 417],
      ['no content type that there is', ['Accept: image/png'], 200],
      ['a range beyond everything', ['Range: bytes=999999999999-'], 200],
      ['garbage for a date', ['If-Modified-Since: \xff', 'If-None-Match: "'], 200],
      ['an encoding that is none', ['Accept-Encoding: evil;q=9, *;q=x'], 200],
      ['a cookie without end', [`Cookie: ${'a=b; '.repeat(2_000)}`], 200],
      ['cookies of the prototype', ['Cookie: __proto__=x; constructor=y; accessToken=__proto__'], 200],
      ['an origin that is none', ['Origin: null'], 200],
      ['origins that are many', ['Origin: http://localhost, http://evil.example'], 200],
    ])('breaks nothing with %s', async (_, headers, status) => {
      const answers = await untilClosed(message('GET /users/me HTTP/1.1', headers));
      expect(answers.map((answer) => answer.status)).toEqual([status]);
    });

    it('lets no other origin read what it answers', async () => {
      for (const origin of ['http://evil.example', 'null', 'http://localhost.evil.example', `http://x@localhost:1`]) {
        const [answer] = await untilClosed(message('GET /users/me HTTP/1.1', [`Origin: ${origin}`]));
        expect([origin, answer?.headers['access-control-allow-origin']]).toEqual([origin, undefined]);
      }
    });
  });

  describe('with paths', () => {
    it.each([
      ['up and out', '/../../../../etc/passwd'],
      ['up and out, encoded', '/..%2f..%2f..%2fetc%2fpasswd'],
      ['up and out, encoded twice', '/%252e%252e%252fetc%252fpasswd'],
      ['up and out of an id', '/users/..%2f..%2fetc%2fpasswd'],
      ['up and out with backslashes', '/..\\..\\..\\etc\\passwd'],
      ['up and out of the documents', '/docs/..%2f..%2fpackage.json'],
      ['up and out of the documents, plainly', '/docs/../package.json'],
      ['overlong encoding', '/%c0%ae%c0%ae/etc/passwd'],
      ['a file of the server', '/.env'],
      ['its repository', '/.git/config'],
      ['NUL, encoded', '/users/%00'],
      ['NUL after an id', `/users/${NOBODY}%00`],
      ['a line, encoded', '/users/%0d%0aSet-Cookie:%20evil=1'],
      ['a line in an emoji', `/messages/${NOBODY}/reactions/%0d%0aX-Evil:1`],
      ['invalid encoding', '/users/%'],
      ['invalid encoding in an emoji', `/messages/${NOBODY}/reactions/%E0%A4`],
      ['encoding of no character', '/users/%ff%fe'],
      ['encoding by u', '/users/%u0041'],
      ['nothing but slashes', '//////'],
      ['two slashes before the path', '//users/me/x'],
      ['a semicolon', '/users/me;x=y'],
      ['a fragment', '/users#me'],
      ['a template', '/users/{{7*7}}'],
      ['__proto__', '/__proto__'],
      ['__proto__ for an id', '/users/__proto__'],
      ['constructor for an id', '/conversations/constructor'],
      ['ten thousand slashes', '/'.repeat(10_000)],
      ['ten thousand letters', `/users/${'x'.repeat(10_000)}`],
      ['many stars', `/users/${'*'.repeat(5_000)}`],
      ['what an expression could take long for', `/users/${'%20'.repeat(3_000)}x`],
    ])('finds nothing by %s', async (_, path) => {
      const before = process.cpuUsage();
      const answers = await untilClosed(message(`GET ${path} HTTP/1.1`));
      expect(answers).toHaveLength(1);
      expect([400, 404]).toContain(answers[0]?.status);
      expect(answers[0]?.headers['set-cookie']).toBeUndefined();
      expect(answers[0]?.headers['x-evil']).toBeUndefined();
      expect(answers[0]?.body ?? '').not.toMatch(/root:|"dependencies"/);
      // The work of this process, server and test: of an expression that takes long it would be many seconds.
      expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
    });

    it.each([
      ['a blank', 'GET /users me HTTP/1.1'],
      ['NUL', 'GET /users/\0 HTTP/1.1'],
      ['a carriage return', 'GET /users/\rme HTTP/1.1'],
      ['no path', 'GET HTTP/1.1'],
      ['no slash', 'GET users/me HTTP/1.1'],
      ['nothing', ''],
    ])('that are none end the line: %s', async (_, start) => {
      const [answer, ...others] = await untilClosed(message(start));
      expect(answer?.status).toBe(400);
      expect(others).toEqual([]);
    });

    it('is given nothing of another host', async () => {
      const [answer] = await untilClosed(message('GET http://evil.example/health/live HTTP/1.1'));
      expect(answer?.status).toBe(200);
      expect(answer?.body).not.toContain('evil.example');
    });
  });

  describe('with verbs', () => {
    it.each(['PUT', 'DELETE', 'PROPFIND', 'SEARCH', 'PURGE', 'LOCK', 'MKCOL', 'REPORT', 'LINK', 'M-SEARCH', 'TRACE'])(
      '%s is no more than a route that is not there, and says nothing back',
      async (verb) => {
        const answers = await untilClosed(message(`${verb} /friends HTTP/1.1`, ['X-Secret: to be echoed']));
        expect(outline(answers)).toEqual([[404, 'NOT_FOUND']]);
        expect(answers[0]?.body).not.toMatch(/echoed|Bearer/);
      },
    );

    it.each(['EVIL', 'get', 'GETT', 'G\0T', '{}', 'GET\t', 'X'.repeat(5_000)])(
      'a verb that is none ends the line: %#',
      async (verb) => {
        expect(outline(await untilClosed(message(`${verb} /users/me HTTP/1.1`)))).toEqual([[400, 'VALIDATION_FAILED']]);
      },
    );

    it('CONNECT connects to nothing', async () => {
      for (const target of ['example.com:80', '127.0.0.1:22', '/users/me']) {
        const line = open();
        await line.write(message(`CONNECT ${target} HTTP/1.1`));
        await until('the server ends the line', () => line.isClosed);
        expect(line.text).not.toMatch(/^HTTP\/1\.1 [25]/);
      }
    });

    it('HEAD and OPTIONS answer no more than GET would', async () => {
      const [head] = await untilClosed(message('HEAD /users/me HTTP/1.1'), 'HEAD');
      expect([200, 404]).toContain(head?.status);
      const closed = await fetch(`${attack.story.url}/users/me`, { method: 'HEAD' });
      expect(closed.status).toBe(401);
      for (const path of ['/users/me', '*', '/nowhere']) {
        const [options] = await untilClosed(message(`OPTIONS ${path} HTTP/1.1`));
        expect([200, 204, 404]).toContain(options?.status);
      }
    });

    it.each([
      ['header', ['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE', 'X-Method-Override: DELETE'], ''],
      ['parameter', [], '?_method=DELETE&method=DELETE'],
    ])('a %s makes no other verb of one', async (_, headers, query) => {
      const { id } = await attack.ada.send(attack.conversationId, 'stays');
      for (const [verb, status] of [
        ['GET', 200],
        ['POST', 404],
      ] as const) {
        const body = verb === 'POST' ? content('x') : '';
        const more = verb === 'POST' ? [JSON_TYPE, lengthOf(body)] : [];
        const [answer] = await untilClosed(
          message(`${verb} /messages/${id}${query} HTTP/1.1`, [...headers, ...more], body),
        );
        expect([verb, answer?.status]).toEqual([verb, status]);
      }
      expect((await attack.ada.must('GET', `/messages/${id}`)).deletedAt).toBeNull();
    });
  });

  describe('by prototypes', () => {
    const clean = (): void => {
      const empty = {} as Record<string, unknown>;
      for (const name of ['isAdmin', 'x', 'limit', 'search', 'content', 'role', 'status']) {
        expect(empty[name]).toBeUndefined();
        expect(([] as unknown as Record<string, unknown>)[name]).toBeUndefined();
      }
    };

    it.each([
      ['__proto__', '{"__proto__":{"isAdmin":true},"content":"x"}'],
      ['__proto__, escaped', '{"\\u005f_proto__":{"isAdmin":true},"content":"x"}'],
      ['__proto__ of null', '{"__proto__":null,"content":"x"}'],
      ['__proto__ as all there is', '{"__proto__":{"content":"x"}}'],
      ['__proto__ inside', '{"content":"x","more":{"__proto__":{"isAdmin":true}}}'],
      ['__proto__ inside a list', '{"content":"x","attachmentIds":[{"__proto__":{"isAdmin":true}}]}'],
      ['__proto__ as a list', '{"__proto__":["isAdmin"],"content":"x"}'],
      ['__proto__ twice', '{"__proto__":{},"__proto__":{"isAdmin":true},"content":"x"}'],
      ['constructor.prototype', '{"constructor":{"prototype":{"isAdmin":true}},"content":"x"}'],
      ['constructor.prototype as all there is', '{"constructor":{"prototype":{"content":"x"}}}'],
      ['constructor.prototype inside', '{"content":{"constructor":{"prototype":{"isAdmin":true}}}}'],
      ['prototype', '{"prototype":{"isAdmin":true},"content":"x"}'],
      ['a path', '{"__proto__.isAdmin":true,"content":"x"}'],
      ['a path in brackets', '{"__proto__[isAdmin]":true,"content":"x"}'],
      ['a list with names', '["__proto__",{"isAdmin":true}]'],
      ['__defineGetter__', '{"__defineGetter__":"x","content":"x"}'],
      ['toJSON', '{"toJSON":"x","content":"x"}'],
    ])('in JSON is refused: %s', async (_, body) => {
      for (const [method, path] of [
        ['POST', `/conversations/${attack.conversationId}/messages`],
        ['PATCH', '/users/me'],
        ['POST', '/conversations'],
        ['PATCH', `/conversations/${attack.conversationId}/me`],
        ['POST', '/auth/login'],
        ['POST', '/auth/register'],
        ['POST', '/auth/refresh'],
      ] as const) {
        const answers = await untilClosed(message(`${method} ${path} HTTP/1.1`, [JSON_TYPE, lengthOf(body)], body));
        expect([path, ...(outline(answers)[0] ?? [])]).toEqual([
          path,
          400,
          expect.stringMatching(/^(MALFORMED_JSON|VALIDATION_FAILED)$/),
        ]);
        clean();
      }
    });

    const LISTS = ['/conversations', '/friends', '/friends/requests', '/blocks', '/users', '/messages/search', '/sync'];
    /** What every list answers to a query, then what answers the two operations that take none. */
    const askAll = async (query: string): Promise<[string, (number | undefined)[]][]> =>
      Promise.all(
        [...LISTS, `/conversations/${attack.conversationId}/messages`, '/users/me', '/health/ready'].map(
          async (path): Promise<[string, (number | undefined)[]]> => {
            const answers = await untilClosed(message(`GET ${path}?${query} HTTP/1.1`));
            return [path, answers.map(({ status }) => status)];
          },
        ),
      );
    const TAKE_NONE = new Set(['/users/me', '/health/ready']);
    const NEED_WORDS = new Set(['/users', '/messages/search']);

    it.each([
      '__proto__=1',
      'constructor=1',
      'prototype=1',
      'toString=x',
      'hasOwnProperty=x',
      'valueOf=x&limit=1',
      '&&&&',
    ])('in a query are as if they were not there: %s', async (query) => {
      for (const [path, statuses] of await askAll(query))
        expect([path, statuses]).toEqual([path, [NEED_WORDS.has(path) ? 400 : 200]]);
      clean();
    });

    it.each([
      '__proto__[x]=1',
      '__proto__[isAdmin]=1',
      '__proto__.x=1',
      'constructor[prototype][x]=1',
      'limit[__proto__]=1',
      'limit[__proto__][x]=1',
      'limit[constructor][prototype][x]=1',
      'limit[]=1',
      'limit[0]=1',
      'limit[length]=1',
      'limit=1&limit=2',
      'limit=1&limit[]=2',
      'cursor=a&cursor=b',
      'cursor[]=a',
      'cursor[$ne]=a',
      'search=a&search=b',
      'search[]=a',
      'q=a&q=b',
      'q[toString]=a',
      'q[]=a&q[]=b',
      'then=x',
      '%00=x',
      'limit=%',
      'limit=%E0%A4%A',
      'limit=%c0%ae',
      '=',
      '=&=&=',
      '?',
      '%5b%5d=1',
      'a'.repeat(8_000),
      'a&'.repeat(4_000),
      'limit=1&'.repeat(1_500),
      `${'a['.repeat(2_000)}x${']'.repeat(2_000)}=1`,
    ])('in a query of a list are refused, and break nothing: %#', async (query) => {
      for (const [path, statuses] of await askAll(query))
        expect([path, statuses]).toEqual([path, [TAKE_NONE.has(path) ? 200 : 400]]);
      clean();
    });

    it.each(['limit', 'cursor', 'search', 'q', 'before', 'after', 'around', 'direction', 'status', 'conversationId'])(
      'a list for %s is not taken for one of its parts',
      async (name) => {
        for (const query of [`${name}=1&${name}=2`, `${name}[]=1`, `${name}[x]=1`, `${name}=&${name}=`]) {
          for (const path of [
            `/conversations/${attack.conversationId}/messages`,
            '/friends/requests',
            '/messages/search',
          ]) {
            const required = path === '/messages/search' && name !== 'q' ? '&q=a' : '';
            const { status, body } = await attack.ada.call('GET', `${path}?${query}${required}`);
            expect([path, query, status, body.code]).toEqual([path, query, 400, 'VALIDATION_FAILED']);
          }
        }
      },
    );
  });
});
