import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { Sessions } from '../../../src/auth/sessions/sessions.js';
import { PendingRegistrations } from '../../../src/auth/accounts/pending-registrations.js';
import { Clock } from '../../../src/common/clock.js';
import { DomainError } from '../../../src/common/errors.js';
import { Mailbox } from '../../support/servers/mailbox.js';
import { createEmptyDatabase } from '../../support/databases/postgres.js';
import { type Anything, type Answer, request, startStory, type Story, until } from '../../support/story.js';

const OWN = 'correct horse';
const SQUATTED = 'the squatter’s horse';
const OWNER_AT = '198.51.100.7';
const SQUATTER_AT = '203.0.113.7';

describe('a registration whose address is not proved', () => {
  let mailbox: Mailbox;
  let story: Story;
  let database: pg.Client;
  beforeAll(async () => {
    mailbox = await Mailbox.open();
    story = await startStory({ rateLimits: false, trustedProxies: 1 }, { SMTP_URL: mailbox.url });
    database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
  });
  afterEach(() => {
    story.app.get(Clock).now = Clock.prototype.now;
    story.app.get(Sessions).open = Sessions.prototype.open;
  });
  afterAll(async () => {
    await database.end();
    await story.close();
    await mailbox.close();
  });

  const post = async (path: string, body: unknown, from = OWNER_AT): Promise<Answer<Anything>> => {
    const response = await fetch(story.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };
  const outcome = ({ status, body }: Answer<Anything>): unknown => [status, body.code];
  const fresh = (): string => `user_${randomUUID().slice(0, 12)}`;
  const addressOf = (name: string): string => `${name}@example.com`;
  /** Registers, and reads the code that was mailed with it. */
  const register = async (
    registration: { email: string; username?: string; displayName?: string; password?: string },
    from = OWNER_AT,
  ): Promise<{ user: Anything; code: string }> => {
    const answer = await post('/auth/register', { password: OWN, ...registration }, from);
    expect([answer.status, Object.keys(answer.body).sort()]).toEqual([201, ['user', 'verification']]);
    return { user: answer.body.user, code: await mailbox.nextCode(registration.email) };
  };
  const verify = (email: string, otp: string, from = OWNER_AT): Promise<Answer<Anything>> =>
    post('/auth/verify-otp', { email, otp }, from);
  const verified = async (name = fresh()): Promise<Anything> => {
    const { user, code } = await register({ email: addressOf(name), username: name });
    const { body } = await verify(addressOf(name), code);
    return { ...user, accessToken: body.accessToken };
  };
  const get = (path: string, token: string): Promise<Answer<Anything>> =>
    request(story.url, 'GET', path, undefined, token);

  it('is found, befriended, written to and added to groups by nobody', async () => {
    const ada = await verified();
    const name = fresh();
    const { user } = await register({ email: addressOf(name), username: name, displayName: `${name} shown` });
    expect(user).toEqual({
      id: expect.any(String),
      username: name,
      displayName: `${name} shown`,
      avatarUrl: null,
      createdAt: expect.stringMatching(/Z$/),
      email: addressOf(name),
    });
    const call = (method: string, path: string, body?: unknown): Promise<Answer<Anything>> =>
      request(story.url, method, path, body, ada.accessToken);
    expect((await call('GET', `/users?search=${name}`)).body.items).toEqual([]);
    expect(outcome(await call('GET', `/users/${user.id}`))).toEqual([404, 'NOT_FOUND']);
    expect(outcome(await call('POST', '/friends/requests', { userId: user.id }))).toEqual([404, 'NOT_FOUND']);
    expect(outcome(await call('POST', '/blocks', { userId: user.id }))).toEqual([404, 'NOT_FOUND']);
    expect(outcome(await call('POST', '/conversations', { userId: user.id }))).toEqual([404, 'NOT_FOUND']);
    expect(outcome(await call('POST', '/msg/room', { otherUserId: user.id }))).toEqual([404, 'NOT_FOUND']);
    const group = { type: 'GROUP', title: 'Group', memberIds: [user.id] };
    expect((await call('POST', '/conversations', group)).status).toBe(404);
    const { body: empty } = await call('POST', '/conversations', { ...group, memberIds: [] });
    expect((await call('POST', `/conversations/${empty.id}/members`, { memberIds: [user.id] })).status).toBe(404);
    // Nothing that lists users has a row to list.
    expect((await database.query('SELECT 1 FROM users WHERE id = $1 OR username = $2', [user.id, name])).rowCount).toBe(
      0,
    );
  });

  it('becomes the very account that was answered, once its code comes back', async () => {
    const name = fresh();
    const { user, code } = await register({ email: addressOf(name), username: name });
    const { status, body } = await verify(addressOf(name), code);
    expect(status).toBe(200);
    expect((await get('/users/me', body.accessToken)).body).toEqual(user);
    expect(outcome(await post('/auth/register', { email: addressOf(name), password: OWN }))).toEqual([
      409,
      'EMAIL_TAKEN',
    ]);
    const other = { email: addressOf(fresh()), username: name, password: OWN };
    expect(outcome(await post('/auth/register', other))).toEqual([409, 'USERNAME_TAKEN']);
  });

  it('gives way to who proves the address, with its name, and its password opens nothing', async () => {
    const name = fresh();
    const email = addressOf(name);
    const squatted = await register(
      { email, username: name, password: SQUATTED, displayName: 'Squatter' },
      SQUATTER_AT,
    );
    // Nothing shows that it is there: the answer is that of an address nobody ever registered.
    const own = await register({ email, username: name });
    expect([own.user.username, own.user.id === squatted.user.id]).toEqual([name, false]);

    const { status, body } = await verify(email, own.code);
    expect(status).toBe(200);
    expect((await get('/users/me', body.accessToken)).body).toMatchObject({
      id: own.user.id,
      username: name,
      displayName: name,
    });
    for (const login of [{ email }, { username: name }]) {
      expect((await post('/auth/login', { ...login, password: OWN })).status).toBe(200);
      expect(outcome(await post('/auth/login', { ...login, password: SQUATTED }, SQUATTER_AT))).toEqual([
        401,
        'INVALID_CREDENTIALS',
      ]);
    }
    expect(outcome(await verify(email, squatted.code, SQUATTER_AT))).toEqual([400, 'OTP_INVALID']);
    expect((await database.query('SELECT 1 FROM pending_registrations WHERE email = $1', [email])).rowCount).toBe(0);
  });

  it('is proved by the code that was mailed with it and by no other', async () => {
    const name = fresh();
    const email = addressOf(name);
    const first = await register({ email, username: name, password: OWN });
    const second = await register({ email, username: `${name}.2`, password: SQUATTED }, SQUATTER_AT);
    if (first.code === second.code) return;
    // Whatever comes later, the first one's code makes the first one's account.
    const { body } = await verify(email, first.code);
    expect((await get('/users/me', body.accessToken)).body).toMatchObject({ id: first.user.id, username: name });
    expect((await post('/auth/login', { email, password: SQUATTED })).status).toBe(401);
  });

  it('is proved by no code of a stranger’s where its owner registered, and by any code where nobody did', async () => {
    const email = addressOf(fresh());
    const own = await register({ email });
    const squatted = await register({ email, password: SQUATTED }, SQUATTER_AT);
    if (own.code === squatted.code) return;
    // The newer of two messages that read the same.
    expect(outcome(await verify(email, squatted.code))).toEqual([400, 'OTP_INVALID']);
    const { body } = await verify(email, own.code);
    expect((await get('/users/me', body.accessToken)).body.id).toBe(own.user.id);
    expect((await post('/auth/login', { email, password: SQUATTED })).status).toBe(401);

    const roamed = addressOf(fresh());
    await register({ email: roamed }, '198.51.100.8');
    const { code, user } = await register({ email: roamed }, '198.51.100.9');
    const roaming = await verify(roamed, code);
    expect((await get('/users/me', roaming.body.accessToken)).body.id).toBe(user.id);
  });

  it('is proved by no code of a stranger’s either where the owner’s own is burnt', async () => {
    const email = addressOf(fresh());
    const own = await register({ email });
    for (let guess = 1; guess <= 5; guess += 1) {
      const wrong = `${(Number(own.code) + guess) % 1_000_000}`.padStart(6, '0');
      expect(outcome(await verify(email, wrong))).toEqual([400, 'OTP_INVALID']);
    }
    const squatted = await register({ email, password: SQUATTED }, SQUATTER_AT);
    expect(outcome(await verify(email, squatted.code))).toEqual([400, 'OTP_INVALID']);
    await post('/auth/resend-otp', { email });
    const { body } = await verify(email, await mailbox.nextCode(email));
    expect((await get('/users/me', body.accessToken)).body.id).toBe(own.user.id);
  });

  it('is proved by no code of a stranger’s either where the owner’s had to go for as many as may wait', async () => {
    const email = addressOf(fresh());
    await register({ email });
    // The last but one goes in the place of its own first.
    for (const host of [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 8, 1, 8])
      await register({ email, password: SQUATTED }, `203.0.113.${host}`);
    const squatted = await register({ email, password: SQUATTED }, SQUATTER_AT);
    expect(outcome(await verify(email, squatted.code))).toEqual([400, 'OTP_INVALID']);

    const again = await register({ email });
    const { body } = await verify(email, again.code);
    expect((await get('/users/me', body.accessToken)).body.id).toBe(again.user.id);
  });

  it('does not go for others that no code is mailed for, however many', async () => {
    const [email, late] = [addressOf(fresh()), addressOf(fresh())];
    const registrations = story.app.get(PendingRegistrations);
    const addWithoutCode = async (to: string, from: string): Promise<void> => {
      const registration = { email: to, username: fresh(), displayName: 'Nobody', passwordHash: 'none' };
      await registrations.add(registration, from, true);
    };
    const own = await register({ email });
    const other = await register({ email: late });
    for (let host = 1; host <= 20; host += 1)
      for (const to of [email, late]) await addWithoutCode(to, `203.0.113.${host}`);
    for (let more = 0; more < 3; more += 1) await addWithoutCode(email, OWNER_AT);
    // One whose code is over counts as one of them.
    const clock = story.app.get(Clock);
    clock.now = () => Date.now() + 3_600_000;
    await addWithoutCode(late, SQUATTER_AT);
    clock.now = Clock.prototype.now;
    expect(outcome(await verify(late, other.code))).toEqual([400, 'OTP_INVALID']);
    const { body } = await verify(email, own.code);
    expect((await get('/users/me', body.accessToken)).body.id).toBe(own.user.id);
  });

  it('holds no name: of two who wished for it the first to prove an address has it, the other one like it', async () => {
    const name = fresh();
    const [one, two] = [
      await register({ email: addressOf(`${name}1`), username: name }),
      await register({ email: addressOf(`${name}2`), username: name }),
    ];
    const second = await verify(addressOf(`${name}2`), two.code);
    expect((await get('/users/me', second.body.accessToken)).body.username).toBe(name);
    const first = await verify(addressOf(`${name}1`), one.code);
    expect((await get('/users/me', first.body.accessToken)).body.username).toMatch(new RegExp(`^${name}\\d+$`));
  });

  it('is one account where two for one address are proved at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const email = addressOf(fresh());
      const registrations = [];
      for (let index = 0; index < 3; index += 1) registrations.push(await register({ email }, `198.51.100.${index}`));
      const answers = await Promise.all(
        registrations.flatMap(({ code }) => [verify(email, code), verify(email, code, SQUATTER_AT)]),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
      expect((await database.query('SELECT 1 FROM users WHERE email = $1', [email])).rowCount).toBe(1);
    }
  });

  it('is mailed a new code where it came from, and nobody’s where that is not known', async () => {
    const email = addressOf(fresh());
    const squatted = await register({ email, password: SQUATTED }, SQUATTER_AT);
    const own = await register({ email });
    await post('/auth/resend-otp', { email });
    const again = await mailbox.nextCode(email);
    const received = mailbox.received.length;
    // From a third place: it might be anybody's.
    expect((await post('/auth/resend-otp', { email }, '192.0.2.99')).status).toBe(202);
    await post('/auth/resend-otp', { email });
    const last = await mailbox.nextCode(email);
    expect(mailbox.received.length).toBe(received + 1);
    for (const code of [own.code, again])
      if (code !== last) expect(outcome(await verify(email, code))).toEqual([400, 'OTP_INVALID']);
    const { body } = await verify(email, last);
    expect((await get('/users/me', body.accessToken)).body.id).toBe(own.user.id);
    expect(squatted.user.id).not.toBe(own.user.id);

    // Alone it is mailed one wherever its owner is by now.
    const alone = addressOf(fresh());
    const { user } = await register({ email: alone });
    await post('/auth/resend-otp', { email: alone }, '192.0.2.99');
    const roaming = await verify(alone, await mailbox.nextCode(alone), '192.0.2.99');
    expect((await get('/users/me', roaming.body.accessToken)).body.id).toBe(user.id);
  });

  it('has a code that wrong guesses burn for who makes them, and not for who registered', async () => {
    const email = addressOf(fresh());
    const { code } = await register({ email });
    const wrong = (by: number): string => `${(Number(code) + by) % 1_000_000}`.padStart(6, '0');
    for (let guess = 1; guess <= 5; guess += 1)
      expect((await verify(email, wrong(guess), SQUATTER_AT)).status).toBe(400);
    expect(outcome(await verify(email, code, SQUATTER_AT))).toEqual([400, 'OTP_INVALID']);
    await Promise.all(
      Array.from({ length: 60 }, (_, guess) => verify(email, wrong(guess + 6), `203.0.113.${guess + 50}`)),
    );
    expect(outcome(await verify(email, code, '203.0.113.200'))).toEqual([400, 'OTP_INVALID']);
    expect((await verify(email, code)).status).toBe(200);
  });

  it('has a right code that stays good, also from elsewhere, where the account could not be stored', async () => {
    const email = addressOf(fresh());
    const { code } = await register({ email });
    // Another one waits for the same address: each guess counts for both.
    const other = await register({ email });
    const wrong = (by: number): string => {
      const codes = Array.from({ length: 10 }, (_, index) => `${(Number(code) + index) % 1_000_000}`.padStart(6, '0'));
      return codes.filter((guess) => ![code, other.code].includes(guess))[by] ?? '';
    };
    story.app.get(Sessions).open = () => Promise.reject(new DomainError('UNAVAILABLE'));
    // More often than it may be guessed.
    for (const from of [OWNER_AT, SQUATTER_AT])
      for (let attempt = 0; attempt < 6; attempt += 1)
        expect(outcome(await verify(email, code, from))).toEqual([503, 'UNAVAILABLE']);
    story.app.get(Sessions).open = Sessions.prototype.open;
    // What was wrong stays counted: of the five guesses from elsewhere one is left.
    for (let guess = 0; guess < 4; guess += 1)
      expect(outcome(await verify(email, wrong(guess), SQUATTER_AT))).toEqual([400, 'OTP_INVALID']);
    expect((await verify(email, other.code, SQUATTER_AT)).status).toBe(200);
  });

  it('is let in by no other way: not by its password, nor by a code for a new one', async () => {
    const name = fresh();
    const email = addressOf(name);
    await register({ email, username: name, password: SQUATTED }, SQUATTER_AT);
    for (const login of [{ email }, { username: name }]) {
      expect(outcome(await post('/auth/login', { ...login, password: SQUATTED }, SQUATTER_AT))).toEqual([
        403,
        'EMAIL_NOT_VERIFIED',
      ]);
      expect(outcome(await post('/auth/login', { ...login, password: OWN }))).toEqual([401, 'INVALID_CREDENTIALS']);
    }
    const received = mailbox.received.length;
    expect((await post('/auth/forgot-password', { email })).status).toBe(202);
    await post('/auth/resend-otp', { email }, SQUATTER_AT);
    await mailbox.nextCode(email);
    expect(mailbox.received.length).toBe(received + 1);
  });

  it('is gone after a day, by itself, and its code with it', async () => {
    const email = addressOf(fresh());
    const { code } = await register({ email });
    const clock = story.app.get(Clock);
    const registrations = story.app.get(PendingRegistrations);
    const kept = async (): Promise<number | null> =>
      (await database.query('SELECT 1 FROM pending_registrations WHERE email = $1', [email])).rowCount;
    clock.now = () => Date.now() + 23 * 3_600_000;
    await registrations.deleteExpired();
    expect([await kept(), outcome(await verify(email, code))]).toEqual([1, [400, 'OTP_EXPIRED']]);
    clock.now = () => Date.now() + 25 * 3_600_000;
    expect(outcome(await verify(email, code))).toEqual([400, 'OTP_INVALID']);
    expect(outcome(await post('/auth/login', { email, password: OWN }))).toEqual([401, 'INVALID_CREDENTIALS']);
    await registrations.deleteExpired();
    expect(await kept()).toBe(0);
  });

  it('is one of few, whoever registers an address again and again', async () => {
    const email = addressOf(fresh());
    for (let time = 0; time < 6; time += 1) await register({ email }, SQUATTER_AT);
    const count = async (): Promise<number | null> =>
      (await database.query('SELECT 1 FROM pending_registrations WHERE email = $1', [email])).rowCount;
    expect(await count()).toBe(3);
    for (let from = 0; from < 25; from += 1) await register({ email }, `203.0.113.${from + 100}`);
    expect(await count()).toBe(20);
    const { code } = await register({ email });
    expect((await verify(email, code)).status).toBe(200);
  });
});

describe('unproved accounts of earlier versions', () => {
  it('become registrations that wait, unless they are in use', async () => {
    const empty = await createEmptyDatabase();
    const database = new pg.Client({ connectionString: empty.url });
    await database.connect();
    const mailbox = await Mailbox.open();
    let story: Story | undefined;
    try {
      const folders = readdirSync('prisma/migrations')
        .filter((name) => /^\d{14}_/.test(name))
        .sort();
      const own = folders.findIndex((name) => name.endsWith('_pending_registrations'));
      const apply = async (names: string[]): Promise<void> => {
        for (const name of names) {
          await database.query('BEGIN');
          await database.query(readFileSync(`prisma/migrations/${name}/migration.sql`, 'utf8'));
          await database.query('COMMIT');
        }
      };
      await apply(folders.slice(0, own));
      const [ada, unproved, inUse] = [randomUUID(), randomUUID(), randomUUID()];
      await database.query(
        `INSERT INTO users (id, email, email_verified_at, username, display_name, password_hash) VALUES
           ($1, 'ada@example.com', now(), 'ada', 'Ada', 'x'), ($2, 'unproved@example.com', NULL, 'unproved', 'Unproved', 'x'),
           ($3, 'used@example.com', NULL, 'used', 'Used', 'x')`,
        [ada, unproved, inUse],
      );
      await database.query(
        `INSERT INTO sessions (id, user_id, expires_at) VALUES (gen_random_uuid(), $1, now() + interval '1 day')`,
        [inUse],
      );
      await database.query(
        `INSERT INTO friend_requests (id, sender_id, receiver_id) VALUES (gen_random_uuid(), $1, $2)`,
        [ada, unproved],
      );
      await apply(folders.slice(own));
      const { rows } = await database.query(
        'SELECT id, email, username, email_verified_at, deleted_at FROM users ORDER BY username',
      );
      expect(rows).toEqual([
        { id: ada, email: 'ada@example.com', username: 'ada', email_verified_at: expect.any(Date), deleted_at: null },
        {
          id: unproved,
          email: null,
          username: `deleted-${unproved}`,
          email_verified_at: null,
          deleted_at: expect.any(Date),
        },
        {
          id: inUse,
          email: 'used@example.com',
          username: 'used',
          email_verified_at: expect.any(Date),
          deleted_at: null,
        },
      ]);
      expect((await database.query('SELECT status FROM friend_requests')).rows).toEqual([{ status: 'CANCELLED' }]);

      story = await startStory({ databaseUrl: empty.url, rateLimits: false }, { SMTP_URL: mailbox.url });
      const { url } = story;
      await request(url, 'POST', '/auth/resend-otp', { email: 'unproved@example.com' });
      await until('the code comes', () => mailbox.received.length === 1);
      const otp = await mailbox.nextCode('unproved@example.com');
      const { status, body } = await request(url, 'POST', '/auth/verify-otp', { email: 'unproved@example.com', otp });
      expect(status).toBe(200);
      expect((await request(url, 'GET', '/users/me', undefined, body.accessToken)).body.username).toBe('unproved');
    } finally {
      await story?.close();
      await mailbox.close();
      await database.end();
      await empty.drop();
    }
  });
});
