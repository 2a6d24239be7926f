import { render } from 'preact';
import { ChatProvider } from '@parley/client/react';
import type { PushSubject } from '@parley/client/web-push';
import { App } from './app/App.js';
import { applyTheme } from './settings/theme.js';
import { client } from './session/client.js';
import { takeInvitation } from './session/invitation.js';
import { watchOtherTabs } from './session/other-tabs.js';
import { loadTexts, t } from './texts/texts.js';
import './design/tokens.css';
import './design/base.css';
import './app/app.css';

/** What a start takes on a slow phone; after it nobody is left before an empty page. */
const SLOW_START_MS = 1_500;

/** What is fetched after the start, where there is no network and it is not kept yet. */
const withTheNextVisit = (): void => undefined;

async function start(root: HTMLElement): Promise<void> {
  // What a click on a notification is about, until what leads there is loaded.
  let opened: PushSubject | undefined;
  navigator.serviceWorker?.addEventListener('message', ({ data }) => (opened = data?.subject));
  applyTheme();
  watchOtherTabs(() => client.userId);
  await loadTexts();
  // The browser's storage may not answer.
  const waiting = setTimeout(() => (root.textContent = t('session.wait')), SLOW_START_MS);
  await client.ready;
  clearTimeout(waiting);
  takeInvitation();
  root.textContent = '';
  render(
    <ChatProvider client={client}>
      <App />
    </ChatProvider>,
    root,
  );
  import('./offline/offline.js').then(({ keepForOffline }) => keepForOffline(), withTheNextVisit);
  import('./messages/files/dropped-files.js').then(({ ignoreDroppedFiles }) => ignoreDroppedFiles(), withTheNextVisit);
  import('./push/start.js').then(({ startNotifications }) => startNotifications(opened), withTheNextVisit);
}

const root = document.getElementById('root');
if (root !== null)
  start(root).catch(() => {
    // A browser that keeps nothing for a page, cookies and storage alike, cannot hold a session.
    root.textContent = t('connection.storage');
  });
