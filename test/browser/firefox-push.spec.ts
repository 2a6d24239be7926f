import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TIMINGS } from '../../src/config/timings.js';
import { Firefox, firefoxPath } from '../support/firefox.js';
import { FakeAutopush } from '../support/push/fake-autopush.js';
import { logged } from '../support/push/push-story.js';
import { Person, startStory, type Story, until } from '../support/story.js';
import { PATIENCE_MS } from './visitor.js';

jest.setTimeout(5 * PATIENCE_MS);

/** A field by its label, or a button by its text; undefined where there is none. */
const fill = (label: string, text: string): boolean => {
  const found = [...document.querySelectorAll('label')].find((one) => one.textContent?.trim() === label);
  const input = found?.control ?? found?.querySelector('input');
  if (!(input instanceof HTMLInputElement)) return false;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
  input.dispatchEvent(new Event('input', { bubbles: true }));
  return true;
};
const press = (text: string): boolean => {
  const buttons = [...document.querySelectorAll<HTMLElement>('button, label')];
  const button = buttons.find((one) => one.textContent?.trim() === text);
  button?.click();
  return button !== undefined;
};
const shown = async (): Promise<{ title: string; body: string; tag: string }[]> => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }));
};

/** The whole way, with nothing of ours in the browser's place: its own push connection, its own keys, its own decryption. */
(firefoxPath === undefined ? describe.skip : describe)('a push through Firefox’s own push service', () => {
  let service: FakeAutopush;
  let story: Story;
  let firefox: Firefox;

  beforeAll(async () => {
    service = await new FakeAutopush().start();
    story = await startStory(
      { rateLimits: false, timings: { ...TIMINGS, pushIdleDelayMs: 30 } },
      { PUSH_WEB_HOSTS: service.url },
    );
    firefox = await Firefox.start({
      // A browser that is driven opens no connection of this kind by itself.
      'dom.push.connection.enabled': true,
      'dom.push.serverURL': service.webSocketUrl,
      'dom.push.testing.allowInsecureServerURL': true,
      // As if its user had allowed them.
      'permissions.default.desktop-notification': 1,
      'browser.shell.checkDefaultBrowser': false,
    });
  }, 5 * PATIENCE_MS);

  afterAll(async () => {
    await firefox?.close();
    await story?.close();
    await service?.stop();
    expect(service.faults).toEqual([]);
  }, PATIENCE_MS);

  it('is subscribed to in the settings, and shown by the service worker while no page is open', async () => {
    const ada = await Person.register(story.url, 'ada');
    const bob = await Person.register(story.url, 'bob');
    const conversationId = await bob.directConversation(ada);
    await firefox.open(story.url);
    await until('the field for the name is there', () => firefox.call(fill, 'E-mail or username', ada.username));
    await firefox.call(fill, 'Password', 'correct horse');
    expect(await firefox.call(press, 'Log in')).toBe(true);
    await until('the list is there', () =>
      firefox.call(() => document.querySelector('nav[aria-label="Conversations"]') !== null),
    );
    await firefox.open(`${story.url}/settings`);
    await until('notifications can be turned on', () =>
      firefox.call(press, 'Notify me on this device while nobody looks at the chat'),
    );
    await until('the device is registered', async () => (await ada.must('GET', '/devices')).items.length === 1);
    const { publicKey } = await ada.must('GET', '/push/web-key');
    expect(service.keys).toEqual([publicKey]);

    // Nobody looks, and nothing of the page runs.
    await firefox.open('about:blank');
    const [{ id: deviceId }] = (await ada.must('GET', '/devices')).items;
    await until('the page is away', async () => !(await bob.must('GET', `/users/${ada.id}`)).isOnline);
    await bob.say(conversationId, 'Grüße aus dem Off 👋');
    await logged(ada, { outcome: 'sent', reason: 'taken by the push service' }, deviceId);
    await until('Firefox has decrypted it, and given it to the worker', () => service.acknowledged.length > 0);
    expect(service.acknowledged).toEqual([100]);

    // Asked in a page of the same origin that is not the chat, which would clear what is read.
    await firefox.open(`${story.url}/docs/errors`);
    await until('it is shown', async () => (await firefox.call(shown)).length > 0);
    expect(await firefox.call(shown)).toEqual([
      { title: bob.username, body: 'Grüße aus dem Off 👋', tag: conversationId },
    ]);
  });
});
