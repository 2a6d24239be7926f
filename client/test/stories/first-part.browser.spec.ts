import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { browserPath, startBrowser } from '../../../test/support/clients/browser.js';
import { type Person, startStory, type Story } from '../../../test/support/story.js';
import { bundledParts } from '../support/pages.js';
import type { FirstPartPage } from './first-part-page.js';

declare const page: FirstPartPage;

/** Long waits, for a busy machine: nothing here is about time. */
const TIMEOUT_MS = 180_000;

(browserPath === undefined ? describe.skip : describe)('a page of which only the first part has come', () => {
  let server: Story;
  let browser: Browser;
  let parts: Map<string, string>;
  let profile: BrowserContext;
  let own: Person;
  let other: Person;
  let conversationId: string;

  beforeAll(async () => {
    server = await startStory({ rateLimits: false });
    browser = await startBrowser();
    parts = await bundledParts('test/stories/first-part-page.ts');
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const send = (content: string) =>
    other.must('POST', `/conversations/${conversationId}/messages`, { content, clientId: randomUUID() });
  /** All messages as the server has them, in order. */
  const stored = async (): Promise<(string | null)[]> => {
    const { items } = await own.must('GET', `/conversations/${conversationId}/messages?limit=100`);
    return (items as { content: string | null }[]).map(({ content }) => content);
  };

  /** A tab whose second part does not come before `release`. */
  async function tabWithout(): Promise<{ tab: Page; release: () => Promise<void> }> {
    const tab = await profile.newPage();
    const held: (() => Promise<void>)[] = [];
    let isHeld = true;
    await tab.route('**/parts/later-*', (route) => {
      const go = (): Promise<void> => route.fallback();
      if (!isHeld) return go();
      held.push(go);
      return undefined;
    });
    await tab.goto(`${server.url}/app`);
    await tab.waitForFunction(() => 'page' in globalThis);
    const release = async (): Promise<void> => {
      isHeld = false;
      await Promise.all(held.splice(0).map((go) => go()));
    };
    return { tab, release };
  }
  const live = async (tab: Page): Promise<void> => void (await tab.waitForFunction(() => page.status() === 'live'));
  const sent = async (tab: Page): Promise<void> => {
    await live(tab);
    await tab.waitForFunction(() => page.waiting() === 0);
  };
  /** The list, and the conversation, as they are cached. */
  const opened = async (tab: Page, count: number): Promise<void> => {
    await tab.evaluate(() => page.start());
    await tab.waitForFunction(() => page.list().length === 1);
    await tab.evaluate((id) => page.watch(id), conversationId);
    await tab.waitForFunction(([id, count]) => page.shown(id as string).length === count, [conversationId, count]);
  };

  /** A profile that has cached a conversation with ten messages, of which the first five were read. */
  beforeEach(async () => {
    [own, other] = [await server.person('own'), await server.person('other')];
    conversationId = await own.befriend(other);
    profile = await browser.newContext();
    await profile.route('**/app', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: '<!doctype html><script type="module" src="/parts/first-part-page.js"></script>',
      }),
    );
    await profile.route('**/parts/*', (route) => {
      const body = parts.get(new URL(route.request().url()).pathname.replace('/parts/', ''));
      return body === undefined ? route.abort() : route.fulfill({ contentType: 'text/javascript', body });
    });
    for (let number = 1; number <= 10; number += 1) await send(`said ${number}`);
    const { tab, release } = await tabWithout();
    await release();
    await tab.evaluate(() => page.start());
    await tab.evaluate((name) => page.login(name), own.username);
    await live(tab);
    await tab.waitForFunction(() => page.list().length === 1);
    await tab.evaluate((id) => page.watch(id), conversationId);
    await tab.waitForFunction((id) => page.shown(id).length === 10, conversationId);
    await tab.evaluate((id) => page.markRead(id, 5), conversationId);
    await sent(tab);
    await tab.evaluate(() => page.close());
    await tab.close();
  }, TIMEOUT_MS);

  afterEach(() => profile.close());

  it(
    'shows what is stored and what its user does, through a reload, and sends each once when the second part comes',
    async () => {
      const said = Array.from({ length: 10 }, (_, index) => `said ${index + 1}`);
      let { tab, release } = await tabWithout();
      await opened(tab, 10);
      expect(await tab.evaluate(() => page.list())).toEqual([['said 10', 5]]);
      const shown = await tab.evaluate(async (id) => {
        const done = [page.send(id, 'first'), page.send(id, 'second'), page.send(id, 'third')];
        const before = page.shown(id).slice(10);
        await Promise.all(done);
        done.push(page.delete(id, 11), page.react(id, 0, '👍'), page.markRead(id, 8));
        page.setDraft(id, 'half a sen');
        page.setDraft(id, 'half a sentence');
        const after = [page.shown(id).slice(10), page.reactions(id, 0), page.list()[0]?.[1], page.draft(id)];
        await Promise.all(done);
        return { before, after, isReady: page.isReady() };
      }, conversationId);
      expect(shown).toEqual({
        before: ['first', 'second', 'third'],
        after: [['first', 'third'], [['👍', true]], 2, 'half a sentence'],
        isReady: false,
      });
      // It is killed, and what it comes back to is the same.
      await tab.close();
      expect(await stored()).toEqual(said);
      ({ tab, release } = await tabWithout());
      await opened(tab, 12);
      expect(await tab.evaluate((id) => [page.shown(id).slice(10), page.reactions(id, 0)], conversationId)).toEqual([
        ['first', 'third'],
        [['👍', true]],
      ]);
      await tab.waitForFunction((id) => page.draft(id) === 'half a sentence', conversationId);
      expect(await tab.evaluate(() => page.list()[0]?.[1])).toBe(2);
      await tab.evaluate(async (id) => {
        await page.edit(id, 10, 'first, edited');
        await page.send(id, 'fourth');
      }, conversationId);
      await release();
      await sent(tab);
      const end = [...said, 'first, edited', 'third', 'fourth'];
      expect(await stored()).toEqual(end);
      await tab.waitForFunction((id) => page.shown(id).length === 13, conversationId);
      expect(await tab.evaluate((id) => page.shown(id), conversationId)).toEqual(end);
      expect(await tab.evaluate((id) => page.draft(id), conversationId)).toBe('half a sentence');
      // What had not left goes out as it was in the end.
      const newest = await own.must('GET', `/conversations/${conversationId}/messages?limit=3`);
      expect((newest.items as { editedAt: string | null }[]).map(({ editedAt }) => editedAt)).toEqual([
        null,
        null,
        null,
      ]);
      const { items } = await own.must('GET', '/conversations');
      expect(items[0].me).toMatchObject({ lastReadSeq: 13, unreadCount: 0 });
    },
    TIMEOUT_MS,
  );

  it(
    'goes on with what it shows when the second part comes: no message goes from the screen, nor the mark of the first unread one',
    async () => {
      const { tab, release } = await tabWithout();
      await opened(tab, 10);
      const firstUnread = (): Promise<number | null> => tab.evaluate((id) => page.firstUnread(id), conversationId);
      expect(await firstUnread()).toBe(6);
      await tab.evaluate(async (id) => {
        await page.markRead(id);
        await page.send(id, 'early');
      }, conversationId);
      await send('meanwhile');
      await release();
      await sent(tab);
      await tab.waitForFunction((id) => page.shown(id).length === 12, conversationId);
      const counts = await tab.evaluate(() => page.counts());
      // The early one moves behind what came before it, and is there all the time.
      expect(counts.slice(counts.indexOf(10)).every((count) => count >= 10)).toBe(true);
      const sinceEarly = counts.slice(counts.indexOf(11));
      expect(sinceEarly.every((count) => count >= 11)).toBe(true);
      expect(await firstUnread()).toBe(6);
      expect(await tab.evaluate(() => page.list()[0]?.[1])).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'shows nothing as unread for a moment that was read before the second part came',
    async () => {
      const { tab, release } = await tabWithout();
      await tab.evaluate(() => page.start());
      await tab.waitForFunction(() => page.list().length === 1);
      await tab.evaluate((id) => {
        page.watchUnread();
        // What comes after a file is not stored before the engine is there.
        page.sendFile(id);
        void page.markRead(id);
      }, conversationId);
      expect(await tab.evaluate(() => page.list()[0]?.[1])).toBe(0);
      await release();
      await sent(tab);
      const unread = await tab.evaluate(() => page.unreadCounts());
      expect(new Set(unread.slice(unread.indexOf(0)))).toEqual(new Set([0]));
    },
    TIMEOUT_MS,
  );

  it(
    'has another tab that leads send what was stored in it, and may be killed then',
    async () => {
      const leading = await tabWithout();
      await leading.release();
      await leading.tab.evaluate(() => page.start());
      await live(leading.tab);
      const { tab } = await tabWithout();
      await opened(tab, 10);
      await tab.evaluate((id) => page.send(id, 'from a tab that leads nothing'), conversationId);
      await tab.close();
      await leading.tab.waitForFunction(() => page.list()[0]?.[0] === 'from a tab that leads nothing');
      // The list shows it from the moment it waits there.
      await sent(leading.tab);
      expect((await stored()).at(-1)).toBe('from a tab that leads nothing');
    },
    TIMEOUT_MS,
  );

  it(
    'stores anew what the user did where the storage is removed, and not only when the second part comes',
    async () => {
      let { tab, release } = await tabWithout();
      await opened(tab, 10);
      await tab.evaluate(async (id) => {
        await page.send(id, 'first');
        page.setDraft(id, 'half a sentence');
        await page.removeStorage();
      }, conversationId);
      await tab.waitForFunction(() => page.waiting() === 1 && page.list().length === 0);
      await tab.evaluate((id) => page.send(id, 'second'), conversationId);
      await tab.close();
      ({ tab, release } = await tabWithout());
      await tab.evaluate(() => page.start());
      await tab.waitForFunction(() => page.waiting() === 2);
      expect(await tab.evaluate((id) => page.draft(id), conversationId)).toBe('half a sentence');
      await release();
      await sent(tab);
      expect((await stored()).slice(10)).toEqual(['first', 'second']);
    },
    TIMEOUT_MS,
  );

  it.each(['logout', 'close'] as const)(
    'does not wait for the second part where it is to end: %s',
    async (how) => {
      const { tab } = await tabWithout();
      await opened(tab, 10);
      const refused = await tab.evaluate(
        async ([id, how]) => {
          await page.send(id as string, 'kept');
          await page[how as 'logout' | 'close']();
          return page.send(id as string, 'too late').catch((error: { code: string }) => error.code);
        },
        [conversationId, how],
      );
      const isLoggedOut = how === 'logout';
      expect(refused).toBe(isLoggedOut ? 'NOT_LOGGED_IN' : 'ABORTED');
      expect(await tab.evaluate(() => [page.list().length, page.waiting(), page.status()])).toEqual([
        0,
        0,
        isLoggedOut ? 'ended' : 'offline',
      ]);
      expect(await tab.evaluate(() => page.kept())).toBe(isLoggedOut ? 0 : 1);
      await tab.close();
      const next = await tabWithout();
      await next.release();
      await next.tab.evaluate(() => page.start());
      await next.tab.waitForFunction(() => page.isReady());
      if (isLoggedOut) expect(await next.tab.evaluate(() => page.list())).toEqual([]);
      else await sent(next.tab);
      expect((await stored()).at(-1)).toBe(isLoggedOut ? 'said 10' : 'kept');
    },
    TIMEOUT_MS,
  );
});
