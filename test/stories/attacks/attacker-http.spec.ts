import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Anything, type Person, request, startStory, type Story, until } from '../../support/story.js';
import { problem } from './shapes.js';

const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The answers on a line, one after the other; what is not there in full is left out. */
function answersIn(received: string, { method = 'GET' } = {}): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    rest = rest.slice(end + 4);
    const hasBody = method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304;
    let body = '';
    if (hasBody && headers['transfer-encoding'] === 'chunked') {
      for (let size = -1; size !== 0; ) {
        const line = rest.indexOf('\r\n');
        size = Number.parseInt(rest.slice(0, line), 16);
        if (line === -1 || rest.length < line + 4 + size) return answers;
        body += rest.slice(line + 2, line + 2 + size);
        rest = rest.slice(line + 4 + size);
      }
    } else if (hasBody) {
      const length = Number(headers['content-length'] ?? 0);
      if (rest.length < length) return answers;
      body = rest.slice(0, length);
      rest = rest.slice(length);
    }
    answers.push({ status, headers, body });
  }
}

/** A TCP connection that says what it is told to. */
class Line {
  private readonly socket: Socket;
  private received = '';
  isClosed = false;
  /** Resolves when the server has ended it. */
  readonly closed: Promise<void>;

  constructor(url: string) {
    const { port } = new URL(url);
    this.socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk: string) => {
      this.received += chunk;
    });
    this.closed = new Promise((resolve) => {
      const over = (): void => {
        this.isClosed = true;
        resolve();
      };
      this.socket.once('end', over).once('close', over);
    });
    // Written to after the server has ended it.
    this.socket.on('error', () => undefined);
  }

  write(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, 'latin1', () => resolve()));
  }

  /** Says that nothing more comes. */
  finish(): void {
    this.socket.end();
  }

  answers(method = 'GET'): RawAnswer[] {
    return answersIn(this.received, { method });
  }

  get text(): string {
    return this.received;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

describe('an attacker against the HTTP server', () => {
  let story: Story;
  let [ada, bob]: [Person, Person] = [] as never;
  let conversationId: string;
  let lines: Line[] = [];
  const prototypeNames = Object.getOwnPropertyNames(Object.prototype).sort();

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    conversationId = await ada.directConversation(bob);
  });
  afterAll(() => story.close());
  afterEach(async () => {
    for (const line of lines) line.destroy();
    lines = [];
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(prototypeNames);
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
  });

  function open(): Line {
    const line = new Line(story.url);
    lines.push(line);
    return line;
  }

  /** Sends these bytes, and waits until the server has ended the line. */
  async function untilClosed(bytes: string | Buffer, method?: string): Promise<RawAnswer[]> {
    const line = open();
    await line.write(bytes);
    await until('the server ends the line', () => line.isClosed);
    return line.answers(method).map(checked);
  }

  const authorization = (): string => `Authorization: Bearer ${ada.accessToken}\r\n`;
  /** A request in bytes; the last on its line unless another follows. */
  function message(
    start: string,
    headers: readonly string[] = [],
    body = '',
    { last = true, host = true } = {},
  ): string {
    return `${start}\r\n${host ? 'Host: x\r\n' : ''}${authorization()}${last ? 'Connection: close\r\n' : ''}${headers
      .map((header) => `${header}\r\n`)
      .join('')}\r\n${body}`;
  }
  const ping = (last = true): string => message('GET /users/me HTTP/1.1', [], '', { last });

  /** Holds of every answer: it is no failure of the server, and tells nothing of its insides. */
  function checked(answer: RawAnswer): RawAnswer {
    expect(answer.status).toBeLessThan(500);
    if (answer.status < 400 || answer.body === '') return answer;
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    const body = JSON.parse(answer.body);
    expect(body).toEqual(problem(answer.status, body.code, body.errors && Object.keys(body.errors)));
    expect(body.requestId).toBe(answer.headers['x-request-id']);
    const { requestId: _, ...told } = body;
    expect(JSON.stringify(told)).not.toMatch(
      /node_modules|\/work\/|\/src\/|\/dist\/|\bat \S+:\d+|\.[jt]s\b|SELECT |INSERT |Prisma|postgres|relation/i,
    );
    return answer;
  }
  const outline = (answers: RawAnswer[]): [number, string | undefined][] =>
    answers.map(({ status, body }) => [status, body === '' ? undefined : JSON.parse(body).code]);

  const POST = (): string => `POST /conversations/${conversationId}/messages HTTP/1.1`;
  const JSON_TYPE = 'Content-Type: application/json';
  const content = (text: string): string => JSON.stringify({ content: text });
  const lengthOf = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`;

  describe('with bodies', () => {
    it.each([
      ['200 KB', 200_000],
      ['5 MB', 5_000_000],
    ])('of %s is refused, and the connection goes on', async (_, size) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (method: string, path: string, body?: string): Promise<Anything> =>
        new Promise((resolve, reject) => {
          const sent = httpRequest(story.url + path, {
            method,
            agent,
            headers: {
              authorization: `Bearer ${ada.accessToken}`,
              ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
            },
          });
          sent.on('error', reject);
          sent.on('response', (response) => {
            let text = '';
            response.on('data', (chunk) => (text += String(chunk)));
            response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
          });
          sent.end(body);
        });
      const path = `/conversations/${conversationId}/messages`;
      const refused = await send('POST', path, content('x'.repeat(size)));
      expect([refused.status, refused.body]).toEqual([413, problem(413, 'PAYLOAD_TOO_LARGE')]);
      // Over the same connection, or over another where the server has ended this one: either way it is answered.
      expect((await send('GET', '/users/me')).status).toBe(200);
      expect((await send('POST', path, content('fine'))).status).toBe(201);
      agent.destroy();
    });

    it('that would be large without being so is refused', async () => {
      const bomb = gzipSync(Buffer.from(content('x'.repeat(50_000_000))));
      expect(bomb.length).toBeLessThan(100_000);
      const response = await fetch(`${story.url}/conversations/${conversationId}/messages`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${ada.accessToken}`,
          'content-type': 'application/json',
          'content-encoding': 'gzip',
        },
        body: bomb,
      });
      expect([response.status, await response.json()]).toEqual([413, problem(413, 'PAYLOAD_TOO_LARGE')]);
    });

    it('that never ends is refused once it is too large, and not read for ever', async () => {
      const line = open();
      await line.write(message(POST(), [JSON_TYPE, 'Transfer-Encoding: chunked'], '', { last: false }));
      const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`;
      // 2 MB are sixteen times what is allowed: nobody needs to read more to know.
      for (let sent = 0; sent < 128 && !line.isClosed; sent += 1) await line.write(chunk);
      await until('the server answers, or ends the line', () => line.isClosed || line.answers().length > 0);
      for (const answer of outline(line.answers().map(checked))) expect(answer).toEqual([413, 'PAYLOAD_TOO_LARGE']);
      await until('the server ends the line', () => line.isClosed);
    });

    it('that is announced too large is refused before it comes', async () => {
      const line = open();
      await line.write(message(POST(), [JSON_TYPE, 'Content-Length: 5000000000'], '{', { last: false }));
      await until('the server answers', () => line.answers().length > 0);
      expect(outline(line.answers().map(checked))).toEqual([[413, 'PAYLOAD_TOO_LARGE']]);
      await until('the server ends the line', () => line.isClosed);
    });

    it('shorter than announced and then no more harms nobody', async () => {
      const line = open();
      await line.write(message(POST(), [JSON_TYPE, 'Content-Length: 1000'], content('cut'), { last: false }));
      line.finish();
      await until('the server ends the line', () => line.isClosed);
      for (const answer of line.answers()) expect(checked(answer).status).toBe(400);
    });

    it('longer than announced is cut there, and the rest is a request of its own, or none', async () => {
      const body = content('announced');
      const answers = await untilClosed(
        message(POST(), [JSON_TYPE, lengthOf(body)], `${body}{"content":"beyond"}`, { last: false }),
      );
      // Node may find out about the rest before the first has been answered.
      expect([[400], [201, 400]]).toContainEqual(answers.map(({ status }) => status));
      expect((await ada.history(conversationId)).map((stored) => stored.content)).not.toContain('beyond');
    });

    it.each([
      ['cut within a letter', Buffer.from('{"content":"\xc3"}', 'latin1')],
      [
        'of bytes that are no UTF-8',
        Buffer.concat([Buffer.from('{"content":"'), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('"}')]),
      ],
      ['with NUL', Buffer.from('{"content":"a\0b"}')],
      ['with a BOM', Buffer.from('\ufeff{"content":"x"}')],
      ['of nothing but NUL', Buffer.alloc(64)],
      ['of blanks', Buffer.from(' '.repeat(64))],
    ])('%s fails well, if at all', async (_, body) => {
      const head = message(POST(), [JSON_TYPE, `Content-Length: ${body.length}`]);
      const answers = await untilClosed(Buffer.concat([Buffer.from(head, 'latin1'), body]));
      expect(answers).toHaveLength(1);
      expect([201, 400]).toContain(answers[0]?.status);
    });
  });

  describe('with time', () => {
    it('has a bounded one for its headers and for its body', () => {
      const { headersTimeout, requestTimeout, keepAliveTimeout } = story.app.getHttpServer();
      for (const [bound, most] of [
        [headersTimeout, 60_000],
        // For files; any other body has a minute: src/http/request-bodies.spec.ts.
        [requestTimeout, 900_000],
        [keepAliveTimeout, 120_000],
      ] as const) {
        expect(bound).toBeGreaterThan(0);
        expect(bound).toBeLessThanOrEqual(most);
      }
    });

    it('takes none from others: a hundred lines that never finish, and everybody is served', async () => {
      const slow = Array.from({ length: 100 }, () => open());
      await Promise.all(
        slow.map((line, index) =>
          line.write(
            index % 2 === 0
              ? 'GET /users/me HTTP/1.1\r\nHost: x\r\nX-Slow: '
              : message(POST(), [JSON_TYPE, 'Content-Length: 100'], '{"con', { last: false }),
          ),
        ),
      );
      const answers = await Promise.all(Array.from({ length: 20 }, () => bob.call('GET', '/users/me')));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      await ada.say(conversationId, 'served');
    });

    it.each([
      ['another path', '/users/me', 'websocket'],
      ['another protocol', '/users/me', 'h2c'],
      ['the socket’s path without what a handshake has', '/socket.io/?EIO=4&transport=websocket', 'websocket'],
      ['an unknown transport', '/socket.io/?EIO=4&transport=carrier-pigeon', 'websocket'],
      ['an unknown connection', '/socket.io/?EIO=4&transport=websocket&sid=__proto__', 'websocket'],
    ])('cannot hold a line by upgrading on %s', async (_, path, protocol) => {
      const line = open();
      await line.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\n${authorization()}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
      );
      await until('the server ends the line', () => line.isClosed || line.answers().length > 0);
      expect(line.text).not.toMatch(/^HTTP\/1\.1 (101|5)/);
      expect(line.text).not.toContain(ada.email);
    });
  });

  describe('with headers', () => {
    it.each([
      ['one of 64 KB', () => [`X-Long: ${'x'.repeat(65_536)}`]],
      ['500 of 128 bytes', () => Array.from({ length: 500 }, (_, index) => `X-${index}: ${'x'.repeat(120)}`)],
      ['a name of 64 KB', () => [`${'x'.repeat(65_536)}: x`]],
      ['a token of 64 KB', () => [`Cookie: accessToken=${'x'.repeat(65_536)}`]],
    ])('too large is refused: %s', async (_, headers) => {
      expect(outline(await untilClosed(message('GET /users/me HTTP/1.1', headers())))).toEqual([[431, undefined]]);
    });

    it('takes five hundred small ones', async () => {
      const headers = Array.from({ length: 500 }, (_, index) => `X-${index}: x`);
      expect(outline(await untilClosed(message('GET /users/me HTTP/1.1', headers)))).toEqual([[200, undefined]]);
    });

    it('takes a path of 64 KB for too much as well', async () => {
      const answers = await untilClosed(message(`GET /users/${'x'.repeat(65_536)} HTTP/1.1`));
      expect(outline(answers)).toEqual([[431, undefined]]);
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
      expect(outline(await untilClosed(message('GET /users/me HTTP/1.1', [header])))).toEqual([[400, undefined]]);
    });

    it('needs a host, and no more than one', async () => {
      const none = await untilClosed(message('GET /users/me HTTP/1.1', [], '', { host: false }));
      expect(outline(none)).toEqual([[400, undefined]]);
      for (const [{ status } = { status: 0 }] of [
        await untilClosed(message('GET /users/me HTTP/1.1', ['Host: evil.example'])),
        await untilClosed(message('GET /users/me HTTP/1.1', ["Host: '><script>"], '', { host: false })),
      ]) {
        expect([200, 400]).toContain(status);
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

    it('lets no foreign origin read what it answers', async () => {
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
      const started = Date.now();
      const answers = await untilClosed(message(`GET ${path} HTTP/1.1`));
      expect(answers).toHaveLength(1);
      expect([400, 404]).toContain(answers[0]?.status);
      expect(answers[0]?.headers['set-cookie']).toBeUndefined();
      expect(answers[0]?.headers['x-evil']).toBeUndefined();
      expect(answers[0]?.body ?? '').not.toMatch(/root:|"dependencies"/);
      expect(Date.now() - started).toBeLessThan(2_000);
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
      expect([200, 400, 404]).toContain(answer?.status);
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
        expect(outline(await untilClosed(message(`${verb} /users/me HTTP/1.1`)))).toEqual([[400, undefined]]);
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

    it('HEAD and OPTIONS tell no more than GET would', async () => {
      const [head] = await untilClosed(message('HEAD /users/me HTTP/1.1'), 'HEAD');
      expect([200, 404]).toContain(head?.status);
      const closed = await fetch(`${story.url}/users/me`, { method: 'HEAD' });
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
      const { id } = await ada.say(conversationId, 'stays');
      for (const verb of ['GET', 'POST']) {
        const body = verb === 'POST' ? content('x') : '';
        const more = verb === 'POST' ? [JSON_TYPE, lengthOf(body)] : [];
        const [answer] = await untilClosed(
          message(`${verb} /messages/${id}${query} HTTP/1.1`, [...headers, ...more], body),
        );
        expect([200, 400, 404]).toContain(answer?.status);
      }
      expect((await ada.must('GET', `/messages/${id}`)).deletedAt).toBeNull();
    });
  });

  describe('with versions', () => {
    it('speaks HTTP/1.0 as it should: an answer, and the end', async () => {
      const answers = await untilClosed(`GET /users/me HTTP/1.0\r\n${authorization()}\r\n`);
      expect(answers.map(({ status }) => status)).toEqual([200]);
    });

    it.each<[string, () => string]>([
      ['HTTP/0.9', () => 'GET /users/me\r\n\r\n'],
      ['HTTP/1.2', () => message('GET /users/me HTTP/1.2')],
      ['HTTP/2 in its plain form', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['HTTP/9.9', () => message('GET /users/me HTTP/9.9')],
      ['no HTTP', () => message('GET /users/me EVIL/1.1')],
      ['TLS', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
      ['SSH', () => 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['garbage', () => '\xff'.repeat(1_000)],
    ])('ends what speaks %s', async (_, make) => {
      const answers = await untilClosed(Buffer.from(make(), 'latin1'));
      for (const { status } of answers) expect([400, 401, 505]).toContain(status);
    });
  });

  describe('by smuggling', () => {
    const SMUGGLED = (): string => `GET /users/me?smuggled HTTP/1.1\r\nHost: x\r\n${authorization()}\r\n`;

    it.each<[string, () => string[], () => string]>([
      [
        'a length and chunks',
        () => ['Content-Length: 6', 'Transfer-Encoding: chunked'],
        () => `0\r\n\r\n${SMUGGLED()}`,
      ],
      [
        'chunks and a length',
        () => ['Transfer-Encoding: chunked', 'Content-Length: 6'],
        () => `0\r\n\r\n${SMUGGLED()}`,
      ],
      ['two lengths', () => ['Content-Length: 15', 'Content-Length: 0'], () => `{"content":"x"}${SMUGGLED()}`],
      ['the same length twice', () => ['Content-Length: 15', 'Content-Length: 15'], () => '{"content":"x"}'],
      ['a list of lengths', () => ['Content-Length: 15, 0'], () => '{"content":"x"}'],
      ['a negative length', () => ['Content-Length: -15'], () => '{"content":"x"}'],
      ['a length with a sign', () => ['Content-Length: +15'], () => '{"content":"x"}'],
      ['a length in hexadecimal', () => ['Content-Length: 0xf'], () => '{"content":"x"}'],
      ['a length with a fraction', () => ['Content-Length: 15.0'], () => '{"content":"x"}'],
      ['a length of nothing', () => ['Content-Length: '], () => '{"content":"x"}'],
      ['a length beyond numbers', () => ['Content-Length: 99999999999999999999'], () => '{"content":"x"}'],
      ['a length that is folded', () => ['Content-Length:\r\n 15'], () => '{"content":"x"}'],
      ['a length with a blank before the colon', () => ['Content-Length : 15'], () => '{"content":"x"}'],
      ['an encoding that is none', () => ['Transfer-Encoding: xchunked'], () => `0\r\n\r\n${SMUGGLED()}`],
      [
        'chunks before another encoding',
        () => ['Transfer-Encoding: chunked, identity'],
        () => `0\r\n\r\n${SMUGGLED()}`,
      ],
      ['chunks twice', () => ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], () => `0\r\n\r\n`],
      ['chunks with a blank before the colon', () => ['Transfer-Encoding : chunked'], () => `0\r\n\r\n${SMUGGLED()}`],
      ['chunks with a tab', () => ['Transfer-Encoding:\x0bchunked'], () => `0\r\n\r\n${SMUGGLED()}`],
      ['a chunk of no size', () => ['Transfer-Encoding: chunked'], () => `\r\n\r\n`],
      ['a chunk of a negative size', () => ['Transfer-Encoding: chunked'], () => `-1\r\nx\r\n0\r\n\r\n`],
      [
        'a chunk in hexadecimal twice',
        () => ['Transfer-Encoding: chunked'],
        () => `0xf\r\n{"content":"x"}\r\n0\r\n\r\n`,
      ],
      ['a chunk beyond numbers', () => ['Transfer-Encoding: chunked'], () => `fffffffffffffffff\r\nx`],
      ['a chunk longer than it says', () => ['Transfer-Encoding: chunked'], () => `1\r\n{"content":"x"}\r\n0\r\n\r\n`],
      [
        'a chunk with an extension without end',
        () => ['Transfer-Encoding: chunked'],
        () => `f;${'x'.repeat(100_000)}\r\n{"content":"x"}\r\n0\r\n\r\n`,
      ],
    ])('%s is refused, and the line with it', async (_, headers, body) => {
      const before = await ada.history(conversationId);
      const answers = await untilClosed(message(POST(), [JSON_TYPE, ...headers()], body(), { last: false }) + ping());
      expect(answers).toHaveLength(1);
      expect([400, 413]).toContain(answers[0]?.status);
      expect(await ada.history(conversationId)).toEqual(before);
    });

    it('a body of what needs none is not taken for a request', async () => {
      for (const start of ['GET /users/me HTTP/1.1', 'DELETE /nowhere HTTP/1.1', 'GET /health/live HTTP/1.1']) {
        const smuggled = SMUGGLED();
        const answers = await untilClosed(message(start, [lengthOf(smuggled)], smuggled, { last: false }) + ping());
        expect(answers.length).toBeLessThanOrEqual(2);
        expect(answers.length).toBeGreaterThan(0);
      }
    });

    it('requests in a row are answered each as its own, in their order', async () => {
      const body = content('in a row');
      const others = `GET /users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bob.accessToken}\r\n\r\n`;
      const nobodys = 'GET /users/me HTTP/1.1\r\nHost: x\r\n\r\n';
      const answers = await untilClosed(
        ping(false) + others + nobodys + message(POST(), [JSON_TYPE, lengthOf(body)], body, { last: false }) + ping(),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 201, 200]);
      expect(answers.map((answer) => JSON.parse(answer.body).id)).toEqual([
        ada.id,
        bob.id,
        undefined,
        expect.any(String),
        ada.id,
      ]);
    });

    it('a thousand requests in a row are each answered', async () => {
      const answers = await untilClosed('GET /users/me HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000) + ping());
      expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 1_000 }, () => 401), 200]);
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
        ['POST', `/conversations/${conversationId}/messages`],
        ['PATCH', '/users/me'],
        ['POST', '/conversations'],
        ['PATCH', `/conversations/${conversationId}/me`],
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
    it.each([
      '__proto__[x]=1',
      '__proto__[isAdmin]=1',
      '__proto__.x=1',
      '__proto__=1',
      'constructor[prototype][x]=1',
      'constructor=1',
      'prototype=1',
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
      'toString=x',
      'hasOwnProperty=x',
      'valueOf=x&limit=1',
      'then=x',
      '%00=x',
      'limit=%',
      'limit=%E0%A4%A',
      'limit=%c0%ae',
      '=',
      '&&&&',
      '=&=&=',
      '?',
      '%5b%5d=1',
      'a'.repeat(8_000),
      'a&'.repeat(4_000),
      'limit=1&'.repeat(1_500),
      `${'a['.repeat(2_000)}x${']'.repeat(2_000)}=1`,
    ])('in a query break nothing: %#', async (query) => {
      const answers = await Promise.all([
        ...LISTS.map((list) => untilClosed(message(`GET ${list}?${query} HTTP/1.1`))),
        untilClosed(message(`GET /conversations/${conversationId}/messages?${query} HTTP/1.1`)),
        untilClosed(message(`GET /users/me?${query} HTTP/1.1`)),
        untilClosed(message(`GET /health/ready?${query} HTTP/1.1`)),
      ]);
      for (const answer of answers) {
        expect(answer).toHaveLength(1);
        expect([200, 400]).toContain(answer[0]?.status);
      }
      clean();
    });

    it.each(['limit', 'cursor', 'search', 'q', 'before', 'after', 'around', 'direction', 'status', 'conversationId'])(
      'a list for %s is not taken for one of its parts',
      async (name) => {
        for (const query of [`${name}=1&${name}=2`, `${name}[]=1`, `${name}[x]=1`, `${name}=&${name}=`]) {
          for (const path of [`/conversations/${conversationId}/messages`, '/friends/requests', '/messages/search']) {
            const required = path === '/messages/search' && name !== 'q' ? '&q=a' : '';
            const { status, body } = await ada.call('GET', `${path}?${query}${required}`);
            expect([path, query, status, body.code]).toEqual([path, query, 400, 'VALIDATION_FAILED']);
          }
        }
      },
    );
  });

  it('nothing of what was refused is stored', async () => {
    const contents = new Set((await ada.history(conversationId)).map((stored) => stored.content));
    for (const stored of contents) {
      expect(stored).toMatch(/^(fine|announced|served|stays|in a row|x|[\ufffd\xc3]+)$/u);
    }
    expect(contents).not.toContain('beyond');
    expect(contents).not.toContain('cut');
    const { status } = await request(story.url, 'GET', '/users/me');
    expect(status).toBe(401);
  });
});
