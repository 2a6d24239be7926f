import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Locator } from 'playwright-core';
import sharp from 'sharp';
import { browserPath, startBrowser } from '../support/clients/browser.js';
import { webm } from '../support/files.js';
import { Person, startStory, type Story, until } from '../support/story.js';
import { expectGone, expectShown, expectValue, WAIT_TIMEOUT_MS, Visitor } from './visitor.js';

jest.setTimeout(5 * WAIT_TIMEOUT_MS);

(browserPath === undefined ? describe.skip : describe)('the page from day to day', () => {
  let story: Story;
  let browser: Browser;
  let site: Server;
  let siteHost: string;
  let ada: Visitor;
  let bob: Visitor;
  let picture: Buffer;
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    site = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<title>The lecture</title>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    siteHost = `127.0.0.1:${(site.address() as AddressInfo).port}`;
    const color = { width: 320, height: 240, channels: 3 as const, background: '#0d5c63' };
    [story, browser, picture] = await Promise.all([
      startStory({ rateLimits: false, linkPreviewAllowedHosts: [siteHost] }),
      startBrowser(),
      sharp({ create: color }).png().toBuffer(),
    ]);
    ada = await Visitor.arrive(browser, story.url);
    bob = await Visitor.arrive(browser, story.url);
    visitors.push(ada, bob);
    await ada.register('Ada');
    await bob.register('Bob', { path: '/?with=ada' });
    await bob.send('Hello Ada!');
    await ada.conversation(/^Bob Example/).click();
    await expectShown(ada.message('Hello Ada!'));
  });

  afterEach(() => {
    for (const visitor of visitors) expect(visitor.complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await browser.close();
    await story.close();
    site.closeAllConnections();
    site.close();
  }, WAIT_TIMEOUT_MS);

  const picker = (): Locator => ada.page.locator('input[type=file]').first();
  const picked = (name: string): Locator => ada.page.getByRole('button', { name: `Remove ${name}` });

  it('keeps the files that were picked with what was written, in their conversation and after a reload', async () => {
    await ada.field.fill('with a picture');
    await picker().setInputFiles([
      { name: 'sea.png', mimeType: 'image/png', buffer: picture },
      { name: 'nothing.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
    ]);
    await expectShown(ada.page.getByText('“nothing.txt” is empty, so it cannot be sent.'));
    await expectShown(picked('sea.png'));
    await expectShown(ada.conversation(/Draft: with a picture/));
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    await ada.conversation(/^Bob Example/).click();
    await expectShown(picked('sea.png'));
    await ada.page.reload();
    await expectShown(picked('sea.png'));
    await expectValue(ada.field, 'with a picture');
    await ada.field.press('Enter');
    await expectShown(bob.page.getByRole('button', { name: 'Open Picture sea.png' }));
    await expectShown(bob.log.getByText('with a picture'));
    await expectGone(picked('sea.png'));
    await ada.page.reload();
    await expectShown(ada.page.getByRole('button', { name: 'Open Picture sea.png' }));
    expect(await picked('sea.png').count()).toBe(0);
  });

  it('takes files that are pasted and dropped, and plays a film', async () => {
    const bytes = [...picture];
    await ada.field.evaluate((field, content) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([new Uint8Array(content)], 'pasted.png', { type: 'image/png' }));
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, bytes);
    await expectShown(picked('pasted.png'));
    await ada.page.locator('main').evaluate((main) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['words'], 'dropped.txt', { type: 'text/plain' }));
      main.dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }));
    });
    await expectShown(ada.page.getByText('Drop files here to send them'));
    await ada.page.locator('main').evaluate((main) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['words'], 'dropped.txt', { type: 'text/plain' }));
      main.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    await expectShown(picked('dropped.txt'));
    await picker().setInputFiles([{ name: 'film.webm', mimeType: 'video/webm', buffer: await webm('film') }]);
    await ada.field.press('Enter');
    await expectShown(bob.page.getByRole('link', { name: 'Open dropped.txt' }));
    await expectShown(bob.page.getByRole('button', { name: 'Open Picture pasted.png' }));
    await expectShown(bob.page.locator('video'));
  });

  it('shows what a link leads to, and takes it away again', async () => {
    await ada.send(`http://${siteHost}/lecture`);
    await expectShown(bob.log.getByText('The lecture'));
    const mine = ada.message(siteHost);
    await expectShown(mine.getByText('The lecture'));
    await mine.focus();
    await ada.page.keyboard.press('Enter');
    await ada.page.getByRole('menuitem', { name: 'Remove the link preview' }).click();
    await expectGone(bob.log.getByText('The lecture'));
  });

  it('shows nothing any more of what was deleted for oneself, here and in the list, also after a reload', async () => {
    await ada.send('the one before');
    await ada.send('not for everybody');
    const theirs = bob.message('not for everybody');
    await expectShown(theirs);
    const rows = await bob.log.getByRole('article').count();
    await theirs.focus();
    await bob.page.keyboard.press('Delete');
    await bob.page.getByRole('button', { name: 'Delete for me' }).click();
    await expectGone(theirs);
    expect(await bob.log.getByRole('article').count()).toBe(rows - 1);
    await expectShown(bob.conversation(/the one before/));
    await bob.page.reload();
    await expectShown(bob.message('the one before'));
    await until('all are shown', async () => (await bob.log.getByRole('article').count()) === rows - 1);
    expect(await bob.log.getByText('This message was deleted').count()).toBe(0);
    expect(await ada.message('not for everybody').count()).toBe(1);
  });

  it('asks who is logged in, and comes by a link to somebody, before anything of it reaches that person', async () => {
    const mallory = await story.person('mallory');
    const posts: string[] = [];
    ada.page.on('request', (request) => {
      if (request.method() === 'POST') posts.push(new URL(request.url()).pathname);
    });
    await ada.open(`/?with=${mallory.username}`);
    await expectValue(ada.page.getByLabel('Search by name'), mallory.username);
    await expectShown(ada.page.locator('main').getByText(`@${mallory.username}`));
    expect(new URL(ada.page.url()).search).toBe('');
    expect(posts.filter((path) => path.startsWith('/conversations'))).toEqual([]);
    expect((await mallory.must('GET', '/conversations')).items).toEqual([]);
    // One's own, and not where a search finds nobody else.
    await ada.open('/?with=ada');
    await expectShown(ada.page.getByText('This is you: your link is for others.'));
    await ada.page.getByLabel('Search by name').fill('ada example');
    await expectShown(ada.page.getByText('Nobody is called so here.'));
    // Nothing of it comes back with the next visit.
    await ada.open();
    await expectShown(ada.page.getByRole('heading', { name: 'Choose a conversation' }));
    await ada.conversation(/^Bob Example/).click();
  });

  it('opens no conversation with who has invited where its user logs in in another tab, and shows them in the search', async () => {
    const mallory = await story.person('mallory2');
    const invited = await Visitor.arrive(browser, story.url);
    visitors.push(invited);
    const posts: string[] = [];
    invited.page.on('request', (request) => {
      if (request.method() === 'POST') posts.push(new URL(request.url()).pathname);
    });
    await invited.open(`/?with=${mallory.username}`);
    await expectShown(invited.page.getByRole('button', { name: 'Create an account' }));
    const other = await invited.tab();
    visitors.push(other);
    await other.register('Carol');
    await expectValue(invited.page.getByLabel('Search by name'), mallory.username);
    await expectShown(invited.page.locator('main').getByText(`@${mallory.username}`));
    expect(posts.filter((path) => path.startsWith('/conversations'))).toEqual([]);
    expect((await mallory.must('GET', '/conversations')).items).toEqual([]);
  });

  it('leaves to an input method the keys by which it chooses and dismisses', async () => {
    const press = (key: string, init: { keyCode?: number; isComposing?: boolean }): Promise<void> =>
      ada.field.evaluate(
        (field, [key, init]) =>
          void field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init })),
        [key, init] as const,
      );
    await ada.field.fill('にほん');
    // Safari: the composition has ended already.
    await press('Enter', { keyCode: 229 });
    await ada.field.press('End');
    expect(await ada.field.inputValue()).toBe('にほん');
    await ada.send('にほんご');
    await ada.field.press('ArrowUp');
    await expectShown(ada.page.getByLabel('Edit your message'));
    await press('Escape', { isComposing: true });
    await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(await ada.page.getByLabel('Edit your message').count()).toBe(1);
    await ada.field.fill('日本語');
    await ada.field.press('Enter');
    await expectShown(ada.message('日本語'));
    await expectGone(ada.message('にほんご'));
  });

  it('offers an edit by the keyboard as long as the server takes it', async () => {
    await ada.send('a while ago');
    // What is not sent yet can be edited for as long as it waits.
    await expectShown(ada.message('a while ago').locator('.tick:not(.pending)'));
    const bar = ada.page.getByLabel('Edit your message');
    await ada.page.evaluate(() => {
      const now = Date.now;
      Date.now = () => now() + 20 * 60_000;
      Object.assign(window, { resetClock: () => (Date.now = now) });
    });
    await ada.field.press('ArrowUp');
    await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(await bar.count()).toBe(0);
    await ada.page.evaluate(() => (window as unknown as { resetClock: () => void }).resetClock());
    await ada.field.press('ArrowUp');
    await expectShown(bar);
    await ada.field.press('Escape');
    await expectGone(bar);
  });

  it('goes on with what was searched for, and drops what was overtaken', async () => {
    const held = new Map<string, () => Promise<void>>();
    const message = (await (await Person.login(story.url, 'ada')).must('GET', '/messages/search?q=Hello')).items[0];
    await ada.page.route('**/messages/search?*', async (route) => {
      const query = new URL(route.request().url()).searchParams;
      const [words, cursor] = [query.get('q') ?? '', query.get('cursor')];
      const name = `${words} ${cursor ?? 'first'}`;
      const json = {
        items: [{ ...message, id: name, content: `found by ${name}` }],
        nextCursor: `after-${words}`,
        indexedUpTo: null,
      };
      if (name !== 'one first') await new Promise<void>((resolve) => held.set(name, async () => resolve()));
      await route.fulfill({ json });
    });
    await ada.list.getByRole('button', { name: 'Search messages' }).click();
    const dialog = ada.page.getByRole('dialog');
    await dialog.getByRole('searchbox').fill('one');
    await expectShown(dialog.getByText('found by one first'));
    await dialog.getByRole('searchbox').fill('two');
    await dialog.getByRole('button', { name: 'Show more' }).click();
    await until('both are asked for', () => held.size === 2);
    expect([...held.keys()].toSorted()).toEqual(['one after-one', 'two first']);
    await held.get('two first')?.();
    await expectShown(dialog.getByText('found by two first'));
    const overtaken = ada.page.waitForResponse(/after-one/);
    await held.get('one after-one')?.();
    await (await overtaken).finished();
    await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(await dialog.getByText('found by one').count()).toBe(0);
    expect(await dialog.getByText('found by two first').count()).toBe(1);
    await ada.page.keyboard.press('Escape');
    await expectGone(dialog);
    await ada.page.unroute('**/messages/search?*');
  });

  it('names in what happened also who is no member any more, once they are known', async () => {
    const [asAda, asBob, dora] = [
      await Person.login(story.url, 'ada'),
      await Person.login(story.url, 'bob'),
      await story.person('dora'),
    ];
    const id = await asBob.group('Historians', dora);
    await asBob.must('PATCH', `/conversations/${id}`, { historyVisibility: 'FROM_START' });
    await dora.must('POST', `/conversations/${id}/leave`);
    await asBob.must('POST', `/conversations/${id}/members`, { memberIds: [asAda.id] });
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const profile = `**/users/${dora.id}`;
    await ada.page.route(profile, (route) => answered.then(() => route.continue()));
    await ada.conversation(/Historians/).click();
    await expectShown(ada.log.getByText('Somebody left'));
    answer();
    await expectShown(ada.log.getByText(/^dora.* left$/));
    await ada.page.unroute(profile);
    await asBob.must('PATCH', `/conversations/${id}/members/${asAda.id}`, { role: 'ADMIN' });
    await ada.page.getByRole('button', { name: 'Details' }).click();
    const details = ada.page.getByRole('dialog', { name: 'Details' });

    // What the server refuses is not shown as if it were so.
    const box = details.getByLabel('New members see earlier messages');
    await ada.page.route(`**/conversations/${id}`, (route) =>
      route.request().method() === 'PATCH' ? route.abort() : route.continue(),
    );
    await box.click();
    await expectShown(ada.page.locator('.toast'));
    expect(await box.isChecked()).toBe(true);
    await ada.page.unroute(`**/conversations/${id}`);
    // The browser says itself that the request failed.
    expect(ada.complaints.splice(0)).toEqual([expect.stringMatching(/ERR_FAILED/)]);
    await ada.page.keyboard.press('Escape');
    await ada.conversation(/^Bob Example/).click();
  });

  it('copies where browsers have no clipboard for scripts, as on plain http, and says so where it cannot', async () => {
    await ada.send('to be copied');
    await ada.page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
      document.addEventListener('copy', () => {
        Object.assign(window, { copied: (document.activeElement as HTMLTextAreaElement).value });
      });
    });
    const choose = async (): Promise<void> => {
      await ada.message('to be copied').click({ button: 'right' });
      await ada.page.getByRole('menuitem', { name: 'Copy text' }).click();
    };
    await choose();
    await expectShown(ada.page.getByText('Copied.'));
    expect(await ada.page.evaluate(() => (window as unknown as { copied: string }).copied)).toBe('to be copied');
    expect(await ada.page.locator('textarea').count()).toBe(1);
    await ada.page.evaluate(() => (Document.prototype.execCommand = () => false));
    await choose();
    await expectShown(ada.page.getByText('This browser does not let the page copy.'));
    await ada.page.reload();
  });

  it('says no code is on its way to an account that is not confirmed before one is', async () => {
    const visitor = await Visitor.arrive(browser, story.url);
    const { page } = visitor;
    await page.route('**/auth/login', (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        json: { status: 403, code: 'EMAIL_NOT_VERIFIED', detail: 'The e-mail address must be verified first.' },
      }),
    );
    await page.route('**/auth/resend-otp', (route) => route.fulfill({ json: {} }));
    const logIn = async (name: string): Promise<void> => {
      await page.getByLabel('E-mail or username').fill(name);
      await page.getByLabel('Password').fill('correct horse');
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
    };
    await visitor.open();
    await logIn(' @gil');
    await expectShown(page.getByText('Log in with it, not with the username'));
    await logIn('gil@example.com');
    await expectShown(page.getByText('The e-mail address gil@example.com is not confirmed yet.'));
    expect(await page.getByText('A code is on its way').count()).toBe(0);
    await page.getByRole('button', { name: 'Mail another code' }).click();
    await expectShown(page.getByText('A code is on its way to gil@example.com.').first());
    expect(await page.getByText('is not confirmed yet').count()).toBe(0);
    await visitor.close();
  });

  it('says why what was chosen in the settings was not done', async () => {
    const asAda = await Person.login(story.url, 'ada');
    const { id } = await asAda.mustUpload(picture, 'ada.png');
    await asAda.must('PATCH', '/users/me', { avatarId: id });
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    await ada.page.route('**/users/me', (route) =>
      route.request().method() === 'PATCH' ? route.abort() : route.continue(),
    );
    await ada.page.getByRole('button', { name: 'Remove the picture' }).click();
    await expectShown(ada.page.locator('.toast').getByText('The server was not reached.'));
    await ada.page.unroute('**/users/me');
    await ada.page.getByLabel('Username').fill(' ada ');
    await ada.page.getByRole('button', { name: 'Save', exact: true }).click();
    await expectShown(ada.page.locator('.toast').getByText('Saved'));
    const problem = { status: 429, code: 'RATE_LIMITED', detail: 'Too many requests.', retryAfterMs: 12 * 60_000 };
    await ada.page.route('**/users/me/export', (route) => route.fulfill({ status: 429, json: problem }));
    const link = ada.page.getByRole('link', { name: 'Download all that is stored about you' });
    await link.click();
    await expectShown(ada.page.getByText('Try again in 12 minutes.'));
    await ada.page.unroute('**/users/me/export');
    const downloading = ada.page.waitForEvent('download');
    await link.click();
    const downloaded = await downloading;
    expect(downloaded.suggestedFilename()).toBe('export.json');
    expect(JSON.parse(readFileSync(await downloaded.path(), 'utf8'))).toMatchObject({ profile: { username: 'ada' } });
    // The browser says itself that the requests failed.
    expect(ada.complaints.splice(0)).toEqual([expect.stringMatching(/ERR_FAILED/), expect.stringMatching(/429/)]);
    await ada.conversation(/^Bob Example/).click();
  });

  it('shows the role that a member of a large group was given', async () => {
    const asAda = await Person.login(story.url, 'ada');
    const others: Person[] = [];
    for (let number = 0; number < 101; number += 1) others.push(await story.person('crowd'));
    await asAda.group('Crowd', ...others);
    await ada.conversation(/Crowd/).click();
    await ada.page.getByRole('button', { name: 'Details' }).click();
    const details = ada.page.getByRole('dialog', { name: 'Details' });
    const rows = details.getByRole('listitem');
    await expectShown(rows.first());
    const held = await rows.count();
    const more = details.getByRole('button', { name: 'Show more' });
    // The first pages have those that are there already.
    while ((await rows.count()) <= held) {
      const answered = ada.page.waitForResponse(/\/members/);
      await more.click();
      await (await answered).finished();
      await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    }
    const last = (await rows.last().textContent())?.match(/@(\w+)/)?.[1] ?? '';
    const row = rows.filter({ hasText: last });
    await row.getByRole('button').click();
    await ada.page.getByRole('menuitem', { name: 'Make admin' }).click();
    await expectShown(row.getByText('admin', { exact: true }));
    await ada.page.keyboard.press('Escape');
    await ada.conversation(/^Bob Example/).click();
  });

  it('makes no group of the Enter by which somebody is searched for', async () => {
    const made: string[] = [];
    ada.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().includes('/conversations')) made.push(request.url());
    });
    await ada.page.getByRole('link', { name: 'New group' }).click();
    await ada.page.getByLabel('Name of the group').fill('Too early');
    await ada.page.getByLabel('Search by name').fill('@bob');
    await ada.page.getByLabel('Search by name').press('Enter');
    await ada.page.getByRole('checkbox', { name: 'Bob Example' }).check();
    expect(made).toEqual([]);
    expect(new URL(ada.page.url()).pathname).toBe('/new');
    await ada.conversation(/^Bob Example/).click();
  });

  it('lets an owner look after a group, and hand it over', async () => {
    const cy = await story.person('cy');
    const { page } = ada;
    await page.getByRole('link', { name: 'New group' }).click();
    await page.getByLabel('Name of the group').fill('Engine');
    await page.getByLabel('Search by name').fill('bob');
    await page.getByRole('checkbox', { name: 'Bob Example' }).check();
    await page.getByRole('button', { name: 'Create the group' }).click();
    await ada.send('Tea at four?');
    await bob.conversation(/Engine/).click();
    await bob.send('With pleasure');
    await expectShown(ada.conversation(/Engine.*Bob: With pleasure/));
    await expectShown(bob.conversation(/Engine.*You: With pleasure/));

    await page.getByRole('button', { name: 'Details' }).click();
    const details = page.getByRole('dialog', { name: 'Details' });
    await details.getByLabel('Name of the group').fill('Difference Engine');
    await details.getByRole('button', { name: 'Rename' }).click();
    await expectShown(bob.page.getByRole('heading', { name: 'Difference Engine' }));
    await details
      .locator('input[type=file]')
      .setInputFiles([{ name: 'g.png', mimeType: 'image/png', buffer: picture }]);
    await expectShown(bob.conversation(/Difference Engine/).locator('img'));
    await details.getByRole('button', { name: 'Add people' }).click();
    await details.getByLabel('Search by name').fill('cy');
    await details.getByRole('checkbox', { name: /^cy/ }).check();
    await details.getByRole('button', { name: 'Add 1' }).click();
    await expectShown(bob.log.getByText(/^Ada Example added cy/));

    const choose = async (who: RegExp, what: string): Promise<void> => {
      await details.getByRole('button', { name: who }).click();
      await page.getByRole('menuitem', { name: what }).click();
    };
    await choose(/^Actions for Bob/, 'Make admin');
    await expectShown(bob.log.getByText('Ada Example made Bob Example admin'));
    await choose(/^Actions for cy/, 'Remove from the group');
    await page.getByRole('dialog', { name: 'Remove from the group' }).getByRole('button', { name: 'Remove' }).click();
    await expectShown(bob.log.getByText(/^Ada Example removed cy/));
    expect((await cy.must('GET', '/conversations')).items).toEqual([]);
    await choose(/^Actions for Bob/, 'Hand the group over');
    await page.getByRole('dialog', { name: 'Hand the group over' }).getByRole('button', { name: 'Hand' }).click();
    await expectShown(bob.log.getByText('Ada Example made Bob Example owner'));
    await details.getByRole('button', { name: 'Leave the group' }).click();
    await page.getByRole('dialog', { name: 'Leave the group' }).getByRole('button', { name: 'Leave' }).click();
    await expectShown(bob.log.getByText('Ada Example left'));
    await expectGone(ada.conversation(/Difference Engine/));
    await bob.page.getByRole('button', { name: 'Details' }).click();
    await expectShown(bob.page.getByRole('dialog', { name: 'Details' }).getByText('1 member'));
    await bob.page.keyboard.press('Escape');
  });

  it('says so where an address leads nowhere, whoever asks', async () => {
    for (const visitor of [ada, await Visitor.arrive(browser, story.url)]) {
      if (!visitors.includes(visitor)) visitors.push(visitor);
      await visitor.open('/nonsense');
      await expectShown(visitor.page.getByRole('heading', { name: 'There is nothing here' }));
      // The browser says itself that the server has answered 404.
      expect(visitor.complaints.splice(0)).toEqual([expect.stringMatching(/404 .*\/nonsense$/)]);
    }
    await ada.page.getByRole('link', { name: 'To the conversations' }).click();
    await expectShown(ada.page.getByRole('heading', { name: 'Choose a conversation' }));
  });

  it('asks before what is not sent is lost, also where every device is left', async () => {
    await bob.page.getByRole('link', { name: 'Settings' }).click();
    await bob.page.getByRole('heading', { name: 'Settings' }).waitFor();
    await bob.context.setOffline(true);
    await bob.conversation(/^Ada Example/).click();
    await bob.send('not on its way');
    await bob.page.getByRole('link', { name: 'Settings' }).click();
    await bob.page.getByRole('button', { name: 'Log out on all devices' }).click();
    const question = bob.page.getByRole('dialog', { name: 'Log out on all devices' });
    await expectShown(question.getByText('1 message that is not sent yet will be lost.'));
    await question.getByRole('button', { name: 'Cancel' }).click();
    await expectGone(question);
    await bob.context.setOffline(false);
    await expectShown(ada.conversation(/not on its way/));
    bob.complaints.splice(0);
  });

  it('leaves no picked files behind where the browser does not remove the rest', async () => {
    await ada.conversation(/^Bob Example/).click();
    await picker().setInputFiles([{ name: 'sea.png', mimeType: 'image/png', buffer: picture }]);
    const databases = (): Promise<(string | undefined)[]> =>
      ada.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    await until('they are kept', async () => (await databases()).includes('parley-picked-files'));
    await ada.page.evaluate(() => {
      const remove = IDBFactory.prototype.deleteDatabase;
      IDBFactory.prototype.deleteDatabase = function (name) {
        if (name !== 'parley-picked-files') throw new Error('The browser removes nothing.');
        return remove.call(this, name);
      };
    });
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    const account = ada.page.locator('section').filter({ hasText: 'Delete the account' });
    await account.getByRole('button', { name: 'Log out', exact: true }).click();
    await expectShown(ada.page.getByLabel('E-mail or username'));
    await until('they are gone', async () => !(await databases()).includes('parley-picked-files'));
    expect(new URL(ada.page.url()).pathname).toBe('/');
  });

  it('begins anew where a part of it failed, and fails again when it is asked for once more', async () => {
    const visitor = await Visitor.arrive(browser, story.url, { serviceWorkers: 'block' });
    const { page } = visitor;
    // As in a browser that remembers of an import that it failed, for as long as the document lives.
    let isAnew = false;
    let failures = 0;
    let questions = 0;
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      isAnew ||= request.isNavigationRequest() && pathname === '/settings';
      if (request.resourceType() === 'fetch' && pathname === '/') questions += 1;
    });
    page.on('requestfailed', () => (failures += 1));
    await visitor.register('Eve', { path: '/?with=bob' });
    await page.route(/\/assets\/(EmojiPicker|SettingsPage)-.*\.js$/, (route) =>
      isAnew ? route.continue() : route.abort(),
    );
    await visitor.send('once written');
    // Never while an edit is open.
    await visitor.field.press('ArrowUp');
    await expectShown(page.getByLabel('Edit your message'));
    for (const times of [1, 2]) {
      await page.getByRole('button', { name: 'Emoji', exact: true }).click();
      await until('the part failed', () => failures === times);
    }
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(questions).toBe(0);
    await visitor.field.press('Escape');
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expectShown(page.getByRole('heading', { name: 'Settings' }));
    await visitor.close();
  });

  it('asks ever less often for what one can do without, and not whether there is a newer build while it is looked at', async () => {
    const visitor = await Visitor.arrive(browser, story.url, { serviceWorkers: 'block' });
    const { page } = visitor;
    const [parts, pages]: [string[], string[]] = [[], []];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (request.resourceType() === 'fetch' && pathname === '/') pages.push(pathname);
    });
    await page.route('**/assets/MissedHint-*.js', (route) => {
      parts.push(route.request().url());
      return route.abort();
    });
    await page.clock.install();
    await visitor.register('Fay');
    await until('it was asked for', () => parts.length > 0);
    for (let seconds = 0; seconds < 120; seconds += 1) await page.clock.runFor(1_000);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.length).toBeLessThan(10);
    expect(pages).toEqual([]);
    await visitor.close();
  });

  it('leaves nothing behind of an account that was deleted elsewhere, and says so', async () => {
    await bob.conversation(/^Ada Example|^Deleted/).click();
    await bob.page
      .locator('input[type=file]')
      .setInputFiles([{ name: 'sea.png', mimeType: 'image/png', buffer: picture }]);
    const databases = (): Promise<string[]> =>
      bob.page.evaluate(async () => (await indexedDB.databases()).map(({ name = '' }) => name));
    const asBob = await Person.login(story.url, 'bob');
    const isOfBob = (name: string): boolean => name.includes(asBob.id) || name === 'parley-picked-files';
    await until('both are kept', async () => (await databases()).filter(isOfBob).length === 2);
    await asBob.must('DELETE', '/users/me', { password: 'correct horse' });
    await expectShown(bob.page.getByText('This account was deleted.'));
    await until('nothing is kept', async () => !(await databases()).some(isOfBob));
    expect(await bob.page.getByText('what you had not sent yet').count()).toBe(0);
    bob.complaints.splice(0);
  });
});
