import { preview } from '../../common/text/preview.js';
import type { ConversationBrief, MessageView } from '../../views/messages.view.js';

/** The conversation as this message, its newest, leaves it. */
export function briefOf(message: MessageView): ConversationBrief {
  return {
    id: message.conversationId,
    lastMessage: message.content === null ? null : preview(message.content),
    lastMessageAt: message.createdAt,
    lastSeq: message.seq,
  };
}
