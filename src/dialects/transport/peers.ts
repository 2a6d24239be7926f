import type { ServerEvent } from '../../realtime/protocol/server-events.js';

/**
 * Whom somebody may see online from now on, and who is: a conversation that is new brings its other member. Parley's own
 * clients find it in the conversation; these receive it as if the other one had come just now.
 */
export function newlySeenOnline(event: ServerEvent, ownId: string): string[] {
  if (event.event !== 'conversation:new') return [];
  return event.payload.conversation.members.flatMap(({ user }) =>
    user.id !== ownId && user.isOnline === true ? [user.id] : [],
  );
}
