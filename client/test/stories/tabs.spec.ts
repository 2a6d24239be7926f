import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { startStory, type Story } from '../../../test/support/story.js';
import type { ChatClient } from '../../src/index.js';
import type { ChannelFactory, ChannelMessage, Lifecycle, LifecycleState, Lock } from '../../src/ports/environment.js';
import { memoryTokens, systemFetch } from '../../src/ports/platform.js';
import { socketIo } from '../../src/ports/socket-io.js';
import type { Database } from '../../src/ports/storage.js';
import { indexedDbStorage } from '../../src/storage/indexeddb.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { Clients, firstConversationOf, live, sharedChannels, textsOf, until } from '../support/clients.js';

interface Tokens {
  refreshToken: string;
}

describe('the tabs of one user', () => {
  let server: Story;
  let clients: Clients;
  /** How many are open. */
  let sockets: number;
  /** The tokens for which new ones were asked. */
  let spent: string[];

  beforeAll(async () => {
    server = await startStory({ rateLimits: false }, { ACCESS_TOKEN_SECONDS: '6' });
    clients = new Clients(server.url);
  });

  afterEach(() => clients.close());

  afterAll(async () => {
    await server.close();
  });

  /** What the tabs of an origin share. */
  const browser = () => {
    [sockets, spent] = [0, []];
    return {
      storage: memoryStorage(),
      tokens: memoryTokens(),
      lock: processLock(),
      channel: sharedChannels(),
      socket: ((options, listeners) => {
        sockets += 1;
        let isOpen = true;
        const ended = (): void => {
          if (isOpen) sockets -= 1;
          isOpen = false;
        };
        const socket = socketIo(options, {
          connected: () => listeners.connected(),
          event: (name, payload) => listeners.event(name, payload),
          failed: (error) => {
            ended();
            listeners.failed(error);
          },
          disconnected: () => {
            ended();
            listeners.disconnected();
          },
        });
        return {
          ...socket,
          close: () => {
            ended();
            socket.close();
          },
        };
      }) as typeof socketIo,
      fetch: ((url, init) => {
        if (url.endsWith('/auth/refresh')) spent.push((JSON.parse(String(init?.body)) as Tokens).refreshToken);
        return systemFetch(url, init);
      }) as typeof systemFetch,
    };
  };

  it('have one socket, send what each of them writes once and in its order, and all show it', async () => {
    const shared = browser();
    const first = await clients.registered(shared);
    const tabs: ChatClient[] = [first];
    for (let count = 0; count < 4; count += 1) {
      const tab = clients.make(shared);
      await tab.ready;
      tabs.push(tab);
    }
    await Promise.all(tabs.map(live));
    // One after the other, where a token has ended meanwhile.
    await until('there is one socket', () => sockets === 1);
    const grace = await clients.registered();
    for (const [index, tab] of tabs.entries())
      await tab.send({ receiverId: grace.userId as string, content: `from tab ${index}` }).stored;
    const conversationId = await firstConversationOf(grace);
    await until('all arrive', () => textsOf(grace, conversationId).length === 5);
    const texts = [0, 1, 2, 3, 4].map((index) => `from tab ${index}`);
    expect(textsOf(grace, conversationId)).toEqual(texts);
    await until('nothing waits', () => tabs.every((tab) => tab.outbox.items.length === 0));
    for (const tab of tabs) {
      await until('it is shown', () => textsOf(tab, conversationId).length === 5);
      expect(textsOf(tab, conversationId)).toEqual(texts);
    }
  }, 180_000);

  it('keep the first messages to somebody on their screens until the conversation is there, whichever of them leads', async () => {
    const shared = browser();
    const leader = await clients.registered(shared);
    // What it asks sync comes later than what it is not asked for.
    const channel: ChannelFactory = (name) => {
      const { subscribe, ...rest } = shared.channel(name);
      const late = (listener: (message: ChannelMessage) => void) => (message: ChannelMessage) => {
        if (message.type === 'tabs:answer') setTimeout(() => listener(message), 100);
        else listener(message);
      };
      return { ...rest, subscribe: (listener) => subscribe(late(listener)) };
    };
    const follower = clients.make({ ...shared, channel });
    await live(follower);
    for (const sending of [leader, follower]) {
      const grace = await clients.registered();
      const receiverId = grace.userId as string;
      const seen = [leader, follower].map((tab) => {
        const gone: string[] = [];
        const shown = tab.messages(`user:${receiverId}`);
        let count = 0;
        const end = shown.subscribe(() => {
          const { items } = shown;
          if (items.length < count) gone.push(`${items.length} of ${count}`);
          count = Math.max(count, items.length);
        });
        return { gone, shown, end };
      });
      for (const content of ['one', 'two', 'three']) sending.send({ receiverId, content });
      await until('they are sent', () => [leader, follower].every((tab) => tab.outbox.items.length === 0));
      for (const { shown } of seen)
        await until('they are shown', () => shown.items.filter(({ state }) => state === 'sent').length === 3);
      expect(seen.map(({ gone }) => gone)).toEqual([[], []]);
      for (const { end } of seen) end();
    }
  }, 180_000);

  it('leave it to those of a newer version of the app to lead, once its storage is laid out anew', async () => {
    const shared = browser();
    const [indexedDB, keyRange] = [new IDBFactory(), IDBKeyRange];
    const tab = (cacheLayout: number) => ({
      ...shared,
      storage: indexedDbStorage({ indexedDB, keyRange, cacheLayout }),
    });
    const leading = await clients.registered(tab(1));
    const following = clients.make(tab(1));
    await live(following);
    const newer = clients.make(tab(2));
    await live(newer);
    const grace = await clients.registered();
    await leading.close();
    await until('the newer one leads', () => newer.connection.getSnapshot().status === 'live' && sockets === 1);
    for (const [index, one] of [following, newer].entries())
      await one.send({ receiverId: grace.userId as string, content: `from ${index}` }).stored;
    const conversationId = await firstConversationOf(grace);
    await until('all arrive', () => textsOf(grace, conversationId).length === 2);
    expect(textsOf(grace, conversationId)).toEqual(['from 0', 'from 1']);
  }, 180_000);

  it('are not held up by one that led and is frozen: it touches the storage when it is awake again, and shows what was missed', async () => {
    const shared = browser();
    let state: LifecycleState = 'active';
    const listeners = new Set<(state: LifecycleState) => void>();
    const enter = (next: LifecycleState): void => {
      state = next;
      for (const listener of [...listeners]) listener(next);
    };
    const lifecycle: Lifecycle = {
      getState: () => state,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    let begun = 0;
    const open = async (name: string): Promise<Database> => {
      const database = await shared.storage.open(name);
      const transaction: Database['transaction'] = (...work) => {
        begun += 1;
        return database.transaction(...work);
      };
      return { ...database, transaction, close: () => database.close() };
    };
    const first = await clients.registered({ ...shared, lifecycle, storage: { ...shared.storage, open } });
    const second = clients.make(shared);
    await live(second);
    const grace = await clients.registered();
    const receiverId = grace.userId as string;
    await first.send({ receiverId, content: 'one' }).stored;
    const conversationId = await firstConversationOf(grace);
    await until('it is settled', () => first.outbox.items.length === 0 && textsOf(second, conversationId).length === 1);
    const before = begun;
    enter('background');
    await second.send({ receiverId, content: 'two' }).stored;
    await until('it arrives', () => textsOf(grace, conversationId).length === 2);
    expect(begun - before).toBe(0);
    await until('there is one socket', () => sockets === 1);
    enter('active');
    await until('it is shown', () => textsOf(first, conversationId).length === 2);
    await live(first);
  }, 180_000);

  it('go on when the one that leads is closed: what was written in another is sent once', async () => {
    const shared = browser();
    const first = await clients.registered(shared);
    const second = clients.make(shared);
    await second.ready;
    await live(second);
    const grace = await clients.registered();
    await second.send({ receiverId: grace.userId as string, content: 'one' }).stored;
    const conversationId = await firstConversationOf(grace);
    await until('it arrives', () => textsOf(grace, conversationId).length === 1);
    const closing = first.close();
    await second.send({ conversationId, content: 'two' }).stored;
    await closing;
    await live(second);
    await until('it arrives', () => textsOf(grace, conversationId).length === 2);
    await until('nothing waits', () => second.outbox.items.length === 0);
    expect(textsOf(grace, conversationId)).toEqual(['one', 'two']);
    await until('there is one socket', () => sockets === 1);
  }, 180_000);

  it('show all the time what is typed while one begins to lead that reaches no server', async () => {
    const shared = browser();
    const { open } = shared.storage;
    const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 4));
    // Takes its time, as a disk does.
    const storage = {
      ...shared.storage,
      open: async (name: string) => {
        const database = await open(name);
        const transaction: typeof database.transaction = async (...work) => {
          await later();
          return database.transaction(...work);
        };
        return { transaction, close: () => database.close() };
      },
    };
    let isOffline = false;
    const socket: typeof shared.socket = (options, listeners) =>
      isOffline ? { emit: () => undefined, close: () => undefined } : shared.socket(options, listeners);
    const leader = await clients.registered({ ...shared, storage });
    const follower = clients.make({ ...shared, storage, socket });
    await follower.ready;
    await live(follower);
    const grace = await clients.registered();
    isOffline = true;
    const closed = leader.close();
    const sent: string[] = [];
    const missing = new Set<string>();
    for (let count = 0; count < 50; count += 1) {
      sent.push(follower.send({ receiverId: grace.userId as string, content: `${count}` }).clientId);
      await new Promise((resolve) => setTimeout(resolve, 10));
      const shown = follower.outbox.items.map(({ clientId }) => clientId);
      for (const clientId of sent) if (!shown.includes(clientId)) missing.add(clientId);
    }
    await closed;
    expect([...missing]).toEqual([]);
    isOffline = false;
    follower.suspend();
    follower.resume();
    const conversationId = await firstConversationOf(grace);
    await until('all arrive', () => textsOf(grace, conversationId).length === sent.length);
    await until('nothing waits', () => follower.outbox.items.length === 0);
    expect(textsOf(grace, conversationId)).toEqual(sent.map((_, count) => `${count}`));
  }, 180_000);

  it('show what one of them has open when it begins to lead, with a server and without', async () => {
    const shared = browser();
    let isOffline = false;
    const socket: typeof shared.socket = (options, listeners) =>
      isOffline ? { emit: () => undefined, close: () => undefined } : shared.socket(options, listeners);
    const leader = await clients.registered(shared);
    const grace = await clients.registered();
    for (let count = 0; count < 70; count += 1)
      await grace.send({ receiverId: leader.userId as string, content: `${count}` }).stored;
    const conversationId = await firstConversationOf(leader);
    await until('all have come', () => leader.conversations.items[0]?.lastSeq === 70);
    await leader.close();
    // It has never opened the conversation.
    const first = clients.make(shared);
    await first.ready;
    await live(first);
    const second = clients.make({ ...shared, socket });
    await second.ready;
    await live(second);
    const close = second.messages(conversationId).open();
    await until('it is shown', () => textsOf(second, conversationId).length === 50);
    await second.messages(conversationId).loadOlder();
    expect(textsOf(second, conversationId)).toHaveLength(70);
    const shown = new Set<number>();
    const end = second.messages(conversationId).subscribe(() => shown.add(textsOf(second, conversationId).length));
    isOffline = true;
    await first.close();
    await until('it leads', () => second.connection.getSnapshot().status === 'connecting');
    expect(textsOf(second, conversationId)).toHaveLength(70);
    isOffline = false;
    second.suspend();
    second.resume();
    await live(second);
    await grace.send({ conversationId, content: 'later' }).stored;
    await until('it comes', () => textsOf(second, conversationId).at(-1) === 'later');
    end();
    close();
    expect(Math.min(...shown)).toBeGreaterThanOrEqual(70);
  }, 180_000);

  it('show nothing as unread that was read in one of them before it began to lead', async () => {
    const shared = browser();
    const reader = await clients.registered(shared);
    const grace = await clients.registered();
    for (let count = 0; count < 5; count += 1)
      await grace.send({ receiverId: reader.userId as string, content: `${count}` }).stored;
    const conversationId = await firstConversationOf(reader);
    await until('all have come', () => reader.conversations.items[0]?.me.unreadCount === 5);
    await reader.close();
    let lead = (): void => undefined;
    const isFree = new Promise<void>((resolve) => (lead = resolve));
    const late: Lock = {
      run: async (...request) => {
        await isFree;
        return shared.lock.run(...request);
      },
    };
    const tab = clients.make({ ...shared, lock: late });
    await tab.ready;
    await tab.markRead(conversationId);
    const counts = new Set<number | undefined>();
    const note = (): void => void counts.add(tab.conversations.items[0]?.me.unreadCount);
    note();
    tab.conversations.subscribe(note);
    lead();
    await live(tab);
    await until('it is sent', () => tab.outbox.items.length === 0);
    expect([...counts]).toEqual([0]);
  }, 180_000);

  it('stay in the midst of a history, where one of them has jumped to, when it begins to lead', async () => {
    const shared = browser();
    const leader = await clients.registered(shared);
    const grace = await clients.registered();
    for (let count = 0; count < 150; count += 1)
      await grace.send({ receiverId: leader.userId as string, content: `${count}` }).stored;
    const conversationId = await firstConversationOf(leader);
    await until('all have come', () => leader.conversations.items[0]?.lastSeq === 150);
    const reader = clients.make(shared);
    await reader.ready;
    await live(reader);
    const messages = reader.messages(conversationId);
    const close = messages.open();
    await until('it is shown', () => messages.items.length === 50);
    await messages.jumpTo(60);
    const shown = new Set<string>();
    const note = (): void => void shown.add(messages.items.map(({ seq }) => seq).join());
    note();
    const end = messages.subscribe(note);
    await leader.close();
    await live(reader);
    await grace.send({ conversationId, content: 'later' }).stored;
    await until('it is known', () => reader.conversations.items[0]?.lastSeq === 151);
    await until('nothing is fetched', () => !messages.isLoading);
    end();
    close();
    expect([...shown]).toHaveLength(1);
    expect(messages.items.map(({ seq }) => seq)).toContain(60);
  }, 180_000);

  it('renew a token once at its end, whichever of them needs it, and none is logged out', async () => {
    const shared = browser();
    const first = await clients.registered(shared);
    const tabs = [first, clients.make(shared), clients.make(shared), clients.make(shared), clients.make(shared)];
    await Promise.all(tabs.map((tab) => tab.ready));
    await Promise.all(tabs.map(live));
    await until('the token was renewed', () => spent.length > 0);
    await Promise.all(tabs.map((tab) => tab.http.request('/users/me')));
    expect(spent).toEqual([...new Set(spent)]);
    expect(tabs.map((tab) => tab.connection.getSnapshot().status)).not.toContain('ended');
  }, 180_000);

  it('are all logged in by a log-in in one of them, after the session was ended elsewhere', async () => {
    const shared = browser();
    const leader = await clients.registered(shared);
    const { username } = (await leader.http.request<{ username: string }>('/users/me')).body;
    const follower = clients.make(shared);
    const grace = await clients.registered();
    await follower.ready;
    await live(follower);
    await leader.http.request('/auth/logout-all', { method: 'POST' });
    const isEnded = (tab: ChatClient): boolean => tab.connection.getSnapshot().status === 'ended';
    await until('both have ended', () => isEnded(leader) && isEnded(follower));
    leader.send({ receiverId: grace.userId as string, content: 'while nobody was logged in' });
    const [form, other] = [clients.make(shared), clients.make(shared)];
    await Promise.all([form.ready, other.ready]);
    expect([form, other].map(isEnded)).toEqual([true, true]);
    await form.login({ username, password: 'a long password' });
    form.send({ receiverId: grace.userId as string, content: 'after it' });
    await Promise.all([leader, follower, form, other].map(live));
    const conversationId = await firstConversationOf(grace);
    await until('both arrive', () => textsOf(grace, conversationId).length === 2);
    expect(textsOf(grace, conversationId)).toEqual(['while nobody was logged in', 'after it']);
    await until('there is one socket', () => sockets === 1);
  }, 180_000);
});
