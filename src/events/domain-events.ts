import type { FriendRequestView } from '../views/friends.view.js';
import type { ConversationBrief, MessageView } from '../views/messages.view.js';

/**
 * Everything that one part of the server publishes to the others. Past tense: each is published after its commit.
 * These are not what clients receive; the relays of realtime/delivery turn one into the other.
 */
export interface DomainEvents {
  'session.ended': {
    userId: string;
    sessionIds: string[];
    /** TOKEN_EXPIRED: the session is about to be opened anew by a new sign-in; what was of it before ends. */
    code: SessionEndCode | 'TOKEN_EXPIRED';
    /** With ACCOUNT_SUSPENDED. */
    suspension?: { until: string | null; reason: string | null } | undefined;
  };

  /** Its profile, as others see it. */
  'user.changed': { userId: string; isDeleted: boolean };

  'friend-request.sent': { request: FriendRequestView };
  'friend-request.accepted': { request: FriendRequestView };
  'friend-request.rejected': { request: FriendRequestView };
  'friend-request.cancelled': { request: FriendRequestView };
  /** `silentFor`: the one of the two who must get no event, because the other's block ended it. */
  'friendship.removed': { userIds: [string, string]; silentFor?: string };
  'block.created': { blockerId: string; blockedId: string };
  'block.removed': { blockerId: string; blockedId: string };

  /** A conversation exists: it is new to these users. */
  'conversation.joined': { conversationId: string; userIds: string[] };
  /** Something else about it did; `userIds` narrows it to those for whom (own settings). */
  'conversation.changed': { conversationId: string; userIds?: string[] };

  /** One batch of the writer, in the order of sequence numbers within each conversation. */
  'messages.created': { messages: readonly CreatedMessage[] };
  'message.changed': {
    /** For nobody in particular: without what single readers reacted with, and with all that it quotes. */
    message: MessageView;
    deleted: boolean;
  } & MessageDifferences;
  /**
   * Messages of a conversation were emptied for their age, or changed and could not be read to be sent: some or many, each a change
   * that sync answers; `userIds` narrows it to those for whom.
   */
  'messages.expired': { conversationId: string; userIds?: string[] };
  /** Deleted for one user alone. */
  'message.hidden': { userId: string; message: MessageView };

  /** `isLarge`: the conversation has too many members to show each other's cursors live. */
  'receipt.moved': {
    conversationId: string;
    userId: string;
    kind: 'read' | 'delivered';
    seq: number;
    at: string;
    isLarge: boolean;
    /** Members who are not shown it. */
    hiddenFrom: string[];
  };

  'typing.changed': { conversationId: string; userId: string; isTyping: boolean; hiddenFrom: readonly string[] };
  'presence.changed': { updates: readonly PresenceUpdate[] };
  /** What concerns one dialect alone, and nothing else of the server has a word for. Read by that dialect. */
  'dialect.announced': { dialect: string; userIds: readonly string[]; announcement: unknown };

  /**
   * Found in the database by a process that may have missed what led to it: these users are in the conversation now, or are
   * not any more.
   */
  'membership.found': {
    conversationId: string;
    joinedIds: readonly string[];
    leftIds: readonly string[];
    /** Some of those who joined read nothing before this number. */
    firstSeq: number;
  };

  /** A write failed that may have been committed, and of which nothing was published: nobody knows whom it concerns. */
  'write.unsettled': {
    /** A snapshot of the database from before it. */
    since: string;
  };

  /** Another process of this server has ended without a word. One of the others publishes it, to itself alone. */
  'process.lost': { count: number };
}

/** A user who has come or gone, and whom that is shown to. */
export interface PresenceUpdate {
  userId: string;
  isOnline: boolean;
  /** ISO 8601 */
  lastSeenAt: string | null;
  /** How often it came and went: of two events of one user, the later one has more. */
  change: number;
  audience: {
    conversationIds: readonly string[];
    friendIds: readonly string[];
    blockedIds: readonly string[];
    everyone: boolean;
  };
}

/** In what single readers see a message otherwise than the rest; each by user id. */
export interface MessageDifferences {
  /** What they reacted with. */
  reactorIds: Record<string, string[]>;
  /** When they deleted the message for themselves (ISO 8601): they go on seeing a tombstone. */
  hiddenAt: Record<string, string>;
  /** The same of the message that it quotes. */
  quotationHiddenAt: Record<string, string>;
}

/** Which members may not read all of what a message quotes. */
export interface QuotationLimits {
  /** Their history begins after the quoted message. */
  blindIds: readonly string[];
  /** They deleted it for themselves: user id to when (ISO 8601). */
  hiddenAt: Readonly<Record<string, string>>;
}

export interface CreatedMessage {
  /** With all that it quotes. */
  message: MessageView;
  conversation: ConversationBrief;
  /** The connection that sent it, where one did: it may have asked not to be sent its own. */
  connectionId?: string | undefined;
  /** Which members may not read all of what it quotes. */
  limits?: QuotationLimits | undefined;
  /** The other side of the direct conversation is shown the sender's presence from this message on. */
  begins?: boolean;
  /** What happened, for a group's SYSTEM message. One event, so that all of it has one place in the order. */
  group?: GroupChange;
}

export interface GroupChange {
  isNew?: boolean;
  joinedIds?: string[];
  leftId?: string;
}

/** Why a session ended, for `session:ended` (contract, section 6). */
export type SessionEndCode =
  | 'LOGGED_OUT'
  | 'SESSION_REVOKED'
  | 'REFRESH_TOKEN_REUSED'
  | 'PASSWORD_CHANGED'
  | 'ACCOUNT_DELETED'
  | 'ACCOUNT_SUSPENDED';
