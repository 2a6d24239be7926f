import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refreshTokenHash } from '../../../src/auth/sessions/refresh-token.js';
import { Clock } from '../../../src/common/clock.js';
import { Database } from '../../../src/database/database.js';
import { Mailbox } from '../../support/servers/mailbox.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { type Anything, Device, type Person, request, startStory, type Story } from '../../support/story.js';

const OLD = 'the secret that was there from the beginning';
const NEW = 'the secret that comes after it, also long enough';

describe('a new JWT_SECRET', () => {
  let mailbox: Mailbox;
  let database: TestDatabase;
  let [before, during, after]: [Story, Story, Story] = [] as never;
  let ada: Person;
  beforeAll(async () => {
    mailbox = await Mailbox.open();
    database = await createTestDatabase();
    const start = (jwtSecret: string, jwtSecretPrevious?: string): Promise<Story> =>
      startStory(
        { databaseUrl: database.url, jwtSecret, jwtSecretPrevious, rateLimits: false, emailVerification: 'off' },
        { SMTP_URL: mailbox.url },
      );
    before = await start(OLD);
    during = await start(NEW, OLD);
    after = await start(NEW);
    ada = await before.person('ada');
  });
  afterAll(async () => {
    await Promise.all([before, during, after].map((story) => story?.close()));
    await database.drop();
    await mailbox.close();
  });

  const me = (story: Story, token: string): Promise<Anything> =>
    request(story.url, 'GET', '/users/me', undefined, token);
  const refresh = (story: Story, refreshToken: string): Promise<Anything> =>
    request(story.url, 'POST', '/auth/refresh', { refreshToken });
  const login = async (): Promise<Anything> =>
    (await request(before.url, 'POST', '/auth/login', { email: ada.email, password: 'correct horse' })).body;

  it('ends no access token while the old one is known, and no socket', async () => {
    const { accessToken, refreshToken } = await login();
    expect((await me(during, accessToken)).status).toBe(200);
    const device = new Device(during.url, { token: accessToken });
    await device.next('session:ready');
    // New ones are made with the new secret alone.
    const renewed = (await refresh(during, refreshToken)).body;
    await device.must('authenticate', { token: renewed.accessToken });
    device.socket.close();
    expect((await me(after, renewed.accessToken)).status).toBe(200);
    expect((await me(before, renewed.accessToken)).status).toBe(401);
  });

  it('leads clients to refresh where the old one is not known, at every door', async () => {
    const { accessToken, refreshToken } = await login();
    const { status, body } = await me(after, accessToken);
    expect([status, body.code]).toEqual([401, 'TOKEN_EXPIRED']);
    const device = new Device(after.url, { token: accessToken });
    expect(await device.next('connect_error')).toEqual({ code: 'TOKEN_EXPIRED' });
    device.socket.close();
    const renewed = await refresh(after, refreshToken);
    expect(renewed.status).toBe(200);
    expect((await me(after, renewed.body.accessToken)).status).toBe(200);
    // What was never ours leads to the log-in.
    const [, claims, signature] = accessToken.split('.');
    for (const header of [
      { alg: 'HS256', typ: 'JWT' },
      { alg: 'HS256', typ: 'JWT', kid: 'another' },
    ]) {
      const forged = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}.${signature}`;
      expect((await me(after, forged)).body.code).toBe('UNAUTHORIZED');
    }
  });

  it('takes tokens of versions that named no key, under either secret', async () => {
    const { createHmac } = await import('node:crypto');
    const { accessToken } = await login();
    const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
    const input = `${header}.${accessToken.split('.')[1]}`;
    const signed = (secret: string): string =>
      `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    expect((await me(during, signed(OLD))).status).toBe(200);
    expect((await me(during, signed(NEW))).status).toBe(200);
    expect((await me(after, signed(OLD))).body.code).toBe('UNAUTHORIZED');
  });

  it('breaks no chain of refreshes while the old one is known', async () => {
    // Time stands still: all of it comes within the seconds in which a repeat is taken for a retry.
    const at = Date.now();
    const clocks = [before, during, after].map(({ app }) => app.get(Clock));
    for (const clock of clocks) clock.now = () => at;
    try {
      const { refreshToken } = await login();
      const second = (await refresh(before, refreshToken)).body.refreshToken;
      expect((await refresh(during, refreshToken)).body.refreshToken).toBe(second);
      const third = (await refresh(during, second)).body.refreshToken;
      expect((await refresh(during, refreshToken)).body.refreshToken).toBe(third);
      expect((await refresh(after, refreshToken)).body.code).toBe('REFRESH_TOKEN_INVALID');
      // Which ended nothing.
      expect((await refresh(after, third)).status).toBe(200);
    } finally {
      for (const clock of clocks) clock.now = Clock.prototype.now;
    }
  });

  it('takes no repeated refresh for a theft whose successor was made under a secret that is known no more', async () => {
    const { refreshToken } = await login();
    const attempt = { refreshToken, attemptId: randomUUID() };
    const { refreshToken: second } = (await request(before.url, 'POST', '/auth/refresh', attempt)).body;
    // The repeat comes after the time in which any repeat is answered alike.
    await before.app
      .get(Database)
      .query(`UPDATE refresh_tokens SET spent_at = spent_at - interval '1 hour' WHERE hash = $1`, [
        refreshTokenHash(refreshToken),
      ]);
    expect((await request(after.url, 'POST', '/auth/refresh', attempt)).body.code).toBe('REFRESH_TOKEN_INVALID');
    expect((await request(during.url, 'POST', '/auth/refresh', attempt)).body.refreshToken).toBe(second);
    const third = (await refresh(after, second)).body.refreshToken;
    // That one was used, so by whoever has it: a repeat of what is before it is a theft.
    expect((await request(during.url, 'POST', '/auth/refresh', attempt)).body.code).toBe('REFRESH_TOKEN_REUSED');
    expect((await refresh(after, third)).body.code).toBe('REFRESH_TOKEN_INVALID');
  });

  it('keeps addresses of files and codes good while the old one is known, and no longer', async () => {
    const { url } = await ada.mustUpload(Buffer.from('a text for the test'), 'a.txt', 'text/plain');
    const statuses = await Promise.all(
      [before, during, after].map(async (story) => (await fetch(story.url + url)).status),
    );
    expect(statuses).toEqual([200, 200, 404]);

    const { email } = await before.person('bob');
    const codes: string[] = [];
    for (const story of [after, during]) {
      await request(before.url, 'POST', '/auth/forgot-password', { email });
      const reset = { email, otp: await mailbox.nextCode(email), newPassword: 'another horse' };
      codes.push((await request(story.url, 'POST', '/auth/reset-password', reset)).body.code ?? 'OK');
    }
    expect(codes).toEqual(['OTP_INVALID', 'OK']);
  });
});
