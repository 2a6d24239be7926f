import type { Clock } from '../../src/ports/environment.js';
import { findBroadcastChannels } from '../../src/tabs/broadcast-channel.js';
import { indexedDbTokens } from '../../src/ports/platform.js';
import { createTabs } from '../../src/tabs/tabs.js';
import type { Tabs } from '../../src/tabs/types.js';
import { findWebLocks } from '../../src/ports/platform.js';
import { webLock } from '../../src/tabs/web-lock.js';

/** The script of a page: what `tabs.browser.spec.ts` calls in it. */
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout: (work, delayMs) => ({ timer: setTimeout(work, delayMs) }),
  clearTimeout: (timer) => clearTimeout(timer?.timer as number | undefined),
};
const locks = findWebLocks();
const channel = findBroadcastChannels();
if (locks === undefined || channel === undefined) throw new Error('this browser has no tabs');
const lock = webLock(locks);
/** Not in localStorage, of which each process of the browser has a copy that lags. */
const tokens = indexedDbTokens(indexedDB);
const ports = {
  lock,
  channel,
  clock,
  random: { number: Math.random, uuid: () => crypto.randomUUID() },
  isSuspended: () => false,
};

let tabs: Tabs;
const received: unknown[] = [];
const answered: unknown[] = [];
let hangs = false;

const page = {
  start(name: string): void {
    tabs = createTabs('account', ports);
    tabs.onMessage((message) => message.type === 'hello' && received.push(message));
    tabs.onAsk(async (question, payload) => {
      if (hangs) await new Promise(() => undefined);
      if (question === 'fail') throw Object.assign(new Error('refused'), { code: 'RATE_LIMITED' });
      answered.push(payload);
      return { by: name, payload };
    });
    tabs.start();
  },
  isLeader: () => tabs.getSnapshot() === 'leader',
  hang: () => void (hangs = true),
  ask: (payload: unknown) => tabs.ask('do', payload),
  askToFail: () =>
    tabs.ask('fail', null).catch((error: Error & { code?: string }) => ({ message: error.message, code: error.code })),
  post: (text: string) => tabs.post({ type: 'hello', text }),
  received: () => received,
  answered: () => answered,
  stop: () => tabs.stop(),
  spend: () => tokens.save({ url: '', userId: '', accessToken: 'spent' }),
  /** One refresh of a token that all tabs share, as auth does it: the lock, then a second look at what is kept. */
  refresh: (url: string) =>
    lock.run('account:refresh', async () => {
      if ((await tokens.load())?.accessToken !== 'spent') return;
      await fetch(url, { method: 'POST' });
      await tokens.save({ url: '', userId: '', accessToken: 'new' });
    }),
};

export type TabsPage = typeof page;
(globalThis as unknown as { page: TabsPage }).page = page;
