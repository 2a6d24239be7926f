import { DomainError, type ErrorCode } from '../../common/errors.js';
import type { FriendRequestRow, FriendRequestStatus } from '../../views/friends.view.js';

/**
 * Where one request stands, and, for ASK, what stands between two users: NONE where nothing does (also after a request
 * that was answered or withdrawn, and after a friendship that ended), ACCEPTED while they are friends, BLOCKED where
 * either blocks the other.
 */
export type RequestState = FriendRequestStatus | 'NONE' | 'BLOCKED';

/** On which side of the request the actor is; who asks without a pending request is its SENDER-to-be. */
export type RequestRole = 'SENDER' | 'RECEIVER' | 'STRANGER';

export type RequestAction = 'ASK' | 'ACCEPT' | 'REJECT' | 'CANCEL' | 'BLOCK';

export type RequestOutcome = { next: RequestState } | { error: ErrorCode };

/** The whole life of a friend request (contract, section 3). To strangers it does not exist. */
export function transition(state: RequestState, role: RequestRole, action: RequestAction): RequestOutcome {
  if (role === 'STRANGER') return { error: 'NOT_FOUND' };
  switch (action) {
    case 'ASK':
      return ask(state, role);
    case 'ACCEPT':
      return settle(state, role, 'RECEIVER', 'ACCEPTED');
    case 'REJECT':
      return settle(state, role, 'RECEIVER', 'REJECTED');
    case 'CANCEL':
      return settle(state, role, 'SENDER', 'CANCELLED');
    case 'BLOCK':
      // As if the one who blocks had answered, or withdrawn: nothing in the other's list must reveal a block.
      if (state !== 'PENDING') return { next: state };
      return { next: role === 'SENDER' ? 'CANCELLED' : 'REJECTED' };
  }
}

function ask(state: RequestState, role: 'SENDER' | 'RECEIVER'): RequestOutcome {
  switch (state) {
    case 'BLOCKED':
      // The answer for a user that does not exist: asking must not reveal a block.
      return { error: 'NOT_FOUND' };
    case 'ACCEPTED':
      return { error: 'ALREADY_FRIENDS' };
    case 'PENDING':
      return role === 'SENDER' ? { error: 'REQUEST_EXISTS' } : { next: 'ACCEPTED' };
    case 'NONE':
    case 'REJECTED':
    case 'CANCELLED':
      return { next: 'PENDING' };
  }
}

function settle(
  state: RequestState,
  role: 'SENDER' | 'RECEIVER',
  entitled: 'SENDER' | 'RECEIVER',
  next: FriendRequestStatus,
): RequestOutcome {
  if (state === 'NONE' || state === 'BLOCKED') return { error: 'NOT_FOUND' };
  if (role !== entitled) return { error: 'FORBIDDEN' };
  return state === 'PENDING' ? { next } : { error: 'REQUEST_NOT_PENDING' };
}

/**
 * The state after the action.
 * @throws DomainError with the code that the machine gives.
 */
export function advance(state: RequestState, role: RequestRole, action: RequestAction): RequestState {
  const outcome = transition(state, role, action);
  if ('error' in outcome) throw new DomainError(outcome.error);
  return outcome.next;
}

export function roleIn(request: Pick<FriendRequestRow, 'senderId' | 'receiverId'>, userId: string): RequestRole {
  if (request.senderId === userId) return 'SENDER';
  return request.receiverId === userId ? 'RECEIVER' : 'STRANGER';
}
