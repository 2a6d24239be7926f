import type { Anything } from '../../support/story.js';

/** What is shown of a user everywhere. */
export function profileOf({ username, displayName, avatarUrl }: Anything): Anything {
  return { username, displayName, avatarUrl };
}

/**
 * What one client keeps, and how it takes in what it receives: by version and sequence number, never by a clock. What
 * the contract leaves to clients is derived here: the unread number from its cursor and the messages after it, a sender's cursor from its
 * messages, the last message's text from the message itself.
 */
export class Replica {
  private readonly conversations = new Map<string, Anything>();
  private readonly messages = new Map<string, Map<string, Anything>>();
  private readonly friends = new Set<string>();
  private readonly users = new Map<string, Anything>();
  private readonly requests = new Map<string, string>();

  constructor(private readonly userId: string) {}

  /** One answer of sync. */
  take(page: Anything): void {
    for (const id of page.leftConversationIds) this.leave(id);
    for (const conversation of page.conversations) this.conversation(conversation);
    for (const message of page.messages) this.message(message);
    for (const { conversationId, userId, lastReadSeq, lastDeliveredSeq } of page.receipts)
      this.cursors(conversationId, userId, lastReadSeq, lastDeliveredSeq);
    for (const { user, removedAt } of page.friends) this.friend(user, removedAt === null);
    for (const user of page.users) this.user(user);
    for (const request of page.friendRequests) this.requests.set(request.id, request.status);
  }

  /** One event of a connection. */
  receive(event: string, payload: Anything): void {
    switch (event) {
      case 'message:new':
      case 'message:updated':
      case 'message:deleted':
        return this.message(payload.message);
      case 'receipt:read':
        return this.cursors(payload.conversationId, payload.userId, payload.seq, payload.seq);
      case 'receipt:delivered':
        return this.cursors(payload.conversationId, payload.userId, 0, payload.seq);
      case 'conversation:new':
      case 'conversation:updated':
        return this.conversation(payload.conversation);
      case 'conversation:removed':
        return this.leave(payload.conversationId);
      case 'friend:removed':
        return this.friend({ id: payload.userId }, false);
      case 'user:updated':
        return this.user(payload.user);
      case 'friend:request_sent':
      case 'friend:request_accepted':
      case 'friend:request_rejected':
      case 'friend:request_cancelled':
        this.requests.set(payload.request.id, payload.request.status);
        if (payload.request.status === 'ACCEPTED') this.friend(payload.user, true);
    }
  }

  /** Everything a user of this client could see, in a form that two of them can be compared in. */
  shown(): Anything {
    return {
      conversations: Object.fromEntries(
        [...this.conversations.values()].map((conversation) => {
          const messages = [...(this.messages.get(conversation.id)?.values() ?? [])].sort((a, b) => a.seq - b.seq);
          const { members, me, ...rest } = conversation;
          return [
            conversation.id,
            {
              ...rest,
              lastMessage: messages.at(-1)?.content?.slice(0, 200) ?? null,
              members: Object.fromEntries(members),
              memberCount: members.size,
              me: { ...me, unreadCount: messages.filter((message) => this.isUnread(message, me.lastReadSeq)).length },
              messages: messages.map((message) => ({ ...message, replyTo: this.quotation(message) })),
            },
          ];
        }),
      ),
      users: Object.fromEntries(
        [...this.friends, ...[...this.conversations.values()].flatMap(({ members }) => [...members.keys()])].map(
          (id) => [id, this.users.get(id)],
        ),
      ),
      friends: [...this.friends].sort(),
      requests: Object.fromEntries(this.requests),
    };
  }

  private isUnread({ senderId, seq, kind, deletedAt }: Anything, lastReadSeq: number): boolean {
    return seq > lastReadSeq && senderId !== this.userId && kind !== 'SYSTEM' && deletedAt === null;
  }

  private conversation(answered: Anything): void {
    const { id, type, title, avatarUrl, historyVisibility, me } = answered;
    const known = this.conversations.get(id);
    const newest = known !== undefined && known.lastSeq > answered.lastSeq ? known : answered;
    const members = new Map<string, Anything>();
    for (const { user, role, lastReadSeq, lastDeliveredSeq } of answered.members) {
      this.user(user);
      const before = known?.members.get(user.id);
      members.set(user.id, {
        role,
        lastReadSeq: Math.max(lastReadSeq, before?.lastReadSeq ?? 0),
        lastDeliveredSeq: Math.max(lastDeliveredSeq, before?.lastDeliveredSeq ?? 0),
      });
    }
    const { role, mutedUntil, archivedAt, pinnedAt } = me;
    this.conversations.set(id, {
      id,
      type,
      title,
      avatarUrl,
      historyVisibility,
      lastSeq: newest.lastSeq,
      lastMessageAt: newest.lastMessageAt,
      lastMessageBy: newest.lastMessageBy,
      lastMessageKind: newest.lastMessageKind,
      members,
      me: { role, mutedUntil, archivedAt, pinnedAt, lastReadSeq: members.get(this.userId)?.lastReadSeq },
    });
  }

  /** What a message quotes, as the client would show the quoted message itself, where it holds it. */
  private quotation({ conversationId, replyTo }: Anything): Anything {
    const quoted = replyTo === null ? undefined : this.messages.get(conversationId)?.get(replyTo.id);
    if (quoted === undefined) return replyTo;
    const { id, seq, senderId, kind, content, deletedAt } = quoted;
    return { id, seq, senderId, kind, content: content?.slice(0, 200) ?? null, deletedAt };
  }

  private leave(conversationId: string): void {
    this.conversations.delete(conversationId);
    this.messages.delete(conversationId);
  }

  private message(message: Anything): void {
    const { conversationId, senderId, seq } = message;
    const messages = this.messages.get(conversationId) ?? new Map<string, Anything>();
    this.messages.set(conversationId, messages);
    const known = messages.get(message.id);
    if (known === undefined || message.version >= known.version || message.deletedAt !== null) {
      const version = Math.max(message.version, known?.version ?? 0);
      // What is deleted for this user stays deleted.
      const gone = { content: null, reactions: [], replyTo: null, deletedAt: known?.deletedAt };
      messages.set(message.id, {
        ...withoutSentences(message),
        version,
        ...(known !== undefined && known.deletedAt !== null && message.deletedAt === null ? gone : {}),
      });
    }
    // A member who joined anew sees what came before no more.
    if (message.system?.type === 'MEMBERS_ADDED' && message.system.userIds.includes(this.userId)) {
      for (const [id, earlier] of messages) if (earlier.seq < seq) messages.delete(id);
    }
    const conversation = this.conversations.get(conversationId);
    if (known === undefined && conversation !== undefined && seq > conversation.lastSeq) {
      conversation.lastSeq = seq;
      conversation.lastMessageAt = message.createdAt;
      conversation.lastMessageBy = senderId;
      conversation.lastMessageKind = message.kind;
    }
    if (known === undefined) this.cursors(conversationId, senderId, seq, seq);
  }

  private cursors(conversationId: string, userId: string, read: number, delivered: number): void {
    const conversation = this.conversations.get(conversationId);
    const member = conversation?.members.get(userId);
    if (member === undefined) return;
    member.lastReadSeq = Math.max(member.lastReadSeq, read);
    member.lastDeliveredSeq = Math.max(member.lastDeliveredSeq, delivered);
    if (userId === this.userId) conversation.me.lastReadSeq = member.lastReadSeq;
  }

  private friend(user: Anything, isFriend: boolean): void {
    if (!isFriend) {
      this.friends.delete(user.id);
      return;
    }
    this.friends.add(user.id);
    this.user(user);
  }

  private user({ id, ...user }: Anything): void {
    this.users.set(id, profileOf(user));
  }
}

/** Sentences of SYSTEM messages are made when they are read, with the names of then; all that they say is in `system`. */
export function withoutSentences({ replyTo, ...message }: Anything): Anything {
  return {
    ...message,
    content: message.kind === 'SYSTEM' ? null : message.content,
    replyTo: replyTo?.kind === 'SYSTEM' ? { ...replyTo, content: null } : replyTo,
  };
}
