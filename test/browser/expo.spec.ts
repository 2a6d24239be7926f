import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Locator } from 'playwright-core';
import sharp from 'sharp';
import { startBrowser } from '../support/clients/browser.js';
import { request, startStory, type Story, until } from '../support/story.js';
import { startTcpProxy, type TcpProxy } from '../support/servers/tcp-proxy.js';
import { isExported, Phone } from './phone.js';
import { expectGone, expectShown, expectValue } from './visitor.js';

jest.setTimeout(300_000);

(isExported ? describe : describe.skip)('the Expo app, exported for the web', () => {
  let story: Story;
  let browser: Browser;
  let ada: Phone;
  let bob: Phone;
  /** Ada's way to the server. */
  let network: TcpProxy;
  const goOffline = async (): Promise<void> => {
    await ada.context.setOffline(true);
    network.refuse();
  };
  const goOnline = async (): Promise<void> => {
    network.pass();
    await ada.context.setOffline(false);
  };

  beforeAll(async () => {
    [story, browser] = await Promise.all([startStory({ rateLimits: false }), startBrowser()]);
    network = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(story.url).port) });
    ada = await Phone.start(browser, `http://127.0.0.1:${network.port}`);
    bob = await Phone.start(browser, story.url, { colorScheme: 'dark' });
  }, 120_000);

  afterEach(() => {
    expect([...ada.complaints, ...bob.complaints]).toEqual([]);
  });

  afterAll(async () => {
    await ada.close();
    await bob.close();
    await browser.close();
    await network.close();
    await story.close();
  }, 120_000);

  it('says that the server is not there, and lets somebody in once it is', async () => {
    network.refuse();
    await ada.page.getByLabel('E-mail or username').fill('ada');
    await ada.page.getByLabel('Password').fill('correct horse');
    await ada.button('Log in').click();
    await expectShown(ada.page.getByText('The server was not reached'));
    network.pass();
    await ada.button('Log in').click();
    await expectShown(ada.page.getByText('Name or password is wrong'));
    await ada.register('Ada');
    await expectShown(ada.page.getByText('Nobody here yet'));
    await bob.register('Bob');
  });

  it('finds a person, asks, is accepted, and opens the conversation', async () => {
    await bob.button('Friends').click();
    await bob.page.getByLabel('Find people').fill('@ada');
    await bob.button('Add').click();
    await expectShown(bob.page.getByText('asked', { exact: true }));
    await ada.button('Friends, 1 waiting').click();
    await ada.button('Accept').click();
    await ada.button('Write to Bob').click();
    await expectShown(ada.field);
    await bob.button('Back').click();
    await bob.conversation('Ada').click();
    await expectShown(bob.field);
  });

  it('sends, receives, shows who types and what was read', async () => {
    await ada.send('Hello Bob');
    await expectShown(bob.message('Hello Bob'));
    await expectShown(ada.mark('Hello Bob', 'Read'));
    // It is shown for some seconds alone.
    const typing = expectShown(ada.page.getByText('typing …').first());
    await bob.field.pressSequentially('And');
    await typing;
    await bob.send('And hello to you');
    await expectShown(ada.message('And hello to you'));

    const holdUntilShown = async (shown: Locator): Promise<void> => {
      await ada.message('And hello to you').getByText('And hello to you').hover();
      await ada.page.mouse.down();
      await expectShown(shown);
      await ada.page.mouse.up();
      await shown.click();
    };
    await holdUntilShown(ada.button('React with 👍'));
    await expectShown(bob.button('👍, 1'));
    await holdUntilShown(ada.page.getByRole('menu').getByRole('button', { name: 'Reply', exact: true }));
    await ada.send('How are you?');
    await expectShown(bob.message('How are you?').getByRole('button', { name: 'Reply to: And hello to you' }));
  });

  it('sends a picture from the library', async () => {
    const color = { width: 640, height: 480, channels: 3 as const, background: '#0d5c63' };
    const buffer = await sharp({ create: color }).jpeg().toBuffer();
    const chooser = ada.page.waitForEvent('filechooser');
    await ada.button('Pictures from the library').click();
    await (await chooser).setFiles({ name: 'sea.jpg', mimeType: 'image/jpeg', buffer });
    await expectShown(ada.button('Remove this picture'));
    await ada.button('Send').click();
    await bob.button('Open sea.jpg').click();
    await expectShown(bob.page.getByRole('img', { name: 'sea.jpg' }));
    await bob.button('Close').click();
  });

  it('keeps what is written offline, and sends it once and in order when the network is back', async () => {
    await goOffline();
    await ada.send('Written offline');
    await ada.send('And a second');
    await expectShown(ada.mark('Written offline', 'Waiting to be sent'));
    await expectShown(ada.page.getByRole('status').getByText('The server is not reached'));
    await bob.send('Meanwhile');
    await goOnline();
    await expectShown(ada.message('Meanwhile'));
    await expectShown(ada.mark('And a second', 'Read'));
    for (const phone of [ada, bob]) {
      const texts = await phone.page.getByRole('log').getByRole('article').allInnerTexts();
      const order = ['And a second', 'Written offline', 'Meanwhile'].map((text) =>
        texts.flatMap((shown, index) => (shown.includes(text) ? [index] : [])),
      );
      // An inverted list has the newest first.
      expect(order.map(({ length }) => length)).toEqual([1, 1, 1]);
      expect(order.flat()).toEqual(order.flat().toSorted((a, b) => a - b));
    }
  });

  it('shows what is cached before there is a network, and what is not sent survives a reload', async () => {
    await goOffline();
    await ada.send('Before the reload');
    // The files come from this computer, as an app's own do.
    await ada.context.setOffline(false);
    await ada.page.reload();
    await ada.conversation('Bob').click();
    await expectShown(ada.message('Hello Bob'));
    await expectShown(ada.mark('Before the reload', 'Waiting to be sent'));
    await goOnline();
    await expectShown(bob.message('Before the reload'));
    await expectShown(ada.mark('Before the reload', 'Read'));
  });

  it('opens a conversation at its first unread message, and reads the rest once its end was seen', async () => {
    await ada.button('Back').click();
    const token = (await login('bob')).accessToken;
    const [{ id }] = (await request(story.url, 'GET', '/users?search=ada', undefined, token)).body.items;
    const conversation = await request(story.url, 'POST', '/conversations', { type: 'DIRECT', userId: id }, token);
    const path = `/conversations/${conversation.body.id}/messages`;
    const say = async (content: string): Promise<void> =>
      expect((await request(story.url, 'POST', path, { content }, token)).status).toBe(201);
    // More than is loaded at once.
    for (let n = 1; n <= 70; n += 1)
      await say(n % 7 === 0 ? `Unread ${n}: ${'a long one. '.repeat(20)}` : `Unread ${n}.`);
    await ada.conversation(/70 unread/).click();
    await expectShown(ada.page.getByText('New messages', { exact: true }));
    const list = ada.page.getByRole('log');
    const seen = (): Promise<number[]> => list.evaluate(numbersOnScreen);
    await until('it stands at the first one', async () => (await seen()).at(0) === 1);
    await say('Written meanwhile.');
    await expectShown(ada.page.getByText('71', { exact: true }).last());
    expect((await seen()).at(0)).toBe(1);
    await expectShown(bob.mark('Unread 70', 'Sent'));
    // On the way to the newest one nothing is passed over, though more of it is loaded.
    const all = new Set<number>();
    await list.hover();
    for (let last = NaN; last !== 70; last = (await seen()).at(-1) ?? NaN) {
      for (const number of await seen()) all.add(number);
      const before = await list.evaluate(({ scrollTop }) => scrollTop);
      await ada.page.mouse.wheel(0, 350);
      await until('it has moved', async () => (await list.evaluate(({ scrollTop }) => scrollTop)) !== before);
    }
    for (const number of await seen()) all.add(number);
    expect([...all]).toEqual(Array.from({ length: 70 }, (_, index) => index + 1));
    await ada.page.mouse.wheel(0, 1_000);
    await expectShown(bob.mark('Written meanwhile.', 'Read'));
    // All that is unread has room on the screen.
    await ada.button('Back').click();
    await say('One more.');
    await ada.conversation(/1 unread/).click();
    await expectShown(ada.message('One more.'));
    await expectShown(bob.mark('One more.', 'Read'));
  });

  it('opens it there also from what it has kept, and reads nothing of what it did not know', async () => {
    network.refuse();
    await ada.page.reload();
    await ada.conversation('Bob').click();
    await expectShown(ada.message('One more.'));
    const token = (await login('bob')).accessToken;
    const [{ id }] = (await request(story.url, 'GET', '/users?search=ada', undefined, token)).body.items;
    const conversation = await request(story.url, 'POST', '/conversations', { type: 'DIRECT', userId: id }, token);
    for (let n = 1; n <= 20; n += 1) {
      const path = `/conversations/${conversation.body.id}/messages`;
      expect((await request(story.url, 'POST', path, { content: `Unread ${n} of now` }, token)).status).toBe(201);
    }
    network.pass();
    await expectShown(ada.page.getByText('20', { exact: true }).last());
    await until('it stands at the first one', async () =>
      (await ada.page.getByRole('log').evaluate(numbersOnScreen)).includes(1),
    );
    await expectShown(ada.message('Unread 1 of now'));
    await expectShown(bob.mark('Unread 20 of now', 'Sent'));
    await ada.button('Newest messages').click();
    await expectShown(bob.mark('Unread 20 of now', 'Read'));
  });

  it('says why a message was refused, and lets it go', async () => {
    const token = (await login('bob')).accessToken;
    const [{ id }] = (await request(story.url, 'GET', '/users?search=ada', undefined, token)).body.items;
    expect((await request(story.url, 'POST', '/blocks', { userId: id }, token)).status).toBe(201);
    await ada.send('Are you angry?');
    await expectShown(ada.message('Are you angry?').getByText('Not sent. You cannot write to this person.'));
    await ada.message('Are you angry?').getByText('Are you angry?').click();
    await ada.button('Discard').click();
    await expectGone(ada.message('Are you angry?'));
    expect((await request(story.url, 'DELETE', `/blocks/${id}`, undefined, token)).status).toBe(204);
  });

  it('leads to the log-in when the session was ended elsewhere, and back to the draft', async () => {
    await ada.field.fill('half a sen');
    const token = (await login('ada')).accessToken;
    expect((await request(story.url, 'POST', '/auth/logout-all', undefined, token)).status).toBe(204);
    await expectShown(ada.page.getByText('Your session has ended'));
    await ada.logIn('Ada');
    await expectShown(ada.field);
    await expectValue(ada.field, 'half a sen');
    await ada.button('Send').click();
    await expectShown(bob.message('half a sen'));
  });

  it('logs out, and keeps nothing of it on the device', async () => {
    expect(await ada.page.evaluate(readAll)).toContain('Hello Bob');
    await ada.button('Back').click();
    await ada.button('Settings').click();
    await ada.button('Log out').click();
    await ada.button('Log out now').click();
    await expectShown(ada.page.getByLabel('E-mail or username'));
    await ada.page.reload();
    await expectShown(ada.page.getByLabel('E-mail or username'));
    expect(await ada.page.evaluate(readAll)).not.toContain('Hello Bob');
  });

  async function login(username: string): Promise<{ accessToken: string }> {
    return (await request(story.url, 'POST', '/auth/login', { username, password: 'correct horse' })).body;
  }
});

/** Which of the numbered messages can be seen in a list, in order. In the page. */
function numbersOnScreen(list: Element): number[] {
  const { top, bottom } = list.getBoundingClientRect();
  const seen = [...list.querySelectorAll('[role=article]')].filter((row) => {
    const place = row.getBoundingClientRect();
    return place.bottom > top && place.top < bottom;
  });
  const numbers = seen.map(({ textContent }) => Number(/^Unread (\d+)/.exec(textContent ?? '')?.[1]));
  return numbers.filter((number) => number > 0).sort((a, b) => a - b);
}

/** All that IndexedDB holds, in the page. */
async function readAll(): Promise<string> {
  const rows: unknown[] = [];
  for (const { name = '' } of await indexedDB.databases()) {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.addEventListener('success', () => resolve(opening.result));
      opening.addEventListener('error', () => reject(new Error(name)));
    });
    for (const store of database.objectStoreNames)
      rows.push(
        await new Promise((resolve) => {
          const all = database.transaction(store).objectStore(store).getAll();
          all.addEventListener('success', () => resolve(all.result));
        }),
      );
    database.close();
  }
  return JSON.stringify(rows);
}
