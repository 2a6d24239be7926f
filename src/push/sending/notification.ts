import { createHmac } from 'node:crypto';
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
  /** `clear`: of what is taken away; left out: only the number changed. */
  tag?: string;
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
  /** The id of its row, which nobody outside knows. */
  deviceId: string;
  sound: boolean;
}

export function notificationOf(notice: Notice, badge: number, manner: Manner): Notification {
  const { preview, locale, sound } = manner;
  const { title, body } = textOf(notice, preview, textsOf(locale));
  return { shown: { title, body, sound }, tag: tagOf(notice, manner), data: dataOf(notice, preview, badge) };
}

/** Takes away what is shown under a tag. */
export function clearing(tag: string, conversationId: string | null, badge: number): Notification {
  const of = conversationId === null ? {} : { conversationId };
  return { shown: undefined, tag, data: { kind: 'clear', ...of, tag, badge } };
}

/** Takes nothing away, and changes the number alone. */
export function numbering(badge: number): Notification {
  return { shown: undefined, tag: 'badge', data: { kind: 'clear', badge } };
}

/** What takes the place of what: of a conversation by its id, of friend requests by who sends them. */
export function tagOf(
  { kind, conversationId, subjectId, actorId }: Pick<Notice, 'kind' | 'conversationId' | 'subjectId' | 'actorId'>,
  { preview, deviceId }: Pick<Manner, 'preview' | 'deviceId'>,
): string {
  if (kind !== 'friend_request') return conversationId ?? subjectId;
  const senderId = actorId ?? subjectId;
  // Providers read the tag: where the sender is not to be known, it says no more than that it is the same one.
  return `friend:${preview === 'none' ? opaque(senderId, deviceId) : senderId}`;
}

/** The same for the same id and device, and nothing that anybody could find the id by. */
function opaque(id: string, secret: string): string {
  return createHmac('sha256', secret).update(id).digest('base64url').slice(0, 22);
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
      // One that came alone is shown itself. What takes the place of others counts them as well.
      const several = notice.allowed > 1 ? severalOf(notice.unreadShown, texts) : undefined;
      if (preview === 'none') return { title: texts.newMessage, body: several ?? texts.youHaveNewMessage };
      const isOfMany = several !== undefined && notice.senders > 1;
      const from = group === undefined ? name : isOfMany ? group : `${group} · ${name}`;
      return { title: from, body: several ?? (preview === 'full' ? contentOf(notice, texts) : texts.newMessage) };
    }
  }
}

function severalOf(count: number, texts: NotificationTexts): string {
  return newMessagesOf(texts, count, count >= MAX_COUNTED ? `${MAX_COUNTED}+` : String(count));
}

function contentOf({ content, messageKind }: Notice, texts: NotificationTexts): string {
  if (content !== null && content.trim() !== '') return shortened(content);
  return messageKind === null || messageKind === 'TEXT' || messageKind === 'SYSTEM'
    ? texts.newMessage
    : texts.kinds[messageKind];
}
