import { describe, expect, it } from '@jest/globals';
import { authenticatedHttp, call } from '../../src/http/http.js';
import type { Fetch, FetchInit } from '../../src/ports/network.js';
import type { ChatError } from '../../src/protocol/errors.js';
import { rejection, VirtualClock } from '../support/virtual-clock.js';

const url = 'https://chat.example/';

function answering(status: number, text: string, headers: Record<string, string> = {}) {
  const asked: { url: string; init: FetchInit }[] = [];
  const fetch: Fetch = (url, init) => {
    asked.push({ url, init });
    const get = (name: string): string | null => headers[name] ?? null;
    return Promise.resolve({ status, ok: status < 300, headers: { get }, text: () => Promise.resolve(text) });
  };
  return { asked, ports: { url, fetch, clock: new VirtualClock() } };
}

describe('requests', () => {
  it('carry the token, JSON and what is asked for, and no cookies', async () => {
    const { asked, ports } = answering(200, '{"fine":true}');
    const query = { q: 'a b&c', cursor: undefined };
    await call(ports, '/users', { method: 'POST', query, body: { a: 1 } }, 'token');
    expect(asked).toMatchObject([
      {
        url: 'https://chat.example/users?q=a%20b%26c',
        init: {
          method: 'POST',
          body: '{"a":1}',
          credentials: 'omit',
          headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
        },
      },
    ]);
  });

  it('are not made of a text that is none, and say so for good', async () => {
    const { asked, ports } = answering(200, '{}');
    const error = await rejection(call(ports, '/users', { query: { q: 'ab\ud83d' } }));
    expect(error).toMatchObject({ name: 'ChatError', code: 'VALIDATION_FAILED', isTransient: false });
    expect([asked, ports.clock.waiting]).toEqual([[], 0]);
  });

  it.each(['users/me', '@other.example/users/me', 'https://other.example/', '//other.example', '', undefined])(
    'go nowhere, with their token, by %j, which is no path',
    async (given) => {
      const { asked, ports } = answering(200, '{}');
      const error = await rejection(call(ports, given as string, {}, 'token'));
      expect(error).toMatchObject({ name: 'ChatError', code: 'VALIDATION_FAILED', isTransient: false });
      expect([asked, ports.clock.waiting]).toEqual([[], 0]);
    },
  );

  it('fail with the code, fields and waiting time of the server', async () => {
    const problem = { code: 'VALIDATION_FAILED', detail: 'Not valid.', errors: { email: ['wrong'] }, requestId: 'id' };
    const { ports } = answering(400, JSON.stringify(problem));
    await expect(call(ports, '/', {})).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      message: 'Not valid.',
      errors: { email: ['wrong'] },
      requestId: 'id',
      isTransient: false,
    });
    const limited = answering(429, '{"code":"RATE_LIMITED"}', { 'retry-after': '7' });
    await expect(call(limited.ports, '/', {})).rejects.toMatchObject({ retryAfterMs: 7_000, isTransient: true });
    // An upload that took a quarter of an hour.
    const slow = answering(408, '{"code":"REQUEST_TIMEOUT"}');
    await expect(call(slow.ports, '/', {})).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT', isTransient: true });
  });

  it.each([
    [200, '<html>Log in to the hotel’s network</html>', 'UNEXPECTED_ANSWER'],
    [502, '<html>Bad gateway</html>', 'UNAVAILABLE'],
    [413, '', 'PAYLOAD_TOO_LARGE'],
    [429, 'slow down', 'RATE_LIMITED'],
  ])('know an answer of something in between: %d', async (status, text, code) => {
    await expect(call(answering(status, text).ports, '/', {})).rejects.toMatchObject({ code });
  });

  it.each(['{}', '[]', 'null', '"fine"', '', '{"items":null}'])(
    'take no answer that lacks what was asked for: %s',
    async (text) => {
      const { ports } = answering(200, text);
      await expect(call(ports, '/users', { expects: 'items' })).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER' });
    },
  );

  it('answer nothing where there is nothing to answer', async () => {
    await expect(call(answering(204, '').ports, '/', {})).resolves.toMatchObject({ status: 204, body: undefined });
  });

  it.each([
    ['"soon"', undefined],
    ['{}', undefined],
    ['-5', undefined],
    ['null', undefined],
    ['250', 250],
    ['1e15', 86_400_000],
  ])('wait for no time that is none: %s', async (retryAfterMs, expected) => {
    const { ports } = answering(503, `{"code":"UNAVAILABLE","retryAfterMs":${retryAfterMs}}`);
    const error = await rejection(call(ports, '/', {}));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect((error as { retryAfterMs?: number }).retryAfterMs).toBe(expected);
  });

  it('are made with a renewed token, and once more where what another tab had renewed had run out, too', async () => {
    const renewals: string[] = [];
    const valid = new Set(['third']);
    const asked: string[] = [];
    const fetch: Fetch = (_, { headers }) => {
      const token = headers?.['authorization']?.slice('Bearer '.length) ?? '';
      asked.push(token);
      const [status, body] = valid.has(token) ? [200, '{"fine":true}'] : [401, '{"code":"TOKEN_EXPIRED"}'];
      return Promise.resolve({ status, ok: status < 300, headers: { get: () => null }, text: async () => body });
    };
    const http = authenticatedHttp(
      { url, fetch, clock: new VirtualClock() },
      {
        generation: 1,
        userId: 'ada',
        token: async () => 'first',
        renew: async (refused) => {
          renewals.push(refused);
          return refused === 'first' ? 'second' : 'third';
        },
      },
    );
    await expect(http.request('/users/me')).resolves.toMatchObject({ body: { fine: true } });
    expect(renewals).toEqual(['first', 'second']);
    valid.clear();
    asked.length = 0;
    await expect(http.request('/users/me')).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(asked).toEqual(['first', 'second', 'third']);
  });

  it('are neither repeated nor renewed where a password in them is wrong', async () => {
    const { asked, ports } = answering(401, '{"code":"INVALID_CREDENTIALS"}');
    const http = authenticatedHttp(ports, {
      generation: 1,
      userId: 'ada',
      token: async () => 'token',
      renew: () => Promise.reject(new Error('renewed')),
    });
    const body = { currentPassword: 'a typo', newPassword: 'a long password' };
    await expect(http.request('/auth/change-password', { method: 'POST', body })).rejects.toMatchObject({
      code: 'INVALID_CREDENTIALS',
    });
    expect(asked.length).toBe(1);
  });

  it.each([401, 403, 429])(
    'take no word of something in between for the server’s: %d with a code of its own',
    async (status) => {
      const body = JSON.stringify({ code: status, message: { no: 'text' }, isTransient: false, name: 'Proxy' });
      const error = await rejection(call(answering(status, body).ports, '/', {}));
      expect(error).toMatchObject({
        name: 'ChatError',
        status,
        isTransient: true,
        message: `The server answered ${status}.`,
      });
      expect((error as ChatError).code).toBe(status === 429 ? 'RATE_LIMITED' : 'UNEXPECTED_ANSWER');
    },
  );

  it('take an empty answer for one', async () => {
    await expect(call(answering(204, '').ports, '/', {})).resolves.toMatchObject({ status: 204, body: undefined });
  });

  it('end in time, and when they are given up, also where fetch never does', async () => {
    const clock = new VirtualClock();
    const ports = { url, clock, fetch: () => new Promise<never>(() => undefined) };
    const late = rejection(call(ports, '/', {}));
    await clock.advance(15_000);
    expect(await late).toMatchObject({ code: 'TIMEOUT' });
    const controller = new AbortController();
    const givenUp = rejection(call(ports, '/', { signal: controller.signal }));
    controller.abort();
    expect(await givenUp).toMatchObject({ code: 'ABORTED' });
    expect(clock.waiting).toBe(0);
  });

  it('distinguish a network that is away from a server that refuses', async () => {
    const ports = { url, clock: new VirtualClock(), fetch: () => Promise.reject(new TypeError('fetch failed')) };
    await expect(call(ports, '/', {})).rejects.toMatchObject({ code: 'NETWORK' });
  });
});
