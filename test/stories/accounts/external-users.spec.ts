import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { ExternalIdentitiesRepository } from '../../../src/auth/external/external-identities.repository.js';
import { DevicesRepository } from '../../../src/push/devices/devices.repository.js';
import { Clock } from '../../../src/common/clock.js';
import { Lifecycle } from '../../../src/common/stopping/lifecycle.js';
import { DomainError } from '../../../src/common/errors.js';
import { Operator } from '../../../src/moderation/operator/operator.js';
import { ServerActs } from '../../../src/moderation/operator/server-acts.js';
import { Sessions } from '../../../src/auth/sessions/sessions.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { Mailbox } from '../../support/servers/mailbox.js';
import { type Anything, type Answer, Device, request, startStory, type Story, until } from '../../support/story.js';

const SECRET = 'a shared secret of more than thirty-two bytes';
const APP_SECRET = 'the secret of an app that names no issuer';
const PUBLISHED = 'https://published.example.com';

describe('users of a trusted issuer', () => {
  let story: Story;
  let mailbox: Mailbox;
  let keyServer: Server;
  let isDown = false;
  let sign: (subject: string) => Promise<string>;
  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
    keyServer = createServer((_, response) => {
      if (isDown) response.destroy();
      else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => keyServer.once('listening', resolve));
    sign = (subject) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer(PUBLISHED)
        .setAudience('chat')
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
    const { port } = keyServer.address() as AddressInfo;
    mailbox = await Mailbox.open();
    story = await startStory(
      { rateLimits: false },
      {
        SMTP_URL: mailbox.url,
        EMAIL_VERIFICATION: 'off',
        AUTH_TRUSTED_ISSUERS: JSON.stringify([
          { issuer: 'https://shared.example.com', secret: SECRET, audience: 'chat' },
          { issuer: 'web-app', secret: APP_SECRET, iss: null, audience: null, claims: { subject: 'id' } },
          { issuer: PUBLISHED, jwksUrl: `http://127.0.0.1:${port}/keys`, audience: 'chat' },
        ]),
      },
    );
  });
  afterAll(async () => {
    await story.close();
    await mailbox.close();
    keyServer.closeAllConnections();
    keyServer.close();
  });

  const token = (claims: Record<string, unknown>, seconds = 300, issuedAt = Date.now()): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('https://shared.example.com')
      .setAudience('chat')
      .setIssuedAt(Math.floor(issuedAt / 1_000))
      .setExpirationTime(Math.floor(Date.now() / 1_000) + seconds)
      .sign(new TextEncoder().encode(SECRET));
  const me = (bearer: string): Promise<Answer<Anything>> => request(story.url, 'GET', '/users/me', undefined, bearer);

  /** Has this happen that much later, by the server's clock. */
  const later = async (milliseconds: number, act: () => Promise<unknown>): Promise<void> => {
    const clock = story.app.get(Clock);
    clock.now = () => Date.now() + milliseconds;
    try {
      await act();
    } finally {
      clock.now = Clock.prototype.now;
    }
  };

  it('come with tokens that an app signs for itself, which name no issuer and no subject', async () => {
    const signed = (id: unknown): Promise<string> =>
      new SignJWT({ id, email: 'ada@example.com' })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(APP_SECRET));
    const id = `cm${randomUUID()}`;
    const { status, body } = await me(await signed(id));
    expect([status, body.email]).toEqual([200, null]);
    const device = new Device(story.url, { token: await signed(id), dialect: 'namespaced-events' });
    expect((await device.next('users:online')).userIds).toEqual([body.id]);
    device.socket.close();
    const stranger = new Device(story.url, { token: await signed({ $ne: null }), dialect: 'namespaced-events' });
    await stranger.next('connect_error');
    expect(stranger.connectError?.message).toMatch(/^Authentication error: ./);
  });

  it('become one user at first sight, however many tokens come at once, over every door', async () => {
    const sub = randomUUID();
    const tokens = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        token({ sub, name: 'Ada Lovelace', picture: 'https://example.com/ada.png' }, 300 + index),
      ),
    );
    const answers = await Promise.all(tokens.map(me));
    const [first] = answers;
    expect(first?.body).toMatchObject({
      displayName: 'Ada Lovelace',
      avatarUrl: 'https://example.com/ada.png',
      email: null,
    });
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    const device = new Device(story.url, { token: tokens[0] });
    expect((await device.next('session:ready')).userId).toBe(first?.body.id);
    // Renewed in place by another token of the same subject, and by nobody else's.
    const renewed = await device.must('authenticate', { token: tokens[7] });
    expect(Date.parse(renewed.expiresAt)).toBeGreaterThan(Date.now());
    const other = await device.ask('authenticate', { token: await token({ sub: randomUUID() }) });
    expect(other.error.code).toBe('UNAUTHORIZED');
    device.socket.close();
  });

  it('talk to users of our own, and are found by their name', async () => {
    const ada = await story.person('ada');
    const bearer = await token({ sub: randomUUID(), name: 'Zoe Elsewhere' });
    const { id } = (await me(bearer)).body;
    expect((await ada.must('GET', '/users?search=zoe')).items.map((user: Anything) => user.id)).toContain(id);
    const device = new Device(story.url, { token: bearer });
    await device.next('session:ready');
    await ada.must('POST', '/conversations', { userId: id }).then((conversation) => ada.send(conversation.id, 'hello'));
    expect((await device.next('message:new')).message.content).toBe('hello');
    device.socket.close();
  });

  it('never become somebody who was there before, whatever address the token names', async () => {
    const ada = await story.person('ada');
    const bearer = await token({ sub: randomUUID(), email: ada.email, email_verified: true });
    const { body } = await me(bearer);
    expect([body.id === ada.id, body.email]).toEqual([false, null]);
    const free = `${randomUUID()}@example.com`;
    expect((await me(await token({ sub: randomUUID(), email: free, email_verified: true }))).body.email).toBe(free);
    expect((await me(await token({ sub: randomUUID(), email: `x${free}` }))).body.email).toBeNull();
  });

  it('are mailed no code for a password, which would outlast their issuer’s word; an administrator’s sets one', async () => {
    const [root, ada] = [await story.person('root'), await story.person('ada')];
    await story.grant(root, 'ADMIN');
    const email = `${randomUUID()}@example.com`;
    const { id } = (await me(await token({ sub: randomUUID(), email, email_verified: true }))).body;
    const forgot = (email: string): Promise<Answer<Anything>> =>
      request(story.url, 'POST', '/auth/forgot-password', { email });
    const received = mailbox.received.length;
    expect((await forgot(email)).status).toBe(202);
    expect((await forgot(ada.email)).status).toBe(202);
    await mailbox.nextCode(ada.email);
    await until('no message is on its way', () => story.app.get(Lifecycle).isIdle);
    expect(mailbox.received.length).toBe(received + 1);

    const { otp } = await root.must('POST', `/admin/users/${id}/reset-password`, { reason: 'left the issuer' });
    const reset = { email, otp, newPassword: 'correct horse' };
    expect((await request(story.url, 'POST', '/auth/reset-password', reset)).status).toBe(200);
    expect((await request(story.url, 'POST', '/auth/login', { email, password: 'correct horse' })).status).toBe(200);
  });

  it('are suspended like anybody, whichever token they come with', async () => {
    const moderator = await story.person('moderator');
    await story.grant(moderator, 'MODERATOR');
    const sub = randomUUID();
    const old = await token({ sub }, 300, Date.now() - 60_000);
    // Signed in anew behind the suspension, by the issuer's clock.
    const newer = await token({ sub }, 300, Date.now() + 50_000);
    const { id } = (await me(old)).body;
    await moderator.must('POST', `/admin/users/${id}/ban`, { reason: 'loud' });
    const refusal = { status: 403, body: { code: 'ACCOUNT_SUSPENDED', until: null, reason: 'loud' } };
    expect(await me(old)).toMatchObject(refusal);
    expect(await Promise.all([me(newer), me(newer)])).toMatchObject([refusal, refusal]);
    const device = new Device(story.url, { token: newer });
    expect(await device.next('connect_error')).toEqual(refusal.body);
    device.socket.close();
    await moderator.must('POST', `/admin/users/${id}/restore`, {});
    expect((await me(newer)).status).toBe(200);
  });

  it('end their session like anybody, until the issuer signs them in anew', async () => {
    const sub = randomUUID();
    const old = await token({ sub }, 300, Date.now() - 60_000);
    const { id } = (await me(old)).body;
    const device = new Device(story.url, { token: old });
    await device.next('session:ready');
    const { items } = (await request(story.url, 'GET', '/auth/sessions', undefined, old)).body;
    expect(items).toMatchObject([{ deviceName: 'https://shared.example.com', current: true }]);
    expect((await request(story.url, 'POST', '/auth/logout', undefined, old)).status).toBe(204);
    expect(await device.next('session:ended')).toMatchObject({ code: 'LOGGED_OUT' });
    expect((await me(old)).body.code).toBe('UNAUTHORIZED');
    const fresh = await token({ sub }, 300, Date.now() + 2_000);
    expect((await me(fresh)).body.id).toBe(id);
    // What was made before the log-out stays ended.
    expect((await me(old)).body.code).toBe('UNAUTHORIZED');
    const refused = new Device(story.url, { token: old });
    expect(await refused.next('connect_error')).toMatchObject({ code: 'UNAUTHORIZED' });
    refused.socket.close();
    expect((await me(fresh)).status).toBe(200);
    expect(
      (
        await request(
          story.url,
          'POST',
          '/auth/change-password',
          { currentPassword: 'x', newPassword: 'correct horse' },
          fresh,
        )
      ).body.code,
    ).toBe('INVALID_CREDENTIALS');
  });

  it('are all let in that come at the same moment with the first token after a log-out', async () => {
    const sub = randomUUID();
    const old = await token({ sub }, 300, Date.now() - 60_000);
    await me(old);
    expect((await request(story.url, 'POST', '/auth/logout', undefined, old)).status).toBe(204);
    const fresh = await token({ sub }, 300, Date.now() + 2_000);
    const held = holdCalls(story.app, Sessions, 'reopen');
    const answers = [me(fresh), me(fresh), me(fresh)];
    try {
      await until('all have found the session ended', () => held.count === answers.length);
    } finally {
      held.release();
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('are refused with a token from before an end that came while it was to open their session anew', async () => {
    const sub = randomUUID();
    const old = await token({ sub }, 300, Date.now() - 60_000);
    await me(old);
    await request(story.url, 'POST', '/auth/logout', undefined, old);
    const between = await token({ sub }, 300, Date.now() + 2_000);
    const held = holdCalls(story.app, Sessions, 'reopen');
    const opening = me(between);
    try {
      await until('it has found the session ended', () => held.count === 1);
      await later(5_000, () => story.app.get(ServerActs).endSessions());
    } finally {
      held.release();
    }
    expect((await opening).body.code).toBe('UNAUTHORIZED');
  });

  it('stay logged out also where their issuer’s clock is ahead', async () => {
    const sub = randomUUID();
    const ahead = await token({ sub }, 300, Date.now() + 50_000);
    expect((await me(ahead)).status).toBe(200);
    expect((await request(story.url, 'POST', '/auth/logout', undefined, ahead)).status).toBe(204);
    expect((await me(ahead)).body.code).toBe('UNAUTHORIZED');
    const other = await token({ sub: randomUUID() }, 300, Date.now() + 50_000);
    expect((await request(story.url, 'DELETE', '/users/me', undefined, other)).status).toBe(204);
    expect((await me(other)).body.code).toBe('UNAUTHORIZED');
  });

  it('stay logged out by a log-out that races with the token it is made with', async () => {
    const after: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const sub = randomUUID();
      const old = await token({ sub }, 300, Date.now() - 60_000);
      await request(story.url, 'POST', '/auth/logout', undefined, old);
      const fresh = await token({ sub }, 300, Date.now() + 2_000);
      const [logout] = await Promise.all([
        request(story.url, 'POST', '/auth/logout', undefined, fresh),
        ...Array.from({ length: 6 }, () => me(fresh)),
      ]);
      if (logout.status === 204) after.push((await me(fresh)).status);
    }
    expect(after.length).toBeGreaterThan(0);
    expect(after.filter((status) => status !== 401)).toEqual([]);
  });

  it('stay out with a token from between two ends of their session', async () => {
    const moderator = await story.person('moderator');
    await story.grant(moderator, 'MODERATOR');
    for (const [act, undo] of [
      ['ban', 'restore'],
      ['end-sessions', undefined],
    ] as const) {
      const sub = randomUUID();
      const old = await token({ sub }, 300, Date.now() - 60_000);
      const { id } = (await me(old)).body;
      expect((await request(story.url, 'POST', '/auth/logout', undefined, old)).status).toBe(204);
      const between = await token({ sub }, 300, Date.now() + 2_000);
      await later(5_000, () => moderator.must('POST', `/admin/users/${id}/${act}`, { reason: 'a leak' }));
      if (undo !== undefined) await moderator.must('POST', `/admin/users/${id}/${undo}`, {});
      expect((await me(between)).body.code).toBe('UNAUTHORIZED');
      expect((await me(await token({ sub }, 300, Date.now() + 20_000))).body.id).toBe(id);
    }
  });

  it('stay out with a token that opens their session anew as everybody’s are ended', async () => {
    const after: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const sub = randomUUID();
      const old = await token({ sub }, 300, Date.now() - 60_000);
      await request(story.url, 'POST', '/auth/logout', undefined, old);
      const between = await token({ sub }, 300, Date.now() + 2_000);
      await later(5_000, () =>
        Promise.all([story.app.get(ServerActs).endSessions(), ...Array.from({ length: 3 }, () => me(between))]),
      );
      after.push((await me(between)).status);
    }
    expect(after.filter((status) => status !== 401)).toEqual([]);
  });

  it.each([
    ['opens their session anew', true],
    ['is used in a session that lives', false],
  ])('stay out with a token of a clock that is ahead which %s as it ends', async (_, isEnded) => {
    const sub = randomUUID();
    const old = await token({ sub }, 300, Date.now() - 60_000);
    await me(old);
    if (isEnded) await request(story.url, 'POST', '/auth/logout', undefined, old);
    const ahead = await token({ sub }, 300, Date.now() + 30_000);
    const held = holdCalls(story.app, Sessions, 'noteIssue');
    const using = me(ahead);
    try {
      await until('it is being used', () => held.count === 1);
      await story.app.get(ServerActs).endSessions();
    } finally {
      held.release();
    }
    await using;
    expect((await me(ahead)).body.code).toBe('UNAUTHORIZED');
  });

  it('are not brought back by an old token once they are forgotten', async () => {
    const sub = randomUUID();
    const old = await token({ sub, name: 'Gone' }, 300, Date.now() - 60_000);
    const { id } = (await me(old)).body;
    expect((await request(story.url, 'DELETE', '/users/me', undefined, old)).status).toBe(204);
    expect((await me(old)).body.code).toBe('UNAUTHORIZED');
    expect((await me(await token({ sub }, 299, Date.now() - 30_000))).body.code).toBe('UNAUTHORIZED');
    const { status, body } = await me(await token({ sub, name: 'New' }, 300, Date.now() + 2_000));
    expect([status, body.displayName, body.id === id]).toEqual([200, 'New', false]);
    // Nor do they open the account that came after.
    expect((await me(old)).body.code).toBe('UNAUTHORIZED');
  });

  it('lose their connections from before the end of everybody’s sessions also where they sign in anew before the look', async () => {
    const sub = randomUUID();
    const old = await token({ sub }, 300, Date.now() - 60_000);
    await me(old);
    const former = new Device(story.url, { token: old });
    await former.next('session:ready');
    const look = holdCalls(story.app, Sessions, 'endingsRevision');
    try {
      await until('the look is about to begin', () => look.count === 1);
      await story.app.get(ServerActs).endSessions();
      const fresh = new Device(story.url, { token: await token({ sub }, 300, Date.now() + 2_000) });
      await fresh.next('session:ready');
      expect(await former.next('session:ended')).toEqual({ code: 'TOKEN_EXPIRED', retry: true });
      await former.next('disconnect');
      await fresh.must('sync', {});
      expect(fresh.all('session:ended')).toEqual([]);
      fresh.socket.close();
    } finally {
      look.release();
    }
  });

  it('lose the devices from before the end of everybody’s sessions, and keep those of the new sign-in', async () => {
    const sub = randomUUID();
    const register = async (name: string, bearer: string): Promise<number> => {
      const device = { platform: 'expo', token: `ExponentPushToken[${randomUUID()}]` };
      return (await request(story.url, 'PUT', `/devices/${name}`, device, bearer)).status;
    };
    const old = await token({ sub }, 300, Date.now() - 60_000);
    expect(await register('lost', old)).toBe(200);
    await story.app.get(ServerActs).endSessions();
    const fresh = await token({ sub }, 300, Date.now() + 2_000);
    const list = async (path: string): Promise<Anything[]> =>
      (await request(story.url, 'GET', path, undefined, fresh)).body.items;
    const idsOfDevices = async (): Promise<string[]> => (await list('/devices')).map(({ id }) => id);
    const late = holdCalls(story.app, DevicesRepository, 'removeOfEndedSessions');
    try {
      expect(await register('found', fresh)).toBe(200);
      expect(await idsOfDevices()).toEqual(['found']);
    } finally {
      late.release();
    }
    const [session] = await list('/auth/sessions');
    await story.app.get(DevicesRepository).removeOfEndedSessions([session.id]);
    expect(await idsOfDevices()).toEqual(['found']);
  });

  it('lose the connections of an account that was deleted elsewhere, and not those of the one after it', async () => {
    const sub = randomUUID();
    const old = await token({ sub }, 300, Date.now() - 60_000);
    const { id } = (await me(old)).body;
    const former = new Device(story.url, { token: old });
    await former.next('session:ready');
    const look = holdCalls(story.app, Sessions, 'endingsRevision');
    const sessions = story.app.get(Sessions);
    // As by an operator's command, whose events reach nobody here.
    sessions.announceEnd = () => undefined;
    try {
      await until('the look is about to begin', () => look.count === 1);
      await story.app.get(Operator).deleteUser(id);
      const fresh = new Device(story.url, { token: await token({ sub }, 300, Date.now() + 2_000) });
      const { userId, sessionId } = await fresh.next('session:ready');
      expect(userId).not.toBe(id);
      expect(sessionId).toBe(former.all('session:ready')[0]?.sessionId);
      look.release();
      expect(await former.next('session:ended')).toEqual({ code: 'ACCOUNT_DELETED', retry: false });
      await former.next('disconnect');
      await fresh.must('sync', {});
      expect(fresh.all('session:ended')).toEqual([]);
      fresh.socket.close();
    } finally {
      sessions.announceEnd = Sessions.prototype.announceEnd;
      look.release();
    }
  });

  it('are given no token that outlives their issuer’s', async () => {
    const bearer = await token({ sub: randomUUID() }, 30);
    const { status, body } = await request(story.url, 'GET', '/msg/room', undefined, bearer);
    expect([status, body.token]).toEqual([200, bearer]);
  });

  it('live on a socket no longer than their token', async () => {
    // Time stands still, so that the token is not over before it is used, however long that takes.
    const clock = story.app.get(Clock);
    const at = Date.now();
    clock.now = () => at;
    try {
      const device = new Device(story.url, { token: await token({ sub: randomUUID() }, 3) });
      await device.next('session:ready');
      await device.next('session:expiring');
      expect(await device.next('session:ended')).toMatchObject({ code: 'TOKEN_EXPIRED' });
      await device.next('disconnect');
    } finally {
      clock.now = Clock.prototype.now;
    }
  });

  it('are let in over sockets, too, where the database was away for a moment', async () => {
    const bearer = await token({ sub: randomUUID() });
    const identities = story.app.get(ExternalIdentitiesRepository);
    let failures = 0;
    identities.find = () => {
      failures += 1;
      if (failures === 2) identities.find = ExternalIdentitiesRepository.prototype.find;
      return Promise.reject(new DomainError('UNAVAILABLE'));
    };
    const device = new Device(story.url, { token: bearer });
    const { event } = await device.nextOf(['session:ready', 'connect_error']);
    identities.find = ExternalIdentitiesRepository.prototype.find;
    expect(event).toBe('session:ready');
    expect(failures).toBe(2);
    device.socket.close();
  });

  it('come with tokens as long over sockets as over HTTP', async () => {
    const bearer = await token({ sub: randomUUID(), groups: 'g'.repeat(9_000) });
    expect(bearer.length).toBeGreaterThan(8_192);
    const { status, body } = await me(bearer);
    expect(status).toBe(200);
    const device = new Device(story.url, { token: bearer });
    expect(await device.nextOf(['session:ready', 'connect_error'])).toMatchObject({ payload: { userId: body.id } });
    device.socket.close();
  });

  it('wait where their issuer’s keys cannot be fetched, and nobody else does', async () => {
    isDown = true;
    const bearer = await sign('carol');
    expect(await me(bearer)).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    const device = new Device(story.url, { token: bearer });
    expect(await device.next('connect_error')).toMatchObject({ code: 'UNAVAILABLE' });
    device.socket.close();
    const ada = await story.person('ada');
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    expect((await me(await token({ sub: randomUUID() }))).status).toBe(200);
    isDown = false;
    await later(15_000, async () => expect((await me(bearer)).status).toBe(200));
  });

  it('are refused with anything that the issuer did not sign for us', async () => {
    const claims = { sub: randomUUID() };
    const wrong = (build: (jwt: SignJWT) => SignJWT, secret = SECRET): Promise<string> =>
      build(
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256' })
          .setIssuer('https://shared.example.com')
          .setAudience('chat')
          .setIssuedAt()
          .setExpirationTime('5m'),
      ).sign(new TextEncoder().encode(secret));
    for (const bearer of [
      await wrong((jwt) => jwt.setAudience('another')),
      await wrong((jwt) => jwt.setIssuer('https://unknown.example.com')),
      await wrong((jwt) => jwt.setIssuer('parley')),
      await wrong((jwt) => jwt, 'another secret of more than thirty-two bytes'),
      await wrong((jwt) => jwt.setNotBefore('5m')),
    ])
      expect((await me(bearer)).body.code).toBe('UNAUTHORIZED');
    expect((await me(await wrong((jwt) => jwt.setExpirationTime('-1s')))).body.code).toBe('TOKEN_EXPIRED');
  });
});
