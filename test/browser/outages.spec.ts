import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { browserPath, startBrowser } from '../support/clients/browser.js';
import { freePort } from '../support/servers/free-port.js';
import { createTestDatabase, type TestDatabase } from '../support/databases/postgres.js';
import { ServerProcess } from '../support/processes/process.js';
import { until } from '../support/story.js';
import { startTcpProxy, type TcpProxy } from '../support/servers/tcp-proxy.js';
import { expectGone, expectPresent, expectShown, expectValue, WAIT_TIMEOUT_MS, Visitor } from './visitor.js';

jest.setTimeout(5 * WAIT_TIMEOUT_MS);

(browserPath === undefined ? describe.skip : describe)('the page without its server', () => {
  let database: TestDatabase;
  let directory: string;
  let server: ServerProcess;
  let browser: Browser;
  let ada: Visitor;
  let bob: Visitor;
  let environment: Record<string, string>;
  /** Ada's way to the server. */
  let network: TcpProxy;
  /** The browser knows of it, and the connections that it had are gone. */
  const goOffline = async (): Promise<void> => {
    await ada.context.setOffline(true);
    network.refuse();
  };
  const goOnline = async (): Promise<void> => {
    network.pass();
    await ada.context.setOffline(false);
  };
  const start = (): Promise<ServerProcess> => ServerProcess.start(environment);

  beforeAll(async () => {
    [database, directory] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'parley-page-'))]);
    environment = {
      DATABASE_URL: database.url,
      DATA_DIR: directory,
      PORT: String(await freePort()),
      RATE_LIMITS: 'off',
    };
    [server, browser] = await Promise.all([start(), startBrowser()]);
    network = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    ada = await Visitor.arrive(browser, `http://127.0.0.1:${network.port}`);
    await ada.register('Ada');
    bob = await Visitor.arrive(browser, server.url);
    await bob.register('Bob', { path: '/?with=ada' });
    await bob.send('before');
    await ada.conversation(/Bob Example/).click();
    await expectShown(ada.message('before'));
  });

  afterAll(async () => {
    await ada?.close();
    await bob?.close();
    await browser?.close();
    await network?.close();
    await server?.kill();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  }, WAIT_TIMEOUT_MS);

  it('says that it waits where the browser’s storage is slow to open, and nothing of it once it is there', async () => {
    const slow = await Visitor.arrive(browser, server.url);
    // Each opening answers 3 s late.
    await slow.page.addInitScript(() => {
      const listen = IDBRequest.prototype.addEventListener;
      IDBOpenDBRequest.prototype.addEventListener = function (type: string, listener: EventListener) {
        const late = (event: Event): void => void setTimeout(() => listener.call(this, event), 3_000);
        listen.call(this, type, type === 'success' ? late : listener);
      };
    });
    await slow.open();
    const waiting = slow.page.getByText('One moment');
    await expectShown(waiting);
    await expectShown(slow.page.getByLabel('Password'));
    expect(await waiting.count()).toBe(0);
    await slow.close();
  });

  it('says quietly that it is offline, reads and queues, and sends in order when it is back', async () => {
    await goOffline();
    await expectShown(ada.list.getByText('Offline. What you write is sent'));
    await ada.send('first, offline');
    await ada.send('second, offline');
    await expectPresent(ada.message('second, offline').getByText('Waiting to be sent'));
    // The list says it, too, and what waits can be answered.
    await expectShown(ada.list.getByText('You: second, offline'));
    await expectPresent(ada.list.getByText('Waiting to be sent'));
    await ada.message('first, offline').click({ button: 'right' });
    await ada.page.getByRole('menuitem', { name: 'Reply' }).click();
    await ada.send('an answer, offline');
    await expectShown(ada.message('an answer, offline').getByRole('button', { name: /first, offline/ }));
    await goOnline();
    await expectShown(bob.message('second, offline'));
    const texts = await bob.log.getByRole('article').allInnerTexts();
    const at = (text: string): number => texts.findIndex((shown) => shown.includes(text));
    expect(at('first, offline')).toBeLessThan(at('second, offline'));
    await expectGone(ada.list.getByText('Offline.'));
  });

  it('keeps what is being typed while the server dies, and what was sent meanwhile goes out after', async () => {
    await ada.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await ada.field.pressSequentially('Half a sent');
    await server.kill();
    await ada.field.pressSequentially('ence');
    await expectShown(ada.list.getByText('The server is not reached.'));
    await ada.field.press('Enter');
    await expectShown(ada.message('Half a sentence'));
    await ada.field.fill('the next one');
    await ada.page.reload();
    await expectShown(ada.message('Half a sentence'));
    await expectValue(ada.field, 'the next one');
    server = await start();
    await expectShown(bob.message('Half a sentence'));
    expect(await bob.message('Half a sentence').count()).toBe(1);
  });

  it('starts without a network, with what was there, and goes on', async () => {
    await goOffline();
    await ada.page.reload();
    await expectShown(ada.message('Half a sentence'));
    await expectShown(ada.list.getByText('Offline.'));
    await ada.field.fill('written on the train');
    await ada.field.press('Enter');
    await expectShown(ada.message('written on the train'));
    await goOnline();
    await expectShown(bob.message('written on the train'));
  });

  it('leads back from a conversation that is not here yet, and says that there is no network', async () => {
    await ada.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const [path, size] = [new URL(ada.page.url()).pathname, ada.page.viewportSize()];
    await goOffline();
    await ada.page.setViewportSize({ width: 360, height: 640 });
    // As a notification leads there.
    await ada.open('/c/01890000-0000-7000-8000-000000000000');
    await expectShown(ada.page.getByRole('main').getByText('Offline.'));
    await ada.page.getByRole('button', { name: 'Back' }).click();
    await expectShown(ada.list);
    if (size !== null) await ada.page.setViewportSize(size);
    await goOnline();
    await ada.open(path);
  });

  it('asks to log in again where the session was ended, and keeps the draft', async () => {
    await ada.field.fill('not finished');
    const other = await Visitor.arrive(browser, server.url);
    await other.open();
    await other.logIn('ada');
    await other.page.getByRole('link', { name: 'Settings' }).click();
    const heading = other.page.getByRole('heading', { name: 'Devices' });
    const devices = other.page.locator('section').filter({ has: heading });
    await devices.getByRole('button', { name: 'Log out', exact: true }).first().click();
    await expectShown(ada.page.getByText('Your session has ended.'));
    await other.close();
    await ada.logIn('ada');
    await expectValue(ada.field, 'not finished');
  });

  it('says of a list of the settings that it could not be loaded, and moves no button while one comes that was slow', async () => {
    const held: (() => void)[] = [];
    const lists = /\/(auth\/sessions|blocks)(\?|$)/;
    await bob.page.route(lists, (route) => route.abort());
    await bob.page.getByRole('link', { name: 'Settings' }).click();
    await expectShown(bob.page.getByText('This could not be loaded.').nth(1));
    await bob.page.unroute(lists);
    await bob.page.getByRole('button', { name: 'Try again' }).first().click();
    await expectShown(bob.page.getByText('This device ·'));
    await bob.conversation(/Ada Example/).click();
    await bob.page.route(lists, async (route) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue();
    });
    await bob.page.getByRole('link', { name: 'Settings' }).click();
    await bob.page.getByRole('button', { name: 'Delete the account' }).hover();
    await until('both are asked for', () => held.length === 2);
    await bob.page.mouse.down();
    for (const resume of held) resume();
    await expectShown(bob.page.getByText('This device ·'));
    await bob.page.mouse.up();
    await expectShown(bob.page.getByRole('dialog', { name: 'Delete the account' }));
    await bob.page.keyboard.press('Escape');
    await bob.page.unroute(lists);
    await bob.conversation(/Ada Example/).click();
  });

  it('lets somebody leave for good', async () => {
    await bob.page.getByRole('link', { name: 'Settings' }).click();
    await bob.page.getByRole('button', { name: 'Delete the account' }).click();
    const dialog = bob.page.getByRole('dialog', { name: 'Delete the account' });
    await expectShown(ada.page.getByText('online', { exact: true }));
    await dialog.getByLabel('Password').fill('not the password');
    await dialog.getByRole('button', { name: 'Delete my account for good' }).click();
    await expectShown(dialog.getByText('The password is wrong.'));
    await dialog.getByLabel('Password').fill('correct horse');
    await dialog.getByRole('button', { name: 'Delete my account for good' }).click();
    await expectShown(bob.page.getByLabel('E-mail or username'));
    // At once, and without a reload: nobody is there any more.
    await expectShown(ada.page.getByRole('heading', { name: 'Deleted user' }));
    await expectGone(ada.page.getByText('online', { exact: true }));
    await expectGone(ada.list.locator('.presence'));
  });
});
