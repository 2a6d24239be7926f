import { beforeEach, describe, expect, it } from '@jest/globals';
import { Session } from '../../src/auth/session.js';
import { SessionTokens } from '../../src/auth/session-tokens.js';
import { authenticatedHttp, call } from '../../src/http/http.js';
import type { Lock } from '../../src/ports/environment.js';
import type { Fetch, FetchInit } from '../../src/ports/network.js';
import { memoryTokens } from '../../src/ports/platform.js';
import type { TokenStore } from '../../src/ports/token-store.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { seededRandom } from '../support/fake-ports.js';
import { rejection, settled, VirtualClock } from '../support/virtual-clock.js';

const url = 'https://chat.example';

/** The lock of all tabs. */
function sharedLock(): Lock {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run: (_name, work) => {
      const run = tail.then(work);
      tail = run.catch(() => undefined);
      return run;
    },
  };
}

interface Answer {
  status: number;
  body: unknown;
}

describe('session', () => {
  let tokens: TokenStore;
  let lock: Lock;
  let refreshes: string[];
  let attempts: (string | undefined)[];
  let seed = 0;
  let refresh: () => Answer | Promise<Answer>;
  let accepted: string;
  let ends: string[];

  const fetch: Fetch = async (url, init: FetchInit) => {
    const isRefresh = url.endsWith('/auth/refresh');
    if (isRefresh) {
      const body = JSON.parse(init.body as string) as { refreshToken: string; attemptId?: string };
      refreshes.push(body.refreshToken);
      attempts.push(body.attemptId);
    }
    const refused = { status: 401, body: { code: 'TOKEN_EXPIRED', detail: 'Too old.' } };
    const isAccepted = init.headers['authorization'] === `Bearer ${accepted}`;
    const answer = isRefresh ? await refresh() : isAccepted ? { status: 200, body: { fine: true } } : refused;
    return {
      status: answer.status,
      ok: answer.status < 300,
      headers: { get: () => null },
      text: () => Promise.resolve(JSON.stringify(answer.body)),
    };
  };

  const tab = (clock = new VirtualClock()) => {
    const ports = { call, url, fetch, clock, tokens, lock, random: seededRandom((seed += 1)) };
    const session = new Session(ports);
    session.onEnd((code) => ends.push(code));
    const sessionTokens = new SessionTokens(session, ports);
    return { session, sessionTokens, http: authenticatedHttp(ports, sessionTokens) };
  };

  beforeEach(async () => {
    tokens = memoryTokens();
    lock = sharedLock();
    [refreshes, attempts, ends, accepted] = [[], [], [], 'access 2'];
    refresh = () => ({ status: 200, body: { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 } });
    await tokens.save({ url, userId: 'ada', accessToken: 'access 1', refreshToken: 'refresh 1' });
  });

  it('renews once for five tabs and ten requests in each at the moment of expiry, and logs nobody out', async () => {
    const tabs = Array.from({ length: 5 }, () => tab());
    for (const { session } of tabs) await session.restore();
    const answers = await Promise.all(
      tabs.flatMap(({ http }) => Array.from({ length: 10 }, () => http.request<{ fine: boolean }>('/friends'))),
    );
    expect(answers.every(({ body }) => body.fine)).toBe(true);
    expect(refreshes).toEqual(['refresh 1']);
    expect(ends).toEqual([]);
  });

  it('keeps the new refresh token before anybody gets the access token', async () => {
    const { session, sessionTokens } = tab();
    await session.restore();
    await sessionTokens.renew('access 1');
    expect(await tokens.load()).toMatchObject({ accessToken: 'access 2', refreshToken: 'refresh 2' });
  });

  it.each(['REFRESH_TOKEN_INVALID', 'REFRESH_TOKEN_REUSED'])('ends when the server says %s', async (code) => {
    refresh = () => ({ status: 401, body: { code, detail: 'Over.' } });
    const { session, http } = tab();
    await session.restore();
    // What waited for the token goes out when the user has logged in again.
    const request = http.request('/friends');
    await expect(request).rejects.toMatchObject({ code: 'NOT_LOGGED_IN', isTransient: true, cause: { code } });
    expect(ends).toEqual([code]);
    expect(await tokens.load()).toBeUndefined();
    await expect(http.request('/friends')).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' });
  });

  it('leaves what another tab has logged in to meanwhile, and says that its own is over', async () => {
    const [first, second] = [tab(), tab()];
    await first.session.restore();
    await second.sessionTokens.begin('grace', { accessToken: 'access of grace', refreshToken: 'refresh of grace' });
    await first.sessionTokens.end('SESSION_REVOKED');
    expect([ends, first.session.held]).toEqual([['SESSION_REVOKED'], undefined]);
    expect(await tokens.load()).toMatchObject({ userId: 'grace', refreshToken: 'refresh of grace' });
    await second.sessionTokens.end('SESSION_REVOKED');
    expect(await tokens.load()).toBeUndefined();
  });

  it.each([
    ['is over in a browser where a tab ends that has not learned of its renewal', 'cookie 1', undefined],
    ['is not over where the one that has ended was followed by another one of the same user', 'cookie 2', 'ada'],
  ])('by cookies %s', async (_, session, userId) => {
    await tokens.save({ url, userId: 'ada', accessToken: 'cookie 1 a', refreshToken: 'cookie 1 a' });
    const { session: held, sessionTokens } = tab();
    await held.restore();
    await tokens.save({ url, userId: 'ada', accessToken: `${session} b`, refreshToken: `${session} b` });
    await sessionTokens.end('SESSION_REVOKED');
    expect((await tokens.load())?.userId).toBe(userId);
  });

  it('goes on after a renewal that failed for want of a network', async () => {
    refresh = () => Promise.reject(new TypeError('fetch failed'));
    const { session, http } = tab();
    await session.restore();
    await expect(http.request('/friends')).rejects.toMatchObject({ code: 'NETWORK', isTransient: true });
    expect(ends).toEqual([]);
    refresh = () => ({ status: 200, body: { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 } });
    await expect(http.request('/friends')).resolves.toMatchObject({ body: { fine: true } });
  });

  it.each<[string, Answer, code?: string]>([
    ['an empty object', { status: 200, body: {} }],
    ['a list', { status: 200, body: [] }],
    ['a token without its refresh token', { status: 200, body: { accessToken: 'access 2' } }],
    ['a refusal without a code of the server', { status: 401, body: { message: 'Log in to the proxy.' } }],
    ['a refusal that is a page', { status: 401, body: '<html>' }],
    ['a refusal of a gateway that has a code', { status: 401, body: { code: 'UNAUTHORIZED' } }, 'UNAUTHORIZED'],
  ])('keeps its tokens where the answer is not the server’s: %s', async (_, answer, code = 'UNEXPECTED_ANSWER') => {
    refresh = () => answer;
    const { session, http } = tab();
    await session.restore();
    await expect(http.request('/friends')).rejects.toMatchObject({ code });
    expect(await tokens.load()).toMatchObject({ userId: 'ada', accessToken: 'access 1', refreshToken: 'refresh 1' });
    expect(ends).toEqual([]);
    refresh = () => ({ status: 200, body: { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 } });
    await expect(http.request('/friends')).resolves.toMatchObject({ body: { fine: true } });
  });

  it('repeats a refresh whose answer was lost as the same attempt, also after a restart, and the next one as another', async () => {
    let isKept = false;
    refresh = async () => {
      isKept = (await tokens.load())?.attemptId === attempts.at(-1);
      throw new TypeError('the answer was lost');
    };
    for (let start = 0; start < 3; start += 1) {
      const { session, http } = tab();
      await session.restore();
      await expect(http.request('/friends')).rejects.toMatchObject({ code: 'NETWORK' });
      expect(isKept).toBe(true);
    }
    refresh = () => ({ status: 200, body: { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 } });
    const { session, sessionTokens } = tab();
    await session.restore();
    await sessionTokens.renew('access 1');
    expect(refreshes).toEqual(['refresh 1', 'refresh 1', 'refresh 1', 'refresh 1']);
    expect(new Set(attempts).size).toBe(1);
    expect(await tokens.load()).toEqual({ url, userId: 'ada', accessToken: 'access 2', refreshToken: 'refresh 2' });
    await sessionTokens.renew('access 2');
    expect(attempts.at(-1)).not.toBe(attempts[0]);
  });

  it('keeps a renewed session as soon as the keychain takes it, which failed when it came', async () => {
    const { session, sessionTokens } = tab();
    await session.restore();
    const { save } = tokens;
    tokens.save = () => Promise.reject(new Error('locked'));
    await sessionTokens.renew('access 1');
    expect(await tokens.load()).toMatchObject({ refreshToken: 'refresh 1' });
    tokens.save = save;
    expect(await sessionTokens.token()).toBe('access 2');
    expect(await tokens.load()).toMatchObject({ refreshToken: 'refresh 2' });
  });

  it('renews with what it has, where the store did not take the last renewal', async () => {
    const { session, sessionTokens } = tab();
    await session.restore();
    const { save } = tokens;
    tokens.save = () => Promise.reject(new Error('full'));
    expect(await sessionTokens.renew('access 1')).toBe('access 2');
    tokens.save = save;
    refresh = () => ({ status: 200, body: { accessToken: 'access 3', refreshToken: 'refresh 3', expiresIn: 900 } });
    expect(await sessionTokens.renew('access 2')).toBe('access 3');
    expect(refreshes).toEqual(['refresh 1', 'refresh 2']);
    expect(await tokens.load()).toMatchObject({ refreshToken: 'refresh 3' });
  });

  it('renews again and again where the store takes nothing', async () => {
    const { session, http } = tab();
    await session.restore();
    tokens.save = () => Promise.reject(new Error('full'));
    for (let count = 2; count < 5; count += 1) {
      accepted = `access ${count}`;
      refresh = () => ({
        status: 200,
        body: { accessToken: accepted, refreshToken: `refresh ${count}`, expiresIn: 900 },
      });
      await expect(http.request('/friends')).resolves.toMatchObject({ body: { fine: true } });
    }
    expect(refreshes).toEqual(['refresh 1', 'refresh 2', 'refresh 3']);
  });

  it('does not wait for ever for a tab that was frozen in the middle of its renewal', async () => {
    lock = processLock();
    const clock = new VirtualClock();
    let answerFrozen = (_: Answer): void => undefined;
    refresh = () => new Promise((resolve) => (answerFrozen = resolve));
    const [frozen, second] = [tab(), tab(clock)];
    for (const { session } of [frozen, second]) await session.restore();
    // Taken over; what it does when it is thawed is no error of anybody's.
    const robbed = rejection(frozen.sessionTokens.renew('access 1'));
    await settled();
    const renewal = second.sessionTokens.renew('access 1');
    await settled();
    refresh = () => ({ status: 200, body: { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 } });
    await clock.advance(20_000);
    expect(await renewal).toBe('access 2');
    expect(new Set(attempts).size).toBe(1);
    refresh = () => ({ status: 200, body: { accessToken: 'access 3', refreshToken: 'refresh 3', expiresIn: 900 } });
    await second.sessionTokens.renew('access 2');
    // Its answer comes late: the session has gone on without it.
    answerFrozen({ status: 200, body: { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 } });
    expect(await robbed).toMatchObject({ name: 'ChatError', code: 'TIMEOUT' });
    await settled();
    expect(await tokens.load()).toMatchObject({ accessToken: 'access 3', refreshToken: 'refresh 3' });
    expect(ends).toEqual([]);
  });

  it('says who is suspended until when, and keeps the session', async () => {
    const body = { code: 'ACCOUNT_SUSPENDED', detail: 'Suspended.', until: '2026-12-01T00:00:00.000Z', reason: 'spam' };
    refresh = () => ({ status: 403, body });
    const { session, sessionTokens } = tab();
    await session.restore();
    await expect(sessionTokens.renew('access 1')).rejects.toMatchObject({
      code: 'ACCOUNT_SUSPENDED',
      until: '2026-12-01T00:00:00.000Z',
      reason: 'spam',
    });
    expect(ends).toEqual([]);
    expect(await tokens.load()).toMatchObject({ userId: 'ada' });
  });

  it('does not let a renewal that was under way undo a log-out', async () => {
    let answer = (_: Answer): void => undefined;
    refresh = () => new Promise((resolve) => (answer = resolve));
    const { session, sessionTokens } = tab();
    await session.restore();
    const renewal = sessionTokens.renew('access 1');
    const failed = rejection(renewal);
    await new Promise((resolve) => setImmediate(resolve));
    await session.leave();
    answer({ status: 200, body: { accessToken: 'access 2', refreshToken: 'refresh 2', expiresIn: 900 } });
    expect(await failed).toMatchObject({ code: 'ABORTED' });
    expect(session.userId).toBeUndefined();
    expect(await tokens.load()).toMatchObject({ userId: '', accessToken: '' });
  });

  describe('that a browser has removed with all that it stored', () => {
    beforeEach(() => {
      let wasCleared = false;
      const { clear } = tokens;
      Object.assign(tokens, {
        clear: () => {
          wasCleared = true;
          return clear();
        },
        wasEmptied: async () => !wasCleared && (await tokens.load()) === undefined,
      } satisfies Partial<TokenStore>);
    });

    it('is saved by the tab that leads, and by another only where that one does not', async () => {
      const clock = new VirtualClock();
      const [leader, follower] = [tab(clock), tab(clock)];
      for (const { session } of [leader, follower]) await session.restore();
      // The one that follows knows the tokens from before the renewal.
      await leader.sessionTokens.renew('access 1');
      const { load } = tokens;
      tokens.load = () => Promise.resolve(undefined);
      const saved = [follower.sessionTokens.saveAgain(false), leader.sessionTokens.saveAgain(true)];
      await settled();
      tokens.load = load;
      await clock.advance(300);
      await Promise.all(saved);
      expect(await tokens.load()).toMatchObject({ refreshToken: 'refresh 2' });
      tokens.load = () => Promise.resolve(undefined);
      const alone = follower.sessionTokens.saveAgain(false);
      await clock.advance(3_000);
      await alone;
      expect(await load()).toMatchObject({ refreshToken: 'refresh 1' });
    });

    it('is not saved after a log-out in another tab', async () => {
      const [left, other] = [tab(), tab()];
      for (const { session } of [left, other]) await session.restore();
      await other.session.leave();
      await left.sessionTokens.saveAgain(true);
      expect(await tokens.load()).toMatchObject({ userId: '', accessToken: '' });
    });

    it('is saved as it is by the time that this is known: not once it has ended, nor with a token that is spent', async () => {
      const { session, sessionTokens } = tab();
      await session.restore();
      let known = (_: boolean): void => undefined;
      tokens.wasEmptied = () => new Promise((resolve) => (known = resolve));
      const userId = session.userId as string;
      const renewed = session.isCurrent(userId);
      await sessionTokens.renew('access 1');
      known(true);
      expect([await renewed, await tokens.load()]).toMatchObject([true, { refreshToken: 'refresh 2' }]);
      const ended = session.isCurrent(userId);
      await sessionTokens.end('SESSION_REVOKED');
      known(true);
      expect([await ended, await tokens.load()]).toEqual([false, undefined]);
    });

    it('is neither current nor over where the store does not say at this moment', async () => {
      const { session } = tab();
      await session.restore();
      const locked = (): Promise<never> => Promise.reject(new Error('It is locked.'));
      Object.assign(tokens, { wasEmptied: locked, load: locked });
      expect(await rejection(session.isCurrent(session.userId as string))).toMatchObject({ message: 'It is locked.' });
      expect(session.userId).toBeDefined();
    });
  });

  it('keeps a session that begins while it is learned that the one before is over', async () => {
    await tokens.clear();
    const { session, sessionTokens } = tab();
    const left = { accessToken: 'access 1', refreshToken: 'refresh 1' };
    sessionTokens.owe(left);
    const reads: (() => void)[] = [];
    const { load } = tokens;
    tokens.load = async () => {
      const found = await load();
      await new Promise<void>((resolve) => reads.push(resolve));
      return found;
    };
    const begun = sessionTokens.begin('grace', { accessToken: 'access of grace', refreshToken: 'refresh of grace' });
    const revoked = sessionTokens.revoked(left);
    await settled();
    expect(reads).toHaveLength(2);
    for (const read of reads) {
      read();
      await settled();
    }
    await Promise.all([begun, revoked]);
    expect(await load()).toMatchObject({ userId: 'grace', refreshToken: 'refresh of grace' });
    expect(session.revocations).toEqual([]);
  });

  it.each([401, 200])('is not the next one’s where one was left before the server answered %d', async (status) => {
    const { session, sessionTokens } = tab();
    await session.restore();
    const asked: (string | undefined)[] = [];
    const next = { accessToken: 'access of grace', refreshToken: 'refresh of grace' };
    const fetchLate: Fetch = async (_, { headers }) => {
      asked.push(headers['authorization']);
      await sessionTokens.begin('grace', next);
      return { status, ok: status < 300, headers: { get: () => null }, text: async () => '{"code":"UNAUTHORIZED"}' };
    };
    const http = authenticatedHttp({ url, clock: new VirtualClock(), fetch: fetchLate }, sessionTokens);
    await expect(http.request('/users/me', { method: 'PATCH' })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(asked).toEqual(['Bearer access 1']);
  });

  it('asks the application once for a token of its own, however many wait for it', async () => {
    await tokens.clear();
    let asked = 0;
    const { sessionTokens, http } = tab();
    sessionTokens.useProvider(() => {
      asked += 1;
      return Promise.resolve('access 2');
    });
    await Promise.all(Array.from({ length: 10 }, () => http.request('/users/me')));
    expect(asked).toBe(1);
    await sessionTokens.identify('grace');
    expect(await tokens.load()).toEqual({ url, userId: 'grace', accessToken: 'access 2' });
  });

  it('says to the application that the token of its cache was refused', async () => {
    await tokens.clear();
    const { sessionTokens, http } = tab();
    const asked: boolean[] = [];
    sessionTokens.useProvider(({ isRefused }) => {
      asked.push(isRefused);
      return Promise.resolve(isRefused ? 'access 2' : 'of the cache');
    });
    await expect(http.request('/users/me')).resolves.toMatchObject({ body: { fine: true } });
    expect(asked).toEqual([false, true]);
  });

  it('does not take a keychain that is locked for an empty one', async () => {
    const { session } = tab();
    const { load } = tokens;
    tokens.load = () => Promise.reject(new Error('locked'));
    await expect(session.restore()).rejects.toThrow('locked');
    tokens.load = load;
    await expect(session.restore()).resolves.toBe('ada');
  });

  it('leaves a session of another server alone', async () => {
    await tokens.save({ url: 'https://other.example', userId: 'ada', accessToken: 'a', refreshToken: 'r' });
    await expect(tab().session.restore()).resolves.toBeUndefined();
    expect(await tokens.load()).toBeDefined();
  });
});
