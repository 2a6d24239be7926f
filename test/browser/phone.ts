import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import process from 'node:process';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { browserPath } from '../support/clients/browser.js';

const EXPORT = resolve('examples/expo/dist');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.ttf': 'font/ttf',
  '.ico': 'image/x-icon',
};

/** Whether the app was exported for the web, and there is a browser. In CI both are made before, and lacking them is a failure. */
export const isExported = ((): boolean => {
  const isThere = existsSync(join(EXPORT, 'index.html'));
  if (!isThere && process.env.CI !== undefined)
    throw new Error('examples/expo is not exported: run npm ci && npm run export there');
  return isThere && browserPath !== undefined;
})();

/** A person with the app on the web, in a browser as wide as a phone. */
export class Phone {
  /** What the browser complained about. */
  readonly complaints: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  /** The app's files stand in front of the server at `url`, as an operator would put them. */
  static async start(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Phone> {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB', ...options });
    await context.route(`${url}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      const path = join(EXPORT, pathname === '/' ? 'index.html' : pathname);
      if (!path.startsWith(EXPORT + sep) || !existsSync(path)) return route.fallback();
      await route.fulfill({
        body: await readFile(path),
        contentType: TYPES[extname(path)] ?? 'application/octet-stream',
      });
    });
    const phone = new Phone(context, await context.newPage());
    phone.page.on('pageerror', ({ message }) => phone.complaints.push(message));
    await phone.page.goto(url);
    return phone;
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  async register(name: string): Promise<void> {
    const { page } = this;
    await this.button('New here?').click();
    await page.getByLabel('Your name').fill(name);
    await page.getByLabel('Username').fill(name.toLowerCase());
    await page.getByLabel('E-mail').fill(`${name.toLowerCase()}@example.com`);
    await page.getByLabel('Password').fill('correct horse');
    await this.button('Create an account').click();
    await this.page.getByRole('heading', { name: 'Conversations' }).waitFor();
  }

  async logIn(name: string): Promise<void> {
    await this.page.getByLabel('E-mail or username').fill(name.toLowerCase());
    await this.page.getByLabel('Password').fill('correct horse');
    await this.button('Log in').click();
  }

  conversation(name: string | RegExp): Locator {
    return this.page.getByRole('list', { name: 'Conversations' }).getByRole('link', { name });
  }

  get field(): Locator {
    return this.page.getByPlaceholder('Message');
  }

  async send(text: string): Promise<void> {
    await this.field.fill(text);
    await this.button('Send').click();
    await this.message(text).waitFor();
  }

  message(text: string): Locator {
    return this.page.getByRole('article').filter({ hasText: text });
  }

  /** The mark under one's own message. */
  mark(text: string, mark: string): Locator {
    return this.message(text).getByRole('img', { name: mark, exact: true });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
