import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { AccessTokens } from '../../../src/auth/tokens/access-token.js';
import { AuthModule } from '../../../src/auth/auth.module.js';
import { AuthService } from '../../../src/auth/auth.service.js';
import { Passwords } from '../../../src/auth/accounts/passwords.js';
import { Sessions } from '../../../src/auth/sessions/sessions.js';
import type { RegistrationView } from '../../../src/auth/tokens/tokens.view.js';
import { Clock } from '../../../src/common/clock.js';
import { newId } from '../../../src/common/identifier.js';
import type { Principal } from '../../../src/common/principal.js';
import { ConfigModule } from '../../../src/config/config.module.js';
import { Configuration } from '../../../src/config/configuration.js';
import { Database } from '../../../src/database/database.js';
import { DatabaseModule } from '../../../src/database/database.module.js';
import type { DomainEvents } from '../../../src/events/domain-events.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { KeysModule } from '../../../src/integrations/keys/keys.module.js';
import { LimitsModule } from '../../../src/limits/limits.module.js';
import { UsersModule } from '../../../src/users/users.module.js';
import { UsersService } from '../../../src/users/users.service.js';
import { createTestDatabase } from '../../support/postgres.js';

const PASSWORD = 'correct horse battery';

class SettableClock extends Clock {
  ahead = 0;
  override now(): number {
    return Date.now() + this.ahead;
  }
}

describe('accounts', () => {
  const clock = new SettableClock();
  const endings: DomainEvents['session.ended'][] = [];
  let drop: () => Promise<void>;
  let server: TestingModule;
  let auth: AuthService;
  let users: UsersService;
  let sessions: Sessions;
  let accessTokens: AccessTokens;
  let passwords: Passwords;
  let database: Database;

  beforeAll(async () => {
    const testDatabase = await createTestDatabase();
    drop = testDatabase.drop;
    const configuration = Configuration.fromEnvironment({
      DATABASE_URL: testDatabase.url,
      JWT_SECRET: 'a secret for the tests of accounts alone',
    });
    server = await Test.createTestingModule({
      imports: [
        ConfigModule.with(configuration),
        DatabaseModule,
        EventsModule,
        LimitsModule.with(),
        UsersModule,
        AuthModule,
        KeysModule,
      ],
    })
      .overrideProvider(Clock)
      .useValue(clock)
      .compile();
    await server.init();
    auth = server.get(AuthService);
    users = server.get(UsersService);
    sessions = server.get(Sessions);
    accessTokens = server.get(AccessTokens);
    passwords = server.get(Passwords);
    database = server.get(Database);
    server.get(EventBus).subscribe('session.ended', (event) => void endings.push(event));
  });

  afterAll(async () => {
    await server?.close();
    await drop?.();
  });

  beforeEach(() => {
    clock.ahead = 0;
    endings.length = 0;
  });

  let count = 0;
  const register = (
    input: { email?: string; username?: string; displayName?: string } = {},
  ): Promise<RegistrationView> => {
    count += 1;
    const registration = { email: `user${count}@example.com`, password: PASSWORD, ...input };
    return auth.register(registration, '::ffff:192.0.2.1') as Promise<RegistrationView>;
  };
  const principalOf = ({ accessToken }: { accessToken: string }): Principal =>
    accessTokens.verify(accessToken).principal;
  const codeOf = (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'OK',
      (error: { code: string }) => error.code,
    );

  describe('registering', () => {
    it('logs in, and answers with the account', async () => {
      const { user, accessToken, refreshToken, expiresIn } = await register({ email: 'grace.hopper@example.com' });
      expect(user).toEqual({
        id: expect.any(String),
        email: 'grace.hopper@example.com',
        username: 'grace.hopper',
        displayName: 'grace.hopper',
        avatarUrl: null,
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect(expiresIn).toBe(900);
      expect(refreshToken).toMatch(/^[\w-]{43}$/);
      const { principal, expiresAt } = accessTokens.verify(accessToken);
      expect(principal.userId).toBe(user.id);
      expect(expiresAt).toBeGreaterThan(Date.now() + 800_000);
      expect(await users.requireOwn(principal)).toEqual(user);
    });

    it('lets one of two win that come at once with one address', async () => {
      for (const username of [undefined, 'twin']) {
        const email = `twin-${username ?? 'derived'}@example.com`;
        const codes = await Promise.all(
          [1, 2, 3, 4].map(() => codeOf(register(username ? { email, username } : { email }))),
        );
        expect(codes.sort()).toEqual(['EMAIL_TAKEN', 'EMAIL_TAKEN', 'EMAIL_TAKEN', 'OK']);
      }
    });

    it('refuses a username that is taken or reserved, and derives another where none was chosen', async () => {
      await register({ username: 'linus' });
      expect(await codeOf(register({ username: 'linus' }))).toBe('USERNAME_TAKEN');
      expect(await codeOf(register({ username: 'deleted' }))).toBe('USERNAME_TAKEN');
      const derived = await Promise.all([1, 2, 3, 4, 5].map((n) => register({ email: `linus@${n}.example.com` })));
      expect(new Set(derived.map(({ user }) => user.username)).size).toBe(5);
      for (const { user } of derived) expect(user.username).toMatch(/^linus\d{5,}$/);
    });
  });

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

  describe('refreshing', () => {
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

  describe('profiles', () => {
    it('change, and emit that they did', async () => {
      const changed: string[] = [];
      server.get(EventBus).subscribe('user.changed', ({ userId }) => void changed.push(userId));
      const me = principalOf(await register({ username: 'margaret' }));
      await register({ username: 'hamilton' });
      expect(await users.update(me, {})).toMatchObject({ username: 'margaret' });
      const profile = { username: 'apollo', displayName: 'Margaret Hamilton', avatarUrl: 'https://example.com/m.png' };
      expect(await users.update(me, profile)).toMatchObject(profile);
      expect(await users.update(me, { avatarUrl: null })).toMatchObject({ ...profile, avatarUrl: null });
      expect(await codeOf(users.update(me, { username: 'hamilton' }))).toBe('USERNAME_TAKEN');
      expect(changed).toEqual([me.userId, me.userId]);
    });

    it('are shown of others without their addresses, and of deleted ones as placeholders', async () => {
      const me = principalOf(await register());
      const other = (await register({ username: 'leaver' })).user;
      const { email: _, ...shown } = other;
      expect(await users.get(me, other.id)).toEqual(shown);
      expect(await users.exist(other.id)).toBe(true);
      await database.query(
        'UPDATE users SET deleted_at = now(), email = NULL, email_verified_at = NULL, password_hash = NULL WHERE id = $1',
        [other.id],
      );
      expect(await codeOf(users.get(me, other.id))).toBe('NOT_FOUND');
      expect(await users.exist(other.id)).toBe(false);
      const views = await users.viewsOf([me.userId, other.id, newId()]);
      expect(views.size).toBe(2);
      expect(views.get(other.id)).toEqual({
        ...shown,
        username: 'deleted',
        displayName: 'Deleted user',
        avatarUrl: null,
        isOnline: false,
        lastSeenAt: null,
      });
      expect(await codeOf(auth.login({ username: 'leaver', password: PASSWORD }))).toBe('INVALID_CREDENTIALS');
    });
  });

  describe('searching users', () => {
    let me: Principal;
    const found = async (search: string): Promise<string[]> =>
      (await users.search(me, { search, limit: 50 })).items.map(({ username }) => username);

    beforeAll(async () => {
      me = principalOf(await register({ username: 'searcher', displayName: 'Zed the searcher' }));
      await register({ email: 'zq-mail@example.com', username: 'zed_one', displayName: 'Élodie 100%' });
      await register({ username: 'zedxone', displayName: 'Quinn' });
      await register({ username: 'other.name', displayName: 'ZED Two' });
    });

    it('goes by how the username or the display name begins, in either case, without oneself', async () => {
      expect(await found('zed')).toEqual(['other.name', 'zed_one', 'zedxone']);
      expect(await found('ZED')).toEqual(['other.name', 'zed_one', 'zedxone']);
      expect(await found('Élodie')).toEqual(['zed_one']);
      expect(await found('two')).toEqual([]);
    });

    it('takes wildcards for what they are, and matches no address', async () => {
      expect(await found('zed_')).toEqual(['zed_one']);
      expect(await found('élodie 100%')).toEqual(['zed_one']);
      expect(await found('%')).toEqual([]);
      expect(await found('\\')).toEqual([]);
      expect(await found('zq-mail')).toEqual([]);
    });

    it('returns its results in pages', async () => {
      const seen: string[] = [];
      let cursor: string | null | undefined;
      do {
        const page = await users.search(me, { search: 'zed', limit: 1, ...(cursor ? { cursor } : {}) });
        expect(page.items).toHaveLength(1);
        seen.push(...page.items.map(({ username }) => username));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(['other.name', 'zed_one', 'zedxone']);
    });

    it('finds nobody across a block, and shows whom one blocked oneself', async () => {
      const them = principalOf(await register({ username: 'yonder' }));
      const block = (blocker: Principal, blocked: Principal): Promise<unknown> =>
        database.query('INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $2)', [blocker.userId, blocked.userId]);
      expect(await found('yonder')).toEqual(['yonder']);
      await block(me, them);
      expect(await found('yonder')).toEqual([]);
      expect(await codeOf(users.get(me, them.userId))).toBe('OK');
      expect(await codeOf(users.get(them, me.userId))).toBe('NOT_FOUND');
      expect((await users.search(them, { search: 'searcher', limit: 50 })).items).toEqual([]);
    });
  });
});
