import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ChatClient, createClient } from '../../src/index.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { type Database, StorageError } from '../../src/ports/storage.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { FakeSockets } from '../support/fake-ports.js';
import { rejection, settled, VirtualClock } from '../support/virtual-clock.js';
import { ME } from '../sync/model-server.js';
import { CONVERSATION, loggedIn, OTHER } from './fake-server.js';

describe('a client', () => {
  afterEach(() => void jest.restoreAllMocks());

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
    const { client: earlier, ports, catchUp } = await loggedIn();
    await catchUp();
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

  it('removes, before it is known which tab leads, a draft that was written before there was a conversation', async () => {
    const { client: earlier, ports, catchUp } = await loggedIn();
    await catchUp();
    await earlier.close();
    const name = `chat.example:${ME}`;
    const pendingId = `user:${OTHER}`;
    const database = await ports.storage.open(name);
    await database.transaction('readwrite', ['drafts'], (transaction) =>
      transaction.put('drafts', pendingId, 'written before'),
    );
    await database.close();
    const lock = processLock();
    let letGo = (): void => undefined;
    void lock.run(`${name}:leader`, () => new Promise<void>((resolve) => (letGo = resolve)));
    const client = createClient({ ...ports, lock });
    await settled();
    const draft = client.draft(CONVERSATION);
    expect(draft.getSnapshot()).toBe('written before');
    draft.clear();
    expect([draft.getSnapshot(), client.draft(pendingId).getSnapshot()]).toEqual(['', '']);
    letGo();
    await ports.clock.advance(1_000);
    await client.ready;
    expect(draft.getSnapshot()).toBe('');
    await client.close();
    const next = createClient(ports);
    await next.ready;
    expect(next.draft(CONVERSATION).getSnapshot()).toBe('');
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

  it('says that what is stored cannot be read where it opens all the same, and shows it as soon as it can be', async () => {
    const { client: earlier, ports } = await loggedIn();
    await earlier.close();
    let isWell = false;
    const { open } = ports.storage;
    ports.storage.open = async (name) => {
      const database = await open(name);
      const transaction = database.transaction.bind(database);
      database.transaction = (...given) => (isWell ? transaction(...given) : Promise.reject(new Error('ill')));
      return database;
    };
    const client = createClient(ports);
    await ports.clock.advance(40_000);
    await client.ready;
    expect(client.connection.getSnapshot()).toEqual({ status: 'ended', code: 'STORAGE' });
    isWell = true;
    await ports.clock.advance(60_000);
    expect(client.conversations.items).toHaveLength(1);
    expect(client.userId).toBe(ME);
    await client.close();
  });

  it.each(['start', 'logout', 'close', 'login'] as const)(
    'waits for no storage that opens and never answers: %s',
    async (what) => {
      const { client: earlier, ports } = await loggedIn();
      await earlier.close();
      if (what === 'login') await ports.tokens.clear();
      const never = <Result>(): Promise<Result> => new Promise(() => undefined);
      const storage = { ...ports.storage, open: () => Promise.resolve({ transaction: never, close: never }) };
      const client = createClient({ ...ports, storage });
      await settled();
      const asked: Record<typeof what, () => Promise<unknown>> = {
        start: () => client.ready,
        logout: () => client.logout(),
        close: () => client.close(),
        login: () => rejection(client.login({ username: 'me', password: 'a long password' })),
      };
      let answer: unknown = 'none';
      void asked[what]().then((given) => (answer = given));
      await ports.clock.advance(what === 'logout' || what === 'close' ? 1_000 : 90_000);
      if (what === 'login') expect(answer).toMatchObject({ code: 'STORAGE' });
      else expect(answer).toBeUndefined();
      if (what === 'start') expect(client.connection.getSnapshot()).toEqual({ status: 'ended', code: 'STORAGE' });
      expect((await ports.tokens.load())?.userId).toBe(what === 'start' || what === 'close' ? ME : undefined);
      const closed = client.close();
      await ports.clock.advance(60_000);
      await closed;
      expect(ports.clock.waiting).toBe(0);
    },
  );

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
});
