import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { randomUUID } from 'node:crypto';
import { browserPath, startBrowser } from '../../support/clients/browser.js';
import { Documents } from '../../support/documents.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';

const PAGES = ['/docs/protocol', '/docs/async', '/docs/errors'];
const PHONE = 390;
const DESK = 1_280;

describe('the pages of the documents', () => {
  const documents = new Documents();
  let database: TestDatabase;
  let server: ServerProcess;
  // What the classes say of themselves is only in the built server.
  beforeAll(async () => {
    database = await createTestDatabase();
    server = await ServerProcess.start({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  const text = async (path: string): Promise<string> => (await fetch(server.url + path)).text();

  it('show of every event what it carries, to the last reference, and a sample', async () => {
    const page = await text('/docs/async');
    expect(page).not.toContain('$ref');
    const articles = page.split('<article').slice(1);
    const { messages } = documents.asyncApi.components;
    const names = Object.keys(messages).filter((id) => !id.endsWith('_acknowledgement'));
    expect(articles).toHaveLength(names.length);
    const created = articles.find((article) => article.includes('id="server-message:new"')) ?? '';
    // What a message is, and what is in it.
    for (const field of ['message', 'conversation', 'content', 'seq', 'emoji', 'thumbnailUrl', 'lastSeq'])
      expect(created).toContain(`<code>${field}`);
    expect(created).toContain('&#34;conversationId&#34;: &#34;0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11&#34;');
    for (const article of articles) expect(article).toMatch(/Sample<\/p><pre>/);
  });

  it('serve the guide whole, its payloads linked', async () => {
    const page = await text('/docs/protocol');
    for (const part of ['Connecting', 'Order, and closing gaps', 'Errors', 'session:ready', 'href="/docs/async"'])
      expect(page).toContain(part);
    expect(page.split('<script')[0]).not.toMatch(/\*\*|\]\(|^#|^\|/m);
    expect((await fetch(`${server.url}/docs/protocol`)).headers.get('content-security-policy')).toMatch(
      /script-src 'self'(;|$)/,
    );
  });

  (browserPath === undefined ? describe.skip : describe)('in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startBrowser();
    });
    afterAll(() => browser.close());

    const open = async (path: string, width: number): Promise<{ page: Page; faults: string[] }> => {
      const page = await browser.newPage({ viewport: { width, height: 844 } });
      const faults: string[] = [];
      page.on('pageerror', ({ message }) => faults.push(message));
      page.on('console', (message) => {
        // Every browser asks for a picture that no server has to have.
        if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) faults.push(message.text());
      });
      await page.goto(server.url + path, { waitUntil: 'load' });
      return { page, faults };
    };

    it.each(PAGES.flatMap((path) => [PHONE, DESK].map((width) => [path, width] as const)))(
      '%s is as wide as a screen of %d pixels, with everything opened',
      async (path, width) => {
        const { page, faults } = await open(path, width);
        await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true;`);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        expect(faults).toEqual([]);
        await page.close();
      },
    );

    it('/docs shows the operations of the document that it fetches, and asks nobody else', async () => {
      const asked: string[] = [];
      browser.once('context', (context) => context.on('request', (sent) => asked.push(new URL(sent.url()).origin)));
      const { page, faults } = await open('/docs', DESK);
      await page.locator('#operations-auth-Auth_login').waitFor();
      expect(faults).toEqual([]);
      expect(new Set(asked)).toEqual(new Set([new URL(server.url).origin]));
      await page.close();
    });

    it('let a reader make an account, connect and send an event, and leave the session of the chat page alone', async () => {
      const { page, faults } = await open('/docs/protocol#try-sync', PHONE);
      const session = { name: 'accessToken', value: 'of the chat page', url: server.url };
      await page.context().addCookies([session]);
      expect(await page.inputValue('[name=event]')).toBe('sync');
      expect(JSON.parse(await page.inputValue('[name=payload]'))).toHaveProperty('limit', 50);
      await page.fill('[name=username]', `reader_${randomUUID().slice(0, 8)}`);
      await page.fill('[name=password]', 'correct horse');
      await page.click('button[value=register]');
      await page.locator('#state', { hasText: /^Connected/ }).waitFor();
      await page.fill('[name=payload]', '{}');
      await page.click('#send button');
      await page.locator('#log', { hasText: 'acknowledgement of sync' }).waitFor();
      const log = await page.textContent('#log');
      expect(log).toContain('"ok": true');
      expect(log).toContain('session:ready');
      const cookies = (await page.context().cookies()).map(({ name, value }) => [name, value]);
      expect(cookies).toEqual([['accessToken', 'of the chat page']]);
      expect(faults).toEqual([]);
      await page.close();
    });
  });
});
