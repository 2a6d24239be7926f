import type { ServerEvent } from '../../realtime/connections/virtual-socket.js';

/**
 * Whom somebody may see online from now on, and who is: a conversation that is new brings its other member. Parley's own
 * clients find it in the conversation; these are told as if the other one had come just now.
 */
export function newlySeenOnline(serverEvent: ServerEvent, ownId: string): string[] {
  if (serverEvent.event !== 'conversation:new') return [];
  return serverEvent.payload.conversation.members.flatMap(({ user }) =>
    user.id !== ownId && user.isOnline === true ? [user.id] : [],
  );
}
