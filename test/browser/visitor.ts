import type { Browser, BrowserContext, BrowserContextOptions, ConsoleMessage, Locator, Page } from 'playwright-core';
import { until } from '../support/story.js';

/** How long anything awaited may take: the machine may be doing something else. */
export const WAIT_TIMEOUT_MS = 60_000;

/** Fails where it does not come to be seen. */
export const expectShown = (locator: Locator): Promise<void> => locator.waitFor();

/** The same of what is announced to assistive technology alone. */
export const expectPresent = (locator: Locator): Promise<void> => locator.waitFor({ state: 'attached' });

export const expectGone = (locator: Locator): Promise<void> => locator.waitFor({ state: 'hidden' });

/** What was kept for a field is in it a moment after the field is there. */
export const expectValue = (field: Locator, value: string): Promise<void> =>
  until(`the field holds “${value}”`, async () => (await field.inputValue()) === value, WAIT_TIMEOUT_MS);

/** On a busy machine no worker may look at a file in time: it is sent again. */
const isRepeated = (complaint: string): boolean => /status of 503 .*\/attachments$/.test(complaint);

/** A person in a browser of their own, who uses the page as people do. */
export class Visitor {
  /** What the browser complained about: errors, and what the page's policy forbade. */
  readonly complaints: string[] = [];

  private constructor(
    readonly url: string,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async arrive(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
    const visitor = new Visitor(url, context, await context.newPage());
    visitor.watch(visitor.page);
    return visitor;
  }

  /** Another tab of the same browser. */
  async tab(path = '/'): Promise<Visitor> {
    const visitor = new Visitor(this.url, this.context, await this.context.newPage());
    visitor.watch(visitor.page);
    await visitor.open(path);
    return visitor;
  }

  async open(path = '/'): Promise<void> {
    await this.page.goto(this.url + path);
  }

  async register(name: string, { path = '/' } = {}): Promise<void> {
    const { page } = this;
    await this.open(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const change = page.getByRole('button', { name: 'New here?' });
    if (await change.isVisible()) await change.click();
    await page.getByLabel('Your name').fill(`${name} Example`);
    // As keyboards of phones complete a word.
    await page.getByLabel('Username').fill(`${name.toLowerCase()} `);
    await page.getByLabel('E-mail').fill(`${name.toLowerCase()}@example.com`);
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await this.list.waitFor();
  }

  async logIn(username: string): Promise<void> {
    const { page } = this;
    await page.getByLabel('E-mail or username').fill(username);
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await this.list.waitFor();
  }

  get list(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  get field(): Locator {
    return this.page.locator('textarea');
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  message(text: string | RegExp): Locator {
    return this.page.getByRole('article').filter({ hasText: text });
  }

  conversation(name: string | RegExp): Locator {
    return this.list.getByRole('link', { name });
  }

  async send(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
    await this.message(text).waitFor();
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  private watch(page: Page): void {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message: ConsoleMessage) => {
      const complaint = `${message.text()} ${message.location().url}`.trim();
      if (message.type() === 'error' && !isRepeated(complaint)) this.complaints.push(complaint);
    });
  }
}
