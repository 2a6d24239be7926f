import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../../src/config/timings.js';
import { Clock } from '../../../src/common/clock.js';
import { Operator } from '../../../src/moderation/operator/operator.js';
import { Frames } from '../../dialects/frames.js';
import {
  type Anything,
  Device,
  Person,
  request,
  startStory,
  type Story,
  until as eventually,
} from '../../support/story.js';

const HOUR_MS = 3_600_000;
const inAnHour = (): string => new Date(Date.now() + HOUR_MS).toISOString();

describe('a suspension', () => {
  let story: Story;
  let moderator: Person;
  let admin: Person;
  let user: Person;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false, timings: { ...TIMINGS, presenceGraceMs: 300 } });
    [moderator, admin] = [await story.person('moderator'), await story.person('admin')];
    await story.grant(moderator, 'MODERATOR');
    await story.grant(admin, 'ADMIN');
  });
  beforeEach(async () => {
    user = await story.person('user');
  });
  afterAll(() => story.close());

  const suspend = (person: Person, until = inAnHour(), by = moderator): Promise<Anything> =>
    by.must('POST', `/admin/users/${person.id}/suspend`, { until, reason: 'spam' });
  const login = (person: Person): Promise<Anything> =>
    request(story.url, 'POST', '/auth/login', { username: person.username, password: 'correct horse' });
  const auditOf = async (id: string): Promise<Anything[]> =>
    (await admin.must('GET', `/admin/audit?targetId=${id}`)).items;

  it('ends every session and connection at once, and closes every door with its end and its reason', async () => {
    const until = inAnHour();
    const [one, other] = [await user.device(), await user.device()];
    const account = await suspend(user, until);
    expect(account).toMatchObject({
      id: user.id,
      suspension: { until, reason: 'spam' },
      sessionCount: 0,
      sessions: [],
    });
    for (const device of [one, other]) {
      const ended = await device.next('session:ended');
      expect(ended).toEqual({ code: 'ACCOUNT_SUSPENDED', retry: false, until, reason: 'spam' });
      await device.next('disconnect');
    }
    const refusal = { code: 'ACCOUNT_SUSPENDED', until, reason: 'spam' };
    expect(await user.call('GET', '/users/me')).toMatchObject({ status: 403, body: refusal });
    expect(await user.call('GET', '/api/chats/my-chats')).toMatchObject({ status: 403, body: refusal });
    expect(await login(user)).toMatchObject({ status: 403, body: refusal });
    const refreshed = await request(story.url, 'POST', '/auth/refresh', { refreshToken: user.refreshToken });
    expect(refreshed).toMatchObject({ status: 403, body: refusal });
    const cookie = await fetch(`${story.url}/users/me`, { headers: { cookie: `accessToken=${user.accessToken}` } });
    expect([cookie.status, ((await cookie.json()) as Anything).code]).toEqual([403, 'ACCOUNT_SUSPENDED']);
    for (const dialect of ['parley', 'namespaced-events', 'direct-events']) {
      const refused = new Device(story.url, { token: user.accessToken, dialect });
      expect(await refused.next('connect_error')).toEqual(refusal);
      refused.socket.close();
    }
    const frames = await new Frames(`${story.url}/`).open();
    frames.send({ event: 'authenticate', token: user.accessToken });
    expect((await frames.event('error')).data).toMatchObject(refusal);
    expect(await frames.closed).toEqual({ code: 4401, reason: 'ACCOUNT_SUSPENDED' });
  });

  it('says nothing to who does not know the password', async () => {
    await suspend(user);
    const guess = await request(story.url, 'POST', '/auth/login', { username: user.username, password: 'wrong horse' });
    expect(guess).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
  });

  it('ends by itself', async () => {
    const clock = story.app.get(Clock);
    const now = clock.now.bind(clock);
    const until = Date.now() + HOUR_MS;
    await suspend(user, new Date(until).toISOString());
    try {
      clock.now = () => until - 1;
      expect((await login(user)).status).toBe(403);
      clock.now = () => until;
      expect((await login(user)).status).toBe(200);
    } finally {
      clock.now = now;
    }
  });

  it('can be lifted, and leaves what was written', async () => {
    const friend = await story.person('friend');
    const conversationId = await user.befriend(friend);
    await user.send(conversationId, 'still here');
    await suspend(user);
    expect((await friend.history(conversationId)).map(({ content }) => content)).toContain('still here');
    await moderator.must('POST', `/admin/users/${user.id}/restore`, {});
    await moderator.must('POST', `/admin/users/${user.id}/restore`, {});
    expect((await login(user)).status).toBe(200);
    // What ended stays ended.
    expect((await user.call('GET', '/users/me')).status).toBe(401);
    expect((await auditOf(user.id)).map(({ action, actorId, reason }) => [action, actorId, reason])).toEqual([
      ['user.restore', moderator.id, null],
      ['user.suspend', moderator.id, 'spam'],
    ]);
  });

  it('without an end is a ban', async () => {
    const account = await moderator.must('POST', `/admin/users/${user.id}/ban`, { reason: 'again' });
    expect(account.suspension).toMatchObject({ until: null, reason: 'again' });
    expect(await login(user)).toMatchObject({ status: 403, body: { until: null, reason: 'again' } });
    expect(await auditOf(user.id)).toMatchObject([{ action: 'user.ban', reason: 'again', ip: '127.0.0.1' }]);
  });

  it('must end in the future, and have a reason', async () => {
    const path = `/admin/users/${user.id}/suspend`;
    const yesterday = new Date(Date.now() - 24 * HOUR_MS).toISOString();
    expect((await moderator.call('POST', path, { until: yesterday, reason: 'x' })).body.code).toBe('VALIDATION_FAILED');
    expect((await moderator.call('POST', path, { until: inAnHour() })).body.code).toBe('VALIDATION_FAILED');
    expect((await user.call('GET', '/users/me')).status).toBe(200);
    expect(await auditOf(user.id)).toEqual([]);
  });

  it('is not a moderator’s to put on itself, on another one, or on an administrator; nor is any other act', async () => {
    const colleague = await story.person('colleague');
    await story.grant(colleague, 'MODERATOR');
    const bodies = {
      suspend: { until: inAnHour(), reason: 'x' },
      ban: { reason: 'x' },
      restore: {},
      'end-sessions': {},
    };
    for (const [act, body] of Object.entries(bodies)) {
      for (const target of [moderator, colleague, admin])
        expect(await moderator.call('POST', `/admin/users/${target.id}/${act}`, body)).toMatchObject({
          status: 403,
          body: { code: 'FORBIDDEN' },
        });
      expect((await admin.call('POST', `/admin/users/${admin.id}/${act}`, body)).status).toBe(403);
    }
    await suspend(colleague, inAnHour(), admin);
    expect((await colleague.call('GET', '/admin/reports')).status).toBe(403);
    expect(await auditOf(moderator.id)).toEqual([]);
  });

  it('is not there for who lost the role a moment ago', async () => {
    const former = await story.person('former');
    await story.grant(former, 'MODERATOR');
    await admin.must('PUT', `/admin/users/${former.id}/role`, { role: 'USER' });
    expect((await former.call('POST', `/admin/users/${user.id}/ban`, { reason: 'x' })).status).toBe(404);
    expect((await moderator.call('PUT', `/admin/users/${user.id}/role`, { role: 'ADMIN' })).status).toBe(404);
    expect((await admin.call('PUT', `/admin/users/${admin.id}/role`, { role: 'USER' })).status).toBe(403);
    expect(await auditOf(former.id)).toMatchObject([
      { action: 'role.grant', details: { role: 'USER', before: 'MODERATOR' }, actorId: admin.id },
    ]);
  });

  it('ends sessions without suspending, where that is all that is asked', async () => {
    const device = await user.device();
    await moderator.must('POST', `/admin/users/${user.id}/end-sessions`, { reason: 'a lost phone' });
    expect(await device.next('session:ended')).toEqual({ code: 'SESSION_REVOKED', retry: false });
    expect((await user.call('GET', '/users/me')).status).toBe(401);
    expect((await login(user)).status).toBe(200);
    expect(await auditOf(user.id)).toMatchObject([{ action: 'user.end_sessions', details: { sessions: 1 } }]);
  });

  it('leaves nobody in who logs in, refreshes or connects at the same moment', async () => {
    for (let round = 0; round < 6; round += 1) {
      const person = await story.person('racer');
      const devices = Array.from({ length: 3 }, () => new Device(story.url, { token: person.accessToken }));
      const racing = [
        ...Array.from({ length: 3 }, () => login(person)),
        request(story.url, 'POST', '/auth/refresh', { refreshToken: person.refreshToken }),
      ];
      // Now early, now late among them.
      await new Promise((resolve) => setTimeout(resolve, round));
      await suspend(person);
      const answers = await Promise.all(racing);
      // A log-in that was in time holds a token that is worth nothing now.
      for (const { status, body } of answers) {
        if (status !== 200) expect([status, body.code]).toEqual([403, 'ACCOUNT_SUSPENDED']);
        else expect((await request(story.url, 'GET', '/users/me', undefined, body.accessToken)).status).toBe(403);
      }
      for (const device of devices) {
        const last = await device.nextOf(['connect_error', 'disconnect']);
        if (last.event === 'connect_error') expect(last.payload.code).toBe('ACCOUNT_SUSPENDED');
        else expect(device.all('session:ended')).toMatchObject([{ code: 'ACCOUNT_SUSPENDED' }]);
        device.socket.close();
      }
      const account = await moderator.must('GET', `/admin/users/${person.id}`);
      expect(account.sessionCount).toBe(0);
    }
  });

  it('is one act, also where two moderators are at it', async () => {
    const second = await story.person('second');
    await story.grant(second, 'MODERATOR');
    await Promise.all([suspend(user), suspend(user, inAnHour(), second)]);
    expect((await login(user)).status).toBe(403);
    expect(await auditOf(user.id)).toHaveLength(2);
  });

  it('shows accounts by how they begin, by e-mail address and id, by role and by whether they are suspended', async () => {
    await suspend(user);
    const ids = async (query: string): Promise<string[]> =>
      (await moderator.must('GET', `/admin/users?${query}`)).items.map(({ id }: Anything) => id);
    expect(await ids(`search=${user.username.slice(0, 12)}`)).toEqual([user.id]);
    expect(await ids(`search=${encodeURIComponent(user.email.toUpperCase())}`)).toEqual([user.id]);
    expect(await ids(`search=${user.id}`)).toEqual([user.id]);
    // As somebody types it whose domain is not ASCII, and as mail programs write that.
    const name = user.username.toLowerCase();
    const registered = await request(story.url, 'POST', '/auth/register', {
      email: `${name}@exämple.com`,
      password: 'correct horse',
    });
    for (const email of [`${name}@EXÄMPLE.com`, `${name}@xn--exmple-cua.com`]) {
      expect(await ids(`search=${encodeURIComponent(email)}`)).toEqual([registered.body.user.id]);
      expect(await story.app.get(Operator).endSessions(email)).toBeLessThanOrEqual(1);
    }
    expect(await ids(`search=${encodeURIComponent('%')}`)).toEqual([]);
    expect(await ids('role=ADMIN')).toEqual([admin.id]);
    expect(await ids('suspended=true&limit=100')).toContain(user.id);
    expect(await ids('suspended=false&limit=100')).not.toContain(user.id);
    const first = await moderator.must('GET', '/admin/users?limit=1');
    const second = await moderator.must('GET', `/admin/users?limit=1&cursor=${first.nextCursor}`);
    expect(second.items[0].username > first.items[0].username).toBe(true);
    expect((await moderator.call('GET', '/admin/users/0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11')).status).toBe(404);
    const { suspendedUsers, users, days } = await moderator.must('GET', '/admin/stats');
    expect(suspendedUsers).toBeGreaterThan(0);
    expect(users).toBeGreaterThan(suspendedUsers);
    expect(days).toHaveLength(30);
    expect(days.at(-1).newUsers).toBeGreaterThan(0);
  });

  it('is of one of two who ban each other at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = [await story.person('one'), await story.person('other')];
      for (const person of [one, other]) await story.grant(person, 'ADMIN');
      const answers = await Promise.all([
        one.call('POST', `/admin/users/${other.id}/ban`, { reason: 'x' }),
        other.call('POST', `/admin/users/${one.id}/ban`, { reason: 'x' }),
      ]);
      expect(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`).sort()).toEqual([
        '200 ',
        '403 ACCOUNT_SUSPENDED',
      ]);
    }
  });

  it('closes the door of API keys: those that act as the suspended, and those that the suspended made', async () => {
    const maker = await story.person('maker');
    await story.grant(maker, 'ADMIN');
    const { secret } = await maker.must('POST', '/admin/api-keys', {
      name: 'Help desk',
      scopes: ['conversations:read'],
    });
    const bot = await maker.must('POST', '/admin/bots', { username: `bot_${Date.now()}`, displayName: 'Help desk' });
    const call = async (): Promise<Anything> => {
      const headers = { authorization: `Bearer ${secret}`, 'x-act-as': bot.id };
      const response = await fetch(`${story.url}/conversations`, { headers });
      return { status: response.status, ...((await response.json()) as object) };
    };
    expect((await call()).status).toBe(200);
    await moderator.must('POST', `/admin/users/${bot.id}/ban`, { reason: 'loud' });
    expect(await call()).toMatchObject({ status: 403, code: 'ACCOUNT_SUSPENDED', until: null, reason: 'loud' });
    await moderator.must('POST', `/admin/users/${bot.id}/restore`, {});
    expect((await call()).status).toBe(200);
    await suspend(maker, inAnHour(), admin);
    expect(await call()).toMatchObject({ status: 403, code: 'ACCOUNT_SUSPENDED' });
  });

  it('takes the presence away, and the devices that would ring', async () => {
    const friend = await story.person('friend');
    await user.befriend(friend);
    const friends = await friend.device();
    await user.must('PUT', '/devices/phone', { platform: 'expo', token: `ExponentPushToken[${user.id}]` });
    await user.device();
    await friends.next('presence:update', ({ userId, isOnline }) => userId === user.id && isOnline);
    await suspend(user);
    const left = await friends.next('presence:update', ({ userId, isOnline }) => userId === user.id && !isOnline);
    expect(left.lastSeenAt).not.toBeNull();
    await eventually('no device of it is left', async () => {
      const { deviceCount } = await moderator.must('GET', `/admin/users/${user.id}`);
      return deviceCount === 0;
    });
  });
});
