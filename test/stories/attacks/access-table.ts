import { randomUUID } from 'node:crypto';
import type { Person } from '../../support/story.js';

/**
 * In the order of an operation's answers. The world: a group of `owner`, with a message by `member`. `admin` is the group's;
 * `moderator` and `administrator` are the server's, and strangers to the group.
 */
export const CALLERS = [
  'anonymous',
  'stranger',
  'blocked',
  'former',
  'member',
  'admin',
  'moderator',
  'administrator',
] as const;
export type Caller = (typeof CALLERS)[number];

export interface World {
  groupId: string;
  messageId: string;
  owner: Person;
  member: Person;
  /** Who calls; undefined for nobody. */
  self: Person | undefined;
  newcomer(): Promise<Person>;
}

export interface Preparation {
  parameters?: Record<string, string>;
  body?: unknown;
  as?: Person;
}

export interface Operation {
  /** A status, and the code of a refusal: one for each of `CALLERS`. */
  answers: readonly string[];
  query?: string;
  body?(world: World): unknown;
  /**
   * What must be there before, beside the world; it stays for the next caller where this one was refused, and so must not hang
   * on who calls. `as` calls in the caller's place, where the call is its own end.
   */
  prepare?(world: World): Promise<Preparation>;
  /** What the caller did before, and what is to be undone of it afterwards. */
  before?(world: World): Promise<void>;
  after?(world: World): Promise<void>;
}

const CLOSED = '401 UNAUTHORIZED';
const NOT_FOUND = '404 NOT_FOUND';
const FORBIDDEN = '403 FORBIDDEN';

/** The same for everybody, with a token or without. */
const open = (answer: string): Pick<Operation, 'answers'> => ({ answers: CALLERS.map(() => answer) });
/** The same for everybody who is logged in: it is about the caller alone. */
const own = (answer: string): Pick<Operation, 'answers'> => ({
  answers: CALLERS.map((caller) => (caller === 'anonymous' ? CLOSED : answer)),
});
/** About the owner as a person: hidden from whom the owner blocked. */
const person = (answer: string): Pick<Operation, 'answers'> => ({
  answers: CALLERS.map((caller) => (caller === 'anonymous' ? CLOSED : caller === 'blocked' ? NOT_FOUND : answer)),
});
/** About the group: it does not exist for those outside. */
const inside = (member: string, admin = member): Pick<Operation, 'answers'> => ({
  answers: [CLOSED, NOT_FOUND, NOT_FOUND, NOT_FOUND, member, admin, NOT_FOUND, NOT_FOUND],
});
/** For a role of the server: for all below it there is no such thing. */
const staff = (moderator: string, administrator = moderator): Pick<Operation, 'answers'> => ({
  answers: [CLOSED, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, moderator, administrator],
});

const elsewhere = async ({ newcomer }: World): Promise<{ as: Person }> => ({ as: await newcomer() });
/** A request from somebody else to the owner. */
const requestOfOthers = async ({ owner, newcomer }: World): Promise<{ parameters: { id: string } }> => {
  const { id } = await (await newcomer()).must('POST', '/friends/requests', { userId: owner.id });
  return { parameters: { id } };
};

/** Somebody else's account. */
const account = async ({ newcomer }: World): Promise<{ parameters: { id: string } }> => ({
  parameters: { id: (await newcomer()).id },
});
/** Somebody else's report of the owner. */
const report = async ({ owner, newcomer }: World): Promise<{ parameters: { id: string } }> => {
  const { id } = await (await newcomer()).must('POST', '/reports', {
    targetType: 'user',
    targetId: owner.id,
    reason: 'SPAM',
  });
  return { parameters: { id } };
};

/** A file in a message that somebody else reported. */
const reportedFile = async ({
  owner,
  newcomer,
}: World): Promise<{ parameters: { id: string; attachmentId: string; variant: string } }> => {
  const reporter = await newcomer();
  const conversationId = await reporter.directConversation(owner);
  const file = await owner.mustUpload(Buffer.from('what a member said'), 'said.txt');
  const { id: targetId } = await owner.must('POST', `/conversations/${conversationId}/messages`, {
    attachmentIds: [file.id],
  });
  const { id } = await reporter.must('POST', '/reports', { targetType: 'message', targetId, reason: 'SPAM' });
  return { parameters: { id, attachmentId: file.id, variant: 'original' } };
};

/** A file in a message of the group. */
const groupFile = async ({ member, groupId }: World): Promise<{ parameters: { id: string } }> => {
  const { id } = await member.mustUpload(Buffer.from('what a member said'), 'said.txt');
  await member.must('POST', `/conversations/${groupId}/messages`, { attachmentIds: [id] });
  return { parameters: { id } };
};

/** Every operation of the REST interface. One that is new belongs here: say who may call it. */
export const MATRIX: Readonly<Record<string, Operation>> = {
  'GET /health/live': open('200'),
  'GET /health/ready': open('200'),

  'POST /attachments': { ...own('415 UNSUPPORTED_MEDIA'), body: () => ({}) },
  'POST /attachments/uploads': { ...own('409 UPLOADS_NOT_PRESIGNED'), body: () => ({ name: 'x', size: 1 }) },
  'POST /attachments/uploads/{id}/confirm': own(NOT_FOUND),
  'POST /attachments/tus': { ...own('412 TUS_VERSION_UNSUPPORTED'), body: () => ({}) },
  'GET /attachments/tus/{id}': own(NOT_FOUND),
  'PATCH /attachments/tus/{id}': own(NOT_FOUND),
  'DELETE /attachments/tus/{id}': own(NOT_FOUND),
  'GET /attachments/{id}': { ...inside('200'), prepare: groupFile },
  // The right to read is in the address alone; who asks does not matter.
  'GET /attachments/{id}/{variant}': {
    ...open(NOT_FOUND),
    query: `?expires=4102444800&signature=${'A'.repeat(43)}`,
    prepare: async (world) => ({ parameters: { ...(await groupFile(world)).parameters, variant: 'original' } }),
  },
  'GET /avatars/{id}': { ...open(NOT_FOUND), prepare: groupFile },

  'POST /auth/register': { ...open('400 VALIDATION_FAILED'), body: () => ({}) },
  'POST /auth/verify-otp': { ...open('400 OTP_INVALID'), body: ({ owner }) => ({ email: owner.email, otp: '123456' }) },
  'POST /auth/resend-otp': { ...open('202'), body: ({ owner }) => ({ email: owner.email }) },
  'POST /auth/login': {
    ...open('401 INVALID_CREDENTIALS'),
    body: ({ owner }) => ({ email: owner.email, password: 'wrong horse' }),
  },
  'POST /auth/refresh': { ...open('401 REFRESH_TOKEN_INVALID'), body: () => ({ refreshToken: 'x'.repeat(43) }) },
  'POST /auth/forgot-password': { ...open('202'), body: ({ owner }) => ({ email: `x${owner.email}` }) },
  'POST /auth/reset-password': {
    ...open('400 OTP_INVALID'),
    body: ({ owner }) => ({ email: owner.email, otp: '123456', newPassword: 'another horse' }),
  },
  'POST /auth/logout': { ...own('204'), prepare: elsewhere },
  'POST /auth/logout-all': { ...own('204'), prepare: elsewhere },
  'POST /auth/change-password': {
    ...own('401 INVALID_CREDENTIALS'),
    body: () => ({ currentPassword: 'wrong horse', newPassword: 'another horse' }),
  },
  'GET /auth/sessions': own('200'),
  'DELETE /auth/sessions/{id}': {
    ...own(NOT_FOUND),
    prepare: async ({ owner }) => ({ parameters: { id: (await owner.must('GET', '/auth/sessions')).items[0].id } }),
  },

  'GET /users/me': own('200'),
  'PATCH /users/me': { ...own('200'), body: () => ({ displayName: 'Changed' }) },
  'DELETE /users/me': { ...own('204'), prepare: elsewhere },
  'GET /users/me/export': own('200'),
  'GET /users/me/usage': own('200'),
  'GET /users': { ...own('200'), query: '?search=ada' },
  'GET /users/{id}': { ...person('200'), prepare: async ({ owner }) => ({ parameters: { id: owner.id } }) },

  'POST /friends/requests': {
    ...person('201'),
    body: ({ owner }) => ({ userId: owner.id }),
    after: async ({ owner, self }) => {
      const { items } = await owner.must('GET', '/friends/requests?direction=incoming&status=PENDING');
      for (const { id, senderId } of items)
        if (senderId === self?.id) await self?.must('DELETE', `/friends/requests/${id}`);
    },
  },
  'GET /friends/requests': own('200'),
  'POST /friends/requests/{id}/accept': { ...own(NOT_FOUND), prepare: requestOfOthers },
  'POST /friends/requests/{id}/reject': { ...own(NOT_FOUND), prepare: requestOfOthers },
  'DELETE /friends/requests/{id}': { ...own(NOT_FOUND), prepare: requestOfOthers },
  'GET /friends': own('200'),
  'DELETE /friends/{userId}': own(NOT_FOUND),

  // A blocked user may block back.
  'POST /blocks': {
    ...own('201'),
    body: ({ owner }) => ({ userId: owner.id }),
    after: async ({ owner, self }) => {
      await self?.call('DELETE', `/blocks/${owner.id}`);
    },
  },
  'GET /blocks': own('200'),
  'DELETE /blocks/{userId}': {
    ...own('204'),
    before: async ({ owner, self }) => {
      await self?.must('POST', '/blocks', { userId: owner.id });
    },
  },

  // The one refusal for all causes: it does not say which.
  'POST /conversations': {
    answers: [CLOSED, '201', '403 CANNOT_MESSAGE', '201', '201', '201', '201', '201'],
    body: ({ owner }) => ({ userId: owner.id }),
  },
  'GET /conversations': own('200'),
  'GET /conversations/{id}': inside('200'),
  'PATCH /conversations/{id}': { ...inside(FORBIDDEN, '200'), body: () => ({ title: 'Changed' }) },
  'GET /conversations/{id}/members': inside('200'),
  'POST /conversations/{id}/members': {
    ...inside(FORBIDDEN, '201'),
    prepare: async ({ newcomer }) => ({ body: { memberIds: [(await newcomer()).id] } }),
  },
  'PATCH /conversations/{id}/members/{userId}': {
    ...inside(FORBIDDEN),
    prepare: async ({ member }) => ({ parameters: { userId: member.id }, body: { role: 'ADMIN' } }),
  },
  // The owner: not even an admin puts it out.
  'DELETE /conversations/{id}/members/{userId}': inside(FORBIDDEN),
  'POST /conversations/{id}/leave': inside('204'),
  'PATCH /conversations/{id}/me': { ...inside('200'), body: () => ({ archived: true }) },
  'POST /conversations/{id}/read': { ...inside('200'), body: () => ({ seq: 1 }) },
  'GET /conversations/{id}/receipts': inside('200'),
  'POST /conversations/{id}/messages': { ...inside('201'), body: () => ({ content: 'hello' }) },
  'GET /conversations/{id}/messages': inside('200'),

  'GET /messages/search': { ...own('200'), query: '?q=member' },
  'GET /messages/{id}': inside('200'),
  // A member's own; an admin may delete it, but not put words into anybody's mouth.
  'PATCH /messages/{id}': { ...inside('200', FORBIDDEN), body: () => ({ content: 'edited' }) },
  'DELETE /messages/{id}': inside('200'),
  'DELETE /messages/{id}/link-preview': inside('200', FORBIDDEN),
  'PUT /messages/{id}/reactions/{emoji}': inside('200'),
  'DELETE /messages/{id}/reactions/{emoji}': inside('200'),

  'GET /sync': own('200'),

  // A device is named by its owner, and is nobody else's to see.
  'PUT /devices/{deviceId}': {
    ...own('200'),
    body: ({ self }) => ({ platform: 'expo', token: `ExponentPushToken[${self?.id}]` }),
  },
  'GET /devices': own('200'),
  'DELETE /devices/{deviceId}': own(NOT_FOUND),
  'GET /devices/{deviceId}/log': own(NOT_FOUND),
  'GET /push/web-key': open('200'),

  'POST /reports': {
    ...person('201'),
    body: ({ owner }) => ({ targetType: 'user', targetId: owner.id, reason: 'SPAM' }),
  },

  // Those who run the server. For all others there is nothing of it.
  'GET /admin/audit': staff(NOT_FOUND, '200'),
  'POST /admin/api-keys': { ...staff(NOT_FOUND, '201'), body: () => ({ name: 'Help desk', scopes: ['users:read'] }) },
  'GET /admin/api-keys': staff(NOT_FOUND, '200'),
  // Nothing is said of the key to who may not know that there are any.
  'DELETE /admin/api-keys/{id}': staff(NOT_FOUND),
  'POST /admin/bots': {
    ...staff(NOT_FOUND, '201'),
    body: () => ({ username: `bot_${randomUUID().slice(0, 8)}`, displayName: 'Help desk' }),
  },
  'GET /admin/bots': staff(NOT_FOUND, '200'),
  'GET /admin/audit/export': { ...staff(NOT_FOUND, '200'), query: '?format=jsonl&since=2100-01-01T00:00:00Z' },
  'GET /admin/stats': staff('200'),
  'GET /admin/reports': staff('200'),
  'GET /admin/reports/{id}': { ...staff('200'), prepare: report },
  'GET /admin/reports/{id}/attachments/{attachmentId}/{variant}': { ...staff('200'), prepare: reportedFile },
  'POST /admin/reports/{id}/resolve': { ...staff('200'), prepare: report, body: () => ({ action: 'dismiss' }) },
  'GET /admin/users': staff('200'),
  'GET /admin/users/{id}': { ...staff('200'), prepare: account },
  'POST /admin/users/{id}/suspend': {
    ...staff('200'),
    prepare: account,
    body: () => ({ until: '2100-01-01T00:00:00Z', reason: 'spam' }),
  },
  'POST /admin/users/{id}/ban': { ...staff('200'), prepare: account, body: () => ({ reason: 'spam' }) },
  'POST /admin/users/{id}/restore': { ...staff('200'), prepare: account, body: () => ({}) },
  'POST /admin/users/{id}/end-sessions': { ...staff('200'), prepare: account, body: () => ({}) },
  'POST /admin/users/{id}/reset-password': { ...staff(NOT_FOUND, '200'), prepare: account, body: () => ({}) },
  'GET /admin/users/{id}/export': { ...staff(NOT_FOUND, '200'), prepare: account },
  'DELETE /admin/users/{id}': { ...staff(NOT_FOUND, '204'), prepare: account, body: () => ({}) },
  // Not what it does, which would log all these callers out.
  'POST /admin/end-sessions': { ...staff(NOT_FOUND, '400 VALIDATION_FAILED'), body: () => ({}) },
  'POST /admin/vacuum': { ...staff(NOT_FOUND, '202'), body: () => ({}) },
  'POST /admin/after-restore': { ...staff(NOT_FOUND, '204'), body: () => ({}) },
  'PUT /admin/users/{id}/role': { ...staff(NOT_FOUND, '200'), prepare: account, body: () => ({ role: 'MODERATOR' }) },
  'DELETE /admin/messages/{id}': {
    ...staff('200'),
    prepare: async ({ messageId }) => ({ parameters: { id: messageId } }),
    body: () => ({ reason: 'spam' }),
  },
  'GET /admin/conversations/{id}/retention': staff(NOT_FOUND, '200'),
  'PUT /admin/conversations/{id}/retention': { ...staff(NOT_FOUND, '200'), body: () => ({ days: 0 }) },
  // No webhook leads inside; and of none is it said that it is there to who may not know of any.
  'POST /admin/webhooks': {
    ...staff(NOT_FOUND, '400 VALIDATION_FAILED'),
    body: () => ({ url: 'https://10.0.0.1/', events: ['message.created'] }),
  },
  'GET /admin/webhooks': staff(NOT_FOUND, '200'),
  'PATCH /admin/webhooks/{id}': { ...staff(NOT_FOUND), body: () => ({ enabled: false }) },
  'POST /admin/webhooks/{id}/rotate-secret': staff(NOT_FOUND),
  'DELETE /admin/webhooks/{id}': staff(NOT_FOUND),
  'POST /admin/webhooks/{id}/test': staff(NOT_FOUND),
  'GET /admin/webhooks/{id}/deliveries': staff(NOT_FOUND),
  'POST /admin/webhooks/{id}/deliveries/{deliveryId}/redeliver': staff(NOT_FOUND),

  // The REST of the older dialects.
  'GET /auth/profile': own('200'),
  'GET /api/chats/my-chats': own('200'),
  'GET /api/chats/conversations': own('200'),
  'GET /api/chats/history/{userId}': person('200'),
  'DELETE /api/chats/{messageId}': own(NOT_FOUND),
  'GET /msg/room': own('200'),
  'GET /msg/rooms': own('200'),
  'GET /msg/room/{roomId}/messages': own(NOT_FOUND),
  'POST /msg/room': {
    ...own('201'),
    prepare: async ({ newcomer }) => ({ body: { otherUserId: (await newcomer()).id } }),
  },
};
