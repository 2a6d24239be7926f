import { describe, expect, it, jest } from '@jest/globals';
import { Agent, request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type Anything, request, until } from '../../support/story.js';
import { rawHttpStory } from './raw-http.js';
import { problem } from './shapes.js';

describe('an attacker against the framing of HTTP', () => {
  const attack = rawHttpStory();
  const { open, untilClosed, authorization, message, ping, checked, outline, POST, JSON_TYPE, content, lengthOf } =
    attack;

  describe('with bodies', () => {
    it.each([
      ['200 KB', 200_000],
      ['5 MB', 5_000_000],
    ])('of %s is refused, and the connection goes on', async (_, size) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (method: string, path: string, body?: string): Promise<Anything> =>
        new Promise((resolve, reject) => {
          const sent = httpRequest(attack.story.url + path, {
            method,
            agent,
            headers: {
              authorization: `Bearer ${attack.ada.accessToken}`,
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
      const path = `/conversations/${attack.conversationId}/messages`;
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
      const response = await fetch(`${attack.story.url}/conversations/${attack.conversationId}/messages`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${attack.ada.accessToken}`,
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
      await until('the server ends the line', () => line.isClosed);
      expect(outline(line.answers().map(checked))).toEqual([[413, 'PAYLOAD_TOO_LARGE']]);
    });

    it.each([
      ['charset', ['Content-Type: application/json; charset=foo']],
      ['encoding', [JSON_TYPE, 'Content-Encoding: foo']],
    ])('of an unknown %s is refused once, however much of it comes', async (_, headers) => {
      const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
      const line = open();
      await line.write(message(POST(), [...headers, 'Transfer-Encoding: chunked'], '', { last: false }));
      await until('the server answers', () => line.answers().length > 0);
      const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`;
      for (let sent = 0; sent < 128 && !line.isClosed; sent += 1) await line.write(chunk);
      await until('the server ends the line', () => line.isClosed);
      expect(line.answers().map(({ status }) => status)).toEqual([415]);
      expect(printed.mock.calls).toEqual([]);
      printed.mockRestore();
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
      expect(outline(line.answers().map(checked))).toEqual([[400, 'VALIDATION_FAILED']]);
    });

    it('longer than announced is cut there, and the rest is a request of its own, or none', async () => {
      const body = content('announced');
      const answers = await untilClosed(
        message(POST(), [JSON_TYPE, lengthOf(body)], `${body}{"content":"beyond"}`, { last: false }),
      );
      // Node may find out about the rest before the first has been answered.
      expect([[400], [201, 400]]).toContainEqual(answers.map(({ status }) => status));
      expect((await attack.ada.history(attack.conversationId)).map((stored) => stored.content)).not.toContain('beyond');
    });

    // What is no UTF-8 is read as the character that stands for it; NUL is refused as JSON, and escaped as content.
    it.each<[string, Buffer, [number, string | undefined]]>([
      ['cut within a letter', Buffer.from('{"content":"\xc3"}', 'latin1'), [201, undefined]],
      [
        'of bytes that are no UTF-8',
        Buffer.concat([Buffer.from('{"content":"'), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('"}')]),
        [201, undefined],
      ],
      ['with NUL', Buffer.from('{"content":"a\0b"}'), [400, 'MALFORMED_JSON']],
      ['with NUL, escaped', Buffer.from('{"content":"a\\u0000b"}'), [400, 'VALIDATION_FAILED']],
      ['with a BOM', Buffer.from('\ufeff{"content":"x"}'), [201, undefined]],
      ['of nothing but NUL', Buffer.alloc(64), [400, 'MALFORMED_JSON']],
      ['of blanks', Buffer.from(' '.repeat(64)), [400, 'MALFORMED_JSON']],
    ])('%s is answered with a status of its own', async (_, body, expected) => {
      const head = message(POST(), [JSON_TYPE, `Content-Length: ${body.length}`]);
      const answers = await untilClosed(Buffer.concat([Buffer.from(head, 'latin1'), body]));
      expect(outline(answers)).toEqual([expected]);
    });
  });

  describe('with time', () => {
    it('has a bounded one for its headers and for its body', () => {
      const { headersTimeout, requestTimeout, keepAliveTimeout } = attack.story.app.getHttpServer();
      for (const [bound, most] of [
        [headersTimeout, 60_000],
        // For files; any other body has a minute: src/http/request-bodies.spec.ts.
        [requestTimeout, 900_000],
      ] as const) {
        expect(bound).toBeGreaterThan(0);
        expect(bound).toBeLessThanOrEqual(most);
      }
      // Longer than proxies keep theirs, so that none of them sends into a connection that is being closed.
      expect(keepAliveTimeout).toBe(75_000);
    });

    it('shows for how long an idle connection is kept, and answers over it again', async () => {
      const line = open();
      const live = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
      for (const count of [1, 2]) {
        await line.write(live);
        await until('the server answers', () => line.answers().length === count);
      }
      for (const { status, headers } of line.answers())
        expect([status, headers['keep-alive']]).toEqual([200, 'timeout=75']);
      expect(line.isClosed).toBe(false);
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
      const answers = await Promise.all(Array.from({ length: 20 }, () => attack.bob.call('GET', '/users/me')));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      await attack.ada.send(attack.conversationId, 'served');
    });

    it.each([
      ['another path', '/users/me'],
      ['the socket’s path without what a handshake has', '/socket.io/?EIO=4&transport=websocket'],
      ['an unknown transport', '/socket.io/?EIO=4&transport=carrier-pigeon'],
      ['an unknown connection', '/socket.io/?EIO=4&transport=websocket&sid=__proto__'],
    ])('cannot hold a line by upgrading on %s', async (_, path) => {
      const line = open();
      await line.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\n${authorization()}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      await until('the server ends the line', () => line.isClosed || line.answers().length > 0);
      expect(line.text).not.toMatch(/^HTTP\/1\.1 (101|5)/);
      expect(line.text).not.toContain(attack.ada.email);
    });
  });

  describe('with offers of another protocol, as Java and curl make for HTTP/2', () => {
    const offers = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'];

    it('answers as if there were none, with and without a body, and keeps the connection', async () => {
      const line = open();
      const requests = [
        message('GET /users/me HTTP/1.1', offers, '', { last: false }),
        message(POST(), [JSON_TYPE, ...offers, lengthOf(content('served'))], content('served'), { last: false }),
        ping(),
      ];
      for (const [index, bytes] of requests.entries()) {
        await line.write(bytes);
        await until('it is answered', () => line.answers().length === index + 1);
      }
      expect(line.answers().map(({ status }) => status)).toEqual([200, 201, 200]);
    });

    it('answers an offer on the path of sockets as a request of long polling', async () => {
      const answers = await untilClosed(message('GET /socket.io/?EIO=4&transport=polling HTTP/1.1', offers));
      expect(answers.map(({ status }) => status)).toEqual([200]);
    });
  });

  describe('with versions', () => {
    it('speaks HTTP/1.0 as it should: an answer, and the end', async () => {
      const answers = await untilClosed(`GET /users/me HTTP/1.0\r\n${authorization()}\r\n`);
      expect(answers.map(({ status }) => status)).toEqual([200]);
    });

    it('answers HTTP/0.9 as who sends no token, and ends it', async () => {
      expect(outline(await untilClosed('GET /users/me\r\n\r\n'))).toEqual([[401, 'UNAUTHORIZED']]);
    });

    it.each<[string, () => string]>([
      ['HTTP/1.2', () => message('GET /users/me HTTP/1.2')],
      ['HTTP/2 in its plain form', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['HTTP/9.9', () => message('GET /users/me HTTP/9.9')],
      ['no HTTP', () => message('GET /users/me EVIL/1.1')],
      ['TLS', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
      ['SSH', () => 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['garbage', () => '\xff'.repeat(1_000)],
    ])('refuses what speaks %s, and ends it', async (_, make) => {
      const answers = await untilClosed(Buffer.from(make(), 'latin1'));
      expect(outline(answers)).toEqual([[400, 'VALIDATION_FAILED']]);
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
      const before = await attack.ada.history(attack.conversationId);
      const answers = await untilClosed(message(POST(), [JSON_TYPE, ...headers()], body(), { last: false }) + ping());
      expect(answers).toHaveLength(1);
      expect([400, 413]).toContain(answers[0]?.status);
      expect(await attack.ada.history(attack.conversationId)).toEqual(before);
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
      const others = `GET /users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${attack.bob.accessToken}\r\n\r\n`;
      const nobodys = 'GET /users/me HTTP/1.1\r\nHost: x\r\n\r\n';
      const answers = await untilClosed(
        ping(false) + others + nobodys + message(POST(), [JSON_TYPE, lengthOf(body)], body, { last: false }) + ping(),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 201, 200]);
      expect(answers.map((answer) => JSON.parse(answer.body).id)).toEqual([
        attack.ada.id,
        attack.bob.id,
        undefined,
        expect.any(String),
        attack.ada.id,
      ]);
    });

    it('a thousand requests on one line are each answered, sixteen of them at a time', async () => {
      const line = open();
      for (let sent = 16; sent <= 1_008; sent += 16) {
        await line.write('GET /users/me HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(16));
        await until('they are answered', () => line.answers().length === sent);
      }
      expect(new Set(line.answers().map(({ status }) => status))).toEqual(new Set([401]));
    });

    it('a thousand requests that do not wait for answers end their line', async () => {
      const answers = await untilClosed('GET /docs-json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000));
      expect(answers.length).toBeLessThan(17);
    });
  });

  it('nothing of what was refused is stored', async () => {
    const contents = new Set((await attack.ada.history(attack.conversationId)).map((stored) => stored.content));
    for (const stored of contents) {
      expect(stored).toMatch(/^(fine|announced|served|stays|in a row|x|[\ufffd\xc3]+)$/u);
    }
    expect(contents).not.toContain('beyond');
    expect(contents).not.toContain('cut');
    const { status } = await request(attack.story.url, 'GET', '/users/me');
    expect(status).toBe(401);
  });
});
