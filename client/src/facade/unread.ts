import type { Conversation } from '../protocol/protocol.generated.js';

/** Which conversations have something unread, and how much that is where it may ring. */
export function unreadOf(conversations: readonly Conversation[], now: number): { ids: string[]; badge: number } {
  const unread = conversations.filter(({ me }) => me.unreadCount > 0);
  return {
    ids: unread.map(({ id }) => id),
    badge: unread.filter((item) => !isMuted(item, now)).reduce((sum, { me }) => sum + me.unreadCount, 0),
  };
}

const isMuted = ({ me }: Conversation, now: number): boolean =>
  me.mutedUntil !== null && Date.parse(me.mutedUntil) > now;
