import type { Observable } from '../connection/types.js';
import type { Http, HttpRequest } from '../http/types.js';
import type {
  Conversation,
  Member,
  MemberRole,
  MessageSearchPage,
  UpdateConversation,
  UpdateOwnMembership,
} from '../protocol/protocol.generated.js';
import type { ConversationItem } from '../store/types.js';
import type { Answer } from '../sync/types.js';
import type { Observe } from './friends.js';

/** The list, pinned ones first, then newest activity first; each with its `me.unreadCount`. */
export interface Conversations extends Observable<readonly ConversationItem[]> {
  readonly items: readonly ConversationItem[];
  get(conversationId: string): Observable<ConversationItem | undefined>;
  /** The direct one with a user, which is made where there is none. */
  openDirect(userId: string): Promise<Conversation>;
  createGroup(group: { title: string; memberIds: readonly string[] }): Promise<Conversation>;
  update(conversationId: string, change: UpdateConversation): Promise<Conversation>;
  /** Mute, archive, pin: for oneself. */
  updateOwn(conversationId: string, change: UpdateOwnMembership): Promise<void>;
  members(conversationId: string, cursor?: string): Promise<{ items: Member[]; nextCursor: string | null }>;
  addMembers(conversationId: string, memberIds: readonly string[]): Promise<void>;
  updateMember(conversationId: string, userId: string, role: MemberRole): Promise<void>;
  removeMember(conversationId: string, userId: string): Promise<void>;
  leave(conversationId: string): Promise<void>;
  /** Messages that contain the words, newest first; in all conversations, or in one. */
  search(text: string, options?: { conversationId?: string; cursor?: string }): Promise<MessageSearchPage>;
}

export function conversationsOf(http: Http, observe: Observe, apply: (answer: Answer) => void): Conversations {
  const list = observe('conversations');
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
    ...list,
    get items() {
      return list.getSnapshot();
    },
    get: (conversationId) => observe(`conversation:${conversationId}`),
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
