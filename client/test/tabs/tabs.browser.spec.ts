import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { browserPath } from '../../../test/support/clients/browser.js';
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
    context = await pages.context();
  });
  beforeEach(async () => {
    // What is left of the test before is loaded anew: a new tab is a new process of the browser.
    tabs = context.pages();
    await Promise.all(tabs.map((tab) => tab.reload()));
    while (tabs.length < 5) tabs.push(await pages.open(context, 'tabs'));
    for (const [number, tab] of tabs.entries()) await tab.evaluate((name) => page.start(name), `tab ${number}`);
    await leaderAmong(tabs);
  });
  afterEach(() => Promise.all([...crashed].map((tab) => tab.close())));
  afterAll(() => pages.stop());

  const tabAt = (index: number): Page => {
    const tab = tabs[index];
    if (tab === undefined) throw new Error(`there is no tab ${index}`);
    return tab;
  };
  const leaders = async (among: readonly Page[]): Promise<number[]> => {
    const roles = await Promise.all(among.map((tab) => tab.evaluate(() => page.isLeader())));
    return roles.flatMap((isLeader, index) => (isLeader ? [tabs.indexOf(among[index] as Page)] : []));
  };
  const crashed = new Set<Page>();
  const crash = async (tab: Page): Promise<void> => {
    const session = await context.newCDPSession(tab);
    const isOver = new Promise((resolve) => tab.once('crash', resolve));
    crashed.add(tab);
    session.send('Page.crash').catch(() => undefined);
    await isOver;
  };

  /** Which of them leads, once exactly one does: on a busy machine one may take over from another that only seemed to be gone. */
  const leaderAmong = async (among: readonly Page[]): Promise<Page> => {
    for (;;) {
      const [led, ...more] = await leaders(among);
      if (led !== undefined && more.length === 0) return tabAt(led);
      await among[0]?.waitForTimeout(50);
    }
  };

  it('have one leader, and exactly one other when it is killed, closed, or stops of its own accord', async () => {
    let left = tabs;
    for (const go of [crash, (tab: Page) => tab.close()]) {
      const leader = await leaderAmong(left);
      await go(leader);
      left = left.filter((tab) => tab !== leader);
    }
    const leader = await leaderAmong(left);
    await leader.evaluate(() => page.stop());
    expect(await leaderAmong(left)).not.toBe(leader);
  });

  it('take over from a leader that is held up in the middle of its work, which follows when it goes on', async () => {
    const leader = await leaderAmong(tabs);
    const session = await context.newCDPSession(leader);
    await session.send('Debugger.enable');
    const heldUp = new Promise((resolve) => session.once('Debugger.paused', resolve));
    // At the next thing that it does: it answers those who follow.
    await session.send('Debugger.pause');
    await heldUp;
    const others = tabs.filter((tab) => tab !== leader);
    await leaderAmong(others);
    const answers = await Promise.all(others.map((tab, index) => tab.evaluate((index) => page.ask(index), index)));
    expect(answers).toEqual([0, 1, 2, 3].map((payload) => expect.objectContaining({ payload })));
    await session.send('Debugger.resume');
    await leader.waitForFunction(() => !page.isLeader());
    await leaderAmong(tabs);
    await session.detach();
  });

  it('send one another what changed, but not themselves', async () => {
    await tabAt(2).evaluate(() => page.post('from 2'));
    for (const tab of tabs.filter((_, index) => index !== 2))
      await tab.waitForFunction(() => page.received().length === 1);
    expect(await tabAt(2).evaluate(() => page.received())).toEqual([]);
  });

  it('have the leader answer, with its errors, whoever asks', async () => {
    expect(await tabAt(0).evaluate(() => page.ask('own'))).toMatchObject({ payload: 'own' });
    const answers = await Promise.all(
      tabs.slice(1).map((tab, index) => tab.evaluate((index) => page.ask(index), index)),
    );
    expect(answers).toEqual([0, 1, 2, 3].map((payload) => expect.objectContaining({ payload })));
    expect(await tabAt(3).evaluate(() => page.askToFail())).toEqual({ message: 'refused', code: 'RATE_LIMITED' });
  });

  it('get an answer from the next leader where one is killed while it works, also the one that becomes it', async () => {
    const leader = await leaderAmong(tabs);
    const others = tabs.filter((tab) => tab !== leader);
    await leader.evaluate(() => page.hang());
    const answers = others.map((tab, index) => tab.evaluate((index) => page.ask(index), index));
    await others[3]?.evaluate(() => page.post('all have asked by now'));
    await crash(leader);
    const by = expect.stringContaining('tab ') as unknown;
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3].map((payload) => ({ by, payload })));
    const done = await Promise.all(others.map((tab) => tab.evaluate(() => page.answered() as number[])));
    expect(new Set(done.flat())).toEqual(new Set([0, 1, 2, 3]));
  });

  it('make one refresh of a token that five of them find spent at once', async () => {
    let refreshes = 0;
    await context.route('**/refresh', async (route) => {
      refreshes += 1;
      await route.fulfill({ status: 204 });
    });
    await tabAt(0).evaluate(() => page.spend());
    await Promise.all(tabs.map((tab) => tab.evaluate(() => page.refresh('/refresh'))));
    expect(refreshes).toBe(1);
  });
});
