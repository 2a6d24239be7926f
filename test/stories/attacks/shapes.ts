import { expect } from '@jest/globals';
import type { Anything, Person } from '../../support/story.js';

// The contract's shapes, key by key: `toEqual` takes neither a key more nor one less.

export const AN_ID: Anything = expect.stringMatching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
);
export const A_TIME: Anything = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** A user as others see it; `more` is `SHOWN` where its presence is shown. */
export function userShape({ id, username }: Person, more: object = {}): object {
  return { id, username, displayName: username, avatarUrl: null, createdAt: A_TIME, ...more };
}

/** A text message as it is first stored. */
export function messageShape(sender: Person, conversationId: string, content: string, more: object = {}): object {
  return {
    id: AN_ID,
    conversationId,
    seq: expect.any(Number),
    version: 1,
    senderId: sender.id,
    clientId: null,
    kind: 'TEXT',
    content,
    attachments: [],
    replyTo: null,
    reactions: [],
    createdAt: A_TIME,
    editedAt: null,
    deletedAt: null,
    ...more,
  };
}

/** A direct conversation without messages, as one of its members sees it. */
export function directShape(more: object = {}): object {
  return {
    id: AN_ID,
    type: 'DIRECT',
    title: null,
    avatarUrl: null,
    lastSeq: 0,
    lastMessage: null,
    lastMessageAt: null,
    lastMessageBy: null,
    lastMessageKind: null,
    createdAt: A_TIME,
    memberCount: 2,
    members: expect.any(Array),
    me: ownShape(),
    ...more,
  };
}

export function memberShape(user: object, more: object = {}): object {
  return { user, role: 'MEMBER', lastReadSeq: 0, lastDeliveredSeq: 0, ...more };
}

export function ownShape(more: object = {}): object {
  return {
    role: 'MEMBER',
    lastReadSeq: 0,
    unreadCount: 0,
    mutedUntil: null,
    archivedAt: null,
    pinnedAt: null,
    ...more,
  };
}

/** A refusal over a socket, as an acknowledgement. */
export function refusal(code: string, fields?: readonly string[]): object {
  return { ok: false, error: socketError(code, fields) };
}

/** The error object itself; with `errors` for exactly these fields. */
export function socketError(code: string, fields?: readonly string[]): object {
  const errors = fields && Object.fromEntries(fields.map((field) => [field, expect.any(Array)]));
  return { code, message: expect.any(String), ...(errors === undefined ? {} : { errors }) };
}

/** RFC 9457, as section 1 of the contract has it. */
export function problem(status: number, code: string, fields?: readonly string[]): object {
  return {
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    message: expect.any(String),
    code,
    requestId: expect.stringMatching(/./),
    ...([429, 503].includes(status) ? { retryAfterMs: expect.any(Number) } : {}),
    ...(fields === undefined ? {} : { errors: Object.fromEntries(fields.map((field) => [field, expect.any(Array)])) }),
  };
}
