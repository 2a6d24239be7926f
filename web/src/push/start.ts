import { onNotificationOpened, type PushSubject } from '@parley/client/web-push';
import { goToPath } from '../app/router.js';
import { isMuted } from '../conversations/names.js';
import { client } from '../session/client.js';
import { reportActivity } from './activity.js';
import { lookAtNotifications, noteMissedMessage } from './notifications.js';
import { pathOfSubject } from './subject.js';

const RETRY_MS = 60_000;

/**
 * What notifications need of a page that is open. Once, after it was drawn.
 * @param opened what the last one was about that was clicked meanwhile
 */
export function startNotifications(opened: PushSubject | undefined): void {
  reportActivity();
  watchMissedMessages();
  const open = (subject: PushSubject): void => goToPath(pathOfSubject(subject));
  if ('serviceWorker' in navigator) onNotificationOpened(open);
  if (opened !== undefined) open(opened);
  let userId: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    // The session's end ended the device: who logs in again, be it the same user, is registered anew.
    if (client.userId === undefined) userId = undefined;
    if (client.userId === userId || client.connection.getSnapshot().status !== 'live') return;
    const current = (userId = client.userId);
    void lookAtNotifications().then((isDone) => {
      if (isDone || userId !== current) return;
      // What failed for now is tried again: with the next connection, or in a minute.
      userId = undefined;
      clearTimeout(timer);
      timer = setTimeout(look, RETRY_MS);
    });
  };
  client.connection.subscribe(look);
  look();
  watchPermission(() => {
    userId = undefined;
    look();
  });
}

/** It may be given and taken in the browser's own settings while the page is open. Some browsers do not say so. */
function watchPermission(changed: () => void): void {
  navigator.permissions?.query({ name: 'notifications' }).then(
    (status) => status.addEventListener('change', changed),
    () => undefined,
  );
}

/** A message that comes while nobody looks is one that a notification would have shown. */
function watchMissedMessages(): void {
  const count = (): number => {
    let sum = 0;
    for (const conversation of client.conversations.getSnapshot())
      if (!isMuted(conversation)) sum += conversation.me.unreadCount;
    return sum;
  };
  let before = count();
  client.conversations.subscribe(() => {
    const now = count();
    if (now > before && document.visibilityState === 'hidden') noteMissedMessage();
    before = now;
  });
}
