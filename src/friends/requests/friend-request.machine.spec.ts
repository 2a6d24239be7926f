import { describe, expect, it } from '@jest/globals';
import {
  advance,
  type RequestAction,
  type RequestRole,
  type RequestState,
  roleIn,
  transition,
} from './friend-request.machine.js';

const ACTIONS = ['ASK', 'ACCEPT', 'REJECT', 'CANCEL', 'BLOCK'] as const satisfies readonly RequestAction[];
const STATES = [
  'NONE',
  'PENDING',
  'ACCEPTED',
  'REJECTED',
  'CANCELLED',
  'BLOCKED',
] as const satisfies readonly RequestState[];
const ERRORS = ['NOT_FOUND', 'FORBIDDEN', 'REQUEST_EXISTS', 'ALREADY_FRIENDS', 'REQUEST_NOT_PENDING'];

// One row a state and role, one column an action, in the order of ACTIONS; an error is written as its code.
const TABLE: Record<Exclude<RequestRole, 'STRANGER'>, Record<RequestState, readonly string[]>> = {
  SENDER: {
    NONE: ['PENDING', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NONE'],
    PENDING: ['REQUEST_EXISTS', 'FORBIDDEN', 'FORBIDDEN', 'CANCELLED', 'CANCELLED'],
    ACCEPTED: ['ALREADY_FRIENDS', 'FORBIDDEN', 'FORBIDDEN', 'REQUEST_NOT_PENDING', 'ACCEPTED'],
    REJECTED: ['PENDING', 'FORBIDDEN', 'FORBIDDEN', 'REQUEST_NOT_PENDING', 'REJECTED'],
    CANCELLED: ['PENDING', 'FORBIDDEN', 'FORBIDDEN', 'REQUEST_NOT_PENDING', 'CANCELLED'],
    BLOCKED: ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'BLOCKED'],
  },
  RECEIVER: {
    NONE: ['PENDING', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NONE'],
    PENDING: ['ACCEPTED', 'ACCEPTED', 'REJECTED', 'FORBIDDEN', 'REJECTED'],
    ACCEPTED: ['ALREADY_FRIENDS', 'REQUEST_NOT_PENDING', 'REQUEST_NOT_PENDING', 'FORBIDDEN', 'ACCEPTED'],
    REJECTED: ['PENDING', 'REQUEST_NOT_PENDING', 'REQUEST_NOT_PENDING', 'FORBIDDEN', 'REJECTED'],
    CANCELLED: ['PENDING', 'REQUEST_NOT_PENDING', 'REQUEST_NOT_PENDING', 'FORBIDDEN', 'CANCELLED'],
    BLOCKED: ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'BLOCKED'],
  },
};

const cells = (['SENDER', 'RECEIVER'] as const).flatMap((role) =>
  STATES.flatMap((state) =>
    ACTIONS.map((action, column) => ({ state, role, action, expected: TABLE[role][state][column] ?? 'missing' })),
  ),
);

describe('the friend request machine', () => {
  it.each(cells)(
    'answers $action by the $role in the state $state with $expected',
    ({ state, role, action, expected }) => {
      expect(transition(state, role, action)).toEqual(
        ERRORS.includes(expected) ? { error: expected } : { next: expected },
      );
    },
  );

  it.each(STATES.flatMap((state) => ACTIONS.map((action) => ({ state, action }))))(
    'answers $action by a STRANGER in the state $state with NOT_FOUND',
    ({ state, action }) => {
      expect(transition(state, 'STRANGER', action)).toEqual({ error: 'NOT_FOUND' });
    },
  );

  it('throws the error of a cell as a DomainError', () => {
    expect(() => advance('PENDING', 'SENDER', 'ACCEPT')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
    expect(advance('PENDING', 'RECEIVER', 'ACCEPT')).toBe('ACCEPTED');
  });

  it('knows on which side a user is', () => {
    const request = { senderId: 'ada', receiverId: 'bob' };
    expect([roleIn(request, 'ada'), roleIn(request, 'bob'), roleIn(request, 'eve')]).toEqual([
      'SENDER',
      'RECEIVER',
      'STRANGER',
    ]);
  });
});
