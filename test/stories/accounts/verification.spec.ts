import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { Clock } from '../../../src/common/clock.js';
import { Lifecycle } from '../../../src/common/stopping/lifecycle.js';
import { Mailer } from '../../../src/mail/mailer.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { Mailbox } from '../../support/servers/mailbox.js';
import { type Anything, type Answer, Device, request, startStory, type Story, until } from '../../support/story.js';

describe('an address that has to be verified', () => {
  let mailbox: Mailbox;
  let story: Story;
  beforeAll(async () => {
    mailbox = await Mailbox.open();
    story = await startStory({}, { SMTP_URL: mailbox.url, MAIL_FROM: 'Chat <chat@example.com>' });
  });
  afterAll(async () => {
    await story.close();
    await mailbox.close();
  });

  const password = 'correct horse';
  const post = (path: string, body: unknown, token?: string): Promise<Answer<Anything>> =>
    request(story.url, 'POST', path, body, token);
  const newcomer = async (): Promise<{ email: string; code: string; answer: Answer<Anything> }> => {
    const email = `${randomUUID()}@example.com`;
    const answer = await post('/auth/register', { email, password });
    return { email, code: await mailbox.nextCode(email), answer };
  };
  const outcome = ({ status, body }: Answer<Anything>): unknown => [status, body?.code];
  const other = (code: string): string => `${(Number(code) + 1) % 1_000_000}`.padStart(6, '0');
  async function at<Result>(milliseconds: number, work: () => Promise<Result>): Promise<Result> {
    const clock = story.app.get(Clock);
    clock.now = () => Date.now() + milliseconds;
    try {
      return await work();
    } finally {
      clock.now = Clock.prototype.now;
    }
  }

  it('is mailed a code, as text and HTML, and lets nobody in before that', async () => {
    const email = `${randomUUID()}@example.com`;
    const { status, body } = await post('/auth/register', { email, password });
    expect([status, body]).toEqual([
      201,
      {
        user: expect.objectContaining({ email }),
        verification: { required: true, expiresAt: expect.stringMatching(/Z$/) },
      },
    ]);
    expect(Date.parse(body.verification.expiresAt) - Date.now()).toBeGreaterThan(9 * 60_000);
    expect(outcome(await post('/auth/login', { email, password }))).toEqual([403, 'EMAIL_NOT_VERIFIED']);
    expect(outcome(await post('/auth/login', { email, password: 'wrong horse' }))).toEqual([
      401,
      'INVALID_CREDENTIALS',
    ]);
    const mail = await mailbox.next(email);
    expect(mail.from).toEqual({ name: 'Chat', address: 'chat@example.com' });
    expect(mail.to).toEqual([{ name: '', address: email }]);
    const otp = /^\d{6}$/m.exec(mail.text ?? '')?.[0] ?? '';
    expect(mail.html).toContain(otp);
    expect(mail.subject).not.toContain(otp);
    // As an older client says it, which names what it verifies for.
    const verified = await post('/auth/verify-otp', { email: email.toUpperCase(), otp, verifyingFor: 'signup' });
    expect([verified.status, Object.keys(verified.body).sort()]).toEqual([
      200,
      ['accessToken', 'expiresIn', 'refreshToken'],
    ]);
    const device = new Device(story.url, { token: verified.body.accessToken });
    await device.next('session:ready');
    device.socket.close();
    expect((await post('/auth/login', { email, password })).status).toBe(200);
    // Once.
    expect(outcome(await post('/auth/verify-otp', { email, otp }))).toEqual([400, 'OTP_INVALID']);
  });

  it('is mailed its code also where the server is about to end behind its answer', async () => {
    const held = holdCalls(story.app, Mailer as Type<Mailer>, 'send');
    const email = `${randomUUID()}@example.com`;
    let isIdle = false;
    let idle: Promise<void>;
    try {
      expect((await post('/auth/register', { email, password })).status).toBe(201);
      await until('it is about to be sent', () => held.count === 1);
      // What the server waits for before it closes anything.
      idle = story.app
        .get(Lifecycle)
        .idle(60_000)
        .then(() => void (isIdle = true));
      await post('/auth/login', { email, password });
      expect(isIdle).toBe(false);
    } finally {
      held.release();
    }
    await idle;
    expect(mailbox.received.filter(({ to }) => to?.[0]?.address === email)).toHaveLength(1);
  });

  it('is verified once, however often the right code is sent at once', async () => {
    const { email, code } = await newcomer();
    const answers = await Promise.all(Array.from({ length: 4 }, () => post('/auth/verify-otp', { email, otp: code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
  });

  it('burns a code after five wrong guesses, also at once', async () => {
    const one = await newcomer();
    for (let guess = 0; guess < 5; guess += 1)
      expect(outcome(await post('/auth/verify-otp', { email: one.email, otp: other(one.code) }))).toEqual([
        400,
        'OTP_INVALID',
      ]);
    expect(outcome(await post('/auth/verify-otp', { email: one.email, otp: one.code }))).toEqual([400, 'OTP_INVALID']);

    const many = await newcomer();
    await Promise.all(
      Array.from({ length: 10 }, () => post('/auth/verify-otp', { email: many.email, otp: other(many.code) })),
    );
    expect((await post('/auth/verify-otp', { email: many.email, otp: many.code })).status).toBe(400);
    // A new code makes it good again, and the old one worthless.
    expect((await post('/auth/resend-otp', { email: many.email })).status).toBe(202);
    const fresh = await mailbox.nextCode(many.email);
    if (fresh !== many.code)
      expect((await post('/auth/verify-otp', { email: many.email, otp: many.code })).status).toBe(400);
    expect((await post('/auth/verify-otp', { email: many.email, otp: fresh })).status).toBe(200);
  });

  it('says that a code is too old only to who knows it', async () => {
    const { email, code } = await newcomer();
    await at(11 * 60_000, async () => {
      expect(outcome(await post('/auth/verify-otp', { email, otp: other(code) }))).toEqual([400, 'OTP_INVALID']);
      expect(outcome(await post('/auth/verify-otp', { email, otp: code }))).toEqual([400, 'OTP_EXPIRED']);
    });
  });

  it('is answered as one that is unknown, and is not sent any number of messages', async () => {
    const { email } = await newcomer();
    const before = mailbox.received.length;
    for (const path of ['/auth/resend-otp', '/auth/forgot-password']) {
      const known = await post(path, { email });
      const unknown = await post(path, { email: `${randomUUID()}@example.com` });
      expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    }
    const unknown = { email: `${randomUUID()}@example.com`, otp: '123456' };
    expect(outcome(await post('/auth/verify-otp', unknown))).toEqual([400, 'OTP_INVALID']);
    expect(outcome(await post('/auth/reset-password', { ...unknown, newPassword: password }))).toEqual([
      400,
      'OTP_INVALID',
    ]);
    for (let time = 0; time < 12; time += 1) expect((await post('/auth/resend-otp', { email })).status).toBe(202);
    const last = await newcomer();
    expect(last.code).toMatch(/^\d{6}$/);
    // Five an hour of a kind: the one above, four of the twelve, and the one for the password.
    expect(mailbox.received.length - before).toBeLessThanOrEqual(7);
  });

  it('is how a forgotten password is replaced, and ends every session', async () => {
    const { email, code } = await newcomer();
    const { body } = await post('/auth/verify-otp', { email, otp: code });
    const device = new Device(story.url, { token: body.accessToken });
    await device.next('session:ready');
    expect((await post('/auth/forgot-password', { email })).status).toBe(202);
    const otp = await mailbox.nextCode(email);
    // A code is good for what it was sent for.
    expect(outcome(await post('/auth/verify-otp', { email, otp }))).toEqual([400, 'OTP_INVALID']);
    const reset = await post('/auth/reset-password', { email, otp, newPassword: 'another horse' });
    expect([reset.status, reset.body]).toEqual([200, {}]);
    expect(await device.next('session:ended')).toMatchObject({ code: 'PASSWORD_CHANGED', retry: false });
    await device.next('disconnect');
    expect((await request(story.url, 'GET', '/users/me', undefined, body.accessToken)).status).toBe(401);
    expect(outcome(await post('/auth/refresh', { refreshToken: body.refreshToken }))).toEqual([
      401,
      'REFRESH_TOKEN_INVALID',
    ]);
    expect(outcome(await post('/auth/login', { email, password }))).toEqual([401, 'INVALID_CREDENTIALS']);
    expect((await post('/auth/login', { email, password: 'another horse' })).status).toBe(200);
    expect(outcome(await post('/auth/reset-password', { email, otp, newPassword: password }))).toEqual([
      400,
      'OTP_INVALID',
    ]);
  });
});
