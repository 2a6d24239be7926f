import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Principal } from '../../src/common/access/principal.js';
import { newId } from '../../src/common/identifier.js';
import {
  PASSWORD,
  accessTokens,
  auth,
  clock,
  codeOf,
  database,
  endings,
  passwords,
  principalOf,
  register,
  sessions,
  setUpAccounts,
} from '../support/accounts.js';

describe('logging in and out', () => {
  setUpAccounts();

  describe('logging in', () => {
    it('takes the address or the username, and opens a session of its own', async () => {
      const { user, ...first } = await register({ email: 'ken@example.com', username: 'ken' });
      const byEmail = await auth.login(
        { email: 'ken@example.com', password: PASSWORD, deviceName: 'PDP-7' },
        '192.0.2.1',
      );
      const byUsername = await auth.login({ username: 'ken', password: PASSWORD });
      expect(Object.keys(byEmail).sort()).toEqual(['accessToken', 'expiresIn', 'refreshToken']);
      expect(principalOf(byUsername).userId).toBe(user.id);
      expect(new Set([first, byEmail, byUsername].map((tokens) => principalOf(tokens).sessionId)).size).toBe(3);
    });

    it('refuses both names at once, and none', async () => {
      expect(await codeOf(auth.login({ password: PASSWORD }))).toBe('VALIDATION_FAILED');
      expect(await codeOf(auth.login({ email: 'a@b.example', username: 'abc', password: PASSWORD }))).toBe(
        'VALIDATION_FAILED',
      );
    });

    it('answers for nobody as for a wrong password, after the same work', async () => {
      await register({ email: 'dennis@example.com' });
      const guess = async (email: string): Promise<unknown> => {
        const hashing = jest.spyOn(passwords, 'verify');
        const asking = jest.spyOn(database, 'query');
        const answer = await auth.login({ email, password: 'a wrong password' }).catch((error: unknown) => error);
        // A hash is compared either way; without one, with a decoy that costs the same (see its own test).
        const work = [hashing.mock.calls.length, asking.mock.calls.map(([text, , name]) => name ?? text)];
        hashing.mockRestore();
        asking.mockRestore();
        return { answer: { ...(answer as object) }, work };
      };
      const wrong = await guess('dennis@example.com');
      expect(wrong).toMatchObject({ answer: { code: 'INVALID_CREDENTIALS' }, work: [1, expect.anything()] });
      expect(await guess('nobody@example.com')).toEqual(wrong);
    });

    it('limits wrong guesses at an account, known or not, and counts no right ones', async () => {
      await register({ email: 'bjarne@example.com' });
      for (let n = 0; n < 12; n += 1) await auth.login({ email: 'bjarne@example.com', password: PASSWORD });
      for (const email of ['bjarne@example.com', 'nobody-else@example.com']) {
        const codes = await Promise.all(
          Array.from({ length: 12 }, () => codeOf(auth.login({ email, password: 'a wrong password' }))),
        );
        expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(10);
        expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2);
      }
      expect(await codeOf(auth.login({ email: 'bjarne@example.com', password: PASSWORD }))).toBe('RATE_LIMITED');
      clock.ahead = 7_000;
      expect(await codeOf(auth.login({ email: 'bjarne@example.com', password: PASSWORD }))).toBe('OK');
    });
  });

  describe('sessions', () => {
    it('end at logout, once', async () => {
      const tokens = await register();
      const principal = principalOf(tokens);
      expect(await sessions.isLive(principal)).toBe(true);
      await auth.logout(principal);
      await auth.logout(principal);
      expect(await sessions.isLive(principal)).toBe(false);
      expect(await codeOf(auth.refresh(tokens.refreshToken))).toBe('REFRESH_TOKEN_INVALID');
      expect(endings).toEqual([{ userId: principal.userId, sessionIds: [principal.sessionId], code: 'LOGGED_OUT' }]);
    });

    describe('that are very many', () => {
      beforeAll(async () => {
        await database.query('CREATE TABLE sizes (changed int)');
        await database.query(
          `CREATE FUNCTION note_size() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN INSERT INTO sizes SELECT count(*) FROM changed; RETURN NULL; END'`,
        );
        for (const [event, table] of [
          ['UPDATE', 'NEW'],
          ['DELETE', 'OLD'],
        ])
          await database.query(
            `CREATE TRIGGER note_size_of_${event} AFTER ${event} ON sessions REFERENCING ${table} TABLE AS changed
             FOR EACH STATEMENT EXECUTE FUNCTION note_size()`,
          );
      });

      beforeEach(() => database.query('DELETE FROM sizes'));

      afterAll(async () => {
        for (const event of ['UPDATE', 'DELETE'])
          await database.query(`DROP TRIGGER note_size_of_${event} ON sessions`);
      });

      const open = (userId: string, count: number): Promise<unknown> =>
        database.query(
          `INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at)
           SELECT gen_random_uuid(), $1, now(), now(), now() + interval '1 day' FROM generate_series(1, $2::int)`,
          [userId, count],
        );
      const live = async (): Promise<number | undefined> =>
        (await database.query<{ count: number }>('SELECT count(*) FROM sessions WHERE revoked_at IS NULL'))[0]?.count;
      const largest = async (): Promise<number> =>
        Math.max(...(await database.query<{ changed: number }>('SELECT changed FROM sizes')).map((row) => row.changed));

      it('of everybody end a few thousand at a time, so that no statement has more to do the more there are', async () => {
        const { userId } = principalOf(await register());
        await open(userId, 12_000);
        const before = await live();
        const ended = await database.transaction((transaction) => sessions.endAllOfEverybody(transaction));
        expect([ended, await live()]).toEqual([before, 0]);
        expect(await largest()).toBeLessThanOrEqual(5_000);
      });

      it('of one user end and are deleted so as well', async () => {
        const { userId, sessionId } = principalOf(await register());
        const other = principalOf(await register());
        const before = (await live()) ?? 0;
        await open(userId, 6_000);
        const ended = await database.transaction((transaction) =>
          sessions.endAll(transaction, userId, sessionId, 'PASSWORD_CHANGED'),
        );
        expect([new Set(ended).size, ended.includes(sessionId)]).toEqual([6_000, false]);
        expect(await sessions.isLive({ userId, sessionId })).toBe(true);
        const deleted = await database.transaction((transaction) => sessions.deleteAllOf(transaction, userId));
        expect([new Set(deleted).size, deleted.includes(sessionId)]).toEqual([6_001, true]);
        expect([await live(), await sessions.isLive(other)]).toEqual([before - 1, true]);
        expect(await largest()).toBeLessThanOrEqual(5_000);
      });
    });

    it('of one user are 200 at most that live: the next ends the one that was not used for the longest', async () => {
      const tokens = await register({ email: 'grace@example.com' });
      const principal = principalOf(tokens);
      const { userId } = principal;
      const open = (count: number, usedBefore: string, endedBefore: string | null): Promise<{ id: string }[]> =>
        database.query<{ id: string }>(
          `WITH opened AS (
             INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, revoked_at)
             SELECT gen_random_uuid(), $1, $2::timestamptz - interval '9 days', $2::timestamptz - $3::interval,
               $2::timestamptz + interval '9 days', $2::timestamptz - $4::interval
             FROM generate_series(1, $5::int) RETURNING id
           ), tokens AS (
             INSERT INTO refresh_tokens (hash, session_id, created_at) SELECT sha256(id::text::bytea), id, $2 FROM opened
           )
           SELECT id FROM opened`,
          [userId, new Date(clock.now()), usedBefore, endedBefore, count],
        );
      const [unused] = await open(1, '2 days', null);
      await open(198, '1 day', null);
      await open(250, '1 hour', '1 hour');
      const login = async (): Promise<Principal> =>
        principalOf(await auth.login({ email: 'grace@example.com', password: PASSWORD }));
      const count = async (): Promise<unknown> =>
        database.query(
          `SELECT count(*) FILTER (WHERE revoked_at IS NULL) AS live, count(*) FILTER (WHERE revoked_at IS NOT NULL) AS ended
           FROM sessions WHERE user_id = $1`,
          [userId],
        );
      const opened = await login();
      expect(endings).toEqual([{ userId, sessionIds: [unused?.id], code: 'SESSION_REVOKED' }]);
      expect(await count()).toEqual([{ live: 200, ended: 199 }]);
      expect([await sessions.isLive(opened), await sessions.isLive(principal)]).toEqual([true, true]);
      await login();
      expect(endings).toHaveLength(2);
      expect(await count()).toEqual([{ live: 200, ended: 199 }]);
      expect(await codeOf(auth.refresh(tokens.refreshToken))).toBe('OK');
    });

    it('are deleted after they expired, with their tokens', async () => {
      const principal = principalOf(await register());
      const { sessionId } = principal;
      await sessions.deleteExpired();
      expect(await sessions.isLive(principal)).toBe(true);
      clock.ahead = 31 * 24 * 3_600_000;
      expect(await sessions.isLive(principal)).toBe(false);
      await sessions.deleteExpired();
      expect(await database.query('SELECT 1 FROM refresh_tokens WHERE session_id = $1', [sessionId])).toEqual([]);
    });

    it('have access tokens that end, and cannot be made by others', async () => {
      const { accessToken } = await register();
      const [header, claims, signature] = accessToken.split('.') as [string, string, string];
      const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims}.`;
      const otherClaims = Buffer.from(
        JSON.stringify({ sub: newId(), sid: newId(), exp: 9e9, iss: 'parley', aud: 'parley' }),
      );
      const verify = async (token: string): Promise<string> => codeOf((async () => accessTokens.verify(token))());
      for (const forged of ['', 'x', unsigned, `${header}.${otherClaims.toString('base64url')}.${signature}`]) {
        expect(await verify(forged)).toBe('UNAUTHORIZED');
      }
      expect(await verify(accessToken)).toBe('OK');
      clock.ahead = 901_000;
      expect(await verify(accessToken)).toBe('TOKEN_EXPIRED');
    });
  });
});
