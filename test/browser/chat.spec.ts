import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator } from 'playwright-core';
import sharp from 'sharp';
import { ended } from '../support/bounded.js';
import { browserPath, startBrowser } from '../support/clients/browser.js';
import { Person, startStory, type Story, until } from '../support/story.js';
import { barriers } from './barriers.js';
import { expectGone, expectPresent, expectShown, expectValue, WAIT_TIMEOUT_MS, Visitor } from './visitor.js';

jest.setTimeout(5 * WAIT_TIMEOUT_MS);

(browserPath === undefined ? describe.skip : describe)('the page', () => {
  let story: Story;
  let browser: Browser;
  let ada: Visitor;
  let bob: Visitor;
  const visitors: Visitor[] = [];
  const arrive = async (options?: BrowserContextOptions): Promise<Visitor> => {
    const visitor = await Visitor.arrive(browser, story.url, options);
    visitors.push(visitor);
    return visitor;
  };

  beforeAll(async () => {
    [story, browser] = await Promise.all([startStory({ rateLimits: false }), startBrowser()]);
    ada = await arrive();
    await ada.register('Ada');
    bob = await arrive({ permissions: ['microphone'] });
    // A user who opens somebody's link is in a conversation with them.
    await bob.register('Bob', { path: '/?with=ada' });
    await bob.send('Hello Ada!');
    await ada.conversation(/Bob Example/).click();
    await expectShown(ada.message('Hello Ada!'));
  });

  afterEach(() => {
    for (const visitor of visitors) expect(visitor.complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await browser.close();
    await story.close();
  }, WAIT_TIMEOUT_MS);

  it('keeps no token where a script could read it', async () => {
    const cookies = await ada.context.cookies();
    expect(cookies.map(({ name, httpOnly }) => [name, httpOnly])).toEqual(
      expect.arrayContaining([
        ['accessToken', true],
        ['refreshToken', true],
      ]),
    );
    const tokens = cookies.filter(({ name }) => name !== 'knownDevice').map(({ value }) => value);
    const readable = await ada.page.evaluate(async () => {
      const stored: unknown[] = [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
      for (const { name = '' } of await indexedDB.databases()) {
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const opening = indexedDB.open(name);
          opening.addEventListener('success', () => resolve(opening.result));
          opening.addEventListener('error', () => reject(new Error(name)));
        });
        for (const store of database.objectStoreNames)
          stored.push(
            await new Promise((resolve) => {
              const all = database.transaction(store).objectStore(store).getAll();
              all.addEventListener('success', () => resolve(JSON.stringify(all.result)));
            }),
          );
        database.close();
      }
      return stored.join('\n');
    });
    for (const token of tokens) expect(readable).not.toContain(token);
    expect(readable).toContain('Hello Ada!');
  });

  it('shows what two people write, read, answer, edit, react to and delete', async () => {
    // It is shown for some seconds alone.
    const typing = expectShown(bob.page.getByText('Ada Example is typing'));
    await ada.field.pressSequentially('On my');
    await typing;
    await ada.send('On my way');
    await expectShown(bob.message('On my way'));
    await expectPresent(ada.message('On my way').getByText('Read', { exact: true }));

    await bob.message('On my way').focus();
    await bob.page.keyboard.press('r');
    await bob.send('Take an umbrella');
    const answer = ada.message('Take an umbrella');
    await expectShown(answer.getByRole('button', { name: /Reply to Ada Example: On my way/ }));

    await answer.hover();
    await answer.getByRole('button', { name: 'React' }).click();
    await ada.page.getByRole('searchbox', { name: 'Search emoji' }).fill('thumbs up');
    await ada.page.keyboard.press('Enter');
    await expectShown(bob.message('Take an umbrella').getByRole('button', { name: '👍, 1' }));

    await ada.field.press('ArrowUp');
    await ada.field.fill('On my way, with an umbrella');
    await ada.field.press('Enter');
    await expectShown(bob.message('On my way, with an umbrella').getByText('edited'));

    await bob.message('Take an umbrella').focus();
    await bob.page.keyboard.press('Delete');
    await bob.page.getByRole('button', { name: 'Delete for everyone' }).click();
    await expectShown(ada.message('This message was deleted'));
  });

  it('keeps over a reload what a draft answers, and an edit beside the draft', async () => {
    const { page, field } = ada;
    await ada.send('Shall we bring a boat?');
    await expectShown(ada.message('Shall we bring a boat?').locator('.tick:not(.pending)'));
    await ada.message('Shall we bring a boat?').focus();
    await page.keyboard.press('r');
    await field.fill('A small one');
    await page.reload();
    await expectShown(page.getByRole('button', { name: 'Do not reply' }));
    await ada.send('A small one, with oars');
    await expectShown(
      bob.message('A small one, with oars').getByRole('button', { name: /^Reply to Ada Example: Shall/ }),
    );

    const edit = page.getByLabel('Edit your message');
    await field.press('ArrowUp');
    await edit.fill('A small one, with a sail');
    await page.reload();
    await expectShown(edit);
    expect(await edit.inputValue()).toBe('A small one, with a sail');
    await edit.press('Enter');
    await expectShown(bob.message('A small one, with a sail').getByText('edited'));
    expect(await field.inputValue()).toBe('');

    await field.fill('Or none');
    await ada.message('A small one, with a sail').focus();
    await page.keyboard.press('e');
    await edit.fill('A ship');
    const elsewhere = await Person.login(story.url, 'ada');
    const { items } = await elsewhere.must(
      'GET',
      `/conversations${new URL(page.url()).pathname.slice(2)}/messages?limit=1`,
    );
    const path = `/messages/${items[0]?.id}`;
    await elsewhere.must('PATCH', path, { content: 'A raft' });
    await expectShown(page.locator('.intent').getByText('A raft'));
    expect(await edit.inputValue()).toBe('A ship');
    await elsewhere.must('DELETE', path);
    await expectValue(field, 'Or none\nA ship');
    await expectGone(edit);
    await field.fill('');

    // What was deleted comes back as nothing that could be sent again.
    await ada.send('A secret');
    await expectShown(ada.message('A secret').locator('.tick:not(.pending)'));
    await ada.message('A secret').focus();
    await page.keyboard.press('e');
    await expectValue(edit, 'A secret');
    const newest = await elsewhere.must(
      'GET',
      `/conversations${new URL(page.url()).pathname.slice(2)}/messages?limit=1`,
    );
    await elsewhere.must('DELETE', `/messages/${newest.items[0]?.id}`);
    await expectGone(edit);
    expect(await field.inputValue()).toBe('');
  });

  it('keeps what may be done with a message in reach of mouse and keyboard', async () => {
    const { page } = ada;
    await ada.send('What shall I bring?');
    const mine = ada.message('What shall I bring?');

    await mine.focus();
    await ada.field.focus();
    await mine.hover();
    await mine.getByRole('button', { name: 'Reply', exact: true }).click();
    await expectShown(page.getByRole('button', { name: 'Do not reply' }));
    await page.getByRole('button', { name: 'Do not reply' }).click();

    await page.mouse.move(0, 0);
    await mine.focus();
    await page.keyboard.press('Tab');
    await expectShown(mine.getByRole('button', { name: 'React', exact: true }).and(page.locator(':focus')));
    await page.keyboard.press('Enter');
    await expectShown(page.getByRole('searchbox', { name: 'Search emoji' }).and(page.locator(':focus')));
    await page.getByRole('button', { name: 'Close', exact: true }).click();
  });

  it('opens a conversation at the first message that was not read', async () => {
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    await expectShown(ada.page.getByRole('button', { name: 'Change the password' }));
    for (let number = 1; number <= 30; number++) await bob.send(`Unread number ${number}.`);
    await expectShown(ada.conversation(/Bob Example/).getByText('Unread number 30.'));
    await ada.conversation(/Bob Example/).click();
    await expectShown(ada.message('Unread number 1.'));
    // It is there before the list has been scrolled to it.
    await until('the line stands above it, both in view', async () => {
      const frame = await ada.log.boundingBox();
      const line = await ada.page.locator('.unread-line').boundingBox();
      const first = await ada.message('Unread number 1.').boundingBox();
      if (frame === null || line === null || first === null) return false;
      return line.y >= frame.y && first.y > line.y && first.y < frame.y + frame.height;
    });
    await ada.page.getByRole('button', { name: /newest/i }).click();
  });

  it('never makes markup of what somebody types, and breaks at no length', async () => {
    const hostile = '<img src=x onerror=alert(1)> <b>bold</b> javascript:alert(1) https://example.com/<script>';
    await bob.send(hostile);
    await expectShown(ada.message(hostile));
    expect(await ada.log.locator('img, b, script').count()).toBe(0);
    expect(await ada.message(hostile).getByRole('link').getAttribute('href')).toBe('https://example.com/');
    await bob.field.fill('x'.repeat(8_001));
    await expectShown(bob.page.getByText('1 character too many'));
    expect(await bob.page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    await bob.field.fill('x'.repeat(8_000));
    await bob.field.press('Enter');
    await bob.field.fill('مرحبا بالعالم');
    await bob.field.press('Enter');
    const arabic = ada.message('مرحبا').locator('p');
    await expectShown(arabic);
    expect(await arabic.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
    const width = await ada.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(width[0]).toBe(width[1]);
  });

  it('sends pictures and files, and shows a picture large', async () => {
    const color = { width: 640, height: 480, channels: 3 as const, background: '#0d5c63' };
    const buffer = await sharp({ create: color }).jpeg().toBuffer();
    await ada.page.locator('input[type=file]').setInputFiles([
      { name: 'sea.jpg', mimeType: 'image/jpeg', buffer },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') },
    ]);
    await expectShown(ada.field.and(ada.page.locator(':focus')));
    await ada.field.fill('at the sea');
    await ada.field.press('Enter');
    const picture = bob.page.getByRole('button', { name: 'Open Picture sea.jpg' });
    await expectShown(picture.locator('img.loaded'));
    await picture.click();
    await expectShown(bob.page.getByRole('dialog', { name: 'Picture viewer' }).getByRole('img'));
    await bob.page.goBack();
    await expectGone(bob.page.getByRole('dialog', { name: 'Picture viewer' }));
    await expectShown(bob.page.getByRole('link', { name: 'Open notes.txt' }));
    const caption = bob.page.getByRole('log').getByText('at the sea');
    await expectShown(caption);
    await ada.field.press('ArrowUp');
    await ada.field.fill('');
    await ada.field.press('Enter');
    await expectGone(caption);
    await expectShown(bob.page.getByRole('link', { name: 'Open notes.txt' }));
  });

  it('records a voice message and plays it', async () => {
    await bob.page.getByRole('button', { name: 'Record a voice message' }).click();
    await expectShown(bob.page.getByRole('timer').filter({ hasText: /^0:0[1-9]|[1-9]:|[1-5][0-9]$/ }));
    await bob.page.getByRole('button', { name: 'Send the recording' }).click();
    await expectShown(ada.page.locator('.sound .waveform'));
    // It is short: only the page itself sees for certain that it plays.
    await ada.page.evaluate(() => {
      const found = (): boolean => document.querySelector('.sound button[aria-label="Pause"]') !== null;
      const seen = new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          if (!found()) return;
          observer.disconnect();
          resolve();
        });
        observer.observe(document.body, { subtree: true, childList: true, attributes: true });
      });
      Object.assign(window, { pauseSeen: seen });
    });
    await ada.page.getByRole('button', { name: 'Play' }).click();
    const seen = ada.page.evaluate(() => (window as unknown as { pauseSeen: Promise<void> }).pauseSeen);
    await ended('the wait for the recording to play', seen, WAIT_TIMEOUT_MS);
  });

  it('sends a voice message once, keeps the focus where it is put, and lets go of the microphone', async () => {
    const { page } = bob;
    await page.evaluate(() => {
      const [made, revoked, streams] = [new Set<string>(), new Set<string>(), [] as MediaStream[]];
      const [create, revoke] = [URL.createObjectURL.bind(URL), URL.revokeObjectURL.bind(URL)];
      URL.createObjectURL = (object: Blob) => {
        const url = create(object);
        made.add(url);
        return url;
      };
      URL.revokeObjectURL = (url) => {
        revoked.add(url);
        revoke(url);
      };
      const devices = navigator.mediaDevices;
      const ask = devices.getUserMedia.bind(devices);
      devices.getUserMedia = async (constraints) => {
        const stream = await ask(constraints);
        streams.push(stream);
        return stream;
      };
      Object.assign(window, { made, revoked, streams, AudioContextOfBrowser: AudioContext });
    });
    interface Watched {
      made: Set<string>;
      revoked: Set<string>;
      streams: MediaStream[];
      AudioContextOfBrowser: typeof AudioContext;
    }
    const record = page.getByRole('button', { name: 'Record a voice message' });
    const send = page.getByRole('button', { name: 'Send the recording' });
    const discard = page.getByRole('button', { name: 'Discard the recording' });
    const isFocused = (locator: Locator): Promise<boolean> =>
      locator.evaluate((element) => element === document.activeElement);
    const sounds = ada.page.locator('.sound');
    const before = await sounds.count();

    await record.click();
    await until('it can be sent', () => isFocused(send));
    const timer = page.getByRole('timer');
    await discard.focus();
    const shown = await timer.textContent();
    await until('it is drawn again', async () => (await timer.textContent()) !== shown);
    expect(await isFocused(discard)).toBe(true);
    await page.keyboard.press('Enter');
    await expectGone(discard);
    await until('one can write', () => isFocused(bob.field));

    await record.click();
    await until('it can be sent', () => isFocused(send));
    const early = await timer.textContent();
    await until('something is recorded', async () => (await timer.textContent()) !== early);
    await send.evaluate((button: HTMLElement) => {
      button.click();
      button.click();
    });
    await until('one can write', () => isFocused(bob.field));
    await bob.send('That was all');
    await expectShown(ada.message('That was all'));
    expect(await sounds.count()).toBe(before + 1);

    // Going back keeps what was said, for the draft.
    const place = page.url();
    await record.click();
    await until('it can be sent', () => isFocused(send));
    await until('something is recorded', async () => (await timer.textContent()) !== early);
    await page.goBack();
    await page.getByRole('button', { name: /voice/ }).click();
    await expectGone(page.getByRole('button', { name: /voice\.webm/ }));
    expect(page.url()).toBe(place);
    await until('no recording is held in memory', () =>
      page.evaluate(() => {
        const { made, revoked } = window as unknown as Watched;
        return made.size === 1 && revoked.size === 1;
      }),
    );

    await page.evaluate(() => {
      const none = function (): void {
        throw new Error('There is no sound here.');
      };
      window.AudioContext = none as unknown as typeof AudioContext;
    });
    await record.click();
    await expectShown(page.getByText('This browser cannot record.'));
    expect(
      await page.evaluate(() => {
        const watched = window as unknown as Watched;
        window.AudioContext = watched.AudioContextOfBrowser;
        return watched.streams.flatMap((stream) => stream.getTracks().map(({ readyState }) => readyState));
      }),
    ).toEqual(['ended', 'ended', 'ended', 'ended']);
  });

  it('makes no link of the beginning of a URL', async () => {
    const url = 'https://example.com/the/whole/of/it';
    await bob.field.fill(`${'y'.repeat(1_480)} ${url}`);
    await bob.field.press('Enter');
    const message = ada.message(/^.*y{1480}/).last();
    await expectShown(message.getByText(/https:\/\/example\.com…$/));
    expect(await message.getByRole('link').count()).toBe(0);
    await message.getByRole('button', { name: 'Show all' }).click();
    expect(await message.getByRole('link').getAttribute('href')).toBe(url);
  });

  it('is a group for who makes one, and finds what was said', async () => {
    await ada.page.getByRole('link', { name: 'New group' }).click();
    await ada.page.getByLabel('Name of the group').fill('Engine');
    await ada.page.getByLabel('Search by name').fill('bob');
    await ada.page.getByRole('checkbox', { name: 'Bob Example' }).check();
    await ada.page.getByRole('button', { name: 'Create the group' }).click();
    await ada.send('Tea at four?');
    await expectShown(bob.conversation(/Engine/).getByText(/^1\s+unread/));
    await bob.conversation(/Engine/).click();
    await expectShown(bob.page.getByText('Ada Example created the group “Engine”'));

    // The same result a second time, too: the place in the page's URL is what it was.
    for (let times = 0; times < 2; times += 1) {
      await bob.list.getByRole('button', { name: 'Search messages' }).click();
      await bob.page.getByRole('searchbox').fill('umbrella');
      await bob.page
        .getByRole('dialog')
        .getByRole('button', { name: /with an umbrella/ })
        .click();
      await expectShown(bob.page.locator('article:focus').filter({ hasText: 'with an umbrella' }));
      await bob.field.focus();
    }
  });

  it('reports a message and a person to the moderators', async () => {
    const moderator = await story.person('moderator');
    await story.grant(moderator, 'MODERATOR');
    await ada.conversation(/Bob Example/).click();
    await bob.send('Something that is not nice');
    const bad = ada.message('Something that is not nice');
    await bad.hover();
    await bad.getByRole('button', { name: 'Actions for this message' }).click();
    await ada.page.getByRole('menuitem', { name: 'Report' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'Report this message' });
    expect(await dialog.getByRole('button', { name: 'Send the report' }).isDisabled()).toBe(true);
    await dialog.getByRole('radio', { name: 'Harassment or bullying' }).check();
    await dialog.getByLabel('What should they know?').fill('Please look.');
    await dialog.getByRole('button', { name: 'Send the report' }).click();
    await expectShown(ada.page.getByRole('status').getByText('Thank you. The moderators will look at it.'));
    await expectGone(dialog);
    await ada.page.getByRole('button', { name: 'Details' }).click();
    await ada.page.getByRole('dialog', { name: 'Details' }).getByRole('button', { name: 'Report' }).click();
    const second = ada.page.getByRole('dialog', { name: 'Report Bob Example' });
    await second.getByRole('radio', { name: 'Spam' }).check();
    await second.getByRole('button', { name: 'Send the report' }).click();
    await expectGone(second);
    await ada.page.keyboard.press('Escape');
    const { items } = await moderator.must('GET', '/admin/reports?status=OPEN');
    expect(items).toMatchObject([
      { targetType: 'message', reason: 'HARASSMENT', comment: 'Please look.' },
      { targetType: 'user', reason: 'SPAM', comment: null },
    ]);
  });

  it('makes friends, and mutes, pins, archives and blocks', async () => {
    const cy = await arrive();
    await cy.register('Cyd');
    await cy.page.getByRole('link', { name: 'People', exact: true }).click();
    await cy.page.getByLabel('Search by name').fill('ada');
    await cy.page.getByRole('button', { name: 'Add as a friend' }).click();
    await expectShown(cy.page.getByRole('button', { name: 'Withdraw' }));
    await ada.page.getByRole('link', { name: 'People, 1' }).click();
    await ada.page.getByRole('button', { name: 'Accept' }).click();
    await cy.conversation(/Ada Example/).click();
    await cy.page.getByRole('button', { name: 'Details' }).click();
    for (const name of ['Mute', 'Pin to the top', 'Archive']) {
      await cy.page.getByRole('button', { name, exact: true, pressed: false }).click();
      await expectShown(cy.page.getByRole('button', { name, exact: true, pressed: true }));
    }
    await cy.page.getByRole('button', { name: 'Block', exact: true }).click();
    await cy.page.getByRole('dialog', { name: 'Block', exact: true }).getByRole('button', { name: 'Block' }).click();
    await expectShown(cy.page.getByRole('status').getByText('Ada Example is blocked.'));
    await cy.page.keyboard.press('Escape');
    await expectShown(cy.page.getByText('You have blocked Ada Example.'));
    await ada.conversation(/Cyd Example/).click();
    await ada.send('Are you there?');
    await expectShown(ada.page.getByText('You cannot write to this person.'));
    expect(await ada.page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await cy.page.getByRole('button', { name: 'Unblock' }).click();
    await expectShown(cy.field);
  });

  it('keeps nobody out: no serious barrier on any of its places, in light and in dark', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      await ada.page.emulateMedia({ colorScheme: scheme });
      await ada.conversation(/Bob Example/).click();
      await expectShown(ada.log.getByText('umbrella').first());
      expect(await barriers(ada)).toEqual([]);
    }
    await ada.page.getByRole('link', { name: 'Settings' }).click();
    await expectShown(ada.page.getByRole('button', { name: 'Change the password' }));
    expect(await barriers(ada)).toEqual([]);
    await ada.page.getByRole('link', { name: 'People', exact: true }).click();
    await expectShown(ada.page.getByRole('heading', { name: 'Friends' }));
    expect(await barriers(ada)).toEqual([]);
    const stranger = await arrive();
    await stranger.open();
    await expectShown(stranger.page.getByLabel('Password'));
    expect(await barriers(stranger)).toEqual([]);
  });

  it('fits a telephone: one thing at a time, and nothing wider than the screen', async () => {
    const phone = await arrive({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
    await phone.open();
    await expectShown(phone.page.getByLabel('Password'));
    await phone.logIn('ada');
    const isNoWider = (): Promise<boolean> =>
      phone.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    await expectShown(phone.conversation(/Bob Example/));
    expect(await isNoWider()).toBe(true);
    await phone.conversation(/Bob Example/).click();
    await expectShown(phone.log.getByText('umbrella').first());
    expect(await phone.list.isVisible()).toBe(false);
    expect(await isNoWider()).toBe(true);
    // Back closes what is over the conversation: one dialog after the other, also where one follows another.
    const { page } = phone;
    const dialogs = page.getByRole('dialog');
    const place = page.url();
    await phone.message('umbrella').first().click({ button: 'right' });
    await expectShown(page.getByRole('menu'));
    await page.goBack();
    await expectGone(page.getByRole('menu'));
    expect(page.url()).toBe(place);
    await phone.message('umbrella').first().focus();
    await page.keyboard.press('+');
    await expectShown(dialogs);
    await page.goBack();
    await expectGone(dialogs);
    await page.getByRole('button', { name: /^Bob Example/ }).click();
    await dialogs.getByRole('button', { name: 'Block' }).click();
    await expectShown(dialogs.nth(1));
    await page.goBack();
    await expectGone(dialogs.nth(1));
    await expectShown(dialogs);
    await page.goBack();
    await expectGone(dialogs);
    expect(page.url()).toBe(place);
    await page.goBack();
    await expectShown(page.getByRole('heading', { level: 1, name: 'Conversations' }));
    await phone.conversation(/Bob Example/).click();
    await phone.page.getByRole('button', { name: 'Back' }).click();
    await expectShown(phone.list);
    await phone.page.getByRole('link', { name: 'Settings' }).click();
    await expectShown(phone.page.getByRole('button', { name: 'Change the password' }));
    expect(await isNoWider()).toBe(true);
  });

  it('is one chat in two tabs, and leaves both at once', async () => {
    await ada.conversation(/Bob Example/).click();
    const second = await bob.tab();
    visitors.push(second);
    await second.conversation(/Ada Example/).click();
    await second.send('from the second tab');
    await expectShown(ada.message('from the second tab'));
    await expectShown(bob.conversation(/Ada Example/).getByText('from the second tab'));
    await second.page.getByRole('link', { name: 'Settings' }).click();
    const account = second.page.locator('section').filter({ hasText: 'Delete the account' });
    await account.getByRole('button', { name: 'Log out', exact: true }).click();
    await expectShown(second.page.getByLabel('E-mail or username'));
    await expectShown(bob.page.getByLabel('E-mail or username'));
    expect(await bob.page.getByText('Your session has ended').count()).toBe(0);
  });
});
