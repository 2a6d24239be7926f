import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChatClient, createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import { type Database, StorageError, type StoreName, type TransactionMode } from '../../src/ports/storage.js';
import { processLock } from '../../src/tabs/process-lock.js';
import { sharedChannels } from '../support/clients.js';
import { rejection, settled } from '../support/virtual-clock.js';
import { ME } from '../sync/model-server.js';
import { CONVERSATION, loggedIn } from './fake-server.js';

/** Called with each transaction; what it returns is waited for before, or after the transaction is committed. */
type Hold = (mode: TransactionMode, stores: readonly StoreName[]) => Promise<void> | undefined;

describe('a tab that takes over', () => {
  let tabs: ChatClient[] = [];

  afterEach(async () => {
    for (const tab of tabs.splice(0)) await tab.close();
  });

  /** The first leads, the second follows; neither reaches the server. */
  async function twoTabs(userIdOf: (body: string) => string = () => ME) {
    const { client, ports, sockets } = await loggedIn();
    await client.close();
    const fetch: Fetch = (url, init) => {
      if (!url.endsWith('/auth/login')) return ports.fetch(url, init);
      const user = { id: userIdOf(init.body as string) };
      const text = () => Promise.resolve(JSON.stringify({ accessToken: 'a', refreshToken: 'r', user }));
      return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
    };
    const holds: { before?: Hold; after?: Hold } = {};
    const open = async (name: string): Promise<Database> => {
      const database = await ports.storage.open(name);
      return {
        transaction: async (mode, stores, work) => {
          await holds.before?.(mode, stores);
          const result = await database.transaction(mode, stores, work);
          await holds.after?.(mode, stores);
          return result;
        },
        close: () => database.close(),
      };
    };
    const storage = { ...ports.storage, kind: 'shared', open };
    const shared = { ...ports, fetch, storage, lock: processLock(), channel: sharedChannels() };
    for (let count = 0; count < 2; count += 1) {
      const tab = createClient(shared);
      tabs.push(tab);
      await settled();
      await ports.clock.advance(1_000);
      await tab.ready;
    }
    const [leader, follower] = tabs as [ChatClient, ChatClient];
    return { leader, follower, holds, sockets, clock: ports.clock, storage: ports.storage };
  }

  it.each(['leads', 'follows'])(
    'takes over the session that another user begins in another tab, where it %s',
    async (role) => {
      const { leader, follower, clock } = await twoTabs((body) => (JSON.parse(body) as { username: string }).username);
      const [tab, other] = role === 'leads' ? [leader, follower] : [follower, leader];
      const draft = tab.draft(CONVERSATION);
      draft.set('hers');
      await settled();
      await other.login({ username: 'bob', password: 'a long password' });
      await clock.advance(1_000);
      expect([tab.userId, other.userId, draft.getSnapshot()]).toEqual(['bob', 'bob', '']);
      expect([tab, other].map(({ conversations }) => conversations.items)).toEqual([[], []]);
    },
  );

  it('sends nothing as another user that was typed while that one took over', async () => {
    const { leader, clock } = await twoTabs((body) => (JSON.parse(body) as { username: string }).username);
    let typed: Promise<unknown> = Promise.resolve('nothing');
    const end = leader.connection.subscribe(() => {
      // The first user's part is ending, and the next one's is not there.
      if (leader.connection.getSnapshot().status !== 'offline') return;
      end();
      typed = rejection(leader.send({ conversationId: CONVERSATION, content: 'hers' }).stored);
    });
    await leader.login({ username: 'bob', password: 'a long password' });
    await clock.advance(1_000);
    expect([leader.userId, await typed, leader.outbox.items]).toEqual([
      'bob',
      expect.objectContaining({ code: 'NOT_LOGGED_IN' }),
      [],
    ]);
  });

  it('keeps its session where its own user logs in in another tab', async () => {
    const { leader, follower, sockets, clock } = await twoTabs();
    const opened = sockets.opened.length;
    await follower.login({ username: 'me', password: 'a long password' });
    await clock.advance(1_000);
    expect([leader.userId, follower.userId, sockets.opened.length]).toEqual([ME, ME, opened]);
  });

  it('does at once, as long as it leads, what the user of another tab wants to be tried again', async () => {
    const { leader, follower, sockets } = await twoTabs();
    sockets.last.listeners.disconnected();
    await settled();
    expect(leader.connection.getSnapshot().status).toBe('waiting');
    follower.outbox.retry();
    await settled();
    expect(leader.connection.getSnapshot().status).toBe('connecting');
  });

  it('keeps the last characters of a draft where the storage takes its time, on screen and stored', async () => {
    const { leader, follower, holds, clock, storage } = await twoTabs();
    const held: (() => void)[] = [];
    holds.after = (mode, stores) =>
      mode === 'readwrite' && stores.includes('drafts') ? new Promise((resolve) => void held.push(resolve)) : undefined;
    const draft = follower.draft(CONVERSATION);
    const seen: string[] = [];
    draft.subscribe(() => seen.push(draft.getSnapshot()));
    draft.set('H');
    await settled();
    draft.set('He');
    const closed = leader.close();
    await clock.advance(20_000);
    await closed;
    expect(draft.getSnapshot()).toBe('He');
    draft.set('Hel');
    for (let released = 0; released < 6; released += 1) {
      held.shift()?.();
      await settled();
    }
    expect([draft.getSnapshot(), [...new Set(seen)]]).toEqual(['Hel', ['H', 'He', 'Hel']]);
    const database = await storage.open(`chat.example:${ME}`);
    const stored = () => database.transaction('readonly', ['drafts'], (transaction) => transaction.range('drafts'));
    expect(await stored()).toEqual([{ key: CONVERSATION, value: 'Hel' }]);
    await database.close();
    delete holds.after;
  });

  it.each([
    ['while it reads what is stored', undefined],
    ['and cannot, since a newer version has laid out the storage anew', new StorageError('OUTDATED', 'It is newer.')],
  ])('calls those who watch for what its user types %s', async (_, reason) => {
    const { leader, follower, holds, clock } = await twoTabs();
    let release = (): void => undefined;
    let isOver = false;
    holds.before = (mode, stores) => {
      if (mode !== 'readonly' || !stores.includes('meta') || isOver) return undefined;
      return reason === undefined ? new Promise((resolve) => (release = resolve)) : Promise.reject(reason);
    };
    const closed = leader.close();
    await clock.advance(100);
    await closed;
    const calls = { draft: 0, messages: 0 };
    const [draft, messages] = [follower.draft(CONVERSATION), follower.messages(CONVERSATION)];
    draft.subscribe(() => (calls.draft += 1));
    messages.subscribe(() => (calls.messages += 1));
    draft.set('typed');
    follower.send({ conversationId: CONVERSATION, content: 'sent' });
    expect(calls).toEqual({ draft: 1, messages: 1 });
    isOver = true;
    release();
    await clock.advance(10_000);
    expect([draft.getSnapshot(), messages.items.at(-1)?.content]).toEqual(['typed', 'sent']);
  });
});
