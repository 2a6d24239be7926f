import { handleWebPush } from '@parley/client/web-push';
import { pathOfSubject } from '../push/subject.js';

// Keeps this build of the page, so that it starts without a network. Nothing of the chat is kept here: that is in IndexedDB.
const NAME = 'parley-__VERSION__';
const FILES = JSON.parse('__FILES__');

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  const removeOthers = (names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)));
  event.waitUntil(
    caches
      .keys()
      .then(removeOthers)
      .then(() => self.clients.claim()),
  );
});

// Places of the chat. Documents and files are other pages of this origin, which do not listen; who works at /admin is left there.
const CHAT = /^\/(c\/|people|settings|new|$)/;
const isApp = ({ pathname }) => CHAT.test(pathname);
handleWebPush(self, { pathOf: pathOfSubject, isApp, icon: '/icon-192.png' });

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    // Places of the page alone: documents and files are the server's.
    if (/^\/(c\/|people|settings|new|admin\/?$|$)/.test(pathname)) event.respondWith(navigate(request));
  } else if (FILES.includes(pathname) && pathname !== '/') {
    event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
  }
});

/** The server's page; the kept one where the server is not there, or not well. */
async function navigate(request) {
  const kept = await caches.match('/');
  try {
    const response = await fetch(request, kept === undefined ? {} : { signal: AbortSignal.timeout(4_000) });
    // A redirect, such as to a proxy's log-in, is not ok either, and only the browser can follow it.
    return response.ok || response.type === 'opaqueredirect' || kept === undefined ? response : kept;
  } catch (error) {
    if (kept === undefined) throw error;
    return kept;
  }
}
