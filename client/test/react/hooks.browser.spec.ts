import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { browserPath } from '../../../test/support/clients/browser.js';
import { Pages } from '../support/pages.js';
import type { HooksPage } from './hooks-page.js';

declare const page: HooksPage;

const SCENES = [
  'render again only what shows what changed',
  'count what is unread, but for the muted, and render again only for another number',
  'show an upload until it is there or has failed, and end it with the component',
  'keep an upload that is begun before the effects of StrictMode have run',
  'call the client with what the user does',
  'follow a change of the conversation, and let go of the one before',
  'survive StrictMode: nothing stays open, nothing stays subscribed',
  'show what changed between a render and its subscription',
  'say what is missing where there is no provider',
];
const LIBRARIES: [string, Record<string, string>][] = [
  ['React 19', {}],
  ['React 18', { react: 'react-18', 'react-dom': 'react-dom-18' }],
  ['Preact', { react: 'preact/compat', 'react-dom': 'preact/compat' }],
];

(browserPath === undefined ? describe.skip : describe)('the hooks', () => {
  let pages: Pages;
  beforeAll(async () => {
    pages = await Pages.start();
  });
  afterAll(() => pages.stop());

  describe.each(LIBRARIES)('in %s', (library, alias) => {
    let opened: Page;
    const name = library.replace(' ', '-');
    beforeAll(async () => {
      await pages.bundle(name, 'test/react/hooks-page.tsx', alias);
      opened = await pages.open(await pages.context(), name);
    });
    afterAll(() => opened.context().close());

    it.each(SCENES)('%s', async (title) => {
      // Loaded anew, nothing is left of the scene before, and no new process of the browser is needed.
      await opened.reload();
      expect(await opened.evaluate(() => page.titles)).toEqual(SCENES);
      await opened.evaluate((title) => page.play(title), title);
    });
  });
});
