import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ChatError, type OutgoingMessage, createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { type Database, type Storage, StorageError } from '../../src/ports/storage.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { tabsChannelOf } from '../../src/tabs/types.js';
import { sharedChannels } from '../support/clients.js';
import { rejection, settled } from '../support/virtual-clock.js';
import { ME, noChanges } from '../sync/model-server.js';
import { CONVERSATION, loggedIn, made, OTHER } from './fake-server.js';

describe('a client', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each(['localhost:3000', 'chat.example.com', '', 'http://', 'ws://chat.example', undefined])(
    'refuses at once to be made for %j, which is no URL of a server',
    (url) => {
      const { ports } = made();
      expect(() => createClient({ ...ports, url: url as string })).toThrow(TypeError);
    },
  );

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

  it('settles what is asked of no conversation, and refuses what is no number of a message', async () => {
    const { client, sockets, clock } = await loggedIn();
    sockets.last.answer('sync', { ok: true, data: noChanges() });
    await settled();
    for (const id of ['', 'a conversation of others']) {
      const messages = client.messages(id);
      const moves = [messages.loadOlder(), messages.loadNewer(), messages.jumpTo(3), messages.jumpToNewest()];
      await clock.advance(5_000);
      expect(await Promise.all(moves)).toHaveLength(4);
    }
    for (const seq of [Number.NaN, Number.POSITIVE_INFINITY, 1.5])
      expect(await rejection(client.messages(CONVERSATION).jumpTo(seq))).toMatchObject({ code: 'VALIDATION_FAILED' });
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    void client.messages(CONVERSATION).jumpTo(Number.NaN);
    await settled();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
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
    const draft = client.draft(CONVERSATION);
    draft.set('typed before');
    await settled();
    await ports.storage.destroy(`chat.example:${ME}`);
    await ports.tokens.clear();
    // While the account ends whose storage is gone.
    const end = client.connection.subscribe(() => {
      end();
      draft.set('typed meanwhile');
    });
    for (const listener of listeners.splice(0)) listener(true);
    await settled();
    await ports.clock.advance(1_000);
    expect([client.userId, client.connection.getSnapshot().status]).toEqual([ME, 'connecting']);
    expect(client.outbox.items.map((item) => item.clientId)).toEqual([clientId]);
    expect(draft.getSnapshot()).toBe('typed meanwhile');
    await client.close();
    const next = createClient(ports);
    await next.ready;
    expect([next.userId, next.outbox.items.map((item) => item.clientId)]).toEqual([ME, [clientId]]);
    expect(next.draft(CONVERSATION).getSnapshot()).toBe('typed meanwhile');
    await next.close();
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

  it('ends the session where the server says that by now it is another user’s, and opens nothing of theirs', async () => {
    const { client, sockets, ports, clock } = await loggedIn();
    sockets.last.listeners.disconnected();
    await clock.advance(10_000);
    sockets.last.welcome('bob');
    await clock.advance(10_000);
    expect([client.userId, client.connection.getSnapshot()]).toEqual([
      undefined,
      { status: 'ended', code: 'SESSION_REVOKED' },
    ]);
    expect([sockets.open, await ports.tokens.load()]).toEqual([[], undefined]);
    await client.close();
  });

  it('quotes the message that was named, whatever another member has called theirs', async () => {
    const { client, sockets, catchUp } = await loggedIn();
    await catchUp();
    client.messages(CONVERSATION).open();
    await settled();
    const [named] = client.messages(CONVERSATION).getSnapshot().items;
    const id = named?.id ?? '';
    sockets.last.listeners.event('message:new', {
      message: { ...named, id: 'c0-4', seq: 4, senderId: OTHER, clientId: id },
      conversation: { id: CONVERSATION, type: 'DIRECT', title: null, memberCount: 2 },
    });
    await settled();
    expect(client.messages(CONVERSATION).getSnapshot().items).toMatchObject([{}, {}, {}, { clientId: id }]);
    client.send({ conversationId: CONVERSATION, content: 'yes', replyToId: id });
    await settled();
    expect(client.outbox.items[0]?.command).toMatchObject({ replyToId: id });
    await client.close();
  });

  it.each([{ receiverId: OTHER }, { conversationId: `user:${OTHER}` }, { conversationId: CONVERSATION }])(
    'quotes by its id a message that has been sent, in a reply to %j',
    async (recipient) => {
      const { client, sockets, catchUp } = await loggedIn();
      await catchUp();
      client.messages(CONVERSATION).open();
      await settled();
      const [named] = client.messages(CONVERSATION).getSnapshot().items;
      sockets.last.listeners.event('message:new', {
        message: { ...named, id: 'c0-4', seq: 4, senderId: ME, clientId: 'k1' },
        conversation: { id: CONVERSATION, type: 'DIRECT', title: null, memberCount: 2 },
      });
      await settled();
      client.send({ ...recipient, content: 'yes', replyToId: 'k1' });
      expect(client.outbox.items[0]?.command).toMatchObject({ replyToId: 'c0-4' });
      await client.close();
    },
  );

  it('leaves a conversation open, and its messages the same, where one subscription follows another at once', async () => {
    const { client, sockets } = await loggedIn();
    sockets.last.answer('sync', { ok: true, data: noChanges() });
    await settled();
    const messages = client.messages(CONVERSATION);
    const end = messages.subscribe(() => undefined);
    await settled();
    const shown = messages.getSnapshot();
    const rooms = (): string[] =>
      sockets.last.emitted.map(({ event }) => event).filter((event) => event.endsWith('_conversation'));
    const before = rooms();
    // As React does where it is given another function to subscribe with.
    end();
    const endNext = messages.subscribe(() => undefined);
    expect(messages.getSnapshot()).toBe(shown);
    await settled();
    expect([messages.getSnapshot() === shown, rooms()]).toEqual([true, before]);
    endNext();
    await settled();
    expect(rooms()).toEqual([...before, 'leave_conversation']);
    await client.close();
  });

  it('calls who subscribes to messages where these are opened by that, and so show what is unread', async () => {
    const { client, catchUp } = await loggedIn();
    await catchUp();
    const messages = client.messages(CONVERSATION);
    // What is held in memory comes in the same tick.
    messages.subscribe(() => undefined)();
    await settled();
    expect(messages.getSnapshot().firstUnreadSeq).toBeNull();
    const called: (number | null)[] = [];
    const end = messages.subscribe(() => called.push(messages.getSnapshot().firstUnreadSeq));
    expect(called.at(-1)).toBe(1);
    end();
    await client.close();
  });

  it('calls nobody whose subscription was ended by one that was called before', async () => {
    const { client } = await loggedIn();
    let calls = 0;
    let end = (): void => undefined;
    client.connection.subscribe(() => end());
    end = client.connection.subscribe(() => (calls += 1));
    await client.logout();
    await client.login({ username: 'me', password: 'a long password' });
    await client.logout();
    expect(calls).toBe(0);
    await client.close();
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

  it.each(['another user logs in', 'the user logs out'])('leaves no conversation where %s before', async (change) => {
    const { client: former, ports, asked } = await loggedIn();
    await former.close();
    const fetch: Fetch = (url, init) => {
      if (!url.endsWith('/auth/login')) return ports.fetch(url, init);
      const answer = { accessToken: 'of ada', refreshToken: 'r ada', user: { id: 'ada' } };
      const text = () => Promise.resolve(JSON.stringify(answer));
      return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
    };
    const client = createClient({ ...ports, fetch });
    await client.ready;
    await client.send({ conversationId: CONVERSATION, content: 'bye' }).stored;
    const left = rejection(client.conversations.leave(CONVERSATION));
    await settled();
    if (change === 'the user logs out') await client.logout();
    else await client.login({ username: 'ada', password: 'a long password' });
    expect(await left).toMatchObject({ code: 'ABORTED' });
    expect(asked.filter((path) => path.endsWith('/leave'))).toEqual([]);
    await client.close();
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
    const { client, clock } = await loggedIn();
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
      // It may still be being drawn.
      expect(revoke).not.toHaveBeenCalled();
      await clock.advance(5_000);
      expect(revoke.mock.calls).toEqual([[url]]);
    } finally {
      Reflect.deleteProperty(globalThis, 'document');
    }
    await client.close();
  });

  it('sends a message whose file could not be read with other files, or none, where its user says so', async () => {
    const { client } = await loggedIn();
    const gone = { name: 'x', mimeType: 'text/plain', size: 1, read: () => Promise.reject(new Error('It is gone.')) };
    const { clientId, stored } = client.send({ conversationId: CONVERSATION, content: 'text', attachments: [gone] });
    await stored;
    expect(client.outbox.items).toMatchObject([{ state: 'rejected', lastError: { code: 'UNREADABLE_FILE' } }]);
    await client.outbox.edit(clientId, 'other text', [new File(['x'], 'y.txt')]);
    const [item] = client.messages(CONVERSATION).items.slice(-1);
    expect(item).toMatchObject({ state: 'pending', content: 'other text', attachments: [{ name: 'y.txt' }] });
    await client.close();
  });

  it('answers with an error of its own, and no other, what a log-out cuts off and a storage that is not removed', async () => {
    const { client, ports, clock } = await loggedIn();
    await client.close();
    const { open } = ports.storage;
    let isSilent = false;
    const storage: Storage = {
      ...ports.storage,
      open: async (name) => {
        const database = await open(name);
        const transaction = database.transaction.bind(database);
        database.transaction = (mode, ...given) =>
          isSilent && mode === 'readwrite'
            ? Promise.reject(new StorageError('UNAVAILABLE', 'busy'))
            : transaction(mode, ...given);
        return database;
      },
      destroy: () => Promise.reject(new StorageError('UNAVAILABLE', 'It is in use.')),
    };
    const again = createClient({ ...ports, storage });
    await again.ready;
    const message = { conversationId: CONVERSATION, id: 'm1', clientId: null };
    const [first, second] = [1, 2].map(() => again.send({ conversationId: CONVERSATION, content: 'stored' }));
    await second?.stored;
    isSilent = true;
    const cut = [
      again.send({ conversationId: CONVERSATION, content: 'typed' }).stored,
      again.edit(message, 'edited'),
      again.react(message, '👍'),
      again.outbox.edit(first?.clientId ?? '', 'edited'),
      again.outbox.drop(second?.clientId ?? ''),
    ].map(rejection);
    await settled();
    const left = rejection(again.logout());
    await clock.advance(10_000);
    const errors = await Promise.all([...cut, left]);
    expect(errors.filter((error) => !(error instanceof ChatError))).toEqual([]);
    expect(errors.map((error) => (error as ChatError).code)).toEqual([...cut.map(() => 'ABORTED'), 'STORAGE']);
    expect(again.userId).toBeUndefined();
    await again.close();
  });

  it('shows the preview of a file also while another tab sends its message, and lets go of it after that', async () => {
    const { client: earlier, ports, clock } = await loggedIn();
    await earlier.close();
    const channel = sharedChannels();
    const storage = { ...ports.storage, kind: 'shared' };
    const client = createClient({ ...ports, storage, lock: processLock(), channel });
    await clock.advance(1_000);
    const revoke = jest.spyOn(URL, 'revokeObjectURL').mockReturnValue(undefined);
    Object.defineProperty(globalThis, 'document', { value: {}, configurable: true });
    try {
      const file = new File(['x'], 'x.png', { type: 'image/png' });
      const { clientId, stored } = client.send({ conversationId: CONVERSATION, attachments: [file] });
      await stored;
      const shown = () => client.messages(CONVERSATION).items.at(-1)?.attachments[0]?.url;
      const url = shown();
      expect(url).toMatch(/^blob:/);
      // As the other tab stores it, where an object URL of this one shows nothing.
      const files = client.outbox.items[0]?.files?.map(({ previewUrl: _, ...kept }) => kept);
      const row = { ...client.outbox.items[0], files, state: 'sending', createdAt: 1 };
      const other = channel(tabsChannelOf(`chat.example:${ME}`));
      other.post({ type: 'rows', changes: { rows: [['outbox', clientId, row]] } });
      await settled();
      expect([client.outbox.items[0]?.createdAt, shown()]).toEqual([1, url]);
      await client.outbox.drop(clientId);
      await clock.advance(5_000);
      expect(revoke.mock.calls).toEqual([[url]]);
    } finally {
      Reflect.deleteProperty(globalThis, 'document');
    }
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
