import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ChatClient, type OutgoingMessage, createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { type Database, StorageError } from '../../src/ports/storage.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { FakeConnectivity, FakeSockets } from '../support/fake-ports.js';
import { rejection, settled, VirtualClock } from '../support/virtual-clock.js';
import { Chance, ME, ModelServer } from '../sync/model-server.js';

const CONVERSATION = 'c0';
const OTHER = 'u1';

/** A client that has logged in at a server which answers requests; on its connection only what a test answers. */
async function loggedIn(): Promise<{
  client: ChatClient;
  sockets: FakeSockets;
  clock: VirtualClock;
  ports: ReturnType<typeof made>['ports'];
  asked: string[];
}> {
  const server = new ModelServer(new Chance(1));
  for (let count = 0; count < 3; count += 1) server.send(CONVERSATION, OTHER);
  const asked: string[] = [];
  const fetch: Fetch = (address, { method }) => {
    const path = address.replace('https://chat.example', '').split('?', 1)[0] ?? '';
    asked.push(`${method} ${path}`);
    const answer = (): object => {
      if (path.startsWith('/auth/'))
        return { accessToken: 'access', refreshToken: 'refresh', expiresIn: 900, user: { id: ME } };
      if (path === '/blocks') return { createdAt: '2026-11-26T12:00:00.000Z' };
      if (path.endsWith('/messages')) return server.page(CONVERSATION, {}, 50) ?? {};
      const conversation = server.conversation(CONVERSATION);
      const members = conversation.members.filter(({ user }) => user.id === ME || user.id === OTHER);
      return { ...conversation, type: 'DIRECT', title: null, members };
    };
    const text = () => Promise.resolve(JSON.stringify(answer()));
    return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
  };
  const { client, sockets, clock, ports } = made(fetch);
  await client.login({ username: 'me', password: 'a long password' });
  await settled();
  sockets.last.welcome(ME);
  await client.conversations.openDirect(OTHER);
  await settled();
  return { client, sockets, clock, ports, asked };
}

function made(fetch: Fetch = () => Promise.reject(new TypeError('fetch failed'))) {
  const [sockets, clock] = [new FakeSockets(), new VirtualClock()];
  const [storage, tokens] = [memoryStorage({ strict: true }), memoryTokens()];
  const ports = { url: 'https://chat.example', storage, tokens, socket: sockets.factory, clock, fetch };
  return { client: createClient(ports), sockets, clock, ports };
}

/** A server that answers these paths. */
function answering(answers: Record<string, object>): Fetch {
  return (address) => {
    const answer = answers[address.replace('https://chat.example', '')] ?? {};
    return Promise.resolve({
      status: 200,
      ok: true,
      headers: { get: () => null },
      text: () => Promise.resolve(JSON.stringify(answer)),
    });
  };
}

describe('a client', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each(['localhost:3000', 'chat.example.com', '', 'http://', 'ws://chat.example', undefined])(
    'refuses at once to be made for %j, which is no URL of a server',
    (url) => {
      const { ports } = made();
      expect(() => createClient({ ...ports, url: url as string })).toThrow(TypeError);
    },
  );

  it('that is closed while a conversation is being opened leaves no timer behind', async () => {
    const { client: earlier, ports } = await loggedIn();
    await earlier.close();
    const client = createClient(ports);
    await client.ready;
    client.messages(CONVERSATION).open();
    await client.close();
    await settled();
    expect(ports.clock.waiting).toBe(0);
  });

  it('marks nothing as read that is not written yet', async () => {
    const { client } = await loggedIn();
    await client.markRead(CONVERSATION, 1_000_000);
    await settled();
    expect(client.outbox.items.map(({ command }) => command)).toMatchObject([{ type: 'read', seq: 3 }]);
    expect(client.conversations.items[0]?.me).toMatchObject({ lastReadSeq: 3, unreadCount: 0 });
    await client.close();
  });

  it('tries to connect at once where its user does something and the server had too many connections', async () => {
    const { client, sockets, clock } = await loggedIn();
    const refuse = async (): Promise<void> => {
      sockets.last.end('TOO_MANY_CONNECTIONS', false);
      await settled();
      expect(client.connection.getSnapshot().status).toBe('waiting');
      await clock.advance(60_000);
    };
    await refuse();
    const { length } = sockets.opened;
    void client.markRead(CONVERSATION);
    await clock.advance(60_000);
    expect(sockets.opened).toHaveLength(length);
    client.send({ conversationId: CONVERSATION, content: 'hello' });
    await clock.advance(1_000);
    expect(sockets.opened).toHaveLength(length + 1);
    sockets.last.welcome(ME);
    await settled();
    await refuse();
    client.setActive(true);
    await clock.advance(1_000);
    expect(sockets.opened).toHaveLength(length + 2);
    await client.close();
  });

  it('takes no content that is not a text, and sends what is typed after it', async () => {
    const { client } = await loggedIn();
    const odd = [10n, 7, {}, Symbol('text'), ['text']] as unknown as string[];
    const [message] = client.messages(CONVERSATION).getSnapshot().items;
    for (const content of odd) {
      expect(() => client.send({ conversationId: CONVERSATION, content })).toThrow(TypeError);
      expect(() =>
        client.edit(message ?? { conversationId: CONVERSATION, id: 'c0-1', clientId: null }, content),
      ).toThrow(TypeError);
    }
    await client.send({ conversationId: CONVERSATION, content: 'text' }).stored;
    expect(client.outbox.items).toHaveLength(1);
    await client.close();
  });

  it('keeps nothing that no storage can keep, and goes on with what is typed after it', async () => {
    const { client } = await loggedIn();
    const event: Record<string, unknown> = { type: 'change' };
    event['target'] = event;
    const odd = event as unknown as string;
    const message = { conversationId: CONVERSATION, id: 'c0-1', clientId: null };
    expect(() => client.keepDraft(CONVERSATION, odd)).toThrow(TypeError);
    expect(() => client.draft(CONVERSATION).set(odd)).toThrow(TypeError);
    const content = 'text';
    for (const refused of [
      client.react(message, odd),
      client.delete(message, { for: 10n as unknown as 'me' }),
      client.send({ conversationId: CONVERSATION, content, replyToId: odd }).stored,
      client.send({ receiverId: odd, content }).stored,
      client.send({
        conversationId: CONVERSATION,
        attachments: [
          { name: 'a', mimeType: 'text/plain', size: 1n as unknown as number, read: async () => new Uint8Array(1) },
        ],
      }).stored,
    ])
      expect(await rejection(refused)).toBeInstanceOf(TypeError);
    await client.send({ conversationId: CONVERSATION, content: 'text' }).stored;
    expect(client.outbox.items).toHaveLength(1);
    await client.close();
  });

  it('takes the id that a conversation had before anything was sent there for its own, afterwards as well', async () => {
    const { client, asked } = await loggedIn();
    const [conversation] = client.conversations.items;
    expect(conversation).toMatchObject({ id: CONVERSATION });
    const before = `user:${OTHER}`;
    client.keepDraft(before, 'written');
    expect(client.draft(CONVERSATION).getSnapshot()).toBe('written');
    client.draft(CONVERSATION).set('changed');
    expect(client.draft(before).getSnapshot()).toBe('changed');
    client.draft(before).clear();
    expect(client.draft(CONVERSATION).getSnapshot()).toBe('');
    await client.markRead(before);
    expect(client.outbox.items.map(({ command }) => command)).toMatchObject([
      { type: 'read', conversationId: CONVERSATION, seq: 3 },
    ]);
    await client.conversations.updateOwn(before, { isArchived: true } as never).catch(() => undefined);
    expect(asked.at(-1)).toBe(`PATCH /conversations/${CONVERSATION}/me`);
    await client.close();
  });

  it('opens a conversation that is pending where a call needs the server’s', async () => {
    const { client, asked } = await loggedIn();
    client.send({ receiverId: 'u9', content: 'the first' });
    client.keepDraft('user:u9', 'the second');
    expect(client.draft('user:u9').getSnapshot()).toBe('the second');
    asked.length = 0;
    await client.conversations.members('user:u9').catch(() => undefined);
    expect(asked[0]).toBe('POST /conversations');
    expect(asked[1]).toMatch(/^GET \/conversations\/(?!user:)[^/]+\/members/);
    await client.close();
  });

  it('shows nobody online whom its user blocks', async () => {
    const { client, sockets } = await loggedIn();
    sockets.last.listeners.event('presence:update', { userId: OTHER, isOnline: true, lastSeenAt: null });
    await settled();
    expect(client.presence(OTHER).getSnapshot()).toMatchObject({ isOnline: true });
    await client.friends.block(OTHER);
    await settled();
    expect(client.presence(OTHER).getSnapshot()).toMatchObject({ isOnline: false });
    await client.close();
  });

  it.each([
    [2, 'connecting'],
    [3, 'ended'],
  ])('opens a storage that failed %d times: %s', async (failures, status) => {
    const storage = memoryStorage();
    const open = jest.spyOn(storage, 'open');
    for (let failure = 0; failure < failures; failure += 1) open.mockRejectedValueOnce(new Error('It is locked.'));
    const tokens = memoryTokens();
    await tokens.save({ url: 'https://chat.example', userId: ME, accessToken: 'access', refreshToken: 'refresh' });
    const [sockets, clock] = [new FakeSockets(), new VirtualClock()];
    const client = createClient({ url: 'https://chat.example', storage, tokens, clock, socket: sockets.factory });
    await settled();
    await clock.advance(5_000);
    await client.ready;
    expect(client.connection.getSnapshot().status).toBe(status);
    await client.close();
  });

  it('shows what is cached, and keeps what is written, before it is known which tab leads', async () => {
    const { client: earlier, sockets, ports } = await loggedIn();
    const nothing = { conversations: [], leftConversationIds: [], messages: [], receipts: [] };
    const data = { cursor: 'b', hasMore: false, ...nothing, friendRequests: [], friends: [], users: [] };
    sockets.last.answer('sync', { ok: true, data });
    await settled();
    await earlier.messages(CONVERSATION).loadOlder();
    earlier.keepDraft(CONVERSATION, 'stored');
    await earlier.close();
    // Another tab leads.
    const lock = processLock();
    let letGo = (): void => undefined;
    const leading = new Promise<void>((resolve) => (letGo = resolve));
    void lock.run(`chat.example:${ME}:leader`, () => leading);
    const client = createClient({ ...ports, lock });
    let isReady = false;
    void client.ready.then(() => (isReady = true));
    const shown: (string | undefined)[] = [];
    client.conversations.subscribe(() => shown.push(client.conversations.items[0]?.lastMessage ?? undefined));
    const draft = client.draft(CONVERSATION);
    let drafts = 0;
    draft.subscribe(() => (drafts += 1));
    await settled();
    expect([isReady, shown.at(-1), draft.getSnapshot()]).toEqual([false, 'text 3', 'stored']);
    expect(client.friends.items.length + client.outbox.items.length).toBe(0);
    const before = drafts;
    draft.set('changed');
    expect([draft.getSnapshot(), drafts]).toEqual(['changed', before + 1]);
    const older = client.messages(CONVERSATION).loadOlder();
    const { clientId, stored } = client.send({ conversationId: CONVERSATION, content: 'typed early' });
    const edited = client.edit({ conversationId: CONVERSATION, id: null, clientId }, 'typed earlier');
    const read = client.markRead(CONVERSATION);
    const first = client.send({ receiverId: 'u9', content: 'the first' });
    const texts = () => client.messages(CONVERSATION).items.map(({ content, state }) => [content, state]);
    const other = () => client.messages('user:u9').items.map(({ content }) => content);
    expect([texts(), other()]).toEqual([[['typed earlier', 'pending']], ['the first']]);
    expect(client.conversations.items.map(({ id, isPending = false }) => [id, isPending])).toContainEqual([
      'user:u9',
      true,
    ]);
    await settled();
    expect(isReady).toBe(false);
    await ports.clock.advance(1_000);
    await Promise.all([client.ready, older, stored, edited, read, first.stored]);
    expect(client.outbox.items.map(({ command }) => command)).toMatchObject([
      { type: 'send', clientId, content: 'typed early' },
      { type: 'edit', target: { clientId }, content: 'typed earlier' },
      { type: 'read', seq: 3 },
      { type: 'send', content: 'the first' },
    ]);
    const held = ['text 1', 'text 2', 'text 3'].map((text) => [text, 'sent']);
    expect(texts()).toEqual([...held, ['typed earlier', 'pending']]);
    const unread = () => client.conversations.items.find(({ id }) => id === CONVERSATION)?.me.unreadCount;
    expect(unread()).toBe(0);
    expect(other()).toEqual(['the first']);
    expect(draft.getSnapshot()).toBe('changed');
    // From now on this one leads, on what is stored.
    letGo();
    await settled();
    expect([client.connection.getSnapshot().status, unread()]).toEqual(['connecting', 0]);
    await client.close();
    const next = createClient(ports);
    await next.ready;
    expect(next.draft(CONVERSATION).getSnapshot()).toBe('changed');
    await next.close();
  });

  it.each([
    [true, 'connecting'],
    [false, 'ended'],
  ])(
    'whose storage is removed before it is known which tab leads keeps no lock, and what was typed where the session goes on: %p',
    async (goesOn, status) => {
      const { client: earlier, ports } = await loggedIn();
      await earlier.close();
      const lock = processLock();
      const name = `chat.example:${ME}`;
      let letGo = (): void => undefined;
      void lock.run(`${name}:leader`, () => new Promise<void>((resolve) => (letGo = resolve)));
      const client = createClient({ ...ports, lock });
      await settled();
      expect(client.conversations.items).toHaveLength(1);
      const { clientId, stored } = client.send({ conversationId: CONVERSATION, content: 'typed early' });
      const isStored = stored.then(
        () => true,
        () => false,
      );
      if (!goesOn) await ports.tokens.clear();
      await ports.storage.destroy(name);
      letGo();
      await ports.clock.advance(1_000);
      await client.ready;
      expect([await isStored, client.connection.getSnapshot().status]).toEqual([goesOn, status]);
      expect(client.conversations.items).toEqual([]);
      expect(client.outbox.items.map((item) => item.clientId)).toEqual(goesOn ? [clientId] : []);
      await client.close();
      await lock.run(`${name}:leader`, () => Promise.resolve());
    },
  );

  it('goes on, with what was typed, where the browser empties its storage and the session beside it', async () => {
    const { client: earlier, ports } = await loggedIn();
    await earlier.close();
    const listeners: ((isEmptied: boolean) => void)[] = [];
    const open = async (name: string): Promise<Database> => {
      const database = await ports.storage.open(name);
      database.onDestroyed = (listener) => void listeners.push(listener);
      return database;
    };
    ports.tokens.wasEmptied = async () => (await ports.tokens.load()) === undefined;
    const client = createClient({ ...ports, storage: { ...ports.storage, open } });
    await client.ready;
    const { clientId, stored } = client.send({ conversationId: CONVERSATION, content: 'typed before' });
    await stored;
    await ports.storage.destroy(`chat.example:${ME}`);
    await ports.tokens.clear();
    for (const listener of listeners.splice(0)) listener(true);
    await settled();
    await ports.clock.advance(1_000);
    expect([client.userId, client.connection.getSnapshot().status]).toEqual([ME, 'connecting']);
    expect(client.outbox.items.map((item) => item.clientId)).toEqual([clientId]);
    await client.close();
    const next = createClient(ports);
    await next.ready;
    expect([next.userId, next.outbox.items.map((item) => item.clientId)]).toEqual([ME, [clientId]]);
    await next.close();
  });

  it('reads what an earlier run left as soon as it can be read, with what was typed meanwhile', async () => {
    const { client: earlier, ports } = await loggedIn();
    await earlier.close();
    let isWell = false;
    const unlessIll = <Result>(work: () => Promise<Result>): Promise<Result> =>
      isWell ? work() : Promise.reject(new Error('ill'));
    const storage = { ...ports.storage, open: (name: string) => unlessIll(() => ports.storage.open(name)) };
    const tokens = { ...ports.tokens, load: () => unlessIll(() => ports.tokens.load()) };
    const openOnly = async (name: string): Promise<Database> => {
      const database = await ports.storage.open(name);
      const outdated = (): Promise<never> => Promise.reject(new StorageError('OUTDATED', 'Another tab upgrades it.'));
      return isWell ? database : { ...database, close: () => database.close(), transaction: outdated };
    };
    const illPorts = { storage: { storage }, tokens: { tokens }, upgrade: { storage: { ...storage, open: openOnly } } };
    for (const [ill, given] of Object.entries(illPorts)) {
      isWell = false;
      const client = createClient({ ...ports, ...given });
      client.keepDraft(CONVERSATION, `draft while ${ill} is ill`);
      const { clientId, stored } = client.send({ conversationId: CONVERSATION, content: `while ${ill} is ill` });
      await ports.clock.advance(10_000);
      await client.ready;
      expect(client.connection.getSnapshot()).toEqual({ status: 'ended', code: 'STORAGE' });
      expect(client.outbox.items.map((item) => item.clientId)).toEqual([clientId]);
      isWell = true;
      await ports.clock.advance(40_000);
      await stored;
      expect(client.userId).toBe(ME);
      expect(client.conversations.items).toHaveLength(1);
      expect(client.outbox.items.map((item) => item.clientId)).toContain(clientId);
      expect(client.draft(CONVERSATION).getSnapshot()).toBe(`draft while ${ill} is ill`);
      await client.outbox.drop(clientId);
      await client.close();
    }
  });

  it('keeps a draft that is typed before the storage is open, as the newest, and none of nobody', async () => {
    const { client: before, ports } = await loggedIn();
    before.keepDraft(CONVERSATION, 'of the run before');
    before.keepDraft(`${CONVERSATION}/other`, 'untouched');
    await settled();
    await before.close();
    const client = createClient(ports);
    client.keepDraft(CONVERSATION, 'typed at once');
    expect(client.draft(CONVERSATION).getSnapshot()).toBe('typed at once');
    await client.ready;
    const drafts = (of: ChatClient): string[] =>
      [CONVERSATION, `${CONVERSATION}/other`].map((id) => of.draft(id).getSnapshot());
    expect(drafts(client)).toEqual(['typed at once', 'untouched']);
    await client.close();
    const again = createClient(ports);
    await again.ready;
    expect(drafts(again)).toEqual(['typed at once', 'untouched']);
    await again.logout();
    await again.close();
    const nobody = createClient(ports);
    nobody.keepDraft(CONVERSATION, 'typed by nobody');
    await nobody.ready;
    await settled();
    expect(nobody.draft(CONVERSATION).getSnapshot()).toBe('');
    await nobody.close();
  });

  it('has a connection of its own in each tab where the storage is not shared', async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    // Another tab leads, for ever.
    const request = (name: string, _: object, work: () => unknown): unknown =>
      name.endsWith(':leader') ? new Promise(() => undefined) : work();
    Object.defineProperty(globalThis, 'window', { value: {}, configurable: true });
    Object.defineProperty(globalThis, 'navigator', { value: { locks: { request } }, configurable: true });
    try {
      const { client } = await loggedIn();
      expect(client.connection.getSnapshot().status).toBe('catching-up');
      await client.close();
    } finally {
      Reflect.deleteProperty(globalThis, 'window');
      Reflect.deleteProperty(globalThis, 'navigator');
      if (before !== undefined) Object.defineProperty(globalThis, 'navigator', before);
    }
  });

  it('leaves no session behind where a log-in finds no storage', async () => {
    const { client, ports } = made(
      answering({ '/auth/login': { accessToken: 'a', refreshToken: 'r', user: { id: ME } } }),
    );
    await client.ready;
    ports.storage.open = () => Promise.reject(new Error('there is none'));
    const { clear } = ports.tokens;
    ports.tokens.clear = () => Promise.reject(new Error('nor a store of the session'));
    const refused = rejection(client.login({ username: 'me', password: 'a long password' }));
    await ports.clock.advance(10_000);
    expect(await refused).toMatchObject({ code: 'STORAGE' });
    ports.tokens.clear = clear;
    expect(client.userId).toBeUndefined();
    expect((await ports.tokens.load())?.userId ?? '').toBe('');
    await client.close();
  });

  it('is logged in as who logged in last, whichever answer comes first, and not at all after a log-out', async () => {
    const answers: (() => void)[] = [];
    const ended: string[] = [];
    const fetch: Fetch = (address, { headers, body }) => {
      const respond = (answer: object) => ({
        status: 200,
        ok: true,
        headers: { get: () => null },
        text: () => Promise.resolve(JSON.stringify(answer)),
      });
      if (address.endsWith('/auth/logout')) ended.push(headers['authorization'] ?? '');
      if (!address.endsWith('/auth/login')) return Promise.resolve(respond({}));
      const id = (JSON.parse(body as string) as { username: string }).username;
      return new Promise((resolve) => {
        answers.push(() => resolve(respond({ accessToken: `of ${id}`, refreshToken: `r ${id}`, user: { id } })));
      });
    };
    const { client } = made(fetch);
    const logIn = (username: string) => client.login({ username, password: 'a long password' });
    const both = [logIn('ada'), logIn('grace')];
    await settled();
    for (const answer of answers.splice(0).reverse()) {
      answer();
      await settled();
    }
    await Promise.all(both);
    expect([client.userId, ended]).toEqual(['grace', ['Bearer of ada']]);
    const late = rejection(logIn('ada'));
    await settled();
    await client.logout();
    answers[0]?.();
    expect(await late).toMatchObject({ code: 'ABORTED' });
    await settled();
    expect([client.userId, ended]).toEqual([undefined, ['Bearer of ada', 'Bearer of grace', 'Bearer of ada']]);
    // Also where both are asked for at once.
    answers.length = 0;
    const [asked, left] = [rejection(logIn('ada')), client.logout()];
    await left;
    expect(await asked).toMatchObject({ code: 'ABORTED' });
    const registration = { username: 'ada', email: 'ada@example.com', password: 'a long password' };
    const [registered, leftAgain] = [rejection(client.register(registration)), client.logout()];
    await leftAgain;
    expect(await registered).toMatchObject({ code: 'ABORTED' });
    await settled();
    expect([client.userId, answers]).toEqual([undefined, []]);
    await client.close();
  });

  it('is left, and its storage removed, where the session cannot be removed from its store yet', async () => {
    const { client, ports } = await loggedIn();
    const { save, clear } = ports.tokens;
    const locked = (): Promise<never> => Promise.reject(new Error('locked'));
    Object.assign(ports.tokens, { save: locked, clear: locked });
    const left = client.logout();
    await ports.clock.advance(1_000);
    await left;
    expect([client.connection.getSnapshot().status, client.userId]).toEqual(['ended', undefined]);
    expect(await ports.tokens.load()).toMatchObject({ userId: ME });
    Object.assign(ports.tokens, { save, clear });
    await ports.clock.advance(60_000);
    expect((await ports.tokens.load())?.userId ?? '').toBe('');
    await client.close();
    const again = createClient(ports);
    await again.ready;
    expect([again.userId, again.conversations.items]).toEqual([undefined, []]);
    await again.close();
  });

  it('leaves a conversation after what was typed there, and not where that cannot be sent', async () => {
    const { client, clock, asked } = await loggedIn();
    void client.send({ conversationId: CONVERSATION, content: 'bye' });
    const left = client.conversations.leave(CONVERSATION);
    await settled();
    const isLeft = (): boolean => asked.some((path) => path.endsWith('/leave'));
    expect(isLeft()).toBe(false);
    const refused = rejection(left);
    await clock.advance(15_000);
    expect(await refused).toMatchObject({ code: 'TIMEOUT' });
    expect(isLeft()).toBe(false);
    await client.outbox.drop(client.outbox.items[0]?.clientId ?? '');
    await client.conversations.leave(CONVERSATION);
    expect(isLeft()).toBe(true);
    await client.close();
  });

  describe('that is given the tokens of the application', () => {
    const users: Fetch = (_, { headers }) => {
      const id = headers['authorization']?.replace('Bearer token of ', '');
      const text = () => Promise.resolve(JSON.stringify({ id }));
      return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
    };
    const bring = (user: string) => () => Promise.resolve(`token of ${user}`);
    const never = (): Promise<string> => new Promise(() => undefined);

    it('is the user’s whose token is brought, also where it was another one’s before, in this run or an earlier one', async () => {
      const { client, ports } = made(users);
      await client.useToken(bring('ada'));
      expect(client.userId).toBe('ada');
      await client.useToken(bring('grace'));
      expect([client.userId, (await ports.tokens.load())?.accessToken]).toEqual(['grace', 'token of grace']);
      await client.close();
      const next = createClient(ports);
      await next.ready;
      expect(next.userId).toBe('grace');
      await next.useToken(bring('ada'));
      expect(next.userId).toBe('ada');
      await next.close();
    });

    it('is the last user’s where the server cannot be asked', async () => {
      const { client, ports } = made(users);
      await client.useToken(bring('ada'));
      await client.close();
      for (const fetch of [() => Promise.reject(new TypeError('no network')), never as unknown as Fetch]) {
        const next = createClient({ ...ports, fetch });
        const used = next.useToken(bring('grace'));
        await ports.clock.advance(5_000);
        await used;
        expect(next.userId).toBe('ada');
        await next.close();
      }
    });

    it('takes the later of two providers for both, also where the first never answers', async () => {
      const { client } = made(users);
      const first = client.useToken(never);
      await settled();
      await Promise.all([first, client.useToken(bring('ada')), client.useToken(bring('grace'))]);
      expect(client.userId).toBe('grace');
      await client.close();
    });

    it('asks the provider again that once did not answer', async () => {
      const { client, sockets, clock } = made(users);
      await client.useToken(bring('ada'));
      await settled();
      let asked = 0;
      // Logged in, with a provider that hangs.
      await client.useToken(() => {
        asked += 1;
        return asked === 2 ? never() : bring('ada')();
      });
      await settled();
      sockets.last.listeners.failed({ data: { code: 'TOKEN_EXPIRED' } });
      await clock.advance(60_000);
      expect(asked).toBe(2);
      expect(client.connection.getSnapshot().status).toBe('connecting');
      await client.close();
    });

    it('is nobody’s where it was closed meanwhile', async () => {
      const { client } = made(users);
      await client.ready;
      let bringIt = (_: string): void => undefined;
      const used = rejection(client.useToken(() => new Promise((resolve) => (bringIt = resolve))));
      await settled();
      await client.close();
      bringIt('token of ada');
      expect(await used).toMatchObject({ code: 'ABORTED' });
      expect(client.userId).toBeUndefined();
    });
  });

  it('closes while the application brings no token', async () => {
    const { client } = made();
    await client.ready;
    client.useToken(() => new Promise(() => undefined)).catch(() => undefined);
    await settled();
    await client.close();
    expect(client.connection.getSnapshot().status).toBe('ended');
  });

  it('asks the server nothing any more once it was closed', async () => {
    const { client, asked } = await loggedIn();
    await client.close();
    asked.length = 0;
    const refused = [
      client.http.request('/users/me'),
      client.conversations.search('hello'),
      client.users.fetch('grace'),
      client.report({ targetType: 'user', targetId: 'grace', reason: 'SPAM' }),
      client.login({ email: 'ada@example.com', password: 'correct horse battery' }),
      client.useToken(async () => 'a token'),
    ];
    for (const answer of refused) expect(await rejection(answer)).toMatchObject({ code: 'ABORTED' });
    expect(asked).toEqual([]);
  });

  it('closes whole where a subscriber throws', async () => {
    const report = jest.spyOn(console, 'error').mockReturnValue(undefined);
    const { client, sockets, clock } = await loggedIn();
    const fail = (): void => {
      throw new Error('a fault of the application');
    };
    for (const observable of [client.connection, client.conversations, client.outbox]) observable.subscribe(fail);
    await client.send({ conversationId: CONVERSATION, content: 'hello' }).stored;
    await client.close();
    expect(report).toHaveBeenCalled();
    expect(sockets.open).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('says what became of a message without a session to whoever waits for it, and ends no process otherwise', async () => {
    const { client } = made();
    await client.ready;
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    client.send({ conversationId: CONVERSATION, content: 'ignored' });
    const { stored } = client.send({ conversationId: CONVERSATION, content: 'awaited' });
    await expect(stored).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' });
    await client.close();
    const late = client.send({ conversationId: CONVERSATION, content: 'after the end' });
    expect(await rejection(late.stored)).toMatchObject({ code: 'ABORTED' });
    await settled();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('ends no process by the result of a call that nobody waits for', async () => {
    const { client } = made();
    await client.ready;
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    const message = { conversationId: CONVERSATION, id: 'm1', clientId: null };
    const unsent = { conversationId: CONVERSATION, id: null, clientId: 'k1' };
    const ignored: (() => unknown)[] = [
      () => client.edit(message, 'text'),
      () => client.edit(unsent, 'text'),
      () => client.delete(message),
      () => client.delete(unsent),
      () => client.react(message, '👍'),
      () => client.markRead(CONVERSATION, 1),
      () => client.typing(CONVERSATION, true),
      () => client.upload(new Blob(['x'])),
      () => client.outbox.edit('k1', 'text'),
      () => client.outbox.drop('k1'),
      () => client.outbox.retry('k1'),
      () => client.conversations.leave(CONVERSATION),
      () => client.conversations.openDirect('u1'),
      () => client.friends.request('u1'),
      () => client.friends.remove('u1'),
      () => client.users.fetch('u1'),
      () => client.messages(CONVERSATION).loadOlder(),
      () => client.logout(),
    ];
    for (const call of ignored) call();
    await settled();
    await client.close();
    await settled();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it.each([[new Blob(['x'])], [null], [{ name: 'a', mimeType: 'text/plain', size: 1 }]])(
    'refuses at once an attachment that is neither a file nor a source: %p',
    async (attachment) => {
      const { client } = await loggedIn();
      const attachments = [attachment] as unknown as NonNullable<OutgoingMessage['attachments']>;
      expect(() => client.send({ conversationId: CONVERSATION, attachments })).toThrow(
        expect.objectContaining({ code: 'VALIDATION_FAILED' }),
      );
      expect(client.outbox.items).toEqual([]);
      await client.close();
    },
  );

  it('holds the preview of a file no longer than its message waits, and none where there is no page', async () => {
    const { client } = await loggedIn();
    const file = new File(['x'], 'x.png', { type: 'image/png' });
    const send = async (): Promise<{ clientId: string; url: string | undefined }> => {
      const { clientId, stored } = client.send({ conversationId: CONVERSATION, attachments: [file] });
      await stored;
      return { clientId, url: client.messages(CONVERSATION).items.at(-1)?.attachments[0]?.url };
    };
    expect((await send()).url).toBe('');
    const revoke = jest.spyOn(URL, 'revokeObjectURL');
    Object.defineProperty(globalThis, 'document', { value: {}, configurable: true });
    try {
      const { clientId, url } = await send();
      expect(url).toMatch(/^blob:/);
      expect(revoke).not.toHaveBeenCalled();
      expect(await client.outbox.drop(clientId)).toBe(true);
      expect(revoke.mock.calls).toEqual([[url]]);
    } finally {
      Reflect.deleteProperty(globalThis, 'document');
    }
    await client.close();
  });

  it.each(['logout', 'close'] as const)('uploads no further after %s', async (leave) => {
    const signals: (AbortSignal | undefined)[] = [];
    const answers = answering({ '/auth/login': { accessToken: 'access', refreshToken: 'refresh', user: { id: ME } } });
    const { client } = made((address, init) => {
      if (!address.endsWith('/attachments')) return answers(address, init);
      signals.push(init.signal);
      return new Promise(() => undefined);
    });
    await client.login({ username: 'me', password: 'a long password' });
    const uploaded = rejection(client.upload(new Blob(['picture'])));
    await settled();
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
    await client[leave]();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    expect(await uploaded).toMatchObject({ code: 'ABORTED' });
    await client.close();
  });

  it('opens a conversation whose older messages are asked for', async () => {
    const { client } = await loggedIn();
    const messages = client.messages(CONVERSATION);
    expect(messages.getSnapshot().isLoading).toBe(false);
    await messages.loadOlder();
    expect(messages.getSnapshot().items).toHaveLength(3);
    await client.close();
  });
});

describe('a log-out', () => {
  /** A server that can be reached or not, and what it was asked. */
  function network() {
    const state = { isReachable: true, isExpired: false, asked: [] as string[] };
    const fetch: Fetch = (address, { headers, body }) => {
      if (!state.isReachable) return new Promise(() => undefined);
      const path = address.replace('https://chat.example', '');
      const token = headers['authorization']?.replace('Bearer ', '') ?? '';
      state.asked.push(`${path} ${token}`.trim());
      const isRefused = state.isExpired && token === 'access';
      const isRefresh = path === '/auth/refresh';
      const spent = isRefresh ? (JSON.parse(body as string) as { refreshToken: string }).refreshToken : '';
      const tokens = { accessToken: `access${spent && ' after '}${spent}`, refreshToken: 'refresh', expiresIn: 900 };
      const answer = isRefused ? { code: 'TOKEN_EXPIRED' } : { ...tokens, user: { id: ME } };
      const status = isRefused ? 401 : 200;
      const text = () => Promise.resolve(JSON.stringify(answer));
      return Promise.resolve({ status, ok: !isRefused, headers: { get: () => null }, text });
    };
    return { state, fetch };
  }

  async function left(isClosed: boolean) {
    const { state, fetch } = network();
    const [tokens, clock, connectivity] = [memoryTokens(), new VirtualClock(), new FakeConnectivity()];
    const start = (): ChatClient => {
      const ports = { storage: memoryStorage(), tokens, socket: new FakeSockets().factory, clock, fetch, connectivity };
      return createClient({ url: 'https://chat.example', ...ports });
    };
    const client = start();
    await client.login({ username: 'me', password: 'a long password' });
    state.isReachable = false;
    let isOut = false;
    void client.logout().then(() => (isOut = true));
    await clock.advance(1_000);
    expect(isOut).toBe(true);
    expect(client.userId).toBeUndefined();
    expect(client.connection.getSnapshot()).toEqual({ status: 'ended' });
    expect(await tokens.load()).toMatchObject({ userId: '', accessToken: '' });
    if (isClosed) await client.close();
    state.asked.length = 0;
    return { state, tokens, clock, connectivity, client, start };
  }

  it('on a stalled network ends here within a second, and on the server when there is a network', async () => {
    const { state, tokens, clock, connectivity, client } = await left(false);
    await clock.advance(60_000);
    state.isReachable = true;
    connectivity.set(true);
    await clock.advance(60_000);
    expect(state.asked).toEqual(['/auth/logout access']);
    expect(await tokens.load()).toBeUndefined();
    await client.close();
    expect(clock.waiting).toBe(0);
  });

  it('that the server did not get before the app ended is repeated at the next start, with a token of its own', async () => {
    const { state, tokens, clock, start } = await left(true);
    Object.assign(state, { isReachable: true, isExpired: true });
    const again = start();
    await again.ready;
    expect(again.userId).toBeUndefined();
    await clock.advance(60_000);
    expect(state.asked).toEqual(['/auth/logout access', '/auth/refresh', '/auth/logout access after refresh']);
    expect(await tokens.load()).toBeUndefined();
    await again.close();
  });

  it('that waits for the server leaves the session of the next log-in alone', async () => {
    const { state, tokens, clock, client } = await left(false);
    await clock.advance(60_000);
    state.isReachable = true;
    const login = client.login({ username: 'me', password: 'a long password' });
    await clock.advance(60_000);
    await login;
    expect(state.asked.filter((one) => one.startsWith('/auth/logout'))).toEqual(['/auth/logout access']);
    expect(await tokens.load()).toMatchObject({ userId: ME, accessToken: 'access', refreshToken: 'refresh' });
    expect(client.userId).toBe(ME);
    await client.close();
  });
});
