import type { ServerEvent } from '../connection/types.js';
import { path } from '../http/path.js';
import type { Http, HttpRequest } from '../http/types.js';
import { recipientOf } from '../outbox/recipient.js';
import type {
  AcceptedFriendRequest,
  Block,
  Conversation,
  CreateReport,
  FriendRequest,
  OwnUser,
  ReportReceipt,
  User,
} from '../protocol/protocol.generated.js';
import type { Answer } from '../sync/types.js';
import type { ConversationCalls } from './conversations.js';
import type { FriendCalls, Observe } from './friends.js';
import type { UserCalls } from './users.js';

export interface Calls {
  conversations: ConversationCalls;
  friends: FriendCalls;
  users: UserCalls;
  report(report: CreateReport): Promise<ReportReceipt>;
}

type Apply = (answer: Answer) => void;
/** Takes what was done as its event would say it, which may come later or not at all. */
type TakeEvent = (event: ServerEvent) => void;
/**
 * Resolves when what the user did in a conversation has left the outbox, but for what was refused. Rejects where they are
 * logged in no more.
 */
type SentTo = (conversationId: string) => Promise<void>;

/** What the client asks over HTTP beside messages, and what of the answers is shown at once. */
export function callsOf(
  http: Http,
  observe: Observe,
  apply: Apply,
  idOf: (conversationId: string) => string,
  sentTo: SentTo,
  takeEvent: TakeEvent,
): Calls {
  return {
    conversations: conversationCalls(http, apply, idOf, sentTo, takeEvent),
    friends: friendCalls(http, observe, apply, takeEvent),
    users: userCalls(http, apply),
    report: async (body) =>
      (await http.request<ReportReceipt>('/reports', { method: 'POST', body, expects: 'id' })).body,
  };
}

function conversationCalls(
  http: Http,
  apply: Apply,
  idOf: (conversationId: string) => string,
  sentTo: SentTo,
  takeEvent: TakeEvent,
): ConversationCalls {
  const ask = async <Body>(to: string, request: HttpRequest): Promise<Body> =>
    (await http.request<Body>(to, request)).body;
  /** Shown at once; its event may be on its way. */
  const shown = async (to: string, method: 'POST' | 'PATCH', body: object): Promise<Conversation> => {
    const conversation = await ask<Conversation>(to, { method, body, expects: 'id' });
    apply({ conversation });
    return conversation;
  };
  const openDirect = (userId: string): Promise<Conversation> =>
    shown('/conversations', 'POST', { type: 'DIRECT', userId });
  /** The server knows none by the id under which it is shown before anything was sent there. */
  const known = async (conversationId: string): Promise<string> => {
    const id = idOf(conversationId);
    const userId = recipientOf(id);
    return userId === undefined ? id : (await openDirect(userId)).id;
  };
  const pathOf = async (conversationId: string, rest = ''): Promise<string> =>
    path`/conversations/${await known(conversationId)}` + rest;
  const change = async (id: string, rest: string, method: 'POST' | 'PATCH', body: object): Promise<void> =>
    void (await shown(await pathOf(id, rest), method, body));
  return {
    openDirect,
    createGroup: (group) => shown('/conversations', 'POST', { type: 'GROUP', ...group }),
    update: async (id, body) => shown(await pathOf(id), 'PATCH', body),
    updateOwn: (id, body) => change(id, '/me', 'PATCH', body),
    members: async (id, cursor) => ask(await pathOf(id, '/members'), { query: { cursor }, expects: 'items' }),
    addMembers: (id, memberIds) => change(id, '/members', 'POST', { memberIds }),
    updateMember: async (id, userId, role) => change(id, path`/members/${userId}`, 'PATCH', { role }),
    removeMember: async (id, userId) => {
      const conversation = await pathOf(id);
      await http.request(conversation + path`/members/${userId}`, { method: 'DELETE' });
      // It is done, whether or not the server can be asked how the group is by now.
      const view = await ask<Conversation>(conversation, { expects: 'id' }).catch(() => undefined);
      if (view !== undefined) apply({ conversation: view });
    },
    leave: async (id) => {
      await sentTo(id);
      const conversationId = await known(id);
      await http.request(path`/conversations/${conversationId}/leave`, { method: 'POST' });
      takeEvent({ name: 'conversation:removed', payload: { conversationId } });
    },
    search: async (q, { conversationId: id, ...options } = {}) => {
      const conversationId = id === undefined ? undefined : await known(id);
      return ask('/messages/search', { query: { q, ...options, conversationId }, expects: 'items' });
    },
  };
}

function friendCalls(http: Http, observe: Observe, apply: Apply, takeEvent: TakeEvent): FriendCalls {
  const requests = observe('friendRequests');
  const post = async <Body>(to: string, expects: string, body?: object): Promise<Body> =>
    (await http.request<Body>(to, { method: 'POST', body, expects })).body;
  const shown = (request: FriendRequest): FriendRequest => {
    apply({ friendRequests: [request] });
    return request;
  };
  const remove = async (from: string): Promise<void> => void (await http.request(from, { method: 'DELETE' }));
  const parted = (userId: string): void => takeEvent({ name: 'friend:removed', payload: { userId } });
  return {
    request: async (userId) => shown(await post<FriendRequest>('/friends/requests', 'id', { userId })),
    accept: async (requestId) => {
      const accepted = await post<AcceptedFriendRequest>(path`/friends/requests/${requestId}/accept`, 'request');
      const { request, friend, conversation } = accepted;
      takeEvent({ name: 'friend:request_accepted', payload: { request, user: friend } });
      apply({ conversation });
      return accepted;
    },
    reject: async (requestId) =>
      void shown(await post<FriendRequest>(path`/friends/requests/${requestId}/reject`, 'id')),
    cancel: async (requestId) => {
      await remove(path`/friends/requests/${requestId}`);
      const request = requests.getSnapshot().find(({ id }) => id === requestId);
      if (request !== undefined) shown({ ...request, status: 'CANCELLED' });
    },
    remove: async (userId) => {
      await remove(path`/friends/${userId}`);
      parted(userId);
    },
    block: async (userId) => {
      await post('/blocks', 'createdAt', { userId });
      parted(userId);
      // It has ended what one of the two had asked of the other.
      for (const request of requests.getSnapshot())
        if (request.senderId === userId) shown({ ...request, status: 'REJECTED' });
        else if (request.receiverId === userId) shown({ ...request, status: 'CANCELLED' });
      // From here on the server says nothing of its presence.
      const user = observe(`user:${userId}`).getSnapshot();
      if (user !== undefined) apply({ users: [{ ...user, isOnline: false, lastSeenAt: null }] });
    },
    unblock: async (userId) => remove(path`/blocks/${userId}`),
    blocks: async (cursor) =>
      (
        await http.request<{ items: Block[]; nextCursor: string | null }>('/blocks', {
          query: { cursor },
          expects: 'items',
        })
      ).body,
  };
}

function userCalls(http: Http, apply: Apply): UserCalls {
  /** Met: its profile is known from now on. */
  const met = (users: readonly User[]): void => apply({ users });
  return {
    fetch: async (userId) => {
      const { body } = await http.request<User>(path`/users/${userId}`, { expects: 'id' });
      met([body]);
      return body;
    },
    search: async (search, cursor) => {
      const request = { query: { search, cursor }, expects: 'items' };
      const { body } = await http.request<{ items: User[]; nextCursor: string | null }>('/users', request);
      met(body.items);
      return body;
    },
    update: async (profile) => {
      const request = { method: 'PATCH', body: profile, expects: 'id' } as const;
      const { body } = await http.request<OwnUser>('/users/me', request);
      met([body]);
      return body;
    },
  };
}
