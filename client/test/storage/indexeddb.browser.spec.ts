import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { browserPath } from '../../../test/support/clients/browser.js';
import { Pages } from '../support/pages.js';
import { conformance, endsByItself } from './conformance.js';
import type { StoragePage } from './storage-page.js';

declare const page: StoragePage;

(browserPath === undefined ? describe.skip : describe)('IndexedDB in a browser', () => {
  let pages: Pages;
  let context: BrowserContext;
  beforeAll(async () => {
    pages = await Pages.start();
    await pages.bundle('storage', 'test/storage/storage-page.ts');
    context = await pages.context();
  });
  afterEach(async () => {
    await Promise.all(context.pages().map((open) => open.close()));
  });
  afterAll(() => pages.stop());

  const tab = async (name: string, cacheLayout?: number): Promise<Page> => {
    const opened = await pages.open(context, 'storage');
    await opened.evaluate(
      ([name, layout]) => page.open(name as string, layout as number | undefined),
      [name, cacheLayout],
    );
    return opened;
  };

  describe('as every storage', () => {
    let opened: Page;
    beforeAll(async () => {
      opened = await pages.open(await pages.context(), 'storage');
    });
    afterAll(() => opened.context().close());

    // oxlint-disable-next-line jest/expect-expect -- the cases throw
    it.each([...conformance, endsByItself])('$title', async ({ title }) => {
      // Loaded anew, nothing but what is stored is left of the case before, and no new process of the browser is needed.
      await opened.reload();
      await opened.evaluate((title) => page.runCase(title), title);
    });
  });

  it('loses no change of two tabs at once', async () => {
    const tabs = [await tab('two tabs'), await tab('two tabs')];
    await Promise.all(tabs.map((one) => one.evaluate(() => page.increment(100))));
    expect(await tabs[0]?.evaluate(() => page.read('count'))).toBe(200);
  });

  it('leaves nothing of a transaction whose tab was killed in the middle of it', async () => {
    const killed = await tab('killed');
    await killed.evaluate(() => page.write('outbox', 'whole', 3, 10));
    await killed.evaluate(() => page.hang());
    const session = await context.newCDPSession(killed);
    const crashed = new Promise((resolve) => killed.once('crash', resolve));
    session.send('Page.crash').catch(() => undefined);
    await crashed;
    const survivor = await tab('killed');
    expect(await survivor.evaluate(() => page.count('outbox'))).toBe(3);
    expect(await survivor.evaluate(() => page.count('messages'))).toBe(0);
  });

  it('says that the browser has closed the connection and thrown the rows away, and begins anew', async () => {
    const one = await tab('cleared');
    await one.evaluate(() => page.write('outbox', 'a', 2, 10));
    const session = await context.newCDPSession(one);
    await session.send('Storage.clearDataForOrigin', { origin: pages.origin, storageTypes: 'indexeddb' });
    await one.waitForFunction(() => page.isEmptied());
    expect(await one.evaluate(() => page.write('outbox', 'b', 1, 10))).toBe('CLOSED');
    await one.evaluate(() => page.open('cleared'));
    expect(await one.evaluate(() => page.write('outbox', 'b', 1, 10))).toBe('resolved');
    expect(await one.evaluate(() => page.count('outbox'))).toBe(1);
  });

  it('says that the disk is full, loses no row to it, and has room again once the caches are gone', async () => {
    // A profile of its own, and its quota set first: Chromium remembers for half a minute how much room there was.
    const small = await pages.context();
    const one = await pages.open(small, 'storage');
    const session = await small.newCDPSession(one);
    await session.send('Storage.overrideQuotaForOrigin', { origin: pages.origin, quotaSize: 4_000_000 });
    await one.evaluate(() => page.open('full'));
    await one.evaluate(() => page.write('outbox', 'typed', 5, 1_000));
    expect(await one.evaluate(() => page.write('messages', 'cached', 10, 200_000))).toBe('resolved');
    expect(await one.evaluate(() => page.write('messages', 'more', 40, 200_000))).toBe('QUOTA');
    expect(await one.evaluate(() => page.count('messages'))).toBe(10);
    expect(await one.evaluate(() => page.write('outbox', 'new', 1, 3_000_000))).toBe('QUOTA');
    expect(await one.evaluate(() => page.count('outbox'))).toBe(5);
    expect(await one.evaluate(() => page.clear('messages'))).toBe('resolved');
    expect(await one.evaluate(() => page.write('outbox', 'new', 1, 10_000))).toBe('resolved');
    expect(await one.evaluate(() => page.count('outbox'))).toBe(6);
    await small.close();
  });

  it('lets a newer version in while an older one is open, which keeps what is typed in it', async () => {
    const old = await tab('upgraded', 1);
    await old.evaluate(() => page.write('messages', 'cached', 3, 10));
    const fresh = await tab('upgraded', 2);
    expect(await fresh.evaluate(() => page.count('messages'))).toBe(0);
    expect(await old.evaluate(() => page.write('outbox', 'typed', 2, 10))).toBe('resolved');
    expect(await old.evaluate(() => page.count('messages'))).toBe('OUTDATED');
    expect(await fresh.evaluate(() => page.write('messages', 'cached', 4, 10))).toBe('resolved');
    expect(await fresh.evaluate(() => page.count('outbox'))).toBe(2);
    // The old page is loaded again and is the new version now.
    await old.reload();
    await old.evaluate(() => page.open('upgraded', 2));
    expect(await old.evaluate(() => page.count('messages'))).toBe(4);
  });
});
