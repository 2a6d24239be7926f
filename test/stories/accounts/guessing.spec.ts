import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Passwords } from '../../../src/auth/accounts/passwords.js';
import { Sessions } from '../../../src/auth/sessions/sessions.js';
import { Clock } from '../../../src/common/clock.js';
import { DomainError } from '../../../src/common/errors.js';
import { Lifecycle } from '../../../src/common/stopping/lifecycle.js';
import { LIMITS } from '../../../src/config/limits.js';
import { Database } from '../../../src/database/database.js';
import { Operator } from '../../../src/moderation/operator/operator.js';
import { Accounts } from '../../../src/users/accounts/accounts.js';
import { Mailbox } from '../../support/servers/mailbox.js';
import { type Anything, startStory, type Story, until } from '../../support/story.js';

const PASSWORD = 'correct horse';
const HOUR_MS = 3_600_000;

interface Reply {
  status: number;
  code: string | undefined;
  retryAfterSeconds: number;
  body: Anything;
  cookies: string[];
}

describe('guessing', () => {
  let mailbox: Mailbox;
  let story: Story;
  let verifyPassword: Passwords['verify'];
  beforeAll(async () => {
    mailbox = await Mailbox.open();
    story = await startStory({ trustedProxies: 1, emailVerification: 'off' }, { SMTP_URL: mailbox.url });
    // What is attacked here are the limits: hashes at their cost would only make it slower.
    const passwords = story.app.get(Passwords);
    verifyPassword = passwords.verify.bind(passwords);
    passwords.verify = async (hash, password) => hash !== null && [PASSWORD, 'a new password'].includes(password);
  });
  // Time stands still, so that guesses which take long are not given more of them meanwhile.
  beforeEach(() => {
    const at = Date.now();
    story.app.get(Clock).now = () => at;
  });
  afterEach(() => {
    story.app.get(Clock).now = Clock.prototype.now;
  });
  afterAll(async () => {
    await story.close();
    await mailbox.close();
  });

  async function call(
    method: string,
    path: string,
    body: unknown,
    from: string,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(story.url + path, {
      method,
      headers: { 'content-type': 'application/json', 'x-forwarded-for': from, ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const parsed = text === '' ? {} : JSON.parse(text);
    return {
      status: response.status,
      code: parsed.code,
      retryAfterSeconds: Number(response.headers.get('retry-after')),
      body: parsed,
      cookies: response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? ''),
    };
  }
  const post = (path: string, body: unknown, from: string, headers?: Record<string, string>): Promise<Reply> =>
    call('POST', path, body, from, headers);
  const login = (who: object, password: string, from: string, headers?: Record<string, string>): Promise<Reply> =>
    post('/auth/login', { ...who, password }, from, headers);

  let networks = 0;
  /** An IP address in a network that nobody used before. */
  const ipAddress = (): string => {
    networks += 1;
    return `10.${Math.floor(networks / 250)}.${networks % 250}.7`;
  };
  interface Account {
    id: string;
    email: string;
    username: string;
    home: string;
    accessToken: string;
    device: string;
  }
  const account = async (): Promise<Account> => {
    const home = ipAddress();
    const username = `owner_${randomUUID().slice(0, 8)}`;
    const email = `${username}@example.com`;
    const { body, cookies } = await post('/auth/register', { email, username, password: PASSWORD }, home);
    const device = cookies.find((cookie) => cookie.startsWith('knownDevice=')) ?? '';
    return { id: body.user.id, email, username, home, accessToken: body.accessToken, device };
  };
  /** Wrong guesses until one is refused; how many were looked at. */
  const guessUntilRefused = async (who: object, from: string): Promise<number> => {
    for (let guess = 0; ; guess += 1) {
      const { status } = await login(who, `guess ${guess}`, from);
      if (status === 429) return guess;
      expect(status).toBe(401);
    }
  };

  describe('a password', () => {
    it('costs the guesser: the owner is let in at once from anywhere else, by either name', async () => {
      const { email, username, home } = await account();
      const attacker = ipAddress();
      expect(await guessUntilRefused({ email }, attacker)).toBe(LIMITS.loginByAccount.burst);
      // The right password is no way around the limit.
      expect((await login({ email }, PASSWORD, attacker)).status).toBe(429);
      expect((await login({ email }, PASSWORD, home)).status).toBe(200);
      expect((await login({ username }, PASSWORD, ipAddress())).status).toBe(200);
      expect((await login({ email }, PASSWORD, ipAddress())).status).toBe(200);
    });

    it('is guessed at under one name without a limit that shows what the other is', async () => {
      const { email, username, home } = await account();
      for (const from of [ipAddress(), home]) {
        await guessUntilRefused({ email }, from);
        expect((await login({ username: 'nobody_at_all' }, 'guess', from)).code).toBe('INVALID_CREDENTIALS');
        expect(await guessUntilRefused({ username }, from)).toBe(LIMITS.loginByAccount.burst);
      }
    });

    it('is let through on a device that it was used on, even from the address of the guesser', async () => {
      const { email, home, device } = await account();
      await guessUntilRefused({ email }, home);
      expect((await login({ email }, PASSWORD, home)).status).toBe(429);
      expect((await login({ email }, PASSWORD, home, { cookie: device })).status).toBe(200);
      // It is no way to guess without end either.
      for (let guess = 0; guess < LIMITS.loginByAccount.burst; guess += 1)
        expect((await login({ email }, 'guess', ipAddress(), { cookie: device })).status).toBe(401);
      expect((await login({ email }, 'guess', ipAddress(), { cookie: device })).status).toBe(429);
    });

    it('is not let through by the cookie of another account, a forged one, or a page of another origin', async () => {
      const [victim, mallory] = [await account(), await account()];
      const attacker = ipAddress();
      await guessUntilRefused({ email: victim.email }, attacker);
      const [id, device, proof] = victim.device.replace('knownDevice=', '').split('.') as [string, string, string];
      const headers: Record<string, string>[] = [
        { cookie: mallory.device },
        { cookie: `knownDevice=${id}.${randomUUID()}.${proof}` },
        { cookie: `knownDevice=${mallory.id}.${device}.${proof}` },
        { cookie: `knownDevice=${id}.${device}.` },
        { cookie: `knownDevice=${id}.${device}.${'A'.repeat(43)}` },
        { cookie: 'knownDevice=..' },
        { cookie: victim.device, origin: 'https://evil.example.com' },
      ];
      for (const header of headers)
        expect([header, (await login({ email: victim.email }, PASSWORD, attacker, header)).status]).toEqual([
          header,
          429,
        ]);
    });

    it('counts one IPv6 customer as one, whichever of its addresses it takes', async () => {
      const { email } = await account();
      const outcomes: number[] = [];
      for (let host = 1; host <= LIMITS.loginByAccount.burst + 5; host += 1)
        outcomes.push((await login({ email }, 'guess', `2001:db8:7:7::${host.toString(16)}`)).status);
      expect(outcomes.filter((status) => status === 401)).toHaveLength(LIMITS.loginByAccount.burst);
      expect((await login({ email }, PASSWORD, '2001:db8:8:7::1')).status).toBe(200);
      // An owner's own addresses change within its /64.
      await guessUntilRefused({ email }, '2001:db8:9:7::1');
      expect((await login({ email }, PASSWORD, '2001:db8:8:7:ffff::9')).status).toBe(200);
    });

    it('is guessed 120 times on the first day and 60 on every later one by who has one address, and waits ever longer', async () => {
      const { email } = await account();
      const attacker = ipAddress();
      const clock = story.app.get(Clock);
      let now = Date.now();
      clock.now = () => now;
      const begun = now;
      const waits: number[] = [];
      const days = [0, 0, 0];
      for (;;) {
        const { status, retryAfterSeconds } = await login({ email }, 'guess', attacker);
        if (status === 401) {
          const day = Math.floor((now - begun) / (24 * HOUR_MS));
          if (day > 2) break;
          days[day] = (days[day] ?? 0) + 1;
        } else {
          waits.push(retryAfterSeconds);
          now += retryAfterSeconds * 1_000;
        }
      }
      expect(days[0]).toBeLessThanOrEqual(121);
      expect(days[1]).toBeLessThanOrEqual(61);
      expect(days[2]).toBeLessThanOrEqual(61);
      expect(waits[0]).toBe(6);
      expect(waits.at(-1)).toBe(24 * 60);
    });

    it('is guessed under one name 400 times on the first day and 200 on every later one by however many addresses', async () => {
      const { email, username, home, device } = await account();
      const clock = story.app.get(Clock);
      let now = Date.now();
      clock.now = () => now;
      const flood = async (): Promise<number> => {
        let looked = 0;
        for (let round = 0; round < 10; round += 1) {
          const replies = await Promise.all(
            Array.from({ length: 60 }, (_, index) => login({ email }, `guess ${round} ${index}`, ipAddress())),
          );
          looked += replies.filter(({ status }) => status === 401).length;
          for (const { status } of replies) expect([401, 429]).toContain(status);
        }
        return looked;
      };
      expect(await flood()).toBe(200);
      // Strangers wait, also with the right password; who was here before does not.
      const stranger = await login({ email }, PASSWORD, ipAddress());
      expect([stranger.status, stranger.retryAfterSeconds > 0]).toEqual([429, true]);
      expect((await login({ email }, PASSWORD, home)).status).toBe(200);
      expect((await login({ username }, PASSWORD, ipAddress(), { cookie: device })).status).toBe(200);
      now += 24 * HOUR_MS;
      expect(await flood()).toBe(200);
      expect((await login({ email }, PASSWORD, home)).status).toBe(200);
    });

    it('is refused alike for a name that is nobody’s, from one address and from many', async () => {
      const nobody = { email: `${randomUUID()}@example.com` };
      const attacker = ipAddress();
      expect(await guessUntilRefused(nobody, attacker)).toBe(LIMITS.loginByAccount.burst);
      expect((await login(nobody, 'guess', ipAddress())).code).toBe('INVALID_CREDENTIALS');
      const replies = await Promise.all(Array.from({ length: 250 }, () => login(nobody, 'guess', ipAddress())));
      expect(replies.filter(({ status }) => status === 401)).toHaveLength(200 - LIMITS.loginByAccount.burst - 1);
      const { status, retryAfterSeconds } = await login(nobody, 'guess', ipAddress());
      expect([status, retryAfterSeconds]).toEqual([429, expect.any(Number)]);
      expect(retryAfterSeconds).toBeLessThanOrEqual(432);
    });

    it('of many accounts is guessed a hundred times an hour from one address, which harms none of its own', async () => {
      const { email, home } = await account();
      let looked = 0;
      for (let guess = 0; guess < 130; guess += 1)
        if ((await login({ email: `someone-${guess}@example.com` }, PASSWORD, home)).status === 401) looked += 1;
      expect(looked).toBe(LIMITS.wrongLoginsByAddress.burst);
      expect((await login({ email }, PASSWORD, home)).status).toBe(200);
    });

    it('is hashed for one address after the other, so that a flood from one delays no other', async () => {
      const passwords = story.app.get(Passwords);
      const [attacker, owner] = [ipAddress(), ipAddress()];
      let finished = 0;
      const flood = Array.from({ length: 300 }, () =>
        verifyPassword(null, 'x', attacker).then(
          () => (finished += 1),
          (error: { code?: string }) => {
            if (error.code !== 'OVERLOADED') finished += 1;
            return error.code;
          },
        ),
      );
      expect(await verifyPassword(null, 'x', owner)).toBe(false);
      // Those that ran already, and at most a turn of each.
      expect(finished).toBeLessThan(10);
      const codes = await Promise.all(flood);
      expect(codes.filter((code) => code === 'OVERLOADED').length).toBeGreaterThan(200);
      expect(await passwords.hash('x', attacker)).toMatch(/^\$argon2id/);
    });
  });

  describe('the password of an open session', () => {
    it('costs that session: others of the same account confirm theirs', async () => {
      const { email, home, accessToken } = await account();
      const { body } = await login({ email }, PASSWORD, ipAddress());
      const confirm = (token: string, password: string): Promise<Reply> =>
        post('/auth/change-password', { currentPassword: password, newPassword: 'a new password' }, home, {
          authorization: `Bearer ${token}`,
        });
      const statuses: number[] = [];
      for (let guess = 0; guess < 15; guess += 1) statuses.push((await confirm(accessToken, 'guess')).status);
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), ...Array.from({ length: 5 }, () => 429)]);
      const gone = await call('DELETE', '/users/me', { password: PASSWORD }, home, {
        authorization: `Bearer ${accessToken}`,
      });
      expect(gone.status).toBe(429);
      expect((await confirm(body.accessToken, PASSWORD)).status).toBe(200);
    });
  });

  describe('a right password', () => {
    it('stays good where too many passwords wait to be compared, however often that is so', async () => {
      const { email, home, accessToken } = await account();
      const authorization = { authorization: `Bearer ${accessToken}` };
      const attempts: (() => Promise<Reply>)[] = [
        () => login({ email }, PASSWORD, home),
        () => login({ email }, PASSWORD, ipAddress()),
        () => post('/auth/change-password', { currentPassword: PASSWORD, newPassword: PASSWORD }, home, authorization),
      ];
      const passwords = story.app.get(Passwords);
      const { verify } = passwords;
      passwords.verify = () => Promise.reject(new DomainError('OVERLOADED', { retryAfterMs: 1_000 }));
      try {
        for (let round = 0; round < 12; round += 1)
          for (const attempt of attempts) expect((await attempt()).code).toBe('OVERLOADED');
      } finally {
        passwords.verify = verify;
      }
      for (const attempt of attempts) expect((await attempt()).status).toBe(200);
    });

    it('stays good where the database cannot be asked for what it is compared with', async () => {
      const { home, accessToken } = await account();
      const change = (): Promise<Reply> =>
        post('/auth/change-password', { currentPassword: PASSWORD, newPassword: PASSWORD }, home, {
          authorization: `Bearer ${accessToken}`,
        });
      const accounts = story.app.get(Accounts);
      accounts.credentialsOfUser = () => Promise.reject(new DomainError('UNAVAILABLE'));
      try {
        for (let round = 0; round < 12; round += 1) expect((await change()).code).toBe('UNAVAILABLE');
      } finally {
        accounts.credentialsOfUser = Accounts.prototype.credentialsOfUser;
      }
      expect((await change()).status).toBe(200);
    });
  });

  describe('a code for a new password', () => {
    const forgot = async (email: string, from: string): Promise<string> => {
      expect((await post('/auth/forgot-password', { email }, from)).status).toBe(202);
      return mailbox.nextCode(email);
    };
    const reset = (email: string, otp: string, from: string): Promise<Reply> =>
      post('/auth/reset-password', { email, otp, newPassword: 'a new password' }, from);
    const wrong = (code: string, by: number): string =>
      `${(Number(code) + by) % 10 ** code.length}`.padStart(code.length, '0');

    it('is burnt by five guesses for who made them, and not for the owner', async () => {
      const { email } = await account();
      const [away, attacker] = [ipAddress(), ipAddress()];
      const code = await forgot(email, away);
      for (let guess = 1; guess <= 5; guess += 1)
        expect((await reset(email, wrong(code, guess), attacker)).code).toBe('OTP_INVALID');
      expect((await reset(email, code, attacker)).code).toBe('OTP_INVALID');
      expect((await reset(email, code, away)).status).toBe(200);
    });

    it('is guessed five times by however many strangers, also at once, and stays good where it was asked for', async () => {
      const { email, home } = await account();
      const away = ipAddress();
      const code = await forgot(email, away);
      await Promise.all(Array.from({ length: 40 }, (_, guess) => reset(email, wrong(code, guess + 1), ipAddress())));
      // Strangers have no guess left, not even a right one.
      expect((await reset(email, code, ipAddress())).code).toBe('OTP_INVALID');
      expect((await reset(email, code, away)).status).toBe(200);
      // A code that the attacker asked for comes to the owner as well, and is good at home.
      const another = await forgot(email, ipAddress());
      await Promise.all(Array.from({ length: 40 }, (_, guess) => reset(email, wrong(another, guess + 1), ipAddress())));
      expect((await reset(email, another, home)).status).toBe(200);
    });

    it('that an operator made is burnt by nobody, and replaced by nobody who asks for another', async () => {
      const { email, home } = await account();
      const away = ipAddress();
      const { code } = await story.app.get(Operator).resetPassword(email);
      await Promise.all(
        Array.from({ length: 12 }, (_, guess) => reset(email, wrong(code, guess + 1), guess < 6 ? away : ipAddress())),
      );
      for (const from of [away, home]) expect((await post('/auth/forgot-password', { email }, from)).status).toBe(202);
      await until('no message is on its way', () => story.app.get(Lifecycle).isIdle);
      expect((await reset(email, code, away)).status).toBe(200);
      // It was spent: codes are mailed again.
      expect((await reset(email, await forgot(email, away), away)).status).toBe(200);
    });

    describe('that is right', () => {
      let hash: Passwords['hash'];
      const passwords = (): Passwords => story.app.get(Passwords);
      beforeEach(() => {
        hash = passwords().hash.bind(passwords());
      });
      afterEach(() => {
        passwords().hash = hash;
        const sessions = story.app.get(Sessions);
        sessions.open = Sessions.prototype.open;
      });

      it('stays good where too many passwords wait to be hashed', async () => {
        const { email, home } = await account();
        const code = await forgot(email, home);
        passwords().hash = () => Promise.reject(new DomainError('OVERLOADED', { retryAfterMs: 1_000 }));
        // More often than it may be guessed, from where it was asked for and from elsewhere.
        for (const from of [home, ipAddress()])
          for (let attempt = 0; attempt < 6; attempt += 1)
            expect(await reset(email, code, from)).toMatchObject({ status: 503, code: 'OVERLOADED' });
        passwords().hash = hash;
        // What was wrong stays counted: of strangers' five guesses one is left.
        for (let guess = 1; guess <= 4; guess += 1)
          expect((await reset(email, wrong(code, guess), ipAddress())).code).toBe('OTP_INVALID');
        expect((await reset(email, code, ipAddress())).status).toBe(200);
        expect((await reset(email, code, home)).code).toBe('OTP_INVALID');
      });

      it('stays good where the new password could not be stored', async () => {
        const { email, home } = await account();
        const code = await forgot(email, home);
        story.app.get(Sessions).open = () => Promise.reject(new DomainError('UNAVAILABLE'));
        expect((await reset(email, code, home)).status).toBe(503);
        story.app.get(Sessions).open = Sessions.prototype.open;
        expect((await reset(email, code, home)).status).toBe(200);
      });

      it('works once, also where it is used several times at once', async () => {
        const { email, home } = await account();
        const code = await forgot(email, home);
        const hashing: (() => void)[] = [];
        passwords().hash = async (...parameters) => {
          await new Promise<void>((resolve) => void hashing.push(resolve));
          return hash(...parameters);
        };
        const resets = [1, 2, 3].map(() => reset(email, code, home));
        await until('all were found right', () => hashing.length === 3);
        for (const go of hashing) go();
        const outcomes = (await Promise.all(resets)).map((reply) => reply.code ?? reply.status);
        expect(outcomes.sort()).toEqual([200, 'OTP_INVALID', 'OTP_INVALID']);
      });

      it('leaves nothing of who uses it with an account that is deleted meanwhile', async () => {
        const { id, email, home, accessToken } = await account();
        const code = await forgot(email, home);
        passwords().hash = async (...parameters) => {
          const authorization = `Bearer ${accessToken}`;
          expect((await call('DELETE', '/users/me', { password: PASSWORD }, home, { authorization })).status).toBe(204);
          return hash(...parameters);
        };
        expect((await reset(email, code, home)).code).toBe('OTP_INVALID');
        expect(await story.app.get(Database).query('SELECT 1 FROM sessions WHERE user_id = $1', [id])).toEqual([]);
      });
    });

    it('is mailed to its owner although others asked for as many as they may', async () => {
      const { email, home } = await account();
      const received = (): number =>
        mailbox.received.filter(({ to }) => to?.some((recipient) => recipient.address === email)).length;
      for (let attacker = 0; attacker < 10; attacker += 1) {
        const from = ipAddress();
        for (let time = 0; time < 8; time += 1) await post('/auth/forgot-password', { email }, from);
      }
      const { burst } = LIMITS.codesByStrangers;
      await until('strangers have asked for all they may', () => received() === burst);
      for (let code = 0; code < burst; code += 1) await mailbox.nextCode(email);
      expect((await reset(email, await forgot(email, home), home)).status).toBe(200);
      expect(received()).toBe(burst + 1);
    });
  });
});
