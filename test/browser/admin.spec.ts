import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Locator } from 'playwright-core';
import sharp from 'sharp';
import { browserPath, startBrowser } from '../support/clients/browser.js';
import { Person, request, startStory, type Story, until } from '../support/story.js';
import { barriers } from './barriers.js';
import { expectGone, expectShown, WAIT_TIMEOUT_MS, Visitor } from './visitor.js';

jest.setTimeout(5 * WAIT_TIMEOUT_MS);

(browserPath === undefined ? describe.skip : describe)('the moderators’ page', () => {
  let story: Story;
  let browser: Browser;
  let receiver: Server;
  let ada: Visitor;
  let bob: Visitor;
  let adaAsPerson: Person;
  let conversationId: string;
  const received: string[] = [];

  beforeAll(async () => {
    [story, browser] = await Promise.all([
      startStory({ rateLimits: false }, { WEBHOOK_ALLOWED_HOSTS: '127.0.0.1' }),
      startBrowser(),
    ]);
    receiver = createServer((request, response) => {
      received.push(String(request.headers['webhook-id']));
      request.resume().on('end', () => response.writeHead(204).end());
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    [ada, bob] = await Promise.all([Visitor.arrive(browser, story.url), Visitor.arrive(browser, story.url)]);
    await Promise.all([ada.register('Ada'), bob.register('Bob')]);
    adaAsPerson = await Person.login(story.url, 'ada');
    await story.grant(adaAsPerson, 'ADMIN');
    const [bobAsPerson, cy] = [await Person.login(story.url, 'bob'), await story.person('cy')];
    conversationId = await bobAsPerson.directConversation(cy);
    const sent = [];
    const watch = await bobAsPerson.mustUpload(
      await sharp({ create: { width: 40, height: 30, channels: 3, background: 'gold' } })
        .png()
        .toBuffer(),
      'watch.png',
    );
    for (const text of ['Hello there', 'BUY CHEAP WATCHES', 'Are you there?'])
      sent.push(
        await bobAsPerson.send(conversationId, text, text.startsWith('BUY') ? { attachmentIds: [watch.id] } : {}),
      );
    await cy.must('POST', '/reports', {
      targetType: 'message',
      targetId: sent[1]?.id,
      reason: 'SPAM',
      comment: 'I never asked for it.',
    });
    await ada.open('/admin');
  });

  afterEach(() => {
    expect(ada.complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await Promise.all([ada.close(), bob.close()]);
    await browser.close();
    receiver.close();
    receiver.closeAllConnections();
    await story.close();
  }, WAIT_TIMEOUT_MS);

  const button = (name: string | RegExp): Locator => ada.page.getByRole('button', { name, exact: true });
  const heading = (name: string | RegExp): Locator => ada.page.getByRole('heading', { level: 1, name });
  const dialog = (): Locator => ada.page.getByRole('dialog');
  const section = (name: string): Locator =>
    ada.page.getByRole('navigation', { name: 'Moderation' }).getByRole('link', { name });

  it('shows what was reported among what was said, and deletes it', async () => {
    await ada.page
      .getByRole('list', { name: 'Reports' })
      .getByRole('link', { name: /Spam.*bob/i })
      .click();
    await expectShown(heading('Report: Spam'));
    await expectShown(ada.page.getByText('I never asked for it.'));
    const said = ada.page.getByRole('listitem');
    await expectShown(said.filter({ hasText: 'Hello there' }));
    await expectShown(said.filter({ hasText: 'BUY CHEAP WATCHES' }).filter({ hasText: 'The reported message' }));
    expect(await barriers(ada)).toEqual([]);
    await button('Delete the message').click();
    await dialog().getByLabel('Note (optional)').fill('As the rules say.');
    expect(await barriers(ada)).toEqual([]);
    await dialog().getByRole('button', { name: 'Delete the message' }).click();
    await expectShown(ada.page.getByText('Resolved', { exact: true }).first());
    await expectShown(ada.page.getByText('As the rules say.'));
    await expectGone(button('Dismiss'));
    const { items } = await adaAsPerson.must('GET', '/admin/reports?status=OPEN');
    expect(items).toEqual([]);
    // Also of a deleted message, after the page was loaded anew.
    await ada.page.reload();
    const picture = said.filter({ hasText: 'BUY CHEAP WATCHES' }).getByRole('img', { name: 'watch.png' });
    await expectShown(picture);
    await picture.evaluate((image) => (image as HTMLImageElement).decode());
    await expectShown(ada.page.getByRole('link', { name: 'watch.png' }));
  });

  it('suspends the author, whose open page says so, and lets it in again', async () => {
    await ada.page
      .getByRole('link', { name: /Bob Example/ })
      .first()
      .click();
    await expectShown(heading('Bob Example'));
    await expectShown(ada.page.getByText('bob@example.com'));
    await button('Suspend').click();
    await dialog().getByLabel('Reason').fill('Spam, again and again');
    await dialog().getByRole('button', { name: 'Suspend' }).click();
    await expectShown(ada.page.getByText('Suspended', { exact: true }));
    await expectShown(bob.page.getByText(/suspended/i).first());
    await button('Let in again').click();
    await dialog().getByRole('button', { name: 'Let in again' }).click();
    await expectShown(button('Ban'));
    await expectShown(ada.page.getByRole('list', { name: 'What was done' }).getByText('User suspended'));
    expect(await barriers(ada)).toEqual([]);
  });

  it('finds users by name, and shows those who are suspended alone', async () => {
    await section('Users').click();
    await expectShown(ada.page.getByRole('link', { name: /Ada Example.*Administrator/ }));
    await ada.page.getByRole('searchbox').fill('bob');
    await expectGone(ada.page.getByRole('link', { name: /Ada Example.*Administrator/ }));
    await expectShown(ada.page.getByRole('link', { name: /Bob Example/ }));
    await ada.page.getByLabel('Show').selectOption('suspended');
    await expectShown(ada.page.getByText('Nobody is called so here.'));
    expect(await barriers(ada)).toEqual([]);
    // An e-mail address is found whole.
    const long = `${'x'.repeat(70)}@example.com`;
    await ada.page.getByRole('searchbox').fill('');
    await ada.page.getByRole('searchbox').pressSequentially(long);
    expect(await ada.page.getByRole('searchbox').inputValue()).toBe(long);
  });

  it('makes a key, shows its secret once, and revokes it', async () => {
    await section('Keys and bots').click();
    await button('New key').click();
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Name').fill('Help desk');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await expectShown(dialog().getByText('Choose at least one.'));
    await dialog()
      .getByRole('checkbox', { name: /Read users/ })
      .check();
    expect(await barriers(ada)).toEqual([]);
    await dialog().getByRole('button', { name: 'Create' }).click();
    const secret = await dialog().getByLabel('Secret').textContent();
    const call = async (): Promise<number> =>
      (await fetch(`${story.url}/admin/bots`, { headers: { authorization: `Bearer ${secret}` } })).status;
    expect(secret).toMatch(/^pk_/);
    expect(await call()).toBe(200);
    await dialog().getByRole('button', { name: 'Close' }).click();
    await button('Revoke Help desk').click();
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await expectGone(button('Revoke Help desk'));
    expect(await call()).toBe(401);
    await button('New bot').click();
    await dialog().getByLabel('Name that is shown').fill('Help desk');
    await dialog().getByLabel('Username').fill('helpdesk ');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await expectShown(ada.page.getByText('@helpdesk'));
  });

  it('makes a webhook, tests it, and lists what was delivered', async () => {
    await section('Webhooks').click();
    await button('New webhook').click();
    const { port } = receiver.address() as AddressInfo;
    await dialog().getByLabel('URL').fill(`http://127.0.0.1:${port}/hook`);
    await dialog().getByRole('checkbox', { name: 'report.created' }).check();
    await dialog().getByRole('button', { name: 'Create' }).click();
    await expectShown(
      dialog()
        .getByLabel('Secret')
        .getByText(/^whsec_/),
    );
    await dialog().getByRole('button', { name: 'Close' }).click();
    await ada.page.getByRole('link', { name: /127\.0\.0\.1/ }).click();
    await expectShown(ada.page.getByText('Nothing was sent yet.'));
    await button('Send a test').click();
    await expectShown(ada.page.getByText('The receiver took the test.'));
    await expectShown(ada.page.getByRole('list', { name: 'Deliveries' }).getByText('Delivered'));
    // What is not answered in time is sent once more.
    expect(new Set(received).size).toBe(1);
    expect(await barriers(ada)).toEqual([]);
    await button('Change the secret').click();
    await dialog().getByRole('button', { name: 'Change the secret' }).click();
    await expectShown(
      dialog()
        .getByLabel('Secret')
        .getByText(/^whsec_/),
    );
    await dialog().getByRole('button', { name: 'Close' }).click();
  });

  it('finds all of it in the audit log, and shows the server’s numbers', async () => {
    await section('Audit log').click();
    const log = ada.page.getByRole('list', { name: 'Audit log' });
    for (const act of ['Webhook created', 'Key revoked', 'Key created', 'User let in again', 'User suspended'])
      await expectShown(log.getByText(act));
    // The one who did it, by name.
    await expectShown(log.getByRole('link', { name: 'Ada' }).first());
    await expectShown(
      log.getByRole('listitem').filter({ hasText: 'User suspended' }).getByRole('link', { name: 'Bob Example' }),
    );
    await ada.page.getByRole('combobox', { name: 'Act' }).selectOption('user.suspend');
    await expectGone(log.getByText('Key created'));
    await expectShown(log.getByText('Spam, again and again'));
    expect(await barriers(ada)).toEqual([]);
    await section('Server').click();
    await expectShown(ada.page.getByRole('img', { name: /^New users, day by day: 4 in all/ }));
    expect(await barriers(ada)).toEqual([]);
  });

  it('shows a page once that was asked for twice', async () => {
    const held: (() => void)[] = [];
    await ada.page.route(/\/admin\/audit(\?|$)/, async (route) => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor');
      if (cursor !== null) await new Promise<void>((resolve) => held.push(resolve));
      const entry = { at: new Date().toISOString(), actorId: null, action: 'user.suspend', targetType: 'user' };
      const nothing = { targetId: null, ip: null, details: null };
      await route.fulfill({
        json: {
          items: [{ ...entry, ...nothing, id: cursor ?? 'first', reason: `reason of ${cursor ?? 'first'}` }],
          nextCursor: cursor === null ? 'second' : 'third',
        },
      });
    });
    await section('Audit log').click();
    const log = ada.page.getByRole('list', { name: 'Audit log' });
    await expectShown(log.getByText('reason of first'));
    const answers = Promise.all([ada.page.waitForResponse(/=second/), ada.page.waitForResponse(/=third/)]);
    for (let times = 0; times < 2; times += 1) await button('Show more').click();
    await until('it is asked for twice', () => held.length === 2);
    for (const resume of held) resume();
    await expectShown(log.getByText('reason of second').first());
    await button('Show more').click();
    await until('the next one is asked for', () => held.length === 3);
    held[2]?.();
    await answers;
    await expectShown(log.getByText('reason of third'));
    expect(await log.getByText('reason of second').count()).toBe(1);
    await ada.page.unrouteAll();
    await section('Server').click();
  });

  it('resets a password by a code, exports a user and deletes it', async () => {
    const eve = await story.person('eve');
    await section('Users').click();
    await ada.page.getByRole('searchbox').fill('eve');
    await ada.page.getByRole('link', { name: /eve/ }).click();
    await button('Reset the password').click();
    await dialog().getByRole('button', { name: 'Reset the password' }).click();
    const code = await dialog()
      .getByLabel('The code')
      .filter({ hasText: /^\d{12}$/ })
      .textContent();
    expect(await barriers(ada)).toEqual([]);
    const reset = { email: eve.email, otp: code, newPassword: 'another horse' };
    expect((await request(story.url, 'POST', '/auth/reset-password', reset)).status).toBe(200);
    await dialog().getByRole('button', { name: 'Close' }).click();
    const downloading = ada.page.waitForEvent('download');
    await ada.page.getByRole('link', { name: 'Export' }).click();
    expect((await downloading).suggestedFilename()).toBe('export.json');
    await button('Delete the account').click();
    await dialog().getByLabel('Note (optional)').fill('Asked for it.');
    await dialog().getByRole('button', { name: 'Delete the account' }).click();
    await expectGone(button('Suspend'));
    const done = ada.page.getByRole('list', { name: 'What was done' });
    for (const act of ['User deleted', 'User exported', 'Password reset']) await expectShown(done.getByText(act));
    expect((await adaAsPerson.must('GET', `/admin/users/${eve.id}`)).deletedAt).not.toBeNull();
  });

  it('says by name what was reported to who is suspended for it', async () => {
    const [{ id }] = (await adaAsPerson.must('GET', '/admin/users?search=bob')).items;
    await adaAsPerson.must('POST', `/admin/users/${id}/ban`, { reason: 'SELF_HARM' });
    await bob.page.reload();
    await expectShown(bob.page.getByText('Reason: Somebody may hurt themselves').first());
    await adaAsPerson.must('POST', `/admin/users/${id}/restore`);
  });

  it('can be used on a phone', async () => {
    await ada.page.setViewportSize({ width: 390, height: 780 });
    for (const name of ['Reports', 'Users', 'Audit log', 'Keys and bots', 'Webhooks', 'Server']) {
      await section(name).click();
      await expectShown(heading(name));
      const width = await ada.page.evaluate(() => document.querySelector('.admin-main')?.scrollWidth);
      expect([name, width]).toEqual([name, 390]);
    }
    // None of them beyond the edge.
    const navigation = ada.page.getByRole('navigation', { name: 'Moderation' });
    expect(await navigation.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    await ada.page.setViewportSize({ width: 1280, height: 800 });
  });

  it('is not there for who is no moderator, and leaves out for moderators what is not theirs', async () => {
    const [cyAsVisitor, mia] = await Promise.all([
      Visitor.arrive(browser, story.url),
      Visitor.arrive(browser, story.url),
    ]);
    try {
      await cyAsVisitor.register('Dan');
      await cyAsVisitor.open('/admin');
      await expectShown(cyAsVisitor.page.getByRole('heading', { name: 'There is nothing here' }));
      await mia.register('Mia');
      await story.grant(await Person.login(story.url, 'mia'), 'MODERATOR');
      await mia.open('/admin');
      const nav = mia.page.getByRole('navigation', { name: 'Moderation' });
      await expectShown(nav.getByRole('link', { name: 'Reports' }));
      expect(await nav.getByRole('list').getByRole('link').allTextContents()).toEqual(['Reports', 'Users', 'Server']);
    } finally {
      await Promise.all([cyAsVisitor.close(), mia.close()]);
    }
  });
});
