import type { PushSubject } from '@parley/client/web-push';

/** Where in the page it is what a notification is about. */
export function pathOfSubject({ kind, conversationId }: PushSubject): string {
  if (conversationId !== undefined) return `/c/${conversationId}`;
  return kind === 'friend_request' ? '/people' : '/';
}
