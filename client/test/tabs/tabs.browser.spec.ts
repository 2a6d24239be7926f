import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { browserPath } from '../../../test/support/browser.js';
import { Pages } from '../support/pages.js';
import type { TabsPage } from './tabs-page.js';

declare const page: TabsPage;

(browserPath === undefined ? describe.skip : describe)('the tabs of one account', () => {
  let pages: Pages;
  let context: BrowserContext;
  let tabs: Page[];
  beforeAll(async () => {
    pages = await Pages.start();
    await pages.bundle('tabs', 'test/tabs/tabs-page.ts');
  });
  beforeEach(async () => {
    context = await pages.context();
    tabs = [];
    for (let number = 0; number < 5; number += 1) {
      const tab = await pages.open(context, 'tabs');
      await tab.evaluate((name) => page.start(name), `tab ${number}`);
      tabs.push(tab);
    }
    await tabs[0]?.waitForFunction(() => page.isLeader());
  });
  afterEach(() => context.close());
  afterAll(() => pages.stop());

  const tabAt = (index: number): Page => {
    const tab = tabs[index];
    if (tab === undefined) throw new Error(`there is no tab ${index}`);
    return tab;
  };
  const leaders = async (among = tabs): Promise<number[]> => {
    const roles = await Promise.all(among.map((tab) => tab.evaluate(() => page.isLeader())));
    return roles.flatMap((isLeader, index) => (isLeader ? [tabs.indexOf(among[index] as Page)] : []));
  };
  const crash = async (tab: Page): Promise<void> => {
    const session = await context.newCDPSession(tab);
    const crashed = new Promise((resolve) => tab.once('crash', resolve));
    session.send('Page.crash').catch(() => undefined);
    await crashed;
  };

  it('have one leader, and exactly one other when it is killed, closed, or stops of its own accord', async () => {
    expect(await leaders()).toEqual([0]);
    await crash(tabAt(0));
    await tabAt(1).waitForFunction(() => page.isLeader());
    expect(await leaders(tabs.slice(1))).toEqual([1]);
    await tabAt(1).close();
    await tabAt(2).waitForFunction(() => page.isLeader());
    expect(await leaders(tabs.slice(2))).toEqual([2]);
    await tabAt(2).evaluate(() => page.stop());
    await tabAt(3).waitForFunction(() => page.isLeader());
    expect(await leaders(tabs.slice(2))).toEqual([3]);
  });

  it('tell one another what changed, but not themselves', async () => {
    await tabAt(2).evaluate(() => page.post('from 2'));
    for (const tab of tabs.filter((_, index) => index !== 2))
      await tab.waitForFunction(() => page.received().length === 1);
    expect(await tabAt(2).evaluate(() => page.received())).toEqual([]);
  });

  it('have the leader answer, with its errors, whoever asks', async () => {
    expect(await tabAt(0).evaluate(() => page.ask('own'))).toEqual({ by: 'tab 0', payload: 'own' });
    const answers = await Promise.all(
      tabs.slice(1).map((tab, index) => tab.evaluate((index) => page.ask(index), index)),
    );
    expect(answers).toEqual([0, 1, 2, 3].map((payload) => ({ by: 'tab 0', payload })));
    expect(await tabAt(3).evaluate(() => page.askToFail())).toEqual({ message: 'refused', code: 'RATE_LIMITED' });
  });

  it('get an answer from the next leader where one is killed while it works, also the one that becomes it', async () => {
    await tabAt(0).evaluate(() => page.hang());
    const answers = tabs.slice(1).map((tab, index) => tab.evaluate((index) => page.ask(index), index));
    await tabAt(4).evaluate(() => page.post('all have asked by now'));
    await crash(tabAt(0));
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3].map((payload) => ({ by: 'tab 1', payload })));
    const done = await tabAt(1).evaluate(() => page.answered() as number[]);
    expect(done.sort()).toEqual([0, 1, 2, 3]);
  });

  it('make one refresh of a token that five of them find spent at once', async () => {
    let refreshes = 0;
    await context.route('**/refresh', async (route) => {
      refreshes += 1;
      await route.fulfill({ status: 204 });
    });
    await tabAt(0).evaluate(() => localStorage.setItem('token', 'spent'));
    await Promise.all(tabs.map((tab) => tab.evaluate(() => page.refresh('/refresh'))));
    expect(refreshes).toBe(1);
  });
});
