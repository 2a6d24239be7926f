import type { Http, HttpRequest } from '../http/types.js';
import type {
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

/** What the client asks over HTTP beside messages, and what of the answers is shown at once. */
export function callsOf(http: Http, observe: Observe, apply: (answer: Answer) => void): Calls {
  return {
    conversations: conversationCalls(http, apply),
    friends: friendCalls(http, observe, apply),
    users: userCalls(http, apply),
    report: async (body) => (await http.request<ReportReceipt>('/reports', { method: 'POST', body })).body,
  };
}

function conversationCalls(http: Http, apply: (answer: Answer) => void): ConversationCalls {
  const ask = async <Body>(path: string, request: HttpRequest): Promise<Body> =>
    (await http.request<Body>(path, request)).body;
  /** Shown at once; its event may be on its way. */
  const shown = async (path: string, request: HttpRequest): Promise<Conversation> => {
    const conversation = await ask<Conversation>(path, request);
    apply({ conversation });
    return conversation;
  };
  const done = async (path: string, request: HttpRequest): Promise<void> => void (await http.request(path, request));
  return {
    openDirect: (userId) => shown('/conversations', { method: 'POST', body: { type: 'DIRECT', userId } }),
    createGroup: (group) => shown('/conversations', { method: 'POST', body: { type: 'GROUP', ...group } }),
    update: (id, body) => shown(`/conversations/${id}`, { method: 'PATCH', body }),
    updateOwn: (id, body) => done(`/conversations/${id}/me`, { method: 'PATCH', body }),
    members: (id, cursor) => ask(`/conversations/${id}/members`, { query: { cursor } }),
    addMembers: (id, memberIds) => done(`/conversations/${id}/members`, { method: 'POST', body: { memberIds } }),
    updateMember: (id, userId, role) =>
      done(`/conversations/${id}/members/${userId}`, { method: 'PATCH', body: { role } }),
    removeMember: (id, userId) => done(`/conversations/${id}/members/${userId}`, { method: 'DELETE' }),
    leave: (id) => done(`/conversations/${id}/leave`, { method: 'POST' }),
    search: (q, options = {}) => ask('/messages/search', { query: { q, ...options } }),
  };
}

function friendCalls(http: Http, observe: Observe, apply: (answer: Answer) => void): FriendCalls {
  const requests = observe('friendRequests');
  const post = async <Body>(path: string, body?: object): Promise<Body> =>
    (await http.request<Body>(path, { method: 'POST', body })).body;
  const shown = (request: FriendRequest): FriendRequest => {
    apply({ friendRequests: [request] });
    return request;
  };
  const remove = async (path: string): Promise<void> => void (await http.request(path, { method: 'DELETE' }));
  return {
    request: async (userId) => shown(await post<FriendRequest>('/friends/requests', { userId })),
    accept: (requestId) => post(`/friends/requests/${requestId}/accept`),
    reject: async (requestId) => void shown(await post<FriendRequest>(`/friends/requests/${requestId}/reject`)),
    cancel: async (requestId) => {
      await remove(`/friends/requests/${requestId}`);
      const request = requests.getSnapshot().find(({ id }) => id === requestId);
      if (request !== undefined) shown({ ...request, status: 'CANCELLED' });
    },
    remove: (userId) => remove(`/friends/${userId}`),
    block: (userId) => post('/blocks', { userId }),
    unblock: (userId) => remove(`/blocks/${userId}`),
    blocks: async (cursor) =>
      (await http.request<{ items: Block[]; nextCursor: string | null }>('/blocks', { query: { cursor } })).body,
  };
}

function userCalls(http: Http, apply: (answer: Answer) => void): UserCalls {
  /** Met: its profile is known from now on. */
  const met = (users: readonly User[]): void => apply({ users });
  return {
    fetch: async (userId) => {
      const { body } = await http.request<User>(`/users/${userId}`);
      met([body]);
      return body;
    },
    search: async (search, cursor) => {
      const query = { search, cursor };
      const { body } = await http.request<{ items: User[]; nextCursor: string | null }>('/users', { query });
      met(body.items);
      return body;
    },
    update: async (body) => (await http.request<OwnUser>('/users/me', { method: 'PATCH', body })).body,
  };
}
