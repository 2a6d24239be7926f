import type { FriendRequest, Presence, User } from '../protocol/protocol.generated.js';
import { defined } from '../protocol/defined.js';
import type { SyncInput } from './state.js';
import { keep, setTimer, type Step, table, write } from './step.js';

/** The server ends it after 6 s, where it can. */
const TYPING_TIMEOUT_MS = 8_000;

export function takeUser(step: Step, { isOnline, lastSeenAt, ...user }: User): void {
  const { id } = user;
  const held = step.state.users.get(id);
  setPresence(step, defined({ id, isOnline, lastSeenAt }));
  const merged = { ...held, ...user };
  if (JSON.stringify(merged) !== JSON.stringify(held)) keep(step, 'users', id, merged);
}

/** What nobody waits for is tried again later, and counts among no failures of what somebody does. */
export const QUIET_RETRY_MS = 60_000;

/** Profiles that are asked for in one go, one after the other. */
const MAX_LOOKED_UP = 50;

/**
 * Asks for the profiles of those who are named by what is shown and are in nothing that came: who left a group or is not among
 * the members that are sent of a large one, and who sent a request meanwhile. Each once in a connection, unless that failed.
 */
export function lookUpUnknown({ state, effects }: Step): void {
  const { users, windows, timelines, conversations, friendRequests, lookedUp, connection } = state;
  if (state.isLookingUp) return;
  const unknown = new Set<string>();
  const look = (id: string | null | undefined): void => {
    if (id != null && !users.has(id) && !lookedUp.has(id) && unknown.size < MAX_LOOKED_UP) unknown.add(id);
  };
  for (const [id, { from, to }] of windows)
    for (const { seq, senderId, replyTo, system } of timelines.get(id)?.rows ?? [])
      if (seq >= from && seq <= to)
        for (const named of [senderId, replyTo?.senderId, ...(system?.userIds ?? [])]) look(named);
  for (const { status, senderId, receiverId } of friendRequests.values())
    if (status === 'PENDING') for (const id of [senderId, receiverId]) look(id);
  for (const { lastMessageBy } of conversations.values()) look(lastMessageBy);
  if (unknown.size === 0) return;
  Object.assign(state, { lookedUp: new Set([...lookedUp, ...unknown]), isLookingUp: true });
  effects.push({ type: 'users', connection, ids: [...unknown] });
}

/** A user who blocked this one may do so no more. */
const NOT_SHOWN_MS = 3_600_000;

/** From here on profiles are asked for again, but of those whom the server did not show of late. */
export function beginLookUps({ state, now }: Step): void {
  state.notShown = new Map([...state.notShown].filter(([, at]) => now - at < NOT_SHOWN_MS));
  Object.assign(state, { lookedUp: new Set(state.notShown.keys()), isLookingUp: false });
}

export function endLookUp(step: Step, { connection, notShown, failure }: Extract<SyncInput, { type: 'users' }>): void {
  const { state, now } = step;
  state.notShown = new Map([...state.notShown, ...notShown.map((id) => [id, now] as const)]);
  if (connection !== state.connection) return;
  // Else the next ones would be asked for at once.
  state.isLookingUp = failure !== undefined;
  if (failure !== undefined) setTimer(step, `users:${connection}`, Math.max(failure.retryAfterMs ?? 0, QUIET_RETRY_MS));
}

/** A connection that comes and goes asks no more often. */
const PRESENCE_INTERVAL_MS = 60_000;

export function askPresence(step: Step): void {
  const { state, effects, now } = step;
  const { connection, presenceAt } = state;
  if (!state.isReady) return;
  const delayMs = presenceAt + PRESENCE_INTERVAL_MS - now;
  // By the server's clock, which may be set back.
  if (delayMs > 0) return setTimer(step, `presence:${connection}`, Math.min(delayMs, PRESENCE_INTERVAL_MS));
  if (!Number.isNaN(now)) state.presenceAt = now;
  effects.push({ type: 'presence', connection });
}

/** All whose presence is known now. What has come since the connection was made is newer; what is older is known no more. */
export function takePresent(step: Step, users: readonly User[]): void {
  const { state } = step;
  const { presence, freshPresence } = state;
  state.presence = new Map([...presence].filter(([id]) => freshPresence.has(id)));
  step.copied.add('presence');
  for (const user of users) if (!freshPresence.has(user.id)) setPresence(step, user, presence.get(user.id));
}

/** As it was held where nothing has changed. */
function setPresence(
  step: Step,
  { id, isOnline, lastSeenAt = null }: Pick<User, 'id' | 'isOnline' | 'lastSeenAt'>,
  held = step.state.presence.get(id),
): void {
  if (isOnline === undefined) return;
  const found: Presence = { userId: id, isOnline, lastSeenAt };
  const isSame = held?.isOnline === isOnline && held.lastSeenAt === lastSeenAt;
  if (!isSame || !step.state.presence.has(id)) table(step, 'presence').set(id, isSame ? held : found);
  if (!step.state.freshPresence.has(id)) table(step, 'freshPresence').set(id, true);
}

/** What an event says of it. */
export function takePresence(step: Step, { userId, isOnline, lastSeenAt }: Presence): void {
  setPresence(step, { id: userId, isOnline, lastSeenAt });
}

export function setFriend(step: Step, since: string | null, user: User): void {
  const { state } = step;
  const { id } = user;
  takeUser(step, user);
  state.isFetchingFriends = false;
  const held = state.friends.get(id);
  if (held === undefined || (since !== null && held.since !== since)) keep(step, 'friends', id, { userId: id, since });
}

export function removeFriend(step: Step, userId: string): void {
  step.state.isFetchingFriends = false;
  if (table(step, 'friends').delete(userId)) write(step, 'friends', userId);
}

export function takeRequest(step: Step, request: FriendRequest, user?: User): void {
  const { id, status } = request;
  if (user !== undefined) takeUser(step, user);
  const held = step.state.friendRequests.get(id);
  // Once answered it stays so.
  if (status === 'PENDING' ? held !== undefined : held?.status === status) return;
  step.state.isFetchingFriends = false;
  keep(step, 'friendRequests', id, request);
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
