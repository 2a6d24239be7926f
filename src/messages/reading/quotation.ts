import type { QuotationLimits } from '../../events/domain-events.js';
import type { MessageView, ReplyPreview } from '../../views/messages.view.js';

/** One message as some of its readers see it. */
export interface MessageCopy {
  userIds: string[];
  message: MessageView;
}

/** To a reader whose history begins after it: that there was a message. */
export function unavailableQuotation({ id, seq }: ReplyPreview): ReplyPreview {
  return { id, seq, senderId: null, kind: null, content: null, deletedAt: null, unavailable: true };
}

/** To a reader who deleted it for itself: the tombstone that the message itself is to it. */
export function hiddenQuotation(reply: ReplyPreview, hiddenAt: string): ReplyPreview {
  return { ...reply, content: null, deletedAt: reply.deletedAt ?? hiddenAt };
}

/** The copies of a message for those who see what it quotes otherwise than the rest: one for all who see the same. */
export function quotationCopies(message: MessageView, { blindIds, hiddenAt }: QuotationLimits): MessageCopy[] {
  const { replyTo } = message;
  if (replyTo === null) return [];
  const copies = Object.entries(hiddenAt).map(([userId, at]) => ({
    userIds: [userId],
    message: { ...message, replyTo: hiddenQuotation(replyTo, at) },
  }));
  if (blindIds.length > 0)
    copies.push({ userIds: [...blindIds], message: { ...message, replyTo: unavailableQuotation(replyTo) } });
  return copies;
}
