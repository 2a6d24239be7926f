import type { Attachment, Conversation, MessageItem } from '@parley/client';
import { client } from '../session/client.js';
import { serverNow } from '../session/server-time.js';

/** What the field to write in is for at the moment. */
export type Intent =
  | { type: 'new' }
  | { type: 'reply'; item: MessageItem }
  /** With the text as far as it is written. */
  | { type: 'edit'; item: MessageItem; text?: string };

/** What is open above the conversation. */
export type Dialogs =
  | { type: 'details' }
  | { type: 'search' }
  | { type: 'delete'; item: MessageItem }
  | { type: 'react'; item: MessageItem }
  | { type: 'report'; id: string }
  | { type: 'view'; pictures: readonly Attachment[]; index: number };

/** What a message can ask of the page around it. Always the same object. */
export interface MessageActions {
  reply(item: MessageItem): void;
  edit(item: MessageItem): void;
  ask(dialog: Dialogs): void;
  jump(seq: number): void;
}

/** As the server has it; it has the last word. */
const EDIT_WINDOW_MS = 15 * 60_000;

export const isOwn = (item: MessageItem): boolean => item.senderId === client.userId;

/** One that waits as well; a reply to one that was refused would go out without the quotation. */
export const canReply = (item: MessageItem): boolean => item.state !== 'rejected';

export function canEdit(item: MessageItem): boolean {
  if (!isOwn(item) || item.deletedAt !== null || item.content === null || item.kind === 'SYSTEM') return false;
  return item.state !== 'sent' || serverNow() - Date.parse(item.createdAt) < EDIT_WINDOW_MS;
}

/** Somebody else's, as long as it is there. */
export function canReport(item: MessageItem): boolean {
  return item.id !== null && !isOwn(item) && item.deletedAt === null && item.kind !== 'SYSTEM';
}

export function canDeleteForAll(item: MessageItem, { type, me }: Conversation): boolean {
  return isOwn(item) || (type === 'GROUP' && me.role !== 'MEMBER');
}

export function toggleReaction(item: MessageItem, emoji: string): void {
  const isMine = item.reactions.some((reaction) => reaction.emoji === emoji && reaction.mine);
  client.react(item, emoji, { remove: isMine }).catch(() => undefined);
}
