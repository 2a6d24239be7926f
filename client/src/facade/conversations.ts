import type { Observable } from '../connection/types.js';
import type {
  Conversation,
  Member,
  MemberRole,
  MessageSearchPage,
  UpdateConversation,
  UpdateOwnMembership,
} from '../protocol/protocol.generated.js';
import type { ConversationItem } from '../store/types.js';
import { deferredCalls } from '../protocol/deferred.js';
import type { Observe } from './friends.js';

export interface ConversationCalls {
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
  /** After what was typed there before. Rejects with TIMEOUT, and nothing is left, where that cannot be sent within 15 s. */
  leave(conversationId: string): Promise<void>;
  /** Messages that contain the words, newest first; in all conversations, or in one. */
  search(text: string, options?: { conversationId?: string; cursor?: string }): Promise<MessageSearchPage>;
}

/** The list, pinned ones first, then newest activity first; each with its `me.unreadCount`. */
export interface Conversations extends Observable<readonly ConversationItem[]>, ConversationCalls {
  readonly items: readonly ConversationItem[];
  get(conversationId: string): Observable<ConversationItem | undefined>;
}

export function conversationsOf(observe: Observe, load: () => Promise<ConversationCalls>): Conversations {
  const list = observe('conversations');
  const calls = [
    'openDirect',
    'createGroup',
    'update',
    'updateOwn',
    'members',
    'addMembers',
    'updateMember',
    'removeMember',
    'leave',
    'search',
  ] as const;
  return {
    ...list,
    get items() {
      return list.getSnapshot();
    },
    get: (conversationId) => observe(`conversation:${conversationId}`),
    ...deferredCalls(calls, load),
  };
}
