import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { forceCloseDatabase, IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { type ChatClient, createClient } from '../../src/index.js';
import { LOOK_PAUSE_MS } from '../../src/auth/session-tokens.js';
import type { ChannelFactory, Clock } from '../../src/ports/environment.js';
import type { Fetch } from '../../src/ports/network.js';
import { type Storage, StorageError } from '../../src/ports/storage.js';
import type { TokenStore } from '../../src/ports/token-store.js';
import { indexedDbTokens, systemClock } from '../../src/ports/platform.js';
import { indexedDbStorage } from '../../src/storage/indexeddb.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { sharedChannels, until } from '../support/clients.js';
import { FakeSockets } from '../support/fake-ports.js';
import { rejection } from '../support/virtual-clock.js';
import { ME } from '../sync/model-server.js';

const CONVERSATION = 'c0';

/** A browser that closes connections to IndexedDB, and whose tabs sleep: what is said to their connections waits until they are awake. */
class Browser {
  readonly factory = new IDBFactory();
  #connections: IDBDatabase[] = [];
  #late: (() => void)[] | undefined;
  readonly #open = this.factory.open.bind(this.factory);

  constructor() {
    this.factory.open = (name, version) => {
      const request = this.#open(name, version);
      request.addEventListener('success', () => {
        const connection = request.result;
        this.#connections.push(connection);
        const listen = connection.addEventListener.bind(connection);
        connection.addEventListener = (type: string, listener: unknown) =>
          listen(type, (event) => {
            const send = (): void => (listener as (event: Event) => void)(event);
            if (this.#late !== undefined && type === 'close') this.#late.push(send);
            else send();
          });
      });
      return request;
    };
  }

  sleep(): void {
    this.#late = [];
    const closed = this.#connections.filter(({ name }) => name.startsWith('parley:'));
    this.#connections = [];
    for (const connection of closed)
      forceCloseDatabase(connection as unknown as Parameters<typeof forceCloseDatabase>[0]);
  }

  wake(): void {
    const late = this.#late ?? [];
    this.#late = undefined;
    for (const sendText of late) sendText();
  }

  async databases(): Promise<(string | undefined)[]> {
    return (await this.factory.databases()).map(({ name }) => name);
  }

  /** All that the origin has, as where the disk is full. */
  async empty(): Promise<void> {
    for (const name of await this.databases())
      await new Promise((resolve) =>
        this.factory.deleteDatabase(name ?? '').addEventListener('success', () => resolve(undefined)),
      );
  }
}

describe('a storage that is gone', () => {
  let browser: Browser;
  let clients: ChatClient[];
  let portsOf: () => Parameters<typeof createClient>[0];

  const fetch: Fetch = (url, init) => {
    const isAuth = url.startsWith('https://chat.example/auth/');
    const renewed = url.endsWith('/auth/refresh') ? ' renewed' : '';
    const tokens = { accessToken: `access${renewed}`, refreshToken: `refresh${renewed}`, expiresIn: 900 };
    const isRefused = url.endsWith('/friends') && init.headers['authorization'] === 'Bearer access';
    const body = isAuth ? { ...tokens, user: { id: ME } } : isRefused ? { code: 'TOKEN_EXPIRED' } : { items: [] };
    const text = () => Promise.resolve(JSON.stringify(body));
    return Promise.resolve({ status: isRefused ? 401 : 200, ok: !isRefused, headers: { get: () => null }, text });
  };
  beforeEach(() => {
    browser = new Browser();
    clients = [];
    const shared = { lock: processLock(), channel: sharedChannels(), fetch, url: 'https://chat.example' };
    portsOf = () => ({
      ...shared,
      storage: indexedDbStorage({ indexedDB: browser.factory, keyRange: IDBKeyRange }),
      tokens: indexedDbTokens(browser.factory),
      socket: new FakeSockets().factory,
    });
  });
  afterEach(async () => {
    for (const client of clients) await client.close();
  });

  /** Two tabs of one user, the first of which leads. */
  async function twoTabs(ports = {}): Promise<[leader: ChatClient, follower: ChatClient]> {
    const leader = createClient(portsOf());
    await leader.login({ username: 'me', password: 'a long password' });
    await until('it leads', () => leader.connection.getSnapshot().status === 'connecting');
    const follower = createClient({ ...portsOf(), ...ports });
    clients = [leader, follower];
    await follower.ready;
    await until('it follows', () => follower.userId === ME);
    return [leader, follower];
  }
  async function sessionSaved(): Promise<void> {
    const tokens = indexedDbTokens(browser.factory);
    for (const end = Date.now() + 30_000; (await tokens.load()) === undefined; )
      if (Date.now() > end) throw new Error('the session was not saved');
  }
  async function storedAnew(): Promise<void> {
    const database = await portsOf().storage.open(`chat.example:${ME}`);
    const count = () =>
      database.transaction('readonly', ['outbox'], async (transaction) => (await transaction.range('outbox')).length);
    for (const end = Date.now() + 30_000; (await count()) === 0; )
      if (Date.now() > end) throw new Error('nothing was stored anew');
    await database.close();
  }
  const textsIn = ({ outbox }: ChatClient): (string | undefined)[] =>
    outbox.items.map(({ command }) => (command.type === 'send' ? command.content : undefined));

  it.each([
    ['another tab', {}],
    ['a tab of which it knows nothing', { lock: processLock(), channel: sharedChannels() }],
  ])(
    'since its user has logged out in %s while it slept ends the session here, too, and stores nothing',
    async (_, ports) => {
      const [other, sleeping] = await twoTabs(ports);
      await sleeping.send({ conversationId: CONVERSATION, content: 'typed before' }).stored;
      browser.sleep();
      await other.logout();
      browser.wake();
      await until('it has ended', () => sleeping.connection.getSnapshot().status === 'ended');
      expect([sleeping.userId, sleeping.outbox.items]).toEqual([undefined, []]);
      expect(await indexedDbTokens(browser.factory).load()).toBeUndefined();
      expect(await browser.databases()).toEqual(['parley.session']);
    },
  );

  it('since the browser has emptied it is made anew by the tab that leads, with what was stored, the session too; by another with what was not', async () => {
    const [leader, follower] = await twoTabs();
    leader.draft(CONVERSATION).set('a draft');
    const { clientId, stored } = leader.send({ conversationId: CONVERSATION, content: 'one' });
    await stored;
    await follower.send({ conversationId: CONVERSATION, content: 'two' }).stored;
    const isThere = (client: ChatClient): boolean =>
      textsIn(client).length === 2 && client.draft(CONVERSATION).getSnapshot() === 'a draft';
    await until('both have both', () => [leader, follower].every(isThere));
    // The other one goes on with the token from before.
    await leader.http.request('/friends');
    browser.sleep();
    await browser.empty();
    browser.wake();
    await sessionSaved();
    await until('it goes on', () => leader.connection.getSnapshot().status === 'connecting');
    // Not stored while the storage is gone; it goes into the next one.
    const meanwhile = follower.send({ conversationId: CONVERSATION, content: 'typed in the other meanwhile' });
    follower.draft('c1').set('a draft of the other');
    leader.draft(CONVERSATION).set('');
    await leader.outbox.drop(clientId);
    await leader.send({ conversationId: CONVERSATION, content: 'four' }).stored;
    await meanwhile.stored.catch(() => undefined);
    for (const client of [leader, follower])
      await until('all is known', () => textsIn(client).length === 3 && !textsIn(client).includes('one'));
    expect(textsIn(leader)[0]).toBe('two');
    expect(textsIn(follower)).toEqual(textsIn(leader));
    await until('both have both drafts', () =>
      [leader, follower].every((client) => client.draft('c1').getSnapshot() === 'a draft of the other'),
    );
    for (const client of [leader, follower]) expect(client.draft(CONVERSATION).getSnapshot()).toBe('');
    expect([leader.userId, follower.userId]).toEqual([ME, ME]);
    expect(await indexedDbTokens(browser.factory).load()).toMatchObject({ refreshToken: 'refresh renewed' });
  });

  it('since the browser has emptied it, the tab that leads included, is made anew by the one that is left', async () => {
    const [leader, follower] = await twoTabs();
    await leader.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    await until('it is known', () => textsIn(follower).length === 1);
    browser.sleep();
    await browser.empty();
    await leader.close();
    browser.wake();
    await sessionSaved();
    await storedAnew();
    await follower.close();
    const next = createClient(portsOf());
    clients = [next];
    await next.ready;
    expect([next.userId, textsIn(next)]).toEqual([ME, ['one']]);
  });

  it('since the browser has emptied it while a tab was beginning costs that one neither its session nor what is typed', async () => {
    const [leader, follower] = await twoTabs();
    await leader.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    browser.sleep();
    await browser.empty();
    browser.wake();
    await follower.send({ conversationId: CONVERSATION, content: 'two' }).stored.catch(() => undefined);
    for (const client of [leader, follower]) await until('it has both', () => textsIn(client).length === 2);
    expect([leader.userId, follower.userId]).toEqual([ME, ME]);
  });

  it('since the browser has emptied it and that takes nothing for now goes on without it, and keeps what is typed once it does', async () => {
    const { tokens, ...ports } = portsOf();
    let isFull = false;
    const save: TokenStore['save'] = (session) =>
      isFull
        ? Promise.reject(new DOMException('It is full.', 'QuotaExceededError'))
        : (tokens as TokenStore).save(session);
    const client = createClient({ ...ports, tokens: { ...(tokens as TokenStore), save } });
    clients = [client];
    await client.login({ username: 'me', password: 'a long password' });
    await client.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    const statuses = new Set<string>();
    client.connection.subscribe(() => statuses.add(client.connection.getSnapshot().status));
    isFull = true;
    browser.sleep();
    await browser.empty();
    browser.wake();
    await until('it is left', () => statuses.has('offline'));
    await client.send({ conversationId: CONVERSATION, content: 'two' }).stored;
    await until('it goes on', () => client.connection.getSnapshot().status === 'connecting');
    expect([client.userId, textsIn(client)]).toEqual([ME, ['one', 'two']]);
  });

  it('and does not open at first is opened again, and nothing that is typed meanwhile is lost', async () => {
    const { storage, ...ports } = portsOf();
    let failures = 0;
    const open: Storage['open'] = (name) =>
      (failures -= 1) >= 0 ? Promise.reject(new StorageError('UNAVAILABLE', 'Not now.')) : storage.open(name);
    const client = createClient({ ...ports, storage: { ...storage, open } });
    clients = [client];
    await client.login({ username: 'me', password: 'a long password' });
    await client.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    failures = 2;
    browser.sleep();
    await browser.empty();
    browser.wake();
    await until('it is tried', () => failures < 2);
    const { stored } = client.send({ conversationId: CONVERSATION, content: 'two' });
    expect(textsIn(client)).toEqual(['one', 'two']);
    await stored;
    await until('it goes on', () => client.connection.getSnapshot().status === 'connecting');
    expect(textsIn(client)).toEqual(['one', 'two']);
  });

  it('and whose user leaves while a tab that follows looks whether it was made anew is not made once more', async () => {
    let opened = 0;
    const looks: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      setTimeout: (work, delayMs) =>
        delayMs === LOOK_PAUSE_MS ? { timer: looks.push(work) } : systemClock.setTimeout(work, delayMs),
    };
    const { storage } = portsOf();
    const open: Storage['open'] = (name) => {
      opened += 1;
      return storage.open(name);
    };
    const [leader, follower] = await twoTabs({ clock, storage: { ...storage, open } });
    await leader.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    await until('it is known', () => textsIn(follower).length === 1);
    browser.sleep();
    await browser.empty();
    await leader.close();
    opened = 0;
    browser.wake();
    // First for the session, then for what is stored.
    while (opened === 0) {
      looks.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until('it looks again', () => looks.length > 0);
    await follower.logout();
    looks.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect([opened, await browser.databases()]).toEqual([1, ['parley.session']]);
  });

  it('since the browser has emptied it costs no message or draft that the tab that leads did not know of yet', async () => {
    const { channel } = portsOf();
    let isHeld = false;
    const late: ChannelFactory = (name) => {
      const own = (channel as ChannelFactory)(name);
      return {
        ...own,
        post: (message) => {
          if (!isHeld || message.type !== 'rows') own.post(message);
        },
      };
    };
    const [leader, follower] = await twoTabs({ channel: late });
    await follower.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    await until('it is known', () => textsIn(leader).length === 1);
    follower.draft('c1').set('removed');
    await until('the draft is known', () => leader.draft('c1').getSnapshot() === 'removed');
    isHeld = true;
    follower.draft('c1').set('');
    follower.draft('c2').set('a draft');
    await follower.send({ conversationId: CONVERSATION, content: 'two' }).stored;
    browser.sleep();
    await browser.empty();
    browser.wake();
    isHeld = false;
    for (const client of [leader, follower]) await until('it has both', () => textsIn(client).length === 2);
    const draftsOf = (client: ChatClient): string[] => ['c1', 'c2'].map((id) => client.draft(id).getSnapshot());
    await until('its drafts are known', () => draftsOf(leader).join() === ',a draft');
    expect(draftsOf(follower)).toEqual(['', 'a draft']);
    expect([textsIn(leader), textsIn(follower)]).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
  });

  /** A storage that does not open while it is held. */
  function unwilling(): { storage: Storage; hold: (isHeld: boolean, name?: string) => void; tries: () => number } {
    const { storage } = portsOf();
    let [held, tries]: [string | undefined, number] = [undefined, 0];
    return {
      storage: {
        ...storage,
        open: (name) => {
          tries += 1;
          const isRefused = held !== undefined && name.endsWith(held);
          return isRefused ? Promise.reject(new StorageError('UNAVAILABLE', 'Not now.')) : storage.open(name);
        },
      },
      hold: (isHeld, name = '') => {
        [held, tries] = [isHeld ? name : undefined, 0];
      },
      tries: () => tries,
    };
  }
  /** The server of two users: `me`, and whoever logs in after `next` was called. */
  function twoUsers(): { fetch: Fetch; next: () => void } {
    let user = ME;
    return {
      next: () => {
        user = 'other';
      },
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        const text = (await answer.text()).replace(`"id":"${ME}"`, `"id":"${user}"`);
        return { ...answer, text: () => Promise.resolve(text) };
      },
    };
  }
  const ended =
    ({ connection }: ChatClient, code?: string) =>
    (): boolean => {
      const { status, code: actual } = connection.getSnapshot();
      return status === 'ended' && actual === code;
    };

  it('that does not open is not made anew once its user has logged out in another tab', async () => {
    const first = createClient(portsOf());
    await first.login({ username: 'me', password: 'a long password' });
    const { storage, hold, tries } = unwilling();
    hold(true);
    const second = createClient({ ...portsOf(), storage });
    clients = [first, second];
    await until('it is tried', () => tries() > 0);
    await first.logout();
    hold(false);
    await until('it is known', ended(second, 'LOGGED_OUT'));
    expect([second.userId, tries(), await browser.databases()]).toEqual([undefined, 0, ['parley.session']]);
  });

  it('of a user who has logged out in another tab is not made anew where the session cannot be read at that moment', async () => {
    const { tokens } = portsOf() as { tokens: TokenStore };
    let failures = 0;
    const load: TokenStore['load'] = () =>
      (failures -= 1) >= 0 ? Promise.reject(new Error('Not now.')) : tokens.load();
    const [other, tab] = await twoTabs({ tokens: { ...tokens, load } });
    await tab.send({ conversationId: CONVERSATION, content: 'typed before' }).stored;
    failures = 1;
    await other.logout();
    await until('it is known', ended(tab, 'LOGGED_OUT'));
    expect([tab.userId, textsIn(tab), await browser.databases()]).toEqual([undefined, [], ['parley.session']]);
  });

  it('keeps what is typed while another change of the account stands before its replacement', async () => {
    const { tokens, ...ports } = portsOf() as ReturnType<typeof portsOf> & { tokens: TokenStore };
    let go: (() => void) | undefined;
    let isSlow = false;
    const save: TokenStore['save'] = async (session) => {
      if (isSlow) await new Promise<void>((resolve) => (go = resolve));
      return tokens.save(session);
    };
    const client = createClient({ ...ports, tokens: { ...tokens, save } });
    clients = [client];
    await client.login({ username: 'me', password: 'a long password' });
    await client.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    isSlow = true;
    const again = client.login({ username: 'me', password: 'a long password' }).catch(() => undefined);
    await until('it is being saved', () => go !== undefined);
    isSlow = false;
    browser.sleep();
    await browser.empty();
    browser.wake();
    await new Promise((resolve) => setImmediate(resolve));
    void client.send({ conversationId: CONVERSATION, content: 'two' }).stored.catch(() => undefined);
    go?.();
    await again;
    await storedAnew();
    await until('it goes on', () => client.connection.getSnapshot().status === 'connecting');
    expect(textsIn(client)).toEqual(['one', 'two']);
  });

  it('holds up nothing of what is typed where the client is closed in that moment', async () => {
    const client = createClient(portsOf());
    clients = [client];
    await client.login({ username: 'me', password: 'a long password' });
    await client.send({ conversationId: CONVERSATION, content: 'one' }).stored;
    browser.sleep();
    await browser.empty();
    let closed: Promise<void> | undefined;
    // While what ran on the former storage ends.
    client.connection.subscribe(() => {
      if (client.connection.getSnapshot().status === 'offline') closed ??= client.close();
    });
    browser.wake();
    await until('it is being closed', () => closed !== undefined);
    await closed;
    const { stored } = client.send({ conversationId: CONVERSATION, content: 'two' });
    expect(await rejection(stored)).toMatchObject({ code: 'ABORTED' });
  });

  describe('and does not open', () => {
    let users: ReturnType<typeof twoUsers>;
    let store: ReturnType<typeof unwilling>;
    let client: ChatClient;
    beforeEach(async () => {
      [users, store] = [twoUsers(), unwilling()];
      client = createClient({ ...portsOf(), fetch: users.fetch, storage: store.storage });
      clients = [client];
      await client.login({ username: 'me', password: 'a long password' });
      await client.send({ conversationId: CONVERSATION, content: 'a secret' }).stored;
      client.draft(CONVERSATION).set('a draft');
      store.hold(true, ME);
      browser.sleep();
      await browser.empty();
      browser.wake();
      await until('it cannot be read', ended(client, 'STORAGE'));
      users.next();
    });
    const kept = async (): Promise<string> => {
      const database = await portsOf().storage.open('chat.example:other');
      const rows = await database.transaction('readonly', ['outbox', 'drafts'], async (transaction) => [
        ...(await transaction.range('outbox')),
        ...(await transaction.range('drafts')),
      ]);
      await database.close();
      return JSON.stringify(rows);
    };

    it('shows and gives nothing of its user to the one who logs in next', async () => {
      const seen = new Set<unknown>();
      const look = (): void => {
        if (client.userId !== 'other') return;
        for (const one of [...textsIn(client), client.draft(CONVERSATION).getSnapshot()]) seen.add(one);
      };
      client.outbox.subscribe(look);
      client.draft(CONVERSATION).subscribe(look);
      await client.login({ username: 'other', password: 'a long password' });
      look();
      await client.close();
      expect([...seen, await kept()]).toEqual(['', '[]']);
    });

    it('gives nothing to the next user of what is typed after its own has logged out', async () => {
      await client.logout();
      client.draft(CONVERSATION).set('a late draft');
      const late = client.send({ conversationId: CONVERSATION, content: 'too late' }).stored;
      expect(await rejection(late)).toMatchObject({ code: 'NOT_LOGGED_IN' });
      store.hold(false);
      await client.login({ username: 'other', password: 'a long password' });
      expect([client.draft(CONVERSATION).getSnapshot(), textsIn(client)]).toEqual(['', []]);
      await client.close();
      expect(await kept()).toBe('[]');
    });

    it('holds up nothing of what was typed once the client is closed', async () => {
      const { stored } = client.send({ conversationId: CONVERSATION, content: 'two' });
      await client.close();
      expect(await rejection(stored)).toMatchObject({ code: 'ABORTED' });
    });
  });
});
