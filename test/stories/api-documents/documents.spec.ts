import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Clock } from '../../../src/common/clock.js';
import { DocumentObserver, Documents } from '../../support/documents.js';
import { film, picture } from '../../support/files.js';
import { type Anything, Person, request, startStory, type Story } from '../../support/story.js';
import { TusClient } from '../../support/clients/tus.js';
import type { paths } from './api.generated.js';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Paths = keyof paths;
type MethodsOf<Path extends Paths> = {
  [M in Method]: M extends keyof paths[Path] ? (paths[Path][M] extends object ? M : never) : never;
}[Method];
type OperationAt<Path extends Paths, M extends Method> = M extends keyof paths[Path]
  ? NonNullable<paths[Path][M]>
  : never;
type PathOf<O> = O extends { parameters: { path: infer Parameters } } ? { path: Parameters } : { path?: never };
type QueryOf<O> = O extends { parameters: { query: infer Query } }
  ? { query: Query }
  : O extends { parameters: { query?: infer Query } }
    ? { query?: Query }
    : { query?: never };
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer Body } } }
  ? { body: Body }
  : O extends { requestBody?: { content: { 'application/json': infer Body } } }
    ? { body?: Body }
    : { body?: never };
type Call<O> = PathOf<O> & QueryOf<O> & BodyOf<O>;
type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : undefined;
type Answer<O> = O extends { responses: infer Responses }
  ? Json<Responses[Extract<keyof Responses, 200 | 201 | 202 | 204>]>
  : never;

/** A client as one is generated: it knows the server by its document alone, and the compiler holds every call to it. */
class GeneratedClient {
  constructor(
    private readonly url: string,
    private readonly token: string | undefined,
  ) {}

  /** Calls, and expects success. */
  async call<Path extends Paths, M extends MethodsOf<Path>>(
    method: M,
    path: Path,
    parts: Call<OperationAt<Path, M>>,
  ): Promise<Answer<OperationAt<Path, M>>> {
    const { status, body } = await this.ask(method, path, parts);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Calls, and answers the code of the refusal. */
  async refused<Path extends Paths, M extends MethodsOf<Path>>(
    method: M,
    path: Path,
    parts: Call<OperationAt<Path, M>>,
  ): Promise<string> {
    const { status, body } = await this.ask(method, path, parts);
    return status < 300 ? `answered ${status}` : body.code;
  }

  private ask(method: string, path: string, parts: object): Promise<{ status: number; body: Anything }> {
    const given = parts as { path?: Record<string, string>; query?: Record<string, unknown>; body?: unknown };
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given.path?.[name] ?? ''));
    const query = Object.entries(given.query ?? {}).map(([name, value]) => [name, String(value)]);
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query as [string, string][]).toString()}`;
    return request(this.url, method.toUpperCase(), filled + search, given.body, this.token);
  }
}

describe('the documents', () => {
  const documents = new Documents();
  let observer: DocumentObserver;
  let directory: string;
  let story: Story;
  let [ada, bob, cy]: [Person, Person, Person] = [] as never;

  const as = (person: Person | undefined): GeneratedClient => new GeneratedClient(story.url, person?.accessToken);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-documents-'));
    observer = new DocumentObserver(documents);
    story = await startStory({ rateLimits: false }, { DATA_DIR: directory, WEBHOOK_ALLOWED_HOSTS: '127.0.0.1' });
    [ada, bob, cy] = await Promise.all([story.person('ada'), story.person('bob'), story.person('cy')]);
  });
  afterAll(async () => {
    observer.stop();
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('pass what strict readers of such documents ask for', async () => {
    await expect(promisify(execFile)(process.execPath, ['scripts/lint-documents.mjs'])).resolves.toBeDefined();
  });

  it('show samples that their own schemas allow', () => {
    expect(documents.faultsOfSamples()).toEqual([]);
  });

  it.each([
    ['/docs-json', 'application/json'],
    ['/docs-yaml', 'text/yaml'],
    ['/docs/async-json', 'application/json'],
    ['/docs/async', 'text/html'],
    ['/docs/protocol', 'text/html'],
    ['/docs/errors', 'text/html'],
    ['/docs/try.js', 'text/javascript'],
  ])(
    'are made once: %s is the same bytes for everybody, and nothing for a client that has them',
    async (path, type) => {
      const sent = jest.spyOn(ServerResponse.prototype, 'end');
      try {
        const first = await fetch(story.url + path);
        expect([first.status, first.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
        expect((await first.text()).length).toBeGreaterThan(1_000);
        await (await fetch(story.url + path)).text();
        const [one, other] = sent.mock.calls.map(([bytes]) => bytes as unknown);
        // Not only equal: that they were made again would show in nothing else.
        expect(one).toBeInstanceOf(Buffer);
        expect(other === one).toBe(true);
        const etag = first.headers.get('etag') ?? '';
        // Without the second of them `fetch` asks for the bytes again.
        const headers = { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' };
        const present = await fetch(story.url + path, { headers });
        expect([present.status, (await present.text()).length]).toEqual([304, 0]);
        const head = await fetch(story.url + path, { method: 'HEAD' });
        expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([
          200,
          etag,
          first.headers.get('content-length'),
        ]);
      } finally {
        sent.mockRestore();
      }
    },
  );

  it('are no part of the script of their page, which fetches them', async () => {
    const script = await (await fetch(`${story.url}/docs/swagger-ui-init.js`)).text();
    expect(script).toContain('"swaggerUrl": "/docs-json"');
    expect(script).not.toContain('"paths"');
  });

  it('ask for nothing that has a default, close what clients send, and describe both sides of typing', () => {
    const { paths, components } = documents.openApi;
    for (const path of ['/sync', '/conversations/{id}/messages']) {
      const limit = paths[path].get.parameters.find(({ name }: Anything) => name === 'limit');
      expect(limit).toMatchObject({ required: false, schema: { type: 'integer', minimum: 1, maximum: 100 } });
    }
    expect(paths['/auth/refresh'].post.requestBody.required).toBe(false);
    expect(paths['/auth/login'].post).toMatchObject({ security: [], requestBody: { required: true } });
    expect(paths['/users/me'].get.security).toEqual([{ bearer: [] }, { cookie: [] }]);
    expect(components.schemas.CreateMessageDto).toMatchObject({
      additionalProperties: false,
      properties: { content: { type: ['string', 'null'], minLength: 1, maxLength: 8_000 } },
    });
    expect(components.schemas.ConversationView.properties.lastMessageKind).toEqual({
      anyOf: [{ $ref: '#/components/schemas/MessageKind' }, { type: 'null' }],
    });
    const { messages, schemas } = documents.asyncApi.components;
    expect(schemas.SyncDto.required).toBeUndefined();
    expect(messages.client_typing.payload.$ref).toBe('#/components/schemas/TypingDto');
    expect(messages.server_typing.payload.$ref).toBe('#/components/schemas/TypingView');
    expect(Object.keys(schemas.TypingDto.properties)).toEqual(['conversationId', 'isTyping']);
  });

  it('say of every call with a token that it is refused to users who are suspended, and to API keys without its scope', () => {
    const silent = Object.entries<Anything>(documents.openApi.paths).flatMap(([path, methods]) =>
      Object.entries<Anything>(methods)
        .filter(([, { security, responses }]) => responses.default === undefined && 'bearer' in (security[0] ?? {}))
        .filter(([, { responses }]) => {
          const examples = responses[403]?.content['application/problem+json'].examples ?? {};
          return examples.ACCOUNT_SUSPENDED === undefined || examples.FORBIDDEN === undefined;
        })
        .map(([method]) => `${method} ${path}`),
    );
    expect(silent).toEqual([]);
  });

  it('are what a client compiles against that calls all they show, and what every answer is', async () => {
    const [adas, bobs, anybody] = [as(ada), as(bob), as(undefined)];
    const path = (id: string): { path: { id: string } } => ({ path: { id } });

    await anybody.call('get', '/health/live', {});
    await anybody.call('get', '/health/ready', {});

    // Friends and blocks.
    const asked = await adas.call('post', '/friends/requests', { body: { userId: bob.id } });
    await adas.call('delete', '/friends/requests/{id}', path(asked.id));
    const again = await adas.call('post', '/friends/requests', { body: { userId: bob.id } });
    await bobs.call('post', '/friends/requests/{id}/reject', path(again.id));
    const third = await adas.call('post', '/friends/requests', { body: { userId: bob.id } });
    const { conversation } = await bobs.call('post', '/friends/requests/{id}/accept', path(third.id));
    await adas.call('get', '/friends/requests', { query: { direction: 'outgoing', status: 'ACCEPTED' } });
    expect((await adas.call('get', '/friends', {})).items).toHaveLength(1);
    await adas.call('post', '/blocks', { body: { userId: cy.id } });
    await adas.call('get', '/blocks', { query: { limit: 1 } });
    await adas.call('delete', '/blocks/{userId}', { path: { userId: cy.id } });

    // Conversations.
    const conversationId = conversation.id;
    await adas.call('post', '/conversations', { body: { userId: bob.id } });
    const group = await adas.call('post', '/conversations', {
      body: { type: 'GROUP', title: 'Trip to Lisbon', memberIds: [bob.id] },
    });
    await adas.call('get', '/conversations', { query: { limit: 10 } });
    await adas.call('get', '/conversations/{id}', path(group.id));
    await adas.call('patch', '/conversations/{id}', { ...path(group.id), body: { title: 'Lisbon' } });
    const befriended = await cy.befriend(ada);
    expect(befriended).toMatch(/-/);
    await adas.call('post', '/conversations/{id}/members', { ...path(group.id), body: { memberIds: [cy.id] } });
    await adas.call('get', '/conversations/{id}/members', path(group.id));
    const cyInGroup = { path: { id: group.id, userId: cy.id } };
    await adas.call('patch', '/conversations/{id}/members/{userId}', { ...cyInGroup, body: { role: 'ADMIN' } });
    await adas.call('delete', '/conversations/{id}/members/{userId}', cyInGroup);
    const mine = { mutedUntil: '2030-01-01T00:00:00Z', archived: false, pinned: true };
    await adas.call('patch', '/conversations/{id}/me', { ...path(group.id), body: mine });
    await bobs.call('post', '/conversations/{id}/leave', path(group.id));

    // Messages.
    const clientId = randomUUID();
    const first = await adas.call('post', '/conversations/{id}/messages', {
      ...path(conversationId),
      body: { content: 'See you at nine', clientId },
    });
    const message = await bobs.call('post', '/conversations/{id}/messages', {
      ...path(conversationId),
      body: { content: 'At nine', replyToId: first.id },
    });
    const page = await adas.call('get', '/conversations/{id}/messages', path(conversationId));
    expect(page.items.map(({ seq }) => seq)).toEqual([1, 2]);
    await adas.call('get', '/messages/{id}', path(message.id));
    await bobs.call('patch', '/messages/{id}', { ...path(message.id), body: { content: 'At ten' } });
    const reaction = { path: { id: message.id, emoji: '👍' } };
    await adas.call('put', '/messages/{id}/reactions/{emoji}', reaction);
    await adas.call('delete', '/messages/{id}/reactions/{emoji}', reaction);
    await bobs.call('delete', '/messages/{id}/link-preview', path(message.id));
    expect(
      await adas.refused('put', '/messages/{id}/reactions/{emoji}', { path: { id: message.id, emoji: 'no emoji' } }),
    ).toBe('VALIDATION_FAILED');
    await adas.call('post', '/conversations/{id}/read', { ...path(conversationId), body: { seq: 2 } });
    await adas.call('get', '/conversations/{id}/receipts', path(conversationId));
    await adas.call('get', '/messages/search', { query: { q: 'nine', conversationId } });
    await adas.call('delete', '/messages/{id}', { ...path(first.id), query: { for: 'me' } });
    const sync = await adas.call('get', '/sync', {});
    if ('reset' in sync) throw new Error('sync without a cursor answered reset');
    await adas.call('get', '/sync', { query: { cursor: sync.cursor, limit: 10 } });
    await adas.call('get', '/sync', { query: { cursor: 'of another server' } }).catch(() => undefined);

    // Files.
    const photo = await ada.mustUpload(await picture(64, 64).png().toBuffer(), 'me.png');
    const file = await ada.mustUpload(film(), 'film.mp4');
    observer.called.add('POST /attachments');
    for (const upload of [photo, file])
      observer.faults.push(
        ...documents.faultsOfAnswer(
          { method: 'POST', path: '/attachments', body: undefined },
          { status: 201, headers: new Headers({ 'content-type': 'application/json' }), body: upload },
        ),
      );
    await adas.call('get', '/attachments/{id}', path(photo.id));
    await request(story.url, 'GET', photo.thumbnailUrl);
    await adas.call('post', '/conversations/{id}/messages', {
      ...path(conversationId),
      body: {
        attachmentIds: [file.id],
        attachments: [{ url: 'https://files.example.com/a.jpg', kind: 'IMAGE' }],
      },
    });
    const announced = { body: { name: 'beach.jpg', size: 5 } };
    expect(await adas.refused('post', '/attachments/uploads', announced)).toBe('UPLOADS_NOT_PRESIGNED');
    expect(await adas.refused('post', '/attachments/uploads/{id}/confirm', path(randomUUID()))).toBe('NOT_FOUND');
    const tus = new TusClient(ada, story.url);
    const location = await tus.begin(10, { filename: 'a.txt' });
    await tus.request('GET', location);
    await tus.patch(location, 0, Buffer.from('12345'));
    await tus.patch(location, 5, Buffer.from('67890'), { prefer: 'return=representation' });
    await tus.request('GET', location);
    await tus.request('DELETE', location);
    await adas.call('get', '/users/me/usage', {});
    const profile = await adas.call('patch', '/users/me', { body: { displayName: 'Ada', avatarId: photo.id } });
    await request(story.url, 'GET', profile.avatarUrl ?? '');

    // Devices.
    const device = { path: { deviceId: randomUUID() } };
    const body = { platform: 'expo', token: 'ExponentPushToken[of-ada]', preview: 'sender' } as const;
    await adas.call('put', '/devices/{deviceId}', { ...device, body });
    await adas.call('get', '/devices', {});
    await adas.call('get', '/devices/{deviceId}/log', device);
    await adas.call('delete', '/devices/{deviceId}', device);
    await anybody.call('get', '/push/web-key', {});

    // Users.
    await adas.call('get', '/users/me', {});
    await adas.call('get', '/users', { query: { search: 'bob' } });
    await adas.call('get', '/users/{id}', path(bob.id));
    await adas.call('get', '/users/me/export', {});

    // The administrator.
    await story.grant(ada, 'ADMIN');
    const bad = await bob.send(conversationId, 'Something bad');
    const filed = await as(cy).call('post', '/reports', {
      body: { targetType: 'user', targetId: bob.id, reason: 'SPAM', comment: 'Please look.' },
    });
    const open = await adas.call('get', '/admin/reports', { query: { status: 'OPEN' } });
    expect(open.items.map(({ id }) => id)).toEqual([filed.id]);
    const decided = await adas.call('post', '/admin/reports/{id}/resolve', {
      ...path(filed.id),
      body: { action: 'dismiss', note: 'Nothing in it.' },
    });
    expect(decided.resolution?.action).toBe('dismiss');
    await adas.call('get', '/admin/reports/{id}', path(filed.id));
    const evidence = await bob.mustUpload(Buffer.from('evidence'), 'evidence.txt');
    const worse = await bob.send(conversationId, 'Something worse', { attachmentIds: [evidence.id] });
    const shown = await as(ada).call('post', '/reports', {
      body: { targetType: 'message', targetId: worse.id, reason: 'SPAM' },
    });
    await adas.call('get', '/admin/reports/{id}', path(shown.id));
    await adas.call('get', '/admin/reports/{id}/attachments/{attachmentId}/{variant}', {
      path: { id: shown.id, attachmentId: evidence.id, variant: 'original' },
    });
    await adas.call('delete', '/admin/messages/{id}', { ...path(bad.id), body: { reason: 'spam' } });
    const nuisance = await story.person('nuisance');
    const until = '2100-01-01T00:00:00Z';
    await adas.call('post', '/admin/users/{id}/suspend', { ...path(nuisance.id), body: { until, reason: 'spam' } });
    await adas.call('post', '/admin/users/{id}/ban', { ...path(nuisance.id), body: { reason: 'spam' } });
    expect(await as(nuisance).refused('get', '/users/me', {})).toBe('ACCOUNT_SUSPENDED');
    await adas.call('post', '/admin/users/{id}/restore', { ...path(nuisance.id), body: {} });
    await adas.call('post', '/admin/users/{id}/end-sessions', {
      ...path(nuisance.id),
      body: { reason: 'a lost phone' },
    });
    await adas.call('put', '/admin/users/{id}/role', { ...path(nuisance.id), body: { role: 'MODERATOR' } });
    await adas.call('get', '/admin/users', { query: { search: 'nuis', role: 'MODERATOR', suspended: false } });
    await adas.call('get', '/admin/users/{id}', path(nuisance.id));
    await adas.call('post', '/admin/users/{id}/reset-password', { ...path(nuisance.id), body: { reason: 'asked' } });
    await adas.call('get', '/admin/users/{id}/export', path(nuisance.id));
    await adas.call('delete', '/admin/users/{id}', { ...path(nuisance.id), body: { reason: 'asked' } });
    await adas.call('post', '/admin/vacuum', { body: {} });
    await adas.call('get', '/admin/audit/export', { query: { format: 'csv', action: 'user.ban' } });
    await adas.call('get', '/admin/stats', {});
    await adas.call('get', '/admin/audit', { query: { action: 'user.suspend', limit: 10 } });

    // The REST of the older dialects.
    await adas.call('get', '/api/chats/my-chats', { query: { limit: 10 } });
    await adas.call('get', '/api/chats/history/{userId}', { path: { userId: bob.id } });
    await adas.call('get', '/api/chats/conversations', {});
    expect(await adas.refused('delete', '/api/chats/{messageId}', { path: { messageId: randomUUID() } })).toBe(
      'NOT_FOUND',
    );
    await bobs.call('delete', '/api/chats/{messageId}', { path: { messageId: message.id } });
    const room = await adas.call('post', '/msg/room', { body: { otherUserId: bob.id } });
    await adas.call('get', '/msg/room', {});
    await adas.call('get', '/msg/rooms', {});
    expect((await adas.call('get', '/auth/profile', {})).user).toMatchObject({ id: ada.id, email: ada.email });
    await adas.call('get', '/msg/room/{roomId}/messages', { path: { roomId: room.id } });
    await adas.call('delete', '/friends/{userId}', { path: { userId: bob.id } });

    // Keys and bots.
    const key = await adas.call('post', '/admin/api-keys', { body: { name: 'Help desk', scopes: ['users:read'] } });
    await adas.call('get', '/admin/api-keys', { query: { limit: 1 } });
    await adas.call('delete', '/admin/api-keys/{id}', path(key.id));
    await adas.call('post', '/admin/bots', { body: { username: 'helpdesk', displayName: 'Help desk' } });
    await adas.call('get', '/admin/bots', {});

    await adas.call('put', '/admin/conversations/{id}/retention', { ...path(group.id), body: { days: null } });
    await adas.call('get', '/admin/conversations/{id}/retention', path(group.id));

    // Webhooks, to somewhere on this machine where nobody listens.
    const events = ['message.created', 'report.created'] as const;
    const hook = await adas.call('post', '/admin/webhooks', {
      body: { url: 'http://127.0.0.1:9/', events: [...events] },
    });
    await adas.call('get', '/admin/webhooks', { query: { limit: 1 } });
    await adas.call('patch', '/admin/webhooks/{id}', { ...path(hook.id), body: { events: ['message.created'] } });
    await adas.call('post', '/admin/webhooks/{id}/rotate-secret', path(hook.id));
    const tested = await adas.call('post', '/admin/webhooks/{id}/test', path(hook.id));
    expect(tested.status).toBe('failed');
    await adas.call('get', '/admin/webhooks/{id}/deliveries', path(hook.id));
    await adas.call('post', '/admin/webhooks/{id}/deliveries/{deliveryId}/redeliver', {
      path: { id: hook.id, deliveryId: tested.id },
    });
    await adas.call('delete', '/admin/webhooks/{id}', path(hook.id));

    // Accounts, at last.
    const password = 'correct horse battery';
    const email = `${randomUUID()}@example.com`;
    await anybody.call('post', '/auth/register', { body: { email, password, deviceName: 'Phone' } });
    const login = await anybody.call('post', '/auth/login', { body: { email, password } });
    const refreshed = await anybody.call('post', '/auth/refresh', { body: { refreshToken: login.refreshToken } });
    const self = new GeneratedClient(story.url, refreshed.accessToken);
    const sessions = await self.call('get', '/auth/sessions', {});
    const other = sessions.items.find(({ current }) => !current);
    await self.call('delete', '/auth/sessions/{id}', path(other?.id ?? ''));
    const changed = { currentPassword: password, newPassword: `${password} two` };
    await self.call('post', '/auth/change-password', { body: changed });
    await anybody.call('post', '/auth/forgot-password', { body: { email } });
    await anybody.call('post', '/auth/resend-otp', { body: { email } });
    const code = { email, otp: '000000' };
    expect(await anybody.refused('post', '/auth/verify-otp', { body: code })).toMatch(/^OTP_/);
    expect(await anybody.refused('post', '/auth/reset-password', { body: { ...code, newPassword: password } })).toMatch(
      /^OTP_/,
    );
    await self.call('post', '/auth/logout', {});
    expect(await self.refused('get', '/users/me', {})).toBe('UNAUTHORIZED');
    await as(cy).call('post', '/auth/logout-all', {});
    const leaver = await story.person('leaver');
    await as(leaver).call('delete', '/users/me', { body: { password: 'correct horse' } });
    await adas.call('post', '/admin/after-restore', { body: { reason: 'the disk of Tuesday' } });
    await adas.call('post', '/admin/end-sessions', { body: { everybody: true } });

    expect(observer.faults).toEqual([]);
    const all = documents.operations().map(({ method, path: of }) => `${method} ${of}`);
    expect(all.filter((operation) => !observer.called.has(operation))).toEqual([]);
  });

  it('are what every event and every acknowledgement is', async () => {
    const [di, ed] = [await story.person('di'), await story.person('ed')];
    const [dis, eds] = [await di.device(), await ed.device()];
    const refused = await di.must('POST', '/friends/requests', { userId: ed.id });
    await ed.must('POST', `/friends/requests/${refused.id}/reject`);
    const withdrawn = await di.must('POST', '/friends/requests', { userId: ed.id });
    await di.must('DELETE', `/friends/requests/${withdrawn.id}`);
    const conversationId = await di.befriend(ed);
    for (const device of [dis, eds]) await device.must('join_conversation', { conversationId });
    const friend = await story.person('friend');
    await friend.befriend(di);
    await friend.device();
    await dis.next('presence:update', ({ userId }) => userId === friend.id);
    const { message } = await dis.must('send_message', { conversationId, content: 'Hello', clientId: randomUUID() });
    await eds.must('mark_delivered', { conversationId, seq: 1 });
    await eds.must('mark_read', { conversationId, seq: 1 });
    await eds.must('send_message', { receiverId: di.id, content: 'Hello', replyToId: message.id });
    await eds.must('typing', { conversationId, isTyping: true });
    await eds.must('react', { messageId: message.id, emoji: '👍' });
    await dis.must('edit_message', { messageId: message.id, content: 'Hello!' });
    await dis.must('delete_message', { messageId: message.id });
    await ed.must('PATCH', '/users/me', { displayName: 'Edward' });
    await dis.next('user:updated', ({ user }) => user.id === ed.id);
    const { syncCursor } = dis.all('session:ready')[0];
    await dis.must('sync', { cursor: syncCursor, limit: 10 });
    await dis.must('sync', {});
    await dis.must('authenticate', { token: di.accessToken });
    await dis.must('set_active', { active: false });
    for (const event of ['send_message', 'mark_read']) await dis.ask(event, { conversationId });
    dis.socket.emit('send_message', { conversationId });
    const group = await di.group('Trip', ed);
    await di.must('PATCH', `/conversations/${group}`, { title: 'Lisbon' });
    await di.must('DELETE', `/conversations/${group}/members/${ed.id}`);
    await dis.must('leave_conversation', conversationId);
    await di.must('DELETE', `/friends/${ed.id}`);
    await Promise.all([
      ...['exception', 'message:deleted', 'receipt:read', 'friend:removed'].map((event) => dis.next(event)),
      ...['conversation:removed', 'friend:request_cancelled'].map((event) => eds.next(event)),
    ]);
    expect(observer.faults).toEqual([]);
  });

  it('are what a connection is sent at its end', async () => {
    const short = await startStory({ accessTokenSeconds: 1, databaseUrl: story.databaseUrl }, { DATA_DIR: directory });
    // Time stands still, so that no token is over before it is used.
    const now = Date.now();
    short.app.get(Clock).now = () => now;
    const fay = await story.person('fay');
    try {
      const device = await (await Person.login(short.url, fay.username)).device();
      await device.next('session:expiring');
      await device.next('session:ended');
    } finally {
      await short.close();
    }
    expect(observer.faults).toEqual([]);
    // What cannot be brought about here is sent by a server that has lost its way.
    const rare = ['sync:needed'];
    expect(documents.serverEvents().filter((name) => !observer.events.has(name) && !rare.includes(name))).toEqual([]);
  });
});
