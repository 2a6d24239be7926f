import type { MessageKind } from '../../common/message-kind.js';
import type { ApnsEnvironment, PushPlatform, PushPreview } from '../devices/devices.view.js';

export const NOTICE_KINDS = ['message', 'conversation', 'friend_request', 'friend_accepted'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What one turn of a device is about at most, those first that wait for longest: what it is decided by is read for many devices. */
export const MAX_NOTICES = 50;

/** A device that this process has the lease of. */
export interface LeasedDevice {
  id: string;
  leaseId: string;
  userId: string;
  platform: PushPlatform;
  /** The token, or a browser's endpoint. */
  address: string;
  p256dh: string | null;
  auth: string | null;
  environment: ApnsEnvironment | null;
  preview: PushPreview;
  /** A language tag; null: none was given. */
  locale: string | null;
  /** The number that it was sent last; null before the first. */
  badge: number | null;
  attempts: number;
  suspicions: number;
  suspectedAt: Date | null;
  registeredAt: Date;
  /** Whether the session that registered it lives. */
  isLive: boolean;
}

/** Something that waits to be decided about, and everything that the decision is made by, as it is now. */
export interface Notice {
  deviceId: string;
  kind: NoticeKind;
  /** A conversation or a friend request. */
  subjectId: string;
  /** Milliseconds since it happened. */
  ageMs: number;
  /** Milliseconds since the device made a sound for the same conversation, or the same sender of requests; null: never. */
  soundedAgoMs: number | null;
  /** The last message of the conversation: what comes after it is decided about anew. */
  coveredSeq: number | null;
  conversationId: string | null;
  isGroup: boolean | null;
  title: string | null;
  isMember: boolean;
  isMuted: boolean;
  isArchived: boolean;
  /** Friend requests: whether it still is what the device is to be shown. */
  isCurrent: boolean;
  /** Either side of a block; messages of those are not counted below. */
  isBlocked: boolean;
  /** Others' messages since the last decision, at most `MAX_COUNTED`; and those left after each reason not to show them. */
  total: number;
  unread: number;
  present: number;
  allowed: number;
  /** As `allowed`, since the conversation was last read: what a notification stands for that takes the place of others. */
  unreadShown: number;
  /** Of those. */
  senders: number;
  /** The newest of those that are left. */
  messageId: string | null;
  seq: number | null;
  messageKind: MessageKind | null;
  content: string | null;
  /** The sender of that message, or who asked, accepted or added. */
  actorId: string | null;
  actorName: string | null;
}

/** A notification that a device shows, of what has been read since, is not there any more or not to be shown. */
export interface StaleNotification {
  deviceId: string;
  kind: NoticeKind;
  subjectId: string;
  conversationId: string | null;
  actorId: string | null;
}
