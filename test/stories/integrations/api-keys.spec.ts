import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Sessions } from '../../../src/auth/sessions/sessions.js';
import { Clock } from '../../../src/common/clock.js';
import { KEY_SCOPES } from '../../../src/common/access/key-scope.js';
import { DomainError } from '../../../src/common/errors.js';
import { Database } from '../../../src/database/database.js';
import { BotsRepository } from '../../../src/integrations/bots/bots.repository.js';
import { ApiKeysRepository } from '../../../src/integrations/keys/api-keys.repository.js';
import { Operator } from '../../../src/moderation/operator/operator.js';
import { Accounts } from '../../../src/users/accounts/accounts.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { type Answer, type Anything, Device, type Person, startStory, type Story, until } from '../../support/story.js';

describe('API keys and bots', () => {
  let story: Story;
  let [root, ada, bob]: [Person, Person, Person] = [] as never;
  let clockAheadMs = 0;
  const now = (): number => Date.now() + clockAheadMs;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    story.app.get(Clock).now = now;
    [root, ada, bob] = await Promise.all([story.person('root'), story.person('ada'), story.person('bob')]);
    await story.grant(root, 'ADMIN');
  });
  afterAll(() => story.close());

  const newKey = async (scopes: readonly string[], more: object = {}): Promise<{ id: string; secret: string }> =>
    root.must('POST', '/admin/api-keys', { name: 'Help desk', scopes, ...more });
  const newBot = async (): Promise<{ id: string; username: string }> =>
    root.must('POST', '/admin/bots', { username: `bot_${randomUUID().slice(0, 8)}`, displayName: 'Help desk' });

  async function callWith(
    secret: string,
    actor: string | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<Anything>> {
    const response = await fetch(story.url + path, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(actor === undefined ? {} : { 'x-act-as': actor }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  const rows = (sql: string, ...parameters: string[]): Promise<Anything[]> =>
    story.app.get(Database).query(sql, parameters);
  const audited = async (targetId: string): Promise<string[]> =>
    (await root.must('GET', `/admin/audit?targetId=${targetId}`)).items.map(({ action }: Anything) => action);

  it('shows the secret of a key once, keeps its hash alone and writes down who made it', async () => {
    const { id, secret, ...key } = await root.must('POST', '/admin/api-keys', {
      name: 'Help desk',
      scopes: ['messages:write', 'conversations:read', 'messages:write'],
      expiresAt: '2099-01-01T00:00:00Z',
    });
    expect(secret).toMatch(/^pk_[\w-]{43}$/);
    expect(key).toEqual({
      name: 'Help desk',
      scopes: ['conversations:read', 'messages:write'],
      createdBy: root.id,
      createdAt: expect.any(String),
      expiresAt: '2099-01-01T00:00:00.000Z',
      lastUsedAt: null,
    });
    const listed = await root.must('GET', '/admin/api-keys');
    expect(listed.items[0]).toEqual({ id, ...key });
    expect(JSON.stringify(await rows('SELECT * FROM api_keys'))).not.toContain(secret.slice(3));
    expect(await audited(id)).toEqual(['api_key.create']);
    const tooLate = await root.call('POST', '/admin/api-keys', {
      name: 'x',
      scopes: ['users:read'],
      expiresAt: '2001-01-01T00:00:00Z',
    });
    expect(tooLate.body).toMatchObject({ code: 'VALIDATION_FAILED', errors: { expiresAt: [expect.any(String)] } });
    for (const scopes of [[], ['admin'], ['users:read', null], 'users:read'])
      expect((await root.call('POST', '/admin/api-keys', { name: 'x', scopes })).body.code).toBe('VALIDATION_FAILED');
  });

  it('lets a bot write, once for each client id, and nobody log in as it', async () => {
    const bot = await newBot();
    expect(await audited(bot.id)).toEqual(['bot.create']);
    expect((await root.must('GET', '/admin/bots')).items.map(({ id }: Anything) => id)).toContain(bot.id);
    const { secret } = await newKey(['messages:write', 'conversations:read', 'conversations:write']);
    const opened = await callWith(secret, bot.id, 'POST', '/conversations', { userId: ada.id });
    expect(opened.status).toBe(201);
    const clientId = randomUUID();
    const send = (): Promise<Answer<Anything>> =>
      callWith(secret, bot.id, 'POST', `/conversations/${opened.body.id}/messages`, {
        content: 'How may I help?',
        clientId,
      });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.body.id]).toEqual([201, first.body.id]);
    expect(first.body.senderId).toBe(bot.id);
    expect(await ada.history(opened.body.id)).toHaveLength(1);
    for (const password of ['', 'correct horse', 'null'])
      expect(
        (await root.call('POST', '/auth/login', { username: bot.username, password })).status,
      ).toBeGreaterThanOrEqual(400);
    const taken = await root.call('POST', '/admin/bots', { username: ada.username, displayName: 'Ada' });
    expect(taken.body.code).toBe('USERNAME_TAKEN');
    expect((await root.call('POST', '/admin/bots', { displayName: 'No name' })).body.code).toBe('VALIDATION_FAILED');
  });

  it('closes every route that names no scope, and asks for the very scope of those that do', async () => {
    const { paths } = await root.must('GET', '/docs-json');
    const all = await newKey(KEY_SCOPES);
    const bot = await newBot();
    const operations = Object.entries<Anything>(paths).flatMap(([path, methods]) =>
      Object.entries<Anything>(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
    );
    let closed = 0;
    const byScope = new Map<string, string>();
    for (const scope of KEY_SCOPES)
      byScope.set(scope, (await newKey(KEY_SCOPES.filter((other) => other !== scope))).secret);
    for (const { method, path, operation } of operations) {
      if (!(operation.security ?? []).some((scheme: object) => 'bearer' in scheme)) continue;
      const scope = operation['x-api-key-scope'];
      const filled = path.replaceAll(/\{\w+\}/g, randomUUID());
      const secret = scope === undefined ? all.secret : (byScope.get(scope) ?? '');
      const answer = await callWith(secret, bot.id, method, filled, method === 'GET' ? undefined : {});
      // Logging out looks for a session by itself, and finds none.
      const expected = path === '/auth/logout' ? [401, 'UNAUTHORIZED'] : [403, 'FORBIDDEN'];
      expect([method, path, answer.status, answer.body.code]).toEqual([method, path, ...expected]);
      if (scope === undefined) closed += 1;
    }
    expect(closed).toBeGreaterThan(30);
    // What is closed to bearers of any kind stays so.
    expect((await callWith(all.secret, bot.id, 'GET', '/api/chats/my-chats')).status).toBe(403);
  });

  it('acts as bots, as users where the scope allows it, and never as who runs the server', async () => {
    const [reads, writes, bot] = [
      await newKey(['users:read']),
      await newKey(['users:read', 'users:write']),
      await newBot(),
    ];
    const moderator = await story.person('moderator');
    await story.grant(moderator, 'MODERATOR');
    const code = async (secret: string, actor: string | undefined): Promise<unknown> => {
      const { status, body } = await callWith(secret, actor, 'GET', '/users/me');
      return status === 200 ? body.id : body.code;
    };
    expect(await code(reads.secret, bot.id)).toBe(bot.id);
    expect(await code(reads.secret, bot.id.toUpperCase())).toBe(bot.id);
    expect(await code(reads.secret, ada.id)).toBe('NOT_FOUND');
    expect(await code(reads.secret, randomUUID())).toBe('NOT_FOUND');
    expect(await code(reads.secret, undefined)).toBe('VALIDATION_FAILED');
    expect(await code(reads.secret, 'ada')).toBe('VALIDATION_FAILED');
    expect(await code(writes.secret, ada.id)).toBe(ada.id);
    expect(await code(writes.secret, root.id)).toBe('FORBIDDEN');
    expect(await code(writes.secret, moderator.id)).toBe('FORBIDDEN');
    expect(await code(`pk_${'A'.repeat(43)}`, bot.id)).toBe('UNAUTHORIZED');
    expect(await code(`${reads.secret}A`, bot.id)).toBe('UNAUTHORIZED');
    expect(await code('pk_', bot.id)).toBe('UNAUTHORIZED');
  });

  it('makes bots by key for as long as its maker is an administrator', async () => {
    const former = await story.person('former');
    await story.grant(former, 'ADMIN');
    const { secret } = await former.must('POST', '/admin/api-keys', { name: 'x', scopes: ['users:write'] });
    const body = { username: `bot_${randomUUID().slice(0, 8)}`, displayName: 'Bot' };
    const named = await callWith(secret, ada.id, 'POST', '/admin/bots', body);
    expect(named.body).toMatchObject({ code: 'VALIDATION_FAILED', errors: { 'X-Act-As': [expect.any(String)] } });
    const made = await callWith(secret, undefined, 'POST', '/admin/bots', body);
    expect(made.status).toBe(201);
    await story.grant(former, 'USER');
    const refused = await callWith(secret, undefined, 'POST', '/admin/bots', {
      ...body,
      username: `${body.username}2`,
    });
    expect([refused.status, refused.body.code]).toEqual([401, 'UNAUTHORIZED']);
  });

  it('opens sockets of bots that do what the scopes allow, and ends them with the key', async () => {
    const bot = await newBot();
    const key = await newKey(['conversations:read', 'conversations:write', 'messages:write']);
    const reader = await newKey(['conversations:read']);
    const connect = (secret: string, actAs: unknown, more: object = {}): Device =>
      new Device(story.url, { token: secret, actAs, ...more });
    const { id: conversationId } = (await callWith(key.secret, bot.id, 'POST', '/conversations', { userId: bob.id }))
      .body;

    const [writing, reading] = [connect(key.secret, bot.id), connect(reader.secret, bot.id)];
    const [ready] = await Promise.all([writing.next('session:ready'), reading.next('session:ready')]);
    expect(ready.userId).toBe(bot.id);
    await bob.send(conversationId, 'Hello?');
    for (const device of [writing, reading]) expect((await device.next('message:new')).message.content).toBe('Hello?');
    const answer = { conversationId, content: 'Hello!' };
    expect((await writing.must('send_message', answer)).message.senderId).toBe(bot.id);
    expect((await reading.ask('send_message', answer)).error.code).toBe('FORBIDDEN');
    expect((await reading.ask('typing', { conversationId, isTyping: true })).error.code).toBe('FORBIDDEN');
    await reading.must('sync', {});

    const other = await newKey(['messages:write', 'users:write']);
    for (const [device, code, fields = []] of [
      [connect(other.secret, bot.id), 'FORBIDDEN'],
      [connect(key.secret, ada.id), 'NOT_FOUND'],
      [connect(key.secret, undefined), 'VALIDATION_FAILED', ['actAs']],
      [connect(key.secret, { toString: 'x' }), 'VALIDATION_FAILED', ['actAs']],
      [connect('pk_nothing', bot.id), 'UNAUTHORIZED'],
      [connect(key.secret, bot.id, { dialect: 'direct-events' }), 'UNAUTHORIZED'],
    ] as const) {
      const refusal = await device.next('connect_error');
      expect([refusal.code, Object.keys(refusal.errors ?? {})]).toEqual([code, fields]);
      device.socket.close();
    }

    await root.must('DELETE', `/admin/api-keys/${key.id}`);
    expect(await writing.next('session:ended')).toMatchObject({ code: 'SESSION_REVOKED' });
    await writing.next('disconnect');
    expect(reading.socket.connected).toBe(true);
    expect((await callWith(key.secret, bot.id, 'GET', '/conversations')).body.code).toBe('UNAUTHORIZED');
    const again = connect(key.secret, bot.id);
    expect(await again.next('connect_error')).toMatchObject({ code: 'UNAUTHORIZED' });
    for (const device of [writing, reading, again]) device.socket.close();
    expect(await audited(key.id)).toEqual(['api_key.revoke', 'api_key.create']);
    expect((await root.call('DELETE', `/admin/api-keys/${key.id}`)).status).toBe(404);
  });

  it('lets nobody in who connects while the key is revoked', async () => {
    const bot = await newBot();
    const key = await newKey(['conversations:read']);
    const devices = Array.from({ length: 20 }, () => new Device(story.url, { token: key.secret, actAs: bot.id }));
    await devices[0]?.nextOf(['session:ready', 'connect_error']);
    await root.must('DELETE', `/admin/api-keys/${key.id}`);
    await Promise.all(devices.map((device) => device.nextOf(['connect_error', 'disconnect'])));
    expect(devices.some(({ socket }) => socket.connected)).toBe(false);
    for (const { socket } of devices) socket.close();
  });

  it('ends the connections of its bots when its maker is suspended, banned, deleted or no administrator any more', async () => {
    const bot = await newBot();
    const makers = await Promise.all(
      ['suspended', 'banned', 'deleted', 'leaving', 'former'].map((name) => story.person(name)),
    );
    for (const maker of makers) await story.grant(maker, 'ADMIN');
    const keyOf = (maker: Person): Promise<Anything> =>
      maker.must('POST', '/admin/api-keys', { name: 'Help desk', scopes: ['conversations:read', 'users:read'] });
    const [suspended, banned, deleted, leaving, former] = makers as [Person, Person, Person, Person, Person];
    const keys = new Map<Person, Anything>();
    for (const maker of [...makers, root]) keys.set(maker, await keyOf(maker));
    const connected = async (maker: Person): Promise<Device> => {
      const device = new Device(story.url, { token: keys.get(maker).secret, actAs: bot.id });
      await device.next('session:ready');
      return device;
    };
    const untouched = await connected(root);
    const until = new Date(now() + 3_600_000).toISOString();
    const acts: [Person, string, () => Promise<unknown>][] = [
      [
        suspended,
        'ACCOUNT_SUSPENDED',
        () => root.must('POST', `/admin/users/${suspended.id}/suspend`, { until, reason: 'away' }),
      ],
      [banned, 'ACCOUNT_SUSPENDED', () => root.must('POST', `/admin/users/${banned.id}/ban`, { reason: 'away' })],
      [leaving, 'UNAUTHORIZED', () => leaving.must('DELETE', '/users/me', { password: 'correct horse' })],
      [former, 'UNAUTHORIZED', () => root.must('PUT', `/admin/users/${former.id}/role`, { role: 'MODERATOR' })],
      [deleted, 'UNAUTHORIZED', () => root.must('DELETE', `/admin/users/${deleted.id}`, {})],
    ];
    for (const [maker, code, act] of acts) {
      const device = await connected(maker);
      await act();
      expect(await device.next('session:ended')).toMatchObject({ code: 'SESSION_REVOKED' });
      await device.next('disconnect');
      expect((await callWith(keys.get(maker).secret, bot.id, 'GET', '/users/me')).body.code).toBe(code);
      const again = new Device(story.url, { token: keys.get(maker).secret, actAs: bot.id });
      expect(await again.next('connect_error')).toMatchObject({ code });
      for (const { socket } of [device, again]) socket.close();
    }
    expect(untouched.socket.connected).toBe(true);
    await untouched.must('sync', {});
    untouched.socket.close();
    for (const maker of [leaving, deleted])
      expect(await audited(keys.get(maker).id)).toEqual(['api_key.revoke', 'api_key.create']);
    const [entry] = (await root.must('GET', `/admin/audit?targetId=${suspended.id}&action=user.suspend`)).items;
    expect(entry.details).toMatchObject({ keySessions: 1 });
    await root.must('POST', `/admin/users/${suspended.id}/restore`, {});
    await root.must('PUT', `/admin/users/${former.id}/role`, { role: 'ADMIN' });
    for (const maker of [suspended, former]) (await connected(maker)).socket.close();
  });

  it('has every server look for connections that ended when its maker is no administrator any more', async () => {
    const maker = await story.person('maker');
    await story.grant(maker, 'ADMIN');
    // An operator's command publishes its event to no server that runs without Redis: those look where the revision has risen.
    const sessions = story.app.get(Sessions);
    const before = await sessions.endingsRevision();
    await story.app.get(Operator).grantRole(maker.id, 'MODERATOR');
    const after = await sessions.endingsRevision();
    expect(after).toBe(before + 1);
    await story.app.get(Operator).grantRole(maker.id, 'USER');
    expect(await sessions.endingsRevision()).toBe(after);
  });

  it('lists no bots that were deleted, and counts them no more', async () => {
    const [deleted, forgotten, kept] = [await newBot(), await newBot(), await newBot()];
    await root.must('DELETE', `/admin/users/${deleted.id}`, {});
    // As of a bot that an earlier version deleted, whose row stayed.
    await rows('UPDATE users SET deleted_at = now() WHERE id = $1', forgotten.id);
    const listed = (await root.must('GET', '/admin/bots?limit=100')).items.map(({ id }: Anything) => id);
    expect([deleted, forgotten, kept].map(({ id }) => listed.includes(id))).toEqual([false, false, true]);
    expect(await rows('SELECT FROM bots WHERE user_id = $1', deleted.id)).toEqual([]);
    const repository = story.app.get(BotsRepository);
    const isAdded = (max: number): Promise<boolean> =>
      story.app
        .get(Database)
        .transaction(async (transaction) => {
          const added = await repository.add(transaction, ada.id, root.id, max);
          throw Object.assign(new Error('undone'), { added });
        })
        .catch(({ added }) => added);
    expect([await isAdded(listed.length), await isAdded(listed.length + 1)]).toEqual([false, true]);
  });

  it('lets no bot in that is deleted while it connects', async () => {
    const bot = await newBot();
    const key = await newKey(['conversations:read']);
    const held = holdCalls(story.app, Accounts, 'holdUnsuspended');
    const device = new Device(story.url, { token: key.secret, actAs: bot.id });
    try {
      await until('it is about to be let in', () => held.count === 1);
      await root.must('DELETE', `/admin/users/${bot.id}`, {});
    } finally {
      held.release();
    }
    expect(await device.nextOf(['session:ready', 'connect_error'])).toMatchObject({
      payload: { code: 'UNAUTHORIZED' },
    });
    device.socket.close();
    expect(await rows('SELECT FROM sessions WHERE user_id = $1', bot.id)).toEqual([]);
  });

  it('lets bots in also where the database was away for a moment', async () => {
    const [bot, key] = [await newBot(), await newKey(['conversations:read'])];
    const repository = story.app.get(ApiKeysRepository);
    let failures = 0;
    repository.find = () => {
      failures += 1;
      if (failures === 2) repository.find = ApiKeysRepository.prototype.find;
      return Promise.reject(new DomainError('UNAVAILABLE'));
    };
    const device = new Device(story.url, { token: key.secret, actAs: bot.id });
    const { event } = await device.nextOf(['session:ready', 'connect_error']);
    repository.find = ApiKeysRepository.prototype.find;
    expect(event).toBe('session:ready');
    expect(failures).toBe(2);
    device.socket.close();
  });

  it('is no way for a bot to a role', async () => {
    const bot = await newBot();
    const { status, body } = await root.call('PUT', `/admin/users/${bot.id}/role`, { role: 'MODERATOR' });
    expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('lets no bot in that connects while the maker of its key is suspended', async () => {
    const [bot, maker] = [await newBot(), await story.person('maker')];
    await story.grant(maker, 'ADMIN');
    const key = await maker.must('POST', '/admin/api-keys', { name: 'x', scopes: ['conversations:read'] });
    const devices = Array.from({ length: 20 }, () => new Device(story.url, { token: key.secret, actAs: bot.id }));
    await devices[0]?.nextOf(['session:ready', 'connect_error']);
    await root.must('POST', `/admin/users/${maker.id}/ban`, { reason: 'away' });
    await Promise.all(devices.map((device) => device.nextOf(['connect_error', 'disconnect'])));
    expect(devices.some(({ socket }) => socket.connected)).toBe(false);
    for (const { socket } of devices) socket.close();
  });

  it('ends its connections at its end', async () => {
    const bot = await newBot();
    // Time stands still, so that the key is not over before it is used; how long it lasts from then on is no matter of it.
    const begun = now();
    const clock = story.app.get(Clock);
    clock.now = () => begun;
    try {
      const key = await newKey(['conversations:read'], { expiresAt: new Date(begun + 200).toISOString() });
      const device = new Device(story.url, { token: key.secret, actAs: bot.id });
      await device.next('session:ready');
      expect(await device.next('session:ended')).toMatchObject({ code: 'TOKEN_EXPIRED' });
      await device.next('disconnect');
      device.socket.close();
    } finally {
      clock.now = now;
    }
  });

  it('ends by itself, and says to the minute when it was used last', async () => {
    const bot = await newBot();
    const key = await newKey(['users:read'], { expiresAt: new Date(now() + 3_600_000).toISOString() });
    const used = async (): Promise<string> =>
      (await root.must('GET', '/admin/api-keys')).items.find(({ id }: Anything) => id === key.id).lastUsedAt;
    const use = (): Promise<Answer<Anything>> => callWith(key.secret, bot.id, 'GET', '/users/me');
    await use();
    await until('the use is written down', async () => (await used()) !== null);
    const first = await used();
    clockAheadMs += 30_000;
    await use();
    clockAheadMs += 31_000;
    await use();
    await until('the later use is written down', async () => (await used()) !== first);
    expect(Date.parse(await used()) - Date.parse(first)).toBeGreaterThanOrEqual(60_000);
    clockAheadMs += 3_600_000;
    expect((await use()).body.code).toBe('UNAUTHORIZED');
  });
});

describe('limits of API keys', () => {
  it('are their own, whoever they act as', async () => {
    const story = await startStory(
      {},
      {
        LIMITS:
          '{ "keyMessages": { "burst": 30, "perSeconds": 3600 }, "messages": { "burst": 5, "perSeconds": 3600 } }',
      },
    );
    try {
      const [root, ada] = [await story.person('root'), await story.person('ada')];
      await story.grant(root, 'ADMIN');
      const bot = await root.must('POST', '/admin/bots', {
        username: `bot_${randomUUID().slice(0, 8)}`,
        displayName: 'Bot',
      });
      const scopes = ['conversations:write', 'messages:write'];
      const { secret } = await root.must('POST', '/admin/api-keys', { name: 'x', scopes });
      const call = async (path: string, body: object): Promise<Anything> => {
        const headers = { authorization: `Bearer ${secret}`, 'x-act-as': bot.id, 'content-type': 'application/json' };
        return (await fetch(story.url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
      };
      const { id } = await call('/conversations', { userId: ada.id });
      for (let sent = 0; sent < 30; sent += 1)
        expect((await call(`/conversations/${id}/messages`, { content: `${sent}` })).seq).toBe(sent + 1);
      expect((await call(`/conversations/${id}/messages`, { content: 'more' })).code).toBe('RATE_LIMITED');
    } finally {
      await story.close();
    }
  });
});
