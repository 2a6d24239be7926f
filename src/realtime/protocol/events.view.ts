import { ApiProperty } from '@nestjs/swagger';
import { ConversationView } from '../../views/conversations.view.js';
import { FriendRequestView } from '../../views/friends.view.js';
import { ConversationBrief, MessageView } from '../../views/messages.view.js';
import { UserView } from '../../views/users.view.js';
import { CLOSE_REASONS, type CloseCode } from './close-reasons.js';

export class MessageNewView {
  message!: MessageView;
  conversation!: ConversationBrief;
}

export class MessageChangedView {
  message!: MessageView;
}

export class ReceiptMovedView {
  conversationId!: string;
  userId!: string;
  seq!: number;
  /** ISO 8601, UTC. */
  at!: string;
}

export class TypingView {
  conversationId!: string;
  userId!: string;
  isTyping!: boolean;
}

export class PresenceView {
  userId!: string;
  /** Whether at least one socket of the user is alive, on any process. */
  isOnline!: boolean;
  /** When it was online last, before now: ISO 8601, UTC; null where it never was. */
  lastSeenAt!: string | null;
}

export class UserUpdatedView {
  /** With the presence that its audience is shown; to itself with its e-mail address instead. */
  user!: UserView;
}

/** `user` is the other side, as the receiver of the event sees it. */
export class FriendRequestEventView {
  request!: FriendRequestView;
  user!: UserView;
}

export class FriendRemovedView {
  userId!: string;
}

export class ConversationEventView {
  conversation!: ConversationView;
}

export class ConversationRemovedView {
  conversationId!: string;
}

export class SessionReadyView {
  userId!: string;
  sessionId!: string;
  /** ISO 8601, UTC. */
  serverTime!: string;
  /** For `sync`: everything since the moment this connection's conversations were read. */
  syncCursor!: string;
  /** Whether Socket.IO brought back what this connection missed. */
  recovered!: boolean;
}

export class SessionExpiringView {
  /** When the token ends: ISO 8601, UTC. */
  expiresAt!: string;
}

export class SessionEndedView {
  @ApiProperty({ enum: Object.keys(CLOSE_REASONS), enumName: 'CloseCode' })
  code!: CloseCode;
  /** Whether to come back with the credentials at hand. */
  retry!: boolean;
  /** With `retry`: not before so many milliseconds from now. */
  retryAfterMs?: number;
  /** With `ACCOUNT_SUSPENDED`: until when, ISO 8601, UTC; null until it is lifted. */
  until?: string | null;
  /** With `ACCOUNT_SUSPENDED`: why, in the words of who suspended it. */
  reason?: string | null;
}

export class ConversationResult {
  conversation!: ConversationView;
}

export class MessageResult {
  message!: MessageView;
}

export class ExpiryResult {
  /** When the new token ends: ISO 8601, UTC. */
  expiresAt!: string;
}

export class SyncNeededView {}

export class EmptyResult {}
