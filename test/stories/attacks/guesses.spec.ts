import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { Clock } from '../../../src/common/clock.js';
import { LIMITS } from '../../../src/config/limits.js';
import { type Anything, type Person, request, startStory, type Story } from '../../support/story.js';
import { claimsOf } from './forged-tokens.js';
import { problem } from './shapes.js';

const PASSWORD = 'correct horse';

describe('an attacker who guesses', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());
  afterEach(() => {
    story.app.get(Clock).now = Clock.prototype.now;
  });

  /** Stops the server's clock; what it answers sets it forward by so many milliseconds. */
  function stoppedClock(of: Story = story): (milliseconds: number) => void {
    const clock = of.app.get(Clock);
    let time = Date.now();
    clock.now = () => time;
    return (milliseconds) => {
      time += milliseconds;
    };
  }

  const login = (
    body: object,
    headers: Record<string, string> = {},
    url = story.url,
  ): Promise<{ status: number; headers: Headers; body: Anything }> => post(url, '/auth/login', body, headers);
  async function post(
    url: string,
    path: string,
    body: object,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: Headers; body: Anything }> {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
  const SPOOFED: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '203.0.113.10, 127.0.0.1' },
    { forwarded: 'for=203.0.113.11' },
    { 'x-real-ip': '203.0.113.12' },
    { 'true-client-ip': '203.0.113.13', 'cf-connecting-ip': '203.0.113.14', 'x-client-ip': '203.0.113.15' },
  ];

  /** A refusal for now, that says for how long. */
  function expectLimited({ status, headers, body }: { status: number; headers: Headers; body: Anything }): number {
    expect([status, body]).toEqual([429, problem(429, 'RATE_LIMITED')]);
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    return Number(headers.get('retry-after'));
  }

  it('is limited by the account; the account’s owner is in again once the limit has refilled', async () => {
    const [victim, other] = await Promise.all([story.person('victim'), story.person('other')]);
    const advance = stoppedClock();
    const { burst, points, perSeconds } = LIMITS.loginByAccount;
    const guesses = await Promise.all(
      Array.from({ length: burst * 2 }, (_, guess) => login({ email: victim.email, password: `guess ${guess}` })),
    );
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(burst);
    const refused = guesses.filter(({ status }) => status !== 401);
    expect(refused).toHaveLength(burst);
    for (const answer of refused) expectLimited(answer);

    // However the account is spelled, whatever is said of the address, and though the password be right.
    for (const email of [victim.email, victim.email.toUpperCase(), `  ${victim.email}\t`]) {
      expectLimited(await login({ email, password: PASSWORD }));
    }
    for (const headers of SPOOFED) expectLimited(await login({ email: victim.email, password: 'guess' }, headers));
    // Nobody else is, nor what the victim has open already.
    expect((await login({ email: other.email, password: PASSWORD })).status).toBe(200);
    expect((await victim.call('GET', '/users/me')).status).toBe(200);
    expect((await request(story.url, 'POST', '/auth/refresh', { refreshToken: victim.refreshToken })).status).toBe(200);

    // Being refused takes nothing, so the wait is what was said, and no longer.
    const seconds = expectLimited(await login({ email: victim.email, password: PASSWORD }));
    expect(seconds).toBe(Math.ceil(perSeconds / points));
    advance(seconds * 1_000);
    expect((await login({ email: victim.email, password: PASSWORD })).status).toBe(200);
    // A right password is no guess: it costs nothing.
    expect((await login({ email: victim.email, password: PASSWORD })).status).toBe(200);
    expect((await login({ email: victim.email, password: 'guess' })).status).toBe(401);
    expectLimited(await login({ email: victim.email, password: PASSWORD }));
  });

  it('learns nothing from the limit: an account that does not exist has the same', async () => {
    stoppedClock();
    const email = `nobody_${randomUUID()}@example.com`;
    const statuses: number[] = [];
    for (let guess = 0; guess <= LIMITS.loginByAccount.burst; guess += 1) {
      statuses.push((await login({ email, password: 'guess' })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: LIMITS.loginByAccount.burst }, () => 401), 429]);
  });

  it('is refused every refresh token, and limited by its own address whatever it says that this is', async () => {
    const person = await story.person('refreshing');
    const advance = stoppedClock();
    const guess = (url: string, headers: Record<string, string> = {}): ReturnType<typeof post> =>
      post(url, '/auth/refresh', { refreshToken: randomBytes(32).toString('base64url') }, headers);
    const { burst } = LIMITS.refresh;
    for (let sent = 0; sent < burst; sent += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => guess(story.url, SPOOFED[index % SPOOFED.length])),
      );
      for (const { status, body } of answers)
        expect([status, body]).toEqual([401, problem(401, 'REFRESH_TOKEN_INVALID')]);
    }
    for (const headers of SPOOFED) expectLimited(await guess(story.url, headers));
    advance(expectLimited(await guess(story.url)) * 1_000);
    const refreshed = await post(story.url, '/auth/refresh', { refreshToken: person.refreshToken }, {});
    expect(refreshed.status).toBe(200);
  });

  it.each<[string, (person: Person) => string]>([
    ['nothing', () => ''],
    ['the access token', ({ accessToken }) => accessToken],
    ['the session’s id', ({ accessToken }) => claimsOf(accessToken).sid],
    ['the token in another case', ({ refreshToken }) => swapCase(refreshToken)],
    ['the token and more', ({ refreshToken }) => `${refreshToken}=`],
    ['the token and a blank', ({ refreshToken }) => ` ${refreshToken} `],
    ['its beginning', ({ refreshToken }) => refreshToken.slice(0, -1)],
    ['a wildcard', () => '%'],
    ['SQL', () => "' OR '1'='1"],
    ['NUL', ({ refreshToken }) => `${refreshToken}\0`],
  ])('gets no tokens for %s', async (_, make) => {
    const person = await story.person('refreshing');
    const clock = story.app.get(Clock);
    // The test before has spent the address's limit.
    clock.now = () => Date.now() + 3_600_000;
    const { status, body } = await post(story.url, '/auth/refresh', { refreshToken: make(person) }, {});
    expect([400, 401]).toContain(status);
    expect(body).toEqual(
      status === 401 ? problem(401, 'REFRESH_TOKEN_INVALID') : problem(400, 'VALIDATION_FAILED', ['refreshToken']),
    );
    expect((await post(story.url, '/auth/refresh', { refreshToken: person.refreshToken }, {})).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['a list', ['x']],
    ['an object', { $gt: '' }],
    ['a number', 0],
    ['true', true],
    ['null', null],
  ])('gets nothing with %s for a token or a password', async (_, value) => {
    const person = await story.person('typed');
    for (const [path, body] of [
      ['/auth/refresh', { refreshToken: value }],
      ['/auth/login', { email: person.email, password: value }],
      ['/auth/login', { username: value, password: PASSWORD }],
      ['/auth/login', { email: value, username: value, password: PASSWORD }],
    ] as const) {
      const { status, body: answer } = await post(story.url, path, body, {});
      // No token is as good as one that is not good: a browser whose cookie is gone sends none.
      const expected =
        path === '/auth/refresh' && value === null
          ? [401, problem(401, 'REFRESH_TOKEN_INVALID')]
          : [400, problem(400, 'VALIDATION_FAILED', Object.keys(answer.errors ?? {}))];
      expect([path, status, answer]).toEqual([path, ...expected]);
    }
  });

  describe('behind a proxy that is trusted', () => {
    let proxied: Story;
    beforeAll(async () => {
      proxied = await startStory({ trustedProxies: 1 });
    });
    afterAll(() => proxied.close());

    it('is counted by the address that the last hop saw, whatever it put before', async () => {
      stoppedClock(proxied);
      const from = (forwardedFor: string): Promise<{ status: number; headers: Headers; body: Anything }> =>
        post(proxied.url, '/auth/refresh', { refreshToken: randomUUID() }, { 'x-forwarded-for': forwardedFor });
      for (let sent = 0; sent < LIMITS.refresh.burst; sent += 50) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) => from(`203.0.113.${(sent + index) % 250}, 198.51.100.7`)),
        );
        for (const { status } of answers) expect(status).toBe(401);
      }
      for (const forwardedFor of ['198.51.100.7', '203.0.113.1, 198.51.100.7', '198.51.100.8, ::ffff:198.51.100.7']) {
        expectLimited(await from(forwardedFor));
      }
      for (const forwardedFor of ['198.51.100.8', '198.51.100.7, 198.51.100.8']) {
        expect([forwardedFor, (await from(forwardedFor)).status]).toEqual([forwardedFor, 401]);
      }
    });

    it.each([
      ['garbage', 'garbage'],
      ['nothing', ''],
      ['nothing but commas', ' , ,'],
      ['markup', '<script>'],
      ['SQL', "'; DROP TABLE sessions; --"],
      ['numbers too large', '999.1.1.1'],
      ['zeros', '::'],
      ['colons', ':::::'],
      ['nine thousand letters', 'x'.repeat(9_000)],
    ])('breaks nothing with an address of %s', async (_, forwardedFor) => {
      const person = await proxied.person('proxied');
      const body = { email: person.email, password: PASSWORD };
      expect((await login(body, { 'x-forwarded-for': forwardedFor }, proxied.url)).status).toBe(200);
    });
  });
});

function swapCase(text: string): string {
  return Array.from(text, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  ).join('');
}
