import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page, WebSocket } from 'playwright-core';
import { browserPath, startBrowser } from '../../../test/support/clients/browser.js';
import { startStory, type Story } from '../../../test/support/story.js';
import { bundled } from '../support/pages.js';
import type { ClientPage } from './client-page.js';

declare const page: ClientPage;

(browserPath === undefined ? describe.skip : describe)('several tabs of one user', () => {
  let server: Story;
  let browser: Browser;
  let script: string;
  let profiles: BrowserContext[];
  let tabs: Page[];
  let other: Page;
  let otherId: string;
  /** Those that each has open. */
  const sockets = new Map<Page, Set<WebSocket>>();

  beforeAll(async () => {
    server = await startStory({ rateLimits: false });
    browser = await startBrowser();
    script = await bundled('test/tabs/client-page.ts');
    profiles = [await profile(), await profile()];
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const newTab = async (context: BrowserContext): Promise<Page> => {
    const tab = await context.newPage();
    tab.on('websocket', (socket) => {
      const open = sockets.get(tab);
      open?.add(socket);
      socket.on('close', () => open?.delete(socket));
    });
    return tab;
  };
  /** At the server's own origin. */
  const start = async (tab: Page): Promise<void> => {
    sockets.set(tab, new Set());
    await tab.goto(`${server.url}/app`);
    await tab.evaluate(() => page.start());
  };
  /** So many tabs of a profile in which nothing is kept. Those that are there stay: a new one is a new process of the browser. */
  const clearedTabs = async (context: BrowserContext, count: number): Promise<Page[]> => {
    const found = context.pages();
    await Promise.all(found.map((tab) => tab.goto('about:blank')));
    while (found.length < count) found.push(await newTab(context));
    const [tab] = found as [Page];
    const session = await context.newCDPSession(tab);
    await session.send('Storage.clearDataForOrigin', { origin: server.url, storageTypes: 'all' });
    await session.detach();
    return found;
  };
  const profile = async (): Promise<BrowserContext> => {
    const context = await browser.newContext();
    await context.route('**/app', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><script src="/app.js"></script>' }),
    );
    await context.route('**/app.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
    return context;
  };
  const register = (tab: Page): Promise<void> =>
    tab.evaluate((name) => page.register(name), `user${randomUUID().slice(0, 8)}`);
  const live = (tab: Page) =>
    tab
      .waitForFunction(() => page.status() === 'live')
      .catch(async () => {
        throw new Error(`not live: ${await tab.evaluate(() => page.snapshot())}`);
      });
  const tabAt = (index: number): Page => {
    const tab = tabs[index];
    if (tab === undefined) throw new Error(`there is no tab ${index}`);
    return tab;
  };
  /** On a busy machine one tab may take over from another, which closes its socket. */
  const oneSocket = async (among: readonly Page[]): Promise<void> => {
    while (among.reduce((sum, tab) => sum + (sockets.get(tab)?.size ?? 0), 0) !== 1) await among[0]?.waitForTimeout(50);
  };
  const crashed = new Set<Page>();
  const crash = async (tab: Page): Promise<void> => {
    const session = await tab.context().newCDPSession(tab);
    const isOver = new Promise((resolve) => tab.once('crash', resolve));
    crashed.add(tab);
    session.send('Page.crash').catch(() => undefined);
    await isOver;
  };
  /** All that the other one has got, when so many have come. */
  const received = async (count: number): Promise<string[]> => {
    await other.waitForFunction(() => page.conversationId() !== null);
    const id = (await other.evaluate(() => page.conversationId())) ?? '';
    await other.evaluate((id) => page.watch(id), id);
    await other.waitForFunction(([id, count]) => page.texts(id as string).length >= (count as number), [id, count]);
    return (await other.evaluate((id) => page.texts(id), id)) as string[];
  };

  beforeEach(async () => {
    const [others, own] = profiles as [BrowserContext, BrowserContext];
    [other] = (await clearedTabs(others, 1)) as [Page];
    await start(other);
    await register(other);
    otherId = await other.evaluate(() => page.id());
    tabs = await clearedTabs(own, 5);
    for (const [number, tab] of tabs.entries()) {
      await start(tab);
      if (number === 0) await register(tab);
    }
    await Promise.all(tabs.map(live));
  });
  afterEach(async () => {
    await Promise.all([...crashed].map((tab) => tab.close()));
  });

  it('have one socket between them, and all show what one of them sends, once', async () => {
    await oneSocket(tabs);
    await tabAt(3).evaluate((id) => page.send(id, 'from a tab that follows'), otherId);
    await tabAt(0).evaluate((id) => page.send(id, 'from the tab that leads'), otherId);
    expect(await received(2)).toEqual(['from a tab that follows', 'from the tab that leads']);
    for (const tab of tabs) {
      await tab.waitForFunction(() => page.conversationId() !== null && page.waiting() === 0);
      const id = (await tab.evaluate(() => page.conversationId())) ?? '';
      await tab.evaluate((id) => page.watch(id), id);
      await tab.waitForFunction((id) => page.states(id).join() === 'sent,sent', id);
    }
  }, 180_000);

  it('lose nothing and send nothing twice when the one that leads is killed in the middle of it', async () => {
    // The first one makes the conversation, so that what follows has one lane and one order.
    await tabAt(1).evaluate((id) => page.send(id, 'begin'), otherId);
    expect(await received(1)).toEqual(['begin']);
    await tabAt(2).evaluate((id) => page.sendMany(id, 'two', 20), otherId);
    await tabAt(2).evaluate((id) => page.send(id, 'two is stored'), otherId);
    await tabAt(0).evaluate((id) => page.send(id, 'zero is stored'), otherId);
    await crash(tabAt(0));
    await tabAt(4).evaluate((id) => page.send(id, 'while nobody led'), otherId);
    const texts = await received(24);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.filter((text) => text.startsWith('two'))).toEqual([
      ...Array.from({ length: 20 }, (_, number) => `two ${number}`),
      'two is stored',
    ]);
    expect(texts).toEqual(expect.arrayContaining(['zero is stored', 'while nobody led']));
    for (const tab of tabs.slice(1)) await tab.waitForFunction(() => page.waiting() === 0);
    await Promise.all(tabs.slice(1).map(live));
    await oneSocket(tabs.slice(1));
  }, 180_000);

  it('show nothing any more when one of them logs out, and send what is typed after another log-in', async () => {
    await tabAt(3).evaluate((id) => page.send(id, 'before'), otherId);
    expect(await received(1)).toEqual(['before']);
    const name = await tabAt(0).evaluate(() => page.profile());
    await tabAt(0).evaluate(() => page.logout());
    for (const tab of tabs) {
      await tab.waitForFunction(() => page.status() === 'ended');
      await tab.waitForFunction(() => page.conversationId() === null);
    }
    await tabAt(2).evaluate((name) => page.login(name), name);
    await live(tabAt(2));
    await tabAt(2).evaluate((id) => page.send(id, 'after'), otherId);
    expect(await received(2)).toEqual(['before', 'after']);
  }, 180_000);

  it('go on where what they keep is removed under them, and lose nothing that was not sent', async () => {
    const offline = (isOffline: boolean): Promise<void> => tabAt(0).context().setOffline(isOffline);
    await tabAt(3).evaluate((id) => page.send(id, 'before'), otherId);
    expect(await received(1)).toEqual(['before']);
    await offline(true);
    // Until each has noticed, the one that leads would still send.
    for (const tab of tabs) await tab.waitForFunction(() => page.status() !== 'live');
    await tabAt(1).evaluate((id) => page.sendMany(id, 'offline', 3), otherId);
    await tabAt(1).waitForFunction(() => page.waiting() === 3);
    await tabAt(4).evaluate(() => page.removeStorage());
    await offline(false);
    for (const tab of tabs) await live(tab);
    await tabAt(2).evaluate((id) => page.send(id, 'after'), otherId);
    const texts = await received(5);
    expect(new Set(texts)).toEqual(new Set(['before', 'offline 0', 'offline 1', 'offline 2', 'after']));
    expect(texts).toHaveLength(5);
    expect(texts.filter((text) => text.startsWith('offline'))).toEqual(['offline 0', 'offline 1', 'offline 2']);
  }, 180_000);

  it('renew a token once that all of them find expired at once, and stay logged in', async () => {
    const context = tabAt(0).context();
    const expired = await tabAt(0).evaluate(() => page.token());
    // One that is made within the same second is the same.
    const { iat } = JSON.parse(Buffer.from(expired.split('.')[1] ?? '', 'base64url').toString()) as { iat: number };
    await tabAt(0).waitForFunction((end) => Date.now() >= end, (iat + 1) * 1_000);
    let refreshes = 0;
    await context.route('**/users/me', async (route) => {
      if (route.request().headers()['authorization'] !== `Bearer ${expired}`) return route.continue();
      const problem = { status: 401, code: 'TOKEN_EXPIRED', title: 'Unauthorized', detail: 'The token has expired.' };
      await route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(problem) });
    });
    context.on('request', (request) => {
      if (request.url().endsWith('/auth/refresh')) refreshes += 1;
    });
    const names = await Promise.all(tabs.map((tab) => tab.evaluate(() => page.profile())));
    expect(new Set(names).size).toBe(1);
    expect(refreshes).toBe(1);
    await tabAt(2).evaluate((id) => page.send(id, 'still here'), otherId);
    expect(await received(1)).toEqual(['still here']);
    await context.unroute('**/users/me');
  }, 180_000);
});
