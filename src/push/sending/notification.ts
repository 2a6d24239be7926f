import { preview as shortened } from '../../common/text/preview.js';
import type { PushPreview } from '../devices/devices.view.js';
import { MAX_COUNTED } from './push-queue.repository.js';
import type { Notice } from './notice.js';
import { newMessagesOf, type NotificationTexts, textsOf } from './texts.js';

/** What clients are given with a notification (contract, section 8). */
export interface PushData {
  kind: 'message' | 'friend_request' | 'friend_accepted' | 'conversation' | 'clear';
  conversationId?: string;
  messageId?: string;
  seq?: number;
  senderId?: string;
  badge: number;
}

/** One notification, for any provider. */
export interface Notification {
  /** Absent: nothing is shown, something is taken away. */
  shown: { title: string; body: string; sound: boolean } | undefined;
  /** Of two with the same tag the later one takes the place of the other. At most 64 bytes. */
  tag: string;
  data: PushData;
}

const ORDER: readonly PushPreview[] = ['none', 'sender', 'full'];

/** What a device shows: what it asks for, and no more than the server allows. */
export function effectivePreview(asked: PushPreview, ceiling: PushPreview): PushPreview {
  return ORDER[Math.min(ORDER.indexOf(asked), ORDER.indexOf(ceiling))] ?? 'none';
}

export interface Manner {
  preview: PushPreview;
  /** The language of the device, as a tag; null: none was given. */
  locale: string | null;
  sound: boolean;
}

export function notificationOf(notice: Notice, badge: number, { preview, locale, sound }: Manner): Notification {
  const { title, body } = textOf(notice, preview, textsOf(locale));
  return { shown: { title, body, sound }, tag: tagOf(notice), data: dataOf(notice, preview, badge) };
}

/** Takes away what is shown of a conversation; without one it changes the number alone. */
export function clearing(conversationId: string | undefined, badge: number): Notification {
  return {
    shown: undefined,
    tag: conversationId ?? 'badge',
    data: { kind: 'clear', ...(conversationId === undefined ? {} : { conversationId }), badge },
  };
}

function tagOf({ kind, conversationId, subjectId, actorId }: Notice): string {
  return kind === 'friend_request' ? `friend:${actorId ?? subjectId}` : (conversationId ?? subjectId);
}

function dataOf(
  { kind, conversationId, messageId, seq, actorId }: Notice,
  preview: PushPreview,
  badge: number,
): PushData {
  return {
    kind,
    ...(conversationId === null ? {} : { conversationId }),
    ...(kind !== 'message' || messageId === null || seq === null ? {} : { messageId, seq }),
    // It is read by the provider as well: what is not to be shown is not to be known.
    ...(preview === 'none' || actorId === null ? {} : { senderId: actorId }),
    badge,
  };
}

function textOf(notice: Notice, preview: PushPreview, texts: NotificationTexts): { title: string; body: string } {
  const name = notice.actorName ?? texts.somebody;
  const group = notice.isGroup === true ? (notice.title ?? '') : undefined;
  switch (notice.kind) {
    case 'friend_request':
      return preview === 'none'
        ? { title: texts.friendRequest, body: texts.youHaveFriendRequest }
        : { title: name, body: texts.wantsToBeFriends };
    case 'friend_accepted':
      return preview === 'none'
        ? { title: texts.friendRequest, body: texts.yourRequestWasAccepted }
        : { title: name, body: texts.acceptedYourRequest };
    case 'conversation':
      return preview === 'none'
        ? { title: texts.newGroup, body: texts.youWereAdded }
        : { title: group ?? name, body: texts.addedYou.replace('{name}', () => name) };
    case 'message': {
      const several = severalOf(notice.allowed, texts);
      if (preview === 'none') return { title: texts.newMessage, body: several ?? texts.youHaveNewMessage };
      const from = group === undefined ? name : notice.senders > 1 ? group : `${group} · ${name}`;
      return { title: from, body: several ?? (preview === 'full' ? contentOf(notice, texts) : texts.newMessage) };
    }
  }
}

function severalOf(count: number, texts: NotificationTexts): string | undefined {
  if (count <= 1) return undefined;
  return newMessagesOf(texts, count, count >= MAX_COUNTED ? `${MAX_COUNTED}+` : String(count));
}

function contentOf({ content, messageKind }: Notice, texts: NotificationTexts): string {
  if (content !== null && content.trim() !== '') return shortened(content);
  return messageKind === null || messageKind === 'TEXT' || messageKind === 'SYSTEM'
    ? texts.newMessage
    : texts.kinds[messageKind];
}
