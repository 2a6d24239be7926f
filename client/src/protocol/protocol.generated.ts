// Made from docs/openapi.json and docs/asyncapi.json by npm run docs:generate. Never edited by hand.

export interface AcceptedFriendRequest {
  request: FriendRequest;
  friend: User;
  /** The direct conversation with the new friend, as the caller sees it. */
  conversation: Conversation;
}

export interface Attachment {
  kind: AttachmentKind;
  /** Loudness over time, from 0 to 100; of sounds, null where unknown. */
  waveform: number[] | null;
  /** Null where it is external. */
  id: string | null;
  /** True for a file that its sender keeps elsewhere: the server has never seen it, all of this is the sender's word. */
  external: boolean;
  /** By its content; null where it is external. */
  mimeType: string | null;
  /** Bytes. */
  size: number | null;
  name: string | null;
  /** Pixels, as it is shown; of images and films, null where unknown. */
  width: number | null;
  height: number | null;
  /** Of films and sounds; null where unknown. */
  durationMs: number | null;
  /** A voice message: a sound that its sender recorded to be listened to as one. */
  voice: boolean;
  /** An image that moves, and its thumbnail and preview with it. */
  animated: boolean;
  /** What to show until the image or the poster is there (blurha.sh). */
  blurhash: string | null;
  /** WebP, at most 320 pixels wide and high; of images, and of films with a poster. Signed and relative as `url`. */
  thumbnailUrl: string | null;
  /** WebP, at most 1280 pixels wide and high; of images, and of films with a poster. Signed and relative as `url`. */
  previewUrl: string | null;
  /** A path on this server that needs no token, signed, good for some hours: reading the message again gives a fresh one. An external file's is its own https URL. */
  url: string;
}

export type AttachmentKind = 'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE';

export interface Authenticate {
  /** A fresh access token of the same user. */
  token: string;
}

export interface Block {
  user: User;
  /** ISO 8601, UTC. */
  createdAt: string;
}

export interface ChangePassword {
  currentPassword: string;
  /** 8 to 128 characters. */
  newPassword: string;
}

export type CloseCode = 'TOKEN_EXPIRED' | 'LOGGED_OUT' | 'SESSION_REVOKED' | 'REFRESH_TOKEN_REUSED' | 'PASSWORD_CHANGED' | 'ACCOUNT_DELETED' | 'ACCOUNT_SUSPENDED' | 'FLOODING' | 'SLOW_CONSUMER' | 'TOO_MANY_CONNECTIONS' | 'SERVER_SHUTDOWN' | 'UNAVAILABLE';

export interface Conversation {
  type: ConversationType;
  /** Groups only: whether a new member sees what was written before it joined. */
  historyVisibility?: HistoryVisibility | undefined;
  lastMessageKind: MessageKind | null;
  /** How many are members. */
  memberCount: number;
  id: string;
  /** Groups only. */
  title: string | null;
  /** Groups only. */
  avatarUrl: string | null;
  /** The sequence number of the newest message; 0 before the first. */
  lastSeq: number;
  /** The newest message's text, its first 200 characters; null where there is none or it was deleted. */
  lastMessage: string | null;
  lastMessageAt: string | null;
  /** The id of the user who wrote it. */
  lastMessageBy: string | null;
  createdAt: string;
  /** All members where there are at most 100. Of a larger group some: at most 100 where the conversation was asked for by itself, at most 20 in lists, in sync and in events; the caller first, then its friends and the latest writers. All of them: GET /conversations/:id/members. */
  members: Member[];
  me: OwnMembership;
}

export interface ConversationBrief {
  id: string;
  lastMessage: string | null;
  lastMessageAt: string | null;
  lastSeq: number;
}

export interface ConversationEvent {
  conversation: Conversation;
}

export interface ConversationReference {
  conversationId: string;
}

export interface ConversationRemoved {
  conversationId: string;
}

export interface ConversationResult {
  conversation: Conversation;
}

export type ConversationType = 'DIRECT' | 'GROUP';

export interface CreateConversation {
  type?: 'DIRECT' | 'GROUP' | undefined;
  /** Direct only: the other user. */
  userId?: string | undefined;
  /** Groups only: everybody but the caller. */
  memberIds?: string[] | undefined;
  /** Groups only. */
  title?: string | undefined;
}

export interface CreateReport {
  targetType: ReportTarget;
  targetId: string;
  reason: ReportReason;
  /** In the reporter's words. */
  comment?: string | undefined;
}

export interface DeleteMessage {
  messageId: string;
  for?: 'everyone' | 'me' | undefined;
}

export interface DeliveredCursor {
  lastDeliveredSeq: number;
}

export interface EditMessage {
  messageId: string;
  /** As of a send: empty takes the text away where there are attachments. */
  content: string;
}

export type EmptyResult = Record<string, never>;

/** A stable word to switch on. */
export type ErrorCode = 'VALIDATION_FAILED' | 'MALFORMED_JSON' | 'PAYLOAD_TOO_LARGE' | 'HEADERS_TOO_LARGE' | 'REQUEST_TIMEOUT' | 'RANGE_NOT_SATISFIABLE' | 'UNSUPPORTED_MEDIA' | 'IMAGE_TOO_LARGE' | 'QUOTA_EXCEEDED' | 'INFECTED' | 'UNAUTHORIZED' | 'TOKEN_EXPIRED' | 'INVALID_CREDENTIALS' | 'REFRESH_TOKEN_INVALID' | 'REFRESH_TOKEN_REUSED' | 'OTP_INVALID' | 'OTP_EXPIRED' | 'ACCOUNT_SUSPENDED' | 'EMAIL_NOT_VERIFIED' | 'FOREIGN_ORIGIN' | 'LIMIT_REACHED' | 'FORBIDDEN' | 'CANNOT_MESSAGE' | 'EDIT_WINDOW_CLOSED' | 'NOT_FOUND' | 'EMAIL_TAKEN' | 'USERNAME_TAKEN' | 'REQUEST_EXISTS' | 'ALREADY_FRIENDS' | 'REQUEST_NOT_PENDING' | 'CANNOT_BEFRIEND_SELF' | 'CANNOT_BLOCK_SELF' | 'CANNOT_MESSAGE_SELF' | 'NOT_A_GROUP' | 'GROUP_FULL' | 'ALREADY_MEMBER' | 'MESSAGE_DELETED' | 'TOO_MANY_REACTIONS' | 'CANNOT_REPORT_SELF' | 'REPORT_RESOLVED' | 'UNKNOWN_EVENT' | 'URL_EXPIRED' | 'UPLOADS_NOT_PRESIGNED' | 'UPLOAD_INCOMPLETE' | 'UPLOAD_EXPIRED' | 'UPLOAD_OFFSET_MISMATCH' | 'UPLOAD_LOCKED' | 'TUS_VERSION_UNSUPPORTED' | 'UNKNOWN_DIALECT' | 'MALFORMED_FRAME' | 'RATE_LIMITED' | 'TOO_MANY_CONNECTIONS' | 'OVERLOADED' | 'UNAVAILABLE' | 'INTERNAL_ERROR';

export interface Exception {
  /** A stable word to switch on. */
  code: ErrorCode;
  /** Which fields are wrong and how; with `VALIDATION_FAILED`. */
  errors?: Record<string, string[]> | undefined;
  /** The event that failed. */
  event: string;
  message: string;
  /** Milliseconds after which the same may succeed; with `RATE_LIMITED`, `OVERLOADED` and `UNAVAILABLE`. */
  retryAfterMs?: number | undefined;
  /** With `ACCOUNT_SUSPENDED`: until when, ISO 8601, UTC; null until it is lifted. */
  until?: string | null | undefined;
  /** With `ACCOUNT_SUSPENDED`: why, in the words of who suspended it. */
  reason?: string | null | undefined;
}

export interface ExpiryResult {
  /** When the new token ends: ISO 8601, UTC. */
  expiresAt: string;
}

export interface ExternalAttachment {
  kind: AttachmentKind;
  /** An https URL. */
  url: string;
  name?: string | null | undefined;
  /** Bytes. */
  size?: number | null | undefined;
}

export interface FriendChange {
  user: User;
  /** ISO 8601, UTC. */
  since: string;
  /** When it ended; null while it lasts. */
  removedAt: string | null;
}

export interface FriendRemoved {
  userId: string;
}

export interface FriendRequest {
  status: FriendRequestStatus;
  id: string;
  senderId: string;
  receiverId: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** When it was accepted, rejected or cancelled; null while pending. */
  respondedAt: string | null;
}

export interface FriendRequestEvent {
  request: FriendRequest;
  user: User;
}

export interface FriendRequestItem {
  status: FriendRequestStatus;
  id: string;
  senderId: string;
  receiverId: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** When it was accepted, rejected or cancelled; null while pending. */
  respondedAt: string | null;
  user: User;
}

export type FriendRequestStatus = 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'CANCELLED';

/** Groups only: whether a new member sees what was written before it joined. */
export type HistoryVisibility = 'FROM_JOIN' | 'FROM_START';

export interface LinkPreview {
  url: string;
  title: string;
  description: string | null;
  siteName: string | null;
  /** On this server, at most 1280 pixels wide and high; expires like those of attachments. */
  imageUrl: string | null;
}

export interface Login {
  /** Shown in the list of sessions. */
  deviceName?: string | undefined;
  email?: string | undefined;
  username?: string | undefined;
  password: string;
}

export interface Member {
  role: MemberRole;
  user: User;
  /** The last sequence number this member has read. */
  lastReadSeq: number;
  /** The last sequence number that reached a device of this member. Never below `lastReadSeq`. */
  lastDeliveredSeq: number;
}

export type MemberRole = 'OWNER' | 'ADMIN' | 'MEMBER';

export interface Message {
  kind: MessageKind;
  replyTo: ReplyPreview | null;
  /** SYSTEM messages only. */
  system?: SystemEvent | undefined;
  /** Where its text holds a link whose page could be read: comes with a `message:updated` of its own. Null where there is none, and left out of messages that were never changed. */
  linkPreview?: LinkPreview | null | undefined;
  id: string;
  conversationId: string;
  /** Dense within the conversation, from 1; the order of messages. */
  seq: number;
  /** Rises with every change of the message. */
  version: number;
  senderId: string;
  /** The sender's own idempotency key. */
  clientId: string | null;
  /** At most 8,000 characters; empty where it is attachments alone, null once deleted. Of SYSTEM messages a sentence in English, made of `system` with the names that people have when it is read. */
  content: string | null;
  /** At most 10; none once deleted. */
  attachments: Attachment[];
  reactions: Reaction[];
  createdAt: string;
  editedAt: string | null;
  /** When it was deleted, for everyone or for this reader alone: it stays in its place, with nothing in it. */
  deletedAt: string | null;
  /** When this reader deleted it for themselves alone: they are not shown that there was one. */
  hiddenAt?: string | undefined;
}

export interface MessageChanged {
  message: Message;
}

export type MessageKind = 'TEXT' | 'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE' | 'SYSTEM';

export interface MessagePage {
  items: Message[];
  hasBefore: boolean;
  hasAfter: boolean;
}

export interface MessageResult {
  message: Message;
}

export interface MessageSearchPage {
  /** Null on the last page. */
  nextCursor: string | null;
  /** Null where everything was searched. Otherwise the search index is behind at the moment: what was said before this time was searched, and the newest messages; others after it may be missing from the answer. */
  indexedUpTo: string | null;
  items: Message[];
}

export interface MessageStored {
  message: Message;
  conversation: ConversationBrief;
}

export interface MoveCursor {
  conversationId: string;
  /** Beyond the conversation's last message it counts as that one; a cursor never moves back. */
  seq: number;
}

export interface OwnMembership {
  role: MemberRole;
  /** Messages of others after `lastReadSeq` that are there to be read: not deleted, not hidden by the caller, no SYSTEM ones. Derived at each read, never stored. 1,000 stands for as many or more. */
  unreadCount: number;
  lastReadSeq: number;
  mutedUntil: string | null;
  archivedAt: string | null;
  pinnedAt: string | null;
}

export interface OwnUser {
  /** Null for users that came from a trusted issuer without an e-mail address. */
  email: string | null;
  id: string;
  username: string;
  displayName: string;
  avatarUrl: string | null;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Whether the user has a live connection; only for those whom its presence is shown to. */
  isOnline?: boolean | undefined;
  /** When it was online last before now: ISO 8601, UTC; only for those whom its presence is shown to. */
  lastSeenAt?: string | null | undefined;
}

export interface PendingRegistration {
  user: OwnUser;
  verification: Verification;
}

export interface Presence {
  userId: string;
  /** Whether at least one socket of the user is alive, on any process. */
  isOnline: boolean;
  /** When it was online last, before now: ISO 8601, UTC; null where it never was. */
  lastSeenAt: string | null;
}

export interface Problem {
  /** A stable word to switch on. */
  code: ErrorCode;
  /** Which fields are wrong and how; with `VALIDATION_FAILED`. */
  errors?: Record<string, string[]> | undefined;
  /** Where the code is explained. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The same as `detail`. */
  message: string;
  /** Names this request in the server's log. */
  requestId: string;
  /** Milliseconds after which the same may succeed; with `Retry-After`, which has whole seconds. */
  retryAfterMs?: number | undefined;
  /** With `ACCOUNT_SUSPENDED`: until when, ISO 8601, UTC; null until it is lifted. */
  until?: string | null | undefined;
  /** With `ACCOUNT_SUSPENDED`: why, in the words of who suspended it. */
  reason?: string | null | undefined;
}

export interface React {
  messageId: string;
  /** One emoji, or a name such as `+1`. */
  emoji: string;
  /** Takes the reaction back. */
  remove?: boolean | undefined;
}

export interface Reaction {
  emoji: string;
  /** How many users reacted with it. */
  count: number;
  /** Whether the receiver of this view did. */
  mine: boolean;
}

export interface ReadCursor {
  lastReadSeq: number;
}

export interface Receipt {
  conversationId: string;
  userId: string;
  lastReadSeq: number;
  lastDeliveredSeq: number;
}

export interface ReceiptMoved {
  conversationId: string;
  userId: string;
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
}

export interface Registered {
  user: OwnUser;
  /** A JWT for `Authorization: Bearer`. */
  accessToken: string;
  /** Opaque; good for one refresh. */
  refreshToken: string;
  /** For how long the access token is good, in seconds. */
  expiresIn: number;
}

export interface Registration {
  /** Derived from the e-mail address where there is none. */
  username?: string | undefined;
  /** Shown in the list of sessions. */
  deviceName?: string | undefined;
  /** Taken in any case. */
  email: string;
  /** 8 to 128 characters. */
  password: string;
  /** One line of 1 to 64 characters; the username where there is none. */
  displayName?: string | undefined;
}

export interface ReplyPreview {
  /** Null where `unavailable`. */
  kind: MessageKind | null;
  id: string;
  seq: number;
  /** Null where `unavailable`. */
  senderId: string | null;
  /** Its first 200 characters; null where it has no text or was deleted. */
  content: string | null;
  /** When it was deleted, for everyone or for this reader alone. */
  deletedAt: string | null;
  /** True where the reader's history begins after it: there was a message, and nothing else is shown of it. */
  unavailable?: boolean | undefined;
}

export type ReportReason = 'SPAM' | 'HARASSMENT' | 'VIOLENCE' | 'SEXUAL' | 'SELF_HARM' | 'ILLEGAL' | 'OTHER';

export interface ReportReceipt {
  status: ReportStatus;
  id: string;
  /** ISO 8601, UTC. */
  createdAt: string;
}

export type ReportStatus = 'OPEN' | 'DISMISSED' | 'RESOLVED';

export type ReportTarget = 'message' | 'user' | 'conversation';

export interface ResetPassword {
  /** Taken in any case. */
  email: string;
  /** Six digits; twelve where an administrator made it. */
  otp: string;
  /** 8 to 128 characters. */
  newPassword: string;
}

export interface SendMessage {
  /** 1 to 8,000 characters, one of which can be seen; may be left out where there are attachments. */
  content?: string | null | undefined;
  /** Uploads of one's own, each used by no other message; shown in this order, before those kept elsewhere. */
  attachmentIds?: string[] | undefined;
  conversationId?: string | undefined;
  /** Finds or creates the direct conversation with this user. */
  receiverId?: string | undefined;
  /** Makes the send idempotent: a repeat with the same id answers the message that is stored already. */
  clientId?: string | null | undefined;
  /** A message of the same conversation that this one answers. */
  replyToId?: string | null | undefined;
  /** Files kept elsewhere. With those uploaded at most 10. */
  attachments?: ExternalAttachment[] | null | undefined;
}

export interface Session {
  id: string;
  /** As the client named it; of a trusted issuer's user, the issuer. */
  deviceName: string | null;
  /** The IP address it was opened from. */
  ip: string | null;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** When it was opened or last refreshed: ISO 8601, UTC. */
  lastUsedAt: string;
  /** Whether it is the one that asks. */
  current: boolean;
}

export interface SessionEnded {
  code: CloseCode;
  /** Whether to come back with the credentials at hand. */
  retry: boolean;
  /** With `retry`: not before so many milliseconds from now. */
  retryAfterMs?: number | undefined;
  /** With `ACCOUNT_SUSPENDED`: until when, ISO 8601, UTC; null until it is lifted. */
  until?: string | null | undefined;
  /** With `ACCOUNT_SUSPENDED`: why, in the words of who suspended it. */
  reason?: string | null | undefined;
}

export interface SessionExpiring {
  /** When the token ends: ISO 8601, UTC. */
  expiresAt: string;
}

export interface SessionReady {
  userId: string;
  sessionId: string;
  /** ISO 8601, UTC. */
  serverTime: string;
  /** For `sync`: everything since the moment this connection's conversations were read. */
  syncCursor: string;
  /** Whether Socket.IO brought back what this connection missed. */
  recovered: boolean;
}

export interface SetActive {
  /** False while nobody looks: the app is in the background, the page's tab is hidden. */
  active: boolean;
}

export interface SyncChanges {
  /** For the next call. */
  cursor: string;
  /** Whether to call again at once. */
  hasMore: boolean;
  /** New, rejoined or changed. */
  conversations: Conversation[];
  /** Conversations the caller is no longer a member of. */
  leftConversationIds: string[];
  /** New, edited or deleted; ascending within a conversation. */
  messages: Message[];
  /** Members' cursors; of groups of more than 100 the caller's alone. */
  receipts: Receipt[];
  friendRequests: FriendRequest[];
  friends: FriendChange[];
  /** Profiles that changed, of the caller and of whoever it meets in conversations or among its friends; deleted ones too. */
  users: User[];
}

export type SyncNeeded = Record<string, never>;

export interface SyncRequest {
  /** `cursor` of the answer before, or `syncCursor` of `session:ready`. Opaque. */
  cursor?: string | null | undefined;
  /** How many things at most, of all kinds together. */
  limit?: number | undefined;
}

export interface SyncReset {
  /** Always true. */
  reset: boolean;
}

export interface SystemEvent {
  type: 'GROUP_CREATED' | 'MEMBERS_ADDED' | 'MEMBER_REMOVED' | 'MEMBER_LEFT' | 'ROLE_CHANGED' | 'GROUP_CHANGED';
  /** How many users it happened to, where they are more than `userIds` lists. */
  userCount?: number | undefined;
  /** The role that was given: `ROLE_CHANGED`. */
  role?: MemberRole | undefined;
  /** The user who did it. */
  actorId: string;
  /** The users it happened to; at most the first 100 of them. */
  userIds: string[];
  /** The title that the group got: `GROUP_CREATED`, and `GROUP_CHANGED` where it was renamed. */
  title?: string | undefined;
}

export interface Tokens {
  /** A JWT for `Authorization: Bearer`. */
  accessToken: string;
  /** Opaque; good for one refresh. */
  refreshToken: string;
  /** For how long the access token is good, in seconds. */
  expiresIn: number;
}

export interface Typing {
  conversationId: string;
  userId: string;
  isTyping: boolean;
}

export interface TypingRequest {
  conversationId: string;
  isTyping: boolean;
}

export interface UpdateConversation {
  /** An image of one's own that was uploaded and is used by nothing else; instead of `avatarUrl`. */
  avatarId?: string | undefined;
  /** Whether members who join from now on see what was written before. */
  historyVisibility?: HistoryVisibility | undefined;
  title?: string | undefined;
  /** An https URL; null removes the picture. */
  avatarUrl?: string | null | undefined;
}

export interface UpdateMember {
  /** OWNER hands the group over: the caller becomes ADMIN. */
  role: MemberRole;
}

export interface UpdateOwnMembership {
  /** No push until then (RFC 3339 with its zone, years 1000 to 9999); null unmutes. */
  mutedUntil?: string | null | undefined;
  archived?: boolean | undefined;
  pinned?: boolean | undefined;
}

export interface UpdateProfile {
  username?: string | undefined;
  /** An image of one's own that was uploaded and is used by nothing else; instead of `avatarUrl`. */
  avatarId?: string | undefined;
  /** One line of 1 to 64 characters. */
  displayName?: string | undefined;
  /** An https URL, or null for none. */
  avatarUrl?: string | null | undefined;
}

export interface User {
  id: string;
  username: string;
  displayName: string;
  avatarUrl: string | null;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Whether the user has a live connection; only for those whom its presence is shown to. */
  isOnline?: boolean | undefined;
  /** When it was online last before now: ISO 8601, UTC; only for those whom its presence is shown to. */
  lastSeenAt?: string | null | undefined;
  /** Only for oneself: null for users that came from a trusted issuer without an e-mail address. */
  email?: string | null | undefined;
}

export interface UserUpdated {
  /** With the presence that its audience is shown; to itself with its e-mail address instead. */
  user: User;
}

export interface Verification {
  required: boolean;
  /** When the code ends: ISO 8601, UTC. */
  expiresAt: string;
}

export interface VerifyCode {
  /** Shown in the list of sessions. */
  deviceName?: string | undefined;
  otp: string;
  /** Older clients say here for what they verify. Accepted, and not looked at. */
  verifyingFor?: string | undefined;
  /** Taken in any case. */
  email: string;
}

/** What the server sends, by event. */
export interface ServerEvents {
  'message:new': MessageStored;
  'message:updated': MessageChanged;
  'message:deleted': MessageChanged;
  'receipt:read': ReceiptMoved;
  'receipt:delivered': ReceiptMoved;
  typing: Typing;
  'presence:update': Presence;
  'user:updated': UserUpdated;
  'friend:request_sent': FriendRequestEvent;
  'friend:request_accepted': FriendRequestEvent;
  'friend:request_rejected': FriendRequestEvent;
  'friend:request_cancelled': FriendRequestEvent;
  'friend:removed': FriendRemoved;
  'conversation:new': ConversationEvent;
  'conversation:updated': ConversationEvent;
  'conversation:removed': ConversationRemoved;
  'session:ready': SessionReady;
  'session:expiring': SessionExpiring;
  'session:ended': SessionEnded;
  'sync:needed': SyncNeeded;
  exception: Exception;
}

/** What a client sends and what a successful acknowledgement carries, by event. */
export interface ClientEvents {
  join_conversation: { payload: ConversationReference | string; answer: ConversationResult };
  leave_conversation: { payload: ConversationReference | string; answer: EmptyResult };
  send_message: { payload: SendMessage; answer: MessageStored };
  edit_message: { payload: EditMessage; answer: MessageResult };
  delete_message: { payload: DeleteMessage; answer: MessageResult };
  react: { payload: React; answer: MessageResult };
  mark_read: { payload: MoveCursor; answer: ReadCursor };
  mark_delivered: { payload: MoveCursor; answer: DeliveredCursor };
  typing: { payload: TypingRequest; answer: EmptyResult };
  sync: { payload: SyncRequest; answer: SyncChanges | SyncReset };
  authenticate: { payload: Authenticate; answer: ExpiryResult };
  set_active: { payload: SetActive; answer: EmptyResult };
}
