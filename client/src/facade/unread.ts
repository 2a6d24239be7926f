import type { Conversation } from '../protocol/protocol.generated.js';

/** The unread messages of all conversations that are not muted: what a badge shows. */
export function badgeOf(conversations: readonly Conversation[], now: number): number {
  return conversations.reduce(
    (sum, { me }) => (me.mutedUntil !== null && Date.parse(me.mutedUntil) > now ? sum : sum + me.unreadCount),
    0,
  );
}

/** The conversations with something unread. */
export function unreadIdsOf(conversations: readonly Conversation[]): string[] {
  return conversations.flatMap(({ id, me }) => (me.unreadCount > 0 ? id : []));
}
