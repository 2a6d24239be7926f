import { createECDH, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, CDPSession } from 'playwright-core';
import { ended } from '../support/bounded.js';
import { browserPath, startBrowser } from '../support/clients/browser.js';
import { Person, startStory, type Story, until } from '../support/story.js';
import { expectGone, expectShown, WAIT_TIMEOUT_MS, Visitor } from './visitor.js';

jest.setTimeout(5 * WAIT_TIMEOUT_MS);

const keys = {
  p256dh: createECDH('prime256v1').generateKeys('base64url'),
  auth: randomBytes(16).toString('base64url'),
};

(browserPath === undefined ? describe.skip : describe)('notifications of the page', () => {
  let story: Story;
  let browser: Browser;
  let ada: Visitor;
  let person: Person;
  let bob: Person;
  let conversationId: string;

  beforeAll(async () => {
    [story, browser] = await Promise.all([
      startStory({ rateLimits: false }, { PUSH_WEB_HOSTS: 'push.example.com' }),
      startBrowser(),
    ]);
    ada = await Visitor.arrive(browser, story.url, { permissions: ['notifications'] });
    // The one thing that a browser in a test has not: a push service.
    await ada.context.addInitScript(
      (json) => {
        const manager = PushManager.prototype as unknown as Record<string, unknown>;
        const KEY = 'subscription of this test';
        const subscription = (key: string): object => ({
          options: { applicationServerKey: Uint8Array.from(JSON.parse(key) as number[]).buffer },
          toJSON: () => json,
          unsubscribe: async () => {
            localStorage.removeItem(KEY);
            return true;
          },
        });
        manager['getSubscription'] = async () => {
          const key = localStorage.getItem(KEY);
          return key === null ? null : subscription(key);
        };
        const navigators = Navigator.prototype as unknown as Record<string, unknown>;
        navigators['setAppBadge'] = async (count: number) => localStorage.setItem('badge of this test', String(count));
        navigators['clearAppBadge'] = async () => localStorage.removeItem('badge of this test');
        manager['subscribe'] = async (options: { applicationServerKey: Uint8Array }) => {
          const key = JSON.stringify([...options.applicationServerKey]);
          localStorage.setItem(KEY, key);
          return subscription(key);
        };
      },
      { endpoint: 'https://push.example.com/of-this-test', keys },
    );
    await ada.register('Ada');
    person = await Person.login(story.url, 'ada');
    bob = await story.person('bob');
    conversationId = await bob.directConversation(person);
    await expectShown(ada.conversation(/^bob/));
    await ada.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  });

  afterEach(() => {
    expect(ada.complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await ada.close();
    await browser.close();
    await story.close();
  }, WAIT_TIMEOUT_MS);

  const setVisible = (isVisible: boolean): Promise<void> =>
    ada.page.evaluate(
      (value) => {
        Object.defineProperty(document, 'visibilityState', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      },
      isVisible ? 'visible' : 'hidden',
    );
  const hint = () => ada.page.getByText('A message came while you were away.');
  const devices = async () => (await person.must('GET', '/devices')).items;

  it('are asked for after the first message that one would have missed, and not before', async () => {
    await bob.send(conversationId, 'seen at once');
    await expectShown(ada.conversation(/seen at once/));
    expect(await hint().count()).toBe(0);
    await setVisible(false);
    await bob.send(conversationId, 'missed');
    await expectShown(ada.conversation(/missed/));
    await setVisible(true);
    await expectShown(hint());
    expect(await devices()).toEqual([]);
    await ada.page.getByRole('button', { name: 'Notify me' }).click();
    await expectGone(hint());
    await until('the device is registered', async () => (await devices()).length === 1);
    expect(await devices()).toEqual([expect.objectContaining({ platform: 'web', preview: 'full' })]);
  });

  it('stay on after a reload, and say what they are to show', async () => {
    const [device] = await devices();
    await ada.page.reload();
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    const notifications = ada.page.locator('section').filter({ hasText: 'Notifications' });
    await expectShown(notifications.getByRole('checkbox', { checked: true }));
    expect(await notifications.getByLabel('What they show').inputValue()).toBe('full');
    await notifications.getByLabel('What they show').selectOption({ label: 'Who writes' });
    await until('the device shows less', async () => (await devices())[0]?.preview === 'sender');
    expect((await devices()).map(({ id }: { id: string }) => id)).toEqual([device.id]);
  });

  it('say to the server whether somebody looks, on every connection', async () => {
    const sent: string[] = [];
    ada.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
    const said =
      (active: boolean): (() => boolean) =>
      () =>
        sent.some((frame) => frame.includes('"set_active"') && frame.includes(`"active":${active}`));
    await ada.page.reload();
    await expectShown(ada.conversation(/^bob/));
    await setVisible(false);
    await until('nobody looks', said(false));
    await setVisible(true);
    await until('somebody looks', said(true));
  });

  it('say so also where browsers have no locks, as on plain http', async () => {
    const tab = await Visitor.arrive(browser, story.url);
    await tab.page.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, 'locks', { value: undefined, configurable: true }),
    );
    const sent: string[] = [];
    tab.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
    await tab.register('Cleo');
    await tab.page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await until('nobody looks', () => sent.some((frame) => frame.includes('"active":false')));
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('are shown by the service worker, one for each conversation, and lead to it', async () => {
    const debug = await ada.context.newCDPSession(ada.page);
    const registrationId = await registrationOf(debug);
    const push = (title: string, data: object, tag = conversationId): Promise<unknown> =>
      debug.send('ServiceWorker.deliverPushMessage', {
        origin: story.url,
        registrationId,
        data: JSON.stringify({ title, body: 'Are you there?', tag, silent: false, data: { badge: 1, ...data } }),
      });
    const shown = (): Promise<string[]> =>
      ada.page.evaluate(async () => {
        const { registration } = { registration: await navigator.serviceWorker.ready };
        return (await registration.getNotifications()).map(({ title }) => title);
      });
    /** The debugger's command is answered before the worker has the push; a worker that stops at that moment never gets it. */
    const expectToShow = async (titles: string[], again: () => Promise<unknown>): Promise<void> => {
      let asked = 0;
      await until(`${titles.join(' and ')} is shown`, async () => {
        if (asked % 250 === 0) await again();
        asked += 1;
        return (await shown()).toSorted().join() === titles.join();
      });
    };
    const message = { kind: 'message', conversationId, seq: 2, senderId: bob.id };
    await expectToShow(['Bob'], () => push('Bob', message));
    await expectToShow(['Bob, again'], () => push('Bob, again', message));
    await push('of a kind that nobody knows', { kind: 'reminder' }, 'reminder');
    await expectToShow(['A friend', 'Bob, again'], () =>
      push('A friend', { kind: 'friend_request', senderId: bob.id }, `friend:${bob.id}`),
    );

    await ada.page.getByRole('link', { name: 'People', exact: true }).click();
    const worker = ada.context.serviceWorkers()[0] ?? (await ada.context.waitForEvent('serviceworker'));
    await worker.evaluate(async (tag) => {
      const scope = globalThis as unknown as {
        registration: ServiceWorkerRegistration;
        NotificationEvent: new (type: string, options: object) => Event;
        dispatchEvent(event: Event): boolean;
      };
      const [notification] = await scope.registration.getNotifications({ tag });
      scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
    }, conversationId);
    await expectShown(ada.message('missed'));
    await until('the clicked one is gone', async () => (await shown()).join() === 'A friend');

    await expectToShow(['A friend', 'Bob'], () => push('Bob', message));
    await push('', { kind: 'clear', conversationId });
    await until('it was read elsewhere', async () => (await shown()).join() === 'A friend');
  });

  it('go on after a session that was ended elsewhere, once the same user has logged in again', async () => {
    const { items } = await person.must('GET', '/auth/sessions');
    await person.must('DELETE', `/auth/sessions/${items.find(({ current }: { current: boolean }) => !current).id}`);
    await expectShown(ada.page.getByText('Your session has ended.'));
    await until('the device is gone', async () => (await devices()).length === 0);
    await ada.logIn('ada');
    await until('the device is registered', async () => (await devices()).length === 1);
    // As it was chosen before.
    expect((await devices())[0].preview).toBe('sender');
    ada.complaints.splice(0);
  });

  it('end with a log-out', async () => {
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    const account = ada.page.locator('section').filter({ hasText: 'Delete the account' });
    await account.getByRole('button', { name: 'Log out', exact: true }).click();
    await expectShown(ada.page.getByLabel('E-mail or username'));
    await until('the device is gone', async () => (await devices()).length === 0);
    await until('nothing is left of it', () =>
      ada.page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        const subscription = await registration.pushManager.getSubscription();
        const kept = localStorage.getItem('parley.notifications-preview');
        return kept === null && subscription === null && (await registration.getNotifications()).length === 0;
      }),
    );
  });

  it('end with a log-out in a tab that was there before them, with all that shows how much was unread', async () => {
    await ada.logIn('ada');
    const asked = ada.context.waitForEvent('response', (response) => response.url().endsWith('/push/web-key'));
    const second = await ada.tab();
    await asked;
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    await ada.page.getByRole('checkbox', { name: 'Notify me on this device' }).click();
    await until('the device is registered', async () => (await devices()).length === 1);
    const calls: string[] = [];
    ada.context.on('request', (request) => {
      if (request.method() === 'DELETE') calls.push(new URL(request.url()).pathname);
    });
    await second.page.getByRole('link', { name: 'Settings' }).click();
    await bob.send(conversationId, 'not read');
    const titles = (): Promise<string[]> => Promise.all([ada, second].map(({ page }) => page.title()));
    await until('both say how much is unread', async () => (await titles()).every((title) => title.startsWith('(')));
    const kept = (): Promise<(string | null)[]> =>
      second.page.evaluate(() => ['badge of this test', 'parley.emoji'].map((key) => localStorage.getItem(key)));
    await second.page.evaluate(() => localStorage.setItem('parley.emoji', '🎉'));
    await until('so does the icon', async () => (await kept())[0] !== null);
    const account = second.page.locator('section').filter({ hasText: 'Delete the account' });
    await account.getByRole('button', { name: 'Log out', exact: true }).click();
    await expectShown(second.page.getByLabel('E-mail or username'));
    await expectShown(ada.page.getByLabel('E-mail or username'));
    // A server that is silent keeps nobody waiting: it is asked for nothing.
    expect(calls).toEqual([]);
    await until('the browser is subscribed no more', () =>
      second.page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        return (await registration.pushManager.getSubscription()) === null;
      }),
    );
    await until('nothing is left of it', async () => (await kept()).every((value) => value === null));
    await until('nothing is said of it', async () => (await titles()).join() === 'Parley,Parley');
    expect(second.complaints.splice(0)).toEqual([]);
  });
});

/** As the browser's debugger knows the registration of the page's worker. */
async function registrationOf(debug: CDPSession): Promise<string> {
  const found = new Promise<string>((resolve) => {
    debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [registration] }) => {
      if (registration !== undefined) resolve(registration.registrationId);
    });
  });
  await debug.send('ServiceWorker.enable');
  return ended('the registration of the service worker', found, WAIT_TIMEOUT_MS);
}
