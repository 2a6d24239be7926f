import type { FriendRequest, Presence, User } from '../protocol/protocol.generated.js';
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

/** Profiles that are asked for at once, one after the other. */
const MAX_LOOKED_UP = 50;

/**
 * Asks for the profiles of those who are named by what is shown and are in nothing that came: who left a group or is not among
 * the members that are sent of a large one, and who sent a request meanwhile. Each once in a connection.
 */
export function lookUpUnknown({ state, effects, touched }: Step): void {
  const { users, windows, timelines, conversations, friendRequests, lookedUp } = state;
  const unknown = new Set<string>();
  const look = (id: string | null | undefined): void => {
    if (id != null && !users.has(id) && lookedUp?.has(id) !== true && unknown.size < MAX_LOOKED_UP) unknown.add(id);
  };
  for (const [id, { from, to }] of windows)
    for (const { seq, senderId } of timelines.get(id)?.rows ?? []) if (seq >= from && seq <= to) look(senderId);
  for (const { status, senderId, receiverId } of friendRequests.values())
    if (status === 'PENDING') for (const id of [senderId, receiverId]) look(id);
  for (const id of lookedUp === null ? conversations.keys() : touched) look(conversations.get(id)?.lastMessageBy);
  if (unknown.size === 0 && lookedUp !== null) return;
  state.lookedUp = new Set([...(lookedUp ?? []), ...unknown]);
  if (unknown.size > 0) effects.push({ type: 'users', ids: [...unknown] });
}

/** All whose presence is known now. What has come since the connection was made is newer; what is older is known no more. */
export function takePresent({ state }: Step, users: readonly User[]): void {
  const { presence, formerPresence } = state;
  const next = new Map<string, Presence>();
  for (const { id, isOnline, lastSeenAt = null } of users) {
    if (isOnline === undefined) continue;
    const [held, found] = [presence.get(id), { userId: id, isOnline, lastSeenAt }];
    next.set(id, held !== undefined && JSON.stringify(held) === JSON.stringify(found) ? held : found);
  }
  for (const [id, held] of presence) if (formerPresence.get(id) !== held) next.set(id, held);
  state.presence = next;
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

/**
 * A request that is new: between two people one is pending at the most, and none where they are friends. What a block had ended
 * before was no event for who was blocked.
 */
export function takeNewRequest(step: Step, request: FriendRequest, user: User): void {
  const { friendRequests, friends } = step.state;
  if (!friendRequests.has(request.id)) {
    for (const other of friendRequests.values()) {
      const isOfPair = [other.senderId, other.receiverId].includes(user.id);
      if (isOfPair && other.status === 'PENDING' && other.createdAt < request.createdAt)
        keep(step, 'friendRequests', other.id, { ...other, status: 'CANCELLED' });
    }
    if ((friends.get(user.id)?.since ?? request.createdAt) < request.createdAt) removeFriend(step, user.id);
  }
  takeRequest(step, request, user);
}

export function setTyping(step: Step, conversationId: string, userId: string, isTyping: boolean): void {
  const list = step.state.typing.get(conversationId) ?? [];
  if (isTyping) setTimer(step, `typing:${conversationId}:${userId}`, TYPING_TIMEOUT_MS);
  if (list.includes(userId) === isTyping) return;
  const others = list.filter((id) => id !== userId);
  table(step, 'typing').set(conversationId, isTyping ? [...others, userId] : others);
}
