import { describe, expect, it } from '@jest/globals';
import { newId } from '../../src/common/identifier.js';
import { LIMITS } from '../../src/config/limits.js';
import { RateLimiter } from '../../src/limits/rates/rate-limiter.js';
import {
  PASSWORD,
  auth,
  clock,
  codeOf,
  database,
  endings,
  principalOf,
  register,
  server,
  sessions,
  setUpAccounts,
} from '../support/accounts.js';

describe('refreshing', () => {
  setUpAccounts();

  it('spends the token for a successor of the same session', async () => {
    const first = await register();
    const second = await auth.refresh(first.refreshToken);
    const third = await auth.refresh(second.refreshToken);
    expect(principalOf(third)).toEqual(principalOf(first));
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
  });

  it('gives twenty callers at once the same successor', async () => {
    const { refreshToken, accessToken } = await register();
    const pairs = await Promise.all(Array.from({ length: 20 }, () => auth.refresh(refreshToken)));
    expect(new Set(pairs.map((pair) => pair.refreshToken)).size).toBe(1);
    const { sessionId } = principalOf({ accessToken });
    const stored = await database.query<{ spent: boolean }>(
      'SELECT spent_at IS NOT NULL AS spent FROM refresh_tokens WHERE session_id = $1 ORDER BY spent DESC',
      [sessionId],
    );
    expect(stored).toEqual([{ spent: true }, { spent: false }]);
    expect(await codeOf(auth.refresh(pairs[7]?.refreshToken ?? ''))).toBe('OK');
  });

  it('takes a repeat within ten seconds for a retry', async () => {
    const { refreshToken } = await register();
    const second = await auth.refresh(refreshToken);
    clock.ahead = 9_000;
    expect((await auth.refresh(refreshToken)).refreshToken).toBe(second.refreshToken);
    expect(await codeOf(auth.refresh(second.refreshToken))).toBe('OK');
    expect(endings).toEqual([]);
  });

  it('gives a late tab the newest of the chain, which others refreshed meanwhile', async () => {
    const first = await register();
    const second = await auth.refresh(first.refreshToken);
    clock.ahead = 3_000;
    const third = await auth.refresh(second.refreshToken);
    clock.ahead = 6_000;
    const fourth = await auth.refresh(third.refreshToken);
    clock.ahead = 9_500;
    for (const { refreshToken } of [first, second, third])
      expect((await auth.refresh(refreshToken)).refreshToken).toBe(fourth.refreshToken);
    // Both tabs go on from there.
    clock.ahead = 60_000;
    const [one, other] = [await auth.refresh(fourth.refreshToken), await auth.refresh(fourth.refreshToken)];
    expect(one.refreshToken).toBe(other.refreshToken);
    expect(endings).toEqual([]);
    // What was spent long ago is a theft, however far the chain has gone.
    expect(await codeOf(auth.refresh(second.refreshToken))).toBe('REFRESH_TOKEN_REUSED');
    expect(await codeOf(auth.refresh(one.refreshToken))).toBe('REFRESH_TOKEN_INVALID');
  });

  it('gives a chain that is longer than its grace to nobody', async () => {
    const first = await register();
    const second = await auth.refresh(first.refreshToken);
    clock.ahead = 9_000;
    await auth.refresh(second.refreshToken);
    clock.ahead = 10_500;
    expect(await codeOf(auth.refresh(first.refreshToken))).toBe('REFRESH_TOKEN_REUSED');
    expect(endings).toHaveLength(1);
  });

  it('leaves one live token, which all hold, whatever tabs refresh at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const first = await register();
      const second = await auth.refresh(first.refreshToken);
      // Twenty of the first, among them those who already hold the second.
      const raced = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          auth.refresh(index % 3 === round % 3 ? second.refreshToken : first.refreshToken),
        ),
      );
      const settled = await Promise.all(raced.map(({ refreshToken }) => auth.refresh(refreshToken)));
      const held = new Set(
        (await Promise.all(settled.map(({ refreshToken }) => auth.refresh(refreshToken)))).map(
          (pair) => pair.refreshToken,
        ),
      );
      const [live] = await database.query<{ count: number }>(
        'SELECT count(*) AS count FROM refresh_tokens WHERE session_id = $1 AND spent_at IS NULL',
        [principalOf(first).sessionId],
      );
      expect(live?.count).toBe(1);
      // Each may have moved the chain on, and from anywhere in it the same end is reached.
      const ends = await Promise.all([...held].map((refreshToken) => codeOf(auth.refresh(refreshToken))));
      expect(ends.filter((code) => code !== 'OK')).toEqual([]);
      expect(endings).toEqual([]);
    }
  });

  it('takes a later repeat for a theft, and ends that session alone', async () => {
    const first = await register({ email: 'barbara@example.com' });
    const other = await auth.login({ email: 'barbara@example.com', password: PASSWORD });
    const second = await auth.refresh(first.refreshToken);
    clock.ahead = 10_500;
    expect(await codeOf(auth.refresh(first.refreshToken))).toBe('REFRESH_TOKEN_REUSED');
    const { userId, sessionId } = principalOf(first);
    expect(endings).toEqual([{ userId, sessionIds: [sessionId], code: 'REFRESH_TOKEN_REUSED' }]);
    expect(await codeOf(auth.refresh(second.refreshToken))).toBe('REFRESH_TOKEN_INVALID');
    expect(await sessions.isLive({ userId, sessionId })).toBe(false);
    expect(await sessions.isLive(principalOf(other))).toBe(true);
    expect(await codeOf(auth.refresh(other.refreshToken))).toBe('OK');
  });

  it('gives a phone whose answer was lost the same successor however late it comes back, by its attempt', async () => {
    const first = await register();
    const attemptId = newId();
    const lost = await auth.refresh(first.refreshToken, { attemptId });
    clock.ahead = 3 * 24 * 3_600_000;
    const again = await Promise.all(Array.from({ length: 5 }, () => auth.refresh(first.refreshToken, { attemptId })));
    expect(new Set([lost, ...again].map(({ refreshToken }) => refreshToken)).size).toBe(1);
    // Its successor works, once.
    const second = await auth.refresh(lost.refreshToken, { attemptId: newId() });
    expect(second.refreshToken).not.toBe(lost.refreshToken);
    expect(endings).toEqual([]);
  });

  it('takes a late repeat without the attempt, or with another one, for a theft', async () => {
    for (const repeat of [{}, { attemptId: newId() }]) {
      endings.length = 0;
      clock.ahead = 0;
      const first = await register();
      const second = await auth.refresh(first.refreshToken, { attemptId: newId() });
      clock.ahead = 10_500;
      expect(await codeOf(auth.refresh(first.refreshToken, repeat))).toBe('REFRESH_TOKEN_REUSED');
      expect(endings).toHaveLength(1);
      expect(await codeOf(auth.refresh(second.refreshToken))).toBe('REFRESH_TOKEN_INVALID');
    }
  });

  it('names no attempt for one who spent a token without any', async () => {
    const first = await register();
    await auth.refresh(first.refreshToken);
    clock.ahead = 10_500;
    expect(await codeOf(auth.refresh(first.refreshToken, { attemptId: newId() }))).toBe('REFRESH_TOKEN_REUSED');
  });

  it('takes an attempt for a theft once its successor was spent: whoever spent that had the answer', async () => {
    const first = await register();
    const attemptId = newId();
    const second = await auth.refresh(first.refreshToken, { attemptId });
    clock.ahead = 60_000;
    const third = await auth.refresh(second.refreshToken, { attemptId: newId() });
    clock.ahead = 120_000;
    expect(await codeOf(auth.refresh(first.refreshToken, { attemptId }))).toBe('REFRESH_TOKEN_REUSED');
    expect(await codeOf(auth.refresh(third.refreshToken))).toBe('REFRESH_TOKEN_INVALID');
    expect(endings).toHaveLength(1);
  });

  it('lets a thief with token and attempt go on beside its owner until one of them refreshes, and then no further', async () => {
    const first = await register();
    const attemptId = newId();
    const owner = await auth.refresh(first.refreshToken, { attemptId });
    clock.ahead = 60_000;
    const thief = await auth.refresh(first.refreshToken, { attemptId });
    expect(thief.refreshToken).toBe(owner.refreshToken);
    await auth.refresh(owner.refreshToken, { attemptId: newId() });
    clock.ahead = 120_000;
    expect(await codeOf(auth.refresh(thief.refreshToken, { attemptId: newId() }))).toBe('REFRESH_TOKEN_REUSED');
    expect(endings).toHaveLength(1);
  });

  it('lets a late repeat race with the spending of its successor: one of them wins, or both hold one chain', async () => {
    for (let round = 0; round < 10; round += 1) {
      clock.ahead = 0;
      endings.length = 0;
      const first = await register();
      const attemptId = newId();
      const second = await auth.refresh(first.refreshToken, { attemptId });
      clock.ahead = 60_000;
      const [repeat, next] = await Promise.all([
        codeOf(auth.refresh(first.refreshToken, { attemptId })),
        codeOf(auth.refresh(second.refreshToken, { attemptId: newId() })),
      ]);
      // Whichever took the session's lock first: the repeat before the spending, or the theft seen after it.
      expect(['OK', 'REFRESH_TOKEN_REUSED']).toContain(repeat);
      expect(next).toBe('OK');
      const [live] = await database.query<{ count: number }>(
        'SELECT count(*) AS count FROM refresh_tokens WHERE session_id = $1 AND spent_at IS NULL',
        [principalOf(first).sessionId],
      );
      expect(live?.count).toBe(1);
      expect(endings).toHaveLength(repeat === 'OK' ? 0 : 1);
    }
  });

  it('bounds the tokens that one session leaves: beyond it the token stays good, and other sessions go on', async () => {
    const first = await register();
    const other = await register();
    const { burst, points, perSeconds } = LIMITS.refreshesOfSession;
    // As if it had been refreshed so often, but for two.
    await server.get(RateLimiter).charge('refreshesOfSession', principalOf(first).sessionId, burst - 2);
    const { refreshToken } = await auth.refresh((await auth.refresh(first.refreshToken)).refreshToken);
    const refused = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.refresh(refreshToken, { attemptId: newId() })),
    );
    const waitMs = (perSeconds / points) * 1_000;
    const limited = { status: 'rejected', reason: { code: 'RATE_LIMITED', retryAfterMs: waitMs } };
    for (const refusal of refused) expect(refusal).toMatchObject(limited);
    const [stored] = await database.query<{ count: number }>(
      'SELECT count(*) AS count FROM refresh_tokens WHERE session_id = $1',
      [principalOf(first).sessionId],
    );
    expect(stored?.count).toBe(3);
    expect(await sessions.isLive(principalOf(first))).toBe(true);
    expect(await codeOf(auth.refresh(other.refreshToken))).toBe('OK');
    expect(endings).toEqual([]);

    // After the wait the same token is good, once: a repeat is counted, too.
    clock.ahead = waitMs;
    expect(await codeOf(auth.refresh(refreshToken))).toBe('OK');
    expect(await codeOf(auth.refresh(refreshToken))).toBe('RATE_LIMITED');
    expect(endings).toEqual([]);
  });

  it('refuses what it never gave, and what expired', async () => {
    expect(await codeOf(auth.refresh('x'.repeat(43)))).toBe('REFRESH_TOKEN_INVALID');
    const { refreshToken } = await register();
    clock.ahead = 29 * 24 * 3_600_000;
    const second = await auth.refresh(refreshToken);
    // The session's end moved with the refresh.
    clock.ahead = 58 * 24 * 3_600_000;
    const third = await auth.refresh(second.refreshToken);
    clock.ahead = 89 * 24 * 3_600_000;
    expect(await codeOf(auth.refresh(third.refreshToken))).toBe('REFRESH_TOKEN_INVALID');
  });
});
