import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { Clock } from '../../../src/common/clock.js';
import { LIMITS } from '../../../src/config/limits.js';
import { TokenExpiry } from '../../../src/realtime/connections/token-expiry.js';
import { Rooms } from '../../../src/realtime/delivery/rooms.js';
import { SyncService } from '../../../src/sync/sync.service.js';
import { Frames } from '../../dialects/frames.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { Device, startStory, type Story, until } from '../../support/story.js';

describe('the handshake', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it('is counted as the request it is, so that one address cannot open connections without end', async () => {
    // Fewer than that, so that a few hundred connections are as far beyond it.
    expect(LIMITS.connects).toMatchObject({ per: 'ipAddress', burst: 1_000, points: 50, perSeconds: 1 });
    const limited = await startStory({}, { LIMITS: JSON.stringify({ connects: { burst: 200, points: 5 } }) });
    try {
      const open = async (): Promise<number> =>
        (await fetch(`${limited.url}/socket.io/?EIO=4&transport=polling`)).status;
      const statuses: number[] = [];
      for (let round = 0; round < 20 && !statuses.includes(403); round += 1)
        statuses.push(...(await Promise.all(Array.from({ length: 250 }, open))));
      expect(new Set(statuses)).toEqual(new Set([200, 403]));
    } finally {
      await limited.close();
    }
  });

  it('keeps nothing of what a client sent to be let in', async () => {
    const ada = await story.person();
    const watching = jest.spyOn(story.app.get(TokenExpiry), 'watch');
    const device = new Device(story.url, { token: ada.accessToken, surplus: 'x'.repeat(10_000) });
    await device.next('session:ready');
    expect(watching.mock.calls.map(([socket]) => socket.handshake.auth)).toEqual([{}]);
    watching.mockRestore();
    device.socket.close();
  });

  it.each(['auth', 'header', 'query'])('takes the token from the %s', async (place) => {
    const ada = await story.person();
    const options = {
      auth: [{ token: ada.accessToken }, {}],
      header: [{}, { extraHeaders: { authorization: `Bearer ${ada.accessToken}` } }],
      query: [{}, { query: { token: ada.accessToken } }],
    }[place] as [Record<string, unknown>, Record<string, unknown>];
    const device = new Device(story.url, ...options);
    const ready = await device.next('session:ready');
    expect(ready).toEqual({
      userId: ada.id,
      sessionId: expect.any(String),
      serverTime: expect.any(String),
      syncCursor: expect.any(String),
      recovered: false,
    });
    device.socket.close();
  });

  it('passes over a token and a dialect that are empty', async () => {
    const ada = await story.person();
    const query = { token: '', dialect: '' };
    const extraHeaders = { cookie: `accessToken=${ada.accessToken}` };
    for (const [auth, options] of [
      [{ token: '', dialect: '' }, { query: { token: ada.accessToken, dialect: 'parley' } }],
      [{}, { query, extraHeaders }],
    ] as const) {
      const device = new Device(story.url, auth, options);
      expect((await device.next('session:ready')).userId).toBe(ada.id);
      device.socket.close();
    }
  });

  it('takes a token as it stands in a header, and so does what renews it', async () => {
    const ada = await story.person();
    const token = `Bearer ${ada.accessToken}`;
    const device = new Device(story.url, { token });
    await device.next('session:ready');
    expect(await device.must('authenticate', { token })).toEqual({ expiresAt: expect.any(String) });
    device.socket.close();
  });

  it.each([
    ['no token', () => undefined],
    ['garbage', () => 'a.b.c'],
    ['a number', () => 5],
    ['an object', () => ({ $ne: null })],
    ['a token without signature', (token: string) => `${unsigned(token, { alg: 'none', typ: 'JWT' })}.`],
    [
      'another secret',
      (token: string) => signed(unsigned(token, { alg: 'HS256', typ: 'JWT' }), 'another secret of thirty-two bytes'),
    ],
  ])('refuses %s', async (_, tokenOf) => {
    const ada = await story.person();
    const device = new Device(story.url, { token: tokenOf(ada.accessToken) });
    expect(await device.next('connect_error')).toEqual({ code: 'UNAUTHORIZED' });
    expect(device.all('session:ready')).toEqual([]);
  });

  it('distinguishes an expired token from a wrong one, warns before the end, renews in place and ends with the token', async () => {
    const brief = await startStory({ accessTokenSeconds: 2, databaseUrl: story.databaseUrl });
    // Time stands still, so that no token is over before it is used; once connected, there is much of it left.
    const clock = brief.app.get(Clock);
    const now = Math.floor(Date.now() / 1_000) * 1_000;
    clock.now = () => now;
    const ada = await brief.person();
    const device = await ada.device();
    clock.now = () => now - 60_000;
    expect(await device.next('session:expiring')).toEqual({ expiresAt: expect.any(String) });
    expect((await device.ask('authenticate', { token: 'x' })).error.code).toBe('UNAUTHORIZED');
    const renewed = await brief.app
      .get((await import('../../../src/auth/auth.service.js')).AuthService)
      .refresh(ada.refreshToken);
    expect(await device.must('authenticate', { token: renewed.accessToken })).toEqual({
      expiresAt: new Date(now - 58_000).toISOString(),
    });
    expect(await device.next('session:ended')).toEqual({ code: 'TOKEN_EXPIRED', retry: true });
    await device.next('disconnect');

    clock.now = () => now;
    const late = new Device(brief.url, { token: renewed.accessToken });
    expect(await late.next('connect_error')).toEqual({ code: 'TOKEN_EXPIRED' });
    await brief.close();
  });

  it('never takes one caller for another, however many call at the same moment', async () => {
    const people = await Promise.all(Array.from({ length: 20 }, () => story.person()));
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const person = people[index % people.length] as (typeof people)[0] & object;
        return [person.id, (await person.must('GET', '/users/me')).id];
      }),
    );
    expect(answers.filter(([asked, answered]) => asked !== answered)).toEqual([]);
  });

  it.each(['before it was let in', 'in the same moment'])('leaves nothing of a client that went %s', async (when) => {
    const ada = await story.person();
    const reads = holdCalls(story.app, SyncService, 'present');
    const rooms = story.app.get(Rooms, { strict: false });
    const { server } = rooms as unknown as { server: { engine: { clientsCount: number } } };
    const client = new Frames(`${story.url}/socket.io/?EIO=4&transport=websocket`);
    try {
      client.send(`40${JSON.stringify({ token: ada.accessToken })}`);
      await until('it is being let in', () => reads.count > 0);
      expect(rooms.awaitedUserIds()).toContain(ada.id);
      client.socket.terminate();
      if (when !== 'in the same moment') await until('it is gone', () => server.engine.clientsCount === 0);
    } finally {
      reads.release();
    }
    await until('nobody is waited for', () => !rooms.awaitedUserIds().includes(ada.id));
  });

  it('ends the sockets of a session that is logged out, and no others', async () => {
    const ada = await story.person();
    const first = await ada.device();
    const { body } = await ada.call('POST', '/auth/login', { email: ada.email, password: 'correct horse' });
    const second = new Device(story.url, { token: body.accessToken });
    await second.next('session:ready');
    expect((await ada.call('POST', '/auth/logout')).status).toBe(204);
    expect(await first.next('session:ended')).toEqual({ code: 'LOGGED_OUT', retry: false });
    await first.next('disconnect');
    expect((await ada.call('GET', '/users/me')).status).toBe(401);
    expect((await second.ask('leave_conversation', randomUUID())).ok).toBe(true);
    const again = new Device(story.url, { token: ada.accessToken });
    expect(await again.next('connect_error')).toEqual({ code: 'UNAUTHORIZED' });
    second.socket.close();
  });
});

function unsigned(token: string, header: object): string {
  const payload = token.split('.')[1] ?? '';
  return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
}

function signed(token: string, secret: string): string {
  return `${token}.${createHmac('sha256', secret).update(token).digest('base64url')}`;
}
