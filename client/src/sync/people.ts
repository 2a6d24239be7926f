import type { FriendRequest, User } from '../protocol/protocol.generated.js';
import { keep, setTimer, type Step, table, write } from './step.js';

/** The server ends it after 6 s, where it can. */
const TYPING_TIMEOUT_MS = 8_000;

export function takeUser(step: Step, { isOnline, lastSeenAt, ...user }: User): void {
  const { id } = user;
  const held = step.state.users.get(id);
  if (isOnline !== undefined) table(step, 'presence').set(id, { userId: id, isOnline, lastSeenAt: lastSeenAt ?? null });
  const merged = { ...held, ...user };
  if (JSON.stringify(merged) !== JSON.stringify(held)) keep(step, 'users', id, merged);
}

export function setFriend(step: Step, since: string | null, user: User): void {
  const { state } = step;
  const { id } = user;
  takeUser(step, user);
  state.isFriendsStale = true;
  const held = state.friends.get(id);
  if (held === undefined || (since !== null && held.since !== since)) keep(step, 'friends', id, { userId: id, since });
}

export function removeFriend(step: Step, userId: string): void {
  step.state.isFriendsStale = true;
  if (table(step, 'friends').delete(userId)) write(step, 'friends', userId);
}

export function takeRequest(step: Step, request: FriendRequest, user?: User): void {
  const { id, status } = request;
  if (user !== undefined) takeUser(step, user);
  const held = step.state.friendRequests.get(id);
  // Once answered it stays so.
  if (status === 'PENDING' ? held === undefined : held?.status !== status) keep(step, 'friendRequests', id, request);
}

export function setTyping(step: Step, conversationId: string, userId: string, isTyping: boolean): void {
  const list = step.state.typing.get(conversationId) ?? [];
  if (isTyping) setTimer(step, `typing:${conversationId}:${userId}`, TYPING_TIMEOUT_MS);
  if (list.includes(userId) === isTyping) return;
  const others = list.filter((id) => id !== userId);
  table(step, 'typing').set(conversationId, isTyping ? [...others, userId] : others);
}
