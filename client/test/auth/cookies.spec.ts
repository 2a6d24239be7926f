import { describe, expect, it } from '@jest/globals';
import { cookieSession } from '../../src/cookies.js';
import { cookieSessionOf } from '../../src/ports/token-store.js';
import type { FetchInit, FetchResponse, SocketOptions } from '../../src/ports/network.js';

const answer = (status: number, body: unknown): FetchResponse => ({
  status,
  ok: status < 300,
  headers: { get: () => null },
  text: () => Promise.resolve(JSON.stringify(body)),
});

const call = (body?: string): FetchInit => ({
  method: 'POST',
  headers: { accept: 'application/json', authorization: 'Bearer a mark' },
  credentials: 'omit',
  ...(body === undefined ? {} : { body }),
});

describe('a session by cookies', () => {
  it('gives the client marks in the place of tokens, another one each time', async () => {
    const { fetch } = cookieSession({
      fetch: () => Promise.resolve(answer(200, { accessToken: 'secret', refreshToken: 'secret too', expiresIn: 900 })),
    });
    const one = await (await fetch('http://a/auth/login', call())).text();
    const { refreshToken } = JSON.parse(one) as { refreshToken: string };
    const other = await (await fetch('http://a/auth/refresh', call(JSON.stringify({ refreshToken })))).text();
    expect(one).not.toContain('secret');
    expect(other).not.toContain('secret');
    expect(JSON.parse(one)).toMatchObject({ expiresIn: 900 });
    expect(one).not.toBe(other);
    // By it tabs know a renewal from another session.
    const renewed = (JSON.parse(other) as { refreshToken: string }).refreshToken;
    expect(cookieSessionOf(renewed)).toBe(cookieSessionOf(refreshToken));
    const next = await (await fetch('http://a/auth/login', call())).text();
    expect(next).not.toContain(cookieSessionOf(refreshToken));
  });

  it('sends cookies, and neither a mark nor a token', async () => {
    const seen: FetchInit[] = [];
    const { fetch } = cookieSession({
      fetch: (_, init) => {
        seen.push(init);
        return Promise.resolve(answer(200, {}));
      },
    });
    await fetch('http://a/auth/refresh', call('{"refreshToken":"cookie 1","attemptId":"7"}'));
    await fetch('http://a/users/me', call());
    expect(seen.map(({ credentials }) => credentials)).toEqual(['same-origin', 'same-origin']);
    expect(seen.map(({ headers }) => headers)).toEqual([
      { accept: 'application/json' },
      { accept: 'application/json' },
    ]);
    expect(seen[0]?.body).toBe('{"attemptId":"7"}');
  });

  it('ends the session where the cookie is gone', async () => {
    const { fetch } = cookieSession({ fetch: () => Promise.resolve(answer(400, { code: 'VALIDATION_FAILED' })) });
    const response = await fetch('http://a/auth/refresh', call());
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('REFRESH_TOKEN_INVALID');
  });

  it('goes on where a proxy refuses the request, whatever its status', async () => {
    const { fetch } = cookieSession({
      fetch: () => Promise.resolve(answer(400, 'Request Header Or Cookie Too Large')),
    });
    const response = await fetch('http://a/auth/refresh', call());
    expect([response.status, await response.text()]).toEqual([400, '"Request Header Or Cookie Too Large"']);
  });

  it('opens a socket without a token', () => {
    const opened: SocketOptions[] = [];
    const { socket } = cookieSession({
      socket: (options) => {
        opened.push(options);
        return { emit: () => undefined, close: () => undefined };
      },
    });
    const ignore = (): void => undefined;
    socket(
      { url: 'http://a', auth: { token: 'cookie 1', echo: false } },
      { connected: ignore, failed: ignore, disconnected: ignore, event: ignore },
    );
    expect(opened).toEqual([{ url: 'http://a', auth: { echo: false } }]);
  });
});
