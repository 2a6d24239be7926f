import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Locator } from 'playwright-core';
import sharp from 'sharp';
import { browserPath, startBrowser } from '../support/clients/browser.js';
import { Person, startStory, type Story, until } from '../support/story.js';
import { barriers } from './barriers.js';
import { expectGone, expectPresent, expectShown, WAIT_TIMEOUT_MS, Visitor } from './visitor.js';

jest.setTimeout(5 * WAIT_TIMEOUT_MS);

const COLOR = { width: 640, height: 480, channels: 3 as const };

(browserPath === undefined ? describe.skip : describe)('the page for a keyboard, a screen reader and a finger', () => {
  let story: Story;
  let browser: Browser;
  let ada: Visitor;
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    [story, browser] = await Promise.all([startStory({ rateLimits: false }), startBrowser()]);
    ada = await Visitor.arrive(browser, story.url);
    visitors.push(ada);
    await ada.register('Ada');
    const [person, bob] = [await Person.login(story.url, 'ada'), await story.person('bob')];
    const direct = await bob.directConversation(person);
    await bob.send(direct, 'Are you coming to the lecture?');
    const cy = await story.person('cy');
    await person.must('POST', '/conversations', { type: 'GROUP', title: 'Engine', memberIds: [bob.id, cy.id] });
    await cy.must('POST', '/friends/requests', { userId: person.id });
    await expectShown(ada.conversation(/Engine/));
    await ada.conversation(/^bob/i).click();
    await ada.send('On my way');
    const buffer = await sharp({ create: { ...COLOR, background: '#0d5c63' } })
      .jpeg()
      .toBuffer();
    await ada.page.locator('input[type=file]').setInputFiles([{ name: 'sea.jpg', mimeType: 'image/jpeg', buffer }]);
    await ada.field.press('Enter');
    await expectShown(ada.page.locator('img.loaded'));
  });

  afterEach(() => {
    for (const visitor of visitors) expect(visitor.complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await browser.close();
    await story.close();
  }, WAIT_TIMEOUT_MS);

  const button = (name: string | RegExp): Locator => ada.page.getByRole('button', { name, exact: true });
  const dialog = (): Locator => ada.page.locator('dialog[open], [role=menu]').last();
  const expectFocus = (locator: Locator): Promise<void> => expectShown(locator.and(ada.page.locator(':focus')));

  /** Opened from `opener`, it keeps nobody out, and Escape leads back to where one was. */
  async function expectToOpen(opener: Locator, { by = 'Enter', back = opener } = {}): Promise<void> {
    await opener.focus();
    const before = await ada.page.locator('dialog[open], [role=menu]').count();
    await ada.page.keyboard.press(by);
    await expectShown(dialog());
    await ada.page.waitForFunction(
      (count) => document.querySelectorAll('dialog[open], [role=menu]').length > count,
      before,
    );
    expect(await barriers(ada)).toEqual([]);
    await ada.page.keyboard.press('Escape');
    await ada.page.waitForFunction(
      (count) => document.querySelectorAll('dialog[open], [role=menu]').length === count,
      before,
    );
    await expectFocus(back);
  }

  it('gives the focus back to what opened a dialog, and has no barrier in any', async () => {
    await expectToOpen(ada.list.getByRole('button', { name: 'Search messages' }));
    await expectToOpen(button('Search in this conversation'));
    await expectToOpen(button('Details'));
    await expectToOpen(button('Emoji'));
    await expectToOpen(button('Open Picture sea.jpg'));
    await expectToOpen(ada.field, { by: 'Control+Shift+F' });
    // A field that has the focus takes what is typed.
    await ada.page.keyboard.type('typed');
    expect(await ada.field.inputValue()).toBe('typed');
    await ada.field.fill('');
  });

  it('leaves the focus on a picture that is sent meanwhile', async () => {
    const buffer = await sharp({ create: { ...COLOR, background: '#5c3a0d' } })
      .jpeg()
      .toBuffer();
    const attempts: (() => void)[] = [];
    let isHeld = true;
    await ada.page.route('**/attachments*', async (route) => {
      if (isHeld) await new Promise<void>((resolve) => attempts.push(resolve));
      await route.continue();
    });
    await ada.page.locator('input[type=file]').setInputFiles([{ name: 'land.jpg', mimeType: 'image/jpeg', buffer }]);
    await ada.field.press('Enter');
    const picture = button('Open Picture land.jpg');
    await expectShown(picture);
    await picture.focus();
    const message = ada.page.locator('[data-row]').filter({ has: picture });
    await expectPresent(message.getByText(/^Uploading/));
    isHeld = false;
    for (const resume of attempts) resume();
    await expectPresent(message.getByText('Sent', { exact: true }));
    await expectFocus(picture);
  });

  it('gives it back to the message, whatever was done with it', async () => {
    const mine = ada.message('On my way');
    await expectToOpen(mine);
    await expectToOpen(mine, { by: '+' });
    await expectToOpen(mine, { by: 'Delete' });
    await mine.focus();
    await ada.page.keyboard.press('Tab');
    await expectToOpen(mine.getByRole('button', { name: 'Actions for this message' }), { back: mine });
    await mine.focus();
    await ada.page.keyboard.press('Enter');
    await ada.page.getByRole('menuitem', { name: 'Delete' }).press('Enter');
    await expectShown(ada.page.getByRole('dialog', { name: 'Delete this message?' }));
    await ada.page.keyboard.press('Escape');
    await expectFocus(mine);
  });

  it('gives it back inside a dialog that asks once more', async () => {
    await ada.conversation(/Engine/).click();
    await button('Details').click();
    await expectToOpen(button('Leave the group'));
    await expectToOpen(button(/^Actions for bob/));
    await button(/^Actions for bob/).focus();
    await ada.page.keyboard.press('Enter');
    await ada.page.getByRole('menuitem', { name: 'Remove from the group' }).press('Enter');
    await expectShown(ada.page.getByRole('dialog', { name: 'Remove from the group' }));
    await ada.page.keyboard.press('Escape');
    await expectFocus(button(/^Actions for bob/));
    await ada.page.keyboard.press('Escape');
    await expectFocus(button('Details'));
  });

  it('keeps nobody out of people, a new group, settings and what a search finds', async () => {
    await ada.page.getByRole('link', { name: 'People, 1' }).click();
    await expectShown(button('Accept'));
    await expectToOpen(ada.list.getByRole('link', { name: /Engine/ }), { by: 'ContextMenu' });
    await ada.page.getByRole('link', { name: 'New group' }).click();
    await ada.page.getByLabel('Search by name').fill('bob');
    await ada.page.getByRole('checkbox', { name: /^bob/ }).check();
    expect(await barriers(ada)).toEqual([]);
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    await expectToOpen(button('Delete the account'));
    expect(await barriers(ada)).toEqual([]);
    await ada.list.getByRole('button', { name: 'Search messages' }).click();
    await ada.page.getByRole('searchbox').fill('lecture');
    await expectShown(ada.page.getByRole('dialog').getByRole('button', { name: /bob/ }));
    expect(await barriers(ada)).toEqual([]);
    await ada.page.keyboard.press('Escape');
    await expectGone(ada.page.getByRole('dialog'));
  });

  it('shows on a narrow screen whatever length a name has, and what is notified over an open dialog', async () => {
    const name = 'W'.repeat(64);
    const [person, dora] = [await Person.login(story.url, 'ada'), await story.person('dora')];
    await dora.must('PATCH', '/users/me', { displayName: name });
    const conversationId = await dora.directConversation(person);
    await dora.send(conversationId, 'Hello');
    await ada.page.setViewportSize({ width: 360, height: 640 });
    await ada.open('/new');
    await ada.page.getByLabel('Search by name').fill('dora');
    await ada.page.getByRole('checkbox', { name }).check();
    const expectToFit = async (locator: Locator): Promise<void> => {
      await expectShown(locator);
      // At once: it may be gone a moment later.
      const fits = await locator.evaluate((element) => [
        element.scrollWidth <= element.clientWidth,
        element.getBoundingClientRect().right <= 360,
      ]);
      expect(fits).toEqual([true, true]);
    };
    await expectToFit(ada.page.locator('.chip'));
    await ada.open(`/c/${conversationId}`);
    await expectShown(ada.message('Hello'));
    const device = await dora.device();
    const typing = ada.page.locator('.typing-line', { hasText: name });
    // Typing goes to connections alone, and the page shows what it kept before it has one.
    await until('the page shows who is typing', async () => {
      await device.must('typing', { conversationId, isTyping: true });
      return typing.isVisible();
    });
    await expectToFit(typing);
    await button('Details').click();
    await button('Block').click();
    await ada.page.getByRole('dialog', { name: 'Block', exact: true }).getByRole('button', { name: 'Block' }).click();
    const details = ada.page.getByRole('dialog', { name: 'Details' });
    await expectToFit(details.getByRole('status').getByText(`${name} is blocked.`));
    expect(await barriers(ada)).toEqual([]);
    await ada.page.keyboard.press('Escape');
    await ada.page.setViewportSize({ width: 1280, height: 800 });
  });

  it('shows by a tap what may be done with a message, and by a long press its menu', async () => {
    const phone = await Visitor.arrive(browser, story.url, {
      viewport: { width: 360, height: 640 },
      hasTouch: true,
      isMobile: true,
    });
    visitors.push(phone);
    await phone.open();
    await phone.logIn('ada');
    await phone.conversation(/^bob/i).tap();
    const theirs = phone.message('Are you coming to the lecture?');
    const reply = theirs.getByRole('button', { name: 'Reply', exact: true });
    await expectShown(theirs);
    expect(await reply.count()).toBe(0);
    await theirs.locator('p').tap();
    await expectShown(reply);
    const box = await theirs.locator('.row-tools').boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(360);
    for (const tool of await theirs.locator('.row-tools button').all())
      expect((await tool.boundingBox())?.height).toBeGreaterThanOrEqual(40);
    await reply.tap();
    await expectShown(phone.page.getByRole('button', { name: 'Do not reply' }));
    await phone.send('I am');
    await expectShown(phone.message('I am').getByRole('button', { name: /Reply to bob/ }));

    const mine = phone.message('I am');
    await expectPresent(mine.getByText('Sent', { exact: true }));
    const place = await mine.locator('p').boundingBox();
    const debug = await phone.context.newCDPSession(phone.page);
    const touchPoints = [{ x: (place?.x ?? 0) + 10, y: (place?.y ?? 0) + 10 }];
    await debug.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
    await expectShown(phone.page.getByRole('menuitem', { name: 'Edit' }));
    await debug.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await expectShown(phone.page.getByRole('menuitem', { name: 'Edit' }));
    const menu = await phone.page.getByRole('menu').boundingBox();
    expect((menu?.x ?? 0) + (menu?.width ?? 999)).toBeLessThanOrEqual(360);
  });
});
