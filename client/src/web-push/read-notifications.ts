import type { ConnectionSnapshot, Observable } from '../connection/types.js';
import { badgeOf, unreadIdsOf } from '../facade/unread.js';
import type { Conversation } from '../protocol/protocol.generated.js';

/** The part of the client that is used. */
interface Shown {
  readonly connection: Observable<ConnectionSnapshot>;
  readonly conversations: Observable<readonly Conversation[]>;
}

/**
 * While the page is open: closes the notifications of conversations in which everything was read, here or elsewhere, and
 * keeps the number on the app's icon. Browsers let nobody else do it: a push must show something. Returns the way to end it.
 */
export function clearReadNotifications(
  client: Shown,
  { registration }: { registration: Pick<ServiceWorkerRegistration, 'getNotifications'> },
): () => void {
  let done: string | undefined;
  const clear = async (ids: readonly string[], badge: number): Promise<void> => {
    // Systems without a number on the app's icon, or that refuse it.
    await (badge > 0 ? navigator.setAppBadge?.(badge) : navigator.clearAppBadge?.())?.catch(() => undefined);
    for (const notification of await registration.getNotifications()) {
      const { kind, conversationId } = Object(notification.data) as { kind?: unknown; conversationId?: unknown };
      // One that shows nothing of itself does not say of which conversation it is.
      const isUnread = typeof conversationId === 'string' ? ids.includes(conversationId) : ids.length > 0;
      if (kind === 'message' && !isUnread) notification.close();
    }
  };
  const look = (): void => {
    // Before it is live, what has just rung is not known here yet; meanwhile the service worker may show more.
    if (client.connection.getSnapshot().status !== 'live') return void (done = undefined);
    const conversations = client.conversations.getSnapshot();
    const [ids, badge] = [unreadIdsOf(conversations), badgeOf(conversations, Date.now())];
    const key = [badge, ...[...ids].sort()].join();
    if (key === done) return;
    done = key;
    clear(ids, badge).catch(() => (done = undefined));
  };
  // A page that slept does not see that it was not live: what it knows may be as old, until something comes.
  const lookAnew = (): void => {
    if (document.visibilityState === 'visible') done = undefined;
  };
  document.addEventListener('visibilitychange', lookAnew);
  const ends = [
    client.connection.subscribe(look),
    client.conversations.subscribe(look),
    () => document.removeEventListener('visibilitychange', lookAnew),
  ];
  look();
  return () => {
    for (const end of ends) end();
  };
}
