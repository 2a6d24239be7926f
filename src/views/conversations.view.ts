import { ApiProperty } from '@nestjs/swagger';
import { MESSAGE_KINDS, type MessageKind } from '../common/message-kind.js';
import { UserView } from './users.view.js';

/** More than this many unread messages are counted as this many. */
export const MAX_UNREAD = 1_000;

export const CONVERSATION_TYPES = ['DIRECT', 'GROUP'] as const;
export type ConversationType = (typeof CONVERSATION_TYPES)[number];
export const MEMBER_ROLES = ['OWNER', 'ADMIN', 'MEMBER'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];
export const HISTORY_VISIBILITIES = ['FROM_JOIN', 'FROM_START'] as const;
export type HistoryVisibility = (typeof HISTORY_VISIBILITIES)[number];

/** A member of a conversation with its two cursors. */
export class MemberView {
  user!: UserView;
  @ApiProperty({ enum: MEMBER_ROLES, enumName: 'MemberRole' })
  role!: MemberRole;
  /** The last sequence number this member has read. */
  lastReadSeq!: number;
  /** The last sequence number that reached a device of this member. Never below `lastReadSeq`. */
  lastDeliveredSeq!: number;
}

/** The caller's own side of a conversation. */
export class OwnMembershipView {
  @ApiProperty({ enum: MEMBER_ROLES, enumName: 'MemberRole' })
  role!: MemberRole;
  lastReadSeq!: number;
  /**
   * Messages of others after `lastReadSeq` that are there to be read: not deleted, not hidden by the caller, no SYSTEM
   * ones. Derived at each read, never stored. 1,000 stands for as many or more.
   */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_UNREAD })
  unreadCount!: number;
  mutedUntil!: string | null;
  archivedAt!: string | null;
  pinnedAt!: string | null;
}

/** A conversation as one of its members sees it (contract, section 4). */
export class ConversationView {
  id!: string;
  @ApiProperty({ enum: CONVERSATION_TYPES, enumName: 'ConversationType' })
  type!: ConversationType;
  /** Groups only. */
  title!: string | null;
  /** Groups only. */
  avatarUrl!: string | null;
  /** Groups only: whether a new member sees what was written before it joined. */
  @ApiProperty({ enum: HISTORY_VISIBILITIES, enumName: 'HistoryVisibility', required: false })
  historyVisibility?: HistoryVisibility;
  /** The sequence number of the newest message; 0 before the first. */
  lastSeq!: number;
  /** The newest message's text, its first 200 characters; null where there is none or it was deleted. @example "See you at nine" */
  lastMessage!: string | null;
  lastMessageAt!: string | null;
  /** The id of the user who wrote it. */
  lastMessageBy!: string | null;
  @ApiProperty({ enum: MESSAGE_KINDS, enumName: 'MessageKind', nullable: true })
  lastMessageKind!: MessageKind | null;
  createdAt!: string;
  /** How many are members. */
  @ApiProperty({ type: 'integer', minimum: 1 })
  memberCount!: number;
  /**
   * All members where there are at most 100. Of a larger group some: at most 100 where the conversation was asked for by
   * itself, at most 20 in lists, in sync and in events; the caller first, then its friends and the latest writers. All of
   * them: GET /conversations/:id/members.
   */
  members!: MemberView[];
  me!: OwnMembershipView;
}

/** Where the caller's read cursor stands now. */
export class ReadCursorView {
  lastReadSeq!: number;
}

export class DeliveredCursorView {
  lastDeliveredSeq!: number;
}

/** One member's cursors in one conversation. */
export class ReceiptView {
  conversationId!: string;
  userId!: string;
  lastReadSeq!: number;
  lastDeliveredSeq!: number;
}
