import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Sessions } from '../../../src/auth/sessions/sessions.js';
import { DomainError } from '../../../src/common/errors.js';
import {
  type Answer,
  type Anything,
  Device,
  type Person,
  request,
  startStory,
  type Story,
  until,
} from '../../support/story.js';

const ALLOWED = 'https://app.example.com';

describe('sessions', () => {
  let story: Story;
  let ada: Person;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false, corsOrigins: [ALLOWED] });
    ada = await story.person('ada');
  });
  afterAll(() => story.close());

  const login = async (deviceName: string, password = 'correct horse'): Promise<Anything> =>
    (await request(story.url, 'POST', '/auth/login', { email: ada.email, password, deviceName })).body;
  const get = (path: string, token: string): Promise<Answer<Anything>> =>
    request(story.url, 'GET', path, undefined, token);
  const connected = async (token: string): Promise<Device> => {
    const device = new Device(story.url, { token });
    await device.next('session:ready');
    return device;
  };

  it('are listed to their user, and each ends on its own, at once and everywhere', async () => {
    const eve = await story.person('eve');
    const phone = await login('Phone');
    const tablet = await login('Tablet');
    const { items } = (await get('/auth/sessions', phone.accessToken)).body;
    expect(items).toHaveLength(3);
    expect(items).toContainEqual({
      id: expect.any(String),
      deviceName: 'Phone',
      ip: '127.0.0.1',
      createdAt: expect.stringMatching(/Z$/),
      lastUsedAt: expect.stringMatching(/Z$/),
      current: true,
    });
    expect(items.filter(({ current }: Anything) => current)).toHaveLength(1);
    const { id } = items.find(({ deviceName }: Anything) => deviceName === 'Tablet');
    const [phones, tablets] = [await connected(phone.accessToken), await connected(tablet.accessToken)];

    expect((await eve.call('DELETE', `/auth/sessions/${id}`)).status).toBe(404);
    expect((await request(story.url, 'DELETE', `/auth/sessions/${id}`, undefined, phone.accessToken)).status).toBe(204);
    expect(await tablets.next('session:ended')).toMatchObject({ code: 'SESSION_REVOKED', retry: false });
    await tablets.next('disconnect');
    expect((await get('/users/me', tablet.accessToken)).body.code).toBe('UNAUTHORIZED');
    expect((await request(story.url, 'POST', '/auth/refresh', { refreshToken: tablet.refreshToken })).status).toBe(401);
    const again = new Device(story.url, { token: tablet.accessToken });
    expect(await again.next('connect_error')).toMatchObject({ code: 'UNAUTHORIZED' });
    again.socket.close();
    expect((await request(story.url, 'DELETE', `/auth/sessions/${id}`, undefined, phone.accessToken)).status).toBe(404);
    expect((await get('/auth/sessions', phone.accessToken)).body.items).toHaveLength(2);
    await phones.must('sync', {});
    phones.socket.close();
  });

  it('are listed in pages', async () => {
    for (const name of ['1', '2', '3']) await login(name);
    const { accessToken } = await login('4');
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await get(`/auth/sessions?limit=2${cursor && `&cursor=${cursor}`}`, accessToken);
      seen.push(...body.items.map(({ id }: Anything) => id));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    const all = (await get('/auth/sessions?limit=100', accessToken)).body.items.map(({ id }: Anything) => id);
    expect(seen).toEqual(all);
    expect((await get('/auth/sessions?cursor=bm9uc2Vuc2U', accessToken)).status).toBe(400);
  });

  it('end but for one’s own where the password changes, sockets and all', async () => {
    const conversationId = await ada.directConversation(await story.person());
    const [here, there] = [await login('Here'), await login('There')];
    const [heres, theres] = [await connected(here.accessToken), await connected(there.accessToken)];
    const change = (body: unknown): Promise<Answer<Anything>> =>
      request(story.url, 'POST', '/auth/change-password', body, here.accessToken);
    expect((await change({ currentPassword: 'wrong horse', newPassword: 'another horse' })).body.code).toBe(
      'INVALID_CREDENTIALS',
    );
    expect((await change({ currentPassword: 'correct horse', newPassword: 'short' })).body.code).toBe(
      'VALIDATION_FAILED',
    );
    const changed = await change({ currentPassword: 'correct horse', newPassword: 'another horse' });
    expect([changed.status, changed.body]).toEqual([200, {}]);
    expect(await theres.next('session:ended')).toMatchObject({ code: 'PASSWORD_CHANGED', retry: false });
    await theres.next('disconnect');
    expect((await get('/users/me', there.accessToken)).status).toBe(401);
    const back = new Device(story.url, { token: there.accessToken });
    expect(await back.next('connect_error')).toMatchObject({ code: 'UNAUTHORIZED' });
    back.socket.close();
    await heres.must('send_message', { conversationId, content: 'after the change' });
    await heres.next('message:new');
    expect(theres.all('message:new')).toEqual([]);
    await heres.must('sync', {});
    expect((await get('/users/me', here.accessToken)).status).toBe(200);
    expect(heres.all('session:ended')).toEqual([]);
    expect((await login('Old', 'correct horse')).code).toBe('INVALID_CREDENTIALS');
    const changedBack = { currentPassword: 'another horse', newPassword: 'correct horse' };
    expect((await change(changedBack)).status).toBe(200);
    heres.socket.close();
  });

  it('never outlive a change of the password that a login races with', async () => {
    const bob = await story.person('bob');
    let password = 'correct horse';
    const statuses: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const next = `horse number ${round}`;
      const { body: own } = await request(story.url, 'POST', '/auth/login', { email: bob.email, password });
      const [, ...logins] = await Promise.all([
        request(
          story.url,
          'POST',
          '/auth/change-password',
          { currentPassword: password, newPassword: next },
          own.accessToken,
        ),
        ...Array.from({ length: 4 }, () => request(story.url, 'POST', '/auth/login', { email: bob.email, password })),
      ]);
      for (const { status, body } of logins)
        if (status === 200) statuses.push((await get('/users/me', body.accessToken)).status);
      password = next;
    }
    expect(statuses.filter((status) => status !== 401)).toEqual([]);
  });

  it('all end together', async () => {
    const [one, two] = [await login('One'), await login('Two')];
    const devices = [await connected(one.accessToken), await connected(two.accessToken)];
    const response = await fetch(`${story.url}/auth/logout-all`, {
      method: 'POST',
      headers: { authorization: `Bearer ${one.accessToken}` },
    });
    expect(response.status).toBe(204);
    expect(
      response.headers.getSetCookie().filter((cookie) => /=;.*Expires=Thu, 01 Jan 1970/.test(cookie)),
    ).toHaveLength(2);
    for (const device of devices) expect(await device.next('session:ended')).toMatchObject({ code: 'LOGGED_OUT' });
    for (const { accessToken } of [one, two]) expect((await get('/users/me', accessToken)).status).toBe(401);
  });

  it('leave a browser its cookies where they could not be ended', async () => {
    const { accessToken } = await login('Browser');
    const sessions = story.app.get(Sessions);
    const logOut = (): Promise<Response> =>
      fetch(`${story.url}/auth/logout-all`, { method: 'POST', headers: { authorization: `Bearer ${accessToken}` } });
    sessions.revokeAll = () => Promise.reject(new DomainError('UNAVAILABLE'));
    try {
      const refused = await logOut();
      expect([refused.status, refused.headers.getSetCookie()]).toEqual([503, []]);
    } finally {
      sessions.revokeAll = Sessions.prototype.revokeAll;
    }
    expect((await logOut()).status).toBe(204);
  });

  it('show from where and with what each was used last', async () => {
    const proxied = await startStory({ rateLimits: false, trustedProxies: 1 });
    try {
      const post = async (path: string, body: object, from: string): Promise<Anything> =>
        (
          await fetch(proxied.url + path, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
            body: JSON.stringify(body),
          })
        ).json();
      const account = { email: 'traveller@example.com', password: 'correct horse', deviceName: 'Phone' };
      const { accessToken, refreshToken } = await post('/auth/register', account, '192.0.2.1');
      const listed = async (): Promise<Anything> =>
        (await request(proxied.url, 'GET', '/auth/sessions', undefined, accessToken)).body.items;
      expect(await listed()).toMatchObject([{ deviceName: 'Phone', ip: '192.0.2.1' }]);
      await post('/auth/refresh', { refreshToken }, '192.0.2.2');
      expect(await listed()).toMatchObject([{ deviceName: 'Phone', ip: '192.0.2.2' }]);
    } finally {
      await proxied.close();
    }
  });

  it('end for a browser whose access token is over, by its refresh cookie', async () => {
    const { accessToken, refreshToken } = await login('Browser');
    const logOut = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${story.url}/auth/logout`, { method: 'POST', headers });
    expect((await logOut({ cookie: 'refreshToken=nonsense' })).status).toBe(401);
    const crossOrigin = { cookie: `refreshToken=${refreshToken}`, origin: 'https://evil.example.com' };
    expect((await logOut(crossOrigin)).status).toBe(403);
    const response = await logOut({ cookie: `accessToken=nonsense; refreshToken=${refreshToken}` });
    expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
    expect((await get('/users/me', accessToken)).status).toBe(401);
    expect((await request(story.url, 'POST', '/auth/refresh', { refreshToken })).status).toBe(401);
    // It has ended: there is nothing to end, and the cookies go all the same.
    const again = await logOut({ cookie: `accessToken=${accessToken}; refreshToken=${refreshToken}` });
    expect([again.status, again.headers.getSetCookie().length]).toEqual([401, 2]);
  });

  it('do not end by their cookies for who names another token, be it worth nothing', async () => {
    const { accessToken, refreshToken } = await login('Browser');
    const headers = { authorization: 'Bearer nonsense', cookie: `refreshToken=${refreshToken}` };
    const response = await fetch(`${story.url}/auth/logout`, { method: 'POST', headers });
    expect([response.status, response.headers.getSetCookie()]).toEqual([401, []]);
    expect((await get('/users/me', accessToken)).status).toBe(200);
  });

  it('have a password that no older code can change any more', async () => {
    const person = await story.person();
    await request(story.url, 'POST', '/auth/forgot-password', { email: person.email });
    const database = new pg.Client({ connectionString: story.databaseUrl });
    await database.connect();
    const codes = async (): Promise<number> =>
      (await database.query('SELECT 1 FROM one_time_codes WHERE user_id = $1', [person.id])).rows.length;
    await until('there is a code', async () => (await codes()) === 1);
    const change = { currentPassword: 'correct horse', newPassword: 'another horse' };
    await person.must('POST', '/auth/change-password', change);
    expect(await codes()).toBe(0);
    await database.end();
  });

  it('have one password after several changes at the same moment, and only who made that one is answered so', async () => {
    const person = await story.person();
    const passwords = ['one new horse', 'two new horses', 'three new horses', 'four new horses'];
    const answers = await Promise.all(
      passwords.map((newPassword) =>
        person.call('POST', '/auth/change-password', { currentPassword: 'correct horse', newPassword }),
      ),
    );
    const isChanged = answers.map(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status !== 200).map(({ body }) => body.code);
    expect(refused).toEqual(['INVALID_CREDENTIALS', 'INVALID_CREDENTIALS', 'INVALID_CREDENTIALS']);
    for (const [index, password] of passwords.entries()) {
      const { status } = await request(story.url, 'POST', '/auth/login', { email: person.email, password });
      expect([password, status === 200]).toEqual([password, isChanged[index]]);
    }
  });

  describe('of browsers', () => {
    const call = (method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Response> =>
      fetch(story.url + path, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const codeOf = async (response: Response): Promise<unknown> => [
      response.status,
      ((await response.json()) as Anything).code,
    ];
    const headersOf = (...all: Record<string, string>[]): Record<string, string>[] => all;
    const cookiesOf = (response: Response): Map<string, string> =>
      new Map(response.headers.getSetCookie().map((cookie) => [cookie.split('=')[0] ?? '', cookie]));
    let access: string;
    let refresh: string;
    beforeAll(async () => {
      const response = await call(
        'POST',
        '/auth/login',
        { origin: ALLOWED },
        { email: ada.email, password: 'correct horse' },
      );
      const cookies = cookiesOf(response);
      expect([...cookies.keys()].sort()).toEqual(['accessToken', 'knownDevice', 'refreshToken']);
      for (const [name, cookie] of cookies) {
        expect([name, /; HttpOnly/.test(cookie), /; SameSite=Lax/.test(cookie)]).toEqual([name, true, true]);
        expect(cookie).toMatch(name === 'accessToken' ? /; Path=\/;/ : /; Path=\/auth;/);
        expect(cookie).toMatch(/; Max-Age=\d+/);
      }
      access = (cookies.get('accessToken') ?? '').split(';')[0] ?? '';
      refresh = (cookies.get('refreshToken') ?? '').split(';')[0] ?? '';
    });

    it('read by their cookie, and change nothing for a page of another origin', async () => {
      expect((await call('GET', '/users/me', { cookie: access })).status).toBe(200);
      const change = { displayName: 'Changed' };
      for (const headers of headersOf(
        { origin: 'https://evil.example.com' },
        { origin: 'null' },
        { origin: `${ALLOWED}.evil.example.com` },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example.com', 'sec-fetch-site': 'same-origin' },
      )) {
        const refused = await call('PATCH', '/users/me', { cookie: access, ...headers }, change);
        expect([headers, await codeOf(refused)]).toEqual([headers, [403, 'FOREIGN_ORIGIN']]);
        const spent = await call('POST', '/auth/refresh', { cookie: refresh, ...headers }, {});
        expect([headers, await codeOf(spent)]).toEqual([headers, [403, 'FOREIGN_ORIGIN']]);
      }
      for (const headers of headersOf({ origin: ALLOWED }, { origin: story.url }, { 'sec-fetch-site': 'same-origin' }))
        expect((await call('PATCH', '/users/me', { cookie: access, ...headers }, change)).status).toBe(200);
      // A token that a script had to put there is no cookie.
      const { accessToken } = await login('Script');
      const headers = { authorization: `Bearer ${accessToken}`, origin: 'https://evil.example.com', cookie: access };
      expect((await call('PATCH', '/users/me', headers, change)).status).toBe(200);
    });

    it('refresh by their cookie, once', async () => {
      const response = await call('POST', '/auth/refresh', { cookie: refresh, origin: ALLOWED });
      expect(response.status).toBe(200);
      const renewed = cookiesOf(response);
      // A browser that still sends an access token that is over is answered that it is, and refreshes.
      const ages = ['accessToken', 'refreshToken'].map((name) => /Max-Age=(\d+)/.exec(renewed.get(name) ?? '')?.[1]);
      expect(ages).toEqual(ages.map(() => `${30 * 86_400}`));
      expect(renewed.get('refreshToken')?.startsWith(refresh)).toBe(false);
      expect(await codeOf(await call('POST', '/auth/refresh', {}, {}))).toEqual([401, 'REFRESH_TOKEN_INVALID']);
    });

    it('open no socket from a page of another origin', async () => {
      const cookie = access;
      const open = (headers: Record<string, string>): Device =>
        new Device(story.url, {}, { extraHeaders: { cookie, ...headers } });
      const allowed = open({ origin: ALLOWED });
      expect((await allowed.next('session:ready')).userId).toBe(ada.id);
      for (const origin of ['https://evil.example.com', 'null']) {
        const hijacked = open({ origin });
        expect(await hijacked.next('connect_error')).toMatchObject({ code: 'UNAUTHORIZED' });
        hijacked.socket.close();
      }
      allowed.socket.close();
    });

    it('carry headers that forbid to keep, to load and to guess anything', async () => {
      for (const path of ['/users/me', '/auth/login', '/nowhere', '/socket.io/']) {
        const { headers } = await call('GET', path, {});
        expect([path, headers.get('x-content-type-options'), headers.get('x-powered-by')]).toEqual([
          path,
          path === '/socket.io/' ? null : 'nosniff',
          null,
        ]);
        if (path === '/socket.io/') continue;
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      }
      expect((await call('GET', '/docs', {})).headers.get('content-security-policy')).toContain("script-src 'self'");
    });

    it('never carry a header that lets any origin read with credentials', async () => {
      for (const origin of ['https://evil.example.com', 'null', ALLOWED]) {
        for (const path of ['/users/me', '/socket.io/?EIO=4&transport=polling', '/auth/login']) {
          for (const method of ['GET', 'OPTIONS']) {
            const { headers } = await call(method, path, {
              origin,
              ...(method === 'OPTIONS' ? { 'access-control-request-method': 'POST' } : {}),
            });
            const allowed = headers.get('access-control-allow-origin');
            expect([path, method, allowed]).toEqual([path, method, origin === ALLOWED ? ALLOWED : null]);
          }
        }
      }
    });
  });
});
